package web_test

import (
	"fmt"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// category makes a category through its form and gives its id.
func (w world) category(t testing.TB, by *handlerstest.Client, title string) string {
	t.Helper()
	by.Submit("/workflow-categories", url.Values{"title": {title}, "colour": {"green"}}).Want(303)
	all, err := models.Categories(t.Context(), w.DB.Read())
	require.NoError(t, err)
	for _, c := range all {
		if c.Title == title {
			return strconv.FormatInt(c.ID, 10)
		}
	}
	require.Fail(t, "no category "+title)
	return ""
}

// listedKeys are the keys of the workflows that a list shows, in its order.
func listedKeys(page *html.Node) (out []string) {
	for _, row := range rows(page) {
		out = append(out, handlerstest.Text(handlerstest.First(row, "small", "class", "mono")))
	}
	return out
}

func TestWorkflows_AreFoundByFiltersAndSorted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{Key: "archive", Config: `{ "collection": "payments", "mode": "local" }`, Nodes: `[]`, Disabled: true})
	root := w.Browser(w.Root)
	root.Submit("/new-workflow", url.Values{"title": {"Fresh one"}, "type": {"post_action"}, "mode": {"async"}}).Want(303)
	w.submit(t, w.Browser(w.emil), "Pens", "12")
	for filter, want := range map[string][]string{
		"":                          {"reimb_approval", "archive", "checks", "fresh_one"},
		"sort=name":                 {"archive", "checks", "fresh_one", "reimb_approval"},
		"sort=-name":                {"reimb_approval", "fresh_one", "checks", "archive"},
		"sort=-version":             {"archive", "checks", "reimb_approval", "fresh_one"},
		"sort=executions&page=9":    {"archive", "checks", "fresh_one", "reimb_approval"},
		"sort=-executions":          {"reimb_approval", "archive", "checks", "fresh_one"},
		"sort=nonsense&page=x":      {"archive", "checks", "fresh_one", "reimb_approval"},
		"mode=sync":                 {"checks"},
		"enabled=true":              {"reimb_approval", "checks"},
		"enabled=false":             {"archive", "fresh_one"},
		"draft=true":                {"fresh_one"},
		"search=CHECK":              {"checks"},
		"search=check&enabled=true": {"checks"},
		"trigger=post_action":       {"reimb_approval", "archive", "checks", "fresh_one"},
		"trigger=nothing":           nil,
		"category=12":               nil,
		"category=none&mode=sync":   {"checks"},
		"mode=nonsense":             nil,
	} {
		require.Equal(t, want, listedKeys(root.Get("/workflows?"+filter).Want(200).Page()), filter)
	}
	page := root.Get("/workflows?mode=sync&sort=name").Page()
	require.NotNil(t, handlerstest.First(page, "a", "href", "/workflows?sort=name"), "a filter is taken away, the order stays")
	require.NotNil(t, handlerstest.First(page, "a", "href", "/workflows?mode=sync&sort=-name"), "a second press turns the order round")
	part := root.With("HX-Request", "true").Get("/workflows?search=check").Page()
	require.NotNil(t, handlerstest.First(part, "a", "href", "/workflows?mode=sync&search=check"), "filters keep the words of the search")
	require.Nil(t, handlerstest.First(part, "h1"))
}

func TestWorkflows_ShowThatTheLiveVersionIsBroken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	require.Empty(t, listedKeys(root.Get("/workflows?problems=true").Page()))
	impact := w.As(w.Root).Post("/api/collections/reimbursements/fields:destroy/amount", "").WantCode(409, "IMPACT_CONFIRMATION_REQUIRED").Errors()[0]["data"].(map[string]any)
	w.As(w.Root).Post(fmt.Sprintf("/api/collections/reimbursements/fields:destroy/amount?confirm=%s", impact["confirm"]), "").Want(200)
	page := root.Get("/workflows?problems=true").Page()
	require.Equal(t, []string{"checks", "reimb_approval"}, listedKeys(page))
	require.Contains(t, handlerstest.Text(rows(page)[0]), "Problem")
	root.Submit("/workflow-changes", url.Values{"_action": {"disable"}, "record": {"checks"}}).Want(303)
	preview := handlerstest.First(root.Get("/workflow-changes?_action=enable&record=checks").Page(), "dialog", "id", "workflow-change")
	require.NotContains(t, handlerstest.Text(preview), "Will be switched on")
	require.Nil(t, handlerstest.First(preview, "input", "name", "record"))
}

func TestWorkflows_CarryCategories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	finance, people := w.category(t, root, "Finance"), w.category(t, root, "People")
	root.Submit("/workflow-categories", url.Values{"title": {"finance"}}).Want(400)
	root.Submit("/new-workflow", url.Values{"title": {"Fresh one"}, "type": {"post_action"}, "category": {finance}}).Want(303)
	change := func(how string, records []string, categories ...string) {
		root.Submit("/workflow-changes", url.Values{"_action": {"categorise"}, "record": records, "category": categories, "how": {how}}).Want(303)
	}
	change("add", []string{"reimb_approval", "checks"}, finance, people)
	change("drop", []string{"checks"}, finance)
	require.ElementsMatch(t, []string{"fresh_one", "reimb_approval"}, listedKeys(root.Get("/workflows?category="+finance).Page()))
	require.ElementsMatch(t, []string{"checks", "reimb_approval"}, listedKeys(root.Get("/workflows?category="+people).Page()))
	tabs := handlerstest.Text(handlerstest.First(root.Get("/workflows").Page(), "div", "id", "workflow-tabs"))
	require.Contains(t, tabs, "All 3")
	require.Contains(t, tabs, "Finance 2")
	require.Contains(t, tabs, "Uncategorised 0")
	asked := root.Get("/workflow-changes?_action=categorise&record=reimb_approval").Want(200).Page()
	require.NotNil(t, handlerstest.First(asked, "input", "id", "category-"+finance, "checked", ""), "what a workflow carries is ticked")
	change("set", []string{"reimb_approval"}, people)
	require.Equal(t, []string{"fresh_one"}, listedKeys(root.Get("/workflows?category="+finance).Page()))

	root.Submit("/workflow-categories/"+people, url.Values{"title": {"Staff"}, "colour": {""}}).Want(303)
	root.Submit("/workflow-categories/"+people, url.Values{"title": {"Finance"}}).Want(400)
	root.Submit("/workflow-categories/"+people+"/move", url.Values{"direction": {"up"}}).Want(303)
	require.Regexp(t, "Staff.*Finance", handlerstest.Text(handlerstest.First(root.Get("/workflows").Page(), "div", "id", "workflow-tabs")))
	root.Submit("/workflow-categories/"+finance+"/delete", url.Values{}).Want(303)
	require.NotContains(t, mainText(t, root.Get("/workflows").Page()), "Finance")
	require.Len(t, listedKeys(root.Get("/workflows").Page()), 3, "the workflows stay")
	for _, unknown := range []string{"/workflow-categories/99", "/workflow-categories/x", "/workflow-categories/-1/move", "/workflow-categories/99/delete"} {
		root.Submit(unknown, url.Values{"title": {"A"}}).Want(404)
	}
}

func TestWorkflows_ChangeTogetherAfterAPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	root.Submit("/new-workflow", url.Values{"title": {"Fresh one"}, "type": {"post_action"}}).Want(303)
	preview := handlerstest.First(root.Get("/workflow-changes?_action=disable&record=checks&record=fresh_one&record=reimb_approval").Want(200).Page(), "dialog", "id", "workflow-change")
	require.Contains(t, handlerstest.Text(preview), "Switch off 3 workflows?")
	require.Contains(t, handlerstest.Text(preview), "Is switched off already")
	require.Len(t, handlerstest.All(preview, "input", "name", "record"), 2, "what is refused is not sent")
	root.Submit("/workflow-changes", url.Values{"_action": {"disable"}, "record": {"checks", "reimb_approval"}}).Want(303)
	page := root.Get("/workflows?enabled=true").Page()
	require.Empty(t, listedKeys(page))
	require.Contains(t, toasts(page), "Switched off: 2")
	require.Contains(t, handlerstest.Text(root.Get("/workflow-changes?_action=enable&record=fresh_one").Page()), "Was never published")
	root.Submit("/workflow-changes", url.Values{"_action": {"enable"}, "record": {"checks", "fresh_one"}}).Want(303)
	page = root.Get("/workflows?enabled=true").Page()
	require.Equal(t, []string{"checks"}, listedKeys(page), "what cannot be switched on does not stop the others")
	require.Contains(t, toasts(page), "1 stayed as they are")
	require.Contains(t, string(root.Submit("/workflow-changes", url.Values{"_action": {"enable"}, "record": {"fresh_one"}}).Want(400).Body), "only a published version")
	from := root.With("Referer", w.URL+"/workflows?mode=sync")
	asked := from.Get("/workflow-changes?_action=disable&record=checks").Page()
	require.NotNil(t, handlerstest.First(asked, "input", "name", "back", "value", "/workflows?mode=sync"), "the list stays as it was filtered")
	sent := url.Values{"_action": {"disable"}, "record": {"checks"}, "back": {"/workflows?mode=sync"}}
	require.Equal(t, "/workflows?mode=sync", root.Submit("/workflow-changes", sent).Want(303).Header.Get("Location"))
	sent.Set("back", "https://elsewhere.example/workflows?")
	require.Equal(t, "/workflows", root.Submit("/workflow-changes", sent).Want(303).Header.Get("Location"))
	for _, wrong := range []string{"", "?_action=disable", "?_action=explode&record=checks", "?_action=disable&record=unknown"} {
		root.Get("/workflow-changes" + wrong).Want(404)
	}
}

func TestWorkflows_ADeletedOneComesBackFromTheBin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	root := w.Browser(w.Root)
	asked := handlerstest.Text(root.Get("/workflow-changes?_action=delete&record=reimb_approval").Page())
	require.Contains(t, asked, "Submit (Expenses / New expense)")
	require.Contains(t, asked, "Open executions that finish: 1")
	form := url.Values{"_action": {"delete"}, "record": {"reimb_approval"}, "typed": {"reimb"}}
	require.Contains(t, string(root.Submit("/workflow-changes", form).Want(422).Body), "Type reimb_approval exactly")
	form.Set("typed", "reimb_approval")
	require.Contains(t, string(root.Submit("/workflow-changes", form).Want(409).Body), "A button starts reimb_approval", "nobody takes a workflow from a button by accident")
	form.Set("confirm", "true")
	root.Submit("/workflow-changes", form).Want(303)
	require.Equal(t, []string{"checks"}, listedKeys(root.Get("/workflows").Page()))
	root.Get("/workflows/reimb_approval").Want(404)
	w.submit(t, w.Browser(w.emil), "Pens", "12")
	execution := root.Get("/executions/" + w.executionNamed(t, 1)).Want(200).Page()
	require.Contains(t, handlerstest.Text(execution), "Waiting", "what was open goes on")
	require.Nil(t, handlerstest.First(execution, "a", "class", "link", "href", "/workflows/reimb_approval#1"))

	w.Workflow(handlerstest.Workflow{Key: "reimb_approval", Config: `{ "collection": "payments", "mode": "local" }`, Nodes: `[]`})
	bin := root.Get("/workflows?category=bin").Page()
	require.Equal(t, []string{"reimb_approval"}, listedKeys(bin))
	looker := w.Browser(w.Person("lena"))
	looker.Get("/workflows?category=bin").Want(403)
	restore := handlerstest.Attr(handlerstest.First(rows(bin)[0], "form"), "action")
	w.Role("editor", []string{"workflow.view", "workflow.edit"})
	editor := w.Browser(w.Person("edda", "editor"))
	require.Nil(t, handlerstest.First(rows(editor.Get("/workflows?category=bin").Page())[0], "form"))
	editor.Submit(restore, url.Values{}).Want(403)
	root.Submit(restore, url.Values{}).Want(303)
	page := root.Get("/workflows?category=none&enabled=false").Page()
	require.Equal(t, []string{"reimb_approval_2"}, listedKeys(page), "its key was taken meanwhile, and it is switched off")
	root.Submit(restore, url.Values{}).Want(404)
	root.Submit("/workflow-bin/x/restore", url.Values{}).Want(404)
}

func TestWorkflows_ShowAndDoOnlyWhatTheViewerMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("looker", []string{"workflow.view"})
	w.Role("editor", []string{"workflow.view", "workflow.edit"})
	looker, editor := w.Browser(w.Person("lena", "looker")), w.Browser(w.Person("edda", "editor"))
	page := looker.Get("/workflows").Want(200).Page()
	require.Nil(t, handlerstest.First(page, "form", "id", "workflow-bulk"))
	require.Nil(t, handlerstest.First(page, "a", "href", "/workflow-categories"))
	require.NotContains(t, mainText(t, page), "Delete")
	looker.Get("/workflow-categories").Want(403)
	page = editor.Get("/workflows").Want(200).Page()
	require.Contains(t, mainText(t, page), "Move to category")
	require.NotContains(t, mainText(t, page), "Delete")
	for _, action := range []string{"enable", "disable", "delete", "categorise"} {
		sent := url.Values{"_action": {action}, "record": {"checks"}, "typed": {"checks"}, "confirm": {"true"}}
		looker.Get("/workflow-changes?" + sent.Encode()).Want(403)
		looker.Submit("/workflow-changes", sent).Want(403)
		if action != "categorise" {
			editor.Get("/workflow-changes?" + sent.Encode()).Want(403)
			editor.Submit("/workflow-changes", sent).Want(403)
		}
	}
	require.Contains(t, listedKeys(editor.Get("/workflows?enabled=true").Page()), "checks")
}
