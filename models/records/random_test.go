package records_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

// TestWrite_RandomOperationsStayConsistent lets several callers do random things to
// the same records and then compares rows, history, events and what the hook saw.
func TestWrite_RandomOperationsStayConsistent(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		var categories []string
		for i := range 3 {
			categories = append(categories, f.addTo("categories", fmt.Sprintf(`{"title": "c%d"}`, i)))
		}
		seed := rand.Uint64()
		f.Logf("seed %d", seed)
		var mu sync.Mutex
		effects := map[string]int{}
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := rand.New(rand.NewPCG(seed, uint64(worker)))
				for i := range 40 {
					step := fmt.Sprintf("S%d-%d", worker, i)
					result, err := f.write(randomOperation(r, step, categories))
					if err != nil {
						if models.AsError(err).Kind == models.KindInternal {
							f.Errorf("%v", err)
						}
						continue
					}
					mu.Lock()
					for _, c := range result.Changes {
						if c.EventUUID != "" {
							effects[step]++
						}
					}
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		f.consistent()
		total := 0
		for step, n := range effects {
			require.Equal(f, int64(n), f.number("SELECT COUNT(*) FROM change_log WHERE step_id = ?", step), step)
			total += n
		}
		require.Equal(f, int64(total), f.number("SELECT COUNT(*) FROM change_log WHERE step_id IS NOT NULL"), "what failed left nothing")
		require.Zero(f, f.number(`SELECT COUNT(*) FROM c_orders o WHERE _version <> (SELECT COUNT(*) FROM change_log c
			WHERE c.collection = 'orders' AND c.record_id = CAST(o.id AS TEXT))`), "a version for every change")
		require.Zero(f, f.number("SELECT COUNT(*) FROM c_orders o WHERE category_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM c_categories c WHERE c.id = o.category_id)"))
		require.Zero(f, f.number("SELECT COUNT(*) FROM (SELECT code FROM c_orders WHERE deleted_at IS NULL AND code IS NOT NULL GROUP BY code HAVING COUNT(*) > 1) twice"))
	})
}

func randomOperation(r *rand.Rand, step string, categories []string) records.Operation {
	op := records.Operation{Lineage: models.Lineage{ExecutionID: "E", StepID: step}, Origin: models.Origin{Kind: "workflow"}}
	id := fmt.Sprint(r.IntN(30) + 1)
	op.Action = []models.Action{models.Create, models.Create, models.Update, models.Update, models.Delete, records.Restore, models.Purge}[r.IntN(7)]
	if op.Action != models.Create {
		op.IDs = []string{id}
	}
	if op.Action == models.Update && r.IntN(3) == 0 {
		op.IDs, op.Filter = nil, records.Record{"pieces": int64(r.IntN(4))}
	}
	if op.Action == models.Create || op.Action == models.Update {
		op.Values = records.Record{"title": fmt.Sprint(r.IntN(5)), "pieces": int64(r.IntN(4)), "code": fmt.Sprint(r.IntN(12))}
		if r.IntN(2) == 0 {
			op.Values["categoryId"] = map[string]any{"id": int64(r.IntN(4))}
		}
		if len(op.IDs) == 0 && op.Action == models.Update {
			delete(op.Values, "code")
		}
	}
	if r.IntN(15) == 0 {
		op = records.Operation{Collection: "categories", Action: models.Purge, IDs: slices.Clone(categories[:1+r.IntN(2)]), Lineage: op.Lineage, Origin: op.Origin}
	}
	return op
}
