package handlers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExecutions_OfManyStepsSayHowManyAreNotListed looks at a loop of 600 passes with two
// steps each.
func TestExecutions_OfManyStepsSayHowManyAreNotListed(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("long", `[{"key":"l","type":"loop","title":"Again","config":{"source":"count","count":600},"branches":[{"key":"body","nodes":[
		{"key":"a","type":"calculation","config":{"expression":"loop.number"}},{"key":"b","type":"calculation","title":"Double","config":{"expression":"nodes.a * 2"}}]}]}]`))
	made := api.Post("/api/reimbursements:create?triggerWorkflows=long", `{"projectName": "A"}`).Want(200)
	triggers, _ := made.Meta()["triggers"].([]any)
	started, _ := triggers[0].(map[string]any)
	app.Idle()
	got := api.Get(fmt.Sprintf("/api/executions:get/%s", started["executionId"])).Want(200)
	require.Equal(t, "succeeded", got.Data()["status"])
	require.Len(t, got.Data()["steps"], 1000)
	require.Equal(t, "201", fmt.Sprint(got.Meta()["stepsLeft"]))
}
