package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// ExecutionFilter narrows a list of executions; empty parts do not narrow.
type ExecutionFilter struct {
	WorkflowID   int64
	VersionID    int64
	Statuses     []Status
	ResourceType string
	ResourceID   string
	UserID       int64  // who started it
	Stopped      bool   // by a person, a rule or the clock: every end but success and a fault
	Faulty       bool   // failed, but not because a rule said so
	NoUser       bool   // started by nobody: a schedule, another system
	From         Millis // started then or later
	RootID       string
	Number       int64  // exactly this one
	Search       string // in the workflow's title and key

	SearchUsers   []int64     // with Search: or started by one of them
	SearchRecords []RecordRef // with Search: or about one of them

	IDs    []string // only these
	Within []Status // and in one of these states, whatever else is asked for
	Oldest bool     // first

	bounded int64 // no smaller number started as late as From; 0 = not looked up

	Before int64 // executions with a smaller number: the next page
	After  int64 // executions with a larger number: what started since
	Limit  int   // 0 = 30
}

// RecordRef names a record of a collection.
type RecordRef struct {
	Collection string
	ID         string
}

// ExecutionRow is one line of a list; it carries no payload.
type ExecutionRow struct {
	Number        int64
	ID            string
	WorkflowID    int64
	WorkflowKey   string
	WorkflowTitle string
	VersionNumber int64
	Status        Status
	Reason        string
	Mode          string
	ResourceType  string
	ResourceID    string
	Principal     string
	UserID        int64
	UserName      string
	RerunOf       string
	RerunNumber   int64 // number of the execution it repeats; 0 = none
	CreatedAt     Millis
	StartedAt     Millis
	EndedAt       Millis
	Gated         bool // it has a permit, or waits for one
}

// byRule is the condition of a failure that a rule of the workflow asked for.
const byRule = "(e.reason IN ('refused', 'end_node'))"

// where gives the conditions of a filter.
func (f ExecutionFilter) where() (string, []any) {
	conds, args := []string{"1 = 1"}, []any{}
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	if f.WorkflowID != 0 {
		add("e.workflow_id = ?", f.WorkflowID)
	}
	if f.VersionID != 0 {
		add("e.version_id = ?", f.VersionID)
	}
	if len(f.Statuses) > 0 {
		list := make([]any, len(f.Statuses))
		for i, s := range f.Statuses {
			list[i] = s
		}
		add("e.status IN (?"+strings.Repeat(", ?", len(list)-1)+")", list...)
	}
	if len(f.Within) > 0 {
		list := make([]any, len(f.Within))
		for i, s := range f.Within {
			list[i] = s
		}
		add("e.status IN (?"+strings.Repeat(", ?", len(list)-1)+")", list...)
	}
	if f.IDs != nil {
		marks, list := in(append([]string{""}, f.IDs...))
		add("e.id IN "+marks, list...)
	}
	if f.ResourceType != "" {
		add("e.resource_type = ?", f.ResourceType)
	}
	if f.ResourceID != "" {
		add("e.resource_id = ?", f.ResourceID)
	}
	if f.UserID != 0 {
		add("e.user_id = ?", f.UserID)
	}
	if f.Stopped {
		add("(e.status IN ('rejected', 'cancelled', 'timed_out') OR e.status = 'failed' AND " + byRule + ")")
	}
	if f.Faulty {
		add("e.status = 'failed' AND NOT " + byRule)
	}
	if f.NoUser {
		add("e.user_id = 0")
	}
	if f.From != 0 {
		add("e.created_at >= ?", f.From)
	}
	if f.bounded != 0 {
		add("e.number >= ?", f.bounded)
	}
	if f.RootID != "" {
		add("e.root_id = ?", f.RootID)
	}
	if f.Number != 0 {
		add("e.number = ?", f.Number)
	}
	if f.Search != "" {
		cond, like := f.search()
		add(cond, like...)
	}
	if f.Before != 0 {
		add("e.number < ?", f.Before)
	}
	if f.After != 0 {
		add("e.number > ?", f.After)
	}
	return strings.Join(conds, " AND "), args
}

// search gives the condition of all that Search may mean.
func (f ExecutionFilter) search() (string, []any) {
	like := "%" + escapeLike(fold(f.Search)) + "%"
	conds, args := []string{`fr_fold(w.title) LIKE ? ESCAPE '\'`, `w.wf_key LIKE ? ESCAPE '\'`}, []any{like, like}
	for _, id := range f.SearchUsers {
		conds, args = append(conds, "e.user_id = ?"), append(args, id)
	}
	for _, r := range f.SearchRecords {
		conds, args = append(conds, "(e.resource_type = ? AND e.resource_id = ?)"), append(args, r.Collection, r.ID)
	}
	return "(" + strings.Join(conds, " OR ") + ")", args
}

// Executions lists executions, newest first.
func Executions(ctx context.Context, q Querier, f ExecutionFilter) ([]ExecutionRow, error) {
	if f.Limit <= 0 {
		f.Limit = 30
	}
	if err := f.bound(ctx, q); err != nil {
		return nil, err
	}
	where, args := f.where()
	args = append(args, f.Limit)
	order := "DESC"
	if f.Oldest {
		order = "ASC"
	}
	rows, err := q.Query(ctx, `SELECT e.number, e.id, e.workflow_id, w.wf_key, w.title, v.number, e.status, e.reason, e.mode, e.resource_type,
		e.resource_id, e.principal, e.user_id, COALESCE(u.nickname, ''), e.rerun_of,
		COALESCE((SELECT o.number FROM executions o WHERE o.id = e.rerun_of), 0), e.created_at, e.started_at, e.ended_at, e.gated
		FROM executions e JOIN workflows w ON w.id = e.workflow_id JOIN workflow_versions v ON v.id = e.version_id
		LEFT JOIN users u ON u.id = e.user_id WHERE `+where+" ORDER BY e.number "+order+" LIMIT ?", args...)
	var out []ExecutionRow
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			x     ExecutionRow
			gated int64
		)
		err := r.Scan(&x.Number, &x.ID, &x.WorkflowID, &x.WorkflowKey, &x.WorkflowTitle, &x.VersionNumber, &x.Status, &x.Reason, &x.Mode,
			&x.ResourceType, &x.ResourceID, &x.Principal, &x.UserID, &x.UserName, &x.RerunOf, &x.RerunNumber, &x.CreatedAt, &x.StartedAt, &x.EndedAt, &gated)
		x.Gated = gated != 0
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list executions: %w", err)
	}
	return out, nil
}
