package web_test

import (
	"fmt"
	"net/url"
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

func TestExecution_GoesOnFromAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{
		Key: "fails", Config: `{"collection": "reimbursements", "mode": "global", "actions": ["create"]}`,
		Nodes: `[{"key": "n", "type": "create_record", "config": {"collection": "payments", "values": {"note": "once"}}},
			{"key": "k", "type": "calculation", "config": {"expression": "1 / (trigger.data.id - trigger.data.id)"}}]`,
	})
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "321")
	w.Idle()
	list, err := models.Executions(t.Context(), w.DB.Read(), models.ExecutionFilter{Limit: 50, Statuses: []models.Status{models.Failed}})
	require.NoError(t, err)
	require.Len(t, list, 1)
	root, address := w.Browser(w.Root), "/executions/"+list[0].ID
	page := root.Get(address).Want(200).Page()
	again := root.Submit(address+"/retry", fill(t, page, address+"/retry")).Want(303).Header.Get("Location")
	require.NotEqual(t, address, again)
	w.Idle()
	page = root.Get(again + "?step=n").Want(200).Page()
	require.Contains(t, handlerstest.Text(page), "carried over")
	require.NotNil(t, handlerstest.First(page, "a", "href", address))
	root.Submit(address+"/retry", url.Values{"from": {"nothing"}}).Want(400)
	w.Browser(w.emil).Submit(address+"/retry", url.Values{}).Want(403)
	from := root.Get(address + "?step=n").Want(200).Page()
	require.Contains(t, handlerstest.Text(from), "Re-run from here")
}
