package main

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWebhook_IsAnsweredAlthoughTheProcessDied kills the server between the moment when
// a request is durable and its answer. The repeat gets the answer of what the first
// request did; nothing is done twice.
//
//nolint:paralleltest // it builds and kills real servers
func TestWebhook_IsAnsweredAlthoughTheProcessDied(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in short mode: kills real servers")
	}
	binary := build(t, "faults")
	for _, atOnce := range []bool{false, true} {
		for _, point := range []string{"engine.serve.before", "engine.serve.after", "engine.commit.before", "engine.commit.after"} {
			t.Run(fmt.Sprintf("at once %v, %s", atOnce, point), func(t *testing.T) {
				v, err := newServer(settings{binary: binary, out: os.Stdout})
				require.NoError(t, err)
				t.Cleanup(func() { v.kill(); require.NoError(t, os.RemoveAll(v.folder)) })
				c, err := setUp(t.Context(), v)
				require.NoError(t, err)
				flow := fmt.Sprintf(`{"key":"hook","title":"Hook","type":"webhook","sync":%v,"config":{"dedupe":"trigger.body.id","response":{"body":"{\"execution\":\"{{ system.execution.id }}\"}"}},
					"nodes":[{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.body.id }}"}}},
					{"key":"out","type":"output","config":{"value":"{{ nodes.eff.mark }}"}}]}`, atOnce)
				for _, call := range [][2]string{{"workflows:create", flow}, {"workflows:publish/hook", "{}"}, {"workflows:update/hook", `{"enabled":true}`}} {
					_, err := c.must(t.Context(), "POST", "/api/"+call[0], json.RawMessage(call[1]))
					require.NoError(t, err)
				}
				v.kill()
				require.NoError(t, v.start(t.Context(), point+":kill:1"))
				body := json.RawMessage(`{"id":"d-1"}`)
				first := c.call(t.Context(), "POST", "/hooks/hook", "", body)
				if point != "engine.commit.before" && point != "engine.commit.after" || atOnce {
					require.Zero(t, first.status, "no answer came")
				}
				select {
				case <-v.ended():
				case <-time.After(15 * time.Second):
					require.Fail(t, "the point was not passed")
				}
				require.NoError(t, v.start(t.Context(), ""))
				again := c.call(t.Context(), "POST", "/hooks/hook", "", body)
				require.Equal(t, 200, again.status)
				if atOnce {
					require.Equal(t, "d-1", again.body["data"], "the answer of what was done")
				}
				require.Eventually(t, func() bool {
					return len(c.call(t.Context(), "GET", "/api/executions:list?status=succeeded", "", nil).list()) == 1
				}, 15*time.Second, 50*time.Millisecond)
				require.Len(t, c.call(t.Context(), "GET", "/api/executions:list", "", nil).list(), 1)
				require.Len(t, c.call(t.Context(), "GET", "/api/effects:list", "", nil).list(), 1)
			})
		}
	}
}
