package engine

import (
	"context"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/fault"
	"formrail/models/text"
)

// What a person says about an attempt of which nobody knows whether it happened.
const (
	Happened      = "happened" // the step is done with the output that is given
	DidNotHappen  = "again"    // it is sent again, with the same key
	CountsAsFault = "fail"     // the step fails
)

// resolveSignal is the reason of the signal that brings such an answer.
const resolveSignal = "resolve"

// Resolution is a person's answer to the task of kind resolve.
type Resolution struct {
	Task    string
	Answer  string // happened, again or fail
	Output  any    // of what happened: a value as JSON has them
	Version int64  // of the task as it was shown; 0 = as it stands
	Comment string
	Channel string // page or api
}

// Resolve records what a person knows about an attempt whose result was never stored, and
// lets its step go on. Whoever was asked may say so, and everybody with
// execution.operate. Concurrent answers are as with [Engine.Decide].
func (e *Engine) Resolve(ctx context.Context, access models.Access, in Resolution) (*models.Task, error) {
	if !slices.Contains([]string{Happened, DidNotHappen, CountsAsFault}, in.Answer) {
		return nil, models.Invalid("BAD_PARAMETER", text.M("resolve.answer", "The answer is happened, again or fail."))
	}
	if len([]rune(in.Comment)) > maxComment {
		return nil, models.NewError(models.KindUnprocessable, "VALIDATION_FAILED", text.M("task.comment_long", "A comment has at most %d characters.", maxComment))
	}
	if err := fault.Hit("task.resolve"); err != nil {
		return nil, err
	}
	var task *models.Task
	err := e.db.Write(ctx, "engine.resolve", func(tx *models.Tx) (err error) {
		task, err = e.resolve(ctx, tx, access, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("resolve task %s: %w", in.Task, err)
	}
	for _, topic := range []string{"tasks", "executions", "exec:" + task.ExecutionID} {
		e.live.Publish(topic)
	}
	return task, nil
}

func (e *Engine) resolve(ctx context.Context, tx *models.Tx, access models.Access, in Resolution) (*models.Task, error) {
	task, err := models.TaskByID(ctx, tx, in.Task)
	if err != nil {
		return nil, err
	}
	if err := e.mayResolve(ctx, tx, access, task); err != nil {
		return nil, err
	}
	if task.Status != models.TaskOpen || in.Version != 0 && in.Version != task.Version {
		return nil, models.Conflict("TASK_DECIDED", text.M("task.decided", "Somebody else was faster; this task is already decided."))
	}
	sequence, err := models.AcceptDecision(ctx, tx, task.StepID)
	if err != nil {
		return nil, err
	}
	task.Status, task.ActorID, task.Comment, task.ClosedReason = models.Submitted, access.Principal.UserID, in.Comment, in.Answer
	if err := models.CloseTask(ctx, tx, task); err != nil {
		return nil, err
	}
	err = models.AppendTaskAction(ctx, tx, &models.TaskAction{
		TaskID: task.ID, StepID: task.StepID, Sequence: sequence, Action: in.Answer, ActorID: task.ActorID, PrincipalID: task.PrincipalID,
		Channel: in.Channel, Comment: in.Comment,
	})
	if err != nil {
		return nil, err
	}
	if err := models.Audit(ctx, tx, models.AuditEntry{
		Principal: access.Principal, Action: "execution.resolve", ObjectType: "execution", ObjectID: task.ExecutionID, Title: task.NodeTitle, Reason: in.Answer,
	}); err != nil {
		return nil, err
	}
	data := map[string]any{"answer": in.Answer, "output": in.Output, "comment": in.Comment}
	return task, models.InsertWakeup(ctx, tx, &models.Wakeup{
		ExecutionID: task.ExecutionID, WorkflowID: task.WorkflowID, StepID: task.StepID, Reason: models.WakeTask, Lane: 1, DueAt: models.At(tx.Now()),
		Signal: encode(map[string]any{"reason": resolveSignal, "data": data}),
	})
}

// MayResolve reports whether a person may say what became of a step.
func MayResolve(access models.Access, candidates []models.Candidate) bool {
	return access.Can("execution.operate") || isCandidate(candidates, access.Principal.UserID)
}

func (e *Engine) mayResolve(ctx context.Context, tx *models.Tx, access models.Access, task *models.Task) error {
	candidates, err := models.Candidates(ctx, tx, task.ID)
	if err != nil {
		return err
	}
	if !MayResolve(access, candidates) {
		if err := MaySeeTask(ctx, tx, access, task); err != nil {
			return err
		}
		return models.NoPermission()
	}
	if task.Kind != ResolveTask {
		return models.Invalid("BAD_PARAMETER", text.M("resolve.kind", "This task does not ask what became of a step."))
	}
	return nil
}

// ResolveTask is the kind of tasks that ask what became of a step.
const ResolveTask = "resolve"

// resolved lets a step go on by what a person said of its attempt.
func (s *stretch) resolved(cur cursor, signal node.Signal) {
	said, _ := signal.Data.(map[string]any)
	comment, _ := said["comment"].(string)
	if comment != "" {
		comment = " “" + comment + "”"
	}
	switch said["answer"] {
	case DidNotHappen:
		cur.retry = true
		s.state.cursors = append(s.state.cursors, cur)
	case Happened:
		s.settle(s.state, cur, cur.step, node.Done(said["output"]).Because(text.M("resolve.happened", "A person said that it happened.%s", comment).String()), nil)
	default:
		cur.step.Attempt = max(cur.step.Attempt, cur.node.retry.attempts) // no more of them
		s.fail(s.state, cur, cur.step, node.Broken("OUTCOME_UNKNOWN", text.M("resolve.failed", "The server stopped while this step was under way, and a person let it fail.%s", comment)))
	}
}
