package web_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// listed are the titles in a list of tasks, in their order.
func listed(page *html.Node) []string {
	var out []string
	for _, a := range handlerstest.All(page, "a") {
		if strings.HasPrefix(handlerstest.Attr(a, "id"), "task-0") {
			out = append(out, handlerstest.Text(handlerstest.First(a, "b")))
		}
	}
	return out
}

func TestTasks_Filter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Oslo", "640")
	w.submit(t, w.Browser(w.ines), "Lisbon", "700")
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE tasks SET due_at = ? WHERE title = 'Lisbon'", models.At(tx.Now().AddDate(0, 0, 2)))
		return err
	})
	mara := w.Browser(w.mara)
	for query, want := range map[string][]string{
		"": {"Lisbon", "Oslo"}, "search=OSL": {"Oslo"}, "search=ines": {"Lisbon"}, "search=%25": nil, "search=approval+flow": nil,
		"workflow=reimb_approval": {"Lisbon", "Oslo"}, "workflow=checks": {"Lisbon", "Oslo"}, "workflow=reimb_approval&search=osl": {"Oslo"},
		"due=overdue": nil, "due=today": nil, "due=week": {"Lisbon"}, "due=none": {"Oslo"}, "due=nonsense": {"Lisbon", "Oslo"},
	} {
		require.Equal(t, want, listed(mara.Get("/tasks?"+query).Want(200).Page()), query)
	}
	page := mara.Get("/tasks?due=none").Page()
	oslo := handlerstest.Attr(handlerstest.First(handlerstest.First(page, "div", "id", "task-rows"), "a"), "href")
	require.Contains(t, oslo, "?due=none", "the list beside a task stays as it was")
	require.Equal(t, []string{"Oslo"}, listed(mara.Get(oslo).Page()))
	require.Contains(t, mainText(t, mara.Get("/tasks?due=today").Page()), "No task matches")
	require.Empty(t, listed(w.Browser(w.ines).Get("/tasks?search=oslo").Page()))
	require.NotContains(t, handlerstest.Text(w.Browser(w.ines).Get("/tasks").Page()), "reimb_approval", "nobody learns which workflows ask others")
}

func TestTasks_ListDoesNotGrowUnderTheReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, mara := w.Browser(w.emil), w.Browser(w.mara)
	w.submit(t, emil, "First", "640")
	page := mara.Get("/tasks").Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(page, "title")), "(1) Tasks")
	again := handlerstest.Attr(handlerstest.First(page, "div", "id", "task-rows"), "hx-get")
	live := mara.With("HX-Request", "true")
	require.NotContains(t, handlerstest.Text(live.Get(again).Page()), "new task")
	w.submit(t, emil, "Second", "700")
	w.submit(t, emil, "Third", "700")
	part := live.Get(again).Want(200).Page()
	require.Equal(t, []string{"First"}, listed(part))
	require.Contains(t, handlerstest.Text(part), "2 new tasks")
	require.Contains(t, handlerstest.Text(part), "(3) Tasks", "the numbers are those of now")
	fresh := handlerstest.Attr(handlerstest.First(part, "a", "class", "badge badge--accent"), "href")
	require.Equal(t, []string{"First", "Second", "Third"}, listed(mara.Get(fresh).Page()))
	count := live.Get("/tasks?part=count").Want(200)
	require.Equal(t, "3 open 3 open", strings.Join(strings.Fields(handlerstest.Text(count.Page())), " "))
	require.Empty(t, strings.TrimSpace(handlerstest.Text(w.Browser(w.ines).With("HX-Request", "true").Get("/tasks?part=count").Page())))
	require.NotNil(t, handlerstest.First(mara.Get("/tasks?part=count").Page(), "main"), "alone it is a page")
}

func TestTasks_APartStaysWhileItIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, mara := w.Browser(w.emil), w.Browser(w.mara)
	for range 31 {
		w.submit(t, emil, "Trip", "640")
	}
	page := mara.Get("/tasks").Page()
	require.Len(t, listed(page), 30)
	rest := handlerstest.Attr(handlerstest.First(handlerstest.First(page, "p", "class", "newbar"), "a"), "href")
	page = mara.Get(rest).Page()
	require.Len(t, listed(page), 1)
	again := handlerstest.Attr(handlerstest.First(page, "div", "id", "task-rows"), "hx-get")
	require.Len(t, listed(mara.With("HX-Request", "true").Get(again).Page()), 1)
}

func TestTask_LeadsThroughItsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, mara := w.Browser(w.emil), w.Browser(w.mara)
	for _, name := range []string{"Oslo", "Lisbon", "Oslo again"} {
		w.submit(t, emil, name, "640")
	}
	list := mara.Get("/tasks?search=oslo").Page()
	first := handlerstest.Attr(handlerstest.First(handlerstest.First(list, "div", "id", "task-rows"), "a"), "href")
	page := mara.Get(first).Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(page, "header")), "1 of 2")
	next := handlerstest.First(page, "a", "aria-label", "Next task")
	require.NotNil(t, next)
	require.Nil(t, handlerstest.First(page, "a", "aria-label", "Previous task"))
	id, query, _ := strings.Cut(first, "?")
	to := mara.Submit(id+"/approve?"+query, fill(t, page, id+"/approve?"+query)).Want(303).Header.Get("Location")
	require.Equal(t, handlerstest.Attr(next, "href"), to, "the next one of the same list")
	id, query, _ = strings.Cut(to, "?")
	to = mara.Submit(id+"/approve?"+query, fill(t, mara.Get(to).Page(), id+"/approve?"+query)).Want(303).Header.Get("Location")
	require.Equal(t, "/tasks", to)
	require.Equal(t, []string{"Lisbon"}, listed(mara.Get(to).Page()))
}

// A button that is pressed before the scripts are there asks, as its dialog would.
func TestTask_ADecisionIsAskedForWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	mara, task := w.Browser(w.mara), "/tasks/"+w.task(t, w.mara)
	for _, action := range []string{"approve", "reject"} {
		bar := handlerstest.First(mara.Get(task).Page(), "div", "id", "task-decision")
		button := handlerstest.First(bar, "button", "formaction", task+"/"+action)
		require.NotNil(t, button)
		form := fill(t, mara.Get(task).Page(), task+"/comment")
		form.Set("comment", "As agreed.")
		form.Set(handlerstest.Attr(button, "name"), handlerstest.Attr(button, "value"))
		asked := mara.Submit(task+"/"+action, form).Want(200).Page()
		dialog := handlerstest.First(asked, "dialog", "id", action+"-dialog")
		require.True(t, slices.ContainsFunc(dialog.Attr, func(a html.Attribute) bool { return a.Key == "open" }), "the question is there")
		require.Equal(t, "As agreed.", handlerstest.Text(handlerstest.First(dialog, "textarea")))
	}
	require.NotNil(t, handlerstest.First(mara.Get(task).Page(), "div", "id", "task-decision"), "nothing is decided")
	form := fill(t, mara.Get(task).Page(), task+"/approve")
	mara.Submit(task+"/approve", form).Want(303)
	require.Nil(t, handlerstest.First(mara.Get(task).Page(), "div", "id", "task-decision"))
}

func TestTask_SaysWhenSomebodyElseDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	mara, nils := w.Browser(w.mara), w.Browser(w.nils)
	task, other := "/tasks/"+w.task(t, w.mara), "/tasks/"+w.task(t, w.nils)
	part := handlerstest.Attr(handlerstest.First(mara.Get(task).Page(), "div", "id", "task-state"), "hx-get")
	live := mara.With("HX-Request", "true")
	require.Nil(t, handlerstest.First(live.Get(part).Want(200).Page(), "div", "id", "task-decision"), "it is still to be decided")
	form := fill(t, nils.Get(other).Page(), other+"/approve")
	form.Set("comment", "Within budget.")
	nils.Submit(other+"/approve", form).Want(303)
	w.Idle()
	page := live.Get(part).Want(200).Page()
	require.Contains(t, handlerstest.Text(page), "Approved by nils")
	require.Contains(t, handlerstest.Text(page), "Within budget.")
	require.Equal(t, "delete", handlerstest.Attr(handlerstest.First(page, "div", "id", "task-decision"), "hx-swap-oob"))
	require.Empty(t, handlerstest.Attr(handlerstest.First(page, "div", "id", "task-state"), "hx-get"), "nothing changes any more")
	w.Browser(w.ines).With("HX-Request", "true").Get(part).Want(404)
	lost := mara.Submit(task+"/reject", url.Values{"comment": {"Fine."}}).Want(409).Page()
	require.Contains(t, mainText(t, lost), "nils approved this already")
	require.Contains(t, mainText(t, lost), "Fine.")
}

func TestTask_ShowsTheHistoryOfTheRecordToItsReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	otto := w.Person("otto", "reviewer")
	emil := w.Browser(w.emil)
	w.submit(t, emil, "Team offsite catering", "640")
	page := w.Browser(w.mara).Get("/tasks/" + w.task(t, w.mara)).Page()
	require.NotNil(t, handlerstest.First(page, "h2", "id", "task-history"))
	require.Contains(t, mainText(t, page), "History of the record")
	require.Nil(t, handlerstest.First(w.Browser(otto).Get("/tasks/"+w.task(t, otto)).Page(), "h2", "id", "task-history"), "he may not read the record itself")
}
