package models_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// manyExecutions stores a workflow "Vendor sync" with four executions, numbered from 1:
// two about vendors, by different people, and two more about orders.
func manyExecutions(t *testing.T, db *models.DB) {
	t.Helper()
	vendorSync(t, db)
	err := db.Write(t.Context(), "test.executions", func(tx *models.Tx) error {
		for i, about := range []models.Execution{
			{ResourceType: "vendors", ResourceID: "a", UserID: 7},
			{ResourceType: "vendors", ResourceID: "b", UserID: 8},
			{ResourceType: "orders", ResourceID: "a", UserID: 7},
			{ResourceType: "orders", ResourceID: "100%", UserID: 9},
		} {
			about.ID, about.WorkflowID = "e"+strconv.Itoa(i+1), 1
			if err := run(t, tx, about, models.Succeeded, ""); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// vendorSync stores a workflow with one version.
func vendorSync(t *testing.T, db *models.DB) {
	t.Helper()
	err := db.Write(t.Context(), "test.workflow", func(tx *models.Tx) error {
		for _, sql := range []string{
			`INSERT INTO workflows (wf_key, title, type, draft, created_at, updated_at) VALUES ('vendor_sync', 'Vendor sync', 'post_action', '{}', 1, 1)`,
			`INSERT INTO workflow_versions (workflow_id, number, definition, hash, published_at) VALUES (1, 1, '{}', 'h', 1)`,
		} {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// run stores an execution that has reached a status.
func run(t *testing.T, tx *models.Tx, x models.Execution, status models.Status, reason string) error {
	t.Helper()
	x.VersionID, x.Hash, x.Trigger, x.TriggerType, x.Principal = 1, "h", "{}", "post_action", "system"
	if err := models.InsertExecution(t.Context(), tx, &x); err != nil {
		return err
	}
	return models.SaveProgress(t.Context(), tx, models.Progress{Of: &x, Status: status, Reason: reason, StartedAt: x.CreatedAt})
}

func TestExecutions_SearchMeansAnyOfItsMeanings(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		manyExecutions(t, db)
		for name, c := range map[string]struct {
			filter models.ExecutionFilter
			want   []int64
		}{
			"everything":                    {models.ExecutionFilter{}, []int64{4, 3, 2, 1}},
			"the title in another case":     {models.ExecutionFilter{Search: "vendor S"}, []int64{4, 3, 2, 1}},
			"a sign of patterns is a sign":  {models.ExecutionFilter{Search: "%"}, nil},
			"nothing":                       {models.ExecutionFilter{Search: "zz"}, nil},
			"or a person":                   {models.ExecutionFilter{Search: "zz", SearchUsers: []int64{7, 9}}, []int64{4, 3, 1}},
			"or a record of its collection": {models.ExecutionFilter{Search: "zz", SearchRecords: []models.RecordRef{{Collection: "orders", ID: "a"}}}, []int64{3}},
			"or both": {models.ExecutionFilter{Search: "zz", SearchUsers: []int64{8}, SearchRecords: []models.RecordRef{
				{Collection: "vendors", ID: "a"}, {Collection: "orders", ID: "100%"}, {Collection: "orders", ID: "gone"},
			}}, []int64{4, 2, 1}},
			"other parts narrow it":     {models.ExecutionFilter{UserID: 8, Search: "zz", SearchUsers: []int64{7, 8}}, []int64{2}},
			"what started since":        {models.ExecutionFilter{After: 2}, []int64{4, 3}},
			"between two numbers":       {models.ExecutionFilter{After: 1, Before: 4}, []int64{3, 2}},
			"people without words":      {models.ExecutionFilter{SearchUsers: []int64{7}}, []int64{4, 3, 2, 1}},
			"the words of the database": {models.ExecutionFilter{Search: `' OR 1 = 1 --`}, nil},
		} {
			list, err := models.Executions(t.Context(), db.Read(), c.filter)
			require.NoError(t, err, name)
			var got []int64
			for _, x := range list {
				got = append(got, x.Number)
			}
			require.Equal(t, c.want, got, name)
			counted, err := models.CountExecutions(t.Context(), db.Read(), c.filter)
			require.NoError(t, err, name)
			require.Equal(t, int64(len(c.want)), counted.Succeeded, name)
			require.Equal(t, int64(len(c.want)), counted.All, name)
		}
	})
}

// ranAt stores an execution of a workflow that was started at a time.
func ranAt(t *testing.T, db *models.DB, clock *modelstest.Clock, x models.Execution, status models.Status, reason string, at time.Time) {
	t.Helper()
	now := clock.Now()
	clock.Set(at)
	defer clock.Set(now)
	require.NoError(t, db.Write(t.Context(), "test.ran", func(tx *models.Tx) error { return run(t, tx, x, status, reason) }))
}

func TestExecutions_AreCountedOverTime(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		vendorSync(t, db)
		now := clock.Now()
		day := 24 * time.Hour
		for _, x := range []struct {
			id       string
			workflow int64
			status   models.Status
			reason   string
			ago      time.Duration
		}{
			{"e", 1, models.Succeeded, "", 31 * day},
			{"d", 1, models.Succeeded, "", 29 * day},
			{"f", 2, models.Waiting, "", 9 * day},
			{"c", 1, models.Failed, "refused", 2 * day},
			{"b", 1, models.Failed, "fault", 23 * time.Hour},
			{"a", 1, models.Succeeded, "", 0},
		} {
			ranAt(t, db, clock, models.Execution{ID: x.id, WorkflowID: x.workflow}, x.status, x.reason, now.Add(-x.ago))
		}
		recent, err := models.RecentExecutions(t.Context(), db.Read(), now)
		require.NoError(t, err)
		require.Equal(t, models.RecentStats{Succeeded: 2, Failed: 2, Days: [10]int64{7: 1, 9: 2}}, recent[1])
		require.Equal(t, models.RecentStats{Days: [10]int64{0: 1}}, recent[2])

		bars, err := models.ExecutionBars(t.Context(), db.Read(), models.ExecutionFilter{WorkflowID: 1, From: models.At(now.Add(-4 * day))}, now, day)
		require.NoError(t, err)
		require.Equal(t, []models.ExecutionBar{{}, {}, {All: 1, Failed: 1}, {All: 1, Failed: 1}, {All: 1}}, bars)

		for want, filter := range map[string]models.ExecutionFilter{
			"c": {Stopped: true}, "b": {Faulty: true}, "ab": {From: models.At(now.Add(-day))}, "abcd": {NoUser: true, WorkflowID: 1, From: models.At(now.Add(-30 * day))},
		} {
			list, err := models.Executions(t.Context(), db.Read(), filter)
			require.NoError(t, err)
			got := ""
			for _, x := range list {
				got = x.ID + got
			}
			require.ElementsMatch(t, strings.Split(want, ""), strings.Split(got, ""), want)
		}
	})
}

func TestExecutions_OfAVersionAreCounted(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		for i := range 5 {
			ranAt(t, db, clock, models.Execution{ID: fmt.Sprint("mine", i), WorkflowID: 3}, models.Succeeded, "", clock.Now())
			ranAt(t, db, clock, models.Execution{ID: fmt.Sprint("other", i), WorkflowID: 4}, models.Succeeded, "", clock.Now())
		}
		n, err := models.CountOfVersion(t.Context(), db.Read(), &models.Version{ID: 1, WorkflowID: 3})
		require.NoError(t, err)
		require.Equal(t, int64(5), n)
		n, err = models.CountOfVersion(t.Context(), db.Read(), &models.Version{ID: 2, WorkflowID: 3})
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
