package river

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"formrail/models"
	"formrail/models/fault"
)

// Pauses and bounds of looking after the table.
const (
	lookEvery   = time.Second
	horizon     = 3 * time.Second // what is due within this is kept in memory
	strandAfter = 2 * time.Second // due for so long without a living lease: its job was lost
	againAfter  = 5 * time.Second // a job for the same execution is not made more often
	lookLimit   = 5_000
	longest     = time.Second // so that a step of the system's time is noticed
)

// send gives River what is due: what came together travels together.
func (q *Queue) send(ctx context.Context) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.kick:
		case <-timer.C:
		}
		timer.Reset(q.flush(ctx))
	}
}

// flush makes a job for each execution that is due now and says how long nothing more is.
func (q *Queue) flush(ctx context.Context) time.Duration {
	q.mu.Lock()
	due, pause := q.timers.Due(q.o.Clock.Now(), longest)
	for _, w := range due {
		q.due(w)
	}
	jobs := make([]river.InsertManyParams, 0, len(q.ready))
	for id, w := range q.ready {
		jobs = append(jobs, river.InsertManyParams{Args: look{ID: id}, InsertOpts: &river.InsertOpts{Priority: priority(w)}})
	}
	clear(q.ready)
	q.mu.Unlock()
	if len(jobs) == 0 {
		return pause
	}
	if fault.Hit("queue.insert") != nil {
		return pause
	}
	if _, err := q.client.InsertManyFast(ctx, jobs); err != nil && ctx.Err() == nil {
		q.o.Log.Warn("wake executions; they are found again in the table", "executions", len(jobs), "error", err)
	}
	return pause
}

// priority puts people who wait on a page first, and workflows that flood the queue last.
func priority(w waiting) int {
	if w.busy && w.lane > 0 {
		return 4
	}
	return min(max(w.lane, 0), 2) + 1
}

// care looks again and again for what is due, on the process that leads.
func (q *Queue) care(ctx context.Context) {
	c := carer{q: q, woken: map[string]time.Time{}}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := c.look(ctx); err != nil && ctx.Err() == nil {
			q.o.Log.Warn("look for due wake-ups", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// carer remembers what it woke, so that a job that waits its turn is not made again.
type carer struct {
	q     *Queue
	woken map[string]time.Time
}

// look finds what becomes due soon, for the timers, and what has been due for long
// although no living process works on it: its job was lost, or its holder is gone.
func (c *carer) look(ctx context.Context) error {
	q := c.q
	now := q.o.Clock.Now()
	due, err := models.CountDue(ctx, q.o.DB.Read(), now, lookLimit)
	if err != nil {
		return err
	}
	q.waiting.Store(max(0, int64(due)-q.running.Load()))
	if !q.o.Leading() {
		return nil
	}
	coming, err := models.ComingWakeups(ctx, q.o.DB.Read(), now, now.Add(horizon), lookLimit)
	if err != nil {
		return err
	}
	for _, w := range coming {
		q.Wake(w)
	}
	if due == 0 {
		return nil
	}
	since, err := c.oldestJob(ctx, now)
	if err != nil {
		return err
	}
	stranded, err := models.StrandedWakeups(ctx, q.o.DB.Read(), since.Add(-strandAfter), now, lookLimit)
	if err != nil {
		return err
	}
	for id, at := range c.woken {
		if now.Sub(at) > againAfter || now.Before(at) {
			delete(c.woken, id)
		}
	}
	again := 0
	for _, w := range stranded {
		if _, ok := c.woken[w.ExecutionID]; !ok {
			c.woken[w.ExecutionID] = now
			again++
			q.Wake(w)
		}
	}
	if again > 0 {
		q.o.Log.LogAttrs(ctx, slog.LevelInfo, "woke executions that nobody worked on", slog.Int("executions", again))
	}
	return nil
}

// oldestJob gives the time of the job that has waited longest for a worker, or now when
// none waits. What became due before it has lost its job; what came later may still have
// one that waits its turn.
func (c *carer) oldestJob(ctx context.Context, now time.Time) (time.Time, error) {
	list, err := c.q.client.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateAvailable).
		OrderBy(river.JobListOrderByTime, river.SortOrderAsc).First(1))
	if err != nil {
		return now, err
	}
	if len(list.Jobs) == 0 || list.Jobs[0].ScheduledAt.After(now) {
		return now, nil
	}
	return list.Jobs[0].ScheduledAt, nil
}

// warnings is a log without what is of no use to who runs the server.
type warnings struct{ slog.Handler }

// Enabled leaves out what is below a warning.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}
