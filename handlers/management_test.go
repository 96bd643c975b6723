package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
	"formrail/models/field"
)

func TestCollections_AreDesignedOverTheAPI(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	api := app.As(app.Root)
	made := api.Post("/api/collections:create", reimbursements).Want(200).Data()
	require.Equal(t, "reimbursements", made["name"])
	api.Post("/api/collections:create", `{"name": "x", "colour": 1, "fields": [{"name": "a", "type": "nothing"}]}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/collections:create", reimbursements).WantCode(400, "NOT_UNIQUE")
	require.Len(t, api.Get("/api/collections:list").Want(200).List(), 2, "and the people")

	field := api.Post("/api/collections/reimbursements/fields:create", `{"name": "note", "type": "longText", "title": "Note"}`).Want(200).Data()
	require.Equal(t, "longText", field["type"])
	changed := api.Post("/api/collections/reimbursements/fields:update/note", `{"title": "Remark"}`).Want(200).Data()
	require.Equal(t, "Remark", changed["title"])
	api.Post("/api/collections/reimbursements/fields:update/note", `{"type": "integer"}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/collections/reimbursements/fields:update/note", `{"name": "remark"}`).Want(200)
	api.Get("/api/collections/reimbursements/fields:get/remark").Want(200)
	api.Post("/api/collections/reimbursements/fields:destroy/remark", "").Want(200)
	api.Get("/api/collections/reimbursements/fields:get/remark").WantCode(404, "NOT_FOUND")
	api.Post("/api/collections/reimbursements/fields:restore/remark", "").Want(200)

	require.Equal(t, "Claims", api.Post("/api/collections:update/reimbursements", `{"title": "Claims"}`).Want(200).Data()["title"])
	api.Post("/api/collections:destroy/reimbursements", "").Want(200)
	api.Get("/api/reimbursements:list").WantCode(404, "NOT_FOUND")
	api.Post("/api/collections:restore/reimbursements", "").Want(200)
	api.Get("/api/reimbursements:list").Want(200)
}

func TestCollections_AChangeThatIsUsedAsksForAConfirmation(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", `[{"key": "c", "type": "condition", "config": {"mode": "continue", "when": {"all": [{"left": "{{ trigger.data.amount }}", "op": "gt", "right": 5}]}}}]`))
	a := api.Post("/api/collections/reimbursements/fields:destroy/amount", "").WantCode(409, "IMPACT_CONFIRMATION_REQUIRED")
	data, _ := a.Errors()[0]["data"].(map[string]any)
	require.NotEmpty(t, data["usages"])
	require.NotEmpty(t, api.Get("/api/collections:usage/reimbursements?field=amount").Want(200).List())
	api.Post("/api/collections/reimbursements/fields:destroy/amount?confirm=wrong", "").WantCode(409, "IMPACT_CONFIRMATION_REQUIRED")
	api.Post(fmt.Sprintf("/api/collections/reimbursements/fields:destroy/amount?confirm=%s", data["confirm"]), "").Want(200)
}

func TestWorkflows_AreBuiltPublishedAndRunOverTheAPI(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	made := api.Post("/api/workflows:create", `{"title": "Check it", "type": "action", "config": {"collection": "reimbursements"}, "nodes": []}`).Want(200).Data()
	require.Equal(t, "check_it", made["key"])
	require.Equal(t, "post_action", made["type"])
	state := api.Post("/api/workflows:commands/check_it",
		`{"base": 1, "commands": [{"command": "add_node", "args": {"type": "end", "key": "e", "at": {"parent": "", "branch": "", "index": 0}}}]}`).Want(200).Data()
	require.Equal(t, "2", fmt.Sprint(state["revision"]))
	require.NotNil(t, state["undo"])
	require.Len(t, api.Get("/api/workflows/check_it/nodes:list").Want(200).List(), 1)
	api.Post("/api/workflows:undo/check_it", "").Want(200)
	require.Empty(t, api.Get("/api/workflows/check_it/nodes:list").Want(200).List())
	api.Post("/api/workflows:redo/check_it", "").Want(200)
	api.Post("/api/workflows:undo/unknown", "").WantCode(404, "NOT_FOUND")
	require.NotNil(t, api.Get("/api/workflows:validate/check_it").Want(200).Data()["findings"])

	api.Post("/api/workflows:update/check_it", `{"enabled": true}`).WantCode(400, "NO_LIVE_VERSION")
	api.Post("/api/workflows:publish/check_it", `{"base": 1}`).WantCode(409, "DRAFT_CHANGED")
	version, _ := api.Post("/api/workflows:publish/check_it", `{"note": "first"}`).Want(200).Data()["version"].(map[string]any)
	require.Equal(t, "1", fmt.Sprint(version["number"]))
	require.Equal(t, true, api.Post("/api/workflows:update/check_it", `{"enabled": true, "title": "Checked"}`).Want(200).Data()["enabled"])
	api.Post("/api/workflows:update/check_it", `{"sync": true}`).WantCode(400, "IMMUTABLE_FIELD")
	live := api.Get("/api/workflows:get/check_it?version=live&appends=nodes,versions,stats,findings").Want(200).Data()
	require.NotEmpty(t, live["nodes"])
	require.NotEmpty(t, live["versions"])

	id := api.Post("/api/reimbursements:create", `{"projectName": "A"}`).Want(200).Data()["id"]
	run, _ := api.Post("/api/workflows:execute/check_it?wait=10", fmt.Sprintf(`{"filterByTk": %s, "action": "create"}`, id)).Want(200).Data()["execution"].(map[string]any)
	require.Equal(t, "succeeded", run["status"])
	api.Post("/api/workflows:execute/unknown", `{}`).WantCode(404, "NOT_FOUND")
	api.Post("/api/workflows:execute/check_it", `{}`).Want(400)

	list := api.Get("/api/executions:list?workflow=check_it&status=succeeded").Want(200).List()
	require.Len(t, list, 1)
	require.IsType(t, "", list[0]["id"])
	require.Len(t, api.Get(fmt.Sprintf(`/api/executions:list?record={"collection":"reimbursements","id":%s}`, id)).Want(200).List(), 1)
	require.Empty(t, api.Get(`/api/executions:list?collection=reimbursements&filterByTk=99`).Want(200).List())
	api.Get("/api/executions:list?status=nonsense").WantCode(400, "BAD_PARAMETER")
	api.Post(fmt.Sprintf("/api/executions:cancel/%s", run["id"]), `{}`).WantCode(400, "EXECUTION_ENDED")
	again := api.Post(fmt.Sprintf("/api/executions:rerun/%s", run["id"]), ``).Want(200).Data()
	require.Equal(t, run["id"], again["rerunOf"])
	app.Idle()
	first := api.Get("/api/executions:list?pageSize=1").Want(200)
	require.Equal(t, true, first.Meta()["hasNext"])
	require.Len(t, api.Get(fmt.Sprintf("/api/executions:list?pageSize=1&cursor=%s", first.Meta()["nextCursor"])).Want(200).List(), 1)

	api.Post("/api/workflows:destroy/check_it", "").Want(200)
	api.Get("/api/workflows:get/check_it").WantCode(404, "NOT_FOUND")
}

func TestWorkflows_AnInvalidDefinitionIsRefusedWithOneEntryEach(t *testing.T) {
	t.Parallel()
	_, api := start(t)
	a := api.Post("/api/workflows:create", `{"title": "A", "type": "post_action", "config": {"colour": 1}, "nodes": [{"key": "a", "type": "nothing"}, {"key": "A!", "type": "end"}]}`).
		WantCode(400, "DEFINITION_INVALID")
	require.NotEmpty(t, a.Errors())
	api.Post("/api/workflows:create", `{"title": "A", "type": "nothing"}`).Want(400)
	api.Post("/api/workflows:create", `{"title": "", "type": "post_action"}`).WantCode(400, "VALIDATION_FAILED")
	api.Post("/api/workflows:create", `{"title": "A", "type": "post_action", "sync": "maybe"}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/workflows:create", `{"title": "A", "type": "post_action", "owner": 1}`).WantCode(400, "BAD_PARAMETER")
	require.Empty(t, api.Get("/api/workflows:list").Want(200).List())
}

// approval asks Ana.
func approval(id int64) string {
	return fmt.Sprintf(`[{"key": "ask", "type": "approval", "config": {"assignees": {"users": [%d]}}}]`, id)
}

func TestTasks_AreDecidedOnceByThoseWhoAreAsked(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	ana := app.Person("ana", "approver")
	app.Workflow(onCreate("flow", approval(ana.ID)))
	api.Post("/api/reimbursements:create?triggerWorkflows=flow", `{"projectName": "Offsite"}`).Want(200)
	app.Idle()
	asked := app.As(ana)
	list := asked.Get("/api/tasks:list").Want(200).List()
	require.Len(t, list, 1)
	id := fmt.Sprint(list[0]["id"])
	require.Equal(t, "1", fmt.Sprint(asked.Get("/api/tasks:counts").Want(200).Data()["todo"]))
	got := asked.Get("/api/tasks:get/" + id).Want(200).Data()
	require.Equal(t, []any{"approve", "reject"}, got["actions"])
	content, _ := got["content"].(map[string]any)
	require.Equal(t, "Offsite", content["projectName"])

	stranger := app.As(app.Person("stan"))
	stranger.Get("/api/tasks:get/"+id).WantCode(404, "NOT_FOUND")
	require.Equal(t, withoutRequest(stranger.Get("/api/tasks:get/"+models.NewID()).Body), withoutRequest(stranger.Get("/api/tasks:get/"+id).Body), "both read alike")
	stranger.Post("/api/tasks:approve/"+id, `{}`).WantCode(404, "NOT_FOUND")
	asked.Post("/api/tasks:approve/"+id, `{"seen": "something else"}`).WantCode(409, "CONTENT_CHANGED")
	asked.Post("/api/tasks:approve/"+id, fmt.Sprintf(`{"version": %s, "seen": "%s", "comment": "fine"}`, got["version"], got["seen"])).Want(200)
	lost := asked.Post("/api/tasks:reject/"+id, `{}`).WantCode(409, "TASK_DECIDED")
	data, _ := lost.Errors()[0]["data"].(map[string]any)
	require.NotNil(t, data["winner"])
	app.Idle()
	require.Len(t, asked.Get("/api/tasks:list?tab=done").Want(200).List(), 1)
	require.Equal(t, "succeeded", api.Get("/api/executions:list").Want(200).List()[0]["status"])
	require.NotEmpty(t, asked.Get("/api/notifications:list").Want(200).List())
	asked.Post("/api/notifications:readAll", "").Want(200)
	require.NotNil(t, asked.Get("/api/notifications:list").Want(200).List()[0]["readAt"])
}

func TestExecutions_PayloadIsForThoseWhoMayReadIt(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Role("starter", nil, models.Grant{Collection: "reimbursements", Action: models.Create, Scope: models.ScopeAll})
	app.Role("watcher", []string{"execution.view"})
	app.Role("reader", []string{"execution.view", "execution.payload"},
		models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"projectName"}, Scope: models.ScopeAll})
	flow := onCreate("flow", sayThanks)
	flow.Sync = true
	app.Workflow(flow)
	sam := app.As(app.Person("sam", "starter"))
	sam.Post("/api/reimbursements:create?triggerWorkflows=flow", `{"projectName": "Offsite", "amount": 4711}`).Want(200)
	app.Idle()
	path := fmt.Sprintf("/api/executions:get/%s", api.Get("/api/executions:list").Want(200).List()[0]["id"])
	require.Contains(t, string(api.Get(path).Want(200).Body), "4711")

	own := sam.Get(path).Want(200).Data()
	require.Equal(t, "succeeded", own["status"])
	require.Equal(t, []any{"Thank you"}, own["messages"])
	require.NotContains(t, own, "trigger")
	require.Len(t, sam.Get("/api/executions:list").Want(200).List(), 1)

	watcher := app.As(app.Person("wim", "watcher")).Get(path).Want(200)
	require.NotContains(t, string(watcher.Body), "4711")
	require.Nil(t, watcher.Data()["trigger"])
	reader := app.As(app.Person("rita", "reader")).Get(path).Want(200)
	require.Contains(t, string(reader.Body), "Offsite")
	require.NotContains(t, string(reader.Body), "4711", "a field he may not read")
	other := app.As(app.Person("otto"))
	other.Get(path).WantCode(404, "NOT_FOUND")
	require.Empty(t, other.Get("/api/executions:list").Want(200).List())
}

func TestPeople_AreManagedOverTheAPI(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	api := app.As(app.Root)
	made := api.Post("/api/users:create", `{"email": "ana@example.com", "nickname": "Ana", "password": "`+handlerstest.Password+`", "roles": ["designer"]}`).Want(200).Data()
	require.Equal(t, []any{"designer"}, made["roles"])
	api.Post("/api/users:create", `{"email": "ana@example.com"}`).WantCode(400, "NOT_UNIQUE")
	api.Post("/api/users:create", `{"email": "x@example.com", "epoch": 9, "status": "active"}`).WantCode(400, "BAD_PARAMETER")
	require.Equal(t, "Anna", api.Post(fmt.Sprintf("/api/users:update/%s", made["id"]), `{"nickname": "Anna"}`).Want(200).Data()["nickname"])
	require.Equal(t, []any{"designer"}, api.Get(fmt.Sprintf("/api/users:get/%s", made["id"])).Want(200).Data()["roles"])
	require.Len(t, api.Get("/api/users:list?sort=-id").Want(200).List(), 2)

	mia := app.As(app.Person("mia"))
	mia.Post(fmt.Sprintf("/api/users:update/%s", made["id"]), `{}`).WantCode(403, "NO_PERMISSION")
	mia.Post("/api/users:create", `{"email": "y@example.com"}`).WantCode(403, "NO_PERMISSION")

	group := api.Post("/api/groups:create", `{"code": "finance", "title": "Finance"}`).Want(200).Data()
	path := fmt.Sprintf("/%s", group["id"])
	api.Post("/api/groups:addMembers"+path, fmt.Sprintf(`{"users": [%s]}`, made["id"])).Want(200)
	require.Len(t, api.Get("/api/groups:get" + path).Want(200).Data()["members"], 1)
	api.Post("/api/groups:removeMembers"+path, fmt.Sprintf(`{"users": [%s]}`, made["id"])).Want(200)
	api.Post("/api/groups:destroy"+path, "").Want(200)
	api.Get("/api/groups:get"+path).WantCode(404, "NOT_FOUND")
}

func TestRoles_GiveOnlyWhatTheGiverHas(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	api.Post("/api/roles:create", `{"name": "clerk", "title": "Clerk", "rights": ["workflow.view"]}`).Want(200)
	grant := api.Post("/api/roles/clerk/grants:create", `{"collection": "reimbursements", "action": "view", "fields": ["projectName"], "scope": "own"}`).Want(200).Data()
	require.Equal(t, []any{"projectName"}, grant["fields"])
	api.Post(fmt.Sprintf("/api/roles/member/grants:destroy/%s", grant["id"]), "").WantCode(404, "NOT_FOUND")
	api.Post("/api/roles/clerk/grants:set", `{"grants": [{"collection": "reimbursements", "action": "create"}]}`).Want(200)
	require.Len(t, api.Get("/api/roles/clerk/grants:list").Want(200).List(), 1)

	admin := app.As(app.Person("adam", "admin"))
	admin.Post("/api/roles:create", `{"name": "king", "title": "King", "rights": ["instance.keys"]}`).WantCode(403, "NO_PERMISSION")
	explain := admin.Get("/api/permissions:explain?collection=reimbursements&action=purge").Want(200).Data()
	require.Equal(t, false, explain["allowed"])
	carla := app.As(app.Person("carla", "clerk"))
	require.Equal(t, true, carla.Get("/api/permissions:explain?collection=reimbursements&action=create").Want(200).Data()["allowed"])
	carla.Get("/api/permissions:explain?collection=reimbursements&action=create&user=1").WantCode(403, "NO_PERMISSION")
	require.Len(t, carla.Get("/api/roles:check").Want(200).Data()["roles"], 2)
	api.Post("/api/roles:destroy/clerk", "").Want(200)
}

func TestAuth_SignsInAndOutWithAToken(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	app.Person("mia", "designer")
	a := app.Anonymous().Post("/api/auth:signIn", `{"account": "mia@example.com", "password": "`+handlerstest.Password+`"}`).Want(200)
	require.Empty(t, a.Header.Get("Set-Cookie"))
	token := fmt.Sprint(a.Data()["token"])
	api := app.API(token)
	require.Equal(t, "mia", api.Get("/api/auth:check").Want(200).Data()["user"].(map[string]any)["nickname"])
	app.Anonymous().Post("/api/auth:signIn", `{"account": "mia@example.com", "password": "wrong"}`).WantCode(401, "BAD_SIGN_IN")
	app.Anonymous().Post("/api/auth:signIn", `{"account": "nobody@example.com", "password": "wrong"}`).WantCode(401, "BAD_SIGN_IN")

	switched := fmt.Sprint(api.Post("/api/roles:switch", `{"role": "member"}`).Want(200).Data()["token"])
	api.Get("/api/auth:check").WantCode(401, "INVALID_TOKEN")
	app.API(switched).Get("/api/workflows:list").WantCode(403, "NO_PERMISSION")
	app.API(switched).Post("/api/roles:switch", `{"role": "root"}`).WantCode(403, "ROLE_NOT_ALLOWED")
	app.API(switched).Post("/api/auth:signOut", "").Want(200)
	app.API(switched).Get("/api/auth:check").WantCode(401, "INVALID_TOKEN")
	for range 6 {
		app.Anonymous().Post("/api/auth:signIn", `{"account": "zoe@example.com", "password": "wrong"}`)
	}
	late := app.Anonymous().Post("/api/auth:signIn", `{"account": "zoe@example.com", "password": "wrong"}`).Want(429)
	require.NotEmpty(t, late.Header.Get("Retry-After"))
}

func TestTokens_AreMadeAndRevoked(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	made := api.With("Idempotency-Key", "token-000001").Post("/api/apiTokens:create", `{"name": "CI", "scopes": ["records:read:reimbursements"]}`).Want(200).Data()
	token := app.API(fmt.Sprint(made["token"]))
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		var kept int
		require.NoError(t, tx.QueryRow(ctx, "SELECT COUNT(*) FROM idempotency_keys").Scan(&kept))
		require.Zero(t, kept, "a token is told once and kept nowhere")
		return nil
	})
	token.Get("/api/reimbursements:list").Want(200)
	token.Get("/api/users:list").WantCode(403, "SCOPE_MISSING")
	token.Post("/api/apiTokens:create", `{"name": "more", "scopes": ["schema"]}`).WantCode(403, "SCOPE_MISSING")
	token.Post("/api/roles:switch", `{"role": "root"}`).WantCode(403, "SCOPE_MISSING")
	token.Get("/api/reimbursements:list?appends=applicant").Want(200)
	require.NotContains(t, string(api.Get("/api/apiTokens:list").Want(200).Body), fmt.Sprint(made["token"]))
	api.Post("/api/apiTokens:create", `{"name": "CI", "scopes": ["everything"]}`).WantCode(400, "VALIDATION_FAILED")
	narrow := app.API(fmt.Sprint(api.Post("/api/apiTokens:create", `{"name": "N", "scopes": ["records:read:*"], "role": "member"}`).Want(200).Data()["token"]))
	narrow.Get("/api/reimbursements:list").WantCode(403, "NO_PERMISSION")
	narrow.With("X-Role", "member").Get("/api/reimbursements:list").WantCode(403, "NO_PERMISSION")
	narrow.With("X-Role", "root").Get("/api/reimbursements:list").WantCode(403, "ROLE_NOT_ALLOWED")
	api.Post(fmt.Sprintf("/api/apiTokens:destroy/%s", made["id"]), "").Want(200)
	token.Get("/api/reimbursements:list").WantCode(401, "BLOCKED_TOKEN")
}

func TestTokens_PublishWithoutElevation(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	nodes := `[{"key": "u", "type": "update_record", "config": {"collection": "reimbursements", "filter": {"id": 1}, "values": {"status": "approved"}}},
		{"key": "s", "type": "javascript", "config": {"code": "return 1"}}]`
	api.Post("/api/workflows:create", `{"key": "flow", "title": "Flow", "type": "post_action", "config": {"collection": "reimbursements"}, "nodes": `+nodes+`}`).Want(200)
	token := app.API(app.Token(app.Root, "workflows:read", "workflows:write"))
	token.Post("/api/workflows:publish/flow", `{"elevate": ["u"]}`).WantCode(403, "SCOPE_MISSING")
	require.Empty(t, token.Post("/api/workflows:publish/flow", `{}`).Want(200).Data()["elevated"])
	require.Equal(t, []any{"u"}, api.Post("/api/workflows:publish/flow", `{}`).Want(200).Data()["elevated"])
}

func TestFeeds_ShowWhatMayBeSeen(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	api.Post("/api/reimbursements:create", `{"projectName": "Offsite-4711"}`).Want(200)
	events := api.Get("/api/events:list?type=reimbursements").Want(200)
	require.Len(t, events.List(), 1)
	require.Contains(t, string(events.Body), "Offsite-4711")
	app.Role("listener", []string{"event.read"})
	listener := app.As(app.Person("lea", "listener")).Get("/api/events:list?type=reimbursements").Want(200)
	require.Len(t, listener.List(), 1, "that it happened")
	require.NotContains(t, string(listener.Body), "Offsite-4711")
	require.NotEmpty(t, api.Get("/api/auditLog:list?objectType=collection").Want(200).List())
}

func TestWorkflows_CarryCategoriesAndComeBackFromTheBinOverTheAPI(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	category := fmt.Sprint(api.Post("/api/workflowCategories:create", `{"title": "Finance", "colour": "green"}`).Want(200).Data()["id"])
	other := fmt.Sprint(api.Post("/api/workflowCategories:create", `{"title": "People"}`).Want(200).Data()["id"])
	api.Post("/api/workflowCategories:create", `{"title": "finance"}`).WantCode(400, "NOT_UNIQUE")
	api.Post("/api/workflowCategories:update/"+other, `{"title": "Staff"}`).Want(200)
	api.Post("/api/workflowCategories:move/"+other, `{"by": -1}`).Want(200)
	require.Equal(t, "Staff", api.Get("/api/workflowCategories:list").Want(200).List()[0]["title"])
	api.Post("/api/workflows:create", `{"title": "Check it", "type": "post_action", "config": {"collection": "reimbursements"}, "categoryIds": [`+category+`]}`).Want(200)
	api.Post("/api/workflows:create", `{"title": "Other", "type": "post_action", "categoryIds": [99]}`).WantCode(400, "VALIDATION_FAILED")
	api.Post("/api/workflows:create", `{"title": "Other", "type": "post_action"}`).Want(200)
	require.Len(t, api.Get("/api/workflows:list?category="+category).Want(200).List(), 1)
	require.Len(t, api.Get("/api/workflows:list?category=none").Want(200).List(), 1)
	require.Empty(t, api.Get("/api/workflows:list?sync=true").Want(200).List())
	api.Get("/api/executions:list?since=yesterday").WantCode(400, "BAD_PARAMETER")
	api.Get("/api/executions:list?version=1").WantCode(400, "BAD_PARAMETER")
	api.Get("/api/executions:list?version=1&workflow=check_it").WantCode(404, "NOT_FOUND")
	api.Get("/api/executions:list?since=2026-11-22T09:30:00Z").Want(200)
	require.Len(t, api.Get("/api/workflows:list?draftChanged=true&enabled=false").Want(200).List(), 2)
	api.Post("/api/workflows:update/check_it", `{"categories": [`+other+`]}`).Want(200)
	api.Post("/api/workflows:update/check_it", `{"categories": ["x"]}`).WantCode(400, "VALIDATION_FAILED")
	require.Empty(t, api.Get("/api/workflows:list?category="+category).Want(200).List())
	require.Equal(t, "["+other+"]", fmt.Sprint(api.Get("/api/workflows:list?category=" + other).Want(200).List()[0]["categories"]))
	api.Post("/api/workflowCategories:destroy/"+other, "").Want(200)
	api.Post("/api/workflowCategories:destroy/"+other, "").WantCode(404, "NOT_FOUND")
	api.Get("/api/workflows:get/check_it").Want(200)

	api.Post("/api/workflows:destroy/check_it", "").Want(200)
	bin := api.Get("/api/workflows:bin").Want(200).List()
	require.Len(t, bin, 1)
	require.Equal(t, "check_it", bin[0]["key"])
	require.Equal(t, "check_it", api.Post("/api/workflows:revive/"+fmt.Sprint(bin[0]["id"]), "").Want(200).Data()["key"])
	api.Post("/api/workflows:revive/"+fmt.Sprint(bin[0]["id"]), "").WantCode(404, "NOT_FOUND")
	reader := app.Person("reader")
	app.Role("looker", []string{"workflow.view"})
	looker := app.As(app.Person("lena", "looker"))
	for path, body := range map[string]string{"workflowCategories:create": `{"title": "A"}`, "workflowCategories:destroy/" + category: "", "workflows:revive/1": "", "workflows:destroy/check_it": ""} {
		looker.Post("/api/"+path, body).Want(403)
		app.As(reader).Post("/api/"+path, body).Want(403)
	}
	app.As(reader).Get("/api/workflowCategories:list").Want(403)
}

func TestWorkflows_OneThatAButtonStartsIsDeletedOnlyWhenConfirmed(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", `[]`))
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		v, err := field.ParseJSON([]byte(`{ "key": "claims", "title": "Claims", "rows": [ { "columns": [ { "width": 12, "blocks": [ { "id": "f1", "type": "createForm", "collection": "reimbursements", "fields": [],
			"actions": [ { "id": "send", "type": "submit", "bindings": [ { "workflow": "flow", "path": "", "order": 1 } ] } ] } ] } ] } ] }`))
		if err != nil {
			return err
		}
		p, problems := models.ReadPage(v)
		if found := models.Problems(problems); found != nil {
			return found
		}
		return models.SavePage(ctx, tx, models.SystemAccess(), p)
	})
	a := api.Post("/api/workflows:destroy/flow", "").WantCode(409, "IN_USE")
	require.NotNil(t, a.Errors()[0]["data"])
	api.Get("/api/workflows:get/flow").Want(200)
	api.Post("/api/workflows:destroy/flow", `{"confirm": true}`).Want(200)
	api.Get("/api/workflows:get/flow").WantCode(404, "NOT_FOUND")
}

func TestInstance_IsReleasedByOwnersOnly(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Held: true})
	owner, admin := app.As(app.Root), app.As(app.Person("adam", models.RoleAdmin))
	require.Equal(t, true, owner.Get("/api/instance:get").Want(200).Data()["held"])
	admin.Post("/api/instance:release", "").WantCode(403, "NO_PERMISSION")
	made := owner.Post("/api/apiTokens:create", `{"name": "CI", "scopes": ["schema"]}`).Want(200).Data()
	app.API(fmt.Sprint(made["token"])).Post("/api/instance:release", "").WantCode(403, "SCOPE_MISSING")
	require.Equal(t, map[string]any{"held": false, "restoredAt": nil, "heldExecutions": json.Number("0")}, owner.Post("/api/instance:release", "").Want(200).Data())
	owner.Post("/api/instance:release", "").WantCode(409, "NOT_HELD")
}
