package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/inbound"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// rename changes the title of a note as a person does.
func rename(t *testing.T, w *worldtest.World, id any, title string) {
	t.Helper()
	_, err := w.Records.Write(t.Context(), &records.Operation{
		Access: w.Access(w.Designer), Collection: "notes", Action: models.Update, Values: map[string]any{"title": title},
		Filter: map[string]any{"id": map[string]any{"$eq": id}}, Origin: models.Origin{Kind: "form", RequestID: "test"},
	})
	require.NoError(t, err)
}

const made = `{"key":"m","type":"create_record","config":{"collection":"notes","values":{"title":"new"}}}`

// paid waits until the note that was made is called "paid".
func paid(more string) string {
	return `{"key":"e","type":"wait_event","config":{"filter":{"resource.type":"notes","resource.id":"{{ nodes.m.id }}","resource.title":"pa*d"}` + more + `}}`
}

func TestWaitEvent_GoesOnWithTheEventWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Steps = &worldtest.StepQueue{}
		w.Restart()
		out := `{"key":"o","type":"output","config":{"value":"{{ nodes.e.event.resource.title }}"}}`
		w.Workflow(flow("main", `[`+made+`,`+paid("")+`,`+out+`]`))
		one, two := start(t, w, "main"), start(t, w, "main")
		w.StepThrough()
		require.Len(t, w.List("notes"), 4)
		note := func(execution string) any { // the one that it made
			_, steps := w.Execution(execution)
			made, ok := worldtest.JSON(t, steps[0].Output).(map[string]any)
			require.True(t, ok)
			return made["id"]
		}
		rename(t, w, note(one), "open")
		w.StepThrough()
		x, _ := w.Execution(one)
		require.Equal(t, models.Waiting, x.Status)

		rename(t, w, note(one), "paid")
		rename(t, w, note(one), "paaid") // ends no second wait
		w.StepThrough()
		x, steps := w.Execution(one)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, `"paid"`, x.Output, path(steps))
		x, _ = w.Execution(two)
		require.Equal(t, models.Waiting, x.Status, "it waits for its own record")
		rename(t, w, note(two), "paid")
		w.StepThrough()
		x, _ = w.Execution(two)
		require.Equal(t, models.Succeeded, x.Status)
	})
}

func TestWaitEvent_MissesNothingBetweenTwoSteps(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("past", `[`+made+`,{"key":"w","type":"test_wait","config":{"seconds":5}},`+paid("")+`]`))
		w.Workflow(flow("now", `[`+made+`,{"key":"w","type":"test_wait","config":{"seconds":5}},`+paid(`,"since":"wait"`)+`]`))
		w.Workflow(flow("own", `[`+made+`,{"key":"u","type":"update_record","config":{"collection":"notes","filter":{"id":{"$eq":"{{ nodes.m.id }}"}},"values":{"title":"paid"}}},`+paid("")+`]`))
		ids := []string{start(t, w, "past"), start(t, w, "now"), start(t, w, "own")}
		w.Idle()
		for _, n := range w.List("notes") {
			if n["title"] == "new" { // the third has renamed its own
				rename(t, w, n["id"], "paid")
			}
		}
		clock.Advance(5 * time.Second)
		w.Restart()
		w.Idle()
		var got []string
		for _, id := range ids {
			x, _ := w.Execution(id)
			got = append(got, string(x.Status))
		}
		require.Equal(t, []string{"succeeded", "waiting", "waiting"}, got, "an event of before counts, unless told otherwise; its own does not")
		w.Sound()
	})
}

func TestWaitEvent_EndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		for on, branches := range map[string]string{
			"fail": "", "continue": "", "branch": `,"branches":[{"key":"deadline","nodes":[{"key":"l","type":"output","config":{"value":"late"}}]}]`,
		} {
			wait := paid(`,"deadline":"10s","onDeadline":"` + on + `"`)
			w.Workflow(flow("on_"+on, `[`+made+`,`+strings.TrimSuffix(wait, "}")+branches+`},{"key":"z","type":"test_wait","config":{"seconds":600}}]`))
		}
		ids := map[string]string{}
		for _, on := range []string{"fail", "continue", "branch"} {
			ids[on] = start(t, w, "on_"+on)
		}
		w.Idle()
		clock.Advance(9 * time.Second)
		w.Restart()
		w.Idle()
		x, _ := w.Execution(ids["fail"])
		require.Equal(t, models.Waiting, x.Status)
		clock.Advance(time.Second)
		w.Restart()
		w.Idle()
		x, _ = w.Execution(ids["fail"])
		require.Equal(t, models.Failed, x.Status)
		require.Contains(t, x.Error, "DEADLINE")
		x, steps := w.Execution(ids["continue"])
		require.Equal(t, models.Waiting, x.Status)
		require.Contains(t, path(steps), "e:done z:waiting")
		x, steps = w.Execution(ids["branch"])
		require.Equal(t, `"late"`, x.Output, path(steps))
		for _, n := range w.List("notes") { // nobody waits any more
			rename(t, w, n["id"], "paid")
		}
		w.Idle()
		var open int
		require.NoError(t, w.DB.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM event_waits WHERE state = 'open'").Scan(&open))
		require.Zero(t, open)
		w.Sound()
	})
}

func TestWaitEvent_TakesCallsAlsoBeforeItIsReached(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Engine.SetBaseURL("https://forms.example")
		wait := func(more string) string {
			return `{"key":"c","type":"wait_event","config":{"kind":"callback","fields":[{"name":"amount","type":"integer","required":true}]` + more + `}}`
		}
		address := `{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"{{ system.callbacks.c.url }}"}}}`
		total := `{"key":"o","type":"output","config":{"value":"{{ nodes.c.body.amount }} of {{ len(nodes.c.calls) }}"}}`
		w.Workflow(flow("twice", `[`+address+`,{"key":"w","type":"test_wait","config":{"seconds":5}},`+wait(`,"times":2`)+`,`+total+`]`))
		w.Workflow(flow("passes", `[{"key":"l","type":"loop","config":{"source":"count","count":2,"parallelism":2},"branches":[{"key":"body","nodes":[`+address+`,`+wait("")+`]}]}]`))
		call := func(url string, body map[string]any) string {
			token, ok := strings.CutPrefix(url, "https://forms.example/api/callback:resume/")
			require.True(t, ok, url)
			sent, err := json.Marshal(body)
			require.NoError(t, err)
			_, err = w.Engine.CallBack(t.Context(), engine.CalledBack{Token: token, Request: inbound.Request{
				Body: sent, Headers: inbound.Headers{{Name: "Content-Type", Value: "application/json"}},
			}})
			w.Idle()
			if err == nil {
				return ""
			}
			return models.AsError(err).Code
		}
		amount := func(n int64) map[string]any { return map[string]any{"amount": n, "more": true} }

		id := start(t, w, "twice")
		w.Idle()
		url := fmt.Sprint(w.List("notes")[1]["title"])
		require.Equal(t, "VALIDATION_FAILED", call(url, map[string]any{"amount": "x"}))
		require.Equal(t, "VALIDATION_FAILED", call(url, map[string]any{}))
		require.Empty(t, call(url, amount(1)), "a call that comes before the step is kept")
		require.Equal(t, "NOT_FOUND", call(url[:len(url)-1]+"B", amount(2)))
		require.Equal(t, "NOT_FOUND", call("https://forms.example/api/callback:resume/x", amount(2)))
		clock.Advance(5 * time.Second)
		w.Restart()
		w.Engine.SetBaseURL("https://forms.example")
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status)
		w.Sound()
		require.Empty(t, call(url, amount(2)))
		x, _ = w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status)
		require.Equal(t, `"2 of 2"`, x.Output)
		require.Equal(t, "CALLBACK_USED", call(url, amount(3)))
		state := func(of string) (state string) {
			require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT state FROM callbacks WHERE execution_id = ? ORDER BY id DESC LIMIT 1", of).Scan(&state))
			return state
		}
		require.Equal(t, "used", state(id))

		id = start(t, w, "passes")
		w.Idle()
		notes := w.List("notes")
		require.Len(t, notes, 5)
		require.NotEqual(t, notes[3]["title"], notes[4]["title"], "each pass has its own address")
		require.Empty(t, call(fmt.Sprint(notes[4]["title"]), amount(1)))
		x, _ = w.Execution(id)
		require.Equal(t, models.Waiting, x.Status)
		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), id, ""))
		require.Equal(t, "CALLBACK_EXPIRED", call(fmt.Sprint(notes[3]["title"]), amount(1)))

		w.Workflow(flow("late", `[`+wait(`,"deadline":"10s","onDeadline":"continue"`)+`,{"key":"z","type":"test_wait","config":{"seconds":600}}]`))
		late := start(t, w, "late")
		w.Idle()
		clock.Advance(10 * time.Second)
		w.Restart()
		w.Engine.SetBaseURL("https://forms.example")
		w.Idle()
		require.Equal(t, "expired", state(late))
		w.Sound()
	})
}

func TestWaitEvent_TellsOnlyWhatTheStepMayRead(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Collection(`{"name":"secrets","title":"Secrets","fields":[{"name":"title","type":"string"},{"name":"salary","type":"integer"}]}`)
		all := func(collection string, action models.Action, fields ...string) models.Grant {
			return models.Grant{Collection: collection, Action: action, Fields: fields, Scope: models.ScopeAll}
		}
		w.Grant("member", all("notes", models.Create), all("notes", models.View), all("secrets", models.View, "title"))
		wait := `[{"key":"e","type":"wait_event","config":{"event":"resource.ResourceCreated","filter":{"resource.type":"secrets"}}},{"key":"o","type":"output","config":{"value":"{{ nodes.e.event.resource }}"}}]`
		w.Workflow(flow("hears", wait), engine.Publish{None: true})
		id := w.Submit(w.Employee, "notes", `{"title":"a"}`, "hears").Triggers[0].ExecutionID
		w.Idle()
		w.Submit(w.Designer, "secrets", `{"title":"T","salary":5000}`)
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Contains(t, x.Output, `"title":"T"`)
		require.NotContains(t, x.Output, "5000")

		w.Grant("member", all("notes", models.Create), all("notes", models.View))
		_, err := w.Engine.Publish(t.Context(), w.Access(w.Employee), "hears", engine.Publish{})
		require.Equal(t, "NO_PERMISSION", models.AsError(err).Code)
		for _, filter := range []string{`{}`, `{"resource.type":"*"}`, `{"resource.type":"{{ trigger.data.title }}"}`, `{"resource.id":1}`} {
			m, _ := worldtest.JSON(t, flow("bad", `[{"key":"e","type":"wait_event","config":{"filter":`+filter+`}}]`)).(map[string]any)
			_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{Key: "bad", Title: "Bad", Type: "post_action", Config: m["config"], Nodes: m["nodes"]})
			require.Equal(t, "e.filter", models.AsError(err).Fields[0].Field, filter)
		}
	})
}

func TestDelay_EndsEarlyWhenSomethingHappens(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("main", `[`+made+`,{"key":"d","type":"delay","config":{"for":"1h","cancelOn":{"event":"resource.ResourceUpdated",
			"filter":{"resource.type":"notes","resource.id":"{{ nodes.m.id }}"}}}},{"key":"o","type":"output","config":{"value":"{{ nodes.d.cancelled }} {{ nodes.d.event.resource.title }}"}}]`))
		early, late := start(t, w, "main"), start(t, w, "main")
		w.Idle()
		_, steps := w.Execution(early)
		note, ok := worldtest.JSON(t, steps[0].Output).(map[string]any)
		require.True(t, ok)
		clock.Advance(time.Minute)
		rename(t, w, note["id"], "sooner")
		w.Idle()
		x, steps := w.Execution(early)
		require.Equal(t, models.Succeeded, x.Status, path(steps))
		require.Equal(t, `"true sooner"`, x.Output)
		clock.Advance(time.Hour)
		w.Restart()
		w.Idle()
		x, _ = w.Execution(late)
		require.Equal(t, `"false "`, x.Output)
		var open int
		require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM event_waits WHERE state = 'open'").Scan(&open))
		require.Zero(t, open)
		w.Sound()
	})
}
