package river_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/queue/river"
	"formrail/models"
	"formrail/models/modelstest"
)

// BenchmarkRiver_CommitToHandler measures how long after its commit an execution is with
// a worker when nothing else is to be done.
func BenchmarkRiver_CommitToHandler(b *testing.B) {
	db, address := modelstest.NewShared(b)
	q, err := river.New(b.Context(), river.Options{DB: db, URL: address, Clock: db.Clock(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	came := make(chan time.Time, 1)
	require.NoError(b, q.Start(context.Background(), func(context.Context, string) { came <- time.Now() }))
	b.Cleanup(func() { require.NoError(b, q.Stop(context.Background())) })
	q.Wake(models.PendingWakeup{ExecutionID: "warm", Lane: 1, DueAt: db.Now()})
	<-came
	b.ResetTimer()
	for b.Loop() {
		q.Wake(models.PendingWakeup{ExecutionID: models.NewID(), Lane: 1, DueAt: db.Now()})
		<-came
	}
}
