package engine

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/fault"
	"formrail/models/text"
)

// Decision is what a person decides about a task.
type Decision struct {
	Task    string
	Approve bool
	Version int64  // of the task as it was shown; 0 = as it stands
	Seen    string // content hash that was shown; empty = as it stands
	Comment string
	Channel string // page or api
}

// Decided says what a decision led to.
type Decided struct {
	Task    *models.Task
	Outcome models.Status // of the whole step; empty while others are asked
}

// maxComment is the length of a comment in characters.
const maxComment = 10_000

// Decide records the decision of a person about his task. Concurrent decisions
// behave as if made one after the other: one of them wins, the others are told
// TASK_DECIDED with the winner, and nothing of theirs is kept.
func (e *Engine) Decide(ctx context.Context, access models.Access, d Decision) (Decided, error) {
	if len([]rune(d.Comment)) > maxComment {
		return Decided{}, models.NewError(models.KindUnprocessable, "VALIDATION_FAILED", text.M("task.comment_long", "A comment has at most %d characters.", maxComment))
	}
	if err := fault.Hit("task.decide"); err != nil {
		return Decided{}, err
	}
	var out Decided
	err := e.db.Write(ctx, "engine.decide", func(tx *models.Tx) error {
		dec := &deciding{e: e, tx: tx, by: access.Principal.UserID, in: d}
		if err := dec.load(ctx, access); err != nil {
			return err
		}
		outcome, err := dec.accept(ctx)
		out = Decided{Task: dec.task, Outcome: outcome}
		return err
	})
	if err != nil {
		return Decided{}, fmt.Errorf("decide task %s: %w", d.Task, err)
	}
	for _, topic := range []string{"tasks", "exec:" + out.Task.ExecutionID} {
		e.live.Publish(topic)
	}
	return out, nil
}

// deciding is one decision inside its transaction.
type deciding struct {
	e    *Engine
	tx   *models.Tx
	by   int64
	in   Decision
	task *models.Task
	step *models.Step
	conf map[string]any // settings of the node
}

// load checks everything that may refuse the decision.
func (d *deciding) load(ctx context.Context, access models.Access) error {
	var err error
	if d.task, err = models.TaskByID(ctx, d.tx, d.in.Task); err != nil {
		return err
	}
	if err := MaySeeTask(ctx, d.tx, access, d.task); err != nil {
		return err
	}
	candidates, err := models.Candidates(ctx, d.tx, d.task.ID)
	if err != nil {
		return err
	}
	if !isCandidate(candidates, d.by) {
		return models.NoPermission()
	}
	if d.task.Kind != "approval" {
		return models.Invalid("BAD_PARAMETER", text.M("task.kind", "This kind of task is not approved or rejected."))
	}
	if d.task.Status != models.TaskOpen || (d.in.Version != 0 && d.in.Version != d.task.Version) {
		return d.lost(ctx)
	}
	if d.in.Seen != "" && d.in.Seen != d.task.ContentHash {
		return models.Conflict("CONTENT_CHANGED", text.M("task.changed", "What you were shown has changed. Look again before you decide."))
	}
	if d.step, err = models.StepByID(ctx, d.tx, d.task.StepID); err != nil {
		return err
	}
	if d.conf, err = parseObject(d.step.Input); err != nil {
		return fmt.Errorf("read settings of step %s: %w", d.step.ID, err)
	}
	return d.commentNeeded()
}

func isCandidate(list []models.Candidate, userID int64) bool {
	for _, c := range list {
		if c.UserID == userID {
			return true
		}
	}
	return false
}

// MaySeeTask refuses a task to everybody who takes no part in it, as if it did
// not exist.
func MaySeeTask(ctx context.Context, q models.Querier, access models.Access, t *models.Task) error {
	if access.Can("task.see_all") {
		return nil
	}
	candidates, err := models.Candidates(ctx, q, t.ID)
	if err != nil {
		return err
	}
	if isCandidate(candidates, access.Principal.UserID) {
		return nil
	}
	app, err := models.ApplicationOf(ctx, q, t.ExecutionID)
	if err != nil {
		return err
	}
	if app != nil && app.ApplicantID == access.Principal.UserID && app.ApplicantID != 0 {
		return nil
	}
	return models.NotFound()
}

// commentNeeded refuses a decision without the comment its node demands.
func (d *deciding) commentNeeded() error {
	action := "reject"
	if d.in.Approve {
		action = "approve"
	}
	actions, _ := d.conf["actions"].(map[string]any)
	setting := actions[action]
	if m, ok := setting.(map[string]any); ok {
		setting = m["comment"]
	}
	if setting == "required" && d.in.Comment == "" {
		e := models.NewError(models.KindUnprocessable, "VALIDATION_FAILED", text.M("task.comment_required", "Say why in the comment."))
		e.Fields = []models.FieldError{{Field: "comment", Code: "VALIDATION_FAILED", Message: e.Message}}
		return e
	}
	return nil
}

// lost is the answer of a lost race: who won, and how.
func (d *deciding) lost(ctx context.Context) error {
	winner, err := d.e.Winner(ctx, d.tx, d.task)
	if err != nil {
		return err
	}
	conflict := models.Conflict("TASK_DECIDED", text.M("task.decided", "Somebody else was faster; this task is already decided."))
	if winner != nil {
		name := ""
		if by, ok := winner["by"].(map[string]any); ok {
			name, _ = by["name"].(string)
		}
		conflict.Message = text.M("task.decided_by", "%s has already decided this task: %s.", name, winner["decision"])
		conflict = conflict.With("winner", winner)
	}
	return conflict
}

// Winner is the decision that decided the step of a task; nil when nobody did.
func (e *Engine) Winner(ctx context.Context, q models.Querier, t *models.Task) (map[string]any, error) {
	actions, err := models.TaskActions(ctx, q, t.StepID)
	if err != nil {
		return nil, err
	}
	for i := len(actions) - 1; i >= 0; i-- {
		a := actions[i]
		if a.Action != string(models.Approved) && a.Action != string(models.Rejected) {
			continue
		}
		by, err := e.personValue(ctx, q, a.ActorID)
		if err != nil {
			return nil, err
		}
		return map[string]any{"decision": a.Action, "by": by, "onBehalfOf": nil, "at": a.At.Time(), "source": a.Channel, "undoUntil": nil}, nil
	}
	return nil, nil
}

// personValue is a person as results of decisions name him.
func (e *Engine) personValue(ctx context.Context, q models.Querier, id int64) (any, error) {
	u, err := models.UserByID(ctx, q, id)
	if models.IsKind(err, models.KindNotFound) {
		return map[string]any{"id": id, "name": ""}, nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": id, "name": u.Nickname}, nil
}

// accept closes the task, logs the decision, and decides the step when the rule
// says so.
func (d *deciding) accept(ctx context.Context) (models.Status, error) {
	sequence, err := models.AcceptDecision(ctx, d.tx, d.task.StepID)
	if models.IsCode(err, "TASK_DECIDED") {
		return "", d.lost(ctx)
	}
	if err != nil {
		return "", err
	}
	d.task.Status, d.task.ActorID, d.task.Comment = models.Rejected, d.by, d.in.Comment
	if d.in.Approve {
		d.task.Status = models.Approved
	}
	if err := models.CloseTask(ctx, d.tx, d.task); err != nil {
		if models.IsCode(err, "TASK_DECIDED") {
			return "", d.lost(ctx)
		}
		return "", err
	}
	if err := models.SetSeat(ctx, d.tx, d.task.SeatID, d.task.Status); err != nil {
		return "", err
	}
	err = models.AppendTaskAction(ctx, d.tx, &models.TaskAction{
		TaskID: d.task.ID, StepID: d.task.StepID, Sequence: sequence, Action: string(d.task.Status), ActorID: d.by, PrincipalID: d.task.PrincipalID,
		Channel: d.in.Channel, Comment: d.in.Comment, Evidence: map[string]any{"contentHash": d.task.ContentHash},
	})
	if err != nil {
		return "", err
	}
	if err := models.MoveApplication(ctx, d.tx, d.task.ApplicationID, "processing"); err != nil {
		return "", err
	}
	return d.tally(ctx)
}

// tally evaluates the rule over all seats and, when the step is decided, closes
// the other tasks and wakes the step: one transaction, so nothing else can
// continue it.
func (d *deciding) tally(ctx context.Context) (models.Status, error) {
	seats, err := models.Seats(ctx, d.tx, d.task.StepID, d.task.Pass)
	if err != nil {
		return "", err
	}
	b := ballot{seats: len(seats)}
	b.rule, _ = d.conf["rule"].(string)
	b.firstAnswer, _ = d.conf["firstAnswer"].(bool)
	b.hearAll, _ = d.conf["hearAll"].(bool)
	for _, s := range seats {
		switch s.State {
		case models.Approved:
			b.approved++
		case models.Rejected:
			b.rejected++
		}
	}
	outcome := b.outcome()
	if outcome == "" {
		return "", nil
	}
	if err := models.CancelStepTasks(ctx, d.tx, d.task.ExecutionID, d.task.StepID, "decided_elsewhere"); err != nil {
		return "", err
	}
	result, err := d.result(ctx, b, outcome)
	if err != nil {
		return "", err
	}
	return outcome, models.InsertWakeup(ctx, d.tx, &models.Wakeup{
		ExecutionID: d.task.ExecutionID, WorkflowID: d.task.WorkflowID, StepID: d.task.StepID, Reason: models.WakeTask, Lane: 0, DueAt: models.At(d.tx.Now()),
		Signal: encode(map[string]any{"reason": models.WakeTask, "data": result}),
	})
}

// result is the output of the approval step.
func (d *deciding) result(ctx context.Context, b ballot, outcome models.Status) (map[string]any, error) {
	actions, err := models.TaskActions(ctx, d.tx, d.task.StepID)
	if err != nil {
		return nil, err
	}
	decisions := []any{}
	for i, a := range actions {
		who, err := d.e.personValue(ctx, d.tx, a.ActorID)
		if err != nil {
			return nil, err
		}
		decisions = append(decisions, map[string]any{
			"task": a.TaskID, "user": who, "onBehalfOf": nil, "decision": a.Action, "comment": a.Comment, "files": []any{}, "fields": map[string]any{},
			"source": a.Channel, "byRule": nil, "seat": int64(i + 1), "decidedAt": a.At.Time(),
		})
	}
	by, err := d.e.personValue(ctx, d.tx, d.by)
	if err != nil {
		return nil, err
	}
	rule := b.rule
	if rule == "" {
		rule = "any"
	}
	app, err := models.ApplicationOf(ctx, d.tx, d.task.ExecutionID)
	if err != nil {
		return nil, err
	}
	var data any
	if app != nil {
		if data, err = parseAny(app.Snapshot); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"decision": string(outcome), "node": d.task.Node, "title": d.task.NodeTitle, "pass": d.task.Pass, "rule": rule,
		"seats": map[string]any{
			"total": int64(b.seats), "approved": int64(b.approved), "rejected": int64(b.rejected), "open": int64(b.seats - b.approved - b.rejected),
		},
		"by": by, "comment": d.in.Comment, "decidedAt": d.tx.Now(), "data": data, "changes": []any{}, "decisions": decisions,
		"returnTo": nil, "overdue": false, "round": d.task.Round,
	}, nil
}
