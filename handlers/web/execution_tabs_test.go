package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// approved is an execution that mara has approved.
func (w world) approved(t testing.TB) string {
	t.Helper()
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	mara := w.Browser(w.mara)
	task := "/tasks/" + w.task(t, w.mara)
	form := fill(t, mara.Get(task).Page(), task+"/approve")
	form.Set("comment", "Within the client budget.")
	mara.Submit(task+"/approve", form).Want(303)
	w.Idle()
	return "/executions/" + w.execution(t)
}

func TestExecution_ShowsWhatItChangedToThoseWhoMayReadIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.approved(t) + "?tab=changes"
	w.Role("watcher", []string{"execution.view"})
	w.Role("reader", []string{"execution.view", "execution.payload"}, models.Grant{Collection: "payments", Action: models.View, Fields: []string{"note"}, Scope: models.ScopeAll})
	owner := mainText(t, w.Browser(w.Root).Get(address).Want(200).Page())
	require.Contains(t, owner, "Payment #1")
	require.Contains(t, owner, "Created")
	require.Contains(t, owner, "Create the payment")
	require.Contains(t, owner, "Note – Team offsite catering")
	require.Contains(t, owner, "Reimbursement – #1")
	reader := mainText(t, w.Browser(w.Person("rita", "reader")).Get(address).Want(200).Page())
	require.Contains(t, reader, "Team offsite catering")
	require.NotContains(t, reader, "Reimbursement – #1", "a field he may not read is left out")
	require.Contains(t, reader, "fields that you may not read")
	watcher := mainText(t, w.Browser(w.Person("wanda", "watcher")).Get(address).Want(200).Page())
	require.Contains(t, watcher, "Payment #1")
	require.NotContains(t, watcher, "Team offsite catering")
	require.Contains(t, watcher, "You may not see the data of executions.")
	w.Browser(w.ines).Get(address).Want(404)
}

func TestExecution_ShowsVariablesAndLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.approved(t)
	w.Role("watcher", []string{"execution.view"})
	root, watcher := w.Browser(w.Root), w.Browser(w.Person("wanda", "watcher"))
	variables := mainText(t, root.Get(address+"?tab=variables").Want(200).Page())
	require.Contains(t, variables, "nodes.ask")
	require.Contains(t, variables, "Team offsite catering")
	hidden := mainText(t, watcher.Get(address+"?tab=variables").Page())
	require.Contains(t, hidden, "nodes.ask")
	require.NotContains(t, hidden, "Team offsite catering")

	log := mainText(t, root.Get(address+"?tab=log").Want(200).Page())
	require.Regexp(t, "Started by emil.*More than 500\\?: Done 640 > 500.*mara approved Within the client budget\\..*Ended: Succeeded", log)
	plain := mainText(t, watcher.Get(address+"?tab=log").Page())
	require.Contains(t, plain, "mara approved", "who acted is no secret among those who watch")
	require.NotContains(t, plain, "640 > 500")
	require.NotContains(t, plain, "client budget")
}

func TestExecution_SaysWhoDecidedAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.approved(t)
	root := w.Browser(w.Root)
	require.Contains(t, mainText(t, root.Get(address).Page()), "640 > 500", "the canvas says why it went along a branch")
	ask := mainText(t, root.Get(address+"?step=ask").Page())
	require.Contains(t, ask, "Decision")
	require.Contains(t, ask, "mara approved")
	require.Contains(t, ask, "Within the client budget.")
	settings := mainText(t, root.Get(address+"?step=ask&view=settings").Page())
	require.Contains(t, settings, `"roles"`)
	require.NotContains(t, settings, "mara approved")
	w.Role("watcher", []string{"execution.view"})
	watcher := w.Browser(w.Person("wanda", "watcher"))
	require.NotContains(t, mainText(t, watcher.Get(address+"?step=ask&view=settings").Page()), `"roles"`, "settings are for those who see workflows")
	plain := mainText(t, watcher.Get(address+"?step=big").Page())
	require.NotContains(t, plain, "640")
	require.Contains(t, plain, "••• You may not see the data of executions.")
}

func TestExecutions_AreFilteredByTimeAndPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Pens", "12")
	w.submit(t, w.Browser(w.ines), "Paper", "12")
	root := w.Browser(w.Root)
	ines := models.Person(w.ines.ID, "").String()[len("user:"):]
	for filter, count := range map[string]int{
		"time=7d": 2, "time=1h": 2, "time=nonsense": 2, "by=" + ines: 1, "by=none": 0, "by=nonsense": 2, "by=-4": 2, "time=24h&by=" + ines: 1, "by=9999": 0,
	} {
		require.Len(t, rows(root.Get("/executions?"+filter).Want(200).Page()), count, filter)
	}
	page := root.Get("/executions?time=7d").Page()
	require.NotNil(t, handlerstest.First(page, "svg", "class", "spark spark--bars"))
	require.Contains(t, mainText(t, page), "1–2 of 2")
	require.NotNil(t, handlerstest.First(page, "a", "href", "/executions?by="+ines+"&time=7d"))
	own := w.Browser(w.emil).Get("/executions?by=" + ines).Page()
	require.Len(t, rows(own), 1, "who sees only his own cannot choose others")
	require.NotContains(t, mainText(t, own), "ines")
}

func TestExecutions_WhatARuleStoppedIsNoFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, root := w.Browser(w.emil), w.Browser(w.Root)
	for _, amount := range []string{"5", "13", "20"} {
		emil.Submit("/pages/expenses/actions/check?block=c1", expense(models.NewID(), "Pens", amount))
	}
	w.Idle()
	page := root.Get("/executions?status=stopped").Page()
	require.Len(t, rows(page), 1)
	require.Contains(t, handlerstest.Text(rows(page)[0]), "Stopped")
	tabs := handlerstest.Text(handlerstest.First(page, "div", "id", "execution-tabs"))
	require.Contains(t, tabs, "Failed 1")
	require.Contains(t, tabs, "Stopped 1")
	require.Len(t, rows(root.Get("/executions?status=failed").Page()), 1)
}

func TestExecutions_AreCancelledAndRunAgainFromTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	root := w.Browser(w.Root)
	act := func() string {
		return handlerstest.Attr(handlerstest.First(rows(root.Get("/executions").Page())[0], "form"), "action")
	}
	root.Submit(act(), url.Values{}).Want(303)
	require.Contains(t, handlerstest.Text(rows(root.Get("/executions").Page())[0]), "Cancelled")
	require.Equal(t, "/executions/"+w.execution(t)+"/rerun", act())
	root.Submit(act(), url.Values{"_key": {models.NewID()}}).Want(303)
	require.Contains(t, handlerstest.Text(rows(root.Get("/executions").Page())[0]), "Re-run of #1")
	w.Role("watcher", []string{"execution.view"})
	require.Nil(t, handlerstest.First(rows(w.Browser(w.Person("wanda", "watcher")).Get("/executions").Page())[0], "form"))
}
