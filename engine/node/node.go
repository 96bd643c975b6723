// Package node is the contract between the engine and a node type.
//
// A node type is one [Spec] in one file of engine/nodes. Palette card, form,
// checks, variable picker, grants, conformance test, reference page and run time
// all read it. A node owns no HTML, no route, no table and no transaction: it
// reads its settings and its [Call], and returns a decision, the [Result], which
// the engine commits.
//
// The package knows neither the engine nor any storage.
package node

import (
	"context"
	"time"

	"formrail/engine/inbound"
	"formrail/models/field"
)

// Group is a section of the palette.
type Group string

// The sections, in the order of the palette.
const (
	Flow    Group = "flow"
	Compute Group = "compute"
	Data    Group = "data"
	People  Group = "people"
	Connect Group = "connect"
)

// Effect says what an attempt may touch, and so what a crash can repeat.
type Effect int

// The effects.
const (
	Pure     Effect = iota // computes, in microseconds; may be repeated
	Slow                   // computes, but for long (a script): outside any transaction; may be repeated
	Local                  // only our database, inside the stretch's transaction: exactly once
	External               // leaves the process, outside any transaction: at least once, with Call.Key
)

// String names the effect.
func (e Effect) String() string {
	return [...]string{"pure", "slow", "local", "external"}[e]
}

// Unknown says what to do with an external attempt that was in flight when the
// process died.
type Unknown string

// The policies for an unknown outcome.
const (
	RetryUnknown Unknown = "retry" // repeating is harmless
	FailUnknown  Unknown = "fail"
	AskUnknown   Unknown = "ask" // a person is asked whether it happened
)

// Spec declares one node type whose settings decode into C. The json tags of C
// are the names of Config; [Define] compares them.
type Spec[C any] struct {
	Key     string // stored in every workflow that uses the type; never renamed
	Group   Group
	Icon    string // name in the icon sprite
	Title   string // "HTTP request"
	Summary string // one line on the palette card, no full stop
	Help    string // Markdown beside the form and in the reference

	Synonyms []string // other words it is looked for by, in lower case: "if", "mail"
	Asks     string   // the choice that is asked before the node is added: name of a select setting

	Config   []field.Field                   // the form, in order
	Check    func(C, Catalog) field.Problems // rules across fields; optional
	Outputs  func(C, Catalog) field.Shape    // what later nodes may refer to; optional
	Branches func(C) []Branch                // labelled branches the node owns; optional
	Free     *FreeBranches                   // which of them the designer makes; nil = none
	Passes   *Passes[C]                      // it runs a branch again and again; nil = it does not
	Assigns  func(C) string                  // key of the earlier node whose value it changes; optional
	Hears    bool                            // it decides what a rejection inside its branches means

	Transacts string // the branch whose steps are one database transaction, run at once; Local only, optional

	Grants  func(C, Catalog) []Grant // what its workflow must be allowed to do; optional
	Expects func(C) bool             // it waits for something outside the execution, and for nothing once it has ended; optional
	Calls   func(C) Calls            // the calls to an address of its own it waits for; optional
	Rights  func(C) []string         // system rights that some settings need to be published; optional
	Source  func(C) Source           // the script in the settings, read before it is published; optional
	Effect  Effect
	Answers func(C) (goesOn bool) // it answers the request that waits for the execution; goesOn: which runs on afterwards; optional
	Waits   bool                  // may wait for time, people or the outside: not for synchronous workflows
	Skips   bool                  // a person may end its wait for time, which it hears as WaitSkipped
	AtOnce  func(C, Catalog) bool // settings under which it can do without waiting in a synchronous workflow; optional
	Apart   func(C) bool          // settings under which it never waits for what it started; optional
	Unknown Unknown               // External: default policy; empty means AskUnknown
	Right   string                // system right needed to publish it, such as "node.script"; optional

	Policy func(C) Policy                                                             // External: of its attempts; optional
	Run    func(ctx context.Context, call Call, cfg C) (Result, error)                // one attempt
	Resume func(ctx context.Context, call Call, cfg C, signal Signal) (Result, error) // required when Run may Wait or Enter
	Test   func(ctx context.Context, call Call, cfg C) (Result, error)                // External: the dry test
	Line   func(C, Catalog) string                                                    // one line on the canvas made from the settings; optional
	When   func(cfg C, branch string, cat Catalog) string                             // when a branch is taken, in words; empty when its title says it; optional

	Examples []Example[C] // shown in the reference, run by the conformance suite
}

// Calls are the calls from outside that a node waits for.
type Calls struct {
	Times  int           // how many; 0 = none
	Fields []field.Field // what each must bring; nil = anything
	Door   inbound.Door  // who may call, and what is answered; status 0 = the usual answer
}

// Policy says what settings mean for the attempts of an external node, as long as its
// common settings say nothing else.
type Policy struct {
	Timeout time.Duration // of one attempt; 0 = as for all external nodes
	Once    bool          // a repeat may do harm: one attempt, and a person is asked about an unknown outcome
}

// Branch is one labelled list of nodes that a node owns.
type Branch struct {
	Key   string
	Title string
	Rank  int  // place among branches that are tried one after another, from 1; 0 = none
	Ends  bool // the foot of the branch ends the execution as rejected
}

// FreeBranches declares that the designer makes branches: adds, names, orders and
// deletes them. One setting lists them.
type FreeBranches struct {
	Setting  string // list of {key, title, …}, one for each branch, in order
	Prefix   string // of the keys of new ones: "c" gives c1, c2 …
	Min, Max int    // how many there are
}

// Passes declares that a node runs a branch again and again.
type Passes[C any] struct {
	Vars    func(cfg C, pass int) map[string]any // what "loop" holds in a pass, from 1
	Overlap func(C) bool                         // whether passes may be under way side by side
	Item    string                               // setting whose value, a list, gives the items of the passes; optional
	Batches func(C) bool                         // whether an item is a list of several
	Inside  []string                             // settings that are read inside a pass
}

// Source is a script in the settings of a node.
type Source struct {
	Field  string   // the setting that holds it
	Code   string   // body of a function
	Inputs []string // names of its variables
}

// Grant is one right the workflow needs for a node: an action on a collection
// with exactly these fields. Nil Fields mean all fields.
type Grant struct {
	Collection string
	Action     string // view, create, update, delete, purge
	Fields     []string
}

// Example shows settings with their outcome. It is run by the conformance suite
// with Vars as variables.
type Example[C any] struct {
	Title  string
	Config map[string]any // as stored in a definition
	Vars   map[string]any // roots: trigger, nodes, loop …
	Hears  []Signal       // what it hears after it ran, in order; the outcome is that of the last
	Want   Want
}

// Want is the expected outcome of an example; exactly one of the groups applies.
type Want struct {
	Output any    // compared by value when not nil
	Branch string // the branch that is entered
	Waits  bool   // the step waits
	Ends   Outcome
	Code   string // it fails with this code
}
