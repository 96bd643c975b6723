package records

import (
	"context"
	"time"

	"formrail/models"
)

// Record is one record by field name, in the canonical values of models/field.
// A to-one link is the id of its target under the field's foreign key, and, when
// it was appended, a Record or nil under the field's name. "id" and "_version" are
// part of it.
type Record = map[string]any

// Restore brings records back from the trash; it needs the delete right.
const Restore models.Action = "restore"

// Operation is one request to write: everything the write path needs to know
// about who asks, why, and what it shall start.
type Operation struct {
	Access     models.Access
	Collection string
	Action     models.Action // Create, Update, Delete, Purge or Restore
	IDs        []string      // all but Create: the records, by primary key …
	Filter     any           // … or a record filter; one of both
	Values     Record        // Create, Update: the submitted values, not parsed yet
	Batch      []Record      // Create: several records, all or none, instead of Values
	FromForm   bool          // Values are form texts
	Unless     any           // Create: a filter; when a record the caller may see matches, nothing is done
	Version    int64         // optimistic lock; 0 = last write wins; "_version" in Values sets it

	// IgnoreUnknown drops values without a field and lists them in Result.Ignored
	// instead of refusing them.
	IgnoreUnknown bool

	Origin     models.Origin
	PageAction string           // id of the pressed button
	Bindings   []models.Binding // workflows named by the caller or bound to the button
	Lineage    models.Lineage
	Zone       *time.Location // zone of dates without offset; nil = UTC
	Silent     bool           // record the event, start nothing
	MaxRecords int            // more matches are refused with BLAST_RADIUS; 0 = 1,000

	Idempotency *Idempotency // nil without a key
}

// Idempotency identifies a request that may be repeated, see [Service.Write].
type Idempotency = models.IdempotencyKey

// Change is one record as a write left it.
type Change struct {
	Collection *models.Collection
	Action     models.Action // what happened: Create, Update, Delete (to the trash), Purge (for good) or Restore
	ID         string        // primary key as text
	Before     Record        // nil for Create
	After      Record        // nil for Purge
	Changed    []string      // field names whose stored value differs, in field order; empty when nothing was stored
	EventUUID  string        // its event row; empty when nothing was stored
}

// Result is what a write did.
type Result struct {
	Changes  []Change // one for each record, also those that did not change
	Triggers []models.TriggerOutcome
	Messages []string // of synchronous workflows, in order
	Ignored  []string // names that were sent but are made by the server
	Found    string   // key of the record that Unless has found; nothing was written then
	Replayed bool     // the idempotency key was known; Changes name the first answer's ids only
}

// Hooks are how others take part in a write. They are set once, before the first
// write. A nil hook does nothing.
type Hooks struct {
	// PreAction may change op.Values or refuse, before validation. What it sets is
	// not measured by the caller's field rights.
	PreAction func(ctx context.Context, op *Operation) error

	// Changed is called inside the write transaction, once for each write, after
	// rows, history and events are written. An error undoes all of it.
	Changed func(ctx context.Context, tx *models.Tx, op *Operation, changes []Change) ([]models.TriggerOutcome, error)

	// Committed is called on the caller's goroutine once the write is durable,
	// before the answer: synchronous workflows run here. A returned error does
	// not undo the write; the result is still returned beside it.
	Committed func(ctx context.Context, op *Operation, result *Result) error

	// Renamed is called inside the transaction that gives a collection or a field
	// another name, so that definitions which use the former one follow.
	Renamed func(ctx context.Context, tx *models.Tx, r Renamed) error
}
