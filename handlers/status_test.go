package handlers_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestStatus_TokensThatEnded(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	mia := app.Person("mia", "admin")
	token, signedIn := app.API(app.Token(mia, "records:read:*")), app.As(mia)
	token.Get("/api/reimbursements:list").Want(200)
	signedIn.Get("/api/reimbursements:list").Want(200)
	app.Clock.Advance(13 * time.Hour)
	signedIn.Get("/api/reimbursements:list").WantCode(401, "INVALID_TOKEN")
	app.Clock.Advance(100 * 24 * time.Hour)
	token.Get("/api/reimbursements:list").WantCode(401, "EXPIRED_TOKEN")
}

func TestStatus_RecordsOutOfScope(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Role("own", nil,
		models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeOwn},
		models.Grant{Collection: "reimbursements", Action: models.Update, Scope: models.ScopeOwn})
	app.Role("all", nil,
		models.Grant{Collection: "reimbursements", Action: models.View, Scope: models.ScopeAll},
		models.Grant{Collection: "reimbursements", Action: models.Update, Scope: models.ScopeOwn})
	api.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	narrow, wide := app.As(app.Person("nina", "own")), app.As(app.Person("wanda", "all"))
	narrow.Get("/api/reimbursements:get/1").WantCode(404, "NOT_FOUND")
	foreign := narrow.Post("/api/reimbursements:update/1", `{"projectName": "B"}`).WantCode(403, "OUT_OF_SCOPE")
	missing := narrow.Post("/api/reimbursements:update/99", `{"projectName": "B"}`).WantCode(403, "OUT_OF_SCOPE")
	require.Equal(t, withoutRequest(foreign.Body), withoutRequest(missing.Body), "existence is not revealed")
	wide.Post("/api/reimbursements:update/1", `{"projectName": "B"}`).WantCode(403, "OUT_OF_SCOPE")
	wide.Post("/api/reimbursements:update/99", `{"projectName": "B"}`).WantCode(404, "NOT_FOUND")
}

func TestStatus_TooLargeAResult(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	batch := "["
	for i := range 500 {
		if i > 0 {
			batch += ","
		}
		batch += `{"projectName": "A"}`
	}
	batch += "]"
	for range 5 {
		created := api.Post("/api/reimbursements:create", batch).Want(200).JSON()["data"].([]any) //nolint:forcetypeassert // the test fails otherwise
		require.Len(t, created, 500)
		require.NotContains(t, fmt.Sprint(created[0]), "projectName", "only keys of many")
	}
	api.Get("/api/reimbursements:list?paginate=false").WantCode(413, "RESULT_TOO_LARGE")
	api.Post("/api/reimbursements:create", `[`+batch[1:len(batch)-1]+`,{"projectName": "A"}]`).WantCode(400, "BAD_PARAMETER")
	api.Post(`/api/reimbursements:update?filter={"projectName":"A"}`, `{"projectName": "B"}`).WantCode(400, "BLAST_RADIUS")
}

func TestStatus_ACommentThatIsMissingIsAForm(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	ana := app.Person("ana", "approver")
	app.Workflow(onCreate("flow", fmt.Sprintf(
		`[{"key": "ask", "type": "approval", "config": {"assignees": {"users": [%d]}, "actions": {"reject": {"comment": "required"}}}}]`, ana.ID)))
	api.Post("/api/reimbursements:create?triggerWorkflows=flow", `{"projectName": "A"}`).Want(200)
	app.Idle()
	asked := app.As(ana)
	id := fmt.Sprint(asked.Get("/api/tasks:list").Want(200).List()[0]["id"])
	a := asked.Post("/api/tasks:reject/"+id, `{}`).WantCode(422, "VALIDATION_FAILED")
	require.Equal(t, "comment", a.Errors()[0]["field"])
	asked.Post("/api/tasks:reject/"+id, `{"comment": "No budget"}`).Want(200)
}

func TestStatus_OneKeyAtTheSameTime(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	token := app.SignInToken(app.Root)
	statuses := make([]int, 12)
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() {
			statuses[i] = app.API(token).With("Idempotency-Key", "order-000001").Post("/api/reimbursements:create", `{"projectName": "A"}`).Status
		})
	}
	group.Wait()
	for _, s := range statuses {
		require.Contains(t, []int{200, 409}, s)
	}
	require.Contains(t, statuses, 200)
	require.Len(t, api.Get("/api/reimbursements:list").Want(200).List(), 1)
}

func TestStatus_AnAnswerThatWasLostIsBuiltAgain(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	keyed := api.With("Idempotency-Key", "order-000001")
	first := keyed.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	app.Write(func(ctx context.Context, tx *models.Tx) error { // as if the process had ended before it answered
		_, err := tx.Exec(ctx, "UPDATE idempotency_keys SET status = 0, body = ''")
		return err
	})
	again := keyed.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200)
	require.Equal(t, first.Data(), again.Data())
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.Len(t, api.Get("/api/reimbursements:list").Want(200).List(), 1)
}

// serverOwned are names of columns that no caller may set, on any noun.
func serverOwned() []string {
	return []string{
		"id", "hash", "epoch", "password_hash", "passwordHash", "created_at", "createdAt", "createdById", "wf_key", "live_version", "liveVersion", "draft",
		"draft_revision", "ownerId", "owner_id", "status", "lease_token", "builtin", "for_new", "expires_at", "expiresAt", "last_used_at", "revoked",
		"table_name", "tableName", "deleted_at", "actor_id", "closed_at", "principal_id", "userId", "user_id", "definition", "system",
	}
}

func TestStatus_NobodySetsWhatTheServerOwns(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Person("mia")
	app.Workflow(onCreate("flow", `[]`))
	api.Post("/api/roles:create", `{"name": "clerk", "title": "Clerk"}`).Want(200)
	api.Post("/api/groups:create", `{"code": "g", "title": "G"}`).Want(200)
	state := func() (out []string) {
		for _, path := range []string{"users:get/2", "groups:get/1", "roles:get/clerk", "workflows:get/flow", "collections:get/reimbursements", "apiTokens:list"} {
			out = append(out, string(api.Get("/api/"+path).Want(200).Body))
		}
		return out
	}
	before := state()
	for path, allowed := range map[string][]string{
		"users:create": nil, "users:update/2": nil, "groups:create": nil, "groups:update/1": nil, "roles:create": nil, "roles:update/clerk": nil,
		"workflows:create": nil, "workflows:update/flow": nil, "workflows:publish/flow": nil, "apiTokens:create": nil, "auth:changePassword": nil,
		"collections:create": nil, "collections:update/reimbursements": nil, "collections/reimbursements/fields:create": nil,
		"collections/reimbursements/fields:update/amount": nil, "roles/clerk/grants:create": nil, "workflows:commands/flow": {"id"},
	} {
		for _, name := range serverOwned() {
			if len(allowed) > 0 && allowed[0] == name {
				continue
			}
			a := api.Post("/api/"+path, `{"`+name+`": 99}`)
			require.Equal(t, 400, a.Status, "%s %s: %s", path, name, a.Body)
		}
	}
	require.Equal(t, before, state())
}

func TestStatus_SetupComesFirst(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Fresh: true, Pages: somePages})
	for _, path := range []string{"/api/reimbursements:list", "/things/7", "/nothing", "/live?topics=tasks"} {
		a := app.Visitor().Get(path).Want(503)
		require.NotEmpty(t, a.Header.Get("Retry-After"), path)
		require.Contains(t, string(a.Body), "SETUP_REQUIRED")
	}
	app.Visitor().Get("/static/0/app.css").Want(404)
}
