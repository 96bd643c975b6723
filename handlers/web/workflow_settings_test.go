package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestSettings_AreCheckedSavedAndSaidInOneSentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	const at = "/workflows/reimb_approval/settings"
	wrong := root.Submit(at, url.Values{"concurrency": {"many"}, "rate.count": {"5"}, "rate.per": {"1m"}}).Want(422).Page()
	require.Equal(t, "many", handlerstest.Attr(handlerstest.First(wrong, "input", "name", "concurrency"), "value"), "what was typed stays")
	require.Contains(t, handlerstest.Text(wrong), "Give a whole number above 0")
	wrong = root.Submit(at, url.Values{"orderKey": {"trigger.data.("}, "rate.count": {"5"}, "rate.per": {"soon"}, "debounce.wait": {"1h"}, "debounce.atMost": {"1m"}}).Want(422).Page()
	require.Contains(t, handlerstest.Text(wrong), "Give a time from 1s to 31d")
	require.Contains(t, handlerstest.Text(wrong), "The longest wait is not shorter")
	require.Equal(t, "true", handlerstest.Attr(handlerstest.First(wrong, "input", "name", "orderKey"), "aria-invalid"))

	root.Submit(at, url.Values{"concurrency": {"5"}, "orderKey": {"trigger.data.id"}, "rate.count": {"10"}, "rate.per": {"1m"}, "timeout": {"2h"}}).Want(303)
	page := root.Get("/workflows/reimb_approval/versions").Want(200).Page()
	require.Contains(t, handlerstest.Text(page), "At most 5 at a time, one per trigger.data.id, at most 10 starts in 1m")
	again := root.Get(at).Want(200).Page()
	require.Equal(t, "2h", handlerstest.Attr(handlerstest.First(again, "input", "name", "timeout"), "value"))
	w.Browser(w.emil).Get(at).Want(403)
}

func TestPause_KeepsStartsAndIsShownUntilItIsResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, emil := w.Browser(w.Root), w.Browser(w.emil)
	root.Submit("/workflows/reimb_approval/pause", url.Values{}).Want(303)
	w.submit(t, emil, "Team offsite catering", "640")
	id := w.execution(t)
	shown := handlerstest.Text(root.Get("/executions/" + id).Want(200).Page())
	require.Contains(t, shown, "Waits: the workflow is paused")
	require.Contains(t, handlerstest.Text(root.Get("/executions").Page()), "Waits: the workflow is paused")
	require.Contains(t, handlerstest.Text(root.Get("/workflows").Page()), "Paused")
	page := root.Get("/workflows/reimb_approval/versions").Page()
	card := handlerstest.First(page, "div", "id", "paused")
	require.NotNil(t, card)
	require.Contains(t, handlerstest.Text(card), "Kept until then: 1.")
	emil.Submit("/workflows/reimb_approval/resume", url.Values{"kept": {"drop"}}).Want(403)
	root.Submit("/workflows/reimb_approval/resume", url.Values{"kept": {"drop"}}).Want(303)
	require.Nil(t, handlerstest.First(root.Get("/workflows/reimb_approval/versions").Page(), "div", "id", "paused"))
}

func TestLimits_OfTheWorkspaceAreCheckedAndPauseEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	require.Contains(t, handlerstest.Text(root.Submit("/limits", url.Values{"queueRoom": {"-5"}}).Want(422).Page()), "Give a whole number above 0")
	root.Submit("/limits", url.Values{"queueRoom": {"500"}, "stormTen": {""}, "stormMinute": {"2000"}}).Want(303)
	page := root.Get("/limits").Want(200).Page()
	require.Equal(t, "500", handlerstest.Attr(handlerstest.First(page, "input", "name", "queueRoom"), "value"))
	require.Equal(t, "100", handlerstest.Attr(handlerstest.First(page, "input", "name", "stormTen"), "value"))
	root.Submit("/limits/pause", url.Values{"on": {"true"}}).Want(303)
	require.Contains(t, handlerstest.Text(root.Get("/limits").Page()), "Resume everything")
	require.Contains(t, handlerstest.Text(root.Get("/workflows/reimb_approval/versions").Page()), "Paused by")
	root.Submit("/limits/pause", url.Values{"on": {"false"}}).Want(303)
	require.Contains(t, handlerstest.Text(root.Get("/limits").Page()), "Pause everything")
}
