package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/text"
)

// Limits are bounds of the whole installation. Zero means the default.
type Limits struct {
	QueueRoom   int `json:"queueRoom,omitempty"`   // executions that may wait: in all for a worker, of one workflow for a permit
	StormTen    int `json:"stormTen,omitempty"`    // starts of a workflow by its own chain within ten seconds
	StormMinute int `json:"stormMinute,omitempty"` // and within a minute
}

// limitsName is the name under which the bounds are stored.
const limitsName = "limits"

// withDefaults fills in what was not set.
func (l Limits) withDefaults() Limits {
	set := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	set(&l.QueueRoom, 100_000)
	set(&l.StormTen, 100)
	set(&l.StormMinute, 1_000)
	return l
}

// ReadLimits gives the bounds of the installation.
func (e *Engine) ReadLimits(ctx context.Context) (Limits, error) {
	var l Limits
	stored, err := e.db.Meta(ctx, limitsName)
	if err != nil {
		return l, err
	}
	if stored != "" {
		if err := json.Unmarshal([]byte(stored), &l); err != nil {
			return l, fmt.Errorf("read limits of the installation: %w", err)
		}
	}
	return l.withDefaults(), nil
}

// SetLimits changes the bounds of the installation. It needs the right workflow.publish.
func (e *Engine) SetLimits(ctx context.Context, access models.Access, l Limits) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	var wrong []models.FieldError
	for name, n := range map[string]int{"queueRoom": l.QueueRoom, "stormTen": l.StormTen, "stormMinute": l.StormMinute} {
		if n < 0 || n > 10_000_000 {
			wrong = append(wrong, models.FieldError{Field: name, Code: "VALIDATION_FAILED", Message: text.M("limits.number", "Give a number from 1 to %d.", 10_000_000)})
		}
	}
	if len(wrong) > 0 {
		return models.InvalidFields(wrong)
	}
	err := e.db.Write(ctx, "engine.set_limits", func(tx *models.Tx) error {
		if err := models.SetForWorkflows(ctx, tx, limitsName, encode(map[string]any{
			"queueRoom": int64(l.QueueRoom), "stormTen": int64(l.StormTen), "stormMinute": int64(l.StormMinute),
		})); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: "limits.update", ObjectType: "settings", ObjectID: limitsName})
	})
	if err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	return nil
}

// readLimits reads what bounds all workflows into the index, and gives the pauses of
// single ones by their ids.
func (e *Engine) readLimits(ctx context.Context, ix *index) (map[int64]models.Pause, error) {
	var err error
	if ix.bounds, err = e.ReadLimits(ctx); err != nil {
		return nil, err
	}
	if ix.pause, err = models.PausedAll(ctx, e.db.Read()); err != nil {
		return nil, err
	}
	gates, err := models.Gates(ctx, e.db.Read())
	out := map[int64]models.Pause{}
	for _, g := range gates {
		if g.Pause.On() {
			out[g.WorkflowID] = g.Pause
		}
	}
	return out, err
}

// queueRoom is how many executions may wait before more are refused.
func (e *Engine) queueRoom() int {
	if ix := e.index.Load(); ix != nil {
		return ix.bounds.QueueRoom
	}
	return Limits{}.withDefaults().QueueRoom
}

// Storm says what made the storm guard pause a workflow.
type Storm struct {
	Count   int     `json:"count"`
	Seconds int     `json:"seconds"`
	Chain   []int64 `json:"chain"`     // workflows, the paused one last
	From    string  `json:"execution"` // the last execution that started it
}

// StormOf reads what a pause keeps of the storm that led to it.
func StormOf(p models.Pause) (Storm, bool) {
	var s Storm
	ok := p.Why == models.PausedByStorm && json.Unmarshal([]byte(p.Note), &s) == nil
	return s, ok
}

// paused looks whether a pause speaks against a start, after having asked the storm guard.
// A start in the background is kept instead; force says that the pause is so new that the
// index does not know of it.
func (e *Engine) paused(ctx context.Context, tx *models.Tx, l *listener, lineage models.Lineage, background bool) (force bool, why trigger.Decision, err error) {
	pause := l.limits.pause
	if !pause.On() && slices.Contains(lineage.Chain, l.workflow.ID) {
		if pause, err = e.storm(ctx, tx, l, lineage); err != nil {
			return false, why, err
		}
		force = pause.On()
	}
	if pause.On() && l.workflow.Sync && !background {
		reason := "paused"
		if pause.Why == models.PausedByStorm {
			reason = "storm_guard"
		}
		return force, trigger.Not(reason, ""), nil
	}
	return force, why, nil
}

// storm counts a start of a workflow by its own chain of effects, and pauses the workflow
// when there are too many of them.
func (e *Engine) storm(ctx context.Context, tx *models.Tx, l *listener, lineage models.Lineage) (models.Pause, error) {
	ten, minute, err := models.CountOwnStart(ctx, tx, l.workflow.ID)
	if err != nil {
		return models.Pause{}, err
	}
	bounds := Limits{}.withDefaults()
	if ix := e.index.Load(); ix != nil {
		bounds = ix.bounds
	}
	s := Storm{Count: bounds.StormTen, Seconds: 10, Chain: slices.Concat(lineage.Chain, []int64{l.workflow.ID}), From: lineage.ExecutionID}
	switch {
	case ten > bounds.StormTen:
	case minute > bounds.StormMinute:
		s.Count, s.Seconds = bounds.StormMinute, 60
	default:
		return models.Pause{}, nil
	}
	note, err := json.Marshal(s)
	if err != nil {
		return models.Pause{}, fmt.Errorf("write note of storm: %w", err)
	}
	p := models.Pause{At: models.At(tx.Now()), Why: models.PausedByStorm, Note: string(note)}
	g, err := models.LockGate(ctx, tx, l.workflow.ID)
	if err != nil || g.Pause.On() {
		return g.PauseOr(p), err
	}
	if err := g.SetPause(ctx, tx, p); err != nil {
		return p, err
	}
	e.log.Warn("storm guard pauses workflow", "workflow", l.workflow.Key, "starts", s.Count, "seconds", s.Seconds)
	return p, errors.Join(e.tellOfStorm(ctx, tx, l, p, s), models.Audit(ctx, tx, models.AuditEntry{
		Principal: models.System(), Action: "workflow.pause", ObjectType: "workflow", ObjectID: l.workflow.Key, Title: l.workflow.Title,
		Reason: "storm guard: " + e.chainSentence(ctx, s.Chain),
	}))
}

// tellOfStorm tells the owner of a workflow, or who decides when he has left.
func (e *Engine) tellOfStorm(ctx context.Context, tx *models.Tx, l *listener, p models.Pause, s Storm) error {
	people, err := e.heirs(ctx, tx, l.workflow.OwnerID)
	if err != nil {
		return err
	}
	for _, id := range people {
		err := models.InsertNotification(ctx, tx, &models.Notification{
			ID: models.NewID(), UserID: id, Kind: "storm", Level: "warning", Link: "/workflows/" + l.workflow.Key + "/versions",
			Cause: fmt.Sprintf("storm:%d:%d", l.workflow.ID, p.At), ExecutionID: s.From,
			Title: text.M("storm.told", "“%s” started itself more than %d times in %d seconds and was paused.", l.workflow.Title, s.Count, s.Seconds).String(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// StormChain names the workflows of a storm's chain.
func (e *Engine) StormChain(ctx context.Context, s Storm) string {
	return e.chainSentence(ctx, s.Chain)
}
