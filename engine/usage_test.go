package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

func TestUsages_FindWhatTheLiveVersionAloneStillNeeds(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("copy", `[{"key":"c","type":"create_record","config":{"collection":"notes","values":{"title":"{{ trigger.data.title }}"}}}]`))
		places := func() (out []string) {
			found, err := w.Engine.Usages(t.Context(), "notes", "title")
			require.NoError(t, err)
			for _, u := range found {
				require.True(t, u.Live)
				out = append(out, u.Place)
			}
			return out
		}
		require.Equal(t, []string{"c"}, places())
		_, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), "copy", engine.CommandBatch{Commands: []engine.Command{{Name: "delete_nodes", Args: map[string]any{"keys": []any{"c"}}}}})
		require.NoError(t, err)
		require.Equal(t, []string{"c"}, places(), "the draft has left it, the live version has not")
		_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "copy", engine.Publish{})
		require.NoError(t, err)
		require.Empty(t, places())
	})
}
