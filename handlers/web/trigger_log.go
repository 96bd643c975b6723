package web

import (
	"context"
	"strings"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// subject names what a line of the trigger log is about, beside what its page is about,
// and gives the address of it.
type subject func(ctx context.Context, e models.TriggerEntry) (name, href string, err error)

// logEntries draws lines of the trigger log.
func (v *viewer) logEntries(ctx context.Context, list []models.TriggerEntry, of subject) ([]workflows.LogEntry, error) {
	out := make([]workflows.LogEntry, 0, len(list))
	for _, e := range list {
		one := workflows.LogEntry{At: v.since(e.At), Started: e.Started, Reason: e.Reason, Explanation: e.Explanation, ExecutionID: e.ExecutionID}
		if !v.access.Can("execution.view") {
			one.ExecutionID = ""
		}
		if e.ResourceType == "" && v.access.Can("execution.payload") && e.Reason != "duplicate_key" {
			one.Explanation = e.Explanation // it quotes values of a request
		} else if e.Reason == "duplicate_key" || !v.access.CoversGrant(models.Grant{Collection: e.ResourceType, Action: models.View, Scope: models.ScopeAll}) {
			one.Explanation = "" // it quotes values of the record
		}
		if e.Count > 1 {
			one.Explanation = strings.TrimSpace(one.Explanation + " " + text.T(ctx, "log.times", "%d times.", e.Count))
		}
		var err error
		if one.Subject, one.SubjectHref, err = of(ctx, e); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// loggedRecord is the subject of lines in the log of a workflow. Records have no
// address here: many of those in a log are gone.
func (v *viewer) loggedRecord(_ context.Context, e models.TriggerEntry) (name, href string, err error) {
	on, ok := v.cat.Collection(e.ResourceType)
	if !ok || e.ResourceID == "" {
		return "", "", nil
	}
	return subtitle(on, e.ResourceID), "", nil
}

// loggedWorkflow is the subject of lines in the log of a record. A workflow that never
// was is named by the key that was asked for; one that was deleted lost its key.
func (v *viewer) loggedWorkflow(ctx context.Context, e models.TriggerEntry) (name, href string, err error) {
	w, err := models.WorkflowByID(ctx, v.site.DB.Read(), e.WorkflowID)
	if models.IsKind(err, models.KindNotFound) {
		return e.WorkflowKey, "", nil
	}
	if err != nil {
		return "", "", err
	}
	if w.Key == e.WorkflowKey && v.access.Can("workflow.view") {
		href = urls.WorkflowLog(w.Key)
	}
	return w.Title, href, nil
}
