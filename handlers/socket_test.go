package handlers_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// raw sends bytes and gives all that comes back until the server closes.
func raw(t *testing.T, app *handlerstest.App, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", app.Host)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	if len(answer) == 0 {
		require.NoError(t, err)
	}
	return string(answer)
}

// withoutRequest cuts off what differs between two equal refusals.
func withoutRequest(body []byte) string {
	before, _, _ := strings.Cut(string(body), `"requestId"`)
	return before
}

// statusOf is the status of the first answer.
func statusOf(answer string) string {
	parts := strings.SplitN(answer, " ", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

func TestSocket_AmbiguousRequestsAreRefused(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	host := "Host: " + app.Host + "\r\n"
	chunked := "5\r\nhello\r\n0\r\n\r\n"
	for name, request := range map[string]string{
		"two lengths":                "POST /healthz HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"length and encoding":        "POST /api/auth:signIn HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"encoding and length":        "POST /api/auth:signIn HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunked,
		"two encodings":              "POST /api/auth:signIn HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"an unknown encoding":        "POST /api/auth:signIn HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n" + chunked,
		"encoding with a space":      "POST /api/auth:signIn HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n" + chunked,
		"no host":                    "GET /healthz HTTP/1.1\r\n\r\n",
		"two hosts":                  "GET /healthz HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n",
		"bare line feeds":            "GET /healthz HTTP/1.1\r\nHost: " + app.Host + "\nX-A: 1\r\n\r\n",
		"a bare return":              "GET /healthz HTTP/1.1\r\n" + host + "X-A: 1\rX-B: 2\r\n\r\n",
		"a negative length":          "POST /healthz HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
		"a length that is no number": "POST /healthz HTTP/1.1\r\n" + host + "Content-Length: 0x5\r\n\r\nhello",
		"a folded header":            "GET /healthz HTTP/1.1\r\n" + host + "X-A: 1\r\n X-B: 2\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := raw(t, app, strings.Replace(request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
			require.Equal(t, "400", statusOf(a), a)
			require.Equal(t, 1, strings.Count(a, "HTTP/1.1 "), "one answer: %s", a)
		})
	}
}

func TestSocket_OtherNamesOfTheServerAreRefused(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	for _, host := range []string{"evil.example", "127.0.0.1", "127.0.0.1:1", "evil." + app.Host} {
		a := raw(t, app, "GET /api/roles:check HTTP/1.1\r\nHost: "+host+"\r\nX-Forwarded-Host: "+app.Host+"\r\nConnection: close\r\n\r\n")
		require.Equal(t, "421", statusOf(a), a)
	}
	probe := raw(t, app, "GET /healthz HTTP/1.1\r\nHost: 10.0.0.7\r\nConnection: close\r\n\r\n")
	require.Equal(t, "200", statusOf(probe), "probes ask by address")
}

func TestSocket_LargeBodiesEndBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	a := raw(t, app, "POST /api/auth:signIn HTTP/1.1\r\nHost: "+app.Host+"\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\n\r\n{")
	require.Equal(t, "413", statusOf(a), a)
	require.Contains(t, a, "BODY_TOO_LARGE")
	long := raw(t, app, "GET /healthz HTTP/1.1\r\nHost: "+app.Host+"\r\nX-A: "+strings.Repeat("a", 20_000)+"\r\n\r\n")
	require.Equal(t, "431", statusOf(long), "%.200s", long)
}

func TestStrings_OutliveTheirRequest(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	token := app.Token(app.Root, "records:read:*", "records:write:*", "users:read")
	const workers, each = 8, 40
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range each {
				mark := fmt.Sprintf("canary-%02d-%03d", w, i)
				a := app.API(token).With("X-Request-Id", "request-"+mark).
					Post("/api/reimbursements:create?triggerWorkflows=flow_"+strings.ReplaceAll(mark, "-", "_"), `{"projectName": "`+mark+`", "code": "`+mark+`"}`)
				if a.Status != 200 {
					t.Errorf("%s: %s", mark, a.Body)
				}
			}
		})
	}
	group.Wait()
	marks := regexp.MustCompile(`canary[-_](\d\d)[-_](\d\d\d)`)
	same := func(what string, texts ...string) {
		t.Helper()
		var first string
		for _, s := range texts {
			for _, m := range marks.FindAllStringSubmatch(s, -1) {
				if first == "" {
					first = m[1] + m[2]
				}
				require.Equal(t, first, m[1]+m[2], "%s mixes two requests: %v", what, texts)
			}
		}
		require.NotEmpty(t, first, what)
	}
	log, err := models.TriggerLog(t.Context(), app.DB.Read(), models.TriggerFilter{Limit: 1000})
	require.NoError(t, err)
	require.NotEmpty(t, log)
	for _, e := range log {
		same("trigger log", e.WorkflowKey, e.RequestID)
	}
	events, err := models.Events(t.Context(), app.DB.Read(), models.EventFilter{Type: "reimbursements", Limit: 1000})
	require.NoError(t, err)
	require.Len(t, events, workers*each)
	for _, e := range events {
		same("event", e.Payload)
	}
	history := map[string]bool{}
	for i := range workers * each {
		changes, err := models.ChangesOf(t.Context(), app.DB.Read(), models.ChangeLogPage{Collection: "reimbursements", RecordID: fmt.Sprint(i + 1), Limit: 10})
		require.NoError(t, err)
		for _, h := range changes {
			same("history", h.RequestID, h.Changes)
			history[h.RequestID] = true
		}
	}
	require.Len(t, history, workers*each)
}

func TestBuild_UsesAFastHTTPThatRefusesSmuggling(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod") // a test binary holds no list of its modules
	require.NoError(t, err)
	version := regexp.MustCompile(`github\.com/valyala/fasthttp v1\.(\d+)\.`).FindSubmatch(mod)
	require.NotNil(t, version, "go.mod names no version of fasthttp")
	minor, err := strconv.Atoi(string(version[1]))
	require.NoError(t, err)
	require.GreaterOrEqual(t, minor, 74, "older versions accept two hosts, two lengths and bare line feeds")
	require.NotContains(t, string(mod), "replace ", "another module may stand in for it")
}
