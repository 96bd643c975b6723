package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"formrail/models"
)

// judge compares the journal with what the database holds, on a connection that
// the server cannot influence.
func judge(ctx context.Context, v *server, j *journal, r *report) error {
	db, err := openWitness(ctx, v)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	records, err := countByMark(ctx, db, `SELECT mark, COUNT(*) FROM c_sources GROUP BY mark`)
	if err != nil { // a table that is not there holds nothing
		r.Broken = append(r.Broken, err.Error())
	}
	done, err := countByMark(ctx, db, `SELECT mark, COUNT(*) FROM c_effects GROUP BY mark`)
	if err != nil {
		r.Broken = append(r.Broken, err.Error())
	}
	for _, e := range j.list() {
		if e.acked {
			r.Acknowledged++
		}
		record, want := 1, 1
		switch e.kind {
		case "plain":
			want = 0
		case "hook": // started by itself, not by a record
			record = 0
		}
		tally(r, e.acked, records[e.mark], record)
		if records[e.mark] > 0 || e.acked {
			tally(r, e.acked, done[e.mark], want)
		}
	}
	if err := judgeCalm(ctx, db, time.Now(), r); err != nil {
		return err
	}
	failed, err := countByMark(ctx, db, `SELECT error, COUNT(*) FROM executions WHERE status = 'failed' GROUP BY error`)
	if err != nil {
		return err
	}
	for reason, n := range failed {
		r.Broken = append(r.Broken, fmt.Sprintf("%d executions failed: %s", n, reason))
	}
	return nil
}

// judgeRest looks for what is stuck or broken in a database, whatever was sent. now is the
// server's time.
func judgeRest(ctx context.Context, v *server, now time.Time, r *report) error {
	db, err := openWitness(ctx, v)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	return judgeCalm(ctx, db, now, r)
}

// judgeCalm counts what is still live and what the invariants find.
func judgeCalm(ctx context.Context, db *models.DB, now time.Time, r *report) error {
	live, err := countByMark(ctx, db, `SELECT status, COUNT(*) FROM executions WHERE status IN ('queued', 'running', 'waiting') GROUP BY status`)
	if err != nil {
		return err
	}
	for status, n := range live {
		r.Stuck += n
		r.Broken = append(r.Broken, fmt.Sprintf("%d executions still %s", n, status))
	}
	breaches, err := models.CheckInvariants(ctx, db.Read(), models.All, now)
	if err != nil {
		return err
	}
	for _, b := range breaches {
		r.Broken = append(r.Broken, b.Query+" "+b.Says+": "+b.Row)
	}
	return nil
}

// openWitness opens the database of a server on a connection of its own.
func openWitness(ctx context.Context, v *server) (*models.DB, error) {
	db, err := models.Open(ctx, models.Options{
		Dir: v.folder, URL: v.s.database, Clock: models.ClockFunc(time.Now), Log: slog.New(slog.DiscardHandler), AllowUnsafe: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the witness connection: %w", err)
	}
	return db, nil
}

// tally counts one thing that must exist exactly want times.
func tally(r *report, acked bool, have, want int) {
	switch {
	case have > want:
		r.Doubled++
	case have < want && acked:
		r.Lost++
	}
}

func countByMark(ctx context.Context, db *models.DB, query string) (map[string]int, error) {
	out := map[string]int{}
	rows, err := db.Read().Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			name string
			n    int
		)
		if err := rows.Scan(&name, &n); err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		out[name] = n
	}
	return out, rows.Err()
}
