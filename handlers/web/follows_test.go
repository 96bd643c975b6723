package web_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestPress_SaysWhoIsAskedNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	to := emil.Submit("/pages/expenses/actions/send?block=f1", expense(models.NewID(), "Team offsite catering", "640")).Want(303).Header.Get("Location")
	page := emil.Get(to).Want(200).Page()
	require.Contains(t, toasts(page), "Manager review: mara, nils were asked.")
	link := handlerstest.First(page, "a", "href", "/pages/expenses/submitted/f1/1")
	require.NotNil(t, link, "the rest is told there")
	w.Idle()
	said := mainText(t, emil.Get(handlerstest.Attr(link, "href")).Want(200).Page())
	require.Contains(t, said, "Manager review: mara, nils were asked.")
	steps := handlerstest.First(emil.Get(handlerstest.Attr(link, "href")).Page(), "div", "id", "submitted-steps")
	require.Equal(t, handlerstest.Attr(link, "href"), handlerstest.Attr(steps, "hx-get"), "it asks for itself when tasks change")

	to = emil.Submit("/pages/expenses/actions/send?block=f1", expense(models.NewID(), "Pens", "12")).Want(303).Header.Get("Location")
	require.NotContains(t, toasts(emil.Get(to).Page()), "asked", "what is small asks nobody")
	to = emil.Submit("/pages/expenses/actions/quick?block=q1", expense(models.NewID(), "Note", "900")).Want(303).Header.Get("Location")
	require.NotContains(t, toasts(emil.Get(to).Page()), "What happens next", "nothing was started")
}

func TestPress_OfAnUnnamedStepSaysWhoDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{
		Key: "plain", Config: `{ "collection": "reimbursements", "mode": "global", "actions": ["create"] }`,
		Nodes: `[{"key":"ask","type":"approval","config":{"assignees":{"users":[` + strconv.FormatInt(w.mara.ID, 10) + `]}}}]`,
	})
	emil := w.Browser(w.emil)
	to := emil.Submit("/pages/expenses/actions/quick?block=q1", expense(models.NewID(), "Pens", "12")).Want(303).Header.Get("Location")
	said := toasts(emil.Get(to).Want(200).Page())
	require.Contains(t, said, "mara was asked to decide.")
	require.NotContains(t, said, "Approval:")
}
