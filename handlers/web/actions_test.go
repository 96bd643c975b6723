package web_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
	"formrail/models/field"
)

const send = "/pages/expenses/actions/send?block=f1"

func TestSubmit_SavesAndSaysWhatTheDesignerWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	page := emil.Get("/pages/expenses/forms/f1").Want(200).Page()
	require.Contains(t, mainText(t, page), "Starts reimb_approval")
	require.NotContains(t, mainText(t, emil.Get("/pages/expenses").Page()), "Starts", "the quick note is bound to nothing")
	form := fill(t, page, send)
	form.Set("projectName", "Team offsite catering")
	form.Set("amount", "640")
	form.Set("when", "2026-11-22T12:30")
	to := emil.Submit(send, form).Want(303).Header.Get("Location")
	require.Equal(t, "/pages/expenses", to)
	require.Contains(t, toasts(emil.Get(to).Page()), "Thank you, Team offsite catering over €640.00 is on its way.")
	require.Empty(t, toasts(emil.Get(to).Page()), "it is said once")
	saved := w.all(t)
	require.Len(t, saved, 1)
	require.Equal(t, field.DecimalFromInt(640), saved[0]["amount"])
	require.Equal(t, false, saved[0]["urgent"], "a box that is not ticked says no")
	require.Equal(t, w.emil.ID, saved[0]["applicantId"])
	require.Equal(t, "2026-11-22T12:30:00Z", instant(t, saved[0]["when"]))
}

func TestSubmit_ReadsTimesInTheZoneOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zone := "America/New_York"
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		_, err := models.UpdateUser(ctx, tx, models.SystemAccess(), models.UserChange{ID: w.emil.ID, TimeZone: &zone})
		return err
	})
	emil := w.Browser(w.emil)
	form := expense("zone-key-1", "Early train", "20")
	form.Set("when", "2026-11-22T05:00")
	emil.Submit(send, form).Want(303)
	require.Equal(t, "2026-11-22T10:00:00Z", instant(t, w.all(t)[0]["when"]))
	require.Contains(t, mainText(t, emil.Get("/pages/expenses/records/b1/1").Page()), "22 Nov 2026, 05:00")
}

func TestSubmit_SavesOnceForOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	form := expense("the-same-key", "Team offsite catering", "640")
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			if status := emil.Submit(send, form).Status; status != 303 {
				t.Errorf("a repeated submission answered %d", status)
			}
		})
	}
	wait.Wait()
	w.Idle()
	require.Len(t, w.all(t), 1)
	list, err := models.Executions(context.Background(), w.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestSubmit_KeepsWhatWasTypedWhenSomethingIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	for _, client := range []*handlerstest.Client{emil, emil.With("HX-Request", "true")} {
		answer := client.Submit(send, expense(models.NewID(), "Team offsite catering", "minus twenty")).Want(422)
		page := answer.Page()
		input := handlerstest.First(page, "input", "name", "amount")
		require.Equal(t, "minus twenty", handlerstest.Attr(input, "value"))
		require.Equal(t, "true", handlerstest.Attr(input, "aria-invalid"))
		require.Equal(t, "Team offsite catering", handlerstest.Attr(handlerstest.First(page, "input", "name", "projectName"), "value"))
		require.NotNil(t, handlerstest.First(page, "div", "role", "alert"))
	}
	require.Empty(t, w.all(t))
}

func TestSubmit_TakesNothingThatTheFormDoesNotHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	for _, name := range []string{"status", "applicant", "applicantId", "id", "createdAt", "createdById", "unknown"} {
		form := expense(models.NewID(), "Team offsite catering", "640")
		form.Set(name, "1")
		answer := emil.Submit(send, form).Want(409)
		require.Contains(t, mainText(t, answer.Page()), "This page was changed", name)
		require.Equal(t, "640", handlerstest.Attr(handlerstest.First(answer.Page(), "input", "name", "amount"), "value"))
	}
	form := expense(models.NewID(), "Team offsite catering", "640")
	form.Set("secret", "a field of the form that he may not write")
	emil.Submit(send, form).Want(403)
	require.Empty(t, w.all(t))
}

func TestSubmit_StartsWhatIsBoundToThePressedButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	form := expense(models.NewID(), "Quick", "640")
	form.Set("triggerWorkflows", "reimb_approval")
	emil.Submit("/pages/expenses/actions/quick?block=q1", form).Want(409)
	form.Del("triggerWorkflows")
	emil.Submit("/pages/expenses/actions/quick?block=q1", form).Want(303)
	emil.Submit("/pages/expenses/actions/hold?block=f1", expense(models.NewID(), "Held", "640")).Want(303)
	w.Idle()
	list, err := models.Executions(context.Background(), w.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	require.Empty(t, list, "neither button starts anything")
	w.submit(t, emil, "Bound", "640")
	require.NotEmpty(t, w.execution(t))
}

func TestSubmit_ReloadsAFormWhoseButtonIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.Browser(w.emil).Submit("/pages/expenses/actions/gone?block=f1", expense(models.NewID(), "Kept", "12")).Want(409)
	require.Equal(t, "Kept", handlerstest.Attr(handlerstest.First(answer.Page(), "input", "name", "projectName"), "value"))
	w.Browser(w.emil).Submit("/pages/expenses/actions/gone?block=gone", url.Values{}).Want(409)
	w.Browser(w.emil).Submit("/pages/expenses/actions/send?block=q1", expense(models.NewID(), "x", "1")).Want(409)
	w.Browser(w.emil).Submit("/pages/payments/actions/send?block=f1", expense(models.NewID(), "x", "1")).Want(404)
	require.Empty(t, w.all(t))
}

func TestSubmit_KeepsTheFormWhenAWorkflowStopsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	form := expense("stopped-key", "Pencil", "5")
	answer := emil.Submit("/pages/expenses/actions/check?block=c1", form).Want(400)
	require.Contains(t, mainText(t, answer.Page()), "At least 10, please.")
	require.Equal(t, "Pencil", handlerstest.Attr(handlerstest.First(answer.Page(), "input", "name", "projectName"), "value"))
	again := fill(t, answer.Page(), "/pages/expenses/actions/check?block=c1")
	require.Equal(t, "stopped-key", again.Get("_key"), "so that sending the same again saves nothing twice")
	require.Len(t, w.all(t), 1, "a workflow that runs after the save does not undo it")
}

func TestSubmit_SaysWhenAWorkflowBehindItFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		who  models.User
		link bool
	}{{w.emil, false}, {w.Root, true}} {
		client := w.Browser(c.who)
		to := client.Submit("/pages/expenses/actions/check?block=c1", expense(models.NewID(), "Pens", "13")).Want(303).Header.Get("Location")
		page := client.Get(to).Want(200).Page()
		require.Contains(t, toasts(page), "Saved, but a workflow failed")
		require.Equal(t, c.link, handlerstest.First(page, "a", "href", "/executions/"+w.execution(t)) != nil)
	}
	require.Len(t, w.all(t), 2)
}

func TestSubmit_TellsWhatHappensNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	to := emil.Submit("/pages/expenses/actions/check?block=c1", expense(models.NewID(), "Good pens", "20")).Want(303).Header.Get("Location")
	require.Equal(t, "/pages/expenses/submitted/c1/1", to)
	said := mainText(t, emil.Get(to).Want(200).Page())
	require.Contains(t, said, "Good pens is saved.")
	require.Contains(t, said, "checks Succeeded")
	w.Browser(w.ines).Get(to).Want(404)
}

func TestEdit_SavesOnlyOverWhatWasShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, root := w.Browser(w.emil), w.Browser(w.Root)
	w.submit(t, emil, "Before", "12")
	address := "/pages/expenses/actions/keep?block=e1&record=1"
	form := fill(t, emil.Get("/pages/expenses/forms/e1/1").Page(), address)
	require.Equal(t, "Before", form.Get("projectName"))
	other := fill(t, root.Get("/pages/expenses/forms/e1/1").Page(), address)
	other.Set("projectName", "By the owner")
	root.Submit(address, other).Want(303)
	form.Set("projectName", "By the applicant")
	answer := emil.Submit(address, form).Want(409)
	require.Equal(t, "By the applicant", handlerstest.Attr(handlerstest.First(answer.Page(), "input", "name", "projectName"), "value"))
	require.Equal(t, "By the owner", w.all(t)[0]["projectName"])
	again := fill(t, answer.Page(), address)
	emil.Submit(address, again).Want(303)
	require.Equal(t, "By the applicant", w.all(t)[0]["projectName"])
	w.Browser(w.ines).Submit(address, again).Want(404)
	w.Browser(w.mara).Submit(address, again).Want(403)
}

func TestDelete_AsksAndThenDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, root := w.Browser(w.emil), w.Browser(w.Root)
	for _, name := range []string{"One", "Two", "Three"} {
		w.submit(t, emil, name, "12")
	}
	address := "/pages/expenses/actions/del?block=b1&record=1"
	asked := root.Get("/pages/expenses/records/d1/1?confirm=delete").Want(200).Page()
	require.Contains(t, mainText(t, asked), "Delete “One”?")
	root.Submit(address, fill(t, asked, address)).Want(303)
	require.Len(t, w.all(t), 2)
	root.Submit("/pages/expenses/actions/del?block=b1", url.Values{"record": {"2", "3"}}).Want(303)
	require.Empty(t, w.all(t))
	root.Submit("/pages/expenses/actions/del?block=b1", url.Values{}).Want(400)
	emil.Submit(address, url.Values{}).Want(403)
}

func TestUpdateRecord_SetsTheValuesOfTheButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "One", "12")
	address := "/pages/expenses/actions/approve?block=b1&record=1"
	w.Browser(w.emil).Submit(address, url.Values{"status": {"rejected"}}).Want(403)
	require.Equal(t, "draft", w.all(t)[0]["status"])
	w.Browser(w.Root).Submit(address, url.Values{"status": {"rejected"}}).Want(303)
	require.Equal(t, "approved", w.all(t)[0]["status"], "a browser names buttons, not values")
}

func TestRecord_ShowsHistoryAndWhyThingsStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	w.Browser(w.Root).Submit("/pages/expenses/actions/approve?block=b1&record=1", url.Values{}).Want(303)
	owner := mainText(t, w.Browser(w.Root).Get("/pages/expenses/records/d1/1").Page())
	for _, want := range []string{"emil submitted the form", "Status: Draft → Approved", "Workflow history", "Why it started or did not", "Secret note"} {
		require.Contains(t, owner, want)
	}
	emil := mainText(t, w.Browser(w.emil).Get("/pages/expenses/records/d1/1").Page())
	require.Contains(t, emil, "Workflow history", "he started it")
	require.NotContains(t, emil, "Why it started or did not")
	require.NotContains(t, emil, "Secret note")
}

func TestTable_PagesSortsAndSearches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	for _, name := range []string{"Alpha", "Beta", "Gamma"} {
		w.submit(t, emil, name, "12")
	}
	first := emil.Get("/pages/expenses?sort=projectName").Page()
	require.Contains(t, mainText(t, first), "1–2 of 3")
	require.Equal(t, "ascending", handlerstest.Attr(handlerstest.First(first, "th", "aria-sort", "ascending"), "aria-sort"))
	next := handlerstest.First(first, "a", "aria-label", "Next page")
	require.NotNil(t, next)
	second := emil.Get(handlerstest.Attr(next, "href")).Want(200).Page()
	require.Contains(t, mainText(t, second), "3–3 of 3")
	require.Contains(t, mainText(t, second), "Gamma")
	require.NotContains(t, mainText(t, second), "Alpha")
	for _, address := range []string{"/pages/expenses?sort=secret", "/pages/expenses?sort=nothing", "/pages/expenses?cursor=broken", "/pages/expenses?search=x&block=none", "/pages/expenses?from=-4"} {
		require.Contains(t, mainText(t, emil.Get(address).Want(200).Page()), "1–2 of 3", address)
	}
}

// instant is a stored time as text.
func instant(t *testing.T, v any) string {
	t.Helper()
	at, ok := v.(time.Time)
	require.True(t, ok, "%v is no time", v)
	return at.UTC().Format(time.RFC3339)
}
