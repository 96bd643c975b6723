package node

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"formrail/models/field"
)

// Type is a node type with its settings type erased: what [Define] makes of a
// [Spec]. It is immutable and safe for concurrent use.
type Type struct {
	Key     string
	Group   Group
	Icon    string
	Title   string
	Summary string
	Help    string
	Config  []field.Field
	Effect  Effect
	Asks    string
	Waits   bool
	Skips   bool
	Unknown Unknown
	Right   string
	Free    *FreeBranches
	Hears   bool

	Transacts string

	Synonyms []string
	Examples []AnyExample

	newConfig func() any
	check     func(any, Catalog) field.Problems
	outputs   func(any, Catalog) field.Shape
	branches  func(any) []Branch
	grants    func(any, Catalog) []Grant
	rights    func(any) []string
	source    func(any) Source
	line      func(any, Catalog) string
	assigns   func(any) string
	atOnce    func(any, Catalog) bool
	apart     func(any) bool
	calls     func(any) Calls
	expects   func(any) bool
	answers   func(any) bool
	passes    *Passes[any]
	policy    func(any) Policy
	when      func(any, string, Catalog) string
	run       func(context.Context, Call, any) (Result, error)
	resume    func(context.Context, Call, any, Signal) (Result, error)
	test      func(context.Context, Call, any) (Result, error)
}

// AnyExample is an [Example] with its settings type erased.
type AnyExample struct {
	Title  string
	Config map[string]any
	Vars   map[string]any
	Hears  []Signal
	Want   Want
}

// Define checks a declaration and erases its settings type. It panics when form
// and settings disagree or the declaration contradicts itself: both are mistakes
// of the programmer that every test run finds.
func Define[C any](s Spec[C]) *Type {
	if s.Key == "" || s.Title == "" || s.Run == nil {
		panic("node type without key, title or Run: " + s.Key)
	}
	if s.Waits && s.Resume == nil {
		panic("node type waits without Resume: " + s.Key)
	}
	if err := field.SameNames(s.Config, reflect.TypeFor[C]()); err != nil {
		panic(fmt.Sprintf("node type %s: %v", s.Key, err))
	}
	if s.Asks != "" && !slices.ContainsFunc(s.Config, func(f field.Field) bool { return f.Name == s.Asks && f.Kind == field.Select }) {
		panic("node type asks for what is no select: " + s.Key)
	}
	if s.Free != nil && !slices.ContainsFunc(s.Config, func(f field.Field) bool { return f.Name == s.Free.Setting }) {
		panic("node type lists its branches in what is no setting: " + s.Key)
	}
	t := &Type{
		Key: s.Key, Group: s.Group, Icon: s.Icon, Title: s.Title, Summary: s.Summary, Help: s.Help,
		Config: s.Config, Effect: s.Effect, Waits: s.Waits, Skips: s.Skips, Unknown: s.Unknown, Right: s.Right, Free: s.Free, Hears: s.Hears, Transacts: s.Transacts, Asks: s.Asks, Synonyms: s.Synonyms,
		newConfig: func() any { return new(C) },
		check:     func(c any, cat Catalog) field.Problems { return nil },
		outputs:   func(any, Catalog) field.Shape { return field.Any("") },
		branches:  func(any) []Branch { return nil },
		grants:    func(any, Catalog) []Grant { return nil },
		rights:    func(any) []string { return nil },
		source:    func(any) Source { return Source{} },
		line:      func(any, Catalog) string { return "" },
		assigns:   func(any) string { return "" },
		policy:    func(any) Policy { return Policy{} },
		when:      func(any, string, Catalog) string { return "" },
		run: func(ctx context.Context, call Call, c any) (Result, error) {
			return s.Run(ctx, call, *c.(*C)) //nolint:forcetypeassert // newConfig makes *C only
		},
	}
	if t.Effect == External && t.Unknown == "" {
		t.Unknown = AskUnknown
	}
	eraseOptional(t, s)
	for _, e := range s.Examples {
		t.Examples = append(t.Examples, AnyExample(e))
	}
	return t
}

//nolint:forcetypeassert // newConfig makes *C only
func eraseOptional[C any](t *Type, s Spec[C]) {
	if s.Check != nil {
		t.check = func(c any, cat Catalog) field.Problems { return s.Check(*c.(*C), cat) }
	}
	if s.Outputs != nil {
		t.outputs = func(c any, cat Catalog) field.Shape { return s.Outputs(*c.(*C), cat) }
	}
	if s.Branches != nil {
		t.branches = func(c any) []Branch { return s.Branches(*c.(*C)) }
	}
	if s.Grants != nil {
		t.grants = func(c any, cat Catalog) []Grant { return s.Grants(*c.(*C), cat) }
	}
	if s.Rights != nil {
		t.rights = func(c any) []string { return s.Rights(*c.(*C)) }
	}
	if s.Source != nil {
		t.source = func(c any) Source { return s.Source(*c.(*C)) }
	}
	if s.Expects != nil {
		t.expects = func(c any) bool { return s.Expects(*c.(*C)) }
	}
	if s.Calls != nil {
		t.calls = func(c any) Calls { return s.Calls(*c.(*C)) }
	}
	if s.Apart != nil {
		t.apart = func(c any) bool { return s.Apart(*c.(*C)) }
	}
	if s.AtOnce != nil {
		t.atOnce = func(c any, cat Catalog) bool { return s.AtOnce(*c.(*C), cat) }
	}
	if s.Assigns != nil {
		t.assigns = func(c any) string { return s.Assigns(*c.(*C)) }
	}
	if s.Answers != nil {
		t.answers = func(c any) bool { return s.Answers(*c.(*C)) }
	}
	if p := s.Passes; p != nil {
		t.passes = &Passes[any]{
			Vars: func(c any, pass int) map[string]any { return p.Vars(*c.(*C), pass) }, Item: p.Item, Inside: p.Inside,
			Overlap: func(c any) bool { return p.Overlap != nil && p.Overlap(*c.(*C)) },
			Batches: func(c any) bool { return p.Batches != nil && p.Batches(*c.(*C)) },
		}
	}
	if s.Line != nil {
		t.line = func(c any, cat Catalog) string { return s.Line(*c.(*C), cat) }
	}
	if s.Policy != nil {
		t.policy = func(c any) Policy { return s.Policy(*c.(*C)) }
	}
	if s.When != nil {
		t.when = func(c any, branch string, cat Catalog) string { return s.When(*c.(*C), branch, cat) }
	}
	if s.Resume != nil {
		t.resume = func(ctx context.Context, call Call, c any, sig Signal) (Result, error) {
			return s.Resume(ctx, call, *c.(*C), sig)
		}
	}
	if s.Test != nil {
		t.test = func(ctx context.Context, call Call, c any) (Result, error) { return s.Test(ctx, call, *c.(*C)) }
	}
}

// Settings are decoded settings of one node. They belong to the type that
// decoded them and never change; [Type.Fill] makes filled copies.
type Settings struct{ config any }

// Decode reads stored settings: defaults fill what is absent, unknown names and
// wrong shapes are problems. Settings with {{ }} in their texts keep these as
// written where their type can hold them, so that checks, grants and shapes see
// the names around them; [Type.Fill] puts the values in at run time.
func (t *Type) Decode(raw map[string]any) (Settings, field.Problems) {
	config := t.newConfig()
	problems := field.Decode(t.Config, raw, config)
	for _, f := range t.Config {
		if v := raw[f.Name]; f.Resolves() && field.HasTemplate(v) {
			// A type that cannot hold the text, such as a number, stays empty until Fill.
			_ = field.Assign([]field.Field{f}, map[string]any{f.Name: v}, config)
		}
	}
	return Settings{config}, problems
}

// Fill gives a copy of settings in which the named settings have their values.
func (t *Type) Fill(s Settings, values map[string]any) (Settings, field.Problems) {
	if len(values) == 0 {
		return s, nil
	}
	config := reflect.New(reflect.TypeOf(s.config).Elem())
	config.Elem().Set(reflect.ValueOf(s.config).Elem())
	problems := field.Assign(t.Config, values, config.Interface())
	return Settings{config.Interface()}, problems
}

// Check gives the findings of the type's own rules.
func (t *Type) Check(s Settings, cat Catalog) field.Problems { return t.check(s.config, cat) }

// Outputs gives the shape of what later nodes may refer to.
func (t *Type) Outputs(s Settings, cat Catalog) field.Shape { return t.outputs(s.config, cat) }

// Expects reports whether the node waits for something outside the execution.
func (t *Type) Expects(s Settings) bool { return t.expects != nil && t.expects(s.config) }

// Calls gives the calls to an address of its own that the node waits for.
func (t *Type) Calls(s Settings) Calls {
	if t.calls == nil {
		return Calls{}
	}
	return t.calls(s.config)
}

// MayWait reports whether the node may have to wait under these settings.
func (t *Type) MayWait(s Settings, cat Catalog) bool {
	return t.Waits && (t.atOnce == nil || !t.atOnce(s.config, cat))
}

// Leaves reports whether the node leaves the transaction that a step may run in: it takes
// long, touches the outside world, or may wait.
func (t *Type) Leaves(s Settings) bool {
	return t.Effect == Slow || t.Effect == External || t.Waits && (t.apart == nil || !t.apart(s.config))
}

// AlwaysLeaves reports whether no settings keep the node inside a transaction.
func (t *Type) AlwaysLeaves() bool {
	return t.Effect == Slow || t.Effect == External || t.Waits && t.apart == nil
}

// AlwaysWaits reports whether no settings let the type do without waiting.
func (t *Type) AlwaysWaits() bool { return t.Waits && t.atOnce == nil }

// Gives gives the shape of what later nodes may refer to: the output, and with an error
// policy under which the execution goes on, the error that may stand in its place.
func (t *Type) Gives(s Settings, onError string, cat Catalog) field.Shape {
	out := t.Outputs(s, cat)
	if onError != "continue" && onError != "branch" || out.Open || len(out.Fields) == 0 && out.Kind == "" && out.Target == "" {
		return out
	}
	words := func(name, label string) field.Named {
		return field.Named{Name: name, Shape: field.Shape{Kind: field.Text, Label: label}}
	}
	out.Fields = append(slices.Clone(out.Fields), field.Named{Name: "error", Shape: field.Object("Error", words("kind", "Kind"), words("code", "Code"),
		words("message", "Message"), field.Named{Name: "details", Shape: field.Any("Details")})})
	return out
}

// Branches gives the branches the node owns under these settings.
func (t *Type) Branches(s Settings) []Branch { return t.branches(s.config) }

// FreeList gives copies of the entries that stand for the branches the designer made,
// in their order; empty for types that have none. raw are settings as a definition
// holds them.
func (t *Type) FreeList(raw map[string]any) []map[string]any {
	if t.Free == nil {
		return nil
	}
	v := raw[t.Free.Setting]
	for _, f := range t.Config {
		if v == nil && f.Name == t.Free.Setting {
			v = f.Default
		}
	}
	list, _ := v.([]any)
	out := make([]map[string]any, 0, len(list))
	for _, one := range list {
		if entry, ok := one.(map[string]any); ok {
			out = append(out, maps.Clone(entry))
		}
	}
	return out
}

// MayBranch gives the branches that the node owns under some answer to what it asks.
func (t *Type) MayBranch() []Branch {
	var out []Branch
	add := func(config map[string]any) {
		s, _ := t.Decode(config)
		for _, b := range t.Branches(s) {
			if !slices.ContainsFunc(out, func(o Branch) bool { return o.Key == b.Key }) {
				out = append(out, b)
			}
		}
	}
	add(nil)
	for _, f := range t.Config {
		for _, o := range f.Options {
			if f.Name == t.Asks {
				add(map[string]any{f.Name: o.Value})
			}
		}
	}
	return out
}

// Grants gives what the workflow must be allowed to do.
func (t *Type) Grants(s Settings, cat Catalog) []Grant { return t.grants(s.config, cat) }

// Source gives the script in the settings; its Field is empty when the type has none.
func (t *Type) Source(s Settings) Source { return t.source(s.config) }

// Rights gives the system rights needed to publish a node with these settings.
func (t *Type) Rights(s Settings) []string {
	if t.Right == "" {
		return t.rights(s.config)
	}
	return append([]string{t.Right}, t.rights(s.config)...)
}

// Line gives one line for the canvas, made from the settings.
func (t *Type) Line(s Settings, cat Catalog) string { return t.line(s.config, cat) }

// Assigns gives the key of the node whose value the node changes; empty for none.
func (t *Type) Assigns(s Settings) string { return t.assigns(s.config) }

// Answers reports whether the type answers the request that waits for the execution.
func (t *Type) Answers() bool { return t.answers != nil }

// GoesOn reports whether the execution runs on after a node has answered.
func (t *Type) GoesOn(s Settings) bool { return t.answers != nil && t.answers(s.config) }

// Loops reports whether the type runs a branch again and again.
func (t *Type) Loops() bool { return t.passes != nil }

// PassVars gives what "loop" holds in a pass of a node that loops.
func (t *Type) PassVars(s Settings, pass int) map[string]any { return t.passes.Vars(s.config, pass) }

// Overlaps reports whether passes may be under way side by side.
func (t *Type) Overlaps(s Settings) bool { return t.passes != nil && t.passes.Overlap(s.config) }

// Items names the setting whose value gives the items of the passes, and says whether
// an item is a list of several; empty when there is none.
func (t *Type) Items(s Settings) (setting string, batches bool) {
	if t.passes == nil {
		return "", false
	}
	return t.passes.Item, t.passes.Batches(s.config)
}

// ReadInside reports whether a setting is read inside a pass.
func (t *Type) ReadInside(setting string) bool {
	return t.passes != nil && slices.Contains(t.passes.Inside, setting)
}

// Policy gives what settings mean for the attempts.
func (t *Type) Policy(s Settings) Policy { return t.policy(s.config) }

// When says when a branch is taken, in words; empty when the title of the branch says it.
func (t *Type) When(s Settings, branch string, cat Catalog) string {
	return t.when(s.config, branch, cat)
}

// Run makes one attempt.
func (t *Type) Run(ctx context.Context, call Call, s Settings) (Result, error) {
	return t.run(ctx, call, s.config)
}

// CanResume reports whether the type hears that a wait or a branch has ended. A
// type with branches that cannot simply rejoins below them.
func (t *Type) CanResume() bool { return t.resume != nil }

// Resume tells a waiting step why it goes on.
func (t *Type) Resume(ctx context.Context, call Call, s Settings, signal Signal) (Result, error) {
	return t.resume(ctx, call, s.config, signal)
}
