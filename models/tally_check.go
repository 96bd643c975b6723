package models

import "strings"

// rollUpInvariants find roll-ups that differ from what a full scan counts, what has
// been removed set aside.
func rollUpInvariants() []Invariant {
	const hour = "3600000"
	is := func(cond string) string { return "CASE WHEN " + cond + " THEN -1 ELSE 0 END" }
	status := func(s Status) string { return is("e.status = '" + string(s) + "'") }
	kept := func(columns ...string) string {
		for i, c := range columns {
			columns[i] = "(1 - 2 * removed) * " + c + " AS " + c
		}
		return strings.Join(columns, ", ")
	}
	executions := kept("started", "succeeded", "failed", "refused", "rejected", "cancelled", "timed_out", "total_ms") + `
		FROM stats_hourly WHERE node = ''`
	scan := strings.Join([]string{
		"-1", status(Succeeded), is("e.status = 'failed' AND NOT " + byRule), is("e.status = 'failed' AND " + byRule), status(Rejected), status(Cancelled), status(TimedOut),
		"CASE WHEN e.status = 'succeeded' THEN e.started_at - e.ended_at ELSE 0 END FROM executions e",
	}, ", ")
	step := func(s Status) string { return is("s.status = '" + string(s) + "'") }
	steps := strings.Join([]string{
		step(Done), step(Failed), step(Skipped), `CASE WHEN s.status = 'done' AND s.ended_at > s.started_at THEN s.started_at - s.ended_at ELSE 0 END
		FROM steps s JOIN executions e ON e.id = s.execution_id WHERE s.status IN ('done', 'failed', 'skipped') AND s.carried_from = ''`,
	}, ", ")
	return []Invariant{
		{Name: "Q17", Says: "counts of executions that differ from the executions there are", Query: `
			SELECT workflow_id, version_id, hour, SUM(started), SUM(succeeded), SUM(failed), SUM(refused), SUM(rejected), SUM(cancelled), SUM(timed_out), SUM(total_ms) FROM (
			SELECT workflow_id, version_id, hour, ` + executions + `
			UNION ALL SELECT e.workflow_id, e.version_id, e.created_at - e.created_at % ` + hour + `, ` + scan + `
			UNION ALL SELECT e.workflow_id, e.version_id, 0, ` + scan + `) x GROUP BY workflow_id, version_id, hour
			HAVING SUM(started) <> 0 OR SUM(succeeded) <> 0 OR SUM(failed) <> 0 OR SUM(refused) <> 0 OR SUM(rejected) <> 0 OR SUM(cancelled) <> 0
			OR SUM(timed_out) <> 0 OR SUM(total_ms) <> 0`},
		{Name: "Q18", Says: "counts of steps that differ from the steps there are", Query: `
			SELECT workflow_id, version_id, node, hour, SUM(succeeded), SUM(failed), SUM(skipped), SUM(total_ms) FROM (
			SELECT workflow_id, version_id, node, hour, ` + kept("succeeded", "failed", "skipped", "total_ms") + ` FROM stats_hourly WHERE node <> ''
			UNION ALL SELECT e.workflow_id, e.version_id, s.node, s.ended_at - s.ended_at % ` + hour + `, ` + steps + `) x
			GROUP BY workflow_id, version_id, node, hour
			HAVING SUM(succeeded) <> 0 OR SUM(failed) <> 0 OR SUM(skipped) <> 0 OR SUM(total_ms) <> 0`},
	}
}
