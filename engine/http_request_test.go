package engine_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// receiver is another system: it keeps what it was sent, and answers the n-th call as
// it is told.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	keys  []string
	texts []string
}

func receive(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	v := &receiver{}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		v.mu.Lock()
		v.keys, v.texts = append(v.keys, r.Header.Get("Idempotency-Key")), append(v.texts, string(body))
		n := len(v.keys)
		v.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *receiver) calls() (keys, texts []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.keys...), append([]string(nil), v.texts...)
}

// calling is a workflow of one call with more settings and more properties of the node.
func calling(v *receiver, settings, node string) string {
	return flow("call", fmt.Sprintf(`[{"key":"a","type":"http_request",%s"config":{"url":"%s/x","json":{"title":"{{ trigger.data.title }}"}%s}}]`, node, v.URL, settings))
}

func answers(codes ...int) func(int, http.ResponseWriter, *http.Request) {
	return func(n int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(codes[min(n, len(codes))-1])
		fmt.Fprintf(w, `{"n":%d}`, n)
	}
}

func httpWorld(t *testing.T, db *models.DB, clock models.Clock, v *receiver) *worldtest.World {
	t.Helper()
	w := notesWorld(t, db, clock, &worldtest.Outside{})
	w.Outbound(v.Listener.Addr().String())
	return w
}

// later moves the clock and lets the engine look at it.
func later(w *worldtest.World, d time.Duration) {
	w.Clock().Advance(d)
	w.Restart()
	w.Idle()
}

// running says what is stored of the only step there is.
func running(ctx context.Context, db *models.DB) string {
	list, err := models.Executions(ctx, db.Read(), models.ExecutionFilter{})
	if err != nil || len(list) != 1 {
		return fmt.Sprint(len(list), err)
	}
	steps, err := models.StepsOf(ctx, db.Read(), list[0].ID)
	if err != nil || len(steps) != 1 {
		return fmt.Sprint(len(steps), err)
	}
	return fmt.Sprint(steps[0].Status, " ", steps[0].Attempt)
}

func TestHTTPRequest_RetriesWithOneKeyAndKeepsTheIntent(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		var intents []string
		v := receive(t, func(n int, w http.ResponseWriter, r *http.Request) {
			// What is committed while the call is under way.
			intents = append(intents, running(t.Context(), db))
			answers(503, 200)(n, w, r)
		})
		w := httpWorld(t, db, clock, v)
		w.Workflow(calling(v, `,"idempotent":"yes"`, ""))
		id := start(t, w, "call")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status, x.Error)
		require.Contains(t, steps[0].Error, `"HTTP_STATUS"`)
		w.Sound()
		later(w, 3*time.Second)
		x, steps = w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, 2, steps[0].Attempt)
		require.Contains(t, steps[0].Output, `"data":{"n":2}`)
		keys, texts := v.calls()
		require.Len(t, keys, 2)
		require.NotEmpty(t, keys[0])
		require.Equal(t, keys[0], keys[1])
		require.Equal(t, []string{`{"title":"a"}`, `{"title":"a"}`}, texts)
		require.Equal(t, []string{"running 1", "running 2"}, intents)
		w.Sound()
	})
}

func TestHTTPRequest_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	for after, hour := range map[string]bool{"120": false, "86400": true} {
		clock := modelstest.NewClock()
		v := receive(t, func(n int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", after)
			answers(429, 201)(n, w, r)
		})
		w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
		w.Workflow(calling(v, `,"method":"PUT"`, ""))
		id := start(t, w, "call")
		w.Idle()
		wait := 2 * time.Minute
		if hour {
			wait = time.Hour // nobody is let wait longer
		}
		later(w, wait-time.Second)
		keys, _ := v.calls()
		require.Len(t, keys, 1, "not before its time")
		later(w, 2*time.Second)
		x, _ := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		keys, _ = v.calls()
		require.Len(t, keys, 2)
		require.Equal(t, keys[0], keys[1])
		w.Sound()
	}
}

func TestHTTPRequest_TriesOnceWhatMayNotBeRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, settings, node string
		codes                []int
		calls                int
		status               models.Status
	}{
		{"POST", "", "", []int{503}, 1, models.Failed},
		{"PUT that may not", `,"method":"PUT","idempotent":"no"`, "", []int{503}, 1, models.Failed},
		{"POST with a policy of its own", "", `"retry":{"attempts":2},`, []int{503}, 2, models.Failed},
		{"PUT", `,"method":"PUT"`, "", []int{503}, 3, models.Failed},
		{"PUT whose policy lists other failures", `,"method":"PUT"`, `"retry":{"on":["network","http_429"]},`, []int{503}, 1, models.Failed},
		{"PUT whose policy lists this one", `,"method":"PUT"`, `"retry":{"on":["http_429"]},`, []int{429, 200}, 2, models.Succeeded},
		{"PUT that is refused", `,"method":"PUT"`, "", []int{404}, 1, models.Failed},
		{"a status that was expected", `,"success":"404"`, "", []int{404}, 1, models.Succeeded},
		{"going on all the same", "", `"onError":"continue",`, []int{500}, 1, models.Succeeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock, v := modelstest.NewClock(), receive(t, answers(c.codes...))
			w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
			w.Workflow(calling(v, c.settings, c.node))
			id := start(t, w, "call")
			w.Idle()
			for range 3 {
				later(w, time.Minute)
			}
			x, _ := w.Execution(id)
			require.Equal(t, c.status, x.Status, x.Error)
			keys, _ := v.calls()
			require.Len(t, keys, c.calls)
			w.Sound()
		})
	}
}

func TestHTTPRequest_DeathInFlightFollowsTheSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]models.Status{
		`,"method":"PUT"`: models.Succeeded, `,"idempotent":"yes"`: models.Succeeded, "": models.Waiting, `,"method":"PUT","idempotent":"no"`: models.Waiting,
	} {
		clock, v := modelstest.NewClock(), receive(t, answers(200))
		w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
		w.Workflow(calling(v, settings, ""))
		id := start(t, w, "call")
		w.Idle()
		require.NoError(t, w.DB.Write(t.Context(), "test.inflight", func(tx *models.Tx) error { return unfinish(t.Context(), tx, id) }))
		w.Restart()
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, want, x.Status, "%s: %s", settings, x.Error)
		keys, _ := v.calls()
		if want == models.Waiting {
			require.Equal(t, models.Unknown, steps[0].Status)
			require.Len(t, w.Tasks(w.Designer), 1, "a person is asked whether it happened")
			require.Len(t, keys, 1, "never a second call in silence")
		} else {
			require.Len(t, keys, 2)
			require.Equal(t, keys[0], keys[1])
		}
		w.Sound()
	}
}

func TestHTTPRequest_NeverCallsTheInside(t *testing.T) {
	t.Parallel()
	clock, v := modelstest.NewClock(), receive(t, answers(200))
	w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
	w.Outbound("")
	w.Workflow(calling(v, `,"method":"PUT"`, ""))
	id := start(t, w, "call")
	w.Idle()
	later(w, time.Minute)
	x, steps := w.Execution(id)
	require.Equal(t, models.Failed, x.Status)
	require.Contains(t, x.Error, `"EGRESS_BLOCKED"`)
	require.Equal(t, 1, steps[0].Attempt, "asking again would not help")
	keys, _ := v.calls()
	require.Empty(t, keys)
	w.Sound()
}

func TestHTTPRequest_SlowAnswersTimeOut(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	clock, v := modelstest.NewClock(), receive(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-gone:
		case <-r.Context().Done():
		}
	})
	defer close(gone)
	w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
	w.Workflow(calling(v, `,"timeout":"1s"`, ""))
	id := start(t, w, "call")
	w.Idle()
	x, _ := w.Execution(id)
	require.Equal(t, models.Failed, x.Status)
	require.Equal(t, "timeout", x.Reason)
	require.Contains(t, x.Error, `"TIMEOUT"`)
}

func TestHTTPRequest_EndsWithItsExecution(t *testing.T) {
	t.Parallel()
	arrived, gone := make(chan struct{}), make(chan struct{})
	clock, v := modelstest.NewClock(), receive(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})
	w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
	w.Workflow(calling(v, `,"timeout":"5m"`, ""))
	id := start(t, w, "call")
	<-arrived
	require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), id, "a mistake"))
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		require.Fail(t, "the call goes on although nobody wants it")
	}
	w.Idle()
	x, _ := w.Execution(id)
	require.Equal(t, models.Cancelled, x.Status)
	w.Sound()
}
