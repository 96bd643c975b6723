package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// TestSubflow_ValuesThatWereHandedOverAreForThoseWhoMayReadTheirSource hands a value of a
// collection to a workflow that reads nothing itself.
func TestSubflow_ValuesThatWereHandedOverAreForThoseWhoMayReadTheirSource(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Collection(`{"name": "salaries", "fields": [{"name": "secret", "type": "text"}]}`)
	api.Post("/api/salaries:create", `{"secret": "five thousand"}`).Want(200)
	app.Workflow(handlerstest.Workflow{Key: "child", Type: "subworkflow", Config: `{"input": [{"name": "what"}]}`, Nodes: `[{"key": "o", "type": "output", "config": {"value": "{{ trigger.input.what }}!"}}]`})
	app.Workflow(onCreate("parent", `[{"key": "q", "type": "query_records", "config": {"collection": "salaries"}},
		{"key": "c", "type": "subflow", "config": {"workflow": "child", "input": {"what": "{{ nodes.q.secret }}"}}}]`))
	app.Workflow(onCreate("apart", `[{"key": "k", "type": "calculation", "config": {"expression": "1"}}]`))
	api.Post("/api/reimbursements:create?triggerWorkflows=parent,apart", `{"projectName": "a", "amount": 1}`).Want(200)
	app.Idle()

	view := func(collection string) models.Grant {
		return models.Grant{Collection: collection, Action: models.View, Scope: models.ScopeAll}
	}
	app.Role("watcher", []string{"execution.view", "execution.payload"}, view("reimbursements"))
	app.Role("payroll", []string{"execution.view", "execution.payload"}, view("reimbursements"), view("salaries"))
	people := map[string]models.User{"watcher": app.Person("wanda", "watcher"), "payroll": app.Person("paul", "payroll")}
	list := api.Get("/api/executions:list").Want(200).List()
	require.Len(t, list, 3)
	seen := map[string]int{}
	for _, row := range list {
		workflow, _ := row["workflow"].(map[string]any)
		key, _ := workflow["key"].(string)
		id, _ := row["id"].(string)
		for who, person := range people {
			api := app.As(person).Get("/api/executions:get/" + id).Want(200)
			seen[who+" "+key] = strings.Count(string(api.Body), "five thousand")
		}
	}
	require.Zero(t, seen["watcher child"], seen)
	require.Zero(t, seen["watcher parent"], seen)
	require.Positive(t, seen["payroll child"], seen)
	require.Positive(t, seen["payroll parent"], seen)
	require.Zero(t, seen["payroll apart"])
}
