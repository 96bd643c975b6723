package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"formrail/models/text"
)

// Symptom is something that an examination found.
type Symptom struct {
	Check   string // name of what was checked, such as Q1 or audit
	Says    string // what is wrong, as a sentence
	Warning bool   // not a defect: a setting that may lose data
}

// Examine checks an installation: invariants, the chains of hashes, the soundness
// of the file, and settings that may lose data.
func (db *DB) Examine(ctx context.Context) ([]Symptom, error) {
	out, err := db.breaches(ctx)
	if err != nil {
		return nil, err
	}
	_, err = db.VerifyAudit(ctx)
	switch {
	case IsCode(err, "AUDIT_BROKEN"):
		out = append(out, Symptom{Check: "audit", Says: AsError(err).Message.String()})
	case err != nil:
		return nil, err
	}
	broken, err := VerifyTaskActions(ctx, db.Read())
	if err != nil {
		return nil, fmt.Errorf("verify history of tasks: %w", err)
	}
	if broken != "" {
		out = append(out, Symptom{Check: "tasks", Says: text.M("doctor.tasks", "The history of tasks was altered at %s. Compare it with a backup.", broken).String()})
	}
	if db.dialect == SQLite {
		found, err := unsound(ctx, db.Read())
		if err != nil {
			return nil, err
		}
		for _, says := range found {
			out = append(out, Symptom{Check: "file", Says: says})
		}
	}
	return append(out, db.unsafe(ctx)...), nil
}

// breaches runs the invariants. Without a server nobody takes up what is due,
// so checks of that would find what is no defect.
func (db *DB) breaches(ctx context.Context) ([]Symptom, error) {
	owned, err := db.Owned(ctx)
	if err != nil {
		return nil, err
	}
	found, err := CheckInvariants(ctx, db.Read(), All, db.Now())
	if err != nil {
		return nil, err
	}
	var out []Symptom
	for _, b := range found {
		if !owned && slices.Contains([]string{"Q6", "Q7", "Q15", "Q16"}, b.Query) {
			continue
		}
		out = append(out, Symptom{Check: b.Query, Says: b.Says + ": " + b.Row})
	}
	return out, nil
}

// unsound lists what SQLite itself finds wrong with a file.
func unsound(ctx context.Context, q Querier) ([]string, error) {
	rows, err := q.Query(ctx, "PRAGMA integrity_check(20)")
	found, err := names(rows, err)
	if err != nil {
		return nil, fmt.Errorf("check integrity: %w", err)
	}
	found = slices.DeleteFunc(found, func(s string) bool { return s == "ok" })
	rows, err = q.Query(ctx, "PRAGMA foreign_key_check")
	err = Rows(rows, err, func(r *sql.Rows) error {
		row, err := anyRow(r)
		if len(found) < breachLimit {
			found = append(found, "a row points to one that is missing: "+strings.Join(row, ", "))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check links: %w", err)
	}
	return found, nil
}

// unsafe lists settings that the start of a server would refuse.
func (db *DB) unsafe(ctx context.Context) []Symptom {
	var err error
	if db.dialect == SQLite {
		err = refuseNetworkFolder(db.dir)
	} else {
		err = readBackPostgres(ctx, db.readPool)
	}
	if err == nil {
		return nil
	}
	return []Symptom{{Check: "settings", Says: AsError(err).Message.String(), Warning: true}}
}

// Owned reports whether some process runs the executions of the installation.
func (db *DB) Owned(ctx context.Context) (bool, error) {
	if db.release != nil {
		return true, nil
	}
	if db.dialect == SQLite {
		release, err := lockFolder(db.dir)
		if IsCode(err, "ALREADY_RUNNING") {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return false, release()
	}
	var n int64
	err := db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid::bigint = ? AND objid::bigint = ? AND objsubid = 1`, int64(ownerLock>>32), int64(ownerLock&0xffffffff)).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("look for a running server: %w", storageError(err))
	}
	return n > 0, nil
}
