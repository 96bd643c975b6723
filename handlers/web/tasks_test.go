package web_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestTask_ShowsWhatWasSubmittedAndWhatFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	mara := w.Browser(w.mara)
	task := w.task(t, w.mara)
	list := mainText(t, mara.Get("/tasks").Page())
	require.Contains(t, list, "Team offsite catering")
	require.Contains(t, list, "emil · €640.00")
	page := mara.Get("/tasks/" + task).Page()
	said := mainText(t, page)
	for _, want := range []string{"emil asks for €640.00", "Manager review", "Submitted form", "emil submitted the form", "You are asked", "nils was asked", "Then: Create the payment"} {
		require.Contains(t, said, want)
	}
	require.Contains(t, handlerstest.Text(page), "Approve €640.00?")
	require.Contains(t, said, "Secret note", "who decides sees all that was submitted")
	emil := w.Browser(w.emil).Get("/tasks/" + task).Want(200).Page()
	require.Nil(t, handlerstest.First(emil, "button", "formaction", "/tasks/"+task+"/approve"), "he only follows it")
	require.NotContains(t, mainText(t, emil), "Secret note", "he may not read it anywhere")
	require.Contains(t, mainText(t, w.Browser(w.emil).Get("/tasks/started").Page()), "Team offsite catering")
}

func TestDecide_GoesOnWithTheNextTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, mara := w.Browser(w.emil), w.Browser(w.mara)
	w.submit(t, emil, "First", "640")
	first := w.task(t, w.mara)
	w.submit(t, emil, "Second", "700")
	approve := fill(t, mara.Get("/tasks/"+first).Page(), "/tasks/"+first+"/approve")
	approve.Set("comment", "Within budget.")
	to := mara.Submit("/tasks/"+first+"/approve", approve).Want(303).Header.Get("Location")
	require.NotEqual(t, "/tasks/"+first, to)
	page := mara.Get(to).Want(200).Page()
	require.Contains(t, mainText(t, page), "Second")
	require.Contains(t, toasts(page), "Approved “First”")
	w.Idle()
	require.Contains(t, mainText(t, mara.Get("/pages/payments").Page()), "First")
	closed := mainText(t, mara.Get("/tasks/"+first).Page())
	require.Contains(t, closed, "Approved by mara")
	require.Contains(t, closed, "Within budget.")
	require.Contains(t, mainText(t, mara.Get("/tasks/done").Page()), "First")
	// The same decision again, as from a second press, is the same answer.
	mara.Submit("/tasks/"+first+"/approve", approve).Want(303)
	reject := fill(t, page, to+"/reject")
	refused := mara.Submit(to+"/reject", reject).Want(422).Page()
	require.Contains(t, handlerstest.Text(refused), "Say why in the comment.")
	reject.Set("comment", "Too expensive.")
	require.Equal(t, "/tasks", mara.Submit(to+"/reject", reject).Want(303).Header.Get("Location"), "nothing is left")
}

func TestDecide_PutsTheNextTaskIntoThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, mara := w.Browser(w.emil), w.Browser(w.mara)
	w.submit(t, emil, "First", "640")
	first := w.task(t, w.mara)
	w.submit(t, emil, "Second", "700")
	here := mara.With("HX-Request", "true")
	decide := func(id, action, comment string) *handlerstest.Answer {
		form := fill(t, mara.Get("/tasks/"+id).Page(), "/tasks/"+id+"/"+action)
		form.Set("comment", comment)
		return here.Submit("/tasks/"+id+"/"+action, form)
	}
	went := decide(first, "approve", "").Want(200)
	to := went.Header.Get("HX-Push-Url")
	require.NotContains(t, string(went.Body), "<html")
	page := went.Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(page, "section", "id", "task")), "Second")
	require.Contains(t, toasts(page), "Approved “First”")
	require.Len(t, handlerstest.All(page, "a", "class", "inbox__item"), 1)
	for _, id := range []string{"top", "task-rows", "approve-dialog", "reject-dialog"} {
		for _, n := range append(handlerstest.All(page, "header"), append(handlerstest.All(page, "div"), handlerstest.All(page, "dialog")...)...) {
			if id != "" && handlerstest.Attr(n, "id") == id {
				require.Equal(t, "true", handlerstest.Attr(n, "hx-swap-oob"), "%s takes the place of the one that is shown", id)
				id = ""
			}
		}
		require.Empty(t, id, "it is in the answer")
	}
	refused := decide(strings.TrimPrefix(to, "/tasks/"), "reject", "").Want(422).Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(refused, "dialog", "id", "reject-dialog")), "Say why in the comment.")
	over := decide(strings.TrimPrefix(to, "/tasks/"), "reject", "Too expensive.").Want(200)
	require.Equal(t, "/tasks", over.Header.Get("HX-Push-Url"))
	require.Contains(t, string(over.Body), "Nothing to do")
	require.Contains(t, string(over.Body), `<div id="reject-dialog" hx-swap-oob="delete">`)
}

func TestDecide_TwoAtOnceGiveOneOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	type attempt struct {
		client  *handlerstest.Client
		name    string
		address string
		form    url.Values
		answer  *handlerstest.Answer
	}
	var tries []*attempt
	for _, who := range []models.User{w.mara, w.nils} {
		client, task := w.Browser(who), w.task(t, who)
		form := fill(t, client.Get("/tasks/"+task).Page(), "/tasks/"+task+"/approve")
		form.Set("comment", "From "+who.Nickname)
		tries = append(tries, &attempt{client: client, name: who.Nickname, address: "/tasks/" + task, form: form})
	}
	var wait sync.WaitGroup
	for _, a := range tries {
		wait.Go(func() { a.answer = a.client.Submit(a.address+"/approve", a.form) })
	}
	wait.Wait()
	w.Idle()
	winner, loser := tries[0], tries[1]
	if winner.answer.Status != 303 {
		winner, loser = loser, winner
	}
	winner.answer.Want(303)
	page := loser.answer.Want(409).Page()
	require.Contains(t, mainText(t, page), winner.name+" approved this already")
	require.Contains(t, mainText(t, page), "From "+loser.name, "what he typed is kept")
	require.Nil(t, handlerstest.First(page, "form", "action", loser.address+"/approve"))
	require.Equal(t, 1, strings.Count(mainText(t, winner.client.Get("/pages/payments").Page()), "View"), "one payment was created")
	log, err := models.Executions(context.Background(), w.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, models.Succeeded, log[0].Status)
}

func TestDecide_IsForThoseWhoAreAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	task := w.task(t, w.mara)
	for who, status := range map[int64]int{w.ines.ID: 404, w.emil.ID: 403, w.nils.ID: 404, w.Root.ID: 403} {
		client := w.Browser(models.User{ID: who})
		for _, action := range []string{"/approve", "/reject"} {
			client.Submit("/tasks/"+task+action, url.Values{"comment": {"x"}}).Want(status)
		}
	}
	unknown := w.Browser(w.ines).Submit("/tasks/06H1A60TZDWPH5Q3X4RMGZFC60/approve", url.Values{}).Want(404)
	foreign := w.Browser(w.ines).Submit("/tasks/"+task+"/approve", url.Values{}).Want(404)
	require.Equal(t, string(unknown.Body), string(foreign.Body), "nobody learns that it exists")
}

func TestDecide_RefusesContentThatWasNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	task := w.task(t, w.mara)
	answer := w.Browser(w.mara).Submit("/tasks/"+task+"/approve", url.Values{"_seen": {"something else"}, "comment": {"Fine."}}).Want(409)
	require.Contains(t, handlerstest.Text(answer.Page()), "What you were shown has changed")
	require.Contains(t, handlerstest.Text(answer.Page()), "Fine.")
	w.task(t, w.mara)
}
