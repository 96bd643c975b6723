package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestEditor_NamesTheButtonsThatStartTheWorkflow(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Role("builder", []string{"workflow.view", "workflow.edit"})
	builder := s.Browser(s.Person("bea", "builder"))
	page := builder.Get(editorAddress + "?step=trigger").Want(200).Page()
	said := handlerstest.Text(page)
	require.Contains(t, said, "A bound button is pressed Local")
	require.Contains(t, said, "Any form saves this collection Global")
	require.Contains(t, said, "Reimbursement · local mode")
	require.Contains(t, said, "Submit Expenses / New expense")
	require.Contains(t, said, "POST /api/reimbursements:create")
	require.Contains(t, said, "?triggerWorkflows=reimb_approval")
	require.Nil(t, handlerstest.First(page, "a", "href", "/pages/expenses/design?id=send&panel=bind"), "who designs no pages is not led there")

	link := handlerstest.First(s.Browser(s.Root).Get(editorAddress+"?step=trigger").Want(200).Page(), "a", "aria-label", "Open Submit on Expenses / New expense")
	require.NotNil(t, link)
	require.Contains(t, handlerstest.Text(s.Browser(s.Root).Get(handlerstest.Attr(link, "href")).Want(200).Page()), "Choose what starts after someone presses “Submit”")

	s.does(t, atDesign+"/bindings/send", url.Values{"_do": {"save"}})
	root := s.Browser(s.Root)
	require.Contains(t, handlerstest.Text(root.Get(editorAddress+"?step=trigger").Page()), "Submit Expenses / New expense", "what counts is what was published")
	s.does(t, "/pages/expenses/draft/publish", nil)
	said = handlerstest.Text(root.Get(editorAddress + "?step=trigger").Page())
	require.Contains(t, said, "No button of a published page starts it yet.")
	require.Contains(t, said, "Open pages")

	root.Submit(editorAddress+"/steps/trigger", url.Values{"set.collection": {"reimbursements"}, "set.mode": {"global"}, "set.actions.sent": {"1"}, "set.actions": {"create"}}).Want(303)
	said = handlerstest.Text(root.Get(editorAddress + "?step=trigger").Page())
	require.NotContains(t, said, "Bound to", "it needs no button")
	require.Contains(t, said, "Reimbursement · global mode")
}

func TestEditor_IndentsLinksBelowLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Browser(w.Root).Get(editorAddress + "?step=trigger").Want(200).Page()
	var paths []string
	for _, box := range handlerstest.All(page, "input", "name", "set.preload") {
		paths = append(paths, handlerstest.Attr(box, "value"))
		below := handlerstest.Attr(box.Parent, "class") == "check ind-p1"
		require.Equal(t, len(paths)%2 == 0, below, "every link leads to a person, and he has a manager: %s", paths[len(paths)-1])
	}
	require.Equal(t, []string{"applicant", "applicant.manager", "createdBy", "createdBy.manager"}, paths[:4], "its own links come first")
	require.Contains(t, handlerstest.Text(page), "Manager Applicant / Manager")
}

func TestEditor_WritesMarksOfHints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Browser(w.Root).Get(editorAddress + "?step=trigger").Want(200).Page()
	var code, em []string
	for _, hint := range handlerstest.All(handlerstest.First(page, "aside", "id", "panel"), "p") {
		require.NotContains(t, handlerstest.Text(hint), "`")
		for _, n := range handlerstest.All(hint, "code") {
			code = append(code, handlerstest.Text(n))
		}
		for _, n := range handlerstest.All(hint, "em") {
			em = append(em, handlerstest.Text(n))
		}
	}
	require.Contains(t, code, "triggerWorkflows")
	require.Contains(t, em, "A bound button is pressed")
}
