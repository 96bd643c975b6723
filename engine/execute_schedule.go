package engine

import (
	"context"
	"time"

	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

// planned builds the execution of a workflow that follows the clock: for a planned time,
// by default now, and for a record when it follows one. The slots stay as they are.
func (m *manual) planned(ctx context.Context) (*models.Execution, error) {
	at := m.e.now()
	if given := m.in.Input["date"]; given != nil && given != "" {
		zone, err := m.e.Zone(ctx)
		if err != nil {
			return nil, err
		}
		timing := m.v.Trigger.Times(m.v.Settings)
		written, _ := given.(string)
		read, ok := given.(time.Time)
		if !ok {
			if read, err = field.ParseTime(written, timing.In(zone)); err != nil {
				return nil, models.InvalidFields([]models.FieldError{{
					Field: "date", Code: "VALIDATION_FAILED", Message: text.M("execute.date", "The planned time must be a date and time such as 2026-11-22T09:30."),
				}})
			}
		}
		at = read
	}
	data := map[string]any{"event": "timer", "date": at, "slot": nil, "previousDate": nil, "missed": false}
	if m.v.Listens.Collection == "" {
		return m.execution(ctx, data, resource{})
	}
	tk := records.IDText(m.in.Input["filterByTk"])
	if r, ok := m.in.Input["record"].(map[string]any); ok && tk == "" {
		tk = records.IDText(r["id"])
	}
	if tk == "" {
		return nil, models.InvalidFields([]models.FieldError{{Field: "filterByTk", Code: "VALIDATION_FAILED", Message: text.M("execute.record", "Choose the record to start with.")}})
	}
	record, err := m.e.records.Get(ctx, records.Query{Access: m.access, Collection: m.v.Listens.Collection}, tk)
	if err != nil {
		return nil, err
	}
	data["data"], data["collection"] = record, m.v.Listens.Collection
	return m.execution(ctx, data, resource{m.v.Listens.Collection, tk})
}

// refused says why a workflow that follows dates of records does not start: its
// condition is tried as when the time of a slot has come.
func (m *manual) refused(ctx context.Context, tx *models.Tx, exec *models.Execution) (trigger.Decision, error) {
	if !m.v.Trigger.Timed() || exec.ResourceID == "" {
		return trigger.Decision{}, nil
	}
	condition := m.v.Trigger.Times(m.v.Settings).Condition
	record, err := m.e.records.GetIn(ctx, tx, records.Query{Access: models.SystemAccess(), Collection: exec.ResourceType}, exec.ResourceID)
	if err != nil {
		return trigger.Decision{}, err
	}
	ok, sentence, err := m.e.records.MatchesIn(ctx, tx, records.Match{Collection: exec.ResourceType, ID: exec.ResourceID, Record: record, Filter: condition})
	if err != nil || ok {
		return trigger.Decision{}, err
	}
	return trigger.Not("condition_false", sentence), models.LogTrigger(ctx, tx, models.TriggerEntry{
		WorkflowID: m.w.ID, WorkflowKey: m.w.Key, VersionID: m.v.Version.ID, Reason: "condition_false", Explanation: sentence,
		ResourceType: exec.ResourceType, ResourceID: exec.ResourceID, UserID: m.access.Principal.UserID,
	})
}
