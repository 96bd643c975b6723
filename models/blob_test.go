package models_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// long makes JSON text of about so many bytes, with letters of several bytes.
func long(random *rand.Rand, size int) string {
	var b strings.Builder
	b.WriteString(`{"list":["`)
	for b.Len() < size {
		fmt.Fprintf(&b, "ä€𝄞 %d @", random.Uint64())
	}
	return b.String() + `"]}`
}

func TestBlobs_GiveBackExactlyWhatWasSaved(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		vendorSync(t, db)
		ctx := t.Context()
		small, mine := `"@`+strings.Repeat("a", 64)+` 5\nx"`, `{"n":1}`
		x := models.Execution{ID: "e", WorkflowID: 1, VersionID: 1, Hash: "h", Trigger: long(random, 2<<20), TriggerType: "webhook", Principal: "system"}
		steps := []*models.Step{
			{ID: "s1", ExecutionID: "e", Seq: 1, Node: "a", Status: models.Done, Input: long(random, models.LargeValue+1), Output: x.Trigger, EndedAt: 1},
			{ID: "s2", ExecutionID: "e", Seq: 2, Node: "b", Status: models.Waiting, Input: small, Output: strings.Repeat(" ", models.LargeValue-2) + "{}"},
			{ID: "s3", ExecutionID: "e", Seq: 3, Node: "c", Status: models.Failed, Input: mine, Output: long(random, 20000), EndedAt: 1},
		}
		want := map[string][2]string{}
		require.NoError(t, db.Pack(steps[:1]))
		require.NoError(t, db.Write(ctx, "test.save", func(tx *models.Tx) error {
			if err := models.InsertExecution(ctx, tx, &x); err != nil {
				return err
			}
			for _, s := range steps {
				want[s.ID] = [2]string{s.Input, s.Output}
				if err := models.SaveStep(ctx, tx, &x, s); err != nil {
					return err
				}
			}
			return nil
		}))
		got, err := models.ExecutionByID(ctx, db.Read(), "e")
		require.NoError(t, err)
		require.Equal(t, x.Trigger, got.Trigger)
		all, err := models.AllSteps(ctx, db.Read(), "e", 10)
		require.NoError(t, err)
		require.Len(t, all, 3)
		for _, s := range all {
			require.Equal(t, [2]string{s.Input, s.Output}, want[s.ID])
		}
		listed, err := models.StepsOf(ctx, db.Read(), "e")
		require.NoError(t, err)
		require.Empty(t, listed[0].Input+listed[0].Output)
		require.Equal(t, len(x.Trigger), listed[0].LargeOutput.Size)
		require.True(t, strings.HasPrefix(x.Trigger, listed[0].LargeOutput.Preview))
		require.Equal(t, small, listed[1].Input)
		require.Nil(t, listed[1].LargeOutput)
		require.NoError(t, models.LoadValues(ctx, db.Read(), listed, 100<<10))
		require.Empty(t, listed[0].Output, "more than was asked for")
		require.Equal(t, want["s1"][0], listed[0].Input)
		require.Equal(t, want["s3"][1], listed[2].Output)
		var blobs int
		require.NoError(t, db.Read().QueryRow(ctx, "SELECT COUNT(*) FROM blobs").Scan(&blobs))
		require.Equal(t, 3, blobs, "equal values are kept once")
		out := long(random, 50000)
		require.NoError(t, db.Write(ctx, "test.end", func(tx *models.Tx) error {
			return models.SaveProgress(ctx, tx, models.Progress{Of: &x, Status: models.Succeeded, Output: &out})
		}))
		got, err = models.ExecutionByID(ctx, db.Read(), "e")
		require.NoError(t, err)
		require.Equal(t, out, got.Output)
	})
}

// sweepAll looks at all blobs, some at a time.
func sweepAll(t *testing.T, db *models.DB) (removed int64) {
	t.Helper()
	from := ""
	for {
		next, n, err := models.SweepBlobs(t.Context(), db, from, 3)
		require.NoError(t, err)
		if removed += n; next == "" {
			return removed
		}
		from = next
	}
}

func TestBlobs_AreSweptWhenNobodyRefersToThem(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		random := rand.New(rand.NewPCG(rand.Uint64(), 0))
		vendorSync(t, db)
		ctx := t.Context()
		x := models.Execution{ID: "e", WorkflowID: 1, VersionID: 1, Hash: "h", Trigger: "{}", TriggerType: "webhook", Principal: "system"}
		kept := long(random, 30000)
		save := func(seq int64, output string) error {
			return db.Write(ctx, "test.save", func(tx *models.Tx) error {
				id := fmt.Sprint("s", seq)
				return models.SaveStep(ctx, tx, &x, &models.Step{ID: id, ExecutionID: "e", Seq: seq, Node: id, Status: models.Waiting, Output: output})
			})
		}
		require.NoError(t, db.Write(ctx, "test.insert", func(tx *models.Tx) error { return models.InsertExecution(ctx, tx, &x) }))
		require.NoError(t, save(1, kept))
		for range 10 { // each takes the place of the one before
			require.NoError(t, save(2, long(random, 20000)))
		}
		require.Zero(t, sweepAll(t, db), "they were just written")
		clock.Advance(25 * time.Hour)
		require.Equal(t, int64(9), sweepAll(t, db))
		clock.Advance(25 * time.Hour)
		require.Zero(t, sweepAll(t, db))

		// One that nobody refers to any more is used again while it is swept.
		require.NoError(t, save(1, "{}"))
		var wait sync.WaitGroup
		results := make([]error, 20)
		for i := range results {
			wait.Go(func() {
				if i%2 == 0 {
					results[i] = save(int64(10+i), kept)
				} else {
					_, _, results[i] = models.SweepBlobs(ctx, db, "", 100)
				}
			})
		}
		wait.Wait()
		for _, err := range results {
			require.NoError(t, err)
		}
		all, err := models.AllSteps(ctx, db.Read(), "e", 100)
		require.NoError(t, err)
		for _, s := range all {
			if s.Seq >= 10 {
				require.Equal(t, kept, s.Output)
			}
		}
	})
}
