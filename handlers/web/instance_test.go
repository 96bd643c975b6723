package web_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestHeldBar_IsOnEveryPageUntilAnOwnerReleases(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: pagesOf, Held: true})
	admin, member := app.Person("adam", models.RoleAdmin), app.Person("mia")
	owner := app.Browser(app.Root)
	const title = "This installation was restored from a backup and sends nothing"
	for _, address := range []string{"/", "/tasks", "/executions", "/workflows", "/settings/people", "/collections", "/profile"} {
		page := owner.Get(address).Want(200)
		require.Contains(t, string(page.Body), title, address)
		complete(t, address, page)
	}
	bar := func(c *handlerstest.Client) string {
		found := handlerstest.First(c.Get("/").Page(), "section", "class", "held alert alert--bad")
		if found == nil {
			return ""
		}
		return handlerstest.Text(found)
	}
	require.Contains(t, bar(owner), "Release")
	require.Contains(t, bar(app.Browser(admin)), "An owner can release it.")
	require.Empty(t, bar(app.Browser(member)))

	app.Browser(admin).Submit("/instance/release", url.Values{}).Want(403)
	require.False(t, app.Engine.Held().IsZero())
	require.Equal(t, "/", owner.Submit("/instance/release", url.Values{}).Want(303).Header.Get("Location"))
	require.True(t, app.Engine.Held().IsZero())
	require.Empty(t, bar(owner))
	owner.Submit("/instance/release", url.Values{}).Want(303) // a second window
	log, err := app.DB.AuditLog(t.Context(), models.AuditQuery{Action: "instance.release"})
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, models.Person(app.Root.ID, "").String(), log[0].Principal)
}

func TestHealthPages_SayWhatWaitsAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.Browser(w.Root)
	require.Contains(t, mainText(t, owner.Get("/queue").Page()), "Nothing waits")
	at := w.Clock.Now().UnixMilli()
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		for _, statement := range []string{
			`INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, trigger_data, trigger_type, principal, root_id, created_at)
				SELECT 'late', id, live_version, 'h', 'queued', '{}', 'post_action', 'user:1', 'late', 1 FROM workflows WHERE wf_key = 'checks'`,
			`INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, trigger_data, trigger_type, principal, root_id, created_at)
				SELECT 'stuck', id, live_version, 'h', 'waiting', '{}', 'post_action', 'user:1', 'stuck', 1 FROM workflows WHERE wf_key = 'checks'`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO wakeups (execution_id, reason, lane, due_at, created_at) VALUES ('late', 'start', 1, ?, 1)", at-90_000)
		return err
	})
	answer := owner.Get("/queue").Want(200)
	queue := mainText(t, answer.Page())
	require.Contains(t, queue, "The oldest waits for 1 m")
	require.Contains(t, queue, "checks")
	for range 2 {
		w.Clock.Advance(models.WatchdogPause)
		require.NoError(t, w.Engine.Watch(t.Context()))
	}
	for _, address := range []string{"/queue", "/watchdog"} {
		complete(t, address, owner.Get(address).Want(200))
	}
	page := owner.Get("/watchdog").Page()
	said := mainText(t, page)
	require.Contains(t, said, "a live execution without any reason to move on")
	require.Contains(t, said, "Needs somebody")
	require.NotNil(t, handlerstest.First(page, "a", "href", "/executions/stuck"))
	fragment := owner.With("HX-Request", "true").Get("/watchdog").Want(200).Page()
	require.NotNil(t, handlerstest.First(fragment, "", "id", "watchdog"))
	require.Nil(t, handlerstest.First(fragment, "h1"))
	w.Clock.Advance(10 * time.Minute)
	require.NotContains(t, mainText(t, owner.Get("/watchdog").Page()), "Everything that has started")
}
