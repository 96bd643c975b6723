package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestHome_ShowsWhatWaitsAndWhatSomebodyWasTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		return models.InsertNotification(ctx, tx, &models.Notification{
			ID: models.NewID(), UserID: w.emil.ID, Title: "The canteen is closed", Link: "//evil.example", Level: "warning", Cause: "canteen",
		})
	})
	mara, emil := w.Browser(w.mara), w.Browser(w.emil)
	said := mainText(t, mara.Get("/").Page())
	require.Contains(t, said, "One task waits for you.")
	require.Contains(t, said, "emil · €640.00")
	page := emil.Get("/").Page()
	said = mainText(t, page)
	require.Contains(t, said, "Nothing waits for you.")
	require.Contains(t, said, "My requests")
	require.Contains(t, said, "In review")
	require.Contains(t, said, "The canteen is closed")
	require.NotContains(t, said, "Executions, 7 days")
	require.Nil(t, handlerstest.First(page, "a", "href", "//evil.example"))
	require.NotNil(t, handlerstest.First(page, "a", "href", "/pages/expenses/forms/f1"), "he can begin a new one here")
	require.NotNil(t, handlerstest.First(page, "form", "action", "/messages/read"))
	emil.Submit("/messages/read", url.Values{}).Want(303)
	require.Nil(t, handlerstest.First(emil.Get("/").Page(), "form", "action", "/messages/read"))
	require.Contains(t, mainText(t, w.Browser(w.Root).Get("/").Page()), "Executions, 7 days")
}

func TestHome_GreetsInTheZoneOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	require.Contains(t, mainText(t, emil.Get("/").Page()), "Good morning, emil")
	for zone, greeting := range map[string]string{"Asia/Tokyo": "Good evening, emil", "Asia/Karachi": "Good afternoon, emil", "America/Los_Angeles": "Hello, emil"} {
		w.Write(func(ctx context.Context, tx *models.Tx) error {
			_, err := models.UpdateUser(ctx, tx, models.SystemAccess(), models.UserChange{ID: w.emil.ID, TimeZone: &zone})
			return err
		})
		require.Contains(t, mainText(t, emil.Get("/").Page()), greeting)
	}
}

func TestHome_ShowsFiguresToThoseWhoWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, root := w.Browser(w.emil), w.Browser(w.Root)
	w.submit(t, emil, "Pens", "12")
	w.submit(t, emil, "Team offsite catering", "640")
	emil.Submit("/pages/expenses/actions/check?block=c1", expense(models.NewID(), "Unlucky", "13"))
	w.Idle()
	page := root.Get("/").Page()
	said := mainText(t, page)
	for _, want := range []string{
		"Executions, 7 days 3", "Succeeded 50% 1 failed", "Waiting for people 1", "Oldest since", "1 new", "One execution failed since yesterday.",
		"Recently edited", "checks", "Version 1", "Pages", "Expenses",
	} {
		require.Contains(t, said, want)
	}
	require.NotNil(t, handlerstest.First(page, "svg", "class", "spark"), "executions of the last days")
	require.Equal(t, "/new-workflow", handlerstest.Attr(handlerstest.First(page, "a", "data-key", "c"), "href"))
	for name, bars := range map[string]int{"": 28, "24h": 24, "90d": 90, "nonsense": 28} {
		chart := handlerstest.First(root.Get("/?range="+name).Want(200).Page(), "section", "id", "home-chart")
		require.NotNil(t, chart, name)
		require.Len(t, handlerstest.All(chart, "tr"), bars, name)
		require.Len(t, handlerstest.All(handlerstest.First(chart, "svg"), "rect"), 2, "what went well and what did not")
		require.Contains(t, handlerstest.Text(chart), "Succeeded 1 Failed 1", name)
	}
	for _, who := range []models.User{w.emil, w.mara} {
		said = mainText(t, w.Browser(who).Get("/?range=90d").Page())
		for _, hidden := range []string{"Executions", "Failures", "Waiting for people", "Recently edited", "checks", "failed"} {
			require.NotContains(t, said, hidden, who.Nickname)
		}
		require.Contains(t, said, "Expenses")
	}
	require.NotContains(t, mainText(t, emil.Get("/").Page()), "Payments", "a page of others")
}

func TestHome_LeadsToAFirstProcess(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: pagesOf})
	w := world{App: app}
	root := w.Browser(w.Root)
	next := func() string {
		begin := handlerstest.First(root.Get("/").Want(200).Page(), "section", "aria-labelledby", "home-begin")
		if begin == nil {
			return ""
		}
		for _, link := range handlerstest.All(begin, "a") {
			if strings.Contains(handlerstest.Attr(link, "class"), "btn--primary") {
				return handlerstest.Attr(link, "href")
			}
		}
		return "nothing"
	}
	require.Equal(t, "/settings/people", next())
	dana := w.Person("dana", "designer")
	require.Equal(t, "/new-collection", next())
	w.Collection(`{ "name": "payments", "title": "Payment", "fields": [ { "name": "note", "type": "text", "title": "Note" } ] }`)
	require.Equal(t, "/new-workflow", next())
	w.Workflow(handlerstest.Workflow{Key: "pay", Config: `{ "collection": "payments", "mode": "local" }`, Nodes: "[]"})
	require.Equal(t, "/pages?panel=new", next())
	w.page(`{ "key": "pay", "title": "Pay", "audience": ["member"], "rows": [ { "columns": [ { "width": 12, "blocks": [
		{ "id": "f1", "type": "createForm", "collection": "payments", "fields": ["note"], "actions": [ { "id": "send", "type": "submit" } ] } ] } ] } ] }`)
	require.Equal(t, "/pages/pay/design", next())
	require.Contains(t, mainText(t, w.Browser(dana).Get("/").Page()), "Your first process in 4 steps", "who adds no people is not asked to")
	require.NotContains(t, mainText(t, w.Browser(w.Person("emil")).Get("/").Page()), "Your first process")
	w.page(`{ "key": "paid", "title": "Paid", "audience": ["member"], "rows": [ { "columns": [ { "width": 12, "blocks": [
		{ "id": "f2", "type": "createForm", "collection": "payments", "fields": ["note"], "actions": [ { "id": "sent", "type": "submit",
			"bindings": [ { "workflow": "pay", "path": "", "order": 1 } ] } ] } ] } ] } ] }`)
	require.Empty(t, next(), "it is done")
}

func TestHome_NamesPagesOnceInTheSidebar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	side := handlerstest.First(w.Browser(w.Root).Get("/").Page(), "aside", "id", "side")
	require.Equal(t, 1, strings.Count(handlerstest.Text(side), "Pages"))
	require.NotNil(t, handlerstest.First(side, "a", "href", "/pages"))
	require.Nil(t, handlerstest.First(handlerstest.First(w.Browser(w.emil).Get("/").Page(), "aside", "id", "side"), "a", "href", "/pages"))
}
