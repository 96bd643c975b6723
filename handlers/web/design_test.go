package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// studio is a world with a designer in front of it.
type studio struct {
	world
	*handlerstest.Client
}

const atDesign = "/pages/expenses/design"

func newStudio(t *testing.T) studio {
	t.Helper()
	w := newWorld(t)
	w.grant("designer", models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeAll})
	return studio{w, w.Browser(w.Person("dana", "designer"))}
}

// does sends an edit and wants it to lead back to the page.
func (s studio) does(t *testing.T, address string, form url.Values) {
	t.Helper()
	to := s.Submit(address, form).Want(303).Header.Get("Location")
	require.True(t, strings.HasPrefix(to, "/pages/"), to)
}

// draft is the page as its designers see it.
func (s studio) draft(t *testing.T, key string) *models.Page {
	t.Helper()
	d, err := models.PageDraftByKey(context.Background(), s.DB.Read(), key)
	require.NoError(t, err)
	p, err := d.Page()
	require.NoError(t, err)
	return p
}

func (s studio) bound(t *testing.T, page, action string) []models.Binding {
	t.Helper()
	a, _, ok := s.draft(t, page).Action(action)
	require.True(t, ok)
	return a.Started()
}

// offered lists the workflows that a row of the dialog offers; disabled ones with a
// mark in front.
func offered(t *testing.T, page *html.Node, row int) []string {
	t.Helper()
	choices := handlerstest.All(page, "select", "name", "workflow")
	require.Greater(t, len(choices), row)
	var out []string
	for _, o := range handlerstest.All(choices[row], "option") {
		key := handlerstest.Attr(o, "value")
		for _, a := range o.Attr {
			if a.Key == "disabled" {
				key = "-" + key
			}
		}
		if key != "" {
			out = append(out, key)
		}
	}
	return out
}

func TestDesign_MakesAPageByForms(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	require.Contains(t, string(s.Submit("/pages", url.Values{"title": {" "}}).Want(422).Body), "A title has 1 to")
	to := s.Submit("/pages", url.Values{"title": {"Travel costs"}, "audience": {"member"}}).Want(303).Header.Get("Location")
	require.Equal(t, "/pages/travel-costs/design", to)
	const at = "/pages/travel-costs/design"
	s.Browser(s.emil).Get("/pages/travel-costs").Want(404)

	panel := s.Submit(at+"/blocks", url.Values{"type": {"createForm"}, "collection": {"reimbursements"}}).Want(303).Header.Get("Location")
	require.Contains(t, panel, "panel=block")
	form := s.draft(t, "travel-costs").Blocks()[0]
	require.Equal(t, models.SubmitAction, form.Actions[0].Type, "a form has the button that sends it")
	s.does(t, at+"/blocks/"+form.ID, url.Values{"title": {"Ask for money"}, "field": {"amount", "projectName"}, "fieldTitle": {"How much", ""}})
	s.does(t, at+"/actions/"+form.Actions[0].ID, url.Values{
		"title": {"Ask"}, "style": {"danger"}, "message": {"{{ record.projectName }} is asked for."}, "next": {"clear"}, "confirm": {"Really ask?"},
	})
	s.does(t, "/pages/travel-costs/draft/publish", nil)

	emil := s.Browser(s.emil)
	page := emil.Get("/pages/travel-costs").Want(200).Page()
	said := mainText(t, page)
	require.Contains(t, said, "Ask for money")
	require.Less(t, strings.Index(said, "How much"), strings.Index(said, "Project name"))
	require.NotNil(t, handlerstest.First(page, "button", "data-confirm", "Really ask?"))
	sent := expense("key-of-travel", "Night train", "80")
	emil.Submit("/pages/travel-costs/actions/"+form.Actions[0].ID+"?block="+form.ID, sent).Want(303)
	require.Contains(t, toasts(emil.Get("/pages/travel-costs").Page()), "Night train is asked for.")
	require.Contains(t, handlerstest.Text(handlerstest.First(emil.Get("/").Page(), "nav")), "Travel costs")
}

// A status is for the workflows that set it: a new form does not ask for it, and says so.
func TestDesign_ANewFormLeavesToWorkflowsWhatTheySet(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	shown := func(kind string) (names []string, said string) {
		panel := s.Submit(atDesign+"/blocks", url.Values{"type": {kind}, "collection": {"reimbursements"}}).Want(303).Header.Get("Location")
		at, err := url.Parse(panel)
		require.NoError(t, err)
		b, ok := s.draft(t, "expenses").Block(at.Query().Get("id"))
		require.True(t, ok, panel)
		for _, f := range b.Fields {
			names = append(names, f.Field)
		}
		return names, handlerstest.Text(s.Get(panel).Want(200).Page())
	}
	names, said := shown("createForm")
	require.Contains(t, names, "status", "nothing sets it yet")
	require.NotContains(t, said, "by a workflow")
	s.Workflow(handlerstest.Workflow{
		Key: "decides", Config: `{ "collection": "reimbursements", "mode": "local" }`,
		Nodes: `[{"key":"set","type":"update_record","config":{"collection":"reimbursements","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"status":"approved","projectName":"Done"}}}]`,
	})
	names, said = shown("createForm")
	require.NotContains(t, names, "status")
	require.Contains(t, names, "projectName", "it has no default: somebody must fill it in")
	require.Contains(t, said, "“Status” is left out")
	form := url.Values{"_do": {"fields:add:0"}, "field": {"status"}, "fieldTitle": {""}}
	require.Contains(t, handlerstest.Text(s.Submit(atDesign+"/blocks/c1", form).Want(200).Page()), "“Status” is set by a workflow (decides)")
	names, said = shown("editForm")
	require.Contains(t, names, "status", "whoever edits records may correct it")
	require.NotContains(t, said, "is left out")
}

func TestDesign_OthersSeeWhatIsPublished(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	emil := s.Browser(s.emil)
	s.does(t, atDesign+"/blocks/b1/delete", nil)
	require.NotNil(t, handlerstest.First(emil.Get("/pages/expenses").Page(), "", "id", "block-b1"), "the table")
	require.Nil(t, handlerstest.First(s.Get(atDesign).Page(), "", "id", "block-b1"), "the table")
	s.does(t, "/pages/expenses/draft/undo", nil)
	require.NotNil(t, handlerstest.First(s.Get(atDesign).Page(), "", "id", "block-b1"), "the table")
	s.does(t, "/pages/expenses/draft/redo", nil)
	s.does(t, "/pages/expenses/draft/discard", nil)
	require.NotNil(t, handlerstest.First(s.Get(atDesign).Page(), "", "id", "block-b1"), "the table")
	s.does(t, "/pages/expenses/draft/undo", nil)
	s.does(t, "/pages/expenses/draft/publish", nil)
	require.Nil(t, handlerstest.First(emil.Get("/pages/expenses").Page(), "", "id", "block-b1"), "the table")
	s.Submit("/pages/expenses/draft/undo", nil).Want(422)
	s.Submit("/pages/expenses/draft/explode", nil).Want(404)
}

func TestDesign_AChangedPageKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	emil := s.Browser(s.emil)
	form := expense("key-of-a-changed-page", "Typed before the change", "640")
	s.does(t, atDesign+"/actions/send/delete", nil)
	emil.Submit(send, form).Want(303)
	require.Len(t, s.all(t), 1, "what counts is the published page")
	s.does(t, "/pages/expenses/draft/publish", nil)
	answer := emil.Submit(send, expense("another-key", "Typed before the change", "640")).Want(409)
	require.Contains(t, string(answer.Body), "Typed before the change")
	require.Len(t, s.all(t), 1)
}

func TestBind_OffersWhatFitsAndStoresIt(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Workflow(handlerstest.Workflow{Key: "everywhere", Config: `{ "collection": "reimbursements", "mode": "global", "actions": ["create"] }`, Nodes: "[]"})
	s.Workflow(handlerstest.Workflow{Key: "person", Config: `{ "collection": "users", "mode": "local" }`, Nodes: "[]"})
	s.Workflow(handlerstest.Workflow{Key: "payment", Config: `{ "collection": "payments", "mode": "local" }`, Nodes: "[]"})
	s.off(t, "checks")
	page := s.Get(atDesign + "?panel=bind&id=quick").Want(200).Page()
	require.Equal(t, []string{"-checks", "reimb_approval"}, offered(t, page, 0))
	dialog := handlerstest.Text(handlerstest.First(page, "dialog", "id", "bind"))
	require.Contains(t, dialog, "Disabled. Enable it first to bind it.")
	require.Contains(t, dialog, "These start without binding")
	require.Contains(t, dialog, "everywhere")

	const at = atDesign + "/bindings/quick"
	two := url.Values{"path": {"", "applicant"}, "workflow": {"reimb_approval", "reimb_approval"}}
	page = s.Submit(at, two).Want(200).Page()
	require.Equal(t, []string{"person"}, offered(t, page, 1), "other data, other workflows")
	require.Empty(t, s.bound(t, "expenses", "quick"), "a change of the data stores nothing")

	two.Set("_do", "bindings:up:1")
	page = s.Submit(at, two).Want(200).Page()
	require.Equal(t, []string{"person"}, offered(t, page, 0))
	s.does(t, at, url.Values{"path": {"applicant", ""}, "workflow": {"person", "reimb_approval"}, "_do": {"save"}})
	require.Equal(t, []models.Binding{{Key: "person", Path: "applicant"}, {Key: "reimb_approval"}}, s.bound(t, "expenses", "quick"))
	require.Empty(t, s.bound(t, "expenses", "check")[1:], "each button has its own")
	require.Contains(t, mainText(t, s.Get(atDesign).Page()), "Starts person, reimb_approval", "the button says what it starts")

	s.does(t, "/pages/expenses/draft/publish", nil)
	emil := s.Browser(s.emil)
	require.Contains(t, mainText(t, emil.Get("/pages/expenses").Page()), "Starts person, reimb_approval, everywhere")
	emil.Submit("/pages/expenses/actions/quick?block=q1", expense("key-of-quick", "Bound by clicking", "900")).Want(303)
	s.Idle()
	require.Len(t, s.started(t), 3)
}

func TestBind_SaysWhatIsWrongInItsRow(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.off(t, "checks")
	for name, c := range map[string]struct{ form, says string }{
		"nothing chosen":             {"path=&workflow=&path=&workflow=reimb_approval", "Choose a workflow, or remove this row."},
		"an unknown workflow":        {"path=&workflow=none", "There is no published workflow none."},
		"a disabled workflow":        {"path=&workflow=checks", "is disabled"},
		"one that wants other data":  {"path=applicant&workflow=reimb_approval", "does not start from"},
		"data that are not there":    {"path=salary&workflow=reimb_approval", "leads to no record"},
		"the same workflow twice":    {"path=&workflow=reimb_approval&path=&workflow=reimb_approval", "stands twice"},
		"more rows than can be used": {strings.Repeat("path=&workflow=reimb_approval&", 21) + "x=", "At most 20 workflows"},
	} {
		answer := s.Send("POST", atDesign+"/bindings/quick", "application/x-www-form-urlencoded", "_csrf="+url.QueryEscape(s.Token())+"&_do=save&"+c.form).Want(422)
		require.Contains(t, string(answer.Body), c.says, name)
	}
	require.Empty(t, s.bound(t, "expenses", "quick"))
	s.Get(atDesign + "?panel=bind&id=add").Want(404)
	s.Submit(atDesign+"/bindings/add", url.Values{"_do": {"save"}}).Want(404)
}

func TestBind_MarksWhatStoppedFitting(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.off(t, "reimb_approval")
	page := s.Get(atDesign).Want(200).Page()
	require.Contains(t, mainText(t, page), "reimb_approval is disabled")
	dialog := s.Get(atDesign + "?panel=bind&id=send").Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(dialog, "dialog", "id", "bind")), "Skipped when the button is pressed")
	said := mainText(t, s.Browser(s.Root).Get("/workflows/reimb_approval/versions").Page())
	require.Contains(t, said, "Bound to")
	require.Contains(t, said, "Expenses / New expense")
	require.Contains(t, said, "is disabled")
	s.does(t, atDesign+"/bindings/send", url.Values{"path": {""}, "workflow": {"reimb_approval"}, "_do": {"save"}})
	s.does(t, "/pages/expenses/draft/publish", nil)
	s.Browser(s.emil).Submit(send, expense("key-of-a-skipped-one", "Saved all the same", "20")).Want(303)
}

func TestDesign_PanelsEditRowsWithoutSaving(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	before := s.draft(t, "expenses")
	form := url.Values{"title": {"List"}, "field": {"projectName", "amount"}, "fieldTitle": {"", "Sum"}, "_do": {"fields:down:0"}}
	page := s.Submit(atDesign+"/blocks/b1", form).Want(200).Page()
	titles := handlerstest.All(page, "input", "name", "fieldTitle")
	require.Equal(t, "Sum", handlerstest.Attr(titles[0], "value"))
	form.Set("_do", "fields:add:2")
	require.Len(t, handlerstest.All(s.Submit(atDesign+"/blocks/b1", form).Want(200).Page(), "input", "name", "fieldTitle"), 3)
	form.Set("_do", "fields:remove:0")
	require.Len(t, handlerstest.All(s.Submit(atDesign+"/blocks/b1", form).Want(200).Page(), "input", "name", "fieldTitle"), 1)
	for _, odd := range []string{"fields:remove:99", "fields:up:-3", "fields:dance:0", "nothing:add:0"} {
		form.Set("_do", odd)
		if status := s.Submit(atDesign+"/blocks/b1", form).Status; odd != "nothing:add:0" {
			require.Equal(t, 200, status, odd)
			require.Equal(t, before, s.draft(t, "expenses"))
		}
	}
}

func TestDesign_FiltersAndOrdersATable(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	emil := s.Browser(s.emil)
	s.submit(t, emil, "Cheap lunch", "12")
	s.submit(t, emil, "Lisbon client visit", "900")
	form := url.Values{"field": {"projectName", "amount"}, "filterField": {"amount", "applicant"}, "filterOp": {"$gt", "$eq"}, "filterValue": {"100", "{{ user.id }}"}, "sort": {"-amount"}, "pageSize": {"10"}}
	s.does(t, atDesign+"/blocks/b1", form)
	b, _ := s.draft(t, "expenses").Block("b1")
	require.Equal(t, map[string]any{"$and": []any{
		map[string]any{"amount": map[string]any{"$gt": int64(100)}}, map[string]any{"applicant": map[string]any{"$eq": "{{ user.id }}"}},
	}}, b.Filter)
	panel := s.Get(atDesign + "?panel=block&id=b1").Page()
	require.Len(t, handlerstest.All(panel, "input", "name", "filterValue"), 2, "the panel shows its conditions again")
	s.does(t, "/pages/expenses/draft/publish", nil)
	said := mainText(t, emil.Get("/pages/expenses").Page())
	require.Contains(t, said, "Lisbon client visit")
	require.NotContains(t, said, "Cheap lunch")

	form.Set("filterMatch", "any")
	s.does(t, atDesign+"/blocks/b1", form)
	b, _ = s.draft(t, "expenses").Block("b1")
	require.Contains(t, b.Filter, "$or")
	panel = s.Get(atDesign + "?panel=block&id=b1").Page()
	require.Len(t, handlerstest.All(panel, "input", "name", "filterValue"), 2)
	require.NotNil(t, handlerstest.First(handlerstest.First(panel, "select", "name", "filterMatch"), "option", "value", "any", "selected", ""))
	s.does(t, "/pages/expenses/draft/publish", nil)
	require.Contains(t, mainText(t, emil.Get("/pages/expenses").Page()), "Cheap lunch")

	form["filterOp"] = []string{"$includes", "$eq"}
	s.Submit(atDesign+"/blocks/b1", form).Want(422)
}

func TestFilter_NarrowsATableWithinTheRightsOfThePerson(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	emil := s.Browser(s.emil)
	s.submit(t, emil, "Cheap lunch", "12")
	s.submit(t, emil, "Lisbon client visit", "900")
	s.submit(t, s.Browser(s.ines), "Lisbon for Ines", "900")
	s.does(t, atDesign+"/actions", url.Values{"block": {"b1"}, "type": {"filter"}})
	s.does(t, "/pages/expenses/draft/publish", nil)
	shown := func(query string) string {
		return mainText(t, emil.Get("/pages/expenses?"+query).Want(200).Page())
	}
	require.Contains(t, shown(""), "Show records where")
	said := shown("field=amount&op=$gt&value=100&field=&op=$eq&value=")
	require.Contains(t, said, "Lisbon client visit")
	require.NotContains(t, said, "Cheap lunch")
	require.NotContains(t, said, "Ines", "a filter shows nothing that rights hide")
	require.Contains(t, shown("field=status&op=$eq&value=Draft&field=createdAt&op=$eq&value=2026-11-22"), "Cheap lunch", "choices by their label, days by date")
	require.Contains(t, shown("field=amount&op=$gt&value=much"), "The filter was left out.")
	for _, odd := range []string{"field=secret&op=$eq&value=x", "field=salary&op=$eq&value=x", "field=amount&op=$explode&value=1", "field=amount", "op=$eq"} {
		require.Contains(t, shown(odd), "Cheap lunch", odd)
	}
	found := emil.Get("/pages/expenses?field=amount&op=$gt&value=100").Page()
	search := handlerstest.First(found, "form", "role", "search")
	require.Equal(t, "amount", handlerstest.Attr(handlerstest.First(search, "input", "name", "field"), "value"), "a search keeps the filter")
}

func TestDesign_ButtonsOfEveryKind(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for kind, more := range map[string]url.Values{
		"addNew": {"opens": {"new"}, "open": {"dialog"}}, "view": {"opens": {"d1"}}, "edit": {"opens": {"new"}}, "refresh": {}, "filter": {}, "link": {"link": {"/tasks"}},
		"delete": {"confirm": {"Sure?"}}, "updateRecord": {"valueField": {"status", ""}, "value": {"approved", ""}},
	} {
		s.Get(atDesign + "?panel=add-action&id=b1&type=" + kind).Want(200)
		more.Set("block", "b1")
		more.Set("type", kind)
		more.Set("title", "My "+kind)
		s.does(t, atDesign+"/actions", more)
		b, _ := s.draft(t, "expenses").Block("b1")
		made := b.Actions[len(b.Actions)-1]
		require.Equal(t, "My "+kind, made.Title)
		require.Equal(t, more.Get("open"), made.Open)
		s.Get(atDesign + "?panel=action&id=" + made.ID).Want(200)
		s.does(t, atDesign+"/actions/"+made.ID+"/up", nil)
	}
	for _, bad := range []url.Values{
		{"block": {"b1"}, "type": {"submit"}},
		{"block": {"b1"}, "type": {"link"}, "link": {"https://evil.example"}},
		{"block": {"b1"}, "type": {"updateRecord"}},
		{"block": {"b1"}, "type": {"updateRecord"}, "valueField": {"id"}, "value": {"7"}},
		{"block": {"b1"}, "type": {"view"}, "opens": {"f1"}},
		{"block": {"b1"}, "type": {"view"}, "opens": {"d1"}, "open": {"window"}},
	} {
		if status := s.Submit(atDesign+"/actions", bad).Status; status != 404 {
			require.Equal(t, 422, status, bad)
		}
	}
	s.Submit(atDesign+"/actions", url.Values{"block": {"none"}, "type": {"link"}}).Want(404)
	s.Get(atDesign + "?panel=nothing").Want(404)
}

func TestDesign_ChangesOnePartOfAButton(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	menu := func() string {
		return handlerstest.Text(handlerstest.First(s.Get(atDesign).Want(200).Page(), "div", "id", "action-send"))
	}
	require.Contains(t, menu(), "Title and style Bind workflow 1 Ask before submitting After submitting Close Move forward")
	part := func(name string, form url.Values) *models.PageAction {
		require.Contains(t, string(s.Get(atDesign+"?panel="+name+"&id=send").Want(200).Body), `name="part" value="`+name+`"`)
		form.Set("part", name)
		s.does(t, atDesign+"/actions/send", form)
		a, _, _ := s.draft(t, "expenses").Action("send")
		return a
	}
	was, _, _ := s.draft(t, "expenses").Action("send")
	asks := part("ask", url.Values{"confirm": {"Send it?"}})
	require.Equal(t, "Send it?", asks.Confirm)
	require.Equal(t, was.After, asks.After, "the rest stays")
	require.Equal(t, was.Bindings, asks.Bindings)
	named := part("action", url.Values{"title": {"Send in"}, "style": {""}})
	require.Equal(t, "Send in", named.Title)
	require.Equal(t, "Send it?", named.Confirm)
	require.Equal(t, was.After, named.After)
	then := part("after", url.Values{"message": {"On its way."}, "next": {"record"}})
	require.Equal(t, models.AfterSuccess{Message: "On its way.", Next: "record"}, models.AfterSuccess{Message: then.After.Message, Next: then.After.Next, Close: then.After.Close})
	require.Equal(t, "Send in", then.Title)
	require.Contains(t, menu(), "Ask before submitting On After submitting Open record")
	s.Get(atDesign + "?panel=ask&id=add").Want(404)
	require.NotContains(t, handlerstest.Text(handlerstest.First(s.Get(atDesign).Page(), "div", "id", "action-add")), "Ask before")
}

func TestDesign_TwoDesignersAtOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	page := s.Get(atDesign + "?panel=block&id=q1").Page()
	base := handlerstest.Attr(handlerstest.First(handlerstest.First(page, "form", "id", "design-form"), "input", "name", "_base"), "value")
	require.NotEmpty(t, base)
	other := s.Browser(s.Root)
	other.Submit(atDesign+"/blocks/q1", url.Values{"title": {"First"}, "_base": {base}}).Want(303)
	answer := s.Submit(atDesign+"/blocks/q1", url.Values{"title": {"Second"}, "_base": {base}}).Want(409)
	require.Contains(t, string(answer.Body), `value="Second"`, "what was typed stays")
	require.Contains(t, string(answer.Body), "Somebody edited this page meanwhile")
	s.Submit("/pages/expenses/draft/publish", url.Values{"_base": {base}}).Want(409)
}

func TestDesign_IsForDesignersOnly(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	emil := s.Browser(s.emil)
	for _, address := range []string{"/pages", atDesign, atDesign + "?panel=bind&id=send"} {
		emil.Get(address).Want(403)
	}
	require.Nil(t, handlerstest.First(emil.Get("/pages/expenses").Page(), "a", "href", atDesign))
	require.NotNil(t, handlerstest.First(s.Get("/pages/expenses").Page(), "a", "href", atDesign))
	require.NotContains(t, handlerstest.Text(handlerstest.First(emil.Get("/").Page(), "nav")), "New page")
}

// off switches a workflow off.
func (s studio) off(t *testing.T, key string) {
	t.Helper()
	s.Browser(s.Root).Submit("/workflows/"+key+"/enable", url.Values{"enabled": {"false"}}).Want(303)
}

// started lists all executions.
func (s studio) started(t *testing.T) []models.ExecutionRow {
	t.Helper()
	list, err := models.Executions(context.Background(), s.DB.Read(), models.ExecutionFilter{Limit: 100})
	require.NoError(t, err)
	return list
}
