package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/handlers/route"
	"formrail/models"
)

// described is the address of the document.
const described = "/api/openapi.json"

// operations gives the operations of the document that a client gets, by "METHOD path".
func operations(t *testing.T, c *handlerstest.Client) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	paths, _ := c.Get(described).Want(200).JSON()["paths"].(map[string]any)
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method, op := range methods {
			out[strings.ToUpper(method)+" "+path], _ = op.(map[string]any)
		}
	}
	return out
}

func TestOpenAPI_EveryRouteHasAnOperation(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	got, n := operations(t, api), 0
	for _, r := range app.Table().Routes() {
		if r.Auth == route.Session || r.Rate == route.Webhook || !strings.HasPrefix(r.Pattern, "/api/") {
			continue
		}
		n++
		op := got[r.Method+" "+strings.ReplaceAll(r.Pattern, "{collection}", "reimbursements")]
		require.NotNil(t, op, "%s %s", r.Method, r.Pattern)
		require.Equal(t, r.Permission.String(), op["x-permission"], r.Pattern)
		require.Equal(t, strings.ReplaceAll(r.Scope, "{collection}", "reimbursements"), op["x-scope"], r.Pattern)
		require.NotEmpty(t, op["x-rate"], r.Pattern)
		require.Equal(t, r.Body != route.NoBody, op["requestBody"] != nil, r.Pattern)
	}
	require.Len(t, got, n, "and nothing else")
}

func TestOpenAPI_TheDocumentIsWhole(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Collection(`{"name": "reimbursementsCreate", "title": "A trap", "fields": [{"name": "note", "type": "text"}]}`)
	doc := api.Get(described).Want(200).JSON()
	require.Equal(t, "3.1.0", doc["openapi"])
	info, _ := doc["info"].(map[string]any)
	require.NotEmpty(t, info["title"])
	require.NotEmpty(t, info["version"])
	references(t, doc, doc)
	ids := map[any]bool{}
	for at, op := range operations(t, api) {
		require.NotEmpty(t, op["operationId"], at)
		require.False(t, ids[op["operationId"]], "%s: %s is taken", at, op["operationId"])
		ids[op["operationId"]] = true
		require.NotEmpty(t, op["summary"], at)
		require.NotEmpty(t, op["tags"], at)
		answers, _ := op["responses"].(map[string]any)
		require.Contains(t, answers, "200", at)
		names := map[string]bool{}
		list, _ := op["parameters"].([]any)
		for _, p := range list {
			if p, ok := p.(map[string]any); ok && p["in"] == "path" {
				require.Equal(t, true, p["required"], at)
				names["{"+fmt.Sprint(p["name"])+"}"] = true
			}
		}
		require.Len(t, names, strings.Count(at, "{"), at)
		for name := range names {
			require.Contains(t, at, name)
		}
	}
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(described, doc))
	schemas, _ := doc["components"].(map[string]any)["schemas"].(map[string]any)
	require.Contains(t, schemas, "ReimbursementsCreate_", "the collection of that name has other schemas than those of reimbursements")
	for name := range schemas {
		_, err := c.Compile(described + "#/components/schemas/" + name)
		require.NoError(t, err, name)
	}
}

// references checks that everything that is referred to is there.
func references(t *testing.T, doc map[string]any, at any) {
	t.Helper()
	switch v := at.(type) {
	case []any:
		for _, one := range v {
			references(t, doc, one)
		}
	case map[string]any:
		if to, ok := v["$ref"].(string); ok {
			var found any = doc
			for name := range strings.SplitSeq(strings.TrimPrefix(to, "#/"), "/") {
				inside, _ := found.(map[string]any)
				found = inside[name]
			}
			require.NotNil(t, found, to)
		}
		for _, one := range v {
			references(t, doc, one)
		}
	}
}

func TestOpenAPI_SaysWhatSomebodyMayUseAndNothingElse(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Collection(`{"name": "salaries", "title": "Salary", "fields": [{"name": "payee", "type": "manyToOne", "target": "reimbursements"}]}`)
	app.Role("reader", nil, models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName"}, Scope: models.ScopeOwn},
		models.Grant{Collection: "reimbursements", Action: models.Update, Fields: []string{"code"}, Scope: models.ScopeAll})
	app.Role("examiner", nil, models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"secret"}, Scope: models.ScopeAll})

	require.NotContains(t, string(api.Get(described).Want(200).Body), "secret", "a hidden field is hidden from the owner too")
	require.Contains(t, string(app.As(app.Person("andy", "examiner")).Get(described).Want(200).Body), `"secret"`, "a right that names it opens it")

	member := app.As(app.Person("mia"))
	for at, op := range operations(t, member) {
		require.True(t, strings.HasPrefix(fmt.Sprint(op["x-permission"]), "own: ") || op["x-permission"] == "open" || strings.HasPrefix(fmt.Sprint(op["x-permission"]), "task."), "%s: %s", at, op["x-permission"])
	}
	require.NotContains(t, strings.ToLower(string(member.Get(described).Body)), "reimbursement")

	rita := app.As(app.Person("rita", "reader"))
	body := rita.Get(described).Want(200).Body
	for _, hidden := range []string{"secret", "salar", "payee", `"amount"`, `"applicant`, "approved", "ReimbursementsCreate", "/api/reimbursements:create", "/api/workflows:create"} {
		require.NotContains(t, strings.ToLower(string(body)), strings.ToLower(hidden))
	}
	require.Equal(t, []string{"_version", "id", "projectName"}, properties(t, rita, "Reimbursements"))
	require.Equal(t, []string{"_version", "code"}, properties(t, rita, "ReimbursementsUpdate"))
	require.Equal(t, []string{"$and", "$not", "$or", "id", "projectName"}, properties(t, rita, "ReimbursementsFilter"))
	require.Equal(t, []string{"_version", "amount", "applicantId", "code", "projectName", "status"}, properties(t, api, "ReimbursementsCreate"))

	token := app.API(app.Token(app.Root, "records:read:reimbursements", "tasks"))
	for at, op := range operations(t, token) {
		require.Contains(t, []any{"records:read:reimbursements", "tasks", route.AnyScope, route.NoScope}, op["x-scope"], at)
	}
	require.NotContains(t, string(token.Get(described).Body), "salaries")
}

// properties are the names of a schema, sorted.
func properties(t *testing.T, c *handlerstest.Client, schema string) []string {
	t.Helper()
	components, _ := c.Get(described).Want(200).JSON()["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	one, ok := schemas[schema].(map[string]any)
	require.True(t, ok, schema)
	inside, _ := one["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(inside))
}

func TestOpenAPI_IsSentAgainOnlyWhenItHasChanged(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Role("reader", nil, models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeAll})
	rita := app.As(app.Person("rita", "reader"))
	first := rita.Get(described).Want(200)
	tag := first.Header.Get("ETag")
	require.Equal(t, "private, no-cache", first.Header.Get("Cache-Control"))
	require.Empty(t, rita.With("If-None-Match", tag).Get(described).Want(304).Body)
	rita.With("If-None-Match", "W/"+tag).Get(described).Want(304)
	rita.With("If-None-Match", `"other"`).Get(described).Want(200)
	api.With("If-None-Match", tag).Get(described).Want(200)
	rita.With("If-None-Match", tag).With("X-Role", "member").Get(described).Want(200)

	app.Write(func(ctx context.Context, tx *models.Tx) error {
		more := models.Grant{Collection: "reimbursements", Action: models.Create, Scope: models.ScopeAll}
		_, err := models.AddGrant(ctx, tx, models.SystemAccess(), models.RoleGrant{Role: "reader", Grant: more})
		return err
	})
	second := rita.With("If-None-Match", tag).Get(described).Want(200)
	require.Contains(t, string(second.Body), "/api/reimbursements:create")
	api.Post("/api/collections/reimbursements/fields:create", `{"name": "note", "type": "longText"}`).Want(200)
	third := rita.With("If-None-Match", second.Header.Get("ETag")).Get(described).Want(200)
	require.Contains(t, string(third.Body), `"note"`)
	app.Anonymous().Get(described).WantCode(401, "EMPTY_TOKEN")
}

// promised checks an answer against the schema that the document has for it.
func promised(t *testing.T, doc map[string]any, at string, answer *handlerstest.Answer) {
	t.Helper()
	method, path, _ := strings.Cut(at, " ")
	place := "#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + strings.ToLower(method) + "/responses/200/content/application~1json/schema"
	if answer.Status != 200 {
		place = "#/components/responses/error." + fmt.Sprint(answer.Status) + "/content/application~1json/schema"
	}
	require.NoError(t, against(t, doc, place, answer.Body), "%s: %s", at, answer.Body)
}

func against(t *testing.T, doc map[string]any, place string, body []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("openapi.json", doc))
	schema, err := c.Compile("openapi.json" + (&url.URL{Fragment: place[1:]}).String())
	require.NoError(t, err, place)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err)
	return schema.Validate(value)
}

func TestOpenAPI_RealAnswersKeepWhatItPromises(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", sayThanks))
	doc := api.Get(described).Want(200).JSON()
	const on, values = "/api/reimbursements:", `{"projectName": "A", "amount": 10.5, "applicantId": 1}`
	send := func(method, action, rest, body string) {
		t.Helper()
		path, _, _ := strings.Cut(action+rest, "?")
		at := method + " " + on + strings.ReplaceAll(path, "/1", "/{tk}")
		promised(t, doc, at, api.Send(method, on+action+rest, "application/json", body).Want(200))
	}
	require.NoError(t, against(t, doc, "#/components/schemas/ReimbursementsCreate", []byte(values)))
	require.Error(t, against(t, doc, "#/components/schemas/ReimbursementsCreate", []byte(`{"amount": 10}`)), "the name is required")
	require.Error(t, against(t, doc, "#/components/schemas/ReimbursementsCreate", []byte(`{"projectName": "A", "status": "nothing"}`)))
	send("POST", "create", "?triggerWorkflows=flow,other", values)
	send("POST", "create", "", `[`+values+`, {"projectName": "B"}]`)
	send("POST", "updateOrCreate", "?filterKeys=projectName", values)
	send("POST", "firstOrCreate", "?filterKeys=projectName", values)
	send("POST", "update", "/1", `{"amount": {"op": "increment", "by": 1}}`)
	send("POST", "update", "?filterByTk=1,2", `{"status": "approved"}`)
	filter := `{"$and": [{"amount": {"$gte": 1}}, {"applicant": {"nickname": {"$includes": "R"}}}, {"createdAt": {"$dateOn": {"type": "past", "number": 2, "unit": "day"}}}]}`
	require.NoError(t, against(t, doc, "#/components/schemas/ReimbursementsFilter", []byte(filter)))
	require.Error(t, against(t, doc, "#/components/schemas/ReimbursementsFilter", []byte(`{"amount": {"$between": [1]}}`)))
	for _, method := range []string{"GET", "POST"} {
		send(method, "list", "?appends=applicant,createdBy", "")
		send(method, "list", "?cursor=&pageSize=1", "")
		send(method, "get", "/1", "")
		send(method, "history", "/1", "")
	}
	send("POST", "list", "", `{"filter": `+filter+`}`)
	send("GET", "get", "?filterByTk=1", "")
	send("GET", "query", "?dimensions=%5B%7B%22field%22:%22status%22%7D%5D&orders=status", "")
	send("POST", "query", "", `{"measures": [{"aggregation": "sum", "field": "amount"}], "filter": `+filter+`}`)
	send("POST", "revert", "/1", `{"entry": 1, "mode": "state"}`)
	send("POST", "destroy", "/1", "")
	send("POST", "restore", "", `{"filterByTk": [1]}`)
	promised(t, doc, "GET /api/users:list", api.Get("/api/users:list").Want(200))
	promised(t, doc, "GET /api/users:get/{tk}", api.Get("/api/users:get/1").Want(200))
	promised(t, doc, "", api.Get(on+"get/99").Want(404))
	promised(t, doc, "", api.Post(on+"create", `{"amount": -1}`).Want(400))
	promised(t, doc, "", app.Anonymous().Get(on+"list").Want(401))
}

func TestOpenAPI_ParametersOfRecordsAreKnown(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	seen := 0
	for at, op := range operations(t, api) {
		method, path, _ := strings.Cut(at, " ")
		list, _ := op["parameters"].([]any)
		if !strings.HasPrefix(path, "/api/reimbursements:") && path != "/api/users:list" {
			continue
		}
		for _, p := range list {
			p, _ := p.(map[string]any)
			if p["in"] != "query" {
				continue
			}
			seen++
			answer := api.Send(method, strings.ReplaceAll(path, "{tk}", "1")+"?"+url.Values{fmt.Sprint(p["name"]): {""}}.Encode(), "", "")
			require.NotContains(t, string(answer.Body), "There is no parameter", "%s: %s", at, p["name"])
		}
		answer := api.Send(method, strings.ReplaceAll(path, "{tk}", "1")+"?nonsense=1", "", "")
		require.Equal(t, 400, answer.Status, "%s: %s", at, answer.Body)
	}
	require.Greater(t, seen, 100)
}

func TestOpenAPI_StatedInputsAreKnown(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", sayThanks))
	fill := strings.NewReplacer("{key}", "flow", "{name}", "reimbursements", "{field}", "code")
	got, seen := operations(t, api), 0
	for _, at := range []string{
		"GET /api/workflows:usage/{key}", "GET /api/workflows:export", "GET /api/workflows:export/{key}", "GET /api/workflows:diff/{key}", "POST /api/workflows:diff/{key}",
		"POST /api/workflows:duplicate/{key}", "POST /api/workflows:import", "GET /api/collections:preview/{name}",
		"POST /api/collections/{name}/fields:preview/{field}", "POST /api/collections:clone/{name}", "POST /api/collections/{name}/fields:move/{field}",
	} {
		method, path, _ := strings.Cut(at, " ")
		list, _ := got[at]["parameters"].([]any)
		for _, p := range list {
			p, _ := p.(map[string]any)
			require.NotEqual(t, "parameters", p["name"], "%s states its inputs", at)
			if p["in"] != "query" {
				continue
			}
			seen++
			a := api.Send(method, fill.Replace(path)+"?"+url.Values{fmt.Sprint(p["name"]): {""}}.Encode(), "application/json", "")
			require.NotContains(t, string(a.Body), "There is no parameter", "%s: %s", at, p["name"])
		}
		for name := range members(got[at]) {
			seen++
			a := api.Send(method, fill.Replace(path), "application/json", fmt.Sprintf(`{%q: null}`, name))
			require.NotContains(t, string(a.Body), "There is no parameter", "%s: %s", at, name)
		}
		body := `{"nonsense": 1}`
		if method == "GET" {
			body = ""
		}
		a := api.Send(method, fill.Replace(path)+"?nonsense=1", "application/json", body)
		require.Equal(t, 400, a.Status, "%s: %s", at, a.Body)
	}
	require.Greater(t, seen, 15)
}

// members are the members of the body of an operation.
func members(op map[string]any) map[string]any {
	var at any = op
	for _, name := range []string{"requestBody", "content", "application/json", "schema", "properties"} {
		inside, _ := at.(map[string]any)
		at = inside[name]
	}
	out, _ := at.(map[string]any)
	return out
}
