package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// UsageFinder looks for places that use a collection, or one of its fields when
// field is not empty.
type UsageFinder func(ctx context.Context, collection, field string) ([]models.Usage, error)

// OnUsage adds a finder that changes of the schema ask. Finders are set before the
// first change.
func (s *Service) OnUsage(f UsageFinder) { s.usages = append(s.usages, f) }

// designRight is the system right to change schemas.
const designRight = "collection.design"

// SchemaCall says who changes the schema and what of it.
type SchemaCall struct {
	Access     models.Access
	Collection string // name of the collection that is changed
	Field      string // name of the field that is changed
	Confirm    string // hash of the preview the caller has seen and accepts

	// Preview asks what a change would touch instead of making it.
	Preview *Impact
}

// Impact is what a change of the schema would touch.
type Impact struct {
	Usages  []models.Usage
	Confirm string // accepts exactly these usages; empty when there are none
}

// errStale says that the catalogue has changed since a write was prepared.
var errStale = errors.New("the catalogue has changed")

// maxPrepares bounds how often one request is prepared again; each time, somebody
// else has changed the schema.
const maxPrepares = 100

// current runs prepare and the function it gives in one transaction, and again
// while the catalogue changes in between.
func (s *Service) current(ctx context.Context, run func(cat *models.Catalog) error) error {
	for range maxPrepares {
		cat, err := s.db.Catalog(ctx)
		if err != nil {
			return err
		}
		if err = run(cat); !errors.Is(err, errStale) {
			return err
		}
	}
	return models.Conflict("CONFLICT", text.M("schema.busy", "The collections are being changed. Try again in a moment."))
}

// schema is one change of the schema inside its transaction.
type schema struct {
	ctx  context.Context //nolint:containedctx // lives as long as one function
	tx   *models.Tx
	cat  *models.Catalog
	call SchemaCall

	renamed func(ctx context.Context, tx *models.Tx, r Renamed) error // nil asks nobody
}

// change describes one kind of schema change.
type change struct {
	action string // of the audit entry: collection.create, field.rename …
	event  string // models.ResourceCreated, …Updated or …SoftDeleted

	// preview finds what the change would touch; nil when it touches nothing.
	preview func(ctx context.Context, cat *models.Catalog) ([]models.Usage, error)

	// apply makes the change and gives the id and name of the collection and the
	// names of what changed.
	apply func(x *schema) (*models.Collection, []string, error)
}

// alter checks the right, asks for a confirmation when needed, and makes the
// change: catalogue, tables, event and audit entry together or not at all.
func (s *Service) alter(ctx context.Context, call SchemaCall, c change) error {
	if err := call.Access.Require(designRight); err != nil {
		return err
	}
	return s.current(ctx, func(cat *models.Catalog) error {
		impact, err := c.impact(ctx, cat, call)
		if err != nil {
			return err
		}
		if call.Preview != nil {
			*call.Preview = impact
			return nil
		}
		if err := impact.confirmedBy(call); err != nil {
			return err
		}
		return s.db.WriteAlone(ctx, "schema.change", func(tx *models.Tx) error {
			if !s.db.CatalogIs(cat.Version) {
				return errStale
			}
			x := &schema{ctx: ctx, tx: tx, cat: cat, call: call, renamed: s.hooks.Renamed}
			on, changed, err := c.apply(x)
			if err != nil {
				return err
			}
			return x.record(c, on, changed)
		})
	})
}

// impact finds what the change would touch.
func (c change) impact(ctx context.Context, cat *models.Catalog, call SchemaCall) (Impact, error) {
	if c.preview == nil {
		return Impact{}, nil
	}
	found, err := c.preview(ctx, cat)
	if err != nil || len(found) == 0 {
		return Impact{}, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s.%s %d\n", c.action, call.Collection, call.Field, cat.Version)
	for _, u := range found {
		fmt.Fprintf(h, "%q\n", []string{u.Kind, u.Key, u.Title, u.Place})
	}
	return Impact{Usages: found, Confirm: hex.EncodeToString(h.Sum(nil))}, nil
}

// confirmedBy refuses a change with findings until the caller sends the hash of
// exactly these findings.
func (i Impact) confirmedBy(call SchemaCall) error {
	if call.Confirm == i.Confirm || i.Confirm == "" {
		return nil
	}
	return models.Conflict("IMPACT_CONFIRMATION_REQUIRED",
		text.M("schema.confirm", "This change touches %d other places. Look at them and confirm.", len(i.Usages))).
		With("usages", i.Usages).With("confirm", i.Confirm)
}

// record writes everything that goes with a change of the tables.
func (x *schema) record(c change, on *models.Collection, changed []string) error {
	if err := x.tx.BumpCatalog(x.ctx); err != nil {
		return err
	}
	id := fmt.Sprint(on.ID)
	err := x.tx.Emit(x.ctx, &models.Event{
		Name: c.event, Type: "collectionsvc.Collection", ID: id,
		Resource: map[string]any{"id": on.ID, "name": on.Name, "title": on.Title}, Changed: changed,
		UserID: x.call.Access.Principal.UserID, RequestID: models.RequestOf(x.ctx).ID,
	})
	if err != nil {
		return err
	}
	return models.Audit(x.ctx, x.tx, models.AuditEntry{
		Principal: x.call.Access.Principal, Action: c.action,
		ObjectType: "collection", ObjectID: id, Title: on.Title, Changed: changed,
	})
}

func (x *schema) exec(statements ...string) error {
	for _, one := range statements {
		if _, err := x.tx.Exec(x.ctx, one); err != nil {
			return fmt.Errorf("%s: %w", one, err)
		}
	}
	return nil
}

func (x *schema) stamp() int64 { return int64(models.At(x.tx.Now())) }

// collection finds the collection of the call; built-in ones cannot be changed.
func (x *schema) collection() (*models.Collection, error) {
	c, err := collection(x.cat, x.call.Collection)
	if err != nil {
		return nil, err
	}
	if c.System {
		return nil, models.Forbidden("NO_PERMISSION", text.M("schema.builtin", "%s is built in and cannot be changed.", c.Title))
	}
	return c, nil
}

// field finds the field of the call, which must not be one the server makes.
func (x *schema) field() (*models.Collection, *models.CollectionField, error) {
	c, err := x.collection()
	if err != nil {
		return nil, nil, err
	}
	f, ok := c.Field(x.call.Field)
	if !ok {
		return nil, nil, models.NotFound()
	}
	if f.Preset {
		return nil, nil, models.Forbidden("NO_PERMISSION", text.M("schema.preset", "%s is made by the server and cannot be changed.", f.Title()))
	}
	return c, f, nil
}

// nameTaken reports whether a name is in use in a collection, also as a column, a
// foreign key or a former name of another field.
func nameTaken(c *models.Collection, name string, self *models.CollectionField) bool {
	f, ok := c.Field(name)
	return ok && f != self
}

func fieldProblem(problems *field.Problems, at, name string, m text.Message) {
	problems.Add(at+name, "BAD_PARAMETER", m)
}
