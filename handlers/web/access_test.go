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

func signInForm(t *testing.T, c *handlerstest.Client, address string) url.Values {
	t.Helper()
	page := c.Get(address).Want(200).Page()
	form := fill(t, page, "/sign-in")
	form.Set("_csrf", handlerstest.Attr(handlerstest.First(page, "input", "name", "_csrf"), "value"))
	return form
}

func TestSignIn_LeadsBackToWhereSomebodyWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for next, want := range map[string]string{
		"/tasks?search=a": "/tasks?search=a", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "javascript:alert(1)": "/",
	} {
		c := w.Visitor()
		form := signInForm(t, c, "/sign-in?"+url.Values{"next": {next}}.Encode())
		form.Set("email", "emil@example.com")
		form.Set("password", handlerstest.Password)
		require.Equal(t, want, c.Submit("/sign-in", form).Want(303).Header.Get("Location"), next)
		require.Contains(t, handlerstest.Text(c.Get("/").Want(200).Page()), "emil")
		require.Equal(t, 303, c.Get("/sign-in").Status, "there is no need to sign in twice")
	}
}

func TestSignIn_DoesNotTellWhoExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := map[string]bool{}
	for _, account := range []string{"emil@example.com", "nobody@example.com"} {
		c := w.Visitor()
		form := signInForm(t, c, "/sign-in")
		form.Set("email", account)
		form.Set("password", "this is not the password")
		page := c.Submit("/sign-in", form).Want(422).Page()
		require.Equal(t, account, handlerstest.Attr(handlerstest.First(page, "input", "name", "email"), "value"))
		said[handlerstest.Text(handlerstest.First(page, "div", "role", "alert"))] = true
	}
	require.Len(t, said, 1)
	c := w.Visitor()
	form := signInForm(t, c, "/sign-in")
	form.Set("_csrf", "forged")
	c.Submit("/sign-in", form).Want(403)
}

func TestSignIn_SlowsDownAfterFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.Visitor()
	form := signInForm(t, c, "/sign-in")
	form.Set("email", "emil@example.com")
	form.Set("password", "this is not the password")
	status := 0
	for range 10 {
		answer := c.Submit("/sign-in", form)
		if status = answer.Status; status == 429 {
			require.NotEmpty(t, answer.Header.Get("Retry-After"))
			require.Len(t, handlerstest.All(answer.Page(), "h1"), 1)
			break
		}
	}
	require.Equal(t, 429, status)
}

func TestSignOut_EndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	answer := emil.Submit("/sign-out", url.Values{}).Want(303)
	require.Equal(t, "/sign-in", answer.Header.Get("Location"))
	require.NotEmpty(t, answer.Header.Get("Clear-Site-Data"))
	list, err := w.DB.Sessions(context.Background(), w.emil.ID)
	require.NoError(t, err)
	require.Empty(t, list)
	emil.Get("/").Want(303)
}

func TestSetup_MakesTheFirstOwnerOnce(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: pagesOf, Fresh: true})
	c := app.Visitor()
	for _, address := range []string{"/", "/sign-in", "/pages/x"} {
		answer := c.Get(address).Want(503)
		require.Contains(t, handlerstest.Text(answer.Page()), "Formrail is not set up yet")
		require.NotEmpty(t, answer.Header.Get("Retry-After"))
	}
	c.Get("/setup?token=wrong").Want(410)
	var secret string
	app.Write(func(ctx context.Context, tx *models.Tx) (err error) {
		secret, err = models.CreateLink(ctx, tx, models.NewLink{Kind: models.SetupLink, Life: time.Hour})
		return err
	})
	page := c.Get("/setup?token=" + secret).Want(200).Page()
	complete(t, "the form for the first owner", c.Get("/setup?token="+secret))
	form := fill(t, page, "/setup")
	form.Set("_csrf", handlerstest.Attr(handlerstest.First(page, "input", "name", "_csrf"), "value"))
	form.Set("name", "Olga Owner")
	form.Set("email", "olga@example.com")
	form.Set("timeZone", "Europe/Stockholm")
	form.Set("password", "short")
	refused := c.Submit("/setup", form).Want(422).Page()
	require.Equal(t, "Olga Owner", handlerstest.Attr(handlerstest.First(refused, "input", "name", "name"), "value"))
	require.Equal(t, "true", handlerstest.Attr(handlerstest.First(refused, "input", "name", "password"), "aria-invalid"))
	form.Set("password", "eleven green bicycles")
	require.Equal(t, "/", c.Submit("/setup", form).Want(303).Header.Get("Location"))
	require.Contains(t, handlerstest.Text(c.Get("/").Want(200).Page()), "Olga Owner")
	form.Set("email", "second@example.com")
	app.Visitor().Get("/setup?token=" + secret).Want(410)
	people, err := models.Users(context.Background(), app.DB.Read(), models.UserQuery{})
	require.NoError(t, err)
	require.Len(t, people, 1)
	require.Equal(t, "Europe/Stockholm", people[0].TimeZone)
}

func TestDemoLink_IsUsedUpByTheButtonOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var secret string
	w.Write(func(ctx context.Context, tx *models.Tx) (err error) {
		secret, err = models.CreateLink(ctx, tx, models.NewLink{Kind: models.DemoLink, UserID: w.mara.ID, Life: time.Hour})
		return err
	})
	c := w.Visitor()
	address := "/demo-sign-in?token=" + secret
	complete(t, "the demo link", c.Get(address).Want(200))
	page := c.Get(address).Want(200).Page()
	form := fill(t, page, "/demo-sign-in")
	form.Set("_csrf", handlerstest.Attr(handlerstest.First(page, "input", "name", "_csrf"), "value"))
	c.Submit("/demo-sign-in", form).Want(303)
	require.Contains(t, handlerstest.Text(c.Get("/").Want(200).Page()), "mara")
	c.Submit("/demo-sign-in", form).Want(410)
	w.Visitor().Get(address).Want(410)
}
