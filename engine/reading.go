package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
)

// Reading is a definition with what its types make of it: settings are decoded and
// texts compiled once, whatever is asked about it. It belongs to the collections as they
// were when it was made. A reading is shared and never changes; neither must what it
// gives out.
type Reading struct {
	*Definition
	Schema   Schema
	Findings []Finding // of a draft; without those of its scripts

	now      time.Time
	stored   string // the text it was read from
	calls    int64  // version of the workflows it was read with; 0 = it calls none
	sync     bool   // it was checked as a workflow that answers at once
	compiled *Compiled
	problems field.Problems
	trigger  string // the line of the trigger
	lines    map[string]string
}

// Read reads the stored text of a definition, without looking for findings.
func (e *Engine) Read(ctx context.Context, stored string) (*Reading, error) {
	d, err := ReadDefinition(stored)
	if err != nil {
		return nil, err
	}
	r, err := e.reading(ctx, d, &Compiled{})
	if err != nil {
		return nil, err
	}
	r.stored = stored
	r.describe()
	return r, nil
}

// ReadDraft reads the draft of a workflow and finds what is wrong with it. The readings
// of drafts that somebody works on are kept until the draft or a collection changes.
func (e *Engine) ReadDraft(ctx context.Context, w *models.Workflow) (*Reading, error) {
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	if r := e.drafts.get(w.ID); r != nil && r.stored == w.Draft && r.sync == w.Sync && r.Schema.cat == cat && (r.calls == 0 || r.calls == e.db.WorkflowsVersion()) {
		return r, nil
	}
	r, err := e.Read(ctx, w.Draft)
	if err != nil {
		return nil, err
	}
	r.check(w.Sync)
	e.drafts.put(w.ID, r)
	return r, nil
}

// reading makes a definition ready to be asked about, with the help of what was compiled
// before of almost the same one.
func (e *Engine) reading(ctx context.Context, d *Definition, before *Compiled) (*Reading, error) {
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	r := &Reading{Definition: d, Schema: e.schema(ctx, cat), now: e.now()}
	r.compiled, r.problems = e.registry.recompile(d, "", before)
	if len(r.compiled.Calls()) > 0 {
		r.calls = e.db.WorkflowsVersion()
	}
	return r, nil
}

// describe works out the lines that stand on the cards.
func (r *Reading) describe() {
	if c := r.compiled; c.Trigger != nil && !c.misread {
		r.trigger = c.Trigger.Line(c.Settings, r.Schema)
	}
	r.lines = make(map[string]string, len(r.compiled.Nodes))
	for _, n := range r.compiled.Nodes {
		if !n.misread {
			r.lines[n.part.Key] = n.typ.Line(n.settings, r.Schema)
		}
	}
}

// Line says in one line what the settings of a node make it do, or those of the trigger
// for "trigger"; empty when they cannot be read or there is nothing to say.
func (r *Reading) Line(key string) string {
	if key == "trigger" {
		return r.trigger
	}
	return r.lines[key]
}

// Type is the type of a node with its decoded settings; nil when there is no such node
// or type.
func (r *Reading) Type(key string) (*node.Type, node.Settings) {
	n := r.compiled.byKey[key]
	if n == nil {
		return nil, node.Settings{}
	}
	return n.typ, n.settings
}

// Transacts reports whether the steps of a branch run inside a database transaction.
func (r *Reading) Transacts(parent, branch string) bool {
	n := r.compiled.byKey[parent]
	if n == nil {
		return false
	}
	return n.typ.Transacts != "" && n.typ.Transacts == branch || n.transaction() != nil
}

// drafts keeps the newest readings of drafts by the id of their workflow.
type drafts struct {
	mu   sync.Mutex
	kept map[int64]*Reading
}

// maxDrafts bounds how many readings are kept: as many as are edited at one time.
const maxDrafts = 16

func (d *drafts) get(workflow int64) *Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[workflow]
}

func (d *drafts) put(workflow int64, r *Reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= maxDrafts && d.kept[workflow] == nil {
		d.kept = map[int64]*Reading{}
	}
	d.kept[workflow] = r
}
