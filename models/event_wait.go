package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// EventWait is a step that waits for an event.
type EventWait struct {
	StepID       string
	ExecutionID  string
	WorkflowID   int64  // of the execution; not stored
	Event        string // pattern of its name
	ResourceType string // exact; empty = any
	ResourceID   string // exact; empty = any
	Filter       string // JSON: the whole filter
}

// SaveEventWait begins to wait; a step that waits again for the same thing does so anew.
func SaveEventWait(ctx context.Context, tx *Tx, w EventWait) error {
	_, err := tx.Exec(ctx, `INSERT INTO event_waits (step_id, execution_id, event, resource_type, resource_id, filter, state) VALUES (?, ?, ?, ?, ?, ?, 'open')
		ON CONFLICT (step_id) DO UPDATE SET event = excluded.event, resource_type = excluded.resource_type, resource_id = excluded.resource_id,
		filter = excluded.filter, state = 'open'`, w.StepID, w.ExecutionID, w.Event, w.ResourceType, w.ResourceID, w.Filter)
	if err != nil {
		return fmt.Errorf("wait for event: %w", err)
	}
	tx.db.eventWaits.Store(true)
	return nil
}

// UseEventWait ends the wait of a step; false when it had ended before.
func UseEventWait(ctx context.Context, tx *Tx, stepID string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE event_waits SET state = 'used' WHERE step_id = ? AND state = 'open'", stepID)
	if err != nil {
		return false, fmt.Errorf("end wait for event: %w", err)
	}
	return n == 1, nil
}

// eventWaitsFor lists the waits that an event may end, by the parts of their filters that
// stand in columns.
func eventWaitsFor(ctx context.Context, tx *Tx, e *Event) ([]EventWait, error) {
	rows, err := tx.Query(ctx, `SELECT step_id, execution_id, (SELECT e.workflow_id FROM executions e WHERE e.id = event_waits.execution_id), event, resource_type, resource_id, filter FROM event_waits
		WHERE state = 'open' AND (resource_type = '' OR resource_type = ?) AND (resource_id = '' OR resource_id = ?) AND execution_id <> ?
		ORDER BY step_id`, e.Type, e.ID, e.ExecutionID)
	var out []EventWait
	err = Rows(rows, err, func(r *sql.Rows) error {
		var w EventWait
		err := r.Scan(&w.StepID, &w.ExecutionID, &w.WorkflowID, &w.Event, &w.ResourceType, &w.ResourceID, &w.Filter)
		out = append(out, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list waits for event: %w", err)
	}
	return out, nil
}

// anyEventWaits reports whether any step waits for an event.
func anyEventWaits(ctx context.Context, q Querier) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM event_waits WHERE state = 'open' LIMIT 1) w").Scan(&n)
	return n > 0, storageError(err)
}

// EventHeard hears inside its transaction of an event that steps may wait for. payload is
// the envelope as JSON.
type EventHeard func(ctx context.Context, tx *Tx, e *Event, payload string, waits []EventWait) error

// OnEvent registers who hears of events. It is called before the first write.
func (db *DB) OnEvent(fn EventHeard) {
	db.onEvent.Store(&fn)
	db.eventWaits.Store(true) // until a look at the database says otherwise
}

// heard tells of an event those who wait for it.
func (tx *Tx) heard(ctx context.Context, e *Event, payload string) error {
	fn := tx.db.onEvent.Load()
	if fn == nil || !tx.db.eventWaits.Load() {
		return nil
	}
	waits, err := eventWaitsFor(ctx, tx, e)
	if err != nil {
		return err
	}
	if len(waits) > 0 {
		return (*fn)(ctx, tx, e, payload, waits)
	}
	some, err := anyEventWaits(ctx, tx)
	tx.db.eventWaits.Store(some || err != nil)
	return err
}

// FindEvents looks for past events since an instant, oldest first, until found says that
// it has the one it wants. What of the wait stands in columns narrows the search.
func FindEvents(ctx context.Context, q Querier, w EventWait, since Millis, found func(StoredEvent) (bool, error)) error {
	where, args := []string{"seq > ?", "at >= ?", "silent = 0"}, []any{int64(0), int64(since)}
	for _, c := range [][2]string{{"resource_type", w.ResourceType}, {"resource_id", w.ResourceID}} {
		if c[1] != "" {
			where, args = append(where, c[0]+" = ?"), append(args, c[1])
		}
	}
	if !strings.ContainsAny(w.Event, `*\`) {
		where, args = append(where, "event = ?"), append(args, w.Event)
	}
	query := "SELECT seq, event, payload, execution_id FROM events WHERE " + strings.Join(where, " AND ") + " ORDER BY seq LIMIT 500"
	for {
		var page []StoredEvent
		read := 0
		rows, err := q.Query(ctx, query, args...)
		err = Rows(rows, err, func(r *sql.Rows) error {
			var (
				e  StoredEvent
				by string
			)
			err := r.Scan(&e.Seq, &e.Name, &e.Payload, &by)
			args[0] = e.Seq
			read++
			if by != w.ExecutionID {
				page = append(page, e)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("look for past events: %w", err)
		}
		for _, e := range page {
			if done, err := found(e); done || err != nil {
				return err
			}
		}
		if read == 0 {
			return nil
		}
	}
}
