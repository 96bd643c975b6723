package handlers_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

const reimbursements = `{"name": "reimbursements", "title": "Reimbursement", "fields": [
	{"name": "projectName", "type": "text", "required": true, "maxLength": 120},
	{"name": "amount", "type": "decimal", "scale": 2, "min": 0.01},
	{"name": "code", "type": "text", "unique": true},
	{"name": "secret", "type": "text", "hidden": true},
	{"name": "applicant", "type": "user"},
	{"name": "status", "type": "select", "default": "draft", "options": ["draft", "approved"]}]}`

// onCreate is a workflow that says something when a record is created.
func onCreate(key, nodes string) handlerstest.Workflow {
	return handlerstest.Workflow{Key: key, Config: `{"collection": "reimbursements"}`, Nodes: nodes}
}

const sayThanks = `[{"key": "m", "type": "response_message", "config": {"message": "Thank you"}}]`

// start starts an application with the collection and a client of the owner.
func start(t *testing.T) (*handlerstest.App, *handlerstest.Client) {
	t.Helper()
	app := handlerstest.Start(t)
	app.Collection(reimbursements)
	return app, app.As(app.Root)
}

func TestRecords_TheCallOfManualsStartsAWorkflow(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	app.Workflow(onCreate("reimb", `[]`))
	token := app.Token(app.Root, "records:read:*", "records:write:*", "users:read")
	a := app.API(token).With("X-Role", "root").Send("POST", "/api/reimbursements:create?triggerWorkflows=reimb",
		"application/x-www-form-urlencoded", `{"projectName": "Offsite", "amount": 1250.55}`).Want(200)
	require.Equal(t, "application/json; charset=utf-8", a.Header.Get("Content-Type"))
	require.Equal(t, "Offsite", a.Data()["projectName"])
	require.Contains(t, string(a.Body), `"amount":1250.55`, "decimals are numbers with the digits that are stored")
	triggers, _ := a.Meta()["triggers"].([]any)
	require.Len(t, triggers, 1)
	started, _ := triggers[0].(map[string]any)
	require.Equal(t, "started", started["result"])
	app.Idle()
	got := app.As(app.Root).Get(fmt.Sprintf("/api/executions:get/%s", started["executionId"])).Want(200)
	require.Equal(t, "succeeded", got.Data()["status"])
}

func TestRecords_RoundTrip(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	made := api.Post("/api/reimbursements:create", `{"projectName": "A", "amount": 10}`).Want(200).Data()
	id := fmt.Sprint(made["id"])
	got := api.Get("/api/reimbursements:get/" + id).Want(200)
	require.Equal(t, `"1"`, got.Header.Get("ETag"))
	api.Get("/api/reimbursements%3Aget/" + id).Want(200)
	api.Get("/api/reimbursements/" + id).Want(200)
	require.Len(t, api.Get("/api/reimbursements").Want(200).List(), 1)

	list := api.Post("/api/reimbursements:update/"+id, `{"amount": 11.5}`).Want(200).List()
	require.Len(t, list, 1)
	require.Equal(t, "2", fmt.Sprint(list[0]["_version"]))
	api.With("If-Match", `"1"`).Post("/api/reimbursements:update/"+id, `{"amount": 12}`).WantCode(409, "RECORD_CHANGED")
	api.With("If-Match", `"2"`).Send("PATCH", "/api/reimbursements/"+id, "application/json", `{"amount": 12}`).Want(200)

	require.Equal(t, "1", fmt.Sprint(api.Send("DELETE", "/api/reimbursements/"+id, "", "").Want(200).JSON()["data"]))
	api.Get("/api/reimbursements:get/"+id).WantCode(404, "NOT_FOUND")
	require.Len(t, api.Get("/api/reimbursements:list?trash=only").Want(200).List(), 1)
	api.Post("/api/reimbursements:restore/"+id, "").Want(200)
	require.Len(t, api.Get("/api/reimbursements:history/"+id).Want(200).List(), 5)
}

func TestRecords_FormerNamesWorkAndAreReported(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	made := api.Post("/api/reimbursements:create", `{"projectName": "A", "amount": 10}`).Want(200)
	require.NotContains(t, string(made.Body), "deprecated")
	id := fmt.Sprint(made.Data()["id"])
	for _, call := range []struct{ at, body string }{
		{"/api/collections/reimbursements/fields:update/amount", `{"name": "total"}`},
		{"/api/collections/reimbursements/fields:update/applicant", `{"name": "requester"}`},
		{"/api/collections:update/reimbursements", `{"name": "claims"}`},
	} {
		api.Post(call.at, call.body).Want(200)
	}
	total, requester, claims := `{"name":"amount","use":"total"}`, `{"name":"applicantId","use":"requesterId"}`, `{"name":"reimbursements","use":"claims"}`
	for at, want := range map[string]string{
		"/api/reimbursements:list?sort=-amount":                        "[" + total + "," + claims + "]",
		`/api/claims:list?filter={"amount":{"$gt":5},"applicantId":1}`: "[" + total + "," + requester + "]",
		"/api/claims:get/" + id + "?fields=amount":                     "[" + total + "]",
	} {
		answer := api.Get(strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22").Replace(at)).Want(200)
		require.Contains(t, string(answer.Body), `"deprecated":`+want, at)
	}
	answer := api.Post("/api/claims:update/"+id, `{"amount": 12}`).Want(200)
	require.Contains(t, string(answer.Body), `"deprecated":[`+total+`]`)
	answer = api.Post("/api/claims:create", `[{"projectName": "A", "amount": 10, "applicantId": 1}]`).Want(200)
	require.Contains(t, string(answer.Body), `"deprecated":[`+total+","+requester+`]`)
	answer = api.Post("/api/claims:list", `{"sort": "total", "filter": {"requesterId": {"$notEmpty": true}}}`).Want(200)
	require.NotContains(t, string(answer.Body), "deprecated")
}

func TestRecords_Revert(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", sayThanks))
	id := fmt.Sprint(api.Post("/api/reimbursements:create", `{"projectName": "A", "amount": 10}`).Want(200).Data()["id"])
	api.Post("/api/reimbursements:update/"+id, `{"amount": 11}`).Want(200)
	api.Post("/api/reimbursements:update/"+id, `{"projectName": "B"}`).Want(200)
	entries := api.Get("/api/reimbursements:history/" + id).Want(200).List()
	entry := func(i int) string { return fmt.Sprint(entries[i]["id"]) }

	got := api.Post("/api/reimbursements:revert/"+id, `{"entry": `+entry(1)+`}`).Want(200).Data()
	require.Equal(t, "10", fmt.Sprint(got["amount"]))
	require.Equal(t, "B", got["projectName"])
	got = api.Post("/api/reimbursements:revert/"+id, `{"entry": `+entry(2)+`, "mode": "state"}`).Want(200).Data()
	require.Equal(t, "A", got["projectName"])
	answer := api.Post("/api/reimbursements:revert/"+id+"?triggerWorkflows=flow", `{"entry": `+entry(0)+`}`).Want(200)
	require.Contains(t, string(answer.Body), `"key":"flow"`, "named workflows are heard as on an update")
	api.Post("/api/reimbursements:destroy/"+id, "").Want(200)
	api.Post("/api/reimbursements:restore", `{"filterByTk": [`+id+`]}`).Want(200)
	answer = api.Post("/api/reimbursements:revert/"+id, `{"entry": `+entry(2)+`, "mode": "state"}`).Want(200)
	require.Contains(t, string(answer.Body), `"ignored":["deletedAt"`)
	api.With("If-Match", `"1"`).Post("/api/reimbursements:revert/"+id, `{"entry": `+entry(1)+`}`).WantCode(409, "RECORD_CHANGED")
	for _, body := range []string{`{"entry": 999999}`, `{}`} {
		api.Post("/api/reimbursements:revert/"+id, body).WantCode(404, "NOT_FOUND")
	}
	for _, body := range []string{`{"entry": "x"}`, `{"entry": ` + entry(0) + `, "mode": "all"}`, `{"entry": ` + entry(0) + `, "more": 1}`, `{"entry": ` + entry(2) + `}`} {
		api.Post("/api/reimbursements:revert/"+id, body).Want(400)
	}
}

func TestRecords_Query(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	api.Post("/api/reimbursements:create", `[{"projectName": "A", "amount": 0.1}, {"projectName": "A", "amount": 0.2}, {"projectName": "B", "amount": 5}]`).Want(200)
	const measures, dimensions = `[{"aggregation": "sum", "field": "amount", "alias": "total"}, {"aggregation": "count"}]`, `[{"field": "projectName", "alias": "project"}]`
	body := `{"measures": ` + measures + `, "dimensions": ` + dimensions + `, "orders": ["-total"], "having": {"count": {"$gte": 1}}, "limit": 1}`
	got := api.Post("/api/reimbursements:query", body).Want(200)
	require.Contains(t, string(got.Body), `"data":[{"count":1,"project":"B","total":5}]`)
	params := url.Values{"measures": {measures}, "dimensions": {dimensions}, "filter": {`{"projectName": "A"}`}}
	got = api.Get("/api/reimbursements:query?" + params.Encode()).Want(200)
	require.Contains(t, string(got.Body), `"data":[{"count":2,"project":"A","total":0.3}]`)
	day := `{"dimensions": [{"field": "createdAt", "format": "year"}]}`
	require.Len(t, api.With("X-Timezone", "Europe/Berlin").Post("/api/reimbursements:query", day).Want(200).List(), 1)
	for _, body := range []string{
		`{}`, `{"measures": 1}`, `{"measures": [1]}`, `{"measures": [{"aggregation": "count", "more": 1}]}`, `{"measures": [{"aggregation": "count"}], "sort": "x"}`,
		`{"measures": [{"aggregation": "count", "alias": "a b"}]}`, `{"measures": [{"aggregation": "count"}], "limit": 5001}`, `{"measures": [{"aggregation": "count"}], "having": []}`,
	} {
		api.Post("/api/reimbursements:query", body).Want(400)
	}
}

func TestRecords_QueryJoinsConditionsOnGroups(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	api.Post("/api/reimbursements:create", `[{"projectName": "A"}, {"projectName": "A"}, {"projectName": "B"}]`).Want(200)
	const ask = `{"measures": [{"aggregation": "count"}], "dimensions": [{"field": "projectName"}], "having": %s}`
	got := api.Post("/api/reimbursements:query", fmt.Sprintf(ask, `{"$or": [{"count": {"$gt": 5}}, {"$not": {"count": 1}}]}`)).Want(200)
	require.Contains(t, string(got.Body), `"data":[{"count":2,"projectName":"A"}]`)
	api.Post("/api/reimbursements:query", fmt.Sprintf(ask, `{"$or": {"count": 1}}`)).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/reimbursements:query", fmt.Sprintf(ask, `{"$or": [{"projectName": "A"}]}`)).WantCode(400, "BAD_PARAMETER")
}

func TestUsers_AreCountedByThoseWhoSeeThem(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Person("ana")
	app.Role("peers", nil, models.Grant{Collection: models.UsersCollection, Action: models.View, Fields: []string{"nickname"}, Scope: models.ScopeAll})
	peer := app.As(app.Person("pia", "peers"))
	const count, names, mails = `{"measures": [{"aggregation": "count"}]}`, `{"dimensions": [{"field": "nickname"}]}`, `{"dimensions": [{"field": "email"}]}`
	require.Equal(t, "3", fmt.Sprint(api.Post("/api/users:query", count).Want(200).List()[0]["count"]))
	require.Len(t, peer.Post("/api/users:query", names).Want(200).List(), 3)
	peer.Post("/api/users:query", mails).WantCode(403, "FIELD_NOT_ALLOWED")
	app.API(app.Token(app.Root, "tasks")).Post("/api/users:query", count).WantCode(403, "SCOPE_MISSING")
	api.Post("/api/users:query", `{"measures": [{"aggregation": "sum", "field": "password"}]}`).Want(400)
}

func TestRecords_ListParameters(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	api.Post("/api/reimbursements:create", `[{"projectName": "A", "amount": 1}, {"projectName": "B", "amount": 2}, {"projectName": "C", "amount": 3}]`).Want(200)
	names := func(path string) string {
		var out []string
		for _, r := range api.Get("/api/reimbursements:list?" + path).Want(200).List() {
			out = append(out, fmt.Sprint(r["projectName"]))
		}
		return strings.Join(out, "")
	}
	require.Equal(t, "CBA", names("sort=-amount"))
	require.Equal(t, "BC", names(`sort=amount&filter={"amount":{"$gte":2}}`))
	require.Equal(t, "B", names("sort=amount&pageSize=1&page=2"))
	page := api.Get("/api/reimbursements:list?pageSize=2").Want(200).Meta()
	require.Equal(t, []string{"3", "2", "1"}, []string{fmt.Sprint(page["count"]), fmt.Sprint(page["totalPage"]), fmt.Sprint(page["page"])})
	first := api.Get("/api/reimbursements:list?cursor=&pageSize=2&sort=amount").Want(200)
	require.Len(t, first.List(), 2)
	next := api.Get(fmt.Sprintf("/api/reimbursements:list?cursor=%s&pageSize=2&sort=amount", first.Meta()["nextCursor"])).Want(200)
	require.Equal(t, "C", next.List()[0]["projectName"])
	require.Nil(t, next.Meta()["nextCursor"])
	only := api.Post("/api/reimbursements:list", `{"fields": ["amount"], "filter": {"projectName": "A"}}`).Want(200).List()[0]
	require.Len(t, only, 3, "id, _version and the field")
	api.Get("/api/reimbursements:list?cursor=x.y").WantCode(400, "BAD_CURSOR")
	api.Get("/api/reimbursements:list?pageSize=501").WantCode(400, "BAD_PARAMETER")
	api.Get("/api/reimbursements:list?filtre={}").WantCode(400, "BAD_PARAMETER")
}

func TestRecords_BadInput(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	api.Post("/api/reimbursements:create", `{"projectName": "A", "code": "x"}`).Want(200)
	t.Cleanup(func() { // after all of them
		require.Len(t, api.Get("/api/reimbursements:list").Want(200).List(), 1, "nothing else was written")
		require.NotContains(t, app.Log.String(), "projectName", "bodies are not logged")
	})
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
		code, field             string
	}{
		"an unknown field":      {body: `{"projectName": "A", "colour": 1}`, status: 400, code: "UNKNOWN_FIELD", field: "colour"},
		"a wrong type":          {body: `{"projectName": "A", "amount": "ten"}`, status: 400, code: "VALIDATION_FAILED", field: "amount"},
		"a missing value":       {body: `{}`, status: 400, code: "VALIDATION_FAILED", field: "projectName"},
		"a value that is taken": {body: `{"projectName": "A", "code": "x"}`, status: 400, code: "NOT_UNIQUE", field: "code"},
		"broken JSON":           {body: `{"projectName": `, status: 400, code: "BAD_JSON"},
		"a key twice":           {body: `{"projectName": "A", "projectName": "B"}`, status: 400, code: "BAD_JSON"},
		"a body that is a text": {body: `"A"`, status: 400, code: "BAD_JSON"},
		"another type":          {contentType: "text/plain", body: `{"projectName": "A"}`, status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"a form":                {contentType: "application/x-www-form-urlencoded", body: "projectName=A", status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"too large a body":      {body: `{"projectName": "` + strings.Repeat("a", 1<<20) + `"}`, status: 413, code: "BODY_TOO_LARGE"},
		"an unknown collection": {path: "/api/unknown:create", body: `{}`, status: 404, code: "NOT_FOUND"},
		"an unknown action":     {path: "/api/reimbursements:explode", body: `{}`, status: 404, code: "NOT_FOUND"},
		"no records named":      {path: "/api/reimbursements:update", body: `{"amount": 1}`, status: 400, code: "FILTER_REQUIRED"},
		"an empty filter":       {path: "/api/reimbursements:update?filter={}", body: `{"amount": 1}`, status: 400, code: "FILTER_REQUIRED"},
		"a filter too deep": {
			path: "/api/reimbursements:list", body: `{"filter": {"$and": [{"$and": [{"$and": [{"$and": [{"$and": [{"$and": [{"amount": 1}]}]}]}]}]}]}}`,
			status: 400, code: "FILTER_TOO_COMPLEX",
		},
		"a reply of unknown fields": {path: "/api/reimbursements:create?appends=colour", body: `{"projectName": "A"}`, status: 400, code: "UNKNOWN_FIELD"},
		"a path that is no link": {
			path: "/api/reimbursements:create?triggerWorkflows=abc!amount", body: `{"projectName": "A"}`, status: 400, code: "BAD_ASSOCIATION_PATH",
		},
		"a key that is none": {
			path: "/api/reimbursements:create?triggerWorkflows=A!", body: `{"projectName": "A"}`, status: 400, code: "TRIGGER_WORKFLOWS_INVALID",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.path == "" {
				c.path = "/api/reimbursements:create"
			}
			if c.contentType == "" {
				c.contentType = "application/json"
			}
			a := api.Send("POST", c.path, c.contentType, c.body).WantCode(c.status, c.code)
			require.NotEmpty(t, a.JSON()["requestId"])
			if c.field != "" {
				require.Equal(t, c.field, a.Errors()[0]["field"])
			}
		})
	}
}

func TestRecords_NamedWorkflowsThatCannotStart(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	off := onCreate("off", `[]`)
	off.Disabled = true
	app.Workflow(off)
	a := api.Post("/api/reimbursements:create?triggerWorkflows=off,unknown", `{"projectName": "A"}`).Want(200)
	list, _ := a.Meta()["triggers"].([]any)
	require.Equal(t, []any{
		map[string]any{"key": "off", "result": "skipped", "reason": "disabled"},
		map[string]any{"key": "unknown", "result": "skipped", "reason": "unknown_key"},
	}, list)
	api.Post("/api/reimbursements:create?strictWorkflows=true&triggerWorkflows=off", `{"projectName": "B"}`).WantCode(400, "WORKFLOW_NOT_STARTABLE")
	require.Len(t, api.Get("/api/reimbursements:list").Want(200).List(), 1)
	app.Workflow(handlerstest.Workflow{Key: "button", Config: `{"collection": "reimbursements", "startByApi": false}`, Nodes: `[]`})
	api.Post("/api/reimbursements:create?triggerWorkflows=button", `{"projectName": "B"}`).WantCode(403, "WORKFLOW_NOT_ALLOWED")
	log := api.Get("/api/triggerLog:list?outcome=not_started").Want(200).List()
	require.Len(t, log, 2)

	app.Workflow(handlerstest.Workflow{Key: "person", Config: `{"collection": "users"}`, Nodes: `[]`})
	api.Post("/api/reimbursements:create?strictWorkflows=true&triggerWorkflows=person!applicant", `{"projectName": "C"}`).Want(200)
	api.Post("/api/reimbursements:create?strictWorkflows=true&triggerWorkflows=person", `{"projectName": "D"}`).WantCode(400, "WORKFLOW_NOT_STARTABLE")
}

func TestRecords_SynchronousWorkflowsAnswer(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	thanks := onCreate("thanks", sayThanks)
	thanks.Sync = true
	app.Workflow(thanks)
	no := onCreate("no", `[{"key": "m", "type": "response_message", "config": {"message": "Above your limit"}}, {"key": "e", "type": "end", "config": {"status": "failed"}}]`)
	no.Sync = true
	app.Workflow(no)
	broken := onCreate("broken", `[{"key": "s", "type": "javascript", "config": {"code": "return 1"}}]`)
	broken.Sync = true
	app.Workflow(broken)

	a := api.Post("/api/reimbursements:create?triggerWorkflows=thanks", `{"projectName": "A"}`).Want(200)
	require.Equal(t, []any{map[string]any{"message": "Thank you"}}, a.JSON()["messages"])
	a = api.Post("/api/reimbursements:create?triggerWorkflows=no", `{"projectName": "B"}`).Want(400)
	require.Equal(t, []map[string]any{{"message": "Above your limit"}}, a.Errors())
	a = api.Post("/api/reimbursements:create?triggerWorkflows=broken", `{"projectName": "C"}`).WantCode(500, "WORKFLOW_FAILED")
	data, _ := a.Errors()[0]["data"].(map[string]any)
	require.Equal(t, true, data["saved"])
	require.NotEmpty(t, data["executionId"])
	require.Len(t, api.Get("/api/reimbursements:list").Want(200).List(), 3, "all of them are saved")

	a = api.Post("/api/reimbursements:create?triggerWorkflows=thanks,no", `{"projectName": "D"}`).Want(400)
	require.Equal(t, []map[string]any{{"message": "Thank you"}, {"message": "Above your limit"}}, a.Errors(), "in the order in which they were said")
	a = api.Post("/api/reimbursements:create?triggerWorkflows=thanks,broken", `{"projectName": "E"}`).WantCode(500, "WORKFLOW_FAILED")
	require.Equal(t, []any{map[string]any{"message": "Thank you"}}, a.JSON()["messages"])
	starter := app.Person("sam")
	app.Role("starter", nil, models.Grant{Collection: "reimbursements", Action: models.Create, Scope: models.ScopeAll})
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		_, err := models.GiveRoles(ctx, tx, models.SystemAccess(), models.RolesFor{UserID: starter.ID, Roles: []string{"starter"}})
		return err
	})
	a = app.As(starter).Post("/api/reimbursements:create?triggerWorkflows=broken", `{"projectName": "F"}`).WantCode(500, "WORKFLOW_FAILED")
	data, _ = a.Errors()[0]["data"].(map[string]any)
	require.NotNil(t, data["filterByTk"])
	require.NotContains(t, data, "executionId", "only for those who watch executions")
}

func TestRecords_RightsAreThoseOfTheCaller(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Role("clerk", nil,
		models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName"}, Scope: models.ScopeAll},
		models.Grant{Collection: "reimbursements", Action: models.Create, Fields: []string{"projectName", "secret"}, Scope: models.ScopeAll},
	)
	api.Post("/api/reimbursements:create", `{"projectName": "A", "amount": 7}`).Want(200)
	clerk := app.As(app.Person("carla", "clerk"))
	require.Len(t, clerk.Get("/api/reimbursements:list").Want(200).List()[0], 3, "id, _version and one field")
	clerk.Get("/api/reimbursements:list?sort=amount").WantCode(403, "FIELD_NOT_ALLOWED")
	clerk.Get(`/api/reimbursements:list?filter={"amount":7}`).WantCode(403, "FIELD_NOT_ALLOWED")
	clerk.Post("/api/reimbursements:create", `{"projectName": "B", "amount": 1}`).WantCode(403, "FIELD_NOT_ALLOWED")
	clerk.Post("/api/reimbursements:update/1", `{"projectName": "B"}`).WantCode(403, "NO_PERMISSION")
	clerk.Post("/api/reimbursements:destroy/1", ``).WantCode(403, "NO_PERMISSION")
	clerk.Get("/api/users:list").WantCode(403, "NO_PERMISSION")
	clerk.Get("/api/executions:get/1").WantCode(404, "NOT_FOUND")
	nobody := app.As(app.Person("nora"))
	nobody.Get("/api/reimbursements:list").WantCode(403, "NO_PERMISSION")
	nobody.Get("/api/unknown:list").WantCode(404, "NOT_FOUND")
}

func TestRecords_AHiddenFieldIsOutOfReach(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	const canary = "canary-7f3a"
	c, err := app.DB.Catalog(t.Context())
	require.NoError(t, err)
	on, ok := c.Collection("reimbursements")
	require.True(t, ok)
	api.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE `+on.Table+` SET secret = ?`, canary)
		return err
	})
	for _, path := range []string{
		"list", "get/1", "history/1", "list?search=canary", "list?fields=secret", "list?sort=secret", "list?cursor=&sort=secret",
		`list?filter={"secret":"` + canary + `"}`, "get/1?fields=secret", "list?except=secret", "list?trash=with",
	} {
		require.NotContains(t, string(api.Get("/api/reimbursements:"+path).Body), canary, path)
	}
	api.Get(`/api/reimbursements:list?filter={"secret":{"$empty":true}}`).WantCode(403, "FIELD_NOT_ALLOWED")
	require.NotContains(t, string(api.Get("/api/events:list").Want(200).Body), canary)
}

func TestRecords_EveryColumnNameIsRefusedOrIgnored(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	api.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	before := api.Get("/api/reimbursements:get/1").Want(200).Data()
	for _, name := range []string{
		"id", "createdAt", "created_at", "createdBy", "createdById", "created_by_id", "updatedAt", "updated_at", "updatedById", "updated_by_id",
		"deletedAt", "deleted_at", "deletedById", "deleted_by_id",
	} {
		a := api.Post("/api/reimbursements:create", `{"projectName": "B", "`+name+`": 99}`).Want(200)
		require.NotContains(t, fmt.Sprint(a.Data()[name]), "99", name)
		require.NotEmpty(t, a.Meta()["ignored"], name)
	}
	for _, name := range []string{"_version", "rowid", "table_name", "$where", "__proto__", "constructor"} {
		a := api.Post("/api/reimbursements:update/1", `{"`+name+`": 99}`)
		require.Contains(t, []int{400, 409}, a.Status, "%s: %s", name, a.Body)
	}
	require.Equal(t, before, api.Get("/api/reimbursements:get/1").Want(200).Data())
}

func TestRecords_AWorkflowThatIsPartOfTheSaveUndoesIt(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(handlerstest.Workflow{
		Key: "part", Sync: true, Config: `{"collection": "reimbursements", "rollbackOnFailure": true}`,
		Nodes: `[{"key": "m", "type": "response_message", "config": {"message": "No budget"}}, {"key": "e", "type": "end", "config": {"status": "failed"}}]`,
	})
	a := api.Post("/api/reimbursements:create?triggerWorkflows=part", `{"projectName": "A"}`).Want(422)
	require.Equal(t, "No budget", a.Errors()[0]["message"])
	require.Equal(t, "WORKFLOW_ROLLBACK_ON_FAILURE", a.Errors()[1]["code"])
	require.Empty(t, api.Get("/api/reimbursements:list").Want(200).List())
}
