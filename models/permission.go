package models

import (
	"slices"

	"formrail/models/text"
)

// Action is what can be done with the records of a collection.
type Action string

// The actions grants are given for.
const (
	View       Action = "view"
	Create     Action = "create"
	Update     Action = "update"
	Delete     Action = "delete"
	Purge      Action = "purge"
	Export     Action = "export"
	Import     Action = "import"
	Trigger    Action = "trigger"
	TriggerNew Action = "triggerNew"
)

// Actions are all actions in the order in which they are shown.
func Actions() []Action {
	return []Action{View, Create, Update, Delete, Purge, Export, Import, Trigger, TriggerNew}
}

// ScopeKind says which records a grant covers.
type ScopeKind string

// The scopes of a grant.
const (
	ScopeAll    ScopeKind = "all"
	ScopeOwn    ScopeKind = "own"    // created by me, or the person field ScopeField is me
	ScopeFilter ScopeKind = "filter" // records the filter matches
)

// AllCollections in a grant means every collection.
const AllCollections = "*"

// Grant allows one action on one collection. Everything not granted is denied.
type Grant struct {
	Collection string    `json:"collection"` // or AllCollections
	Action     Action    `json:"action"`
	Fields     []string  `json:"fields"` // nil means all fields; empty means none but id
	Scope      ScopeKind `json:"scope"`
	ScopeField string    `json:"scopeField,omitempty"` // for own; empty means createdBy
	Filter     any       `json:"filter,omitempty"`     // for filter: a record filter
}

// Covers reports whether the grant is about the action on the collection.
func (g Grant) Covers(collection string, action Action) bool {
	return g.Action == action && (g.Collection == collection || g.Collection == AllCollections)
}

// HasField reports whether the grant includes a field.
func (g Grant) HasField(name string) bool { return g.Fields == nil || slices.Contains(g.Fields, name) }

// Rights are grants and system rights that add up.
type Rights struct {
	Owner  bool     // root: every system right and every grant
	System []string // keys of system rights, such as "workflow.edit"; a trailing * covers a family
	Grants []Grant
}

// Can reports whether a system right is held.
func (r Rights) Can(right string) bool {
	if r.Owner {
		return true
	}
	for _, have := range r.System {
		if have == right || (len(have) > 1 && have[len(have)-1] == '*' && len(right) >= len(have)-1 && right[:len(have)-1] == have[:len(have)-1]) {
			return true
		}
	}
	return false
}

// On gives the grants for one action on one collection. An owner has one for
// everything.
func (r Rights) On(collection string, action Action) []Grant {
	if r.Owner {
		return []Grant{{Collection: collection, Action: action, Scope: ScopeAll}}
	}
	var out []Grant
	for _, g := range r.Grants {
		if g.Covers(collection, action) {
			out = append(out, g)
		}
	}
	return out
}

// Access is who asks together with what bounds him: every layer of Rights must
// allow what is asked. It is made by [DB.AccessOf] and [DB.AccessOfCause]; an
// Access without layers may do nothing.
type Access struct {
	Principal Principal
	Layers    []Rights
	Actor     int64 // person entered as creator or changer; 0 for nobody
}

// SystemAccess may do everything in the name of the product itself. No request
// may ever get it.
func SystemAccess() Access {
	return Access{Principal: System(), Layers: []Rights{{Owner: true}}}
}

// Can reports whether every layer holds a system right.
func (a Access) Can(right string) bool {
	for _, l := range a.Layers {
		if !l.Can(right) {
			return false
		}
	}
	return len(a.Layers) > 0
}

// Require is Can with the refusal that names the right.
func (a Access) Require(right string) error {
	if a.Can(right) {
		return nil
	}
	return Forbidden("NO_PERMISSION",
		text.M("error.right_missing", "You need the right %s for this. Ask an administrator.", right)).With("right", right)
}

// On gives, layer by layer, the grants for one action on one collection. ok is
// false when some layer has none, which is a refusal whatever the record.
func (a Access) On(collection string, action Action) (layers [][]Grant, ok bool) {
	for _, l := range a.Layers {
		g := l.On(collection, action)
		if len(g) == 0 {
			return nil, false
		}
		layers = append(layers, g)
	}
	return layers, len(layers) > 0
}

// MayTouch reports whether some record could be in reach for the action: what a
// page needs to know to offer a button. The record itself is still checked.
func (a Access) MayTouch(collection string, action Action) bool {
	_, ok := a.On(collection, action)
	return ok
}

// MayWriteField reports whether every layer has a grant for the action that
// includes the field, whatever its scope.
func (a Access) MayWriteField(collection string, action Action, name string) bool {
	layers, ok := a.On(collection, action)
	for _, grants := range layers {
		if !slices.ContainsFunc(grants, func(g Grant) bool { return g.HasField(name) }) {
			return false
		}
	}
	return ok
}
