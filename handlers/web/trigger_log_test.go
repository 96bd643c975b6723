package web_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestTriggerLog_LeadsFromTheRecordToWorkflowAndExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("watcher", []string{"execution.view"}, models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeAll})
	root, emil := w.Browser(w.Root), w.Browser(w.emil)
	w.submit(t, emil, "Team offsite catering", "640")
	execution := "/executions/" + w.execution(t)
	root.Submit("/workflows/reimb_approval/enable", url.Values{}).Want(303)
	w.submit(t, emil, "Unnoticed", "640")
	const log = "/workflows/reimb_approval/versions#trigger-log"
	for _, c := range []struct {
		who            models.User
		log, execution bool
	}{{w.Root, true, true}, {w.Person("wanda", "watcher"), false, true}} {
		client := w.Browser(c.who)
		started := handlerstest.First(client.Get("/pages/expenses/records/d1/1").Page(), "section", "aria-labelledby", "record-log")
		require.NotNil(t, started)
		require.Equal(t, c.execution, handlerstest.First(started, "a", "href", execution) != nil)
		require.Equal(t, c.log, handlerstest.First(started, "a", "href", log) != nil)
		refused := handlerstest.First(client.Get("/pages/expenses/records/d1/2").Page(), "section", "aria-labelledby", "record-log")
		require.Contains(t, handlerstest.Text(refused), "Did not start: the workflow is switched off")
		require.Contains(t, handlerstest.Text(refused), "reimb_approval")
		require.Equal(t, c.log, handlerstest.First(refused, "a", "href", log) != nil)
	}
	require.Nil(t, handlerstest.First(emil.Get("/pages/expenses/records/d1/1").Page(), "section", "aria-labelledby", "record-log"), "the log is for those who watch executions")
	versions := root.Get("/workflows/reimb_approval/versions").Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(versions, "section", "aria-labelledby", "trigger-log")), "Reimbursement #2")
}

func TestTriggerLog_DoesNotLeadToADeletedWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Pens", "12")
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		flow, err := models.WorkflowByKey(ctx, tx, "reimb_approval")
		if err != nil {
			return err
		}
		return models.RemoveWorkflow(ctx, tx, flow)
	})
	page := w.Browser(w.Root).Get("/pages/expenses/records/d1/1").Want(200).Page()
	at := handlerstest.First(page, "section", "aria-labelledby", "record-log")
	require.NotNil(t, handlerstest.First(at, "a", "href", "/executions/"+w.execution(t)), "what it did can still be seen")
	require.Len(t, handlerstest.All(at, "a"), 1)
}
