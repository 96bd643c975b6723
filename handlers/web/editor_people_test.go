package web_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestEditor_IsOnePersonsAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("drawer", []string{"workflow.view", "workflow.edit"})
	root, dora := w.Browser(w.Root), w.Browser(w.Person("dora", "drawer"))
	do := func(c *handlerstest.Client, what string) *handlerstest.Answer {
		return c.Submit(editorAddress+"/lock", url.Values{"do": {what}})
	}
	skip := func(c *handlerstest.Client, value string) *handlerstest.Answer {
		return c.Submit(editorAddress+"/commands", url.Values{"command": {"set_skip"}, "step": {"big"}, "value": {value}})
	}
	said := func(c *handlerstest.Client) string { return handlerstest.Text(c.Get(editorAddress).Want(200).Page()) }
	mayEdit := func(c *handlerstest.Client) bool {
		return handlerstest.First(c.Get(editorAddress).Want(200).Page(), "a", "class", "add") != nil
	}
	require.True(t, mayEdit(dora), "nobody edits yet")
	skip(root, "true").Want(303)
	require.False(t, mayEdit(dora))
	require.Contains(t, said(dora), w.Root.Nickname+" is editing this workflow.")
	require.NotContains(t, said(dora), "Take over", "that takes the right to publish")
	require.Contains(t, handlerstest.Text(skip(dora, "").Want(409).Page()), w.Root.Nickname+" is editing this workflow.")
	require.True(t, w.draft(t).Nodes[0].Skip)
	w.API(w.SignInToken(w.Root)).Post("/api/workflows:undo/reimb_approval", "{}").Want(200)
	w.API(w.SignInToken(w.Root)).Post("/api/workflows:redo/reimb_approval", "{}").Want(200)

	do(dora, "take").Want(403)
	do(dora, "seize").Want(400)
	do(dora, "ask").Want(303)
	require.Contains(t, said(dora), "You asked")
	require.Contains(t, said(root), "dora would like to edit.")
	do(root, "keep").Want(303)
	require.NotContains(t, said(root), "would like to edit")
	do(dora, "ask").Want(303)
	do(root, "hand").Want(303)
	require.True(t, mayEdit(dora))
	require.False(t, mayEdit(root))
	skip(dora, "").Want(303)
	require.Contains(t, said(root), "Take over")
	do(root, "take").Want(303)
	require.True(t, mayEdit(root))
	require.False(t, mayEdit(dora))

	do(dora, "ask").Want(303)
	w.Clock.Advance(59 * time.Second)
	require.False(t, mayEdit(dora), "there is still time to answer")
	w.Clock.Advance(2 * time.Second)
	require.True(t, mayEdit(dora), "no answer hands over")
	skip(root, "true").Want(409)
	w.Clock.Advance(2 * time.Minute)
	require.True(t, mayEdit(root), "a lease lapses")
	skip(root, "true").Want(303)
}

func TestEditor_TellsWhoIsHereAndWhetherThePageIsOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("looker", []string{"workflow.view"})
	root, lena := w.Browser(w.Root), w.Person("lena", "looker")
	leave := w.Presence().Enter("workflow:reimb_approval", lena.ID)
	looker := w.Browser(lena).With("HX-Request", "true")
	looker.Get(editorAddress + "/people?seen=1&step=pay").Want(200)
	here := root.With("HX-Request", "true").Get(editorAddress + "/people?seen=1&editing=1").Want(200)
	require.Contains(t, string(here.Body), "lena is looking")
	require.Contains(t, string(here.Body), `data-at="node-pay"`)
	require.Empty(t, here.Header.Get("HX-Trigger"))
	root.Submit(editorAddress+"/commands", url.Values{"command": {"set_skip"}, "step": {"big"}, "value": {"true"}}).Want(303)
	old := looker.Get(editorAddress + "/people?seen=1").Want(200)
	require.Equal(t, "draft:changed", old.Header.Get("HX-Trigger"))
	leave()
	require.NotContains(t, string(root.With("HX-Request", "true").Get(editorAddress+"/people?seen=2&editing=1").Want(200).Body), "lena")
	root.Get(editorAddress + "/people").Want(303)
	w.Browser(w.emil).Get(editorAddress + "/people").Want(403)
}
