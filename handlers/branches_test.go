package handlers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorkflows_BranchesAreEditedOverTheAPI(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	api.Post("/api/workflows:create", `{"title": "Sizes", "type": "action", "config": {"collection": "reimbursements"}, "nodes": [
		{"key": "m", "type": "multi_condition", "title": "By size", "config": {"cases": [
			{"key": "c1", "title": "Large", "when": {"all": [{"left": "{{ trigger.data.amount }}", "op": "gt", "right": 500}]}}]},
		 "branches": [{"key": "c1", "nodes": [{"key": "e", "type": "end"}]}]}]}`).Want(200)
	done := api.Post("/api/workflows:commands/sizes", `{"base": 1, "commands": [
		{"command": "add_branch", "args": {"node": "m", "branch": "c2", "value": "Small"}},
		{"command": "rename_branch", "args": {"node": "m", "branch": "c2", "value": "Rest"}},
		{"command": "move_branch", "args": {"node": "m", "branch": "c2", "value": 0}},
		{"command": "delete_branch", "args": {"node": "m", "branch": "c1", "contents": "move_after"}}]}`).Want(200).Data()
	require.Equal(t, []any{"m"}, done["changed"])
	require.Equal(t, "Added the branch “Small” to “By size”, Renamed a branch of “By size”, Moved the branch “Rest” of “By size”, Deleted the branch “Large” of “By size”", done["undo"])
	nodes := api.Get("/api/workflows/sizes/nodes:list").Want(200).List()
	require.Len(t, nodes, 2)
	config, _ := nodes[0]["config"].(map[string]any)
	require.Equal(t, []any{map[string]any{"key": "c2", "title": "Rest"}}, config["cases"])

	refused := api.Post("/api/workflows:commands/sizes", `{"commands": [
		{"command": "add_branch", "args": {"node": "m"}}, {"command": "delete_branch", "args": {"node": "m", "branch": "otherwise"}}]}`).WantCode(400, "BAD_PARAMETER")
	data, _ := refused.Errors()[0]["data"].(map[string]any)
	require.EqualValues(t, "1", data["command"], "the answer says which of them")
	api.Post("/api/workflows:commands/sizes", `{"base": 1, "commands": [{"command": "add_branch", "args": {"node": "m"}}]}`).WantCode(409, "DRAFT_CHANGED")
	published := api.Post("/api/workflows:publish/sizes", `{}`).Want(400)
	require.Contains(t, string(published.Body), "The branch “Rest” has no condition yet.")
}
