// Package cluster is what the processes that share one PostgreSQL have to agree about:
// which of them leads, and what they tell each other. On a database of one process it
// does nothing: that process always leads and nobody listens.
package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"formrail/models"
	"formrail/models/fault"
)

// leaderName is what the leader of an installation leads.
const leaderName = "engine"

// Pauses of a member.
const (
	leadEvery = 2 * time.Second       // renew, or try to become leader
	tellEvery = 30 * time.Millisecond // notices of this long travel together
	margin    = 2 * time.Second       // a leader stops this long before others may begin
)

// Member is this process among those that share a database. It is safe for concurrent use.
type Member struct {
	db    *models.DB
	clock models.Clock
	log   *slog.Logger
	id    string

	led atomic.Pointer[time.Time] // when leadership was last asked for and given; nil = it is not

	mu      sync.Mutex
	waiting map[notice]bool
	many    bool // more than can be told one by one
	kick    chan struct{}
	heard   map[Kind]func(text string)
	again   []func()

	stop context.CancelFunc
	done sync.WaitGroup
}

// New makes the member of this process. It tells and hears nothing until Start.
func New(db *models.DB, log *slog.Logger) *Member {
	return &Member{
		db: db, clock: db.Clock(), log: log, id: models.NewID(), waiting: map[notice]bool{}, kick: make(chan struct{}, 1), heard: map[Kind]func(string){},
	}
}

// ID names the process; another start has another one.
func (m *Member) ID() string { return m.id }

// Shared reports whether there may be other members.
func (m *Member) Shared() bool { return m.db.Shared() }

// Leading reports whether this process does what only one should do: sweep, decide
// slots, watch, forget what is old. Two may think so for a moment, as when one was frozen,
// so all of that must be safe to do twice; leading only saves doing it.
func (m *Member) Leading() bool {
	if !m.Shared() {
		return true
	}
	since := m.led.Load()
	return since != nil && m.clock.Now().Sub(*since) < models.LeaderTTL-margin
}

// Start begins to listen and, unless somebody leads already, to lead.
func (m *Member) Start(ctx context.Context) {
	if !m.Shared() {
		return
	}
	ctx, m.stop = context.WithCancel(ctx)
	m.lead(ctx)
	m.done.Go(func() { m.db.Listen(ctx, m.begin, m.hear) })
	m.done.Go(func() { m.tell(ctx) })
	m.done.Go(func() {
		tick := time.NewTicker(leadEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.lead(ctx)
			}
		}
	})
}

// Stop lets another process lead and ends listening.
func (m *Member) Stop(ctx context.Context) error {
	if m.stop == nil {
		return nil
	}
	m.stop()
	m.done.Wait()
	m.stop = nil
	if m.led.Swap(nil) == nil {
		return nil
	}
	err := m.db.Write(ctx, "cluster.step_down", func(tx *models.Tx) error { return models.StepDown(ctx, tx, leaderName, m.id) })
	if err != nil {
		return fmt.Errorf("stop leading: %w", err)
	}
	return nil
}

// lead asks for leadership, or for more time of it.
func (m *Member) lead(ctx context.Context) {
	if err := fault.Hit("cluster.lead"); err != nil {
		return
	}
	asked, leads := m.clock.Now(), false
	err := m.db.Write(ctx, "cluster.lead", func(tx *models.Tx) error {
		var err error
		leads, err = models.Lead(ctx, tx, leaderName, m.id)
		return err
	})
	switch {
	case err != nil: // what was given before ends by itself
		m.log.Warn("ask to lead", "error", err)
	case leads:
		if m.led.Swap(&asked) == nil {
			m.log.Info("this process leads")
		}
	default:
		if m.led.Swap(nil) != nil {
			m.log.Info("another process leads")
		}
	}
}
