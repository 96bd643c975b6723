package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// planted are rows that break exactly one invariant each.
func planted() map[string][]string {
	const (
		execution = `INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, trigger_data, trigger_type, principal, root_id, created_at, depth, lease_until)
			VALUES ('e1', 1, 1, 'h', '%s', '{}', 'post_action', 'user:1', 'e1', 1, 1, 0)`
		version = `INSERT INTO workflow_versions (workflow_id, number, definition, hash, published_at) VALUES (1, 1, '{}', 'h', 1)`
		flow    = `INSERT INTO workflows (wf_key, title, type, draft, created_at, updated_at) VALUES ('w', 'W', 'post_action', '{}', 1, 1)`
		log     = `INSERT INTO trigger_log (at, minute, workflow_id, workflow_key, outcome, execution_id) VALUES (1, 1, 1, 'w', 'started', 'e1')`
		step    = `INSERT INTO steps (id, execution_id, seq, node, type, status, started_at) VALUES ('s1', 'e1', 1, 'a', 'x', '%s', 1)`
		user    = `INSERT INTO users (username, email, nickname, status, created_at, updated_at) VALUES ('u', 'u@x', 'U', '%s', 1, 1)`
		task    = `INSERT INTO tasks (id, kind, status, execution_id, step_id, node, workflow_id, title, opened_at, held_until) VALUES ('t1', 'approval', 'open', 'e1', 's1', 'a', 1, 'T', 1, %s)`
		seat    = `INSERT INTO task_candidates (task_id, user_id) VALUES ('t1', 1)`
	)
	wake := func(state, due, lease, step string) string {
		return `INSERT INTO wakeups (execution_id, step_id, reason, due_at, state, lease_until, created_at) VALUES ('e1', ` + step + `, 'start', ` + due + `, '` + state + `', ` + lease + `, 1)`
	}
	const (
		far    = "9999999999999"
		never  = "253402300799000"
		gate   = "INSERT INTO gates (workflow_id, kept) VALUES (1, 1)"
		permit = "INSERT INTO permits (execution_id, workflow_id, turn, state, created_at) VALUES ('e1', 1, 1, 'waiting', 1)"
	)
	live := func(status string) []string { return []string{flow, version, sprintf(execution, status), log} }
	return map[string][]string{
		"Q1":  live("waiting"),
		"Q2":  append(live("waiting"), wake("ready", far, "0", "NULL"), sprintf(step, "waiting")),
		"Q3":  append(live("succeeded"), wake("ready", far, "0", "NULL")),
		"Q4":  append(live("succeeded"), sprintf(step, "done"), "UPDATE steps SET effects = 1"),
		"Q5":  append(live("succeeded"), sprintf(step, "done"), "INSERT INTO steps (id, execution_id, seq, node, type, status, started_at, after_step_id) VALUES ('s2', 'e1', 2, 'b', 'x', 'done', 1, 's1')", "UPDATE steps SET status = 'odd' WHERE id = 's1'"),
		"Q6":  append(live("running"), wake("leased", far, "1", "NULL")),
		"Q7":  append(live("running"), wake("ready", "1", "0", "NULL")),
		"Q7a": append(live("queued"), wake("ready", never, "0", "NULL"), gate, permit, "UPDATE executions SET gated = 1"),
		"Q7b": append(live("queued"), wake("ready", far, "0", "NULL"), "UPDATE executions SET gated = 1"),
		"Q8":  {flow, version, sprintf(execution, "succeeded")},
		"Q9":  {"INSERT INTO change_log (collection, record_id, action, changes, principal, event_uuid, at) VALUES ('c', '1', 'create', '{}', 'user:1', 'u1', 1)"},
		"Q10": {"INSERT INTO schedule_slots (schedule, slot_at, execution_id) VALUES ('s', 1, 'e')", "INSERT INTO schedule_slots (schedule, slot_at, execution_id) VALUES ('s', 2, 'e')"},
		"Q11": {flow, sprintf(execution, "succeeded"), log},
		"Q12": append(live("waiting"), wake("ready", far, "0", "'s1'"), sprintf(step, "waiting"), sprintf(user, "deactivated"), sprintf(task, "0"), seat),
		"Q13": append(live("waiting"), sprintf(step, "waiting"), sprintf(user, "active"), sprintf(task, "5"), seat),
		"Q14": append(live("succeeded"), "UPDATE executions SET depth = 9"),
		"Q15": append(live("running"), wake("ready", far, "0", "'s1'"), sprintf(step, "running"), "UPDATE executions SET lease_until = 1"),
		"Q16": {"INSERT INTO operations (id, kind, state, created_at) VALUES ('o', 'import', 'running', 1)"},
		"Q17": {"INSERT INTO stats_hourly (hour, workflow_id, version_id, started) VALUES (3600000, 1, 1, 1)"},
		"Q18": {"INSERT INTO stats_hourly (node, hour, workflow_id, version_id, failed) VALUES ('a', 3600000, 1, 1, 1)"},
	}
}

// uncounted reports whether a finding is only that planted rows were not counted.
func uncounted(found, wanted string) bool {
	return found != wanted && (found == "Q17" || found == "Q18")
}

// sprintf puts arg in place of %s.
func sprintf(format, arg string) string { return strings.ReplaceAll(format, "%s", arg) }

func TestInvariants_EachFindsWhatItIsFor(t *testing.T) {
	t.Parallel()
	all := planted()
	for _, inv := range models.Invariants() {
		t.Run(inv.Name, func(t *testing.T) {
			t.Parallel()
			rows, ok := all[inv.Name]
			require.True(t, ok, "an invariant that no row breaks proves nothing")
			modelstest.Each(t, func(t *testing.T, db *models.DB) {
				clean, err := models.CheckInvariants(t.Context(), db.Read(), models.All, time.Now())
				require.NoError(t, err)
				require.Empty(t, clean)
				require.NoError(t, db.Write(t.Context(), "test.plant", func(tx *models.Tx) error {
					for _, q := range rows {
						if _, err := tx.Exec(t.Context(), q); err != nil {
							return err
						}
					}
					return nil
				}))
				found, err := models.CheckInvariants(t.Context(), db.Read(), models.All, time.Now())
				require.NoError(t, err)
				var names []string
				for _, b := range found {
					if uncounted(b.Query, inv.Name) {
						continue
					}
					names = append(names, b.Query)
				}
				require.Equal(t, []string{inv.Name}, names)
			})
		})
	}
}
