package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// WatchdogPause is the time between two checks of the cheap invariants.
const WatchdogPause = time.Minute

// keptFindings is how long an alarm is kept after it has cleared.
const keptFindings = 90 * 24 * time.Hour

// checkedAt is the name of the fact when the invariants were checked last, in
// milliseconds.
const checkedAt = "watchdog_checked_at"

// Finding is a row of an invariant that was found, and what became of it.
type Finding struct {
	ID       int64
	Check    string // name of the invariant
	Says     string
	Found    string // the row's values, comma-separated
	FirstAt  Millis
	LastAt   Millis
	Times    int64
	Alarmed  Millis // found for the second time in a row; 0 = not yet
	Repaired Millis
	Cleared  Millis // not found any more
	Cells    []string
}

// KeepFindings takes in what a check has found. It gives the findings that came for the
// second time in a row: alarms. ok is false when another process has checked less than a
// pause ago; nothing is taken in then.
func KeepFindings(ctx context.Context, tx *Tx, found []Breach) (alarms []Finding, ok bool, err error) {
	now := At(tx.Now())
	var last int64
	err = tx.QueryRow(ctx, "SELECT COALESCE(MAX(CAST(value AS BIGINT)), 0) FROM meta WHERE name = ?", checkedAt).Scan(&last)
	if err != nil {
		return nil, false, fmt.Errorf("read last check: %w", storageError(err))
	}
	if since := tx.Now().Sub(Millis(last).Time()); last != 0 && since >= 0 && since < WatchdogPause-5*time.Second {
		return nil, false, nil
	}
	if err := tx.SetMeta(ctx, checkedAt, fmt.Sprint(int64(now))); err != nil {
		return nil, false, err
	}
	open, err := findings(ctx, tx, "cleared_at = 0 ORDER BY id")
	if err != nil {
		return nil, false, err
	}
	known := map[[2]string]Finding{}
	for _, f := range open {
		known[[2]string{f.Check, f.Found}] = f
	}
	for _, b := range found {
		at := [2]string{b.Query, b.Row}
		f, again := known[at]
		delete(known, at)
		if !again {
			err := tx.Queue(ctx, "INSERT INTO watchdog_findings (check_name, says, found, first_at, last_at) VALUES (?, ?, ?, ?, ?)", b.Query, b.Says, b.Row, now, now)
			if err != nil {
				return nil, false, fmt.Errorf("keep finding: %w", err)
			}
			continue
		}
		if f.Alarmed == 0 {
			f.Alarmed, f.Cells = now, b.Cells
			alarms = append(alarms, f)
		}
		if err := tx.Queue(ctx, "UPDATE watchdog_findings SET times = times + 1, last_at = ?, alarmed_at = ? WHERE id = ?", now, f.Alarmed, f.ID); err != nil {
			return nil, false, fmt.Errorf("keep finding: %w", err)
		}
	}
	for _, gone := range known {
		statement := "DELETE FROM watchdog_findings WHERE id = ? AND alarmed_at <= ?" // seen once: a moment, no defect
		args := []any{gone.ID, 0}
		if gone.Alarmed > 0 {
			statement, args = "UPDATE watchdog_findings SET cleared_at = ? WHERE id = ?", []any{now, gone.ID}
		}
		if err := tx.Queue(ctx, statement, args...); err != nil {
			return nil, false, fmt.Errorf("clear finding: %w", err)
		}
	}
	if err := tx.Queue(ctx, "DELETE FROM watchdog_findings WHERE cleared_at > 0 AND cleared_at < ?", At(tx.Now().Add(-keptFindings))); err != nil {
		return nil, false, fmt.Errorf("forget findings: %w", err)
	}
	return alarms, true, nil
}

// FindingRepaired notes that a finding was repaired.
func FindingRepaired(ctx context.Context, tx *Tx, id int64) error {
	if err := tx.Queue(ctx, "UPDATE watchdog_findings SET repaired_at = ? WHERE id = ?", At(tx.Now()), id); err != nil {
		return fmt.Errorf("note repair: %w", err)
	}
	return nil
}

// Alarms lists the findings that came twice in a row: those that are still there first,
// then the newest.
func Alarms(ctx context.Context, q Querier, limit int) ([]Finding, error) {
	return findings(ctx, q, "alarmed_at > 0 ORDER BY CASE WHEN cleared_at = 0 THEN 0 ELSE 1 END, alarmed_at DESC, id DESC LIMIT ?", limit)
}

// LastWatch says when the invariants were checked last; 0 for never.
func (db *DB) LastWatch(ctx context.Context) (Millis, error) {
	stored, err := db.Meta(ctx, checkedAt)
	if err != nil || stored == "" {
		return 0, err
	}
	var at int64
	if _, err := fmt.Sscan(stored, &at); err != nil {
		return 0, fmt.Errorf("read last check: %w", err)
	}
	return Millis(at), nil
}

func findings(ctx context.Context, q Querier, where string, args ...any) ([]Finding, error) {
	var out []Finding
	rows, err := q.Query(ctx, "SELECT id, check_name, says, found, first_at, last_at, times, alarmed_at, repaired_at, cleared_at FROM watchdog_findings WHERE "+where, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var f Finding
		err := r.Scan(&f.ID, &f.Check, &f.Says, &f.Found, &f.FirstAt, &f.LastAt, &f.Times, &f.Alarmed, &f.Repaired, &f.Cleared)
		out = append(out, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	return out, nil
}
