package web

import (
	"context"
	"strings"

	"formrail/models"
	"formrail/views/tasks"
)

// maxApplications is how many applications the list of those one has started shows.
const maxApplications = 50

// applications are what the viewer asked others to decide.
type applications struct {
	all  []*models.Application
	open []*models.Application // not decided yet
}

func (v *viewer) applications(ctx context.Context) (applications, error) {
	var out applications
	var err error
	if out.all, err = models.ApplicationsBy(ctx, v.site.DB.Read(), v.user.ID, maxApplications); err != nil {
		return out, err
	}
	for _, a := range out.all {
		if a.Status == "submitted" || a.Status == "processing" {
			out.open = append(out.open, a)
		}
	}
	return out, nil
}

// applicationRows draws applications as rows that open the task last opened for them.
func (v *viewer) applicationRows(ctx context.Context, list []*models.Application, search string) ([]tasks.Row, error) {
	var out []tasks.Row
	for _, a := range list {
		if search != "" && !strings.Contains(strings.ToLower(a.Title), strings.ToLower(search)) {
			continue
		}
		t, s, err := v.lastTask(ctx, a)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		row := tasks.Row{ID: t.ID, Title: a.Title, Source: s.workflow, Since: v.since(a.CreatedAt), Status: shownRequest(a.Status), Summary: s.price()}
		if row.Summary == "" && s.on != nil && a.ResourceID != "" {
			row.Summary = subtitle(s.on, a.ResourceID)
		}
		out = append(out, row)
	}
	return out, nil
}

// lastTask finds the task that was opened last for an application, among the
// executions of its workflow about its record; nil when nobody was asked yet.
func (v *viewer) lastTask(ctx context.Context, a *models.Application) (*models.Task, submission, error) {
	q := v.site.DB.Read()
	list, err := models.Executions(ctx, q, models.ExecutionFilter{WorkflowID: a.WorkflowID, ResourceType: a.ResourceType, ResourceID: a.ResourceID, Limit: 10})
	if err != nil {
		return nil, submission{}, err
	}
	for _, x := range list {
		s, err := v.submissionOf(ctx, x.ID, a.WorkflowID)
		if err != nil {
			return nil, s, err
		}
		if s.app == nil || s.app.ID != a.ID {
			continue
		}
		f := &taskFacts{task: &models.Task{ExecutionID: x.ID}}
		if err := v.history(ctx, f); err != nil || len(f.tasks) == 0 {
			return nil, s, err
		}
		return f.tasks[len(f.tasks)-1], s, nil
	}
	return nil, submission{}, nil
}

// shownRequest is the state of a request for who made it: once it is submitted,
// somebody looks at it.
func shownRequest(status string) string {
	if status == "submitted" {
		return "processing"
	}
	return status
}
