package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestOperations_CancelAllThatMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 7 {
		w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	}
	root := w.Browser(w.Root)
	list := root.Get("/executions?status=waiting").Want(200).Page()
	ask := linkSaying(list, "Cancel all that match")
	require.NotEmpty(t, ask)
	page := root.Get(ask).Want(200).Page()
	said := handlerstest.Text(page)
	require.Contains(t, said, "Cancel 7 executions?")
	require.Contains(t, said, "And 2 more.")
	require.Empty(t, linkSaying(w.Browser(w.ines).Get("/executions?status=waiting").Want(200).Page(), "Cancel all that match"))
	w.Browser(w.ines).Get(ask).Want(403)

	form := url.Values{"do": {"cancel"}, "status": {"waiting"}, "reason": {"asked twice"}, "rate": {"x"}}
	require.Contains(t, handlerstest.Text(root.Submit("/operations", form).Want(400).Page()), "whole number")
	form.Set("rate", "")
	at := root.Submit("/operations", form).Want(303).Header.Get("Location")
	require.True(t, strings.HasPrefix(at, "/operations/"), at)
	id := strings.TrimPrefix(at, "/operations/")
	for {
		o, err := models.OperationByID(context.Background(), w.DB.Read(), id)
		require.NoError(t, err)
		if o.Ended() {
			require.Equal(t, int64(7), o.Done)
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	said = handlerstest.Text(root.Get(at).Want(200).Page())
	require.Contains(t, said, "7 of 7")
	require.Contains(t, said, "Done")
	require.Contains(t, handlerstest.Text(root.Get("/operations").Want(200).Page()), "Cancel executions")
	w.Browser(w.ines).Get(at).Want(404)
	root.Submit(at+"/change", url.Values{"want": {"pause"}}).Want(303)
	ended, err := models.Executions(context.Background(), w.DB.Read(), models.ExecutionFilter{Statuses: []models.Status{models.Cancelled}})
	require.NoError(t, err)
	require.Len(t, ended, 7)
	require.Equal(t, "asked twice", ended[0].Reason)
	root.Get("/new-operation?do=cancel").Want(200)
	root.Get("/new-operation?do=nonsense").Want(404)
}
