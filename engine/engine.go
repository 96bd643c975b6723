package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"formrail/engine/cluster"
	"formrail/engine/inbound"
	"formrail/engine/live"
	"formrail/engine/node"
	"formrail/engine/outbound"
	"formrail/engine/queue"
	"formrail/engine/script"
	"formrail/engine/tracing"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/metrics"
	"formrail/models/records"
	"formrail/models/room"
)

// Deps are what the engine works with.
type Deps struct {
	DB       *models.DB
	Records  *records.Service
	Queue    queue.Queue
	Scripts  *script.Pool     // nil: scripts fail
	Out      *outbound.Client // nil: calls to others fail
	Live     *live.Hub
	Member   *cluster.Member // this process among others; nil = one of its own
	Clock    models.Clock
	Log      *slog.Logger
	Metrics  *metrics.Set    // nil: nobody watches
	Tracer   *tracing.Tracer // nil: nobody collects traces
	Nodes    []*node.Type
	Triggers []*trigger.Type

	// FlushPerNode commits after every node instead of once for each stretch.
	// Measurements compare with it, and tests restart between the commits.
	FlushPerNode bool
}

// Engine runs executions. Its verbs may be called by many goroutines at once.
type Engine struct {
	db       *models.DB
	records  *records.Service
	queue    queue.Queue
	scripts  *script.Pool
	out      *outbound.Client
	live     *live.Hub
	member   *cluster.Member
	process  string // owner of leases; empty when no other process runs executions
	clock    models.Clock
	log      *slog.Logger
	metrics  *metrics.Set
	tracer   *tracing.Tracer
	registry *registry
	slice    int // nodes between two commits

	compiled cache
	drafts   drafts
	claims   *claims
	fresh    fresh
	versions sync.Map // version id → *versionInfo
	index    atomic.Pointer[index]
	base     atomic.Pointer[string]
	slots    *slotClock
	hold     hold
	watched  watched
	gates    *gateClock

	requests requestLog
	rates    inbound.Rates // of requests, by workflow
	samples  samples

	kept       housekeeping
	operations operations

	room    *room.Room // for what executions were started with
	answers *room.Room // for large answers of others

	poisonMu sync.Mutex
	poison   map[string]int // panics in a row by execution

	callbackKey string // addresses of steps are derived from it

	halt     context.CancelFunc
	stopping atomic.Bool
	sweeper  sync.WaitGroup
}

// New wires an engine. It does nothing until Start.
func New(d Deps) *Engine {
	e := &Engine{
		db: d.DB, records: d.Records, queue: d.Queue, scripts: d.Scripts, out: d.Out, live: d.Live, clock: d.Clock, log: d.Log, metrics: d.Metrics, tracer: d.Tracer,
		registry: newRegistry(d.Nodes, d.Triggers), claims: newClaims(), poison: map[string]int{}, slice: sliceNodes, slots: newSlotClock(), operations: newOperations(), gates: newGateClock(),
		room: room.New(roomForTriggers), answers: room.New(roomForAnswers),
	}
	if d.FlushPerNode {
		e.slice = 1
	}
	if e.live == nil {
		e.live = live.New()
	}
	if e.member = d.Member; e.member == nil {
		e.member = cluster.New(d.DB, d.Log)
	}
	e.join()
	return e
}

// Hooks are how the engine takes part in the writing of records.
func (e *Engine) Hooks() records.Hooks {
	return records.Hooks{Changed: e.RecordChanged, Committed: e.runSynchronous, Renamed: e.renamed}
}

// Start makes due again what a former process left behind, then begins to move
// executions. The caller owns the database, alone or together with other processes: see
// Exclusive and Shared of models.Options.
func (e *Engine) Start(ctx context.Context) error {
	ctx, e.halt = context.WithCancel(ctx)
	if err := e.readHold(ctx); err != nil {
		return err
	}
	if e.process == "" { // the lock proves that every other holder is gone
		if err := e.recover(ctx); err != nil {
			return err
		}
	}
	if err := e.loadCallbackKey(ctx); err != nil {
		return err
	}
	e.db.OnWakeup(e.handed)
	e.member.Start(ctx)
	e.db.OnEvent(e.eventHappened)
	e.db.OnGate(e.gateNext)
	if err := e.queue.Start(ctx, e.advance); err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	if e.process != "" {
		e.sweeper.Add(1)
		go e.renewLeases(ctx)
	}
	e.sweeper.Add(5)
	go e.operate(models.Bulk(ctx))
	go e.sweep(ctx)
	go e.watchSlots(ctx)
	go e.watchGates(models.Bulk(ctx))
	go e.logRequests(ctx)
	return nil
}

// Stop finishes running stretches, as long as ctx allows. What is not finished
// goes on at the next start.
func (e *Engine) Stop(ctx context.Context) error {
	e.stopping.Store(true)
	err := e.queue.Stop(ctx)
	if e.halt != nil {
		e.halt()
	}
	e.sweeper.Wait()
	return errors.Join(err, e.giveLeasesBack(ctx), e.member.Stop(ctx))
}

// Live is the hub that tells pages what changed.
func (e *Engine) Live() *live.Hub { return e.live }

// QueueStats says how much waits for a worker.
func (e *Engine) QueueStats() queue.Stats { return e.queue.Stats() }

// SetBaseURL sets the address that links in texts begin with.
func (e *Engine) SetBaseURL(url string) { e.base.Store(&url) }

func (e *Engine) baseURL() string {
	if u := e.base.Load(); u != nil {
		return *u
	}
	return ""
}

// versionInfo is a published version with what running it needs. It never changes.
type versionInfo struct {
	*models.Version
	*Compiled
	Key     string // of the workflow
	Title   string
	OwnerID int64

	seen int64 // version of all workflows that title and owner were read at
}

// version loads and compiles a version once.
func (e *Engine) version(ctx context.Context, id int64) (*versionInfo, error) {
	seen := int64(0)
	if e.process != "" {
		seen = e.db.WorkflowsVersion() // another process may have changed title or owner
	}
	if v, ok := e.versions.Load(id); ok {
		if info, ok := v.(*versionInfo); ok && info.seen == seen {
			return info, nil
		}
	}
	v, err := models.VersionByID(ctx, e.db.Read(), id)
	if err != nil {
		return nil, err
	}
	w, err := models.WorkflowByID(ctx, e.db.Read(), v.WorkflowID)
	if err != nil {
		return nil, err
	}
	c, err := e.compiledVersion(v.Hash, v.Definition)
	if err != nil {
		return nil, err
	}
	info := &versionInfo{Version: v, Compiled: c, Key: w.Key, Title: w.Title, OwnerID: w.OwnerID, seen: seen}
	e.versions.Store(id, info)
	return info, nil
}

// accessOf gives the effective rights of an execution's steps: the grants of its
// version and the rights of what caused it, both as of now. All must allow.
func (e *Engine) accessOf(ctx context.Context, exec *models.Execution, v *versionInfo) (models.Access, error) {
	layers, err := e.db.AccessOfCause(ctx, exec.Cause, e.versionRights)
	if err != nil {
		return models.Access{}, fmt.Errorf("rights of execution %s: %w", exec.ID, err)
	}
	return models.Access{
		Principal: models.Principal{Kind: models.WorkflowPrincipal, ID: v.Key, UserID: exec.UserID},
		Layers:    append([]models.Rights{{Grants: v.Grants}}, layers...),
		Actor:     exec.UserID,
	}, nil
}

// versionRights are the grants of a version, or the approved list of one of its
// elevated nodes.
func (e *Engine) versionRights(ctx context.Context, versionID int64, nodeKey string) (models.Rights, error) {
	v, err := e.version(ctx, versionID)
	if err != nil {
		return models.Rights{}, err
	}
	if elevated, ok := v.Elevated[nodeKey]; ok && nodeKey != "" {
		return models.Rights{Grants: elevated.Grants}, nil
	}
	return models.Rights{Grants: v.Grants}, nil
}

// accessFor gives the effective rights of one step: an elevated node uses its
// approved list instead of the rights of what caused the execution.
func (s *stretch) accessFor(nodeKey string) models.Access {
	elevated, ok := s.version.Elevated[nodeKey]
	if !ok {
		return s.access
	}
	a := s.access
	a.Layers = []models.Rights{{Grants: s.version.Grants}, {Grants: elevated.Grants}}
	return a
}

// causeFor is what bounds the rights of what a step causes.
func (s *stretch) causeFor(nodeKey string) models.Cause {
	own := models.Layer{Version: s.exec.VersionID}
	if _, ok := s.version.Elevated[nodeKey]; ok {
		return models.Cause{Layers: []models.Layer{own, {Version: s.exec.VersionID, Node: nodeKey}}}
	}
	return models.Cause{Layers: append([]models.Layer{own}, s.exec.Cause.Layers...)}
}

// WaitIdle waits until no execution is due or being worked on. Tests use it
// instead of sleeping.
func (e *Engine) WaitIdle(ctx context.Context) error {
	for {
		st := e.queue.Stats()
		e.claims.mu.Lock()
		busy := len(e.claims.held)
		e.claims.mu.Unlock()
		if st.Waiting == 0 && st.Running == 0 && busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("engine is not idle"), ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}
