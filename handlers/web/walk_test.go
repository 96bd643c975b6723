package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/handlers/route"
	"formrail/views/urls"
	"formrail/views/viewstest"
)

// expected are the statuses that people get; 0 stands for 200.
type expected struct{ owner, approver, applicant int }

func TestPages_AreCompleteForEachPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	w.submit(t, w.Browser(w.emil), "Train to Malmö", "112")
	w.submit(t, w.Browser(w.ines), "Lisbon client visit", "90")
	const unknown = "06H1A60TZDWPH5Q3X4RMGZFC60"
	nobody, designers := expected{404, 404, 404}, expected{0, 403, 403}
	addresses := map[string]expected{
		"/": {}, "/tasks": {}, "/tasks/done": {}, "/tasks/started": {}, "/tasks?search=offsite": {}, "/profile": {}, "/executions": {},
		"/executions?status=waiting&search=reimb": {}, "/executions?workflow=reimb_approval&version=1&seen=1": {}, "/executions/" + w.execution(t) + "?tab=timeline&scale=work": {0, 404, 404},
		"/tasks/" + w.task(t, w.mara): {}, "/tasks/" + unknown: nobody,
		"/executions/" + w.execution(t): {0, 404, 404}, "/executions/" + unknown: nobody,
		"/pages/expenses": {}, "/pages/expenses?search=train&sort=-amount": {}, "/pages/expenses?record=1": {}, "/pages/nothing": nobody, "/pages/payments": {0, 0, 404},
		"/pages/expenses/forms/f1": {}, "/pages/expenses/forms/e1/1": {0, 403, 0}, "/pages/expenses/forms/e1/3": {0, 403, 404}, "/pages/expenses/forms/d1": nobody,
		"/pages/expenses/records/d1/1": {}, "/pages/expenses/records/b1/3": {0, 0, 404}, "/pages/expenses/records/d1/999": nobody,
		"/pages/expenses/submitted/f1/1": {}, "/pages/expenses/submitted/f1/3": {0, 0, 404},
		"/workflows": designers, "/workflows/reimb_approval": designers, "/workflows/reimb_approval/versions/1": designers, "/workflows/none": {404, 403, 403},
		"/workflows?category=none&sort=-success": designers, "/workflows?category=bin": designers, "/new-workflow": designers, "/workflow-categories": designers,
		"/workflow-changes?_action=delete&record=checks": designers, "/workflow-changes?_action=categorise&record=checks&record=reimb_approval": designers, "/workflow-changes": {404, 403, 403},
		"/executions/" + w.execution(t) + "?tab=changes": {0, 404, 404}, "/executions/" + w.execution(t) + "?tab=variables": {0, 404, 404}, "/executions/" + w.execution(t) + "?tab=log": {0, 404, 404},
		"/executions?time=7d&by=none": {}, "/pages": designers, "/pages?panel=new": designers, "/pages/expenses/design": designers, "/pages/nothing/design": {404, 403, 403},
		"/collections": designers, "/collections?search=pay": designers, "/new-collection": designers, "/collections/reimbursements": designers, "/collections/users": designers,
		"/collections/none": {404, 403, 403}, "/collections/reimbursements/settings": designers, "/collections/users/settings": {404, 403, 403},
		"/collections/reimbursements/rename": designers, "/collections/reimbursements/delete": designers, "/collections/payments/delete": designers,
		"/collections/reimbursements/fields/amount": designers, "/collections/reimbursements/fields/status": designers, "/collections/reimbursements/fields/createdAt": {404, 403, 403},
		"/collections/reimbursements/fields/amount/rename": designers, "/collections/reimbursements/fields/amount/delete": designers, "/collections/reimbursements/new-field/select": designers,
		"/collections/reimbursements/new-field/manyToOne": designers, "/collections/reimbursements/new-field/nothing": {404, 403, 403}, "/collections/users/new-field/text": {404, 403, 403},
		"/settings/people": designers, "/settings/people?search=mara": designers, "/settings/people?search=zz": designers, "/settings/new-person": designers,
		"/settings/people/1": designers, "/settings/people/999": {404, 403, 403},
		"/queue": designers, "/watchdog": designers, "/api/docs": {}, "/nowhere": nobody,
	}
	for _, panel := range []string{
		"settings", "add-block", "block&id=b1", "block&id=f1", "block&id=d1", "add-action&id=b1", "add-action&id=b1&type=updateRecord", "add-action&id=b1&type=addNew",
		"action&id=send", "action&id=del", "bind&id=send", "bind&id=quick", "bind&id=del",
	} {
		addresses["/pages/expenses/design?panel="+panel] = designers
	}
	clients := []*handlerstest.Client{w.Browser(w.Root), w.Browser(w.mara), w.Browser(w.emil)}
	for address, want := range addresses {
		for i, status := range []int{want.owner, want.approver, want.applicant} {
			if status == 0 {
				status = 200
			}
			at := []string{"the owner", "the approver", "the applicant"}[i] + " at " + address
			answer := clients[i].Get(address)
			require.Equal(t, status, answer.Status, "%s: %s", at, answer.Body)
			complete(t, at, answer)
		}
	}
}

// complete checks what every page must have.
func complete(t *testing.T, at string, answer *handlerstest.Answer) {
	t.Helper()
	page := answer.Page()
	require.Len(t, handlerstest.All(page, "h1"), 1, "%s has not exactly one main heading", at)
	title := handlerstest.First(page, "title")
	require.NotNil(t, title, at)
	require.NotEqual(t, "· Formrail", handlerstest.Text(title), "%s has no title", at)
	require.Empty(t, viewstest.Faults(page), at)
	require.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	require.Contains(t, answer.Header.Get("Content-Type"), "text/html")
}

// filled puts values for the parameters into a pattern.
func filled(pattern string) string {
	return strings.NewReplacer("{id}", "x", "{page}", "expenses", "{block}", "f1", "{record}", "1", "{action}", "send", "{key}", "reimb_approval", "{number}", "1",
		"{name}", "reimbursements", "{field}", "amount", "{type}", "text", "{step}", "big").Replace(pattern)
}

func TestRoutes_AskForASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	visitor, emil := w.Visitor(), w.Browser(w.emil)
	seen := 0
	for _, r := range w.Table().Routes() {
		if r.Auth != route.Session || r.Pattern == "/live" {
			continue
		}
		seen++
		address := filled(r.Pattern)
		if r.Method == route.GET {
			to := visitor.Get(address).Want(303).Header.Get("Location")
			require.True(t, strings.HasPrefix(to, "/sign-in"), "%s leads to %s", address, to)
			continue
		}
		require.Equal(t, "/sign-in", visitor.Submit(address, url.Values{}).Want(303).Header.Get("Location"))
		if r.Permission.Right != "" {
			emil.Submit(address, url.Values{}).Want(403)
			continue
		}
		forged := emil.Send("POST", address, "application/x-www-form-urlencoded", "_csrf=forged").Want(403)
		require.Contains(t, string(forged.Body), "too old", address)
		foreign := emil.With("Sec-Fetch-Site", "cross-site").Submit(address, url.Values{}).Want(403)
		require.Contains(t, string(foreign.Body), "another site", address)
	}
	require.Greater(t, seen, 20)
	require.Empty(t, w.all(t))
}

func TestPages_AnswerWithTheFragmentThatHtmxAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	w.submit(t, emil, "Team offsite catering", "640")
	w.submit(t, emil, "Train to Malmö", "112")
	for address, id := range map[string]string{
		"/": "home-tasks", "/tasks": "task-rows", "/tasks/started": "task-rows", "/tasks?part=count": "nav-tasks", "/jump?search=train": "jump-results", "/executions": "executions", "/pages/expenses?search=train": "block-b1",
		"/pages/expenses/forms/f1": "form-f1",
	} {
		answer := emil.With("HX-Request", "true").Get(address).Want(200)
		require.Contains(t, answer.Header.Get("Vary"), "HX-Request", address)
		page := answer.Page()
		require.NotNil(t, handlerstest.First(page, "", "id", id), "%s: %s", address, answer.Body)
		require.Nil(t, handlerstest.First(page, "h1"), address)
		require.NotContains(t, string(answer.Body), "<!doctype")
	}
	found := emil.With("HX-Request", "true").Get("/pages/expenses?search=train").Page()
	require.Contains(t, handlerstest.Text(found), "Train to Malmö")
	require.NotContains(t, handlerstest.Text(found), "catering")
}

func TestPages_HideWhatSomebodyMayNotSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	owner := mainText(t, w.Browser(w.Root).Get("/pages/expenses").Page())
	require.Contains(t, owner, "Secret note")
	emil := w.Browser(w.emil).Get("/pages/expenses").Page()
	require.NotContains(t, mainText(t, emil), "Secret note")
	require.NotContains(t, mainText(t, emil), "Delete")
	require.NotContains(t, handlerstest.Text(emil), "Workflows Executions")
	require.Contains(t, mainText(t, emil), "Team offsite catering")
	require.NotContains(t, mainText(t, w.Browser(w.ines).Get("/pages/expenses").Page()), "catering")
	form := w.Browser(w.emil).Get("/pages/expenses/forms/f1").Page()
	require.Nil(t, handlerstest.First(form, "input", "name", "secret"))
	require.NotNil(t, handlerstest.First(w.Browser(w.Root).Get("/pages/expenses/forms/f1").Page(), "input", "name", "secret"))
	edit := w.Browser(w.emil).Get("/pages/expenses/forms/e1/1").Page()
	require.NotNil(t, handlerstest.First(edit, "input", "name", "projectName"))
	require.Nil(t, handlerstest.First(edit, "input", "name", "amount"), "he may read but not change it")
}

func TestURLs_LeadToRoutes(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: pagesOf})
	for method, addresses := range map[string][]string{
		route.GET: {
			urls.Home(), urls.SignIn(), urls.Setup(), urls.DemoSignIn(), urls.Tasks(""), urls.Tasks("done"), urls.Tasks("started"), urls.Task("t"),
			urls.Executions(), urls.ExecutionsOf("w"), urls.Execution("x"), urls.ExecutionStep("x", "s"), urls.Workflows(), urls.Workflow("w"), urls.WorkflowVersion("w", 3),
			urls.Page("p"), urls.Form("p", "b", ""), urls.Form("p", "b", "r"), urls.Record("p", "b", "r"), urls.Submitted("p", "b", "r"), urls.Profile(), urls.Live("tasks"),
			urls.APIDocs(), urls.APIDocument(), urls.Collections(), urls.NewCollection(), urls.Collection("c"), urls.CollectionSettings("c"), urls.CollectionRename("c"),
			urls.CollectionDelete("c"), urls.CollectionNewField("c", "text"), urls.CollectionField("c", "f"), urls.CollectionFieldRename("c", "f"), urls.CollectionFieldDelete("c", "f"),
		},
		route.POST: {
			urls.SignIn(), urls.SignOut(), urls.Setup(), urls.DemoSignIn(), urls.TaskAction("t", "approve"), urls.TaskAction("t", "reject"),
			urls.ExecutionCancel("x"), urls.ExecutionRerun("x"), urls.WorkflowPublish("w"), urls.WorkflowEnable("w"), urls.PageAction("p", "a", "b", "r"),
			urls.ProfileTheme(), urls.ProfileRole(), urls.ProfileTokens(), urls.TokenRevoke("t"), urls.SessionRevoke("s"), urls.MessagesRead(),
			urls.Collections(), urls.CollectionSettings("c"), urls.CollectionRename("c"), urls.CollectionDelete("c"), urls.CollectionRestore("c"), urls.CollectionNewField("c", "text"),
			urls.CollectionField("c", "f"), urls.CollectionFieldRename("c", "f"), urls.CollectionFieldDelete("c", "f"), urls.CollectionFieldRestore("c", "f"), urls.CollectionFieldMove("c", "f"),
		},
	} {
		for _, address := range addresses {
			path, err := route.ParsePath(address)
			require.NoError(t, err)
			require.NotNil(t, app.Table().Find(method, path).Route, "%s %s", method, address)
		}
	}
}

func TestReference_ShowsWhatSomebodyMayUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := mainText(t, w.Browser(w.Root).Get(urls.APIDocs()).Want(200).Page())
	require.Contains(t, owner, "POST /api/workflows:create")
	require.Contains(t, owner, urls.APIDocument())
	emil := mainText(t, w.Browser(w.emil).Get(urls.APIDocs()).Want(200).Page())
	require.Contains(t, emil, "GET /api/tasks:list")
	require.Contains(t, emil, "projectName")
	require.NotContains(t, emil, "/api/workflows:create")
	require.NotContains(t, emil, "secret")
}
