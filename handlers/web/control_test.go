package web_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestExecution_ShowsPayloadsToThoseWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	w.Role("watcher", []string{"execution.view"})
	w.Role("reader", []string{"execution.view", "execution.payload"}, models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName"}, Scope: models.ScopeAll})
	address := "/executions/" + w.execution(t)
	step := address + "?step=trigger"
	owner := w.Browser(w.Root).Get(step).Want(200).Page()
	require.Contains(t, handlerstest.Text(owner), "Team offsite catering")
	require.Contains(t, handlerstest.Text(owner), "secret")
	emil := w.Browser(w.emil).Get(step).Want(200).Page()
	require.Contains(t, handlerstest.Text(emil), "Waiting", "who started it sees how it stands")
	require.NotContains(t, handlerstest.Text(emil), "Team offsite catering")
	require.Nil(t, handlerstest.First(emil, "form", "action", address+"/cancel"))
	watcher := w.Browser(w.Person("wanda", "watcher")).Get(step).Want(200).Page()
	require.NotContains(t, handlerstest.Text(watcher), "Team offsite catering")
	reader := w.Browser(w.Person("rita", "reader")).Get(step).Want(200).Page()
	require.Contains(t, handlerstest.Text(reader), "Team offsite catering")
	require.NotContains(t, handlerstest.Text(reader), "640", "a field he may not read is not in payloads either")
	require.NotContains(t, handlerstest.Text(reader), "secret")
	asked := handlerstest.Text(w.Browser(w.Root).Get(address + "?step=ask").Page())
	require.Contains(t, asked, "Asked")
	require.Contains(t, asked, "mara")
}

func TestExecution_IsCancelledAndRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	root, address := w.Browser(w.Root), "/executions/"+w.execution(t)
	page := root.Get(address).Page()
	require.Contains(t, handlerstest.Text(page), "No further step runs")
	w.Browser(w.emil).Submit(address+"/cancel", url.Values{}).Want(403)
	form := fill(t, page, address+"/cancel")
	form.Set("reason", "a duplicate")
	require.Equal(t, address, root.Submit(address+"/cancel", form).Want(303).Header.Get("Location"))
	cancelled := root.Get(address).Page()
	require.Contains(t, handlerstest.Text(cancelled), "Cancelled: a duplicate")
	require.Contains(t, toasts(cancelled), "Execution cancelled")
	root.Submit(address+"/cancel", form).Want(400)
	again := root.Submit(address+"/rerun", fill(t, cancelled, address+"/rerun")).Want(303).Header.Get("Location")
	require.NotEqual(t, address, again)
	w.Idle()
	second := handlerstest.Text(root.Get(again).Want(200).Page())
	require.Contains(t, second, "Re-run of")
	require.Contains(t, second, "#1")
	root.Submit(again+"/rerun", url.Values{}).Want(409)
}

func TestWorkflow_IsSwitchedAndPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("looker", []string{"workflow.view"})
	root, looker := w.Browser(w.Root), w.Browser(w.Person("lena", "looker"))
	address := "/workflows/reimb_approval"
	shown := looker.Get(address).Want(200).Page()
	require.Nil(t, handlerstest.First(shown, "form", "action", address+"/publish"))
	require.Contains(t, mainText(t, shown), "More than 500?")
	for _, action := range []string{"/enable", "/publish"} {
		looker.Submit(address+action, url.Values{"enabled": {"true"}, "base": {"1"}}).Want(403)
	}
	root.Submit(address+"/enable", url.Values{}).Want(303)
	require.Contains(t, toasts(root.Get(address).Page()), "switched off")
	emil := w.Browser(w.emil)
	require.NotContains(t, mainText(t, emil.Get("/pages/expenses/forms/f1").Page()), "Starts", "what is switched off starts nothing")
	w.submit(t, emil, "Unnoticed", "640")
	require.Contains(t, mainText(t, root.Get("/pages/expenses/records/d1/1").Page()), "Did not start: the workflow is switched off")
	require.Contains(t, mainText(t, root.Get(address+"/versions").Page()), "Did not start: the workflow is switched off")
	root.Submit(address+"/enable", url.Values{"enabled": {"true"}}).Want(303)
	w.rename(t, "reimb_approval", "big", "More than five hundred?")
	page := root.Get(address).Page()
	require.Contains(t, mainText(t, page), "More than five hundred?")
	require.Contains(t, mainText(t, root.Get(address+"/versions/1").Page()), "More than 500?")
	form := fill(t, root.Get(address+"/publish").Page(), address+"/publish")
	stale := url.Values{"base": {"1"}}
	root.Submit(address+"/publish", stale).Want(409)
	form.Set("note", "Words instead of digits")
	root.Submit(address+"/publish", form).Want(303)
	after := root.Get(address).Page()
	require.Contains(t, toasts(after), "Version 2 is live")
	require.Contains(t, mainText(t, root.Get(address+"/versions").Page()), "Words instead of digits")
	root.Get(address + "/versions/3").Want(404)
}

// rename edits the draft of a workflow.
func (w world) rename(t *testing.T, workflow, node, title string) {
	t.Helper()
	access, err := w.DB.AccessOf(context.Background(), models.Person(w.Root.ID, ""))
	require.NoError(t, err)
	_, err = w.Engine.Commands(context.Background(), access, workflow, engine.CommandBatch{Commands: []engine.Command{
		{Name: "set_title", Args: map[string]any{"key": node, "value": title}},
	}})
	require.NoError(t, err)
}

func TestProfile_MakesTokensAndEndsSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("maker", []string{"token.own"})
	tom := w.Person("tom", "maker")
	client, other := w.Browser(tom), w.Browser(tom)
	refused := client.Submit("/profile/tokens", url.Values{"name": {""}, "days": {"30"}, "scope": {"tasks"}}).Want(422).Page()
	require.Equal(t, "true", handlerstest.Attr(handlerstest.First(refused, "input", "id", "token-name"), "aria-invalid"))
	page := client.Submit("/profile/tokens", url.Values{"name": {"Ledger sync"}, "days": {"30"}, "scope": {"tasks"}}).Want(200).Page()
	secret := handlerstest.Attr(handlerstest.First(page, "button", "data-copy", ""), "data-copy")
	for _, b := range handlerstest.All(page, "button") {
		if s := handlerstest.Attr(b, "data-copy"); s != "" {
			secret = s
		}
	}
	require.NotEmpty(t, secret)
	p, err := w.DB.Authenticate(context.Background(), secret)
	require.NoError(t, err)
	require.Equal(t, tom.ID, p.UserID)
	require.NotContains(t, string(client.Get("/profile").Body), secret, "it is shown once")
	list, err := w.DB.Tokens(context.Background(), tom.ID)
	require.NoError(t, err)
	w.Browser(w.emil).Submit("/profile/tokens/"+list[0].ID+"/revoke", url.Values{}).Want(404)
	client.Submit("/profile/tokens/"+list[0].ID+"/revoke", url.Values{}).Want(303)
	_, err = w.DB.Authenticate(context.Background(), secret)
	require.Error(t, err)
	w.Browser(w.emil).Submit("/profile/tokens", url.Values{"name": {"x"}, "scope": {"tasks"}}).Want(422)

	sessions, err := w.DB.Sessions(context.Background(), tom.ID)
	require.NoError(t, err)
	require.Len(t, sessions, 2)
	for _, s := range sessions {
		address := "/profile/sessions/" + s.PublicID + "/revoke"
		w.Browser(w.emil).Submit(address, url.Values{}).Want(404)
		if found := handlerstest.First(client.Get("/profile").Page(), "form", "action", address); found != nil {
			client.Submit(address, url.Values{}).Want(303)
		}
	}
	other.Get("/").Want(303)
	client.Get("/").Want(200)
}

func TestProfile_KeepsThemeAndRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mara := w.Browser(w.mara)
	mara.Submit("/profile/theme", url.Values{"theme": {"dark"}}).Want(303)
	require.Equal(t, "dark", handlerstest.Attr(handlerstest.First(mara.Get("/").Page(), "html"), "data-theme"))
	mara.Submit("/profile/theme", url.Values{"theme": {"pink"}}).Want(400)
	mara.With("HX-Request", "true").Submit("/profile/theme", url.Values{"theme": {""}}).Want(204)
	mara.Get("/pages/payments").Want(200)
	mara.Submit("/profile/role", url.Values{"role": {"root"}}).Want(403)
	mara.Submit("/profile/role", url.Values{"role": {"reviewer"}}).Want(303)
	mara.Get("/pages/payments").Want(404)
}

func TestExecution_AWaitForTimeIsSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{
		Key: "slow", Config: `{"collection":"payments","mode":"global","actions":["create"]}`, Nodes: `[{"key":"d","type":"delay","config":{"for":"3d"}}]`,
	})
	w.As(w.Root).Post("/api/payments:create", `{}`).Want(200)
	w.Idle()
	root, address := w.Browser(w.Root), "/executions/"+w.execution(t)
	require.Nil(t, handlerstest.First(w.Browser(w.emil).Get("/executions").Page(), "form", "action", address+"/skip-wait"))
	page := root.Get(address + "?step=d").Want(200).Page()
	form := fill(t, page, address+"/skip-wait")
	w.Browser(w.emil).Submit(address+"/skip-wait", form).Want(403)
	root.Submit(address+"/skip-wait", form).Want(303)
	w.Idle()
	require.Contains(t, handlerstest.Text(root.Get(address+"?step=d").Page()), "A person ended the wait")
	root.Submit(address+"/skip-wait", form).Want(400)
}
