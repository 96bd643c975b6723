package handlers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCollections_ChangesArePreviewed(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", `[{"key": "c", "type": "condition", "config": {"mode": "continue", "when": {"all": [{"left": "{{ trigger.data.amount }}", "op": "gt", "right": 5}]}}}]`))
	field := "/api/collections/reimbursements/fields:"
	impact := api.Get(field + "preview/amount").Want(200).Data()
	require.NotEmpty(t, impact["usages"])
	require.NotEmpty(t, api.Get(field + "preview/amount?change=rename").Want(200).Data()["usages"])
	require.Empty(t, api.Post(field+"preview/amount", `{"change": "update", "settings": {"title": "Sum"}}`).Want(200).Data()["usages"])
	require.Nil(t, api.Get(field + "preview/code").Want(200).Data()["confirm"])
	require.NotEmpty(t, api.Get("/api/collections:preview/reimbursements?change=rename").Want(200).Data()["usages"])
	api.Get(field+"preview/amount?change=melt").WantCode(400, "BAD_PARAMETER")
	api.Post(field+"preview/amount", `{"change": "update", "settings": {"colour": 1}}`).WantCode(400, "BAD_PARAMETER")
	api.Get(field+"preview/nothing").WantCode(404, "NOT_FOUND")
	api.Get("/api/collections:preview/nothing").WantCode(404, "NOT_FOUND")
	api.Get(field + "get/amount").Want(200)
	api.Post(fmt.Sprintf("%sdestroy/amount?confirm=%s", field, impact["confirm"]), "").Want(200)
}

func TestCollections_AreClonedAndTheirFieldsMoved(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	made := api.Post("/api/collections:clone/reimbursements", `{"name": "claims", "title": "Claim"}`).Want(200).Data()
	require.Equal(t, "Claim", made["title"])
	api.Post("/api/claims:create", `{"projectName": "A"}`).Want(200)
	require.Empty(t, api.Get("/api/reimbursements:list").Want(200).List())
	api.Post("/api/collections:clone/reimbursements", `{"name": "claims"}`).WantCode(400, "NOT_UNIQUE")
	api.Post("/api/collections:clone/reimbursements", `{"name": "other", "fields": []}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/collections:clone/nothing", `{"name": "other"}`).WantCode(404, "NOT_FOUND")

	names := func(list []map[string]any) (out []any) {
		for _, f := range list {
			if f["preset"] == nil {
				out = append(out, f["name"])
			}
		}
		return out
	}
	move := "/api/collections/claims/fields:move/status"
	require.Equal(t, "status", names(api.Post(move, `{}`).Want(200).List())[0])
	require.Equal(t, []any{"projectName", "status"}, names(api.Post(move, `{"after": "projectName"}`).Want(200).List())[:2])
	api.Post(move, `{"after": "nothing"}`).WantCode(400, "BAD_PARAMETER")
	api.Post(move, `{"position": 1}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/collections/claims/fields:move/nothing", `{}`).WantCode(404, "NOT_FOUND")
	member := app.As(app.Person("mia"))
	member.Post(move, `{}`).WantCode(403, "NO_PERMISSION")
}
