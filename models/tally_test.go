package models_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/migrations"
	"formrail/models/modelstest"
)

// statuses are how an execution may stand, with a reason.
func statuses() [][2]string {
	return [][2]string{
		{"running", ""},
		{"waiting", ""},
		{"succeeded", ""},
		{"failed", "error"},
		{"failed", "refused"},
		{"failed", "end_node"},
		{"rejected", "rejected"},
		{"cancelled", "cancelled"},
		{"timed_out", "deadline"},
	}
}

func TestRollUps_CountWhatAScanCounts(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		vendorSync(t, db)
		for i := range 60 {
			clock.Advance(time.Duration(random.IntN(int(5 * time.Hour))))
			how := statuses()[random.IntN(len(statuses()))]
			x := models.Execution{ID: "e" + strconv.Itoa(i), WorkflowID: 1}
			require.NoError(t, db.Write(t.Context(), "test.ran", func(tx *models.Tx) error { return run(t, tx, x, models.Status(how[0]), how[1]) }))
		}
		require.Empty(t, broken(t, db))
		for range 10 {
			from := models.HourOf(models.At(clock.Now().Add(-time.Duration(random.IntN(int(100 * time.Hour))))))
			for _, f := range []models.ExecutionFilter{{From: from}, {From: from, WorkflowID: 1}, {From: from, WorkflowID: 1, VersionID: 1}, {From: from, WorkflowID: 2}} {
				counted, err := models.CountExecutions(t.Context(), db.Read(), f)
				require.NoError(t, err)
				f.NoUser = true // of which the roll-ups know nothing
				scanned, err := models.CountExecutions(t.Context(), db.Read(), f)
				require.NoError(t, err)
				require.Equal(t, scanned, counted)
				for _, tab := range []models.ExecutionFilter{{}, {Faulty: true}, {Stopped: true}, {Statuses: []models.Status{models.Succeeded}}, {Statuses: []models.Status{models.Waiting}}} {
					tab.From, tab.WorkflowID, tab.VersionID = f.From, f.WorkflowID, f.VersionID
					bars, err := models.ExecutionBars(t.Context(), db.Read(), tab, clock.Now(), 4*time.Hour)
					require.NoError(t, err)
					tab.NoUser = true
					scan, err := models.ExecutionBars(t.Context(), db.Read(), tab, clock.Now(), 4*time.Hour)
					require.NoError(t, err)
					require.Equal(t, scan, bars)
				}
			}
		}
	})
}

func TestRollUps_OfAnOlderReleaseAreCountedOnce(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		vendorSync(t, db)
		for i, how := range statuses() {
			for j := range 14 {
				x := models.Execution{ID: fmt.Sprintf("e%d-%d", i, j), WorkflowID: 1, VersionID: 1, Hash: "h", Trigger: "{}", TriggerType: "post_action", Principal: "system"}
				require.NoError(t, db.Write(t.Context(), "test.begun", func(tx *models.Tx) error { return models.InsertExecution(t.Context(), tx, &x) }))
				began := models.At(clock.Now())
				clock.Advance(time.Duration(rand.IntN(4<<(2*j))) * time.Millisecond)
				require.NoError(t, db.Write(t.Context(), "test.ended", func(tx *models.Tx) error {
					for k, status := range []models.Status{models.Done, models.Failed, models.Skipped} {
						s := models.Step{ID: fmt.Sprintf("%s-%d", x.ID, k), ExecutionID: x.ID, Node: "n" + strconv.Itoa(k), Status: status, StartedAt: began, EndedAt: models.At(tx.Now())}
						if err := models.SaveStep(t.Context(), tx, &x, &s); err != nil {
							return err
						}
					}
					return models.SaveProgress(t.Context(), tx, models.Progress{Of: &x, Status: models.Status(how[0]), Reason: how[1], StartedAt: began})
				}))
			}
		}
		counted := stored(t, db)
		files, err := migrations.For(string(db.Dialect()))
		require.NoError(t, err)
		file, err := fs.ReadFile(files, "0017_roll_ups.sql")
		require.NoError(t, err)
		inserts := regexp.MustCompile(`(?s)INSERT INTO[^;]*`).FindAllString(string(file), -1)
		require.Len(t, inserts, 3)
		require.NoError(t, db.Write(t.Context(), "test.again", func(tx *models.Tx) error {
			for _, q := range append([]string{"DELETE FROM stats_hourly"}, inserts...) {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		}))
		require.Equal(t, counted, stored(t, db))
		require.Empty(t, broken(t, db))
	})
}

// stored lists the rows of the roll-ups but for their shards.
func stored(t *testing.T, db *models.DB) (out []string) {
	t.Helper()
	rows, err := db.Read().Query(t.Context(), "SELECT * FROM stats_hourly ORDER BY node, hour, workflow_id, version_id, removed")
	err = models.Rows(rows, err, func(r *sql.Rows) error {
		values := make([]any, 28)
		for i := range values {
			values[i] = new(any)
		}
		if err := r.Scan(values...); err != nil {
			return err
		}
		line := ""
		for i, v := range values {
			if one, ok := v.(*any); ok && i != 5 {
				line += fmt.Sprint(*one) + " "
			}
		}
		out = append(out, line)
		return nil
	})
	require.NoError(t, err)
	return out
}

// broken lists the invariants about roll-ups that do not hold.
func broken(t *testing.T, db *models.DB) (out []models.Breach) {
	t.Helper()
	all, err := models.CheckInvariants(t.Context(), db.Read(), models.All, db.Now())
	require.NoError(t, err)
	for _, b := range all {
		if b.Query == "Q17" || b.Query == "Q18" {
			out = append(out, b)
		}
	}
	return out
}

func TestRollUps_DropWhatWasUndone(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		vendorSync(t, db)
		boom := errors.New("boom")
		var wait sync.WaitGroup
		var results [40]error
		for i := range results { // together, so that they share commits
			wait.Go(func() {
				x := models.Execution{ID: fmt.Sprint("e", i), WorkflowID: 1}
				results[i] = db.Write(t.Context(), "test.undone", func(tx *models.Tx) error {
					part := tx.Savepoint(t.Context(), func() error {
						lost := models.Execution{ID: fmt.Sprint("part", i), WorkflowID: 1}
						if err := run(t, tx, lost, models.Failed, "error"); err != nil {
							return err
						}
						return boom
					})
					if !errors.Is(part, boom) {
						return part
					}
					if err := run(t, tx, x, models.Succeeded, ""); err != nil || i%2 == 0 {
						return err
					}
					return boom
				})
			})
		}
		wait.Wait()
		for i, err := range results {
			if i%2 == 0 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, boom)
			}
		}
		n, err := models.CountExecutions(t.Context(), db.Read(), models.ExecutionFilter{})
		require.NoError(t, err)
		require.Equal(t, models.ExecutionCounts{All: 20, Succeeded: 20}, n)
		require.Empty(t, broken(t, db))
	})
}
