package web_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestExecution_LinksThoseThatCallEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{
		Key: "convert", Type: "subworkflow", Config: `{"input": [{"name": "amount", "type": "decimal"}]}`,
		Nodes: `[{"key": "o", "type": "output", "config": {"value": "{{ trigger.input.amount * 2 }}"}}]`,
	})
	w.Workflow(handlerstest.Workflow{
		Key: "calls", Config: `{"collection": "reimbursements", "mode": "global", "actions": ["create"]}`,
		Nodes: `[{"key": "c", "type": "subflow", "config": {"workflow": "convert", "input": {"amount": "{{ trigger.data.amount }}"}}}]`,
	})
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "321")
	w.Idle()
	parent, child := "", ""
	list, err := models.Executions(t.Context(), w.DB.Read(), models.ExecutionFilter{Limit: 50})
	require.NoError(t, err)
	var childNumber int64
	for _, x := range list {
		switch x.WorkflowKey {
		case "calls":
			parent = x.ID
		case "convert":
			child, childNumber = x.ID, x.Number
		}
	}
	root := w.Browser(w.Root)
	page := root.Get("/executions/" + parent + "?step=c").Want(200).Page()
	link := handlerstest.First(page, "a", "href", "/executions/"+child)
	require.NotNil(t, link)
	require.Equal(t, fmt.Sprintf("#%d convert", childNumber), handlerstest.Text(link))
	page = root.Get("/executions/" + child + "?step=trigger").Want(200).Page()
	require.NotNil(t, handlerstest.First(page, "a", "href", "/executions/"+parent))
	require.Contains(t, handlerstest.Text(page), "321")

	w.Role("reader", []string{"execution.view", "execution.payload"}, models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName"}, Scope: models.ScopeAll})
	rita := w.Browser(w.Person("rita", "reader"))
	require.NotContains(t, handlerstest.Text(rita.Get("/executions/"+child+"?step=trigger").Want(200).Page()), "321", "a value that was handed over")
}
