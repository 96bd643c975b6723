package handlers_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

func TestRecords_UpsertFindsOrMakes(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	first := api.Post("/api/reimbursements:firstOrCreate?filterKeys=code", `{"projectName": "A", "code": "x"}`).Want(200)
	require.Equal(t, true, first.Meta()["created"])
	again := api.Post("/api/reimbursements:firstOrCreate?filterKeys=code", `{"projectName": "B", "code": "x"}`).Want(200)
	require.Equal(t, false, again.Meta()["created"])
	require.Equal(t, "A", again.Data()["projectName"])
	changed := api.Post("/api/reimbursements:updateOrCreate?filterKeys[]=code", `{"projectName": "B", "code": "x"}`).Want(200)
	require.Equal(t, "B", changed.Data()["projectName"])
	require.Equal(t, first.Data()["id"], changed.Data()["id"])
}

func TestRecords_AKeyActsOnce(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	keyed := api.With("Idempotency-Key", "order-000001")
	first := keyed.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	again := keyed.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	require.Equal(t, string(first.Body), string(again.Body))
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	keyed.Post("/api/reimbursements:create", `{"projectName": "B"}`).WantCode(422, "IDEMPOTENCY_KEY_REUSED")
	api.With("Idempotency-Key", "short").Post("/api/reimbursements:create", `{"projectName": "B"}`).WantCode(400, "BAD_PARAMETER")
	require.Len(t, api.Get("/api/reimbursements:list").Want(200).List(), 1)

	other := app.Person("olga", "admin")
	mine := app.As(other).With("Idempotency-Key", "order-000001").Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	require.NotEqual(t, first.Data()["id"], mine.Data()["id"], "keys belong to one person")

	once := api.With("Idempotency-Key", "group-000001")
	group := once.Post("/api/groups:create", `{"code": "g", "title": "G"}`).Want(200)
	require.Equal(t, string(group.Body), string(once.Post("/api/groups:create", `{"code": "g", "title": "G"}`).Want(200).Body))
	require.Equal(t, http.StatusBadRequest, api.Post("/api/groups:create", `{"code": "g", "title": "G"}`).Status)
}

func TestRecords_AReplayShowsWhatMayBeSeenNow(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	grant := func(fields ...string) []models.Grant {
		return []models.Grant{
			{Collection: "reimbursements", Action: models.View, Fields: fields, Scope: models.ScopeAll},
			{Collection: "reimbursements", Action: models.Create, Scope: models.ScopeAll},
		}
	}
	app.Role("clerk", nil, grant("projectName", "amount")...)
	keyed := app.As(app.Person("carla", "clerk")).With("Idempotency-Key", "order-000001")
	require.Contains(t, string(keyed.Post("/api/reimbursements:create", `{"projectName": "A", "amount": 77}`).Want(200).Body), "77")
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		return models.SetGrants(ctx, tx, models.SystemAccess(), models.RoleGrants{Role: "clerk", Grants: grant("projectName")})
	})
	again := keyed.Post("/api/reimbursements:create", `{"projectName": "A", "amount": 77}`).Want(200)
	require.NotContains(t, string(again.Body), "77")
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
}
