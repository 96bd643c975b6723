package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Invariant is a query that must return no row at any committed moment, on both
// databases. Placeholders stand for the instants of Args, as [Millis].
type Invariant struct {
	Name     string // Q1, Q2 …
	Says     string // what a row of it means
	Query    string
	Args     func(now time.Time) []any // nil = none
	Watchdog bool                      // cheap enough to run every minute
}

// Which invariants to check.
const (
	Watchdog = true  // the cheap ones
	All      = false // all of them
)

// Breach is one row of an invariant's query.
type Breach struct {
	Query string // name of the invariant
	Says  string
	Row   string // the row's values, comma-separated
	Cells []string
}

func before(ages ...time.Duration) func(time.Time) []any {
	return func(now time.Time) []any {
		out := make([]any, len(ages))
		for i, d := range ages {
			out[i] = At(now.Add(-d))
		}
		return out
	}
}

// Invariants lists all queries.
func Invariants() []Invariant {
	return slices.Concat(progressInvariants(), gateInvariants(), historyInvariants(), rollUpInvariants())
}

// gateInvariants find executions that wait for a permit in vain, or go without one.
func gateInvariants() []Invariant {
	never := func(time.Time) []any { return []any{Never, Never} }
	return []Invariant{
		{Name: "Q7a", Watchdog: true, Says: "an execution that waits although no limit, order or pause holds it back", Args: func(now time.Time) []any {
			long := At(now.Add(-time.Minute))
			return []any{long, long}
		}, Query: `
			SELECT g.workflow_id, 'waiting' AS what FROM gates g WHERE g.paused_at = 0 AND g.drop_upto = 0 AND g.newest_upto = 0
			AND (g.concurrency = 0 OR g.given < g.concurrency) AND (g.next_at = 0 OR g.next_at < ?)
			AND NOT EXISTS (SELECT 1 FROM meta m WHERE m.name = '` + pausedAll + `' AND m.value <> '')
			AND EXISTS (SELECT 1 FROM permits p WHERE p.workflow_id = g.workflow_id AND p.state = 'waiting')
			UNION ALL SELECT p.workflow_id, p.execution_id FROM permits p WHERE p.state = 'settling' AND p.settle_at < ?
			UNION ALL SELECT p.workflow_id, p.execution_id FROM permits p WHERE p.state = 'behind' AND NOT EXISTS (SELECT 1 FROM permits f
			WHERE f.workflow_id = p.workflow_id AND f.order_key = p.order_key AND f.state IN ('waiting', 'given'))`},
		{Name: "Q7b", Says: "a permit that does not fit its execution or its gate", Args: never, Query: `
			SELECT p.execution_id, 'ended' AS what FROM permits p WHERE NOT EXISTS (SELECT 1 FROM executions e WHERE e.id = p.execution_id AND e.gated = 1 AND ` + of("e", liveExecution) + `)
			UNION ALL SELECT e.id, 'lost' FROM executions e WHERE e.gated = 1 AND ` + of("e", liveExecution) + ` AND NOT EXISTS (SELECT 1 FROM permits p WHERE p.execution_id = e.id)
			UNION ALL SELECT p.execution_id, 'goes without it' FROM permits p JOIN wakeups w ON w.execution_id = p.execution_id AND w.state <> 'done' AND w.due_at < ? WHERE p.state <> 'given'
			UNION ALL SELECT p.execution_id, 'has it in vain' FROM permits p JOIN wakeups w ON w.execution_id = p.execution_id AND w.state <> 'done' AND w.due_at = ? WHERE p.state = 'given'
			UNION ALL SELECT CAST(g.workflow_id AS TEXT), 'counted wrongly' FROM gates g WHERE g.given <> (SELECT COUNT(*) FROM permits p WHERE p.workflow_id = g.workflow_id AND p.state = 'given')
			OR g.kept <> (SELECT COUNT(*) FROM permits p WHERE p.workflow_id = g.workflow_id AND p.state <> 'given')`},
	}
}

// progressInvariants find work that is stuck, or that goes on after its end.
func progressInvariants() []Invariant {
	return []Invariant{
		{Name: "Q1", Watchdog: true, Says: "a live execution without any reason to move on", Query: `
			SELECT e.id, e.status FROM executions e WHERE ` + of("e", liveExecution) + `
			AND NOT EXISTS (SELECT 1 FROM wakeups w WHERE w.execution_id = e.id AND w.state <> 'done')
			AND NOT EXISTS (SELECT 1 FROM tasks t JOIN task_candidates c ON c.task_id = t.id
				JOIN users u ON u.id = c.user_id AND u.status <> 'deactivated' WHERE t.execution_id = e.id AND t.status = 'open')
			AND NOT EXISTS (SELECT 1 FROM callbacks k WHERE k.execution_id = e.id AND k.state = 'open' AND k.deadline IS NOT NULL)
			AND NOT EXISTS (SELECT 1 FROM executions ch WHERE ch.parent_id = e.id AND ` + of("ch", liveExecution) + `)`},
		{Name: "Q2", Watchdog: true, Says: "a waiting step without its own reason to move on", Query: `
			SELECT s.execution_id, s.node, s.path, s.status FROM steps s
			JOIN executions e ON e.id = s.execution_id AND ` + of("e", liveExecution) + `
			WHERE s.status IN ('waiting', 'unknown')
			AND NOT EXISTS (SELECT 1 FROM wakeups w WHERE w.step_id = s.id AND w.state <> 'done')
			AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.step_id = s.id AND t.status = 'open')
			AND NOT EXISTS (SELECT 1 FROM callbacks k WHERE k.step_id = s.id AND k.state = 'open')
			AND NOT EXISTS (SELECT 1 FROM executions ch WHERE ch.parent_step_id = s.id AND ` + of("ch", liveExecution) + `)
			AND NOT EXISTS (SELECT 1 FROM steps i WHERE i.parent_step_id = s.id AND ` + of("i", openStep) + `)`},
		{Name: "Q3", Says: "something still open of an execution that has ended", Query: `
			SELECT e.id, e.status FROM executions e WHERE NOT ` + of("e", liveExecution) + `
			AND (EXISTS (SELECT 1 FROM wakeups w WHERE w.execution_id = e.id AND w.state <> 'done')
			OR EXISTS (SELECT 1 FROM tasks t WHERE t.execution_id = e.id AND t.status = 'open')
			OR EXISTS (SELECT 1 FROM callbacks k WHERE k.execution_id = e.id AND k.state = 'open')
			OR EXISTS (SELECT 1 FROM steps s WHERE s.execution_id = e.id AND ` + of("s", openStep) + `))`},
		{Name: "Q6", Watchdog: true, Says: "a lease that ended long ago", Args: before(2*LeaseTTL, 2*LeaseTTL), Query: `
			SELECT w.id, w.execution_id FROM wakeups w WHERE w.state = 'leased' AND w.lease_until < ?
			UNION ALL SELECT 0, e.id FROM executions e WHERE ` + of("e", liveExecution) + ` AND e.lease_owner <> '' AND e.lease_until < ?`},
		{Name: "Q7", Watchdog: true, Says: "a wake-up that nobody took for a minute", Args: before(time.Minute), Query: `
			SELECT w.id, w.execution_id FROM wakeups w WHERE w.state = 'ready' AND w.due_at < ?
			AND (w.reason <> 'timer' OR NOT EXISTS (SELECT 1 FROM meta m WHERE m.name = 'restored_at'))`},
		{Name: "Q12", Watchdog: true, Says: "an open task whose candidates have all left", Query: `
			SELECT t.id FROM tasks t WHERE t.status = 'open' AND NOT EXISTS (SELECT 1 FROM task_candidates c
			JOIN users u ON u.id = c.user_id AND u.status <> 'deactivated' WHERE c.task_id = t.id)`},
		{Name: "Q13", Watchdog: true, Says: "a task on hold without a wake-up", Query: `
			SELECT t.id FROM tasks t WHERE t.status = 'open' AND t.held_until > 0
			AND NOT EXISTS (SELECT 1 FROM wakeups w WHERE w.step_id = t.step_id AND w.state <> 'done')`},
		{Name: "Q15", Watchdog: true, Says: "an attempt in flight whose holder is gone", Args: before(2 * LeaseTTL), Query: `
			SELECT s.id, s.execution_id FROM steps s JOIN executions e ON e.id = s.execution_id
			WHERE s.status = 'running' AND e.lease_until < ?`},
		{Name: "Q16", Says: "a background job that runs without a lease", Args: before(0), Query: `
			SELECT o.id, o.kind FROM operations o WHERE o.state = 'running' AND o.lease_until < ?`},
	}
}

// historyInvariants find what was written without what belongs to it.
func historyInvariants() []Invariant {
	return []Invariant{
		{Name: "Q4", Says: "effects of a step and changes that name it do not agree", Query: `
			SELECT s.id, s.effects, COUNT(c.id) FROM steps s LEFT JOIN change_log c ON c.step_id = s.id
			GROUP BY s.id, s.effects HAVING COUNT(c.id) <> s.effects`},
		{Name: "Q5", Says: "a step that ran before the one in front of it was finished", Query: `
			SELECT s.id, s.node FROM steps s JOIN steps b ON b.id = s.after_step_id
			WHERE b.status NOT IN ('done', 'failed', 'skipped') AND s.parent_step_id IS NULL`},
		{Name: "Q8", Says: "a start without its line in the trigger log, or the other way round", Query: `
			SELECT l.execution_id, 'log' FROM trigger_log l WHERE l.outcome = 'started'
			AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.id = l.execution_id)
			UNION ALL SELECT e.id, 'execution' FROM executions e WHERE e.parent_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM trigger_log l WHERE l.execution_id = e.id)`},
		{Name: "Q9", Says: "a change without exactly one event, or an event without its change", Query: `
			SELECT c.event_uuid, 'change' FROM change_log c WHERE (SELECT COUNT(*) FROM events v WHERE v.uuid = c.event_uuid) <> 1
			UNION ALL SELECT v.uuid, 'event' FROM events v WHERE v.event LIKE 'resource.%' AND v.resource_type NOT LIKE '%svc.%'
			AND NOT EXISTS (SELECT 1 FROM change_log c WHERE c.event_uuid = v.uuid)`},
		{Name: "Q10", Says: "one execution for two slots of a schedule", Query: `
			SELECT s.execution_id, COUNT(*) FROM schedule_slots s WHERE s.execution_id IS NOT NULL GROUP BY s.execution_id HAVING COUNT(*) > 1`},
		{Name: "Q11", Says: "an execution whose version is missing or has another hash", Query: `
			SELECT e.id, e.version_id FROM executions e LEFT JOIN workflow_versions v ON v.id = e.version_id
			WHERE v.id IS NULL OR v.hash <> e.definition_hash`},
		{Name: "Q14", Says: "a chain that grew beyond its limits", Query: `
			SELECT e.root_id, COUNT(*) FROM executions e WHERE e.depth > 1 AND e.rerun_of = '' GROUP BY e.root_id
			HAVING COUNT(*) > 100 OR MAX(e.depth) > 8`},
	}
}

// breachLimit is how many rows of one query are reported.
const breachLimit = 20

// CheckInvariants runs the queries and gives every row they return.
func CheckInvariants(ctx context.Context, q Querier, watchdogOnly bool, now time.Time) ([]Breach, error) {
	return check(ctx, q, slices.DeleteFunc(Invariants(), func(inv Invariant) bool { return watchdogOnly && !inv.Watchdog }), now)
}

// CheckRollUps compares the roll-ups with a full scan, which takes long where there is
// much history.
func CheckRollUps(ctx context.Context, q Querier, now time.Time) ([]Breach, error) {
	return check(ctx, q, rollUpInvariants(), now)
}

func check(ctx context.Context, q Querier, list []Invariant, now time.Time) ([]Breach, error) {
	var out []Breach
	for _, inv := range list {
		var args []any
		if inv.Args != nil {
			args = inv.Args(now)
		}
		rows, err := q.Query(ctx, fmt.Sprintf("%s LIMIT %d", inv.Query, breachLimit), args...)
		err = Rows(rows, err, func(r *sql.Rows) error {
			cells, err := anyRow(r)
			out = append(out, Breach{Query: inv.Name, Says: inv.Says, Row: strings.Join(cells, ", "), Cells: cells})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", inv.Name, err)
		}
	}
	return out, nil
}

// anyRow reads a row of unknown columns as text.
func anyRow(r *sql.Rows) ([]string, error) {
	columns, err := r.Columns()
	if err != nil {
		return nil, err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	if err := r.Scan(values...); err != nil {
		return nil, err
	}
	parts := make([]string, len(values))
	for i, v := range values {
		if p, ok := v.(*any); ok {
			parts[i] = fmt.Sprint(*p)
		}
	}
	return parts, nil
}
