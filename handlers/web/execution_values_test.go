package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestExecution_LongValuesAreLoadedOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	id, ctx := w.execution(t), context.Background()
	steps, err := models.OpenSteps(ctx, w.DB.Read(), id)
	require.NoError(t, err)
	require.Len(t, steps, 1)
	one := *steps[0]
	for name, size := range map[string]int{"shown": 300 << 10, "too long": 2 << 20} {
		one.Output = `{"begin":1,"list":"` + strings.Repeat("x y ", size/4) + `","last":"the end of it"}`
		require.NoError(t, w.DB.Write(ctx, "test.long", func(tx *models.Tx) error { return models.SaveStep(ctx, tx, &models.Execution{ID: id}, &one) }), name)
		at := "/executions/" + id + "?step=" + one.Node
		root := w.Browser(w.Root)
		page := root.Get(at).Want(200).Page()
		said := handlerstest.Text(page)
		require.Contains(t, said, `"begin"`, name)
		require.NotContains(t, said, "the end of it", name)
		all, file := linkSaying(page, "Load all"), linkSaying(page, "Download")
		require.Equal(t, name == "shown", all != "", name)
		if all != "" {
			require.Contains(t, handlerstest.Text(root.Get(all).Want(200).Page()), "the end of it", name)
		}
		answer := root.Get(file).Want(200)
		require.Equal(t, one.Output, string(answer.Body), name)
		require.Contains(t, answer.Header.Get("Content-Disposition"), "attachment")
		// Who may not see the values gets no file either, nor that of another execution.
		w.Browser(w.emil).Get(file).Want(403)
		w.Browser(w.ines).Get(file).Want(404)
		root.Get(strings.Replace(file, one.ID, "01AAAAAAAAAAAAAAAAAAAAAAAA", 1)).Want(404)
	}
}

// linkSaying is the address of the link with some words; empty when there is none.
func linkSaying(page *html.Node, words string) string {
	for _, a := range handlerstest.All(page, "a") {
		if strings.TrimSpace(handlerstest.Text(a)) == words {
			return handlerstest.Attr(a, "href")
		}
	}
	return ""
}
