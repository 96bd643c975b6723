package web

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/views/executions"
)

// calledBy names the execution whose step called this one; nil when none did.
func (v *viewer) calledBy(ctx context.Context, x *models.Execution) (*executions.Relative, error) {
	if x.ParentID == "" {
		return nil, nil //nolint:nilnil // most are called by nobody
	}
	parent, err := models.ExecutionByID(ctx, v.site.DB.Read(), x.ParentID)
	if err != nil {
		return nil, err
	}
	one, err := v.relative(ctx, parent)
	return &one, err
}

// called lists the executions that a step started.
func (v *viewer) called(ctx context.Context, s *models.Step) ([]executions.Relative, error) {
	if s.Type != "subflow" {
		return nil, nil
	}
	children, err := models.CalledBy(ctx, v.site.DB.Read(), s.ID)
	if err != nil {
		return nil, err
	}
	out := make([]executions.Relative, len(children))
	for i, x := range children {
		if out[i], err = v.relative(ctx, x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *viewer) relative(ctx context.Context, x *models.Execution) (executions.Relative, error) {
	w, err := models.WorkflowByID(ctx, v.site.DB.Read(), x.WorkflowID)
	if err != nil {
		return executions.Relative{}, err
	}
	return executions.Relative{ID: x.ID, Title: fmt.Sprintf("#%d %s", x.Number, w.Title), Status: string(x.Status)}, nil
}
