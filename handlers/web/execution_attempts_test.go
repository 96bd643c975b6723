package web_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestExecution_ShowsEachAttemptOfAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	id, ctx := w.execution(t), context.Background()
	took := models.Millis(rand.Int64N(800) + 100)
	t.Logf("took %d ms", took)
	steps, err := models.OpenSteps(ctx, w.DB.Read(), id)
	require.NoError(t, err)
	require.Len(t, steps, 1)
	waiting := steps[0]
	require.NoError(t, w.DB.Write(ctx, "test.attempts", func(tx *models.Tx) error {
		s := *waiting
		s.Attempts = nil
		s.AttemptEnded(s.StartedAt+took, `{"kind":"error","code":"HTTP_503","message":"The other side is busy."}`, true)
		s.Again(s.StartedAt + 5000)
		s.Again(s.StartedAt + 9000)
		return models.SaveStep(ctx, tx, &models.Execution{ID: id}, &s)
	}))
	page := w.Browser(w.Root).Get("/executions/" + id + "?step=" + waiting.Node).Want(200).Page()
	table := handlerstest.First(page, "table", "aria-label", "Attempts")
	require.NotNil(t, table)
	list := handlerstest.All(table, "tr")[1:]
	require.Len(t, list, 3)
	first := handlerstest.Text(list[0])
	require.Contains(t, first, "Failed")
	require.Contains(t, first, "The other side is busy.")
	require.Contains(t, first, fmt.Sprintf("%d ms", took))
	require.Contains(t, handlerstest.Text(list[1]), "Outcome unknown")
	require.Contains(t, handlerstest.Text(list[2]), "Under way")

	other := handlerstest.Text(w.Browser(w.emil).Get("/executions/" + id + "?step=" + waiting.Node).Want(200).Page())
	require.NotContains(t, other, "The other side is busy.", "sentences quote values")
	require.Contains(t, other, "HTTP_503")
}
