package web

import (
	"context"

	"formrail/models"
	"formrail/views/workflows"
)

// logEntries draws lines of the trigger log.
func (v *viewer) logEntries(ctx context.Context, list []models.TriggerEntry, record bool) ([]workflows.LogEntry, error) {
	out := make([]workflows.LogEntry, 0, len(list))
	for _, e := range list {
		one := workflows.LogEntry{At: v.since(e.At), Started: e.Started, Reason: e.Reason, Explanation: e.Explanation, ExecutionID: e.ExecutionID}
		if !v.access.Can("execution.view") {
			one.ExecutionID = ""
		}
		if e.Reason == "duplicate_key" || !v.access.CoversGrant(models.Grant{Collection: e.ResourceType, Action: models.View, Scope: models.ScopeAll}) {
			one.Explanation = "" // it quotes values of the record
		}
		if record {
			if on, ok := v.cat.Collection(e.ResourceType); ok && e.ResourceID != "" {
				one.Record = subtitle(on, e.ResourceID)
			}
		} else {
			one.Workflow = e.WorkflowKey
			w, err := models.WorkflowByID(ctx, v.site.DB.Read(), e.WorkflowID)
			if err != nil && !models.IsKind(err, models.KindNotFound) {
				return nil, err
			}
			if err == nil {
				one.Workflow = w.Title
			}
		}
		out = append(out, one)
	}
	return out, nil
}
