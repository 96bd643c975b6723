package web_test

import (
	"context"
	"net/url"
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
	for zone, greeting := range map[string]string{"Asia/Tokyo": "Good evening, emil", "Asia/Karachi": "Good afternoon, emil"} {
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
