package records

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Bounds of one write.
const (
	MaxBatch      = 500   // records created by one request
	defaultRadius = 1_000 // records changed by one request
)

// write is one operation on its way through the stages.
type write struct {
	*builder
	s      *Service
	op     *Operation
	on     *models.Collection
	rights *rights
	from   models.Querier // committed data at first, the transaction later
	inputs []*input       // Create: one for each record; Update: one
	result *Result
}

// input is one set of submitted values.
type input struct {
	sent   map[*models.CollectionField]any // as submitted
	values map[*models.CollectionField]any // canonical, defaults included
	own    map[*models.CollectionField]bool
	self   any // key of the record it is for; nil for a new one
	found  []models.FieldError
}

// Write runs one operation through all stages and returns once it is durable:
//
//	decode      names to fields
//	permit      action and fields, whatever the record
//	pre-action  workflows that may change the values or stop
//	validate    defaults, types, rules; all findings together
//	transaction lock, scope and version again, rows, history, events, hook, key
//	committed   synchronous workflows
//
// An error means that nothing was written, except when the result beside it is not
// nil. With an idempotency key that is known, nothing is done again and the
// result is Replayed.
func (s *Service) Write(ctx context.Context, op *Operation) (*Result, error) {
	if op.Idempotency != nil {
		answer, known, err := models.AnswerOf(ctx, s.db.Read(), *op.Idempotency, s.db.Now())
		if err != nil {
			return nil, err
		}
		if known {
			return s.replay(ctx, answer)
		}
	}
	asked, err := s.beforeValidation(ctx, op)
	if err != nil {
		return nil, err
	}
	var result *Result
	err = s.current(ctx, func(cat *models.Catalog) error {
		w, err := s.prepareWrite(ctx, cat, op, asked)
		if err != nil {
			return err
		}
		err = s.db.Write(ctx, writeName(op.Action), func(tx *models.Tx) error {
			if !s.db.CatalogIs(cat.Version) {
				return errStale
			}
			var err error
			result, err = w.once(ctx, tx)
			return err
		})
		return clash(err)
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", op.Action, op.Collection, err)
	}
	if s.hooks.Committed != nil && !result.Replayed && result.Found == "" {
		err = s.hooks.Committed(ctx, op, result)
	}
	return result, err
}

// WriteIn runs the operation inside a transaction of the caller, as a step of a
// workflow does: no pre-action, no idempotency key, no committed hook. Refusals
// that the caller may handle come before the first row is written, so they leave
// the transaction as it was; an error of the database or of the changed hook does not.
func (s *Service) WriteIn(ctx context.Context, tx *models.Tx, op *Operation) (*Result, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.prepareWrite(ctx, cat, op, nil)
	if err == nil {
		var result *Result
		if result, err = w.run(ctx, tx); err == nil {
			return result, nil
		}
	}
	return nil, fmt.Errorf("%s %s: %w", op.Action, op.Collection, clash(err))
}

// beforeValidation decodes, asks the rights and runs pre-action workflows. It gives
// the names the caller sent himself.
func (s *Service) beforeValidation(ctx context.Context, op *Operation) ([]string, error) {
	if s.hooks.PreAction == nil {
		return nil, nil
	}
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.newWrite(cat, op)
	if err != nil {
		return nil, err
	}
	if err := w.decode(); err != nil {
		return nil, err
	}
	if err := w.permit(nil); err != nil {
		return nil, err
	}
	asked := append([]string{}, w.names()...)
	return asked, s.hooks.PreAction(ctx, op)
}

// writeName is the name of the transaction for fault points and slow ones.
func writeName(a models.Action) string { return "record." + string(a) }

// newWrite looks up what an operation is about and the rights to it.
func (s *Service) newWrite(cat *models.Catalog, op *Operation) (*write, error) {
	on, err := collection(cat, op.Collection)
	if err != nil {
		return nil, err
	}
	if on.System {
		return nil, models.NewError(models.KindMethodNotAllowed, "METHOD_NOT_ALLOWED",
			text.M("record.system", "%s cannot be changed here.", on.Title))
	}
	w := &write{builder: newBuilder(cat, s.db, op.Access, op.Zone), s: s, op: op, on: on, from: s.db.Read(), result: &Result{}}
	r, ok := rightsOn(cat, op.Access, on, rightFor(op.Action))
	if !ok {
		return nil, models.NoPermission()
	}
	w.rights = r
	return w, nil
}

// rightFor is the grant an action needs.
func rightFor(a models.Action) models.Action {
	switch a {
	case models.Create, models.Update, models.Delete, models.Purge:
		return a
	case Restore:
		return models.Delete
	}
	panic("records: no such write: " + string(a))
}

// prepareWrite runs the stages before the transaction. asked are the names the
// caller is measured by; nil means all that are sent.
func (s *Service) prepareWrite(ctx context.Context, cat *models.Catalog, op *Operation, asked []string) (*write, error) {
	w, err := s.newWrite(cat, op)
	if err != nil {
		return nil, err
	}
	if err := w.decode(); err != nil {
		return nil, err
	}
	if err := w.permit(asked); err != nil {
		return nil, err
	}
	return w, w.validate(ctx)
}

// once runs the transaction unless the idempotency key turns out to be known.
func (w *write) once(ctx context.Context, tx *models.Tx) (*Result, error) {
	key := w.op.Idempotency
	if key != nil {
		answer, known, err := models.AnswerOf(ctx, tx, *key, tx.Now())
		if err != nil {
			return nil, err
		}
		if known {
			return w.s.replay(ctx, answer)
		}
	}
	result, err := w.run(ctx, tx)
	if err != nil || key == nil || result.Found != "" {
		return result, err
	}
	saved, err := summary(w.on, w.op.Action, result.Changes)
	if err != nil {
		return nil, err
	}
	return result, tx.SaveAnswer(ctx, *key, saved)
}

// run is the stage inside the transaction. It may run again on another one.
func (w *write) run(ctx context.Context, tx *models.Tx) (*Result, error) {
	w.from, w.now = tx, tx.Now()
	for _, in := range w.inputs {
		in.found = nil
	}
	t := &txWrite{write: w, tx: tx, table: w.s.table(w.cat, w.on)}
	var err error
	switch w.op.Action {
	case models.Create:
		err = t.create(ctx)
	case models.Update:
		err = t.update(ctx)
	case models.Delete, models.Purge:
		err = t.remove(ctx)
	case Restore:
		err = t.restore(ctx)
	}
	if err != nil {
		return nil, err
	}
	result := &Result{Changes: t.changes, Ignored: w.result.Ignored, Found: t.found}
	if w.s.hooks.Changed != nil && t.found == "" {
		if result.Triggers, err = w.s.hooks.Changed(ctx, tx, w.op, t.changes); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// clash tells a unique index's refusal that no earlier check has seen.
func clash(err error) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) || !models.IsUnique(err) {
		return err
	}
	return notUnique().Because(err)
}

func notUnique() *models.Error {
	return models.Invalid("NOT_UNIQUE", text.M("record.not_unique", "A record with one of these values already exists."))
}

// actor is the person a write is entered under; 0 for nobody.
func (w *write) actor() int64 { return w.op.Access.Actor }

// radius is how many records the operation may change.
func (w *write) radius() int {
	if w.op.MaxRecords > 0 {
		return w.op.MaxRecords
	}
	return defaultRadius
}

// summary is what an idempotency key remembers of a write.
func summary(on *models.Collection, action models.Action, changes []Change) (string, error) {
	ids := make([]any, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
	}
	b, err := field.MarshalJSON(map[string]any{"collection": on.Name, "action": string(action), "ids": ids})
	return string(b), err
}

// replay builds the result of a write from what its key remembers.
func (s *Service) replay(ctx context.Context, answer models.IdempotentAnswer) (*Result, error) {
	result := &Result{Replayed: true}
	v, err := field.ParseJSON([]byte(answer.Result))
	if err != nil {
		return nil, fmt.Errorf("read remembered result: %w", err)
	}
	m, _ := v.(map[string]any)
	name, _ := m["collection"].(string)
	action, _ := m["action"].(string)
	ids, _ := m["ids"].([]any)
	on, err := s.Collection(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		result.Changes = append(result.Changes, Change{Collection: on, Action: models.Action(action), ID: IDText(id)})
	}
	return result, nil
}

// names lists the submitted field names, sorted.
func (w *write) names() []string {
	var out []string
	for _, in := range w.inputs {
		for f := range in.sent {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// parseContext says how submitted values are read.
func (w *write) parseContext() field.ParseContext {
	return field.ParseContext{Zone: w.zone, FromForm: w.op.FromForm, RoundExcess: w.op.Origin.Kind == "workflow"}
}
