package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

const reimbursements = `{"name":"reimbursements","title":"Reimbursement","titleField":"projectName","fields":[
 {"name":"projectName","type":"text","title":"Project name","required":true},
 {"name":"applicant","type":"user","title":"Applicant","default":"{{ user.id }}"},
 {"name":"amount","type":"decimal","title":"Amount","scale":2,"currency":"EUR","required":true,"min":0.01},
 {"name":"decisionNote","type":"longText","title":"Decision note"},
 {"name":"status","type":"select","title":"Status","default":"draft","options":[
  {"value":"draft","label":"Draft"},{"value":"approved","label":"Approved"},{"value":"rejected","label":"Rejected"}]}]}`

const payments = `{"name":"payments","title":"Payment","fields":[
 {"name":"reimbursement","type":"manyToOne","title":"Reimbursement","target":"reimbursements"},
 {"name":"amount","type":"decimal","title":"Amount","scale":2}]}`

const approvalFlow = `{"key":"reimb_approval","title":"Reimbursement approval","type":"post_action",
 "config":{"collection":"reimbursements","mode":"local"},
 "nodes":[{"key":"big","type":"condition","title":"More than 500?","config":{"mode":"branch","when":{"all":[{"left":"{{ trigger.data.amount }}","op":"gt","right":500}]}},
  "branches":[
   {"key":"yes","nodes":[{"key":"ask","type":"approval","title":"Manager review","config":{"assignees":{"managers":{"of":"applicant"}},"mode":"branches"},
    "branches":[
     {"key":"approved","nodes":[
      {"key":"ok1","type":"update_record","config":{"collection":"reimbursements","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"status":"approved"}}},
      {"key":"pay1","type":"create_record","config":{"collection":"payments","values":{"reimbursement":"{{ trigger.data.id }}","amount":"{{ trigger.data.amount }}"}}}]},
     {"key":"rejected","nodes":[
      {"key":"no1","type":"update_record","config":{"collection":"reimbursements","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"status":"rejected","decisionNote":"{{ nodes.ask.comment }}"}}},
      {"key":"tell","type":"notification","config":{"to":{"field":"applicant"},"title":"Rejected: {{ trigger.data.projectName }}"}}]}]}]},
   {"key":"no","nodes":[
    {"key":"ok2","type":"update_record","config":{"collection":"reimbursements","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"status":"approved"}}},
    {"key":"pay2","type":"create_record","config":{"collection":"payments","values":{"reimbursement":"{{ trigger.data.id }}","amount":"{{ trigger.data.amount }}"}}}]}]}]}`

// reimbursementWorld is the example of the product: two collections, three
// people, an approval over 500.
func reimbursementWorld(t *testing.T, db *models.DB, clock *modelstest.Clock, p ...engine.Publish) *worldtest.World {
	t.Helper()
	w := worldtest.NewWorld(t, db, clock)
	w.Collection(reimbursements)
	w.Collection(payments)
	w.Grant(models.RoleMember,
		models.Grant{Collection: "reimbursements", Action: models.Create, Scope: models.ScopeAll},
		models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeOwn})
	w.Workflow(approvalFlow, p...)
	return w
}

func statusOf(t *testing.T, w *worldtest.World, id any) any {
	t.Helper()
	for _, r := range w.List("reimbursements") {
		if r["id"] == id {
			return r["status"]
		}
	}
	require.Fail(t, "no such record")
	return nil
}

func TestMainJob_ApprovesAtOnceOrAfterTheManager(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := reimbursementWorld(t, db, clock)

		small := w.Submit(w.Employee, "reimbursements", `{"projectName":"Taxi","amount":120}`, "reimb_approval")
		require.True(t, small.Triggers[0].Started)
		big := w.Submit(w.Employee, "reimbursements", `{"projectName":"Team offsite","amount":1250}`, "reimb_approval")
		w.Submit(w.Employee, "reimbursements", `{"projectName":"Unbound","amount":900}`)
		w.Idle()

		x, steps := w.Execution(small.Triggers[0].ExecutionID)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Len(t, steps, 3)
		require.Equal(t, "approved", statusOf(t, w, small.Changes[0].Key()))

		x, _ = w.Execution(big.Triggers[0].ExecutionID)
		require.Equal(t, models.Waiting, x.Status, x.Error)
		require.Len(t, w.List("payments"), 1)
		tasks := w.Tasks(w.Manager)
		require.Len(t, tasks, 1)
		require.Equal(t, "Team offsite", tasks[0].Title)
		w.Sound()

		w.Restart()
		_, err := w.Engine.Decide(t.Context(), w.Access(w.Manager), engine.Decision{Task: tasks[0].ID, Approve: true, Comment: "Within budget.", Channel: "api"})
		require.NoError(t, err)
		w.Idle()

		x, steps = w.Execution(big.Triggers[0].ExecutionID)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Len(t, steps, 4)
		require.Equal(t, "approved", statusOf(t, w, big.Changes[0].Key()))
		require.Len(t, w.List("payments"), 2)
		app, err := models.ApplicationOf(t.Context(), w.DB.Read(), x.ID)
		require.NoError(t, err)
		require.Equal(t, "approved", app.Status)

		_, err = w.Engine.Decide(t.Context(), w.Access(w.Manager), engine.Decision{Task: tasks[0].ID, Channel: "api"})
		require.True(t, models.IsCode(err, "TASK_DECIDED"), err)
		w.Sound()
	})
}

func TestMainJob_RejectionKeepsTheReasonAndTellsTheApplicant(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := reimbursementWorld(t, db, clock)
		big := w.Submit(w.Employee, "reimbursements", `{"projectName":"Yacht","amount":99000}`, "reimb_approval")
		w.Idle()
		task := w.Tasks(w.Manager)[0]
		_, err := w.Engine.Decide(t.Context(), w.Access(w.Manager), engine.Decision{Task: task.ID, Comment: "Too expensive.", Channel: "api"})
		require.NoError(t, err)
		w.Idle()

		x, _ := w.Execution(big.Triggers[0].ExecutionID)
		require.Equal(t, models.Rejected, x.Status, x.Error)
		for _, r := range w.List("reimbursements") {
			require.Equal(t, "rejected", r["status"])
			require.Equal(t, "Too expensive.", r["decisionNote"])
		}
		told, err := models.Notifications(t.Context(), w.DB.Read(), w.Employee.ID, 10)
		require.NoError(t, err)
		require.Len(t, told, 1)
		require.Equal(t, "Rejected: Yacht", told[0].Title)
		require.Empty(t, w.List("payments"))
		w.Sound()
	})
}

func TestMainJob_WithoutElevationTheStepFailsForLackOfRights(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := reimbursementWorld(t, db, clock, engine.Publish{None: true})
		small := w.Submit(w.Employee, "reimbursements", `{"projectName":"Taxi","amount":120}`, "reimb_approval")
		w.Idle()
		x, steps := w.Execution(small.Triggers[0].ExecutionID)
		require.Equal(t, models.Failed, x.Status)
		require.Contains(t, x.Error, "NO_PERMISSION")
		require.Equal(t, models.Failed, steps[len(steps)-1].Status)
		require.Empty(t, w.List("payments"))
		w.Sound()
	})
}

func TestMainJob_OneDecisionWinsARace(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := reimbursementWorld(t, db, clock)
		w.Submit(w.Employee, "reimbursements", `{"projectName":"Offsite","amount":1250}`, "reimb_approval")
		w.Idle()
		task := w.Tasks(w.Manager)[0]
		access := w.Access(w.Manager)
		errs := make(chan error, 20)
		for i := range cap(errs) {
			go func() {
				_, err := w.Engine.Decide(t.Context(), access, engine.Decision{Task: task.ID, Approve: i%2 == 0, Channel: "api"})
				errs <- err
			}()
		}
		won := 0
		for range cap(errs) {
			err := <-errs
			if err == nil {
				won++
				continue
			}
			require.True(t, models.IsCode(err, "TASK_DECIDED"), err)
			require.NotNil(t, models.AsError(err).Data["winner"])
		}
		require.Equal(t, 1, won)
		w.Idle()
		w.Sound()
	})
}

func TestMainJob_TasksOfSomebodyWhoLeftGoToTheOwner(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := reimbursementWorld(t, db, clock)
		big := w.Submit(w.Employee, "reimbursements", `{"projectName":"Offsite","amount":1250}`, "reimb_approval")
		w.Idle()
		require.NoError(t, db.Write(t.Context(), "test.leave", func(tx *models.Tx) error {
			return models.DeactivateUser(t.Context(), tx, w.Access(w.Designer), w.Manager.ID)
		}))
		clock.Advance(10 * time.Second)
		require.Eventually(t, func() bool { return len(w.Tasks(w.Designer)) == 1 }, 20*time.Second, 20*time.Millisecond)
		w.Sound()
		_, err := w.Engine.Decide(t.Context(), w.Access(w.Designer), engine.Decision{Task: w.Tasks(w.Designer)[0].ID, Approve: true, Channel: "api"})
		require.NoError(t, err)
		w.Idle()
		x, _ := w.Execution(big.Triggers[0].ExecutionID)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
	})
}
