package engine_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// referring reads nodes in every kind of setting.
const referring = `{"key":"first","title":"First","type":"post_action","config":{"collection":"notes","condition":{"count":{"$gt":1}}},"nodes":[
  {"key":"sum","type":"calculation","config":{"expression":"trigger.data.count + 1"}},
  {"key":"q","type":"query_records","config":{"collection":"notes","multiple":true,"filter":{"count":{"$lt":"{{ nodes.sum }}"}}}},
  {"key":"text","type":"calculation","config":{"engine":"template","expression":"sum is {{ nodes.sum }}, not nodes.sum"}},
  {"key":"total","type":"variable","config":{"value":0}},
  {"key":"loop","type":"loop","config":{"source":"count","count":2},"branches":[{"key":"body","nodes":[
    {"key":"add","type":"variable","config":{"mode":"assign","target":"total","op":"increment","value":"{{ loops.loop.number }}"}}]}]},
  {"key":"if","type":"condition","config":{"mode":"branch","when":{"all":[{"left":"{{ nodes.sum }}","op":"gt","right":1},{"any":[{"expression":"nodes.sum > 1"}]}]}},
    "branches":[{"key":"yes","nodes":[
      {"key":"c","type":"create_record","config":{"collection":"notes","values":{"title":"{{ nodes[\"text\"] }}/{{ nodes.q[0].title }}","count":"{{ nodes.total }}"}}}]}]}]}`

func TestDuplicate_HasNewKeysAndRunsLikeTheFirst(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(referring)
		made, findings, err := w.Engine.DuplicateWorkflow(t.Context(), w.Access(w.Designer), "first", engine.Duplicate{Title: "The second one"})
		require.NoError(t, err)
		require.Empty(t, findings)
		require.Equal(t, "the_second_one", made.Key)
		require.False(t, made.Enabled)
		require.Zero(t, made.LiveVersion)

		keys := nodeKeys(made.Draft)
		require.Len(t, keys, 8)
		for _, former := range nodeKeys(draftOf(t, w, "first")) {
			require.NotContains(t, keys, former)
		}
		require.NotRegexp(t, `\{\{ (nodes|loops)\.(sum|q|text|total|loop)\b|"target":"total"`, made.Draft)
		require.Contains(t, made.Draft, "not nodes.sum", "what is outside of the braces is text")

		_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), made.Key, engine.Publish{})
		require.NoError(t, err)
		on := true
		_, err = w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), made.Key, engine.WorkflowChange{Enabled: &on})
		require.NoError(t, err)
		w.Submit(w.Designer, "notes", `{"title":"early","count":0}`)
		w.Submit(w.Designer, "notes", `{"title":"a","count":3}`, made.Key)
		w.Idle()
		counts := map[any]any{}
		for _, note := range w.List("notes") {
			counts[note["title"]] = note["count"]
		}
		require.Equal(t, int64(3), counts["sum is 4, not nodes.sum/early"], counts)
		w.Sound()
	})
}

// nodeKeys lists the keys of the nodes of a stored definition.
func nodeKeys(definition string) []string {
	var out []string
	for _, found := range regexp.MustCompile(`"key":"(\w+)","title"`).FindAllStringSubmatch(definition, -1) {
		out = append(out, found[1])
	}
	return out
}

func TestDuplicate_CopiesTheVersionThatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	by := w.Access(w.Designer)
	w.Workflow(flow("first", `[{"key":"e","type":"end","title":"Live"}]`))
	_, err := w.Engine.Commands(t.Context(), by, "first", engine.CommandBatch{
		Commands: []engine.Command{{Name: "set_title", Args: map[string]any{"key": "e", "value": "Draft"}}},
	})
	require.NoError(t, err)
	for version, title := range map[string]string{"": "Draft", "draft": "Draft", "live": "Live", "1": "Live"} {
		made, _, err := w.Engine.DuplicateWorkflow(t.Context(), by, "first", engine.Duplicate{Title: "Copy", Version: version})
		require.NoError(t, err)
		require.Contains(t, made.Draft, `"title":"`+title+`"`, version)
	}
	w.Draft(flow("never", `[]`))
	for version, key := range map[string]string{"2": "first", "nonsense": "first", "live": "never", "draft": "nobody"} {
		_, _, err := w.Engine.DuplicateWorkflow(t.Context(), by, key, engine.Duplicate{Title: "Copy", Version: version})
		require.True(t, models.IsKind(err, models.KindNotFound), "%s of %s: %v", version, key, err)
	}
}

func TestDuplicate_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Draft(flow("first", `[]`))
	for name, c := range map[string]struct {
		by   models.Access
		in   engine.Duplicate
		code string
	}{
		"a key that is taken":  {w.Access(w.Designer), engine.Duplicate{Title: "Copy", Key: "first"}, "NOT_UNIQUE"},
		"no key":               {w.Access(w.Designer), engine.Duplicate{Title: "Copy", Key: "Nö"}, "VALIDATION_FAILED"},
		"no title":             {w.Access(w.Designer), engine.Duplicate{Title: " "}, "VALIDATION_FAILED"},
		"another kind of type": {w.Access(w.Designer), engine.Duplicate{Title: "Copy", Type: "nothing"}, "BAD_PARAMETER"},
		"nobody's right":       {models.Access{}, engine.Duplicate{Title: "Copy"}, "NO_PERMISSION"},
	} {
		_, _, err := w.Engine.DuplicateWorkflow(t.Context(), c.by, "first", c.in)
		require.Error(t, err, name)
		e := models.AsError(err)
		codes := []string{e.Code}
		for _, f := range e.Fields {
			codes = append(codes, f.Code)
		}
		require.Contains(t, codes, c.code, name)
	}
	list, err := models.Workflows(t.Context(), w.DB.Read())
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestDuplicate_ManyAtOnceHaveKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Draft(flow("first", `[{"key":"e","type":"end"}]`))
		by, keys := w.Access(w.Designer), make(chan string, 5)
		for range cap(keys) {
			go func() {
				made, _, err := w.Engine.DuplicateWorkflow(t.Context(), by, "first", engine.Duplicate{Title: "Copy"})
				if err != nil {
					keys <- err.Error()
					return
				}
				keys <- made.Key
			}()
		}
		got := map[string]bool{}
		for range cap(keys) {
			got[<-keys] = true
		}
		require.Equal(t, []string{"copy", "copy_2", "copy_3", "copy_4", "copy_5"}, slices.Sorted(maps.Keys(got)))
	})
}
