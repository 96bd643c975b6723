package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// file gives a workflow as a file that went through its bytes.
func file(t *testing.T, w *models.Workflow) engine.File {
	t.Helper()
	d, err := engine.ReadDefinition(w.Draft)
	require.NoError(t, err)
	first, err := engine.FileOf(w, d).Encode()
	require.NoError(t, err)
	f, problems := engine.ReadFile(worldtest.JSON(t, string(first)))
	require.Empty(t, problems)
	again, err := f.Encode()
	require.NoError(t, err)
	require.Equal(t, string(first), string(again), "the same content is the same bytes")
	return f
}

func TestImport_MakesADraftOfWhatIsNewAndChangesOneThatIsThere(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		by := w.Access(w.Designer)
		first := w.Workflow(referring)
		f := file(t, first)

		same, err := w.Engine.Import(t.Context(), by, f)
		require.NoError(t, err)
		require.False(t, same.Changes())
		require.Equal(t, first.DraftRevision, same.Workflow.DraftRevision, "nothing was written")

		f.Key = "second"
		plan, err := w.Engine.PlanImport(t.Context(), by, f)
		require.NoError(t, err)
		require.True(t, plan.New)
		require.Nil(t, plan.Workflow)
		done, err := w.Engine.Import(t.Context(), by, f)
		require.NoError(t, err)
		require.True(t, done.New)
		require.Equal(t, first.Draft, done.Workflow.Draft)
		require.False(t, done.Workflow.Enabled)
		require.Zero(t, done.Workflow.LiveVersion)

		f = file(t, first)
		f.Title, f.Options.Concurrency, f.Definition.Nodes = "Renamed", 3, f.Definition.Nodes[:1]
		done, err = w.Engine.Import(t.Context(), by, f)
		require.NoError(t, err)
		var said []string
		for _, d := range done.Differences {
			said = append(said, d.Sentence.String())
		}
		require.Contains(t, said, "“Workflow”, title: First → Renamed")
		require.Contains(t, said, "“Workflow”, options.concurrency: not set → 3")
		require.Len(t, done.Differences, 9)
		now, err := models.WorkflowByKey(t.Context(), db.Read(), "first")
		require.NoError(t, err)
		require.Equal(t, "Renamed", now.Title)
		require.Equal(t, 3, now.Options.Concurrency)
		require.True(t, now.Enabled, "the live version is another matter")
		require.True(t, now.DraftDirty)
		_, err = w.Engine.Undo(t.Context(), by, "first")
		require.NoError(t, err)
		require.Equal(t, first.Draft, draftOf(t, w, "first"))
	})
}

func TestImport_RefusesWhatCannotBeTaken(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	first := w.Draft(flow("first", `[{"key":"e","type":"end"}]`))
	for name, c := range map[string]struct {
		change func(*engine.File)
		by     models.Access
		code   string
	}{
		"another mode":      {func(f *engine.File) { f.Sync = true }, w.Access(w.Designer), "IMMUTABLE_FIELD"},
		"an unknown step":   {func(f *engine.File) { f.Key, f.Definition.Nodes[0].Type = "second", "nothing" }, w.Access(w.Designer), "DEFINITION_INVALID"},
		"an unknown option": {func(f *engine.File) { f.Options.ReentryLimit = 99 }, w.Access(w.Designer), "VALIDATION_FAILED"},
		"nobody's right":    {func(*engine.File) {}, models.Access{}, "NO_PERMISSION"},
	} {
		f := file(t, first)
		c.change(&f)
		_, err := w.Engine.Import(t.Context(), c.by, f)
		require.Error(t, err, name)
		e := models.AsError(err)
		codes := []string{e.Code}
		for _, f := range e.Fields {
			codes = append(codes, f.Code)
		}
		require.Contains(t, codes, c.code, name)
	}
	require.Equal(t, first.Draft, draftOf(t, w, "first"))
	list, err := models.Workflows(t.Context(), w.DB.Read())
	require.NoError(t, err)
	require.Len(t, list, 1)
}
