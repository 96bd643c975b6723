package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/fault"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

// candidate is one workflow that is asked about one change.
type candidate struct {
	listener *listener
	key      string
	path     string // association to the data it gets
	named    bool
}

// starting is the work of RecordChanged for one write.
type starting struct {
	e    *Engine
	tx   *models.Tx
	op   *records.Operation
	ix   *index
	out  []models.TriggerOutcome
	seen map[string]bool // workflow and record that already started

	force map[*listener]bool // they were paused by this very write

	lists map[*listener]*group // records for workflows that get all of them at once
	order []*listener          // of lists, as they came
}

// group is what one workflow gets of a whole write.
type group struct {
	by      candidate
	change  records.Change // the first one, for the log
	records []found
}

// RecordChanged asks every trigger about a write, inside its transaction. For
// each match it inserts an execution with its first wake-up and a line of the
// trigger log; for each refusal of somebody who was asked, a line that says why.
func (e *Engine) RecordChanged(ctx context.Context, tx *models.Tx, op *records.Operation, changes []records.Change) ([]models.TriggerOutcome, error) {
	if err := fault.Hit("engine.start"); err != nil {
		return nil, err
	}
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, fmt.Errorf("read trigger index: %w", err)
	}
	if err := e.followDates(ctx, tx, ix, changes); err != nil {
		return nil, err
	}
	e.tellReaders(tx, changes)
	if op.Silent || !actsOutside(op.Origin.Kind) {
		return nil, nil
	}
	s := &starting{e: e, tx: tx, op: op, ix: ix, seen: map[string]bool{}, force: map[*listener]bool{}, lists: map[*listener]*group{}}
	for _, change := range changes {
		for _, c := range s.candidates(change) {
			if err := s.refuseMany(c, len(changes)); err != nil {
				return nil, err
			}
			if err := s.decide(ctx, c, change); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range s.order {
		if err := s.startLists(ctx, s.lists[l]); err != nil {
			return nil, err
		}
	}
	return s.out, nil
}

// RecordsTopic is what pages with records of a collection listen to.
func RecordsTopic(collection string) string { return "records:" + collection }

// tellReaders tells open pages that records of some collections have changed.
func (e *Engine) tellReaders(tx *models.Tx, changes []records.Change) {
	var told []string
	for _, change := range changes {
		if name := change.Collection.Name; !slices.Contains(told, name) {
			told = append(told, name)
			tx.AfterCommit(func() { e.live.Publish(RecordsTopic(name)) })
		}
	}
}

// Bounds of one write.
const (
	syncRecords = 100   // a synchronous workflow runs at most so often on one request
	listRecords = 1_000 // records in one execution
)

// refuseMany refuses a write that would keep its caller waiting for too many
// synchronous executions.
func (s *starting) refuseMany(c candidate, n int) error {
	if n <= syncRecords || c.listener == nil || !c.listener.workflow.Sync || c.listener.version == nil || c.listener.version.Listens.AsList {
		return nil
	}
	return models.NewError(models.KindUnprocessable, "SYNC_BULK_LIMIT",
		text.M("trigger.sync_bulk", "%s answers at once and takes at most %d records; change fewer at a time.", c.listener.workflow.Title, syncRecords))
}

// startLists starts a workflow with all records of the write, in parts of a
// thousand.
func (s *starting) startLists(ctx context.Context, g *group) error {
	parts := slices.Collect(slices.Chunk(g.records, listRecords))
	for i, part := range parts {
		err := s.start(ctx, g.by, g.change, bundle{records: part, asList: true, index: i, parts: len(parts)})
		if err != nil {
			return err
		}
	}
	return nil
}

// actsOutside reports whether a write is an action of somebody over a page or the
// API, the only kind post-action triggers hear of.
func actsOutside(kind string) bool {
	return slices.Contains([]string{"form", "api", "public", "import"}, kind)
}

// CheckBindings refuses, before anything is written, workflows that a caller
// named without having pressed their button although they forbid it.
func (e *Engine) CheckBindings(ctx context.Context, bindings []models.Binding, pressed bool) error {
	ix, err := e.listeners(ctx)
	if err != nil {
		return fmt.Errorf("read trigger index: %w", err)
	}
	for _, b := range bindings {
		l := ix.byKey[b.Key]
		if !pressed && l != nil && l.version != nil && !l.version.Listens.ByAPI {
			return models.Forbidden("WORKFLOW_NOT_ALLOWED",
				text.M("trigger.not_by_api", "The workflow %s may only be started by its button.", b.Key))
		}
	}
	return nil
}

// candidates lists who is asked about a change: named workflows in the order of
// the request, then global ones in theirs.
func (s *starting) candidates(change records.Change) []candidate {
	var out []candidate
	for _, b := range s.op.Bindings {
		out = append(out, candidate{listener: s.ix.byKey[b.Key], key: b.Key, path: b.Path, named: true})
	}
	for _, l := range s.ix.global[models.Snake(change.Collection.Name)] {
		if !slices.Contains(l.version.Listens.Actions, actionWord(change.Action)) {
			continue // does not listen to this at all
		}
		named := func(c candidate) bool { return c.listener == l && c.path == "" }
		if !slices.ContainsFunc(out, named) {
			out = append(out, candidate{listener: l, key: l.workflow.Key})
		}
	}
	return out
}

// decide asks one workflow about one change.
func (s *starting) decide(ctx context.Context, c candidate, change records.Change) error {
	if reason := s.e.unusable(c.listener, (*trigger.Type).Matches); reason != "" {
		return s.refuse(ctx, c, change, trigger.Not(reason, ""))
	}
	data, collection, err := s.data(ctx, c, change)
	if err != nil {
		return err
	}
	if data == nil {
		return s.refuse(ctx, c, change, trigger.Not("association_empty", ""))
	}
	v := c.listener.version
	if models.Snake(v.Listens.Collection) != models.Snake(collection.Name) {
		return s.refuse(ctx, c, change, trigger.Not("wrong_collection", ""))
	}
	id := records.IDText(data["id"])
	decision, err := v.Trigger.Match(ctx, v.Settings, trigger.Change{
		Action: actionWord(change.Action), Source: s.op.Origin.Kind, Named: c.named, Changed: change.Changed, Record: data,
		Matches: func(ctx context.Context, filter any) (bool, string, error) {
			return s.e.records.MatchesIn(ctx, s.tx, records.Match{Collection: collection.Name, ID: id, Record: data, Filter: filter})
		},
	})
	if err != nil {
		// A trigger that cannot be evaluated never fails the event's transaction.
		s.e.log.Error("trigger cannot decide", "workflow", c.key, "error", err)
		return s.refuse(ctx, c, change, trigger.Not("invalid_definition", ""))
	}
	if !decision.Start {
		if decision.Reason == "" {
			return nil // does not listen to this at all
		}
		return s.refuse(ctx, c, change, decision)
	}
	sentence, err := s.e.guard(ctx, s.tx, c.listener.workflow, s.op.Lineage)
	if err != nil {
		return err
	}
	if sentence != "" {
		return s.refuse(ctx, c, change, trigger.Not("recursion_guard", sentence))
	}
	force, why, err := s.e.paused(ctx, s.tx, c.listener, s.op.Lineage, false)
	if err != nil {
		return err
	}
	if why.Reason != "" {
		return s.refuse(ctx, c, change, why)
	}
	if force {
		s.force[c.listener] = true
	}
	one := found{data: data, collection: collection, id: id}
	if v.Listens.AsList {
		if s.lists[c.listener] == nil {
			s.lists[c.listener] = &group{by: c, change: change}
			s.order = append(s.order, c.listener)
		}
		s.lists[c.listener].records = append(s.lists[c.listener].records, one)
		return nil
	}
	return s.start(ctx, c, change, bundle{records: []found{one}})
}

// bundle is what one execution is started with: one record, or a part of a list.
type bundle struct {
	records      []found
	asList       bool
	index, parts int
}

// found is the record a workflow is started with.
type found struct {
	data       map[string]any
	collection *models.Collection
	id         string
}

// data gives the record a candidate is about: the changed one, or one it is
// linked to; nil when the association is empty.
func (s *starting) data(ctx context.Context, c candidate, change records.Change) (map[string]any, *models.Collection, error) {
	record := change.After
	if record == nil {
		record = change.Before
	}
	if c.path == "" {
		return record, change.Collection, nil
	}
	return s.e.records.FollowIn(ctx, s.tx, records.Follow{Collection: change.Collection.Name, Record: record, Path: c.path})
}

// refuse writes why a workflow did not start, for those who asked for it and for
// those who listen.
func (s *starting) refuse(ctx context.Context, c candidate, change records.Change, d trigger.Decision) error {
	entry := models.TriggerEntry{
		WorkflowKey: c.key, Reason: d.Reason, Explanation: d.Explanation, ResourceType: change.Collection.Name, ResourceID: change.ID,
		UserID: s.op.Access.Principal.UserID, RequestID: s.op.Origin.RequestID, Chain: s.op.Lineage.Chain,
	}
	out := models.TriggerOutcome{Key: c.key, Reason: d.Reason, Named: c.named}
	if c.listener != nil {
		out.WorkflowID, entry.WorkflowID = c.listener.workflow.ID, c.listener.workflow.ID
		entry.VersionID = c.listener.workflow.LiveVersion
	}
	s.out = append(s.out, out)
	return models.LogTrigger(ctx, s.tx, entry)
}

// start inserts the execution.
func (s *starting) start(ctx context.Context, c candidate, change records.Change, b bundle) error {
	f := b.records[0]
	if !b.asList {
		once := c.key + "\x00" + f.collection.Name + "\x00" + f.id
		if s.seen[once] {
			return nil
		}
		s.seen[once] = true
	}
	exec := s.execution(c.listener, f)
	if b.asList && len(b.records) > 1 {
		exec.ResourceID = ""
	}
	if s.op.Idempotency != nil {
		exec.IdemKey = fmt.Sprintf("%s:%s:%d", s.op.Idempotency.Key, f.id, b.index)
		known, err := s.e.executionByKey(ctx, s.tx, c.listener, exec.IdemKey)
		if err != nil {
			return err
		}
		if known != "" {
			return s.refuse(ctx, c, change, trigger.Not("duplicate_key", known))
		}
	}
	trig, err := s.context(ctx, c.listener.version, change, b)
	if err != nil {
		return err
	}
	exec.Trigger = encode(trig)
	outcome := models.TriggerOutcome{
		WorkflowID: exec.WorkflowID, Key: c.key, Started: true, ExecutionID: exec.ID, Sync: exec.Sync, Named: c.named,
	}
	atomic := exec.Sync && c.listener.version.Listens.Atomic
	if atomic { // it ends before anybody else sees it
		if err := s.e.atRate(ctx, s.tx, c.listener); err != nil {
			return err
		}
	} else {
		said, err := s.e.admit(ctx, s.tx, c.listener, exec, s.force[c.listener])
		if err != nil {
			return err
		}
		if said.refused.Reason != "" {
			return s.refuse(ctx, c, change, said.refused)
		}
		s.e.keepFor(s.tx, exec)
	}
	if err := s.e.insert(ctx, s.tx, exec, models.TriggerEntry{Explanation: s.e.heldSentence(c.listener, exec)}); err != nil {
		return err
	}
	if atomic {
		outcome.Sync = false
		if outcome.Messages, err = s.runInside(ctx, exec, c.listener.version, trig); err != nil {
			return err
		}
	}
	s.out = append(s.out, outcome)
	return nil
}

// execution builds the row of an execution that a write starts.
func (s *starting) execution(l *listener, f found) *models.Execution {
	p := s.op.Access.Principal
	cause := models.CauseOf(p)
	cause.Trace = s.op.Origin.Trace
	return &models.Execution{
		ID: models.NewID(), WorkflowID: l.workflow.ID, VersionID: l.version.ID, Hash: l.version.Version.Hash, Mode: "live",
		Sync: l.workflow.Sync, TriggerType: l.workflow.Type, ResourceType: f.collection.Name, ResourceID: f.id,
		Principal: p.String(), UserID: p.UserID, Cause: cause,
		RequestID: s.op.Origin.RequestID, Depth: s.op.Lineage.Depth + 1, RootID: s.op.Lineage.RootID,
		Chain: slices.Concat(s.op.Lineage.Chain, []int64{l.workflow.ID}), ExpiresAt: expiry(l.workflow, s.tx.Now()), Pauses: l.workflow.Options.PauseForPeople,
	}
}

// expiry gives the deadline of an execution; 0 = none.
func expiry(w *models.Workflow, now time.Time) models.Millis {
	span, err := field.ParseDuration(w.Options.Timeout)
	if err != nil || span.IsZero() {
		return 0
	}
	return models.At(span.AddTo(now, time.UTC))
}
