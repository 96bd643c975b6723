package local_test

import (
	"log/slog"
	"testing"
	"time"

	"formrail/engine/queue"
	"formrail/engine/queue/local"
	"formrail/engine/queue/queuetest"
	"formrail/models"
	"formrail/models/modelstest"
)

func makeLocal(_ *testing.T, db *models.DB, workers int) queue.Queue {
	return local.New(local.Options{DB: db, Clock: db.Clock(), Log: slog.New(slog.DiscardHandler), Workers: workers, Scan: 300 * time.Millisecond})
}

func TestLocal_DoesWhatEveryQueueMust(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, queuetest.Subject{Make: makeLocal, Database: func(t *testing.T) *models.DB {
		return modelstest.NewAt(t, models.ClockFunc(time.Now))
	}})
}
