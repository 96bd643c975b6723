package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

const notes = `{"name":"notes","title":"Note","fields":[{"name":"title","type":"text","title":"Title","required":true},{"name":"count","type":"integer","title":"Count"}]}`

// flow wraps nodes into a workflow on the collection notes.
func flow(key, nodes string, more ...string) string {
	return fmt.Sprintf(`{"key":%q,"title":%q,"type":"post_action",%s"config":{"collection":"notes"},"nodes":%s}`, key, key, strings.Join(more, ""), nodes)
}

func notesWorld(t *testing.T, db *models.DB, clock models.Clock, out *worldtest.Outside) *worldtest.World {
	t.Helper()
	w := worldtest.NewWorld(t, db, clock, worldtest.CallNode(out), worldtest.WaitNode(), worldtest.RepeatNode(), worldtest.BothNode(), worldtest.RejectNode())
	w.Collection(notes)
	return w
}

// start submits a note that starts one workflow and gives its execution.
func start(t *testing.T, w *worldtest.World, key string) string {
	t.Helper()
	r := w.Submit(w.Designer, "notes", `{"title":"a"}`, key)
	require.True(t, r.Triggers[0].Started, r.Triggers[0].Reason)
	return r.Triggers[0].ExecutionID
}

func path(steps []*models.Step) string {
	var out []string
	for _, s := range steps {
		name := s.Node
		if s.Path != "" {
			name += "@" + s.Path
		}
		out = append(out, name+":"+string(s.Status))
	}
	return strings.Join(out, " ")
}

func TestContainer_RunsItsBodyAgainAndAgainWithWaitsInside(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart %v", restart), func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				w := notesWorld(t, db, clock, &worldtest.Outside{})
				w.Workflow(flow("rep", `[{"key":"r","type":"test_repeat","config":{"times":2},"branches":[{"key":"body","nodes":[
				  {"key":"w","type":"test_wait","config":{"seconds":10}},
				  {"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"inner"}}}]}]},
				  {"key":"z","type":"calculation","config":{"expression":"nodes.r.begun * 10"}}]`))
				run := w.Idle
				if restart {
					w.Steps = &worldtest.StepQueue{}
					w.Restart()
					run = func() { w.StepThrough() }
				}
				id := start(t, w, "rep")
				for range 2 {
					run()
					x, _ := w.Execution(id)
					require.Equal(t, models.Waiting, x.Status, x.Error)
					w.Sound()
					clock.Advance(11 * time.Second)
					if !restart {
						w.Restart() // looks at the moved clock
					}
				}
				run()
				x, steps := w.Execution(id)
				require.Equal(t, models.Succeeded, x.Status, x.Error)
				require.Equal(t, "r:done w@r#1:done n@r#1:done w@r#2:done n@r#2:done z:done", path(steps))
				require.Equal(t, "20", steps[len(steps)-1].Output)
				require.Len(t, w.List("notes"), 3)
				w.Sound()
			})
		})
	}
}

func TestContainer_HearsOfAFailureInside(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("rep", `[{"key":"r","type":"test_repeat","config":{"times":2},"branches":[{"key":"body","nodes":[
		  {"key":"bad","type":"calculation","config":{"expression":"1 / 0"}}]}]}]`))
		id := start(t, w, "rep")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, "r:done bad@r#1:failed bad@r#2:failed", path(steps))
		require.JSONEq(t, `{"begun":2,"failed":2}`, steps[0].Output)
		w.Sound()
	})
}

func TestContainer_BranchesWaitSideBySide(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("both", `[{"key":"p","type":"test_both","branches":[
		  {"key":"a","nodes":[{"key":"wa","type":"test_wait","config":{"seconds":10}}]},
		  {"key":"b","nodes":[{"key":"wb","type":"test_wait","config":{"seconds":20}}]}]},
		  {"key":"z","type":"calculation","config":{"expression":"nodes.p"}}]`))
		id := start(t, w, "both")
		w.Idle()
		_, steps := w.Execution(id)
		require.Equal(t, "p:waiting wa@p#1:waiting wb@p#1:waiting", path(steps))
		w.Sound()
		clock.Advance(15 * time.Second)
		w.Restart()
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status)
		w.Sound()
		clock.Advance(15 * time.Second)
		w.Restart()
		w.Idle()
		x, steps = w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, "p:done wa@p#1:done wb@p#1:done z:done", path(steps))
		w.Sound()
	})
}

func TestOnError_DecidesWhatAFailureMeans(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	for key, c := range map[string]struct {
		nodes, path string
		status      models.Status
	}{
		"fail_": {`[{"key":"a","type":"calculation","config":{"expression":"1 / 0"}},{"key":"z","type":"calculation","config":{"expression":"1"}}]`, "a:failed", models.Failed},
		"continue_": {
			`[{"key":"a","type":"calculation","onError":"continue","config":{"expression":"1 / 0"}},{"key":"z","type":"calculation","config":{"expression":"nodes.a.error.code"}}]`,
			"a:failed z:done", models.Succeeded,
		},
		"branch_": {`[{"key":"a","type":"calculation","onError":"branch","config":{"expression":"1 / 0"},"branches":[{"key":"error","nodes":[{"key":"e","type":"calculation","config":{"expression":"2"}}]}]},
		  {"key":"z","type":"calculation","config":{"expression":"1"}}]`, "a:failed e:done z:done", models.Succeeded},
		"outer_": {`[{"key":"c","type":"condition","onError":"continue","config":{"mode":"branch","when":{"all":[]}},"branches":[{"key":"yes","nodes":[
		  {"key":"a","type":"calculation","config":{"expression":"1 / 0"}},{"key":"n","type":"calculation","config":{"expression":"1"}}]}]},
		  {"key":"z","type":"calculation","config":{"expression":"1"}}]`, "c:done a:failed z:done", models.Succeeded},
		"skip_":  {`[{"key":"a","type":"calculation","skip":true,"config":{"expression":"1 / 0"}},{"key":"z","type":"calculation","config":{"expression":"1"}}]`, "a:skipped z:done", models.Succeeded},
		"stop_":  {`[{"key":"a","type":"condition","config":{"mode":"continue","when":{"all":[{"left":1,"op":"gt","right":2}]}}},{"key":"z","type":"calculation","config":{"expression":"1"}}]`, "a:failed", models.Failed},
		"end_":   {`[{"key":"a","type":"end","config":{"status":"succeeded"}},{"key":"z","type":"calculation","config":{"expression":"1"}}]`, "a:done", models.Succeeded},
		"empty_": {`[]`, "", models.Succeeded},
	} {
		w.Workflow(flow(key, c.nodes))
		id := start(t, w, key)
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, c.status, x.Status, key+x.Error)
		require.Equal(t, c.path, path(steps), key)
	}
	w.Sound()
}

func TestLocalNode_ThatFailsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("half", `[{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"kept"}}},
		  {"key":"b","type":"create_record","onError":"continue","config":{"collection":"notes","values":{"title":"{{ null }}"}}},
		  {"key":"c","type":"create_record","config":{"collection":"notes","values":{"title":"after"}}}]`))
		id := start(t, w, "half")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, "a:done b:failed c:done", path(steps))
		require.Contains(t, steps[1].Error, "VALIDATION_FAILED")
		require.Len(t, w.List("notes"), 3)
		w.Sound()
	})
}

func TestExternal_RetriesWithOneKeyAndKeepsTheIntent(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, clock, out)
		w.Workflow(flow("call", `[{"key":"a","type":"test_call","config":{"value":"{{ trigger.data.title }}"}},{"key":"z","type":"create_record","config":{"collection":"notes","values":{"title":"done"}}}]`))
		out.Fail(1)
		id := start(t, w, "call")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status, x.Error)
		require.Equal(t, "a:waiting", path(steps))
		require.Len(t, steps[0].Attempts, 1, "it is told while another one may follow")
		w.Sound()
		clock.Advance(3 * time.Second)
		w.Restart()
		w.Idle()
		x, steps = w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, 2, steps[0].Attempt)
		tries := steps[0].Attempts
		require.Len(t, tries, 2)
		require.Equal(t, steps[0].StartedAt, tries[0].StartedAt)
		require.Contains(t, tries[0].Error, "code")
		require.GreaterOrEqual(t, tries[0].EndedAt, tries[0].StartedAt)
		require.GreaterOrEqual(t, tries[1].StartedAt, tries[0].EndedAt+2000, "the pause is no part of an attempt")
		require.Equal(t, models.Attempt{StartedAt: tries[1].StartedAt, EndedAt: steps[0].EndedAt}, tries[1])
		require.Empty(t, steps[1].Attempts, "one attempt needs no words of its own")
		calls := out.Calls()
		require.Len(t, calls, 2)
		require.Equal(t, calls[0], calls[1])
		w.Sound()

		out.Fail(10)
		id = start(t, w, "call")
		for range 5 {
			w.Idle()
			clock.Advance(time.Minute)
			w.Restart()
		}
		w.Idle()
		x, steps = w.Execution(id)
		require.Equal(t, models.Failed, x.Status)
		require.Equal(t, 3, steps[0].Attempt)
		require.Len(t, steps[0].Attempts, 3)
		require.Equal(t, steps[0].Error, steps[0].Attempts[2].Error)
		require.Len(t, out.Calls(), 5)
		w.Sound()
	})
}

func TestExternal_DeathInFlightIsUnknownAndFollowsThePolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]models.Status{"retry": models.Succeeded, "fail": models.Failed, "ask": models.Waiting} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				out := &worldtest.Outside{}
				w := notesWorld(t, db, clock, out)
				w.Workflow(flow("call", fmt.Sprintf(`[{"key":"a","type":"test_call","onUnknown":%q,"config":{"value":1}}]`, policy)))
				id := start(t, w, "call")
				w.Idle()
				// What a process leaves behind that died with the attempt in flight.
				require.NoError(t, db.Write(t.Context(), "test.inflight", func(tx *models.Tx) error { return unfinish(t.Context(), tx, id) }))
				w.Restart()
				w.Idle()
				x, steps := w.Execution(id)
				require.Equal(t, want, x.Status, x.Error)
				switch policy {
				case "retry":
					require.Len(t, out.Calls(), 2)
					require.Equal(t, out.Calls()[0], out.Calls()[1])
					require.Len(t, steps[0].Attempts, 2)
					require.Zero(t, steps[0].Attempts[0].EndedAt, "nobody knows what became of the first")
					require.NotZero(t, steps[0].Attempts[1].EndedAt)
				case "ask":
					require.Equal(t, models.Unknown, steps[0].Status)
					require.Len(t, w.Tasks(w.Designer), 1)
				}
				w.Sound()
			})
		})
	}
}

// A person who knows what became of an attempt lets its step go on, once.
func TestResolve_APersonSaysWhatBecameOfAnAttempt(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]models.Status{engine.Happened: models.Succeeded, engine.DidNotHappen: models.Succeeded, engine.CountsAsFault: models.Failed} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				out := &worldtest.Outside{}
				w := notesWorld(t, db, clock, out)
				w.Workflow(flow("call", `[{"key":"a","type":"test_call","onUnknown":"ask","config":{"value":1}}]`))
				id := start(t, w, "call")
				w.Idle()
				require.NoError(t, db.Write(t.Context(), "test.inflight", func(tx *models.Tx) error { return unfinish(t.Context(), tx, id) }))
				w.Restart()
				w.Idle()
				task := w.Tasks(w.Designer)[0]
				in := engine.Resolution{Task: task.ID, Answer: answer, Output: map[string]any{"by": "hand"}, Comment: "The bank says so.", Channel: "api"}
				refused := func(by models.User, in engine.Resolution, code string) {
					_, err := w.Engine.Resolve(t.Context(), w.Access(by), in)
					require.True(t, models.IsCode(err, code), "%v", err)
				}
				refused(w.Employee, in, "NOT_FOUND")
				refused(w.Designer, engine.Resolution{Task: task.ID, Answer: "perhaps"}, "BAD_PARAMETER")
				_, err := w.Engine.Decide(t.Context(), w.Access(w.Designer), engine.Decision{Task: task.ID, Approve: true, Channel: "api"})
				require.True(t, models.IsCode(err, "BAD_PARAMETER"), "nobody approves a question: %v", err)
				_, err = w.Engine.Resolve(t.Context(), w.Access(w.Designer), in)
				require.NoError(t, err)
				refused(w.Designer, in, "TASK_DECIDED")
				w.Restart()
				w.Idle()
				x, steps := w.Execution(id)
				require.Equal(t, want, x.Status, x.Error)
				require.Empty(t, w.Tasks(w.Designer))
				switch answer {
				case engine.Happened:
					require.Len(t, out.Calls(), 1, "nothing is sent again")
					require.JSONEq(t, `{"by":"hand"}`, steps[0].Output)
					require.Contains(t, steps[0].Explanation, "The bank says so.")
				case engine.DidNotHappen:
					require.Len(t, out.Calls(), 2)
					require.Equal(t, out.Calls()[0], out.Calls()[1], "with the same key")
				case engine.CountsAsFault:
					require.Len(t, out.Calls(), 1)
					require.Contains(t, x.Error, "OUTCOME_UNKNOWN")
				}
				w.Sound()
			})
		})
	}
}

// unfinish puts an ended execution back to the moment after its intent: only a
// test may do that, so it goes around the guard that final is final.
func unfinish(ctx context.Context, tx *models.Tx, id string) error {
	drop, restore := "DROP TRIGGER executions_final", ""
	if tx.Dialect() == models.Postgres {
		drop = "DROP TRIGGER executions_final ON executions"
	}
	for _, q := range []string{
		drop,
		"UPDATE executions SET status = 'running', ended_at = 0, error = '', output = NULL WHERE id = '" + id + "'",
		"UPDATE steps SET status = 'running', ended_at = 0, output = NULL WHERE execution_id = '" + id + "'",
		"UPDATE stats_hourly SET succeeded = 0",
		"UPDATE wakeups SET state = 'ready', reason = 'retry', step_id = (SELECT id FROM steps WHERE execution_id = '" + id + "') WHERE execution_id = '" + id + "'",
		restore,
	} {
		if q == "" {
			continue
		}
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func TestCancel_StopsBeforeTheNextCommit(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, clock, out)
		w.Workflow(flow("call", `[{"key":"a","type":"test_call","config":{"value":1}},{"key":"z","type":"create_record","config":{"collection":"notes","values":{"title":"never"}}}]`))
		release := out.Hang()
		id := start(t, w, "call")
		require.Eventually(t, func() bool { return len(out.Calls()) == 1 }, 10*time.Second, time.Millisecond)
		require.True(t, models.IsKind(w.Engine.Cancel(t.Context(), w.Access(w.Employee), id, ""), models.KindForbidden))
		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), id, "a mistake"))
		release()
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Cancelled, x.Status)
		require.Equal(t, w.Designer.ID, x.EndedBy)
		require.Equal(t, "a mistake", x.Reason)
		require.Len(t, w.List("notes"), 1)
		require.True(t, models.IsCode(w.Engine.Cancel(t.Context(), w.Access(w.Designer), id, ""), "EXECUTION_ENDED"))
		w.Sound()
	})
}

func TestRerun_StartsALinkedExecutionOncePerKey(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("one", `[{"key":"z","type":"create_record","config":{"collection":"notes","values":{"title":"again"}}}]`))
		id := start(t, w, "one")
		w.Idle()
		again, err := w.Engine.Rerun(t.Context(), w.Access(w.Designer), id, "key-12345")
		require.NoError(t, err)
		twice, err := w.Engine.Rerun(t.Context(), w.Access(w.Designer), id, "key-12345")
		require.NoError(t, err)
		require.Equal(t, again, twice)
		w.Idle()
		x, _ := w.Execution(again)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, id, x.RerunOf)
		require.Len(t, w.List("notes"), 3)
		w.Sound()
	})
}

func TestDeadline_OfARerunBeginsAnew(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("limited", `[{"key":"c","type":"calculation","config":{"expression":"1"}}]`))
		_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), "limited", engine.WorkflowChange{Options: &models.WorkflowOptions{Timeout: "1m"}})
		require.NoError(t, err)
		id := start(t, w, "limited")
		w.Idle()
		clock.Advance(time.Hour)
		again, err := w.Engine.Rerun(t.Context(), w.Access(w.Designer), id, "key-12345")
		require.NoError(t, err)
		w.Idle()
		x, _ := w.Execution(again)
		require.Equal(t, models.At(clock.Now().Add(time.Minute)), x.ExpiresAt)
		w.Sound()
	})
}

// The time limit stands while an execution waits for nothing but people, where its
// workflow says so.
func TestDeadline_StandsWhilePeopleAreWaitedFor(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		asks := fmt.Sprintf(`{"key":"p","type":"approval","config":{"assignees":{"users":[%d]}}}`, w.Manager.ID)
		w.Workflow(flow("asks", `[`+asks+`,{"key":"w","type":"test_wait","config":{"seconds":1000}}]`))
		w.Workflow(flow("beside", `[{"key":"b","type":"parallel","config":{"branches":[{"key":"b1","title":"A"},{"key":"b2","title":"B"}]},"branches":[
			{"key":"b1","nodes":[`+asks+`]},{"key":"b2","nodes":[{"key":"w","type":"test_wait","config":{"seconds":1000}}]}]}]`))
		w.Workflow(flow("runs", `[`+asks+`]`))
		for key, stands := range map[string]bool{"asks": true, "beside": true, "runs": false} {
			options := models.WorkflowOptions{Timeout: "1m", PauseForPeople: stands}
			_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), key, engine.WorkflowChange{Options: &options})
			require.NoError(t, err)
		}
		id, beside, runs := start(t, w, "asks"), start(t, w, "beside"), start(t, w, "runs")
		w.Idle()
		overdue := func() []string {
			list, err := models.OverdueExecutions(t.Context(), db.Read(), clock.Now(), 10)
			require.NoError(t, err)
			return list
		}
		clock.Advance(2 * time.Minute)
		require.ElementsMatch(t, []string{beside, runs}, overdue(), "one of them waits for time as well, one counts all of its time")
		w.Restart()
		clock.Advance(2 * time.Hour)
		require.NotContains(t, overdue(), id)
		for _, task := range w.Tasks(w.Manager) {
			if task.ExecutionID == id { // the others may have ended meanwhile
				_, err := w.Engine.Decide(t.Context(), w.Access(w.Manager), engine.Decision{Task: task.ID, Approve: true, Channel: "api"})
				require.NoError(t, err)
			}
		}
		w.Idle()
		require.NotContains(t, overdue(), id)
		clock.Advance(59 * time.Second)
		require.NotContains(t, overdue(), id, "it has its whole minute")
		clock.Advance(2 * time.Second)
		require.Contains(t, overdue(), id)
	})
}

func TestDeadline_EndsAnExecutionThatWaitsTooLong(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	made := w.Workflow(flow("slow", `[{"key":"w","type":"test_wait","config":{"seconds":1000}}]`))
	_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), made.Key, engine.WorkflowChange{Options: &models.WorkflowOptions{Timeout: "1m"}})
	require.NoError(t, err)
	id := start(t, w, "slow")
	w.Idle()
	x, _ := w.Execution(id)
	require.Positive(t, x.ExpiresAt)
	require.Equal(t, models.Waiting, x.Status)
	w.Clock().Advance(2 * time.Minute)
	require.Eventually(t, func() bool {
		x, _ := w.Execution(id)
		return x.Status == models.TimedOut
	}, 20*time.Second, 50*time.Millisecond)
	w.Sound()
}
