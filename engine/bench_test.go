package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// BenchmarkFlow is a record with a condition and one more record behind it, to
// the last commit, with 64 callers.
func BenchmarkFlow(b *testing.B) {
	real := models.ClockFunc(time.Now)
	w := worldtest.NewWorld(b, modelstest.NewAt(b, real), real)
	w.Collection(notes)
	w.Workflow(flow("two", `[{"key":"c","type":"condition","config":{"mode":"continue","when":{"all":[{"left":"{{ trigger.data.count }}","op":"gt","right":1}]}}},
	  {"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"{{ trigger.data.title }}","count":1}}},{"key":"e","type":"end"}]`))
	access := w.Access(w.Designer)
	var started atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := w.Records.Write(context.Background(), &records.Operation{
				Access: access, Collection: "notes", Action: models.Create, Values: records.Record{"title": "a", "count": int64(5)},
				Origin: models.Origin{Kind: "api"}, Bindings: []models.Binding{{Key: "two"}},
			})
			if err != nil {
				b.Error(err)
				return
			}
			started.Add(int64(len(r.Triggers)))
		}
	})
	w.Idle()
	b.StopTimer()
	require.EqualValues(b, b.N, started.Load())
	require.Len(b, w.List("notes")[:1], 1)
}
