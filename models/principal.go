package models

import (
	"slices"
	"strconv"
	"strings"
)

// PrincipalKind says what somebody is.
type PrincipalKind string

// The kinds of principals. There is no "nobody": an absent principal is a defect.
const (
	PersonPrincipal    PrincipalKind = "user"      // a person with a session
	TokenPrincipal     PrincipalKind = "token"     // an API token of a person
	AnonymousPrincipal PrincipalKind = "anonymous" // no identity
	WorkflowPrincipal  PrincipalKind = "workflow"  // the service principal of a workflow
	WebhookPrincipal   PrincipalKind = "webhook"   // another program that starts one workflow, and may do nothing else
	SystemPrincipal    PrincipalKind = "system"    // migrations, timers, demo data; never reachable from a request
)

// Principal is who asks. Every request, step, event and history entry carries
// exactly one.
type Principal struct {
	Kind   PrincipalKind `json:"kind"`
	ID     string        `json:"id,omitempty"`     // of the token or workflow; empty for a person
	UserID int64         `json:"userId,omitempty"` // the person behind it; 0 for none
	Role   string        `json:"role,omitempty"`   // the one role a request narrowed itself to; empty for all
	Scopes []string      `json:"scopes,omitempty"` // of a token; nil means no narrowing
}

// Person is the principal of a signed-in user, narrowed to role unless empty.
func Person(userID int64, role string) Principal {
	return Principal{Kind: PersonPrincipal, UserID: userID, Role: role}
}

// System is the principal of the product's own work.
func System() Principal { return Principal{Kind: SystemPrincipal} }

// Anonymous is the principal of a request without identity.
func Anonymous() Principal { return Principal{Kind: AnonymousPrincipal} }

// Webhook is the principal of requests that start one workflow.
func Webhook(workflowID int64) Principal {
	return Principal{Kind: WebhookPrincipal, ID: strconv.FormatInt(workflowID, 10)}
}

// String gives the typed text form, such as "user:3", that logs and histories keep.
func (p Principal) String() string {
	switch p.Kind {
	case PersonPrincipal:
		return "user:" + strconv.FormatInt(p.UserID, 10)
	case TokenPrincipal, WorkflowPrincipal, WebhookPrincipal:
		return string(p.Kind) + ":" + p.ID
	case AnonymousPrincipal, SystemPrincipal:
		return string(p.Kind)
	}
	panic("principal without kind")
}

// HasScope reports whether the token's scopes cover want. A scope is covered by
// itself and by its form with * as the last part. People are not narrowed.
func (p Principal) HasScope(want string) bool {
	if p.Kind != TokenPrincipal || p.Scopes == nil {
		return true
	}
	if slices.Contains(p.Scopes, want) {
		return true
	}
	i := strings.LastIndexByte(want, ':')
	return i > 0 && slices.Contains(p.Scopes, want[:i]+":*")
}

// Layer is one bound on the rights of an execution, kept so that it can be
// looked up again later: rights are always those of now.
type Layer struct {
	User    int64    `json:"user,omitempty"`    // rights of this person …
	Role    string   `json:"role,omitempty"`    // … narrowed to this role
	Scopes  []string `json:"scopes,omitempty"`  // … and to these token scopes
	Version int64    `json:"version,omitempty"` // or: grants of this workflow version …
	Node    string   `json:"node,omitempty"`    // … replaced by the approved list of this elevated node
}

// Cause is what bounds the rights of an execution beside its version's grants:
// all layers must allow. No layers mean that no person caused it.
type Cause struct {
	Layers []Layer `json:"layers,omitempty"`
	Trace  string  `json:"trace,omitempty"` // of the request, see [Request]
}

// CauseOf is the cause of what principal starts.
func CauseOf(p Principal) Cause {
	if p.UserID == 0 {
		return Cause{}
	}
	return Cause{Layers: []Layer{{User: p.UserID, Role: p.Role, Scopes: p.Scopes}}}
}

// Origin is where a change came from; conditions and histories show it.
type Origin struct {
	Kind      string  `json:"kind"` // form, api, import, workflow, task, public, timer, external, system
	RequestID string  `json:"requestId"`
	Trace     string  `json:"-"`         // of the request, see [Request]; executions it starts continue it
	Nested    *Nested `json:"nested"`    // set when the record was saved inside another one
	Execution string  `json:"execution"` // set for kind workflow
	Node      string  `json:"node"`
}

// Nested names the record inside whose save another one was saved.
type Nested struct {
	Collection string `json:"collection"`
	ID         string `json:"id"`
	Path       string `json:"path"`
}

// Lineage is the chain of executions that led to a change. The zero value is a
// person's own action and starts a new chain.
type Lineage struct {
	ExecutionID string  // the execution whose step made the change
	StepID      string  // that step
	RootID      string  // first execution of the chain
	Depth       int     // executions in the chain so far
	Chain       []int64 // their workflows, oldest first
	Cause       Cause   // effective rights of the causing step
}

// Binding names a workflow that a caller asks for, with the to-one association
// path to the data it shall get; an empty path means the record itself.
type Binding struct {
	Key  string
	Path string
}

// TriggerOutcome is what one trigger decided about one change.
type TriggerOutcome struct {
	WorkflowID  int64
	Key         string
	Started     bool
	Reason      string // why it did not start
	Explanation string // the same as a sentence; empty for none
	ExecutionID string
	Sync        bool     // must run on the request
	Messages    []string // of one that ran inside the write already
	Named       bool     // the caller named or bound it
}
