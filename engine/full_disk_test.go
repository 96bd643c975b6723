package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/engine/nodes"
	"formrail/engine/queue"
	"formrail/engine/triggers"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// wakes is a queue that delivers nothing and remembers what it was told.
type wakes struct {
	mu      sync.Mutex
	last    models.PendingWakeup
	deliver queue.Handler
}

func (*wakes) WaitingOf(int64) int { return 0 }

func (q *wakes) Start(_ context.Context, deliver queue.Handler) error {
	q.deliver = deliver
	return nil
}

func (q *wakes) Wake(w models.PendingWakeup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = w
}

func (q *wakes) Stop(context.Context) error { return nil }
func (q *wakes) Stats() queue.Stats         { return queue.Stats{} }

// space lets the database grow, or not.
func space(t *testing.T, db *models.DB, pages string) {
	t.Helper()
	require.NoError(t, db.Write(t.Context(), "test.space", func(tx *models.Tx) error {
		_, err := tx.Exec(t.Context(), "PRAGMA max_page_count = "+pages)
		return err
	}))
}

// On a full disk an execution stays where it is and is delivered again soon: service goes
// on within ten seconds after there is space, without a restart.
func TestFullDisk_ExecutionsGoOnByThemselves(t *testing.T) {
	t.Parallel()
	copied := `{"type":"create_record","config":{"collection":"notes","values":{"title":"{{ trigger.data.title }}"}}}`
	big := `[` + strings.Replace(copied, `{`, `{"key":"a",`, 1) + `,` + strings.Replace(copied, `{`, `{"key":"b",`, 1) + `,` + strings.Replace(copied, `{`, `{"key":"c",`, 1) + `]`
	for name, sync := range map[string]bool{"in the background": false, "of a request that waits": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			db := modelstest.NewAt(t, clock)
			w := notesWorld(t, db, clock, &worldtest.Outside{})
			more := ""
			if sync {
				more = `"sync":true,`
			}
			w.Workflow(flow("big", big, more))
			w.Stop()
			q := &wakes{}
			w.Records = records.New(db)
			e := engine.New(engine.Deps{
				DB: db, Records: w.Records, Queue: q, Live: live.New(), Clock: clock, Log: db.Log(), Nodes: nodes.All(), Triggers: triggers.All(),
			})
			hooks := e.Hooks()
			committed := hooks.Committed
			hooks.Committed = func(ctx context.Context, op *records.Operation, r *records.Result) error {
				space(t, db, "1")
				return committed(ctx, op, r)
			}
			w.Records.SetHooks(hooks)
			require.NoError(t, e.Start(context.WithoutCancel(t.Context())))
			t.Cleanup(func() { require.NoError(t, e.Stop(context.Background())) })

			r, err := w.TrySubmit(w.Designer, "notes", `{"title":"`+strings.Repeat("long ", 40)+`"}`, "big")
			require.True(t, r.Triggers[0].Started)
			id := r.Triggers[0].ExecutionID
			if sync {
				require.True(t, models.IsCode(err, "WORKFLOW_UNFINISHED"), err)
				require.True(t, models.IsKind(err, models.KindUnavailable))
				require.Positive(t, models.AsError(err).RetryAfter)
			} else {
				require.NoError(t, err)
				q.deliver(t.Context(), id)
			}
			x, steps := w.Execution(id)
			require.Equal(t, models.Queued, x.Status, path(steps))
			q.mu.Lock()
			again := q.last
			q.mu.Unlock()
			require.Equal(t, id, again.ExecutionID)
			require.True(t, again.DueAt.After(clock.Now()), "not at once: nothing has changed yet")
			require.LessOrEqual(t, again.DueAt.Sub(clock.Now()), 8*time.Second)

			space(t, db, "4294967294")
			q.deliver(t.Context(), id)
			x, steps = w.Execution(id)
			require.Equal(t, models.Succeeded, x.Status, path(steps))
			require.Len(t, w.List("notes"), 4)
		})
	}
}
