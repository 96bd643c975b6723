package handlers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestPages_AreDesignedByCalls(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	app.Collection(reimbursements)
	app.Workflow(handlerstest.Workflow{Key: "approve", Config: `{ "collection": "reimbursements", "mode": "local" }`, Nodes: "[]"})
	dana := app.API(app.Token(app.Person("dana", "designer"), "schema"))

	made := dana.Post("/api/pages:create", `{"title": "Costs", "rows": [{"columns": [{"blocks": [{"id": "f1", "type": "createForm", "collection": "reimbursements",
		"actions": [{"id": "s1", "type": "submit"}]}]}]}]}`).Want(200).Data()
	require.EqualValues(t, "0", made["published"])
	require.True(t, made["draftChanged"].(bool))
	edit := `{"id": "first-edit", "commands": [{"command": "set_bindings", "args": {"action": "s1", "bindings": [{"workflow": "approve"}]}}]}`
	bound := dana.Post("/api/pages:commands/costs", edit).Want(200).Data()
	require.NotEmpty(t, bound["undo"])
	again := dana.Post("/api/pages:commands/costs", edit).Want(200).Data()
	require.Equal(t, bound["revision"], again["revision"], "one edit with one id is made once")
	require.Empty(t, dana.Post("/api/pages:undo/costs", "").Want(200).Data()["undo"])
	dana.Post("/api/pages:redo/costs", "").Want(200)
	dana.Post("/api/pages:publish/costs", `{"base": 1}`).WantCode(409, "DRAFT_CHANGED")
	live := dana.Post("/api/pages:publish/costs", "{}").Want(200).Data()
	require.EqualValues(t, "1", live["published"])
	dana.Post("/api/pages:update/costs", `{"title": "Spending"}`).Want(200)
	require.Equal(t, "Spending", dana.Get("/api/pages:list").Want(200).List()[0]["title"])
	dana.Post("/api/pages:discard/costs", "").Want(200)
	require.Equal(t, "Costs", dana.Get("/api/pages:get/costs").Want(200).Data()["page"].(map[string]any)["title"])
	dana.Post("/api/pages:duplicate/costs", "").Want(200)
	require.Len(t, dana.Get("/api/pages:list").List(), 2)
	dana.Post("/api/pages:destroy/costs", "").Want(200)
	dana.Get("/api/pages:get/costs").Want(404)
}

func TestPages_RefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	app.Collection(reimbursements)
	root := app.API(app.Token(app.Root, "schema"))
	root.Post("/api/pages:create", `{"title": "Costs"}`).Want(200)
	for body, at := range map[string]string{
		`{"title": ""}`:                   "title",
		`{"title": "X", "colour": "red"}`: "colour",
		`{"title": "X", "rows": [{"columns": [{"blocks": [{"id": "b1", "type": "table", "collection": "nothing"}]}]}]}`: "rows[0].columns[0].blocks[0].collection",
	} {
		answer := root.Post("/api/pages:create", body).Want(400)
		require.Equal(t, at, answer.Errors()[0]["field"], body)
		root.Post("/api/pages:update/costs", body).Want(400)
	}
	root.Post("/api/pages:update/costs", `{"key": "other", "title": "X"}`).WantCode(400, "IMMUTABLE_FIELD")
	root.Post("/api/pages:commands/costs", `{"commands": [{"command": "explode"}]}`).Want(400)
	root.Post("/api/pages:commands/costs", `{"commands": {}}`).Want(400)
	root.Post("/api/pages:discard/costs", "").WantCode(400, "NOT_PUBLISHED")
	root.Post("/api/pages:undo/none", "").Want(404)

	app.API(app.Token(app.Root, "records:read:*")).Get("/api/pages:list").WantCode(403, "SCOPE_MISSING")
	ines := app.API(app.Token(app.Person("ines"), "tasks"))
	ines.Get("/api/pages:list").Want(403)
	ines.Post("/api/pages:create", `{"title": "Mine"}`).Want(403)
}
