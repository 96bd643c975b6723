package engine_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

func TestUndo_EndsAtTheLastPublish(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	tree, ok := worldtest.JSON(t, `{"n":`+forked+`}`).(map[string]any)
	require.True(t, ok)
	by := w.Access(w.Designer)
	_, _, err := w.Engine.CreateWorkflow(t.Context(), by, engine.NewWorkflow{
		Key: "edited", Title: "Edited", Type: "post_action", Config: worldtest.JSON(t, `{"collection": "notes", "mode": "global", "actions": ["create"]}`), Nodes: tree["n"],
	})
	require.NoError(t, err)
	step := "a"
	rename := func(to string) engine.DraftState {
		t.Helper()
		step = map[string]string{"a": "c", "c": "a"}[step] // or it would be one edit with the one before
		done, err := w.Engine.Commands(t.Context(), by, "edited", engine.CommandBatch{Commands: []engine.Command{{Name: "set_title", Args: map[string]any{"key": step, "value": to}}}})
		require.NoError(t, err)
		return done
	}
	stored := func() *models.Workflow {
		found, err := models.WorkflowByKey(t.Context(), w.DB.Read(), "edited")
		require.NoError(t, err)
		return found
	}
	before, after := 1+rand.IntN(3), 2+rand.IntN(3)
	t.Logf("%d edits, published, %d edits", before, after)
	for i := range before {
		rename(strings.Repeat("x", i+1))
	}
	_, err = w.Engine.Publish(t.Context(), by, "edited", engine.Publish{})
	require.NoError(t, err)
	published, last := stored().Draft, step
	draft, err := w.Engine.Draft(t.Context(), by, stored())
	require.NoError(t, err)
	require.Empty(t, draft.Undo, "nothing is offered")
	_, err = w.Engine.Undo(t.Context(), by, "edited")
	require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), "%v", err)

	for i := range after {
		rename(strings.Repeat("y", i+1))
	}
	edits, err := w.Engine.Edits(t.Context(), by, stored())
	require.NoError(t, err)
	require.Len(t, edits, before+after)
	if before > 1 {
		_, err = w.Engine.UndoTo(t.Context(), by, "edited", edits[after+1].ID, stored().DraftRevision)
		require.True(t, models.IsCode(err, "ALREADY_PUBLISHED"), "%v", err)
	}
	_, err = w.Engine.Commands(t.Context(), by, "edited", engine.CommandBatch{Base: edits[after].Revision - 1, Commands: []engine.Command{{Name: "set_title", Args: map[string]any{"key": last, "value": "z"}}}})
	require.True(t, models.IsCode(err, "DRAFT_CHANGED"), "published edits count for who has not seen them: %v", err)

	_, err = w.Engine.UndoTo(t.Context(), by, "edited", edits[after].ID, stored().DraftRevision)
	require.NoError(t, err, "back to what was published")
	require.Equal(t, published, stored().Draft)
	_, err = w.Engine.Undo(t.Context(), by, "edited")
	require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), "%v", err)
	for range after {
		_, err = w.Engine.Redo(t.Context(), by, "edited")
		require.NoError(t, err)
	}
	require.Contains(t, stored().Draft, strings.Repeat("y", after))
	for range after {
		_, err = w.Engine.Undo(t.Context(), by, "edited")
		require.NoError(t, err)
	}
	require.Equal(t, published, stored().Draft)
}

func TestUpdateWorkflow_TellsTheAuditLogWhatChanged(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	by := w.Access(w.Designer)
	_, _, err := w.Engine.CreateWorkflow(t.Context(), by, engine.NewWorkflow{Key: "edited", Title: "Edited", Type: "post_action", Config: map[string]any{"collection": "notes"}})
	require.NoError(t, err)
	change := func(in engine.WorkflowChange) []models.AuditRow {
		t.Helper()
		_, err := w.Engine.UpdateWorkflow(t.Context(), by, "edited", in)
		require.NoError(t, err)
		rows, err := w.DB.AuditLog(t.Context(), models.AuditQuery{Action: "workflow.update"})
		require.NoError(t, err)
		return rows
	}
	title, same, about := word(t), "Edited", "What it is for"
	require.Empty(t, change(engine.WorkflowChange{Title: &same}), "nothing changed")
	rows := change(engine.WorkflowChange{Title: &title, Description: &about})
	require.Len(t, rows, 1)
	require.Equal(t, []string{"title", "description"}, rows[0].Changed)
	require.Equal(t, title, rows[0].Title)
	require.Contains(t, rows[0].Reason, "Edited")
	require.Contains(t, rows[0].Reason, title)
	require.Equal(t, by.Principal.String(), rows[0].Principal)
}

// word is a title that no other run has.
func word(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for range 6 {
		b.WriteByte(byte('a' + rand.IntN(26)))
	}
	t.Log(b.String())
	return b.String()
}
