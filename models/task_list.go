package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// TaskList says which tasks of a person to list; empty parts do not narrow.
type TaskList struct {
	UserID     int64
	Tab        string // todo or done
	Search     string // in the title, the workflow's title and the applicant's name
	WorkflowID int64
	DueFrom    Millis // due then or later
	DueBefore  Millis // due before
	NoDue      bool   // without a deadline

	Before string // id of the last row of the previous page
	Until  string // id of the newest task to list: later ones are left out
	Since  string // only tasks that were opened after the one with this id
	Limit  int    // 0 = 30
}

// byDeadline is the order of open tasks; those without a deadline come after all others.
const byDeadline = "CASE WHEN t.due_at = 0 THEN 9007199254740991 ELSE t.due_at END, t.id"

// from gives the tables and conditions of a list.
func (l TaskList) from() (string, []any) {
	conds, args := []string{"c.user_id = ?"}, []any{l.UserID}
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	if l.Tab == "done" {
		add("c.status <> 'open'")
	} else {
		add("c.status = 'open' AND t.status = 'open' AND t.paused = 0")
	}
	if l.Search != "" {
		like := "%" + escapeLike(fold(l.Search)) + "%"
		add(`(fr_fold(t.title) LIKE ? ESCAPE '\' OR EXISTS (SELECT 1 FROM workflows w WHERE w.id = t.workflow_id AND fr_fold(w.title) LIKE ? ESCAPE '\')
			OR EXISTS (SELECT 1 FROM applications a JOIN users u ON u.id = a.applicant_id WHERE a.id = t.application_id AND fr_fold(u.nickname) LIKE ? ESCAPE '\'))`,
			like, like, like)
	}
	if l.WorkflowID != 0 {
		add("t.workflow_id = ?", l.WorkflowID)
	}
	if l.DueFrom != 0 {
		add("t.due_at >= ?", l.DueFrom)
	}
	if l.DueBefore != 0 {
		add("t.due_at <> 0 AND t.due_at < ?", l.DueBefore)
	}
	if l.NoDue {
		add("t.due_at = 0")
	}
	if l.Until != "" {
		add("t.id <= ?", l.Until)
	}
	if l.Since != "" {
		add("t.id > ?", l.Since)
	}
	return " FROM task_candidates c JOIN tasks t ON t.id = c.task_id WHERE " + strings.Join(conds, " AND "), args
}

// TasksFor lists tasks of a person: open ones by deadline and age, those without a
// deadline last; closed ones in which he acted or was overtaken, newest first.
func TasksFor(ctx context.Context, q Querier, l TaskList) ([]*Task, error) {
	if l.Limit <= 0 {
		l.Limit = 30
	}
	from, args := l.from()
	behind, order := " AND ("+byDeadline+") > (SELECT "+byDeadline+" FROM tasks t WHERE t.id = ?)", " ORDER BY "+byDeadline
	if l.Tab == "done" {
		behind, order = " AND t.id < ?", " ORDER BY t.id DESC"
	}
	if l.Before != "" {
		from, args = from+behind, append(args, l.Before)
	}
	return tasks(ctx, q, "SELECT "+taskColumns+from+order+" LIMIT ?", append(args, l.Limit)...)
}

// CountTasks counts the open tasks of a person.
func CountTasks(ctx context.Context, q Querier, userID int64) (int64, error) {
	return CountTaskList(ctx, q, TaskList{UserID: userID})
}

// CountTaskList counts the tasks of a list, whatever its limit.
func CountTaskList(ctx context.Context, q Querier, l TaskList) (int64, error) {
	var n int64
	from, args := l.from()
	if err := q.QueryRow(ctx, "SELECT COUNT(*)"+from, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count tasks: %w", storageError(err))
	}
	return n, nil
}

// TaskWorkflows lists the workflows that asked a person in one of his lists, by title.
func TaskWorkflows(ctx context.Context, q Querier, userID int64, tab string) ([]*Workflow, error) {
	from, args := TaskList{UserID: userID, Tab: tab}.from()
	var out []*Workflow
	rows, err := q.Query(ctx, "SELECT id, wf_key, title FROM workflows WHERE id IN (SELECT t.workflow_id"+from+") ORDER BY title, id", args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var w Workflow
		err := r.Scan(&w.ID, &w.Key, &w.Title)
		out = append(out, &w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list workflows of tasks: %w", err)
	}
	return out, nil
}

// WaitingForPeople says how many executions wait for a decision, since when the oldest
// does, and who is asked most.
type WaitingForPeople struct {
	Executions int64
	Oldest     Millis // 0 = none waits
	People     []int64
}

// WaitForPeople looks at all open tasks. At most so many people are named.
func WaitForPeople(ctx context.Context, q Querier, people int) (WaitingForPeople, error) {
	var out WaitingForPeople
	err := q.QueryRow(ctx, "SELECT COUNT(DISTINCT execution_id), COALESCE(MIN(opened_at), 0) FROM tasks WHERE status = 'open'").Scan(&out.Executions, &out.Oldest)
	if err != nil {
		return out, fmt.Errorf("count what waits: %w", storageError(err))
	}
	rows, err := q.Query(ctx, `SELECT c.user_id FROM task_candidates c JOIN tasks t ON t.id = c.task_id WHERE c.status = 'open' AND t.status = 'open'
		GROUP BY c.user_id ORDER BY COUNT(*) DESC, c.user_id LIMIT ?`, people)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		out.People = append(out.People, id)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("list who is asked: %w", err)
	}
	return out, nil
}
