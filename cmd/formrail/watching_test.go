package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"formrail/handlers"
)

// call sends a request with a token and gives the answer's text.
func call(t *testing.T, method, address, token, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data)
}

// published makes a workflow that is switched on.
func published(t *testing.T, url, token, definition string) {
	t.Helper()
	status, body := call(t, "POST", url+"/api/workflows:create", token, definition)
	require.Equal(t, http.StatusOK, status, body)
	key := regexp.MustCompile(`"key":"([a-z_]+)"`).FindStringSubmatch(definition)[1]
	status, body = call(t, "POST", url+"/api/workflows:publish/"+key, token, "{}")
	require.Equal(t, http.StatusOK, status, body)
	status, body = call(t, "POST", url+"/api/workflows:update/"+key, token, `{"enabled":true}`)
	require.Equal(t, http.StatusOK, status, body)
}

// metric gives the value of one line of the page of metrics; -1 when it is not there.
func metric(page, series string) float64 {
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err == nil {
				return v
			}
		}
	}
	return -1
}

func TestServe_CountsWhatItDoesForThoseOnTheOwnMachine(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:9464", ":9464", "10.0.0.1:9464", "9464", "example.com:9464"} {
		got := formrail("serve", "--data", t.TempDir(), "--addr", "localhost:0", "--metrics-addr", addr)
		require.Equal(t, exitUsage, got.code, addr)
		require.Contains(t, got.errors, "must be an address of this machine")
	}
	dir := installation(t)
	p := start(t, dir, "--metrics-addr", "127.0.0.1:0")
	at := regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`).FindString(p.log.String())
	require.NotEmpty(t, at, p.log)
	token := strings.TrimSpace(requireOK(t, "token", "create", "--data", dir, "--user", "robin@example.com"))
	status, body := call(t, "POST", p.url+"/api/collections:create", token, `{"name":"notes","title":"Note","fields":[{"name":"title","type":"text","title":"Title"}]}`)
	require.Equal(t, http.StatusOK, status, body)
	published(t, p.url, token, `{"key":"flow","title":"Flow","type":"post_action","config":{"collection":"notes"},"nodes":[{"key":"sum","type":"calculation","config":{"expression":"1 + 1"}}]}`)
	const secret = "a value that stays inside"
	for range 3 {
		status, body = call(t, "POST", p.url+"/api/notes:create?triggerWorkflows=flow", token, `{"title":"`+secret+`"}`)
		require.Equal(t, http.StatusOK, status, body)
	}
	_, _ = call(t, "GET", p.url+"/nowhere/"+strings.ReplaceAll(secret, " ", "-"), "", "")
	var page string
	require.Eventually(t, func() bool {
		_, page = call(t, "GET", at, "", "")
		return metric(page, `formrail_executions_total{status="succeeded",workflow="flow"}`) == 3
	}, time.Minute, 20*time.Millisecond)
	require.InDelta(t, 3, metric(page, `formrail_http_requests_total{method="POST",route="/api/{collection}:create",status="200"}`), 0)
	require.InDelta(t, 1, metric(page, `formrail_http_requests_total{method="any",route="none",status="404"}`), 0)
	require.InDelta(t, 3, metric(page, `formrail_executions_started_total{trigger="post_action"}`), 0)
	require.InDelta(t, 0, metric(page, `formrail_queue_depth{lane="background"}`), 0)
	require.InDelta(t, 0, metric(page, "formrail_held"), 0)
	for _, series := range []string{
		"formrail_stretch_seconds_count", "formrail_write_batch_size_count", `formrail_write_commit_seconds_count{result="ok"}`,
		`formrail_database_bytes{part="database"}`, `formrail_database_bytes{part="log"}`, "go_goroutines", "process_open_fds",
	} {
		require.Positive(t, metric(page, series), series)
	}
	require.Contains(t, page, `formrail_build_info{`)
	require.NotContains(t, page, "stays", "metrics hold no values")

	status, _ = call(t, "GET", at, "", "", "Host", "evil.example")
	require.Equal(t, http.StatusMisdirectedRequest, status)
	status, body = call(t, "GET", strings.Replace(at, "/metrics", "/health", 1), "", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"ready":true`)
	status, _ = call(t, "GET", p.url+"/metrics", "", "")
	require.Equal(t, http.StatusNotFound, status, "not where everybody comes")
	p.stop()
}

// span is one span as a collector gets it.
type span struct{ trace, id, parent, name string }

// receiver is a collector of traces.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
}

func collecting(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var in collector.ExportTraceServiceRequest
		if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, resource := range in.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					r.spans = append(r.spans, span{hex.EncodeToString(s.GetTraceId()), hex.EncodeToString(s.GetSpanId()), hex.EncodeToString(s.GetParentSpanId()), s.GetName()})
				}
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func TestServe_TracesARequestThroughItsWorkflowsToOthers(t *testing.T) {
	t.Parallel()
	got := formrail("serve", "--data", t.TempDir(), "--addr", "localhost:0", "--otlp-endpoint", "localhost")
	require.Equal(t, exitUsage, got.code)

	heard := make(chan string, 1)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("traceparent") }))
	defer other.Close()
	to := collecting(t)
	dir := installation(t)
	p := start(t, dir, "--otlp-endpoint", to.URL, "--egress-allow", strings.TrimPrefix(other.URL, "http://"))
	token := strings.TrimSpace(requireOK(t, "token", "create", "--data", dir, "--user", "robin@example.com"))
	status, body := call(t, "POST", p.url+"/api/collections:create", token, `{"name":"notes","title":"Note","fields":[{"name":"title","type":"text","title":"Title"}]}`)
	require.Equal(t, http.StatusOK, status, body)
	published(t, p.url, token, `{"key":"child","title":"Child","type":"subworkflow","config":{},"nodes":[{"key":"out","type":"http_request","config":{"url":"`+other.URL+`","method":"GET"}}]}`)
	published(t, p.url, token, `{"key":"parent","title":"Parent","type":"post_action","config":{"collection":"notes"},"nodes":[{"key":"c","type":"subflow","config":{"workflow":"child"}}]}`)

	const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	status, body = call(t, "POST", p.url+"/api/notes:create?triggerWorkflows=parent", token, `{"title":"a"}`, "traceparent", "00-"+trace+"-"+caller+"-01")
	require.Equal(t, http.StatusOK, status, body)
	sent := ""
	select {
	case sent = <-heard:
	case <-time.After(time.Minute):
		require.Fail(t, "nobody was called")
	}
	require.Eventually(t, func() bool {
		_, body := call(t, "GET", p.url+"/api/executions:list?status=succeeded", token, "")
		return strings.Count(body, `"succeeded"`) == 2
	}, time.Minute, 20*time.Millisecond)
	p.stop() // hands over what is left

	byID, byName := map[string]span{}, map[string]span{}
	for _, s := range to.spans {
		if s.trace == trace {
			byID[s.id], byName[s.name] = s, s
		}
	}
	attempt := byName["attempt http_request"]
	require.Equal(t, "00-"+trace+"-"+attempt.id+"-01", sent, "the call carries the attempt")
	var way []string
	for s := attempt; s.id != ""; s = byID[s.parent] {
		way = append(way, s.name)
		if s.parent == caller {
			way = append(way, "caller")
		}
	}
	require.Equal(t, []string{
		"attempt http_request", "stretch child", "start subworkflow", "stretch parent", "start post_action", "POST /api/{collection}:create", "caller",
	}, way)
	require.Contains(t, byName, "step http_request")
	require.Contains(t, byName, "step subflow")
}

func TestServe_IsNotReadyBeforeItHasStarted(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	c := &cli{in: strings.NewReader(""), out: io.Discard, errors: io.Discard, clock: wallClock{}, env: func(string) string { return "" }}
	s, err := c.newServer(t.Context(), serving{storage: storage{dir: dir}, addr: "localhost:0", roles: roles{web: true, worker: true}})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.app.Serve(s.socket) }()
	probe := func(path string) int {
		status, _ := call(t, "GET", s.address+path, "", "")
		return status
	}
	require.Equal(t, http.StatusOK, probe("/healthz"))
	require.Equal(t, http.StatusServiceUnavailable, probe("/readyz"))
	status, body := call(t, "GET", s.address+"/api/openapi.json", "", "")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, `"STARTING"`)
	require.NoError(t, s.engine.Start(t.Context()))
	app, ok := s.app.(*handlers.App)
	require.True(t, ok)
	app.Open()
	require.Equal(t, http.StatusOK, probe("/readyz"))

	require.NoError(t, s.db.Close()) // the database goes away
	require.Equal(t, http.StatusOK, probe("/healthz"), "a restart would not bring it back")
	require.Equal(t, http.StatusServiceUnavailable, probe("/readyz"))
	require.NoError(t, s.app.Shutdown(t.Context()))
	require.NoError(t, <-ended)
	require.Error(t, s.app.Ready(t.Context()))
	_ = s.engine.Stop(t.Context()) //nolint:errcheck // without its database
	_ = s.close()                  //nolint:errcheck // without its database
}
