package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/engine/nodes"
	"formrail/engine/triggers"
	"formrail/handlers/handlerstest"
	"formrail/handlers/route"
	"formrail/handlers/web"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// pagesOf makes the pages as the server does.
func pagesOf(d route.Deps) route.Pages {
	return web.New(d, web.Declared{Nodes: nodes.All(), Triggers: triggers.All()})
}

// world is an installation with people, data, workflows and pages.
type world struct {
	*handlerstest.App
	emil, ines, mara, nils models.User // applicant, a colleague, his manager, a second approver
}

const reimbursements = `{ "name": "reimbursements", "title": "Reimbursement", "titlePlural": "Reimbursements", "titleField": "projectName", "softDelete": true,
	"fields": [
		{ "name": "projectName", "type": "text", "title": "Project name", "required": true, "maxLength": 120 },
		{ "name": "applicant", "type": "user", "title": "Applicant", "required": true, "default": "{{ user.id }}" },
		{ "name": "amount", "type": "decimal", "title": "Amount", "scale": 2, "currency": "EUR", "required": true, "min": 0.01 },
		{ "name": "urgent", "type": "boolean", "title": "Urgent" },
		{ "name": "when", "type": "datetime", "title": "When" },
		{ "name": "status", "type": "select", "title": "Status", "default": "draft", "options": [
			{ "value": "draft", "label": "Draft", "colour": "grey" }, { "value": "approved", "label": "Approved", "colour": "green" },
			{ "value": "rejected", "label": "Rejected", "colour": "red" } ] },
		{ "name": "secret", "type": "text", "title": "Secret note" } ] }`

const payments = `{ "name": "payments", "title": "Payment", "titlePlural": "Payments", "titleField": "note",
	"fields": [ { "name": "note", "type": "text", "title": "Note" },
		{ "name": "reimbursement", "type": "manyToOne", "title": "Reimbursement", "target": "reimbursements" } ] }`

const expensePage = `{ "key": "expenses", "title": "Expenses", "audience": ["member"],
	"rows": [ { "columns": [ { "width": 8, "blocks": [
		{ "id": "b1", "type": "table", "collection": "reimbursements", "fields": ["projectName", "applicant", "amount", "status", "createdAt", "secret"], "sort": ["-createdAt"], "pageSize": 2,
			"actions": [ { "id": "add", "type": "addNew", "block": "f1" }, { "id": "view", "type": "view", "block": "d1" }, { "id": "edit", "type": "edit", "block": "e1" },
				{ "id": "approve", "type": "updateRecord", "title": "Mark as approved", "values": { "status": "approved" } }, { "id": "del", "type": "delete" } ] } ] },
		{ "width": 4, "blocks": [
		{ "id": "q1", "type": "createForm", "title": "Quick note", "collection": "reimbursements", "fields": ["projectName", "amount"],
			"actions": [ { "id": "quick", "type": "submit", "title": "Keep", "after": { "message": "{{ record.projectName }} is kept.", "next": "clear" } } ] } ] } ] } ],
	"popups": [
		{ "id": "f1", "type": "createForm", "title": "New expense", "collection": "reimbursements", "fields": ["projectName", "amount", "urgent", "when", "secret"],
			"actions": [ { "id": "send", "type": "submit", "bindings": [ { "workflow": "reimb_approval", "path": "", "order": 1 } ],
				"after": { "message": "Thank you, {{ record.projectName }} over {{ record.amount }} is on its way.", "close": true } },
				{ "id": "hold", "type": "save", "title": "Save" } ] },
		{ "id": "c1", "type": "createForm", "title": "Checked expense", "collection": "reimbursements", "fields": ["projectName", "amount"],
			"actions": [ { "id": "check", "type": "submit", "bindings": [ { "workflow": "checks", "path": "", "order": 1 } ] } ] },
		{ "id": "d1", "type": "details", "collection": "reimbursements", "fields": ["projectName", "applicant", "amount", "status", "secret", "createdAt"], "actions": [] },
		{ "id": "e1", "type": "editForm", "collection": "reimbursements", "fields": ["projectName", "amount", "secret"],
			"actions": [ { "id": "keep", "type": "save", "title": "Save", "after": { "close": true } } ] } ] }`

const paymentPage = `{ "key": "payments", "title": "Payments", "audience": ["approver"],
	"rows": [ { "columns": [ { "width": 12, "blocks": [ { "id": "p1", "type": "table", "collection": "payments", "fields": ["note", "reimbursement", "reimbursement.amount"], "actions": [] } ] } ] } ] }`

const approvalNodes = `[ { "key": "big", "type": "condition", "title": "More than 500?",
	"config": { "mode": "branch", "when": { "all": [ { "left": "{{ trigger.data.amount }}", "op": "gt", "right": 500 } ] } },
	"branches": [ { "key": "yes", "nodes": [
		{ "key": "ask", "type": "approval", "title": "Manager review", "config": { "assignees": { "roles": ["reviewer"] }, "mode": "branches",
			"actions": { "reject": { "comment": "required" } } },
			"branches": [ { "key": "approved", "nodes": [ { "key": "pay", "type": "create_record", "title": "Create the payment", "elevated": true,
				"config": { "collection": "payments", "values": { "reimbursement": "{{ trigger.data.id }}", "note": "{{ trigger.data.projectName }}" } } } ] },
				{ "key": "rejected", "nodes": [] } ] } ] },
		{ "key": "no", "nodes": [] } ] } ]`

// checkNodes stop small sums and break on a certain one.
const checkNodes = `[ { "key": "small", "type": "condition", "title": "Too small?",
	"config": { "mode": "branch", "when": { "all": [ { "left": "{{ trigger.data.amount }}", "op": "lt", "right": 10 } ] } },
	"branches": [ { "key": "yes", "nodes": [ { "key": "say", "type": "response_message", "config": { "message": "At least 10, please." } },
		{ "key": "stop", "type": "end", "config": { "status": "failed" } } ] }, { "key": "no", "nodes": [] } ] },
	{ "key": "breaks", "type": "calculation", "title": "Share", "config": { "engine": "expr", "expression": "1 / (trigger.data.amount - 13)" } } ]`

// newWorld makes one. Reviewers are mara and nils.
func newWorld(t testing.TB) world {
	t.Helper()
	w := world{App: handlerstest.StartWith(t, handlerstest.Options{Pages: pagesOf})}
	w.Collection(reimbursements)
	w.Collection(payments)
	w.Role("reviewer", nil)
	w.grant("member", models.Grant{Collection: "reimbursements", Action: models.Create, Fields: []string{"projectName", "amount", "urgent", "when"}, Scope: models.ScopeAll},
		models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName", "applicant", "amount", "urgent", "when", "status", "createdAt"}, Scope: models.ScopeOwn, ScopeField: "applicant"},
		models.Grant{Collection: "reimbursements", Action: models.Update, Fields: []string{"projectName"}, Scope: models.ScopeOwn, ScopeField: "applicant"},
		models.Grant{Collection: "users", Action: models.View, Fields: []string{"nickname"}, Scope: models.ScopeAll})
	w.grant("approver", models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeAll}, models.Grant{Collection: "payments", Action: models.View, Scope: models.ScopeAll})
	w.emil, w.ines = w.Person("emil"), w.Person("ines")
	w.mara, w.nils = w.Person("mara", "approver", "reviewer"), w.Person("nils", "approver", "reviewer")
	w.Workflow(handlerstest.Workflow{Key: "reimb_approval", Config: `{ "collection": "reimbursements", "mode": "local" }`, Nodes: approvalNodes})
	w.Workflow(handlerstest.Workflow{Key: "checks", Sync: true, Config: `{ "collection": "reimbursements", "mode": "local" }`, Nodes: checkNodes})
	w.page(expensePage)
	w.page(paymentPage)
	return w
}

func (w world) grant(role string, grants ...models.Grant) {
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		for _, g := range grants {
			if _, err := models.AddGrant(ctx, tx, models.SystemAccess(), models.RoleGrant{Role: role, Grant: g}); err != nil {
				return err
			}
		}
		return nil
	})
}

// page stores a page.
func (w world) page(definition string) {
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		v, err := field.ParseJSON([]byte(definition))
		if err != nil {
			return err
		}
		p, problems := models.ReadPage(v)
		if found := models.Problems(problems); found != nil {
			return found
		}
		return models.SavePage(ctx, tx, models.SystemAccess(), p)
	})
}

// all reads every reimbursement.
func (w world) all(t testing.TB) []records.Record {
	t.Helper()
	page, err := w.Records.List(context.Background(), records.Query{Access: models.SystemAccess(), Collection: "reimbursements", Sort: []string{"id"}, PageSize: 100})
	require.NoError(t, err)
	return page.Records
}

// submit sends the form of an expense as somebody and waits for what it starts.
func (w world) submit(t testing.TB, by *handlerstest.Client, name, amount string) {
	t.Helper()
	by.Submit("/pages/expenses/actions/send?block=f1", expense(models.NewID(), name, amount)).Want(303)
	w.Idle()
}

func expense(key, name, amount string) url.Values {
	return url.Values{"_key": {key}, "projectName": {name}, "amount": {amount}}
}

// task is the id of the only open task of somebody.
func (w world) task(t testing.TB, of models.User) string {
	t.Helper()
	list, err := models.TasksFor(context.Background(), w.DB.Read(), models.TaskList{UserID: of.ID, Tab: "todo"})
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0].ID
}

// execution is the id of the newest execution.
func (w world) execution(t testing.TB) string {
	t.Helper()
	return w.executionNamed(t, 0)
}

// executionNamed is the id of the execution with a number; 0 is the newest.
func (w world) executionNamed(t testing.TB, number int64) string {
	t.Helper()
	list, err := models.Executions(context.Background(), w.DB.Read(), models.ExecutionFilter{Number: number, Limit: 1})
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0].ID
}

// mainText is what a person reads in the page itself, without frame and navigation.
func mainText(t testing.TB, page *html.Node) string {
	t.Helper()
	at := handlerstest.First(page, "main")
	require.NotNil(t, at, "the page has no main part")
	return handlerstest.Text(at)
}

// fill reads the form with an action from a page and gives what it would send, but for
// its token, which clients of tests have themselves.
func fill(t testing.TB, page *html.Node, action string) url.Values {
	t.Helper()
	for _, form := range handlerstest.All(page, "form") {
		if handlerstest.Attr(form, "action") != action {
			continue
		}
		out := url.Values{}
		for _, in := range handlerstest.All(form, "input") {
			if name := handlerstest.Attr(in, "name"); name != "" && name != "_csrf" && handlerstest.Attr(in, "type") != "checkbox" {
				out.Set(name, handlerstest.Attr(in, "value"))
			}
		}
		return out
	}
	require.Fail(t, "no form posts to "+action)
	return nil
}

// toasts is what a page says once.
func toasts(page *html.Node) string {
	var all []string
	for _, n := range handlerstest.All(page, "div") {
		if strings.Contains(" "+handlerstest.Attr(n, "class")+" ", " toast ") {
			all = append(all, handlerstest.Text(n))
		}
	}
	return strings.Join(all, " ")
}
