package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

func TestCreateWorkflow_RefusesWrongDefinitionsWithOneEntryEach(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	for name, c := range map[string]struct {
		nodes  string
		fields []string
	}{
		"unknown type":     {`[{"key":"a","type":"nothing"}]`, []string{"a.type"}},
		"unknown setting":  {`[{"key":"a","type":"end","config":{"colour":"red"}}]`, []string{"a.colour"}},
		"two things":       {`[{"key":"A","type":"end"},{"key":"b","type":"end","config":{"status":"odd"}}]`, []string{"nodes.0.key"}},
		"key twice":        {`[{"key":"a","type":"end"},{"key":"a","type":"end"}]`, []string{"a.key"}},
		"unknown branch":   {`[{"key":"a","type":"end","branches":[{"key":"yes","nodes":[]}]}]`, []string{"a.yes"}},
		"not a list":       {`{"key":"a"}`, []string{"nodes"}},
		"unknown property": {`[{"key":"a","type":"end","colour":1}]`, []string{"a.colour"}},
	} {
		tree, ok := worldtest.JSON(t, `{"n":`+c.nodes+`}`).(map[string]any)
		require.True(t, ok)
		_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{
			Title: "x", Type: "post_action", Config: map[string]any{"collection": "notes"}, Nodes: tree["n"],
		})
		require.True(t, models.IsCode(err, "DEFINITION_INVALID"), "%s: %v", name, err)
		var got []string
		for _, f := range models.AsError(err).Fields {
			got = append(got, f.Field)
		}
		require.Equal(t, c.fields, got, name)
	}
	list, err := models.Workflows(t.Context(), w.DB.Read())
	require.NoError(t, err)
	require.Empty(t, list, "nothing is half-written")
}

func TestCreateWorkflow_RefusesConditionsThatCannotHold(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	for i, c := range []struct{ filter, field string }{
		{`{"title": {"$gt": 5}}`, "title"},
		{`{"title": {"$gt": "{{ trigger.data.title }}"}}`, "title"},
		{`{"createdAt": {"$dateOn": "someday"}}`, "createdAt"},
		{`{"title": {"$startsWith": "{{ trigger.data.title }}"}, "createdAt": {"$dateOn": "today"}}`, ""},
	} {
		for j, place := range []string{"u.filter.", "q.filter.", "trigger.condition."} {
			if place == "trigger.condition." && strings.Contains(c.filter, "{{") {
				continue // its values are never templates
			}
			key := fmt.Sprintf("w%d%d", i, j)
			nodes := [...]string{
				`[{"key":"u","type":"update_record","config":{"collection":"notes","filter":` + c.filter + `,"values":{"title":"x"}}}]`,
				`[{"key":"q","type":"query_records","config":{"collection":"notes","filter":` + c.filter + `}}]`,
				`[]`,
			}[j]
			definition := flow(key, nodes)
			if j == 2 {
				definition = strings.Replace(definition, `"config":{"collection":"notes"`, `"config":{"condition":`+c.filter+`,"collection":"notes"`, 1)
				require.Contains(t, definition, "condition")
			}
			tree, ok := worldtest.JSON(t, definition).(map[string]any)
			require.True(t, ok)
			_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{
				Key: key, Title: key, Type: "post_action", Config: tree["config"], Nodes: tree["nodes"],
			})
			if c.field == "" {
				require.NoError(t, err, place)
				continue
			}
			require.True(t, models.IsCode(err, "DEFINITION_INVALID"), "%s%s: %v", place, c.filter, err)
			fields := models.AsError(err).Fields
			require.Len(t, fields, 1, c.filter)
			require.Equal(t, place+c.field, fields[0].Field)
		}
	}
}

func TestVersion_StaysPinnedWhileADraftGoesOn(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("pin", `[{"key":"w","type":"test_wait","config":{"seconds":5}},{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"old"}}}]`))
		id := start(t, w, "pin")
		w.Idle()
		designer := w.Access(w.Designer)
		_, err := w.Engine.Commands(t.Context(), designer, "pin", engine.CommandBatch{Commands: []engine.Command{
			{Name: "set_config", Args: map[string]any{"key": "n", "field": "values", "value": map[string]any{"title": "new"}}},
		}})
		require.NoError(t, err)
		_, err = w.Engine.Publish(t.Context(), designer, "pin", engine.Publish{})
		require.NoError(t, err)
		clock.Advance(6e9)
		w.Restart()
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		list := w.List("notes")
		require.Equal(t, "old", list[len(list)-1]["title"])
		w.Sound()
	})
}

func TestDraft_CommandsUndoAndRedo(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		made := w.Draft(flow("edit", `[]`))
		designer := w.Access(w.Designer)
		draft := func() string {
			now, err := models.WorkflowByKey(t.Context(), db.Read(), made.Key)
			require.NoError(t, err)
			return now.Draft
		}
		states := []string{draft()}
		for _, c := range []engine.Command{
			{Name: "add_node", Args: map[string]any{"type": "condition", "key": "c", "config": map[string]any{"mode": "branch"}}},
			{Name: "add_node", Args: map[string]any{"type": "calculation", "key": "a", "config": map[string]any{"expression": "1"}, "at": map[string]any{"parent": "c", "branch": "yes"}}},
			{Name: "set_title", Args: map[string]any{"key": "a", "value": "One"}},
			{Name: "add_node", Args: map[string]any{"type": "end", "key": "e"}},
			{Name: "move_nodes", Args: map[string]any{"keys": []any{"a"}, "at": map[string]any{"index": int64(0)}}},
			{Name: "delete_nodes", Args: map[string]any{"keys": []any{"c"}, "keepBranch": map[string]any{"c": "yes"}}},
		} {
			_, err := w.Engine.Commands(t.Context(), designer, made.Key, engine.CommandBatch{Commands: []engine.Command{c}})
			require.NoError(t, err, c.Name)
			states = append(states, draft())
		}
		for i := len(states) - 2; i >= 0; i-- {
			_, err := w.Engine.Undo(t.Context(), designer, made.Key)
			require.NoError(t, err)
			require.Equal(t, states[i], draft())
		}
		_, err := w.Engine.Undo(t.Context(), designer, made.Key)
		require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), err)
		for _, want := range states[1:] {
			_, err := w.Engine.Redo(t.Context(), designer, made.Key)
			require.NoError(t, err)
			require.Equal(t, want, draft())
		}

		before := draft()
		_, err = w.Engine.Commands(t.Context(), designer, made.Key, engine.CommandBatch{Commands: []engine.Command{
			{Name: "set_title", Args: map[string]any{"key": "a", "value": "Two"}}, {Name: "set_title", Args: map[string]any{"key": "nobody", "value": "x"}},
		}})
		require.Error(t, err)
		require.Equal(t, before, draft(), "a list of commands is applied as a whole or not at all")
		_, err = w.Engine.Commands(t.Context(), designer, made.Key, engine.CommandBatch{Base: 1, Commands: []engine.Command{
			{Name: "set_title", Args: map[string]any{"key": "a", "value": "Two"}},
		}})
		require.True(t, models.IsCode(err, "DRAFT_CHANGED"), err)
		_, err = w.Engine.Commands(t.Context(), w.Access(w.Employee), made.Key, engine.CommandBatch{Commands: []engine.Command{{Name: "set_title", Args: map[string]any{"key": "a", "value": "x"}}}})
		require.True(t, models.IsKind(err, models.KindForbidden), err)
	})
}

func TestDraft_AFieldThatIsGoneDoesNotStopEditsElsewhere(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Collection(`{"name":"parcels","fields":[{"name":"title","type":"text"},{"name":"weight","type":"integer"}]}`)
	w.Draft(flow("old", `[{"key":"a","type":"query_records","config":{"collection":"parcels","filter":{"weight":{"$gt":5}}}},
	  {"key":"b","type":"calculation","config":{"expression":"1"}}]`))
	require.NoError(t, w.Records.DropField(t.Context(), records.SchemaCall{Access: models.SystemAccess(), Collection: "parcels", Field: "weight"}))

	command := func(node, setting string, v any) error {
		_, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), "old", engine.CommandBatch{
			Commands: []engine.Command{{Name: "set_config", Args: map[string]any{"key": node, "field": setting, "value": v}}},
		})
		return err
	}
	require.NoError(t, command("b", "expression", "2"), "the fault is elsewhere")
	err := command("a", "filter", map[string]any{"title": map[string]any{"$gt": int64(1)}})
	require.True(t, models.IsCode(err, "DEFINITION_INVALID"), "a new fault is refused: %v", err)
	_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "old", engine.Publish{})
	require.True(t, models.IsCode(err, "DEFINITION_INVALID"), "publishing finds the old one: %v", err)
	require.Equal(t, "a.filter.weight", models.AsError(err).Fields[0].Field)
	require.NoError(t, command("a", "filter", map[string]any{"title": "x"}))
	_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "old", engine.Publish{})
	require.NoError(t, err)
}

func TestCommands_DuplicateRenameAndMakeRoom(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		as := w.Access(w.Designer)
		made, _, err := w.Engine.CreateWorkflow(t.Context(), as, engine.NewWorkflow{
			Title: "x", Type: "post_action", Config: map[string]any{"collection": "notes"}, Nodes: worldtest.JSON(t, `[
				{"key": "f", "type": "condition", "title": "F", "config": {"mode": "branch"}, "branches": [{"key": "yes", "nodes": [
					{"key": "b", "type": "calculation", "title": "B", "config": {"expression": "nodes.f"}}]}]},
				{"key": "c", "type": "calculation", "title": "C", "config": {"expression": "nodes.f"}}]`),
		})
		require.NoError(t, err)
		edit := func(name string, args string) (engine.DraftState, *engine.Definition) {
			t.Helper()
			tree, ok := worldtest.JSON(t, args).(map[string]any)
			require.True(t, ok)
			done, err := w.Engine.Commands(t.Context(), as, made.Key, engine.CommandBatch{Commands: []engine.Command{{Name: name, Args: tree}}})
			require.NoError(t, err)
			stored, err := models.WorkflowByKey(t.Context(), db.Read(), made.Key)
			require.NoError(t, err)
			d, err := engine.ReadDefinition(stored.Draft)
			require.NoError(t, err)
			return done, d
		}
		done, d := edit("duplicate_nodes", `{"keys": ["f"]}`)
		require.Len(t, d.Nodes, 3)
		twin := d.Nodes[1]
		require.Equal(t, "F copy", twin.Title)
		require.Contains(t, done.Changed, twin.Key)
		inner := twin.Branches[0].Nodes[0]
		require.NotEqual(t, "b", inner.Key)
		require.Equal(t, "nodes."+twin.Key, inner.Config["expression"], "references among the copies follow")
		require.Equal(t, "nodes.f", d.Nodes[2].Config["expression"], "all others stay")

		_, d = edit("rename_branch", `{"node": "f", "branch": "no", "value": "Not now"}`)
		require.Equal(t, "Not now", d.Nodes[0].Branches[1].Title)
		_, d = edit("set_config", `{"key": "`+twin.Key+`", "field": "mode", "value": "branch"}`)
		require.Len(t, d.Nodes[1].Branches, 1)

		done, d = edit("add_node", `{"type": "condition", "at": {"index": 1}, "config": {"mode": "branch"}, "restTo": "yes"}`)
		require.Len(t, d.Nodes, 2)
		require.Equal(t, done.Changed[0], d.Nodes[1].Key, "the answer names the key that was made")
		require.Len(t, d.Nodes[1].Branches[0].Nodes, 2)

		for name, args := range map[string]map[string]any{
			"duplicate_nodes": {"keys": []any{"gone"}}, "rename_branch": {"node": "f", "value": "x"},
		} {
			_, err := w.Engine.Commands(t.Context(), as, made.Key, engine.CommandBatch{Commands: []engine.Command{{Name: name, Args: args}}})
			require.True(t, models.IsCode(err, "BAD_PARAMETER"), "%s: %v", name, err)
		}
	})
}

func TestCommands_OfOneSettingInAShortTimeAreOneEdit(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		as := w.Access(w.Designer)
		made, _, err := w.Engine.CreateWorkflow(t.Context(), as, engine.NewWorkflow{
			Title: "x", Type: "post_action", Config: map[string]any{"collection": "notes"}, Nodes: worldtest.JSON(t, `[{"key": "a", "type": "end"}]`),
		})
		require.NoError(t, err)
		title := func(s string) {
			t.Helper()
			_, err := w.Engine.Commands(t.Context(), as, made.Key, engine.CommandBatch{ID: "id-" + s, Commands: []engine.Command{{Name: "set_title", Args: map[string]any{"key": "a", "value": s}}}})
			require.NoError(t, err)
		}
		now := func() string {
			stored, err := models.WorkflowByKey(t.Context(), db.Read(), made.Key)
			require.NoError(t, err)
			d, err := engine.ReadDefinition(stored.Draft)
			require.NoError(t, err)
			return d.Nodes[0].Title
		}
		title("F")
		title("First")
		clock.Advance(11 * time.Second)
		title("Second")
		title("F") // a repeat of an id gives the first answer, also of an edit that was taken into another
		require.Equal(t, "Second", now())
		_, err = w.Engine.Undo(t.Context(), as, made.Key)
		require.NoError(t, err)
		require.Equal(t, "First", now())
		done, err := w.Engine.Undo(t.Context(), as, made.Key)
		require.NoError(t, err)
		require.Empty(t, now(), "what was typed at once goes at once")
		require.Empty(t, done.Undo)
	})
}
