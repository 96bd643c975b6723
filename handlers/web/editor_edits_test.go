package web_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// edits lists the lines of the history of a draft.
func edits(page *html.Node) []*html.Node {
	return handlerstest.All(handlerstest.First(page, "dialog", "id", "edits-dialog"), "li")
}

func TestEdits_AreListedAndGoneBackToByForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	n := rand.IntN(4) + 3
	t.Log(n, "edits")
	for i := range n {
		root.Submit(editorAddress+"/commands", url.Values{"command": {"set_note"}, "step": {[]string{"big", "ask"}[i%2]}, "value": {fmt.Sprint("Note ", i)}, "base": {fmt.Sprint(revision(t, w))}}).Want(303)
	}
	page := root.Get(editorAddress + "/edits").Want(200).Page()
	list := edits(page)
	require.Len(t, list, n)
	require.Contains(t, handlerstest.Text(list[0]), "Now")
	require.Contains(t, handlerstest.Text(list[0]), w.Root.Nickname)
	require.Nil(t, handlerstest.First(list[0], "a"), "the draft is there already")
	way := handlerstest.Attr(handlerstest.First(list[2], "a"), "href")
	asked := root.Get(way).Want(200).Page()
	require.Len(t, edits(asked), 2, "it says what would be undone")
	sent := fill(t, asked, editorAddress+"/edits")
	require.Equal(t, editorAddress, root.Submit(editorAddress+"/edits", sent).Want(303).Header.Get("Location"))
	require.Equal(t, fmt.Sprint("Note ", n-3), nodeNote(t, w, []string{"big", "ask"}[(n-3)%2]))
	list = edits(root.Get(editorAddress + "/edits").Page())
	require.Contains(t, handlerstest.Text(list[1]), "Undone")
	require.Contains(t, handlerstest.Text(list[2]), "Now")
	root.Submit(editorAddress+"/edits", sent).Want(409)
	root.Get(editorAddress + "/edits?to=gone").Want(404)

	w.Role("looker", []string{"workflow.view"})
	looker := w.Browser(w.Person("lena", "looker"))
	for _, one := range edits(looker.Get(editorAddress + "/edits").Want(200).Page()) {
		require.Nil(t, handlerstest.First(one, "a"))
	}
	looker.Get(way).Want(404)
	looker.Submit(editorAddress+"/edits", sent).Want(403)
}

// revision is that of the draft.
func revision(t *testing.T, w world) int64 {
	t.Helper()
	stored, err := models.WorkflowByKey(context.Background(), w.DB.Read(), "reimb_approval")
	require.NoError(t, err)
	return stored.DraftRevision
}

// nodeNote is the note of a step of the draft.
func nodeNote(t *testing.T, w world, key string) string {
	t.Helper()
	for _, n := range w.draft(t).Nodes {
		if n.Key == key {
			return n.Note
		}
		for _, b := range n.Branches {
			for _, inner := range b.Nodes {
				if inner.Key == key {
					return inner.Note
				}
			}
		}
	}
	require.Fail(t, "no such step", key)
	return ""
}

func TestEdits_GoBackNoFurtherThanWhatWasPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	note := func(step, value string) {
		t.Helper()
		root.Submit(editorAddress+"/commands", url.Values{"command": {"set_note"}, "step": {step}, "value": {value}, "base": {fmt.Sprint(revision(t, w))}}).Want(303)
	}
	note("big", "one")
	note("ask", "two")
	root.Submit(editorAddress+"/publish", url.Values{"base": {fmt.Sprint(revision(t, w))}}).Want(303)
	page := root.Get(editorAddress).Want(200).Page()
	require.Equal(t, "disabled", disabledOf(t, page, "Undo"), "nothing is offered")
	root.Submit(editorAddress+"/undo", url.Values{}).Want(422)
	note("big", "three")
	note("ask", "four")
	list := edits(root.Get(editorAddress + "/edits").Want(200).Page())
	require.Len(t, list, 4)
	require.Contains(t, handlerstest.Text(list[2]), "Published")
	require.NotNil(t, handlerstest.First(list[2], "a"), "back to what was published")
	require.Nil(t, handlerstest.First(list[3], "a"), "and no further")
	require.NotContains(t, handlerstest.Text(list[3]), "Published")
	sent := fill(t, root.Get(handlerstest.Attr(handlerstest.First(list[2], "a"), "href")).Want(200).Page(), editorAddress+"/edits")
	root.Submit(editorAddress+"/edits", sent).Want(303)
	require.Equal(t, "two", nodeNote(t, w, "ask"))
	require.Equal(t, "one", nodeNote(t, w, "big"))
}

// disabledOf says whether a button can be pressed.
func disabledOf(t *testing.T, page *html.Node, label string) string {
	t.Helper()
	b := handlerstest.First(page, "button", "aria-label", label)
	require.NotNil(t, b, label)
	for _, a := range b.Attr {
		if a.Key == "disabled" {
			return "disabled"
		}
	}
	return ""
}
