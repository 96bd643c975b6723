package engine

import (
	"context"
	"fmt"
	"sync/atomic"

	"formrail/engine/node"
	"formrail/models"
)

// watched counts what this process has put right since it was started.
type watched struct{ taken atomic.Int64 }

func (w *watched) tookOver(n int64) { w.taken.Add(n) }

// TakenOver is how many wake-ups this process has made ready again since it was started
// because their holder was gone.
func (e *Engine) TakenOver() int64 { return e.watched.taken.Load() }

// Watch runs the queries that must find nothing. A row that comes twice in a row is an
// alarm: it is logged, counted, shown, and repaired where only one repair can be right.
// The cause is still a defect. The engine calls it every minute; of several processes
// one does it.
func (e *Engine) Watch(ctx context.Context) error {
	found, err := models.CheckInvariants(ctx, e.db.Read(), models.Watchdog, e.now())
	if err != nil {
		return err
	}
	var alarms []models.Finding
	mine := false
	err = e.db.Write(ctx, "engine.watchdog", func(tx *models.Tx) error {
		alarms, mine, err = models.KeepFindings(ctx, tx, found)
		return err
	})
	if err != nil || !mine {
		return err
	}
	rows := map[string]int{}
	for _, inv := range models.Invariants() {
		if inv.Watchdog {
			rows[inv.Name] = 0
		}
	}
	for _, f := range found {
		rows[f.Query]++
	}
	e.metrics.Checked(e.now(), rows)
	for _, f := range alarms {
		e.metrics.Alarmed(f.Check)
		repaired, err := e.repair(ctx, f)
		if err != nil {
			e.log.Error("watchdog could not repair", "query", f.Check, "row", f.Found, "error", err)
		}
		if repaired {
			e.metrics.Repaired(f.Check)
		}
		e.log.Error("watchdog", "query", f.Check, "says", f.Says, "row", f.Found, "repaired", repaired)
	}
	e.live.Publish("watchdog")
	return nil
}

// repair puts an alarm right, where it is certain how.
func (e *Engine) repair(ctx context.Context, f models.Finding) (bool, error) {
	again, err := e.remedy(ctx, f)
	if err != nil || len(again) == 0 {
		return false, err
	}
	if f.Check == "Q7" {
		return true, e.db.Write(ctx, "engine.hand_over", func(tx *models.Tx) error {
			tx.AfterCommit(func() { e.queue.Wake(models.PendingWakeup{ExecutionID: again[0].ExecutionID, Lane: 1, DueAt: e.now()}) })
			return models.FindingRepaired(ctx, tx, f.ID)
		})
	}
	return true, e.db.Write(ctx, "engine.repair", func(tx *models.Tx) error {
		for _, w := range again {
			w.DueAt = models.At(tx.Now())
			if err := models.InsertWakeup(ctx, tx, &w); err != nil {
				return err
			}
		}
		return models.FindingRepaired(ctx, tx, f.ID)
	})
}

// remedy gives the wake-ups that an alarm lacks; none when it is not certain.
func (e *Engine) remedy(ctx context.Context, f models.Finding) ([]models.Wakeup, error) {
	cell := func(i int) string {
		if i < len(f.Cells) {
			return f.Cells[i]
		}
		return ""
	}
	switch f.Check {
	case "Q1":
		return e.restart(ctx, cell(0))
	case "Q2":
		return e.rewake(ctx, cell(0), func(s *models.Step) bool { return s.Node == cell(1) && s.Path == cell(2) })
	case "Q7":
		return []models.Wakeup{{ExecutionID: cell(1)}}, nil
	case "Q15":
		return []models.Wakeup{{ExecutionID: cell(1), StepID: cell(0), Reason: models.WakeRetry, Lane: 1}}, nil
	}
	return nil, nil
}

// restart gives an execution without any reason to move what it lacks: its beginning, or
// the reasons of its open steps.
func (e *Engine) restart(ctx context.Context, id string) ([]models.Wakeup, error) {
	exec, err := models.ExecutionByID(ctx, e.db.Read(), id)
	if err != nil {
		return nil, err
	}
	if exec.Status == models.Queued {
		return []models.Wakeup{{ExecutionID: id, Reason: models.WakeStart, Lane: laneOf(exec)}}, nil
	}
	return e.rewake(ctx, id, func(*models.Step) bool { return true })
}

// rewake gives new wake-ups to open steps of an execution. A step before its turn runs; a
// delay looks at its time again; an attempt that waited for its turn is made, one whose
// end nobody knows is decided by its policy; a called workflow is looked at.
func (e *Engine) rewake(ctx context.Context, id string, which func(*models.Step) bool) ([]models.Wakeup, error) {
	open, err := models.OpenSteps(ctx, e.db.Read(), id)
	if err != nil {
		return nil, fmt.Errorf("repair execution %s: %w", id, err)
	}
	var out []models.Wakeup
	for _, s := range open {
		if !which(s) {
			continue
		}
		reason := ""
		switch typ := e.registry.nodes[s.Type]; {
		case typ == nil:
		case s.Status == models.Planned:
			reason = models.WakeBranch
		case s.Status == models.Running, s.Status == models.Waiting && typ.Effect == node.External:
			reason = models.WakeRetry
		case s.Status == models.Waiting && s.Type == "delay":
			reason = models.WakeTimer
		case s.Status == models.Waiting && s.Type == "subflow":
			reason = models.WakeChild
		}
		if reason != "" {
			out = append(out, models.Wakeup{ExecutionID: id, StepID: s.ID, Reason: reason, Lane: 1})
		}
	}
	return out, nil
}
