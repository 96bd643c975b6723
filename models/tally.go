package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The roll-ups of stats_hourly are counted in the transaction of what they count, so
// they are exact at every committed moment. Functions that share a physical commit are
// added up in memory first: the commit writes one row for each workflow, node and hour
// in it, however many executions it moves.

// outcome is what is counted: a column of stats_hourly.
type outcome int

// Columns that count.
const (
	countStarted outcome = iota
	countSucceeded
	countFailed
	countRefused // failed because a rule of the workflow asked for it
	countRejected
	countCancelled
	countTimedOut
	countSkipped
	countMillis // how long what succeeded took
	countFirstBucket
)

// outcomes are the columns before those of the histogram, in their order.
func outcomes() []string {
	return []string{"started", "succeeded", "failed", "refused", "rejected", "cancelled", "timed_out", "skipped", "total_ms"}
}

// durations is how many columns the histogram of durations has.
const durations = 12

// durationBounds are the upper ends of the histogram's columns, the last one excepted.
func durationBounds() [durations - 1]time.Duration {
	return [...]time.Duration{
		10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second,
		time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour,
	}
}

// allTime is the hour that stands for all hours.
const allTime Millis = 0

// hourOf is the begin of the hour of an instant.
func hourOf(at Millis) Millis { return at - at%Millis(time.Hour/time.Millisecond) }

// counted is one thing to count.
type counted struct {
	tallyKey
	what  outcome
	times int64
	ms    int64  // together, of what succeeded
	last  Millis // when the latest of them happened; 0 = not asked for
}

// tallyKey names a row of stats_hourly, except for its shard.
type tallyKey struct {
	workflow, version int64
	node              string // empty = the execution itself
	hour              Millis
	removed           bool // counts what was removed, not what happened
}

func (k tallyKey) compare(o tallyKey) int {
	return cmp.Or(cmp.Compare(k.node, o.node), cmp.Compare(k.hour, o.hour), cmp.Compare(k.workflow, o.workflow), cmp.Compare(k.version, o.version))
}

// count adds to the roll-ups when the transaction commits.
func (tx *Tx) count(c counted) { tx.counts = append(tx.counts, c) }

// countExecution counts the start of an execution, or with an outcome its end, in the
// hour in which it was created.
func (tx *Tx) countExecution(e *Execution, what outcome, took Millis) {
	c := counted{tallyKey: tallyKey{workflow: e.WorkflowID, version: e.VersionID, hour: hourOf(e.CreatedAt)}, what: what, times: 1, last: e.CreatedAt}
	if what == countSucceeded {
		c.ms = int64(took)
	}
	tx.count(c)
}

// countStep counts a step that has ended, in the hour of its end. What was carried over
// from another execution did not happen again.
func (tx *Tx) countStep(e *Execution, s *Step) {
	what, ended := stepOutcome(s.Status)
	if !ended || s.CarriedFrom != "" {
		return
	}
	c := counted{tallyKey: tallyKey{workflow: e.WorkflowID, version: e.VersionID, node: s.Node, hour: hourOf(s.EndedAt)}, what: what, times: 1, last: s.EndedAt}
	if what == countSucceeded {
		c.ms = int64(max(s.EndedAt-s.StartedAt, 0))
	}
	tx.count(c)
}

// executionOutcome says how a final status is counted.
func executionOutcome(s Status, reason string) outcome {
	switch {
	case s == Succeeded:
		return countSucceeded
	case s == Rejected:
		return countRejected
	case s == Cancelled:
		return countCancelled
	case s == TimedOut:
		return countTimedOut
	case reason == "refused" || reason == "end_node":
		return countRefused
	}
	return countFailed
}

// stepOutcome says how the end of a step is counted; false while it has not ended.
func stepOutcome(s Status) (outcome, bool) {
	switch s {
	case Done:
		return countSucceeded, true
	case Failed:
		return countFailed, true
	case Skipped:
		return countSkipped, true
	default:
		return 0, false
	}
}

// tally is a row of stats_hourly: what is to be added to it.
type tally struct {
	columns [int(countFirstBucket) + durations]int64
	last    Millis
}

func (t *tally) add(c counted) {
	t.columns[c.what] += c.times
	t.last = max(t.last, c.last)
	if c.what != countSucceeded {
		return
	}
	t.columns[countMillis] += c.ms
	if c.removed {
		return // what was removed is known by its number and its whole time
	}
	bucket := 0
	for _, bound := range durationBounds() {
		if c.ms < bound.Milliseconds() {
			break
		}
		bucket++
	}
	t.columns[int(countFirstBucket)+bucket] += c.times
}

// addUp folds what a batch counts into rows.
func addUp(batch []*request) map[tallyKey]*tally {
	rows := map[tallyKey]*tally{}
	add := func(k tallyKey, c counted) {
		row := rows[k]
		if row == nil {
			row = &tally{}
			rows[k] = row
		}
		row.add(c)
	}
	for _, r := range batch {
		for _, c := range r.counts {
			add(c.tallyKey, c)
			if c.node == "" {
				whole := c.tallyKey
				whole.hour = allTime
				add(whole, c)
			}
		}
	}
	return rows
}

// saveTallies writes what a batch counts, in the order of the key, so that processes
// on one database never wait for each other in a circle.
func (w *writer) saveTallies(conn *writeConn, batch []*request) error {
	rows := addUp(batch)
	if len(rows) == 0 {
		return nil
	}
	keys := make([]tallyKey, 0, len(rows))
	for k := range rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, tallyKey.compare)
	var queue []queued
	for _, k := range keys {
		args := make([]any, 0, 6+len(rows[k].columns)+1)
		args = append(args, k.node, k.hour, k.workflow, k.version, asInt(k.removed), w.db.shard)
		for _, n := range rows[k].columns {
			args = append(args, n)
		}
		queue = append(queue, queued{query: w.tallyQuery, args: append(args, rows[k].last), want: -1})
	}
	ctx := context.Background()
	if w.db.dialect == Postgres {
		return conn.pipeline(ctx, w.db, queue)
	}
	for _, q := range queue {
		if _, err := conn.exec(ctx, q.query, q.args); err != nil {
			return fmt.Errorf("save roll-ups: %w", err)
		}
	}
	return nil
}

// tallyQuery is the statement that adds to a row of stats_hourly.
func tallyQuery() string {
	columns := outcomes()
	for i := range durations {
		columns = append(columns, fmt.Sprintf("d%d", i))
	}
	adds := make([]string, len(columns))
	for i, c := range columns {
		adds[i] = fmt.Sprintf("%s = stats_hourly.%s + excluded.%s", c, c, c)
	}
	return `INSERT INTO stats_hourly (node, hour, workflow_id, version_id, removed, shard, ` + strings.Join(columns, ", ") + `, last_at)
		VALUES (?, ?, ?, ?, ?, ?, ` + strings.Repeat("?, ", len(columns)) + `?)
		ON CONFLICT (node, hour, workflow_id, version_id, removed, shard) DO UPDATE SET ` + strings.Join(adds, ", ") + `,
		last_at = CASE WHEN excluded.last_at > stats_hourly.last_at THEN excluded.last_at ELSE stats_hourly.last_at END`
}
