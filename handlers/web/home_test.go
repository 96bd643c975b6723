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
