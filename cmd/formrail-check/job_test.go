package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// person is somebody with a token at the server under test.
func person(t *testing.T, v *server, email string) *client {
	t.Helper()
	token, err := v.command(t.Context(), "", "token", "create", "--user", email, "--name", "job")
	require.NoError(t, err)
	c := newClient(v.address)
	c.token = token
	return c
}

// TestMainJob is the product's example as three people live it, with the real
// binary: over HTTP, with a kill while a manager is asked.
//
//nolint:paralleltest // loads the machine
func TestMainJob(t *testing.T) {
	t.Run("on SQLite", func(t *testing.T) { mainJob(t, settings{serve: []string{"--demo"}}) })
	t.Run("on PostgreSQL", func(t *testing.T) {
		mainJob(t, settings{serve: []string{"--demo"}, database: emptyPostgres(t)})
	})
}

func mainJob(t *testing.T, s settings) {
	t.Helper()
	ctx, v := t.Context(), serve(t, s)
	designer, manager, employee := person(t, v, "dana@demo.example"), person(t, v, "mara@demo.example"), person(t, v, "emil@demo.example")

	paid := func() int {
		r := designer.call(ctx, "GET", "/api/payments:list?pageSize=500", "", nil)
		require.Equal(t, 200, r.status, r.body)
		return len(r.list())
	}
	before := paid()
	submit := func(amount string, more string) reply {
		return exactly(t, v.address()+"/api/reimbursements:create"+more, employee.token, `{"projectName":"Team offsite","amount":`+amount+`}`)
	}
	execution := func(r reply) map[string]any {
		require.Equal(t, 200, r.status, r.body)
		meta, _ := r.body["meta"].(map[string]any)
		started, _ := meta["triggers"].([]any)
		require.Len(t, started, 1, r.body)
		m, _ := started[0].(map[string]any)
		require.Equal(t, "started", m["result"], r.body)
		return m
	}
	status := func(id any, want ...string) map[string]any {
		var got map[string]any
		require.Eventually(t, func() bool {
			r := designer.call(ctx, "GET", fmt.Sprintf("/api/executions:get/%v", id), "", nil)
			got = r.data()
			return r.status == 200 && strings.Contains(strings.Join(want, " "), fmt.Sprint(got["status"]))
		}, 20*time.Second, 20*time.Millisecond, "execution %v is %v", id, got)
		return got
	}

	small, big := submit("120", "?triggerWorkflows=reimb_approval"), submit("1250.00", "?triggerWorkflows=reimb_approval")
	first, second := execution(small), execution(big)
	status(first["executionId"], "succeeded")
	status(second["executionId"], "waiting")
	require.Equal(t, before+1, paid(), "120 is approved at once, 1,250 waits")
	unbound := submit("900", "")
	require.Equal(t, 200, unbound.status)
	if meta, ok := unbound.body["meta"].(map[string]any); ok {
		require.Empty(t, meta["triggers"], "a form without binding starts nothing")
	}

	v.kill()
	require.NoError(t, v.start(ctx, ""))

	var task any
	for _, row := range manager.call(ctx, "GET", "/api/tasks:list", "", nil).list() {
		if m, ok := row.(map[string]any); ok && strings.Contains(fmt.Sprint(m["title"]), "Team offsite") {
			task = m["id"]
		}
	}
	require.NotNil(t, task)
	require.GreaterOrEqual(t, employee.call(ctx, "POST", fmt.Sprintf("/api/tasks:reject/%v", task), "", map[string]any{}).status, 403, "the applicant may not decide")
	answers := make(chan reply, 2)
	for range 2 {
		go func() {
			answers <- manager.call(context.Background(), "POST", fmt.Sprintf("/api/tasks:approve/%v", task), "", map[string]any{"comment": "Within budget."})
		}()
	}
	a, b := <-answers, <-answers
	if a.status != 200 {
		a, b = b, a
	}
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, 409, b.status, b.body)
	require.Contains(t, fmt.Sprint(b.body), "winner")
	done := status(second["executionId"], "succeeded")
	require.Equal(t, before+2, paid(), "both payments exist once")
	var path []string
	steps, _ := done["steps"].([]any)
	for _, st := range steps {
		m, _ := st.(map[string]any)
		path = append(path, fmt.Sprint(m["type"]))
	}
	require.Contains(t, path, "approval")
	require.Contains(t, path, "create_record")

	for _, call := range []struct{ path, body string }{
		{"/api/workflows:commands/reimb_approval", `{"commands":[{"command":"set_trigger","args":{"field":"mode","value":"global"}},{"command":"set_trigger","args":{"field":"actions","value":["create"]}}]}`},
		{"/api/workflows:publish/reimb_approval", `{}`},
	} {
		r := exactly(t, v.address()+call.path, designer.token, call.body)
		require.Equal(t, 200, r.status, r.body)
	}
	status(execution(designerSees(t, v, designer, submit("60", "")))["executionId"], "succeeded", "failed")
	doctor, err := v.command(ctx, "", "doctor")
	require.NoError(t, err, doctor)
}

// designerSees finds the execution that a record started: callers who did not name
// a workflow are not told about it.
func designerSees(t *testing.T, v *server, designer *client, r reply) reply {
	t.Helper()
	require.Equal(t, 200, r.status, r.body)
	var found any
	require.Eventually(t, func() bool {
		list := designer.call(t.Context(), "GET", "/api/executions:list?pageSize=1", "", nil).list()
		if len(list) == 0 {
			return false
		}
		m, _ := list[0].(map[string]any)
		record, _ := m["record"].(map[string]any)
		found = m["id"]
		return fmt.Sprint(record["id"]) == fmt.Sprint(r.data()["id"])
	}, 10*time.Second, 20*time.Millisecond, "in global mode every form starts the workflow")
	return reply{status: 200, body: map[string]any{"meta": map[string]any{"triggers": []any{map[string]any{"result": "started", "executionId": found}}}}}
}

// exactly makes the call the way manuals write it with curl: no content type of
// its own, so curl labels the JSON as a form.
func exactly(t *testing.T, address, token, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return parse(res.StatusCode, text)
}
