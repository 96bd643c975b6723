package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// receipts is a collection whose records lead to two others, one with UUIDs.
const receipts = `{"name": "receipts", "title": "Receipt", "fields": [
	{"name": "title", "type": "text"}, {"name": "claim", "type": "manyToOne", "target": "reimbursements"}, {"name": "shop", "type": "manyToOne", "target": "shops"}]}`

// withReceipts starts an application with claims 1 and 2, of which receipt 1 belongs
// to the first.
func withReceipts(t *testing.T) (*handlerstest.App, *handlerstest.Client) {
	t.Helper()
	app, api := start(t)
	app.Collection(`{"name": "shops", "title": "Shop", "idType": "uuid", "fields": [{"name": "title", "type": "text"}]}`)
	app.Collection(receipts)
	api.Post("/api/reimbursements:create", `[{"projectName": "A", "amount": 5}, {"projectName": "B"}]`).Want(200)
	api.Post("/api/receipts:create", `{"title": "R", "claimId": 1}`).Want(200)
	return app, api
}

func TestAssociations_LeadToTheLinkedRecord(t *testing.T) {
	t.Parallel()
	_, api := withReceipts(t)
	require.Equal(t, "A", api.Get("/api/receipts/1/claim:get").Want(200).Data()["projectName"])
	list := api.Get("/api/receipts/1/claim").Want(200)
	require.Len(t, list.List(), 1)
	require.Equal(t, "1", fmt.Sprint(list.Meta()["count"]))
	few := api.Get("/api/receipts/1/claim:get?fields=projectName,applicant.nickname").Want(200).Data()
	require.NotContains(t, few, "amount")
	require.Contains(t, few, "applicant")
	require.Contains(t, api.Post("/api/receipts/1/claim:get", `{"appends": ["createdBy"]}`).Want(200).Data(), "createdBy")
	require.NotEmpty(t, api.Get("/api/receipts/1/createdBy:get").Want(200).Data()["nickname"])

	require.Empty(t, api.Get("/api/receipts/1/shop:list").Want(200).List())
	api.Get("/api/receipts/1/shop:get").WantCode(404, "NOT_FOUND")
	for _, unknown := range []string{"9/claim", "x/claim", "1/title", "1/claimId", "1/nothing", "1/claim:get/1"} {
		api.Get("/api/receipts/"+unknown).WantCode(404, "NOT_FOUND")
	}
	api.Get("/api/receipts/1/claim:get?fields=colour").WantCode(400, "UNKNOWN_FIELD")
	api.Get("/api/receipts/1/claim:get?filter={}").WantCode(400, "BAD_PARAMETER")
}

func TestAssociations_ChangeTheLink(t *testing.T) {
	t.Parallel()
	_, api := withReceipts(t)
	shop := fmt.Sprint(api.Post("/api/shops:create", `{"title": "S"}`).Want(200).Data()["id"])
	claim := func() string { return fmt.Sprint(api.Get("/api/receipts:get/1").Want(200).Data()["claimId"]) }
	for _, c := range []struct{ action, body, want string }{
		{"set", `{"tk": [2]}`, "2"},
		{"remove", `{"tk": [1]}`, "2"},
		{"remove", `{"tk": [1, 2]}`, "<nil>"},
		{"add", `{"tk": "1"}`, "1"},
		{"toggle", `{"tk": 1}`, "<nil>"},
		{"toggle", `{"tk": 1}`, "1"},
		{"toggle", `{"tk": 2}`, "2"},
		{"set", `{"tk": []}`, "<nil>"},
		{"set?tk=2", ``, "2"},
		{"set", `{"tk": null}`, "<nil>"},
	} {
		answer := api.Post("/api/receipts/1/claim:"+c.action, c.body).Want(200).Data()
		require.Equal(t, c.want, fmt.Sprint(answer["claimId"]), "%s %s", c.action, c.body)
		require.Equal(t, c.want, claim())
	}
	require.Equal(t, shop, api.Post("/api/receipts/1/shop:set?appends=shop", fmt.Sprintf(`{"tk": %q}`, shop)).Want(200).Data()["shopId"])

	for _, c := range []struct{ action, body string }{
		{"set", `{}`},
		{"set", `{"tk": [1, 2]}`},
		{"add", `{"tk": []}`},
		{"add", `{"tk": [1, 2]}`},
		{"remove", `{"tk": []}`},
		{"toggle", `{"tk": []}`},
		{"set", `{"tk": {"id": 1}}`},
		{"set", `{"tk": "x"}`},
		{"set", `{"tk": 99}`},
		{"set", `{"id": 1}`},
		{"set?colour=1", `{"tk": 1}`},
	} {
		api.Post("/api/receipts/1/claim:"+c.action, c.body).Want(400)
	}
	api.Post("/api/receipts/9/claim:set", `{"tk": 1}`).WantCode(404, "NOT_FOUND")
	require.Equal(t, "<nil>", claim())
}

func TestAssociations_StartWorkflowsAndActOnce(t *testing.T) {
	t.Parallel()
	app, api := withReceipts(t)
	app.Workflow(handlerstest.Workflow{Key: "moved", Config: `{"collection": "receipts"}`, Nodes: `[]`})
	keyed := api.With("Idempotency-Key", "toggle-once")
	for range 2 {
		a := keyed.Post("/api/receipts/1/claim:toggle?triggerWorkflows=moved", `{"tk": 1}`).Want(200)
		require.Nil(t, a.Data()["claimId"])
		triggers, _ := a.Meta()["triggers"].([]any)
		require.Len(t, triggers, 1)
	}
	app.Idle()
	require.Len(t, api.Get("/api/executions:list?workflow=moved").Want(200).List(), 1)
	api.With("If-Match", `"1"`).Post("/api/receipts/1/claim:set", `{"tk": 1}`).WantCode(409, "RECORD_CHANGED")
}

func TestAssociations_NeedRightsOnBothSides(t *testing.T) {
	t.Parallel()
	app, api := withReceipts(t)
	grant := func(collection string, action models.Action, fields ...string) models.Grant {
		return models.Grant{Collection: collection, Action: action, Fields: fields, Scope: models.ScopeAll}
	}
	app.Role("reader", nil, grant("receipts", models.View, "title", "claim"))
	app.Role("clerk", nil, grant("receipts", models.View, "title", "claim"), grant("receipts", models.Update, "claim"),
		models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName"}, Scope: models.ScopeOwn})
	app.Role("titles", nil, grant("receipts", models.View, "title"), grant("receipts", models.Update, "title"))

	reader := app.As(app.Person("rea", "reader"))
	require.Empty(t, reader.Get("/api/receipts/1/claim:list").Want(200).List(), "the claim itself is out of reach")
	reader.Get("/api/receipts/1/claim:get").WantCode(404, "NOT_FOUND")
	reader.Get("/api/receipts/1/shop:list").WantCode(404, "NOT_FOUND")
	reader.Post("/api/receipts/1/claim:set", `{"tk": 2}`).WantCode(403, "NO_PERMISSION")

	clerk := app.As(app.Person("cleo", "clerk"))
	answer := clerk.Post("/api/receipts/1/claim:set", `{"tk": 2}`)
	require.Contains(t, []int{400, 403}, answer.Status, "a claim of somebody else cannot be linked: %s", answer.Body)
	clerk.Post("/api/receipts/1/claim:set", `{"tk": []}`).Want(200)

	titles := app.As(app.Person("tim", "titles"))
	titles.Post("/api/receipts/1/claim:set", `{"tk": 2}`).WantCode(404, "NOT_FOUND")
	require.Nil(t, api.Get("/api/receipts:get/1").Want(200).Data()["claimId"])

	token := app.API(app.Token(app.Root, "records:read:receipts"))
	require.Empty(t, token.Get("/api/receipts/1/claim:list").Want(200).List(), "the scope ends at the receipts")
	token.Post("/api/receipts/1/claim:set", `{"tk": 1}`).WantCode(403, "SCOPE_MISSING")
}

func TestAssociations_AreDescribedWithTheLinksThatAreOpen(t *testing.T) {
	t.Parallel()
	app, api := withReceipts(t)
	app.Role("reader", nil, models.Grant{Collection: "receipts", Action: models.View, Fields: []string{"claim"}, Scope: models.ScopeAll})
	const at = "/api/receipts/{parent}/{association}:get"
	op := operations(t, app.As(app.Person("rea", "reader")))["GET "+at]
	require.Contains(t, fmt.Sprint(op["parameters"]), "enum:[claim]")
	doc := api.Get(described).Want(200).JSON()
	promised(t, doc, "GET "+at, api.Get("/api/receipts/1/claim:get").Want(200))
	promised(t, doc, "GET "+strings.Replace(at, "get", "list", 1), api.Get("/api/receipts/1/claim").Want(200))
	promised(t, doc, "POST "+strings.Replace(at, "get", "toggle", 1), api.Post("/api/receipts/1/claim:toggle", `{"tk": 1}`).Want(200))
}
