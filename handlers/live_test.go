package handlers_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// listen opens an event stream and gives its lines as they come, and a channel that
// closes when the stream ends.
func listen(t *testing.T, app *handlerstest.App, c *handlerstest.Client, topics string) (lines chan string, ended chan struct{}) {
	t.Helper()
	conn, err := net.Dial("tcp", app.Host)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /live?topics=%s HTTP/1.1\r\nHost: %s\r\nCookie: session=%s\r\n\r\n", topics, app.Host, c.Cookie("session"))
	require.NoError(t, err)
	lines, ended = make(chan string, 1000), make(chan struct{})
	go func() {
		defer close(ended)
		for scan := bufio.NewScanner(conn); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return lines, ended
}

// until reads lines until one has a text.
func until(t *testing.T, lines chan string, want string) {
	t.Helper()
	for {
		select {
		case line := <-lines:
			if strings.Contains(line, want) {
				return
			}
		case <-time.After(10 * time.Second):
			require.Fail(t, "no line with "+want)
		}
	}
}

func TestLive_TellsThatATopicChanged(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	lines, ended := listen(t, app, app.Browser(app.Root), "tasks,executions")
	until(t, lines, "text/event-stream")
	until(t, lines, ": open")
	app.Engine.Live().Publish("workflow:other")
	app.Engine.Live().Publish("tasks")
	until(t, lines, "event: tasks")
	app.Engine.Live().Publish("executions")
	until(t, lines, "event: executions")
	app.Engine.Live().Close()
	<-ended
}

func TestLive_TellsReadersThatRecordsChanged(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	app.Collection(`{"name":"notes","title":"Note","fields":[{"name":"title","type":"text","title":"Title"}]}`)
	app.Role("reader", nil, models.Grant{Collection: "notes", Action: models.View, Scope: models.ScopeAll})
	mia, ben := app.Person("mia", "reader"), app.Person("ben")
	lines, _ := listen(t, app, app.Browser(mia), "records:notes")
	until(t, lines, ": open")
	app.Browser(ben).Get("/live?topics=records:notes").Want(404)
	app.As(app.Root).Post("/api/notes:create", `{"title":"a"}`).Want(200)
	until(t, lines, "event: records:notes")
}

func TestLive_EndsWithTheSession(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	mia := app.Person("mia")
	lines, ended := listen(t, app, app.Browser(mia), "tasks")
	until(t, lines, ": open")
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		return models.DeactivateUser(ctx, tx, models.SystemAccess(), mia.ID)
	})
	app.Engine.Live().Publish("tasks")
	select {
	case <-ended:
	case <-time.After(8 * time.Second):
		require.Fail(t, "the stream goes on")
	}
	close(lines)
	for line := range lines {
		require.NotContains(t, line, "event:")
	}
}

func TestLive_RefusesTopicsOfOthers(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	mia := app.Browser(app.Person("mia"))
	mia.Get("/live").Want(400)
	mia.Get("/live?topics=executions").Want(403)
	mia.Get("/live?topics=workflow:x").Want(403)
	mia.Get("/live?topics=exec:" + models.NewID()).Want(404)
	mia.Get("/live?topics=tasks:7").Want(404)
	mia.Get("/live?topics=secrets").Want(404)
	app.Visitor().Get("/live?topics=tasks").Want(401)
}

func TestLive_APersonHasAFewStreams(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	mia := app.Browser(app.Person("mia"))
	for range 8 {
		lines, _ := listen(t, app, mia, "tasks")
		until(t, lines, ": open")
	}
	a := mia.Get("/live?topics=tasks").Want(429)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	lines, _ := listen(t, app, app.Browser(app.Root), "tasks")
	until(t, lines, ": open")
}

func TestRates_BoundPublicRequests(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	status := 0
	for range 700 {
		if status = app.Anonymous().Get("/healthz").Status; status != 200 {
			break
		}
	}
	require.Equal(t, 429, status)
	app.As(app.Root).Get("/api/roles:check").Want(200)
	app.Clock.Advance(time.Minute)
	app.Anonymous().Get("/healthz").Want(200)
}
