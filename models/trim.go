package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Trimmed is a log of which old lines are of no use.
type Trimmed struct {
	table string
	at    string // column of its time
	cond  string // which lines may go
	drop  string // removes lines by their ids, if they still may go
}

// DoneWakeups are the wake-ups that did their work.
func DoneWakeups() Trimmed {
	return Trimmed{table: "wakeups", at: "created_at", cond: "state = 'done'", drop: "DELETE FROM wakeups WHERE state = 'done' AND id IN "}
}

// IdleTriggers are the lines about triggers that started nothing.
func IdleTriggers() Trimmed {
	return Trimmed{table: "trigger_log", at: "at", cond: "outcome <> 'started'", drop: "DELETE FROM trigger_log WHERE outcome <> 'started' AND id IN "}
}

// trimWindow is how many lines are looked at for one removal.
const trimWindow = 500

// Trim looks at some lines of a log behind one and removes those that are older than an
// instant and of no use. next is where to go on; 0 when what follows is younger.
func (t Trimmed) Trim(ctx context.Context, db *DB, after int64, before Millis) (next int64, err error) {
	rows, err := db.Read().Query(ctx, "SELECT id, "+t.at+", CASE WHEN "+t.cond+" THEN 1 ELSE 0 END FROM "+t.table+" WHERE id > ? ORDER BY id LIMIT ?", after, trimWindow)
	var gone []any
	seen, young := 0, false
	err = Rows(rows, err, func(r *sql.Rows) error {
		var at Millis
		var useless int
		if err := r.Scan(&next, &at, &useless); err != nil {
			return err
		}
		seen++
		switch {
		case at >= before:
			young = true
		case useless != 0:
			gone = append(gone, next)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for old lines of %s: %w", t.table, err)
	}
	if young || seen < trimWindow {
		next = 0
	}
	if len(gone) == 0 {
		return next, nil
	}
	err = db.Write(ctx, "log.trim", func(tx *Tx) error {
		return tx.Queue(ctx, t.drop+"(?"+strings.Repeat(", ?", len(gone)-1)+")", gone...)
	})
	if err != nil {
		return 0, fmt.Errorf("trim %s: %w", t.table, err)
	}
	return next, nil
}
