package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// tasksCap opens to-dos for people.
type tasksCap struct{ *local }

// Approval opens one seat and one task for each person who is asked. When a rule
// decides instead, no task is opened.
func (t tasksCap) Approval(ctx context.Context, a node.Approval) (node.Opened, error) {
	people, err := t.people(ctx, a.Assignees)
	if err != nil {
		return node.Opened{}, err
	}
	requester := t.requester(ctx, a)
	if err := t.applyApplicantPolicy(ctx, people, requester, a.Applicant); err != nil {
		return node.Opened{}, err
	}
	app, err := t.application(ctx, a, requester)
	if err != nil {
		return node.Opened{}, err
	}
	if len(people.list) == 0 {
		decided, err := t.nobody(ctx, people, a)
		if err != nil {
			return node.Opened{}, err
		}
		if decided != "" {
			return t.decidedByRule(ctx, decided, people)
		}
	}
	t.step.Warnings = append(t.step.Warnings, people.warnings...)
	for i, p := range people.list {
		if err := t.seat(ctx, app, i+1, p, a); err != nil {
			return node.Opened{}, err
		}
	}
	t.st.reasons += len(people.list)
	t.tx.AfterCommit(func() {
		t.s.e.live.Publish("tasks")
		t.s.e.live.Publish("bell")
	})
	return node.Opened{Tasks: len(people.list)}, nil
}

// requester is the person who made the request; 0 for nobody.
func (t tasksCap) requester(ctx context.Context, a node.Approval) int64 {
	who := a.Requester
	if who == nil {
		who = t.applicant()
	}
	one := &crowd{}
	if err := t.given(ctx, one, who, ""); err != nil || len(one.list) == 0 {
		return 0
	}
	return one.list[0].id
}

// applyApplicantPolicy says what happens when the applicant would decide about
// his own request.
func (t tasksCap) applyApplicantPolicy(ctx context.Context, people *crowd, applicant int64, policy string) error {
	i := slices.IndexFunc(people.list, func(p chosen) bool { return p.id == applicant })
	if applicant == 0 || i < 0 || policy == "allow" {
		return nil
	}
	people.list = slices.Delete(people.list, i, i+1)
	people.warnings = append(people.warnings, "The applicant does not decide about his own request.")
	if policy != "manager" {
		return nil
	}
	manager, err := models.ManagerOf(ctx, t.tx, applicant)
	if err != nil {
		return err
	}
	people.add(manager, "manager of the applicant")
	return nil
}

// nobody applies the setting for sources that yield nobody. It gives the decision
// when a rule decides.
func (t tasksCap) nobody(ctx context.Context, people *crowd, a node.Approval) (string, error) {
	switch a.OnNobody {
	case "approve":
		return string(models.Approved), nil
	case "reject":
		return string(models.Rejected), nil
	case "fail":
		return "", node.Broken("NOBODY_FOUND", text.M("approval.nobody", "Nobody was found who could decide."))
	case "fallback":
		fallback, err := t.people(ctx, a.Fallback)
		if err != nil {
			return "", err
		}
		for _, p := range fallback.list {
			people.add(p.id, "fallback: nobody else was found")
		}
	}
	if len(people.list) > 0 {
		return "", nil
	}
	return "", t.owner(ctx, people)
}

// owner gives the seat to the workflow's owner, or to the administrators when he
// has left.
func (t tasksCap) owner(ctx context.Context, people *crowd) error {
	heirs, err := t.s.e.heirs(ctx, t.tx, t.s.version.OwnerID)
	if err != nil {
		return err
	}
	for _, id := range heirs {
		people.add(id, "nobody was found, so the workflow's owner or an administrator decides")
	}
	if len(people.list) == 0 {
		return node.Broken("NOBODY_FOUND", text.M("approval.nobody", "Nobody was found who could decide."))
	}
	return nil
}

// decidedByRule gives the result of a decision that nobody had to make.
func (t tasksCap) decidedByRule(_ context.Context, decision string, people *crowd) (node.Opened, error) {
	t.step.Warnings = append(t.step.Warnings, people.warnings...)
	return node.Opened{Decided: decision, Result: map[string]any{
		"decision": decision, "node": t.step.Node, "title": t.step.Title, "pass": int64(1), "by": nil, "comment": "",
		"decidedAt": t.s.e.now(), "byRule": "nobody_found", "decisions": []any{},
	}}, nil
}

// application makes sure that the execution has one.
func (t tasksCap) application(ctx context.Context, a node.Approval, requester int64) (*models.Application, error) {
	app, err := models.ApplicationOf(ctx, t.tx, t.s.exec.ID)
	if err != nil || app != nil {
		return app, err
	}
	subject := a.Subject
	if subject == nil {
		subject = t.s.trigger["data"]
	}
	app = &models.Application{
		ID: models.NewID(), WorkflowID: t.s.exec.WorkflowID, ApplicantID: requester, ResourceType: t.s.exec.ResourceType,
		ResourceID: t.s.exec.ResourceID, Title: t.subjectTitle(ctx, subject), Snapshot: encode(subject),
	}
	app.Number = app.ID[len(app.ID)-8:]
	return app, models.OpenApplication(ctx, t.tx, app, t.s.exec.ID)
}

// subjectTitle names what is decided: the title field of its collection, else the
// workflow.
func (t tasksCap) subjectTitle(ctx context.Context, subject any) string {
	m, _ := subject.(map[string]any)
	cat, err := t.s.e.db.Catalog(ctx)
	if err == nil && m != nil {
		if c, ok := cat.Collection(t.s.exec.ResourceType); ok {
			if s, ok := m[c.TitleField].(string); ok && s != "" {
				return s
			}
		}
	}
	return t.s.version.Title
}

// seat opens one seat with its task, and tells the person.
func (t tasksCap) seat(ctx context.Context, app *models.Application, position int, p chosen, a node.Approval) error {
	seat := &models.Seat{ID: models.NewID(), StepID: t.step.ID, Pass: 1, Position: position, State: models.TaskOpen, UserID: p.id, Explanation: p.why}
	if err := models.InsertSeat(ctx, t.tx, seat); err != nil {
		return err
	}
	title := a.Title
	if title == "" {
		title = app.Title
	}
	task := &models.Task{
		ID: models.NewID(), Kind: "approval", ExecutionID: t.s.exec.ID, StepID: t.step.ID, Node: t.step.Node, Pass: 1, SeatID: seat.ID,
		PrincipalID: p.id, ApplicationID: app.ID, Round: app.Round, WorkflowID: t.s.exec.WorkflowID, Title: title, NodeTitle: t.step.Title,
		ContentHash: contentHash(app.Snapshot),
	}
	if err := models.InsertTask(ctx, t.tx, task, []models.Candidate{{UserID: p.id, Role: "principal"}}); err != nil {
		return err
	}
	if err := t.emitUserInput(ctx, task, p.id); err != nil {
		return err
	}
	return models.InsertNotification(ctx, t.tx, &models.Notification{
		ID: models.NewID(), UserID: p.id, Kind: "asked", Title: task.Title, Body: t.step.Title, Link: "/tasks/" + task.ID, Level: "info",
		Cause: "asked:" + task.ID, ExecutionID: t.s.exec.ID,
	})
}

// emitUserInput tells the event feed that a person is asked.
func (t tasksCap) emitUserInput(ctx context.Context, task *models.Task, userID int64) error {
	err := t.tx.Emit(ctx, &models.Event{
		Name: "workflowsvc.UserInput", Type: "workflowsvc.Task", ID: task.ID, UserID: userID, RequestID: t.s.exec.RequestID,
		ExecutionID: t.s.exec.ID, StepID: t.step.ID,
		Extra: map[string]any{
			"url": t.s.e.baseURL() + "/tasks/" + task.ID,
			"inputParams": map[string]any{
				"task": task.ID, "kind": task.Kind, "title": task.Title, "workflow": t.s.version.Key, "execution": t.s.exec.ID,
				"node": task.Node, "assignee": map[string]any{"id": userID}, "actions": []any{"approve", "reject"},
			},
		},
	})
	if err != nil {
		return fmt.Errorf("emit user input: %w", err)
	}
	return nil
}

// contentHash is the hash of what an approver is shown; a decision carries it.
func contentHash(snapshot string) string {
	sum := sha256.Sum256([]byte(snapshot))
	return hex.EncodeToString(sum[:])
}
