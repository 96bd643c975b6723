package handlers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExecutions_AreRetriedFromWhereTheyFailed(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", `[{"key": "f", "type": "query_records", "config": {"collection": "reimbursements", "filter": {"id": {"$eq": "{{ trigger.data.id }}"}}}},
		{"key": "s", "type": "calculation", "config": {"expression": "nodes.f.amount + 1"}},
		{"key": "m", "type": "update_record", "config": {"collection": "reimbursements", "filter": {"id": {"$eq": "{{ trigger.data.id }}"}}, "values": {"amount": "{{ nodes.s }}"}}},
		{"key": "k", "type": "query_records", "config": {"collection": "reimbursements", "filter": {"projectName": {"$eq": "later"}}, "failOnEmpty": true}}]`))
	api.Post("/api/reimbursements:create?triggerWorkflows=flow", `{"projectName": "a", "amount": 1}`).Want(200)
	app.Idle()
	amount := func() string {
		return fmt.Sprint(api.Get("/api/reimbursements:list?sort=id").Want(200).List()[0]["amount"])
	}
	first := api.Get("/api/executions:list").Want(200).List()[0]
	require.Equal(t, "failed", first["status"])
	id, _ := first["id"].(string)

	api.Post("/api/executions:retry/"+id, `{"colour": 1}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/executions:rerun/"+id, `{"from": "nothing"}`).WantCode(400, "RETRY_NOT_POSSIBLE")
	app.As(app.Person("emil")).Post("/api/executions:retry/"+id, `{}`).Want(403)
	api.Post("/api/reimbursements:create", `{"projectName": "later", "amount": 5}`).Want(200)
	again := api.Post("/api/executions:retry/"+id, `{}`).Want(200).Data()
	require.Equal(t, id, again["rerunOf"])
	app.Idle()
	second, _ := again["id"].(string)
	got := api.Get("/api/executions:get/" + second).Want(200).Data()
	require.Equal(t, "succeeded", got["status"])
	steps, _ := got["steps"].([]any)
	carried, _ := steps[0].(map[string]any)
	require.Equal(t, id, carried["carriedFrom"])
	require.Equal(t, "2", amount(), "it was added once")
	api.Post("/api/executions:retry/"+second, `{}`).WantCode(400, "RETRY_NOT_POSSIBLE")
	third := api.Post("/api/executions:rerun/"+second, `{"from": "f"}`).Want(200).Data()
	app.Idle()
	require.NotEqual(t, second, third["id"])
	require.Equal(t, "3", amount())
}
