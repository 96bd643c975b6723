package web_test

import (
	"net/url"
	"testing"

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
