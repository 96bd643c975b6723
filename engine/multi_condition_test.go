package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// sorted has a branch for each size, each of which makes a note; more are settings and
// properties of the step.
func sorted(more string) string {
	note := func(key string) string {
		return `{"key":"` + key + `","nodes":[{"key":"n` + key + `","type":"create_record","config":{"collection":"notes","values":{"title":"` + key + `"}}}]}`
	}
	return `[{"key":"m","type":"multi_condition",` + more + `"branches":[` + note("c1") + `,` + note("c2") + `,` + note("otherwise") + `]},
		{"key":"after","type":"create_record","config":{"collection":"notes","values":{"title":"after"}}}]`
}

const bySizes = `"cases":[
	{"key":"c1","title":"Large","when":{"all":[{"left":"{{ trigger.data.count }}","op":"gt","right":10}]}},
	{"key":"c2","title":"Some","when":{"all":[{"left":"{{ trigger.data.count }}","op":"gt","right":0}]}}]`

func TestMultiCondition_TakesTheFirstBranchThatMatches(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("go_on", sorted(`"config":{`+bySizes+`},`)))
		w.Workflow(flow("refuse", sorted(`"config":{"onNoMatch":"fail",`+bySizes+`},`)))
		w.Workflow(flow("handled", sorted(`"onError":"continue","config":{"onNoMatch":"fail",`+bySizes+`},`)))
		for _, c := range []struct {
			key, count string
			titles     []string
			status     models.Status
			reason     string
		}{
			{"go_on", "50", []string{"c1", "after"}, models.Succeeded, ""},
			{"go_on", "5", []string{"c2", "after"}, models.Succeeded, ""},
			{"go_on", "0", []string{"otherwise", "after"}, models.Succeeded, ""},
			{"refuse", "5", []string{"c2", "after"}, models.Succeeded, ""},
			{"refuse", "0", []string{"otherwise"}, models.Failed, "refused"},
			{"handled", "0", []string{"otherwise", "after"}, models.Succeeded, ""},
		} {
			before := len(w.List("notes")) + 1
			r := w.Submit(w.Designer, "notes", `{"title":"start","count":`+c.count+`}`, c.key)
			w.Idle()
			x, steps := w.Execution(r.Triggers[0].ExecutionID)
			require.Equal(t, c.status, x.Status, "%s %s: %s", c.key, c.count, x.Error)
			require.Equal(t, c.reason, x.Reason)
			var titles []string
			for _, row := range w.List("notes")[before:] {
				titles = append(titles, row["title"].(string))
			}
			require.Equal(t, c.titles, titles, "%s %s", c.key, c.count)
			require.NotEmpty(t, steps[0].Explanation)
			if c.status == models.Failed {
				require.Contains(t, x.Error, "NO_BRANCH_MATCHED")
				require.Contains(t, steps[0].Error, `"matched":null`)
			}
		}
		w.Sound()
	})
}

func TestMultiCondition_PassesOnWhatFailsInItsLastBranch(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Workflow(flow("broken", `[{"key":"m","type":"multi_condition","config":{"onNoMatch":"fail",`+bySizes+`},"branches":[
		{"key":"otherwise","nodes":[{"key":"x","type":"calculation","config":{"expression":"1 / 0"}}]}]}]`))
	r := w.Submit(w.Designer, "notes", `{"title":"start","count":0}`, "broken")
	w.Idle()
	x, _ := w.Execution(r.Triggers[0].ExecutionID)
	require.Equal(t, models.Failed, x.Status)
	require.Contains(t, x.Error, "DIVISION_BY_ZERO")
	w.Sound()
}

func TestMultiCondition_RefusesInsideARequestThatWaits(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Workflow(flow("now", sorted(`"config":{"onNoMatch":"fail",`+bySizes+`},`), `"sync":true,`))
	w.Submit(w.Designer, "notes", `{"title":"start","count":5}`, "now")
	_, err := w.TrySubmit(w.Designer, "notes", `{"title":"start","count":0}`, "now")
	require.True(t, models.IsCode(err, "WORKFLOW_STOPPED"), err)
	require.Len(t, w.List("notes"), 5, "the branch has run: two notes were sent, three made")
	w.Sound()
}
