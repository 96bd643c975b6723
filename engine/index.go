package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"formrail/engine/trigger"
	"formrail/models"
)

// index knows which workflows listen to which collections. It is derived from
// the workflows table and made anew when that changes.
type index struct {
	version int64
	byKey   map[string]*listener
	global  map[string][]*listener // collection (snake case) → global ones in order
	byID    map[int64]*listener
	ends    []*listener         // enabled ones that hear of executions that have ended, by id
	timed   map[int64]*listener // those that follow the clock, by the id of their workflow
	dated   map[string][]dated  // collection (snake case) → those whose times its records decide
	zone    *time.Location      // of the installation
	pause   models.Pause        // of everything
	bounds  Limits
}

// listener is one workflow as triggers see it.
type listener struct {
	workflow *models.Workflow
	version  *versionInfo // nil without a live version
	broken   error        // the live version cannot be used
	serving  *serving
	limits   limits
}

// listeners gives the current index.
func (e *Engine) listeners(ctx context.Context) (*index, error) {
	want := e.db.WorkflowsVersion()
	if have := e.index.Load(); have != nil && have.version == want {
		return have, nil
	}
	workflows, err := models.Workflows(ctx, e.db.Read())
	if err != nil {
		return nil, err
	}
	made := &index{
		version: want, byKey: map[string]*listener{}, global: map[string][]*listener{}, byID: map[int64]*listener{},
		timed: map[int64]*listener{}, dated: map[string][]dated{},
	}
	if made.zone, err = e.Zone(ctx); err != nil {
		return nil, err
	}
	paused, err := e.readLimits(ctx, made)
	if err != nil {
		return nil, err
	}
	for _, w := range workflows {
		l := &listener{workflow: w, serving: &serving{}, limits: limitsOf(w, cmp.Or(paused[w.ID], made.pause))}
		if w.LiveVersion != 0 {
			l.version, l.broken = e.version(ctx, w.LiveVersion)
		}
		made.byKey[w.Key], made.byID[w.ID] = l, l
		if w.Enabled && l.version != nil && l.version.Trigger.HearsEnds() {
			made.ends = append(made.ends, l)
		}
		if e.registry.triggerIs(w.Type, (*trigger.Type).Timed) {
			if err := e.listTimed(ctx, made, l); err != nil {
				return nil, err
			}
		}
		if w.Enabled && l.version != nil && l.version.Listens.Global {
			at := models.Snake(l.version.Listens.Collection)
			made.global[at] = append(made.global[at], l)
		}
	}
	for _, list := range made.global {
		slices.SortStableFunc(list, func(a, b *listener) int {
			if d := a.version.Listens.Order - b.version.Listens.Order; d != 0 {
				return d
			}
			return int(a.workflow.ID - b.workflow.ID)
		})
	}
	slices.SortFunc(made.ends, func(a, b *listener) int { return cmp.Compare(a.workflow.ID, b.workflow.ID) })
	e.index.Store(made)
	return made, nil
}

// CheckIndex compares the index with the database and makes it anew when they
// differ. The watchdog calls it.
func (e *Engine) CheckIndex(ctx context.Context) error {
	have := e.index.Load()
	if err := e.db.RefreshVersions(ctx); err != nil {
		return err
	}
	if have == nil || have.version == e.db.WorkflowsVersion() {
		return nil
	}
	if _, err := e.listeners(ctx); err != nil {
		return fmt.Errorf("renew trigger index: %w", err)
	}
	return nil
}
