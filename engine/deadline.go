package engine

import (
	"context"
	"errors"
	"fmt"

	"formrail/models"
)

// errOverdue says that the time of an execution, or of one that it was started by and that
// still runs, is over: nothing of it commits any more.
var errOverdue = errors.New("the time of the execution is over")

// inTime refuses a commit after the deadline. The sweeper ends executions whose time is
// over, but something that was due as well may come first, above all after the server stood
// still.
func (s *stretch) inTime(ctx context.Context, tx *models.Tx) error {
	now := models.At(tx.Now())
	if overdue(s.exec, now) {
		return errOverdue
	}
	if s.exec.ParentID == "" {
		return nil
	}
	over, err := models.OverdueAbove(ctx, tx, s.exec.ParentID, now)
	if err != nil {
		return fmt.Errorf("look for deadlines above %s: %w", s.exec.ID, err)
	}
	if over {
		return errOverdue
	}
	return nil
}

// overdue reports whether the time of an execution is over, without the time for which its
// clock stands.
func overdue(x *models.Execution, now models.Millis) bool {
	due := x.ExpiresAt
	if x.PeopleSince > 0 {
		due += max(now-x.PeopleSince, 0)
	}
	return x.ExpiresAt > 0 && due <= now
}

// endOverdue ends an execution whose stretch was refused because its time is over.
func (e *Engine) endOverdue(ctx context.Context, x *models.Execution) {
	if !overdue(x, models.At(e.now())) { // that of one above
		e.report("sweep deadlines", e.sweepDeadlines(ctx))
		return
	}
	err := e.end(ctx, x.ID, ending{status: models.TimedOut, reason: "deadline"})
	if err != nil && !models.IsCode(err, "EXECUTION_ENDED") {
		e.log.Warn("end overdue execution", "execution", x.ID, "error", err)
	}
}
