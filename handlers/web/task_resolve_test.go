package web_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestResolve_AsksWhatBecameOfAStepAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	mara, id := w.Browser(w.mara), w.task(t, w.mara)
	mara.Submit("/tasks/"+id+"/resolve", url.Values{"answer": {"happened"}, "output": {"{"}}).Want(404)
	w.Write(func(ctx context.Context, tx *models.Tx) error { // as if its attempt had been cut off
		if _, err := tx.Exec(ctx, "UPDATE steps SET status = 'unknown' WHERE id = (SELECT step_id FROM tasks WHERE id = ?)", id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE tasks SET kind = 'resolve' WHERE id = ?", id)
		return err
	})
	task := "/tasks/" + id
	page := mara.Get(task).Want(200).Page()
	require.Contains(t, mainText(t, page), "Nobody knows whether this step happened")
	require.Nil(t, handlerstest.First(page, "div", "id", "task-decision"), "it is not approved")
	require.NotNil(t, handlerstest.First(page, "button", "name", "answer", "value", "again"))
	form := fill(t, page, task+"/resolve")
	form.Set("answer", "happened")
	form.Set("output", "{status}")
	form.Set("comment", "The bank has it.")
	kept := mara.Submit(task+"/resolve", form).Want(422).Page()
	require.Contains(t, mainText(t, kept), "This is no JSON")
	require.Contains(t, mainText(t, kept), "{status}", "what was typed stays")
	require.Contains(t, mainText(t, kept), "The bank has it.")
	w.Browser(w.ines).Submit(task+"/resolve", url.Values{"answer": {"happened"}}).Want(404)
	form.Set("output", `{"status": 200}`)
	mara.Submit(task+"/resolve", form).Want(303)
	mara.Submit(task+"/resolve", form).Want(409)
	w.Idle()
	require.Contains(t, mainText(t, mara.Get(task).Page()), "said that it happened")
	require.Contains(t, mainText(t, mara.Get(task).Page()), "The bank has it.")
}
