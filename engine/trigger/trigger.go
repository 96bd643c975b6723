// Package trigger is the contract between the engine and a trigger type.
//
// A trigger type is one [Spec] in one file of engine/triggers. It has exactly one
// door through which executions start: Match (a change of a record), Form (a call
// with typed input), Ended (another execution has ended), Times (the clock) or Serve (a
// request of another program). A trigger decides; the engine guards, inserts executions
// and keeps the log.
//
// The package knows neither the engine nor any storage.
package trigger

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"formrail/engine/inbound"
	"formrail/engine/slots"
	"formrail/models/field"
	"formrail/models/text"
)

// Spec declares one trigger type whose settings decode into C.
type Spec[C any] struct {
	Key     string
	Icon    string // name in the icon sprite
	Title   string // "Post-action event"
	Summary string // one sentence on the card
	Help    string // Markdown

	Config  []field.Field
	Check   func(C, Catalog) field.Problems
	Warn    func(C, Catalog) field.Problems // what is allowed and should be looked at; optional
	Context func(C, Catalog) field.Shape    // what {{ trigger.… }} offers
	Line    func(C, Catalog) string         // one line on the canvas

	// Sync says which execution modes the type allows.
	Sync Mode

	// Listens says which collection and record actions a type with Match may
	// start from; the engine indexes workflows by it. Other types may name the
	// collection they are about.
	Listens func(C) Listens

	// Match decides about one change. It runs inside the transaction of the change.
	Match func(ctx context.Context, c C, change Change) (Decision, error)

	// Form declares the typed input of a type that starts when it is called.
	Form func(C) Form

	// Ended decides about an execution of some workflow that has ended.
	Ended func(c C, of Ended) Hearing

	// Times says when executions of a type start that follows the clock.
	Times func(C) slots.Timing

	// Fixed names settings that stay as they were when the workflow was first
	// published.
	Fixed []string

	// Serve says how requests of other programs are taken.
	Serve func(c C) inbound.Door
}

// Form is what a workflow takes and gives when it is called.
type Form struct {
	Input  []field.Field
	Output []field.Field // properties of what it gives; nil = anything
	Only   []string      // keys of the workflows that may call it; empty = all
}

// Ended is an execution that has ended, as an error trigger sees it.
type Ended struct {
	Workflow   string   // key
	Categories []string // names of its categories
	Status     string   // failed, timed_out, rejected, cancelled
	Kind       string   // of the failure: fault, refused, timeout; empty = none
}

// Hearing says whether an error trigger hears of an execution that has ended.
type Hearing struct {
	Hears  bool
	Window time.Duration // failures that look alike start it once in this time; 0 = each does
}

// Mode says which execution modes a trigger type allows.
type Mode int

// The modes.
const (
	EitherMode Mode = iota // chosen when the workflow is created, async by default
	AlwaysAsync
	AlwaysSync
)

// Listens is what a workflow listens to.
type Listens struct {
	Collection string
	Global     bool     // starts without being named
	Actions    []string // create, update, destroy; empty with Global never starts
	Preload    []string // association paths
	ByAPI      bool     // callers may name it
	Order      int      // among global ones
	AsList     bool     // one execution for all records of a write, with a list
	Atomic     bool     // runs inside the write, which is undone when it fails; synchronous only
}

// Catalog is what checks may know about the instance; the same as for nodes.
type Catalog interface {
	HasCollection(name string) bool
	Record(collection string, depth int) field.Shape
	CheckFilter(collection string, filter any) field.Problems // each names the path of its condition
}

// Change is what a Match sees of one change.
type Change struct {
	Action  string         // create, update, destroy
	Source  string         // form, api, public, import, workflow, task, …
	Named   bool           // the caller named or bound this workflow
	Changed []string       // fields whose stored value differs
	Record  map[string]any // after the change; for destroy its last values

	// Matches evaluates a record filter on the record inside the transaction.
	// The sentence says what was compared.
	Matches func(ctx context.Context, filter any) (ok bool, sentence string, err error)
}

// Decision is what a Match says.
type Decision struct {
	Start       bool
	Reason      string // why not; stable, lower case
	Explanation string // the sentence behind it
}

// Start starts the workflow.
func Start() Decision { return Decision{Start: true} }

// Not does not start the workflow, for a reason.
func Not(reason, explanation string) Decision {
	return Decision{Reason: reason, Explanation: explanation}
}

// Type is a trigger type with its settings type erased.
type Type struct {
	Key     string
	Icon    string
	Title   string
	Summary string
	Help    string
	Config  []field.Field
	Sync    Mode
	Fixed   []string

	newConfig func() any
	check     func(any, Catalog) field.Problems
	context   func(any, Catalog) field.Shape
	line      func(any, Catalog) string
	listens   func(any) Listens
	match     func(context.Context, any, Change) (Decision, error)
	form      func(any) Form
	ended     func(any, Ended) Hearing
	times     func(any) slots.Timing
	serve     func(any) inbound.Door
	warn      func(any, Catalog) field.Problems
}

// Define checks a declaration and erases its settings type. It panics on the
// mistakes of a programmer.
//
//nolint:forcetypeassert // newConfig makes *C only
func Define[C any](s Spec[C]) *Type {
	if s.Key == "" || s.Title == "" || s.doors() != 1 {
		panic("trigger type without key or title, or with more or less than one door: " + s.Key)
	}
	if s.Match != nil && s.Listens == nil {
		panic("trigger type with Match and without Listens: " + s.Key)
	}
	if err := field.SameNames(s.Config, reflect.TypeFor[C]()); err != nil {
		panic(fmt.Sprintf("trigger type %s: %v", s.Key, err))
	}
	t := &Type{
		Key: s.Key, Icon: s.Icon, Title: s.Title, Summary: s.Summary, Help: s.Help, Config: s.Config, Sync: s.Sync, Fixed: s.Fixed,
		newConfig: func() any { return new(C) },
		check:     func(any, Catalog) field.Problems { return nil },
		context:   func(any, Catalog) field.Shape { return field.Any("") },
		line:      func(any, Catalog) string { return "" },
		listens:   func(any) Listens { return Listens{} },
		warn:      func(any, Catalog) field.Problems { return nil },
	}
	if s.Listens != nil {
		t.listens = func(c any) Listens { return s.Listens(*c.(*C)) }
	}
	if s.Match != nil {
		t.match = func(ctx context.Context, c any, change Change) (Decision, error) {
			return s.Match(ctx, *c.(*C), change)
		}
	}
	if s.Form != nil {
		t.form = func(c any) Form { return s.Form(*c.(*C)) }
	}
	if s.Ended != nil {
		t.ended = func(c any, of Ended) Hearing { return s.Ended(*c.(*C), of) }
	}
	if s.Times != nil {
		t.times = func(c any) slots.Timing { return s.Times(*c.(*C)) }
	}
	if s.Serve != nil {
		t.serve = func(c any) inbound.Door { return s.Serve(*c.(*C)) }
	}
	if s.Warn != nil {
		t.warn = func(c any, cat Catalog) field.Problems { return s.Warn(*c.(*C), cat) }
	}
	if s.Check != nil {
		t.check = func(c any, cat Catalog) field.Problems { return s.Check(*c.(*C), cat) }
	}
	if s.Context != nil {
		t.context = func(c any, cat Catalog) field.Shape { return s.Context(*c.(*C), cat) }
	}
	if s.Line != nil {
		t.line = func(c any, cat Catalog) string { return s.Line(*c.(*C), cat) }
	}
	return t
}

// doors counts the ways in which executions of a type start.
func (s Spec[C]) doors() int {
	n := 0
	for _, has := range []bool{s.Match != nil, s.Form != nil, s.Ended != nil, s.Times != nil, s.Serve != nil} {
		if has {
			n++
		}
	}
	return n
}

// Settings are decoded settings of one trigger.
type Settings struct{ config any }

// Decode reads stored settings; defaults fill what is absent. Triggers take
// constants only: a setting with {{ }} is a problem, never silently nothing.
func (t *Type) Decode(raw map[string]any) (Settings, field.Problems) {
	config := t.newConfig()
	problems := field.Decode(t.Config, raw, config)
	for _, f := range t.Config {
		if f.Resolves() && field.HasTemplate(raw[f.Name]) {
			problems.Add(f.Name, "DEFINITION_INVALID",
				text.M("trigger.constant", "%s cannot hold variables. Enter a fixed value.", f.Label))
		}
	}
	return Settings{config}, problems
}

// Check gives the findings of the type's own rules.
func (t *Type) Check(s Settings, cat Catalog) field.Problems { return t.check(s.config, cat) }

// Warn gives what is allowed and should be looked at.
func (t *Type) Warn(s Settings, cat Catalog) field.Problems { return t.warn(s.config, cat) }

// Serves reports whether the type starts from requests of other programs.
func (t *Type) Serves() bool { return t.serve != nil }

// Serve says how requests are taken; only for types that start from them.
func (t *Type) Serve(s Settings) inbound.Door { return t.serve(s.config) }

// Context gives the shape of {{ trigger }}.
func (t *Type) Context(s Settings, cat Catalog) field.Shape { return t.context(s.config, cat) }

// Line gives one line for the canvas.
func (t *Type) Line(s Settings, cat Catalog) string { return t.line(s.config, cat) }

// Listens says what a workflow with these settings listens to.
func (t *Type) Listens(s Settings) Listens { return t.listens(s.config) }

// Matches reports whether the type starts from changes of records.
func (t *Type) Matches() bool { return t.match != nil }

// Form gives what the workflow takes when it is called; ok is false for types that
// cannot be called.
func (t *Type) Form(s Settings) (form Form, ok bool) {
	if t.form == nil {
		return Form{}, false
	}
	return t.form(s.config), true
}

// Called reports whether the type starts when it is called.
func (t *Type) Called() bool { return t.form != nil }

// HearsEnds reports whether the type starts from executions that have ended.
func (t *Type) HearsEnds() bool { return t.ended != nil }

// Ended decides about an execution that has ended.
func (t *Type) Ended(s Settings, of Ended) Hearing { return t.ended(s.config, of) }

// Timed reports whether the type follows the clock.
func (t *Type) Timed() bool { return t.times != nil }

// Times says when executions start; only for types that follow the clock.
func (t *Type) Times(s Settings) slots.Timing { return t.times(s.config) }

// Match decides about one change, inside its transaction.
func (t *Type) Match(ctx context.Context, s Settings, change Change) (Decision, error) {
	return t.match(ctx, s.config, change)
}
