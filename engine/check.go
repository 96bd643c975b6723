package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"formrail/engine/expr"
	"formrail/engine/script"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Finding is one thing a designer should know about a draft. Errors block
// publishing.
type Finding struct {
	Severity string // error or warning
	Node     string // key of the node; "trigger" for the trigger
	Field    string // setting, as a dotted path
	Code     string
	Message  text.Message
}

// Check gives the findings of a definition against the collections of the
// instance. It does not read scripts; [Engine.CheckAll] does.
func (e *Engine) Check(ctx context.Context, d *Definition, sync bool) (*Compiled, []Finding, error) {
	r, err := e.reading(ctx, d, &Compiled{})
	if err != nil {
		return nil, nil, err
	}
	r.check(sync)
	return r.compiled, r.Findings, nil
}

// check finds what a designer should know about a definition.
func (r *Reading) check(sync bool) {
	c := r.compiled
	k := &checker{cat: r.Schema, c: c}
	for _, p := range r.problems {
		k.add("error", p)
	}
	if c.Trigger != nil {
		k.own("trigger", c.Trigger.Check(c.Settings, k.cat))
		k.mode(sync)
		k.times(r.now)
		for _, p := range c.Trigger.Warn(c.Settings, k.cat) {
			p.Field = join("trigger", p.Field)
			k.add("warning", p)
		}
	}
	k.answers(sync)
	for _, n := range c.Nodes {
		k.own(n.part.Key, n.typ.Check(n.settings, k.cat))
		k.references(n)
		k.assignment(n)
		if sync && n.typ.MayWait(n.settings, k.cat) && !c.afterAnswer(n) {
			k.add("error", field.Problem{
				Field: join(n.part.Key, "type"), Code: "WAITING_NODE_IN_SYNC",
				Message: text.M("check.sync_wait", "%s waits for people or time; this workflow answers at once.", n.title),
			})
		}
		k.transaction(n)
		if c.Listens.Atomic && (n.typ.Waits || n.typ.Leaves(n.settings)) {
			k.add("error", field.Problem{
				Field: join(n.part.Key, "type"), Code: "NODE_NOT_ATOMIC",
				Message: text.M("check.atomic", "%s cannot run inside the save; only steps that compute or change records can.", n.title),
			})
		}
		if n.typ.Key == "end" && n.next != nil {
			k.add("warning", field.Problem{
				Field: join(n.part.Key, "type"), Code: "UNREACHABLE",
				Message: text.M("check.unreachable", "Nothing after %s is ever reached.", n.title),
			})
		}
	}
	if c.Listens.Atomic && !sync {
		k.add("error", field.Problem{
			Field: "trigger.rollbackOnFailure", Code: "DEFINITION_INVALID",
			Message: text.M("check.atomic_sync", "Only a workflow that answers at once can undo the save when it fails."),
		})
	}
	if len(c.Nodes) == 0 {
		k.add("warning", field.Problem{Field: "nodes", Code: "EMPTY", Message: text.M("check.empty", "The workflow has no steps yet.")})
	}
	r.sync, r.Findings = sync, k.findings
}

// transaction finds a step that cannot be part of the database transaction around it.
func (k *checker) transaction(n *compiledNode) {
	around := n.transaction()
	switch {
	case around == nil:
	case n.typ.Leaves(n.settings):
		k.add("error", field.Problem{
			Field: join(n.part.Key, "type"), Code: "NODE_NOT_ATOMIC",
			Message: text.M("check.transaction", "%s cannot run inside the transaction “%s”; only steps that compute or change records can.", n.title, around.title),
		})
	case n.retry.attempts > 1:
		k.add("error", field.Problem{
			Field: join(n.part.Key, "retry"), Code: "NODE_NOT_ATOMIC",
			Message: text.M("check.transaction_retry", "Inside the transaction “%s” a step is tried once.", around.title),
		})
	}
}

// CheckAll gives all findings of a definition, with those of its scripts. It asks
// child processes to read these and takes time: never call it inside a write.
// Without children, or while all are busy, a script counts as readable; its step
// then tells.
func (e *Engine) CheckAll(ctx context.Context, d *Definition, sync bool) ([]Finding, error) {
	r, err := e.reading(ctx, d, &Compiled{})
	if err != nil {
		return nil, err
	}
	r.check(sync)
	return e.CheckScripts(ctx, r), nil
}

// CheckScripts gives the findings of a draft together with those of its scripts, as
// [Engine.CheckAll] does.
func (e *Engine) CheckScripts(ctx context.Context, r *Reading) []Finding {
	findings := slices.Clone(r.Findings)
	if e.scripts == nil {
		return findings
	}
	wrong := map[string]bool{}
	for _, f := range Errors(findings) {
		wrong[f.Node] = true
	}
	for _, n := range r.compiled.Nodes {
		source := n.typ.Source(n.settings)
		if source.Field == "" || wrong[n.part.Key] {
			continue // a name of an input that cannot be read is told once
		}
		var bad *script.Error
		if err := e.scripts.Check(ctx, source.Code, source.Inputs); errors.As(err, &bad) && bad.Code == script.CodeInvalid {
			message := bad.Message
			if bad.Line > 0 {
				message = text.M("check.script_line", "Line %d: %s", bad.Line, bad.Message)
			}
			findings = append(findings, Finding{Severity: "error", Node: n.part.Key, Field: source.Field, Code: bad.Code, Message: message})
		}
	}
	return findings
}

// mode finds a workflow that answers at once, or does not, against the nature of its
// trigger.
func (k *checker) mode(sync bool) {
	switch {
	case sync && k.c.Trigger.Sync == trigger.AlwaysAsync:
		k.add("error", field.Problem{
			Field: "trigger.type", Code: "DEFINITION_INVALID",
			Message: text.M("check.async_only", "A workflow with the trigger %s runs in the background always.", k.c.Trigger.Title),
		})
	case !sync && k.c.Trigger.Sync == trigger.AlwaysSync:
		k.add("error", field.Problem{
			Field: "trigger.type", Code: "DEFINITION_INVALID",
			Message: text.M("check.sync_only", "A workflow with the trigger %s answers at once always.", k.c.Trigger.Title),
		})
	}
}

// Errors gives the findings that block publishing.
func Errors(findings []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Severity != "error" })
}

// refusal is the answer to a definition that cannot be published or stored.
func refusal(findings []Finding) *models.Error {
	e := models.Invalid("DEFINITION_INVALID", text.M("definition.invalid", "The workflow has problems that must be solved first."))
	for _, f := range findings {
		e.Fields = append(e.Fields, models.FieldError{Field: join(f.Node, f.Field), Code: f.Code, Message: f.Message})
	}
	return e
}

type checker struct {
	cat      Schema
	c        *Compiled
	findings []Finding
	shapes   map[*compiledNode]field.Shape // of what nodes give; nil stands for the trigger
}

// shape is what a node gives to others; that of the trigger for nil. It is worked out
// once: many references read the same.
func (k *checker) shape(n *compiledNode) field.Shape {
	if s, ok := k.shapes[n]; ok {
		return s
	}
	var s field.Shape
	if n == nil {
		s = k.c.Trigger.Context(k.c.Settings, k.cat)
	} else {
		s = n.typ.Gives(n.settings, n.part.OnError, k.cat)
	}
	if k.shapes == nil {
		k.shapes = map[*compiledNode]field.Shape{}
	}
	k.shapes[n] = s
	return s
}

func (k *checker) add(severity string, p field.Problem) {
	node, rest, _ := cutDot(p.Field)
	k.findings = append(k.findings, Finding{Severity: severity, Node: node, Field: rest, Code: p.Code, Message: p.Message})
}

func (k *checker) own(where string, problems field.Problems) {
	for _, p := range problems {
		p.Field = join(where, p.Field)
		severity := "error"
		if p.Warning {
			severity = "warning"
		}
		k.add(severity, p)
	}
}

// references checks every variable a node reads: its root, that a named node runs
// before on every way, and that the named property exists.
func (k *checker) references(n *compiledNode) {
	for _, ref := range n.refs {
		if p, bad := k.reference(n, ref); bad {
			k.add("error", p)
		}
	}
}

func (k *checker) reference(n *compiledNode, ref expr.Reference) (field.Problem, bool) {
	name := ref.Root + "." + strings.Join(ref.Path, ".")
	bad := func(m text.Message) (field.Problem, bool) {
		return field.Problem{Field: join(n.part.Key, "config"), Code: "UNKNOWN_VARIABLE", Message: m}, true
	}
	inner := n.readsInside(ref)
	switch ref.Root {
	case "trigger":
		if k.c.Trigger == nil {
			return field.Problem{}, false
		}
		if !hasPath(k.shape(nil), ref.Path) {
			return bad(text.M("check.variable", "%s names nothing the trigger offers.", name))
		}
	case "nodes":
		if len(ref.Path) == 0 {
			return field.Problem{}, false
		}
		other := k.c.byKey[ref.Path[0]]
		if other == nil {
			return bad(text.M("check.node", "%s names a step that does not exist.", name))
		}
		if !runsBefore(other, n) && !(inner && other.inside(n)) {
			return bad(text.M("check.later", "%s has not run on every way to this step.", name))
		}
		if !hasPath(k.shape(other), ref.Path[1:]) {
			return bad(text.M("check.output", "%s names nothing that the step gives.", name))
		}
	case "system":
		if first(ref.Path) == "callbacks" && !hasPath(k.c.addresses(n), ref.Path[1:]) {
			return bad(text.M("check.callback", "%s names no step here that waits for a call.", name))
		}
	case "loop", "loops":
		loop, path := n.loopOf(ref, inner)
		if loop == nil {
			return bad(text.M("check.loop", "%s exists inside loops only.", name))
		}
		if !hasPath(k.pass(loop), path) {
			return bad(text.M("check.loop_variable", "%s names nothing the loop offers.", name))
		}
	}
	return field.Problem{}, false
}

// hasPath reports whether a shape may have a property at a path. Digits pick from
// lists; open shapes may have anything.
func hasPath(s field.Shape, path []string) bool {
	for _, name := range path {
		if s.Open || (len(s.Fields) == 0 && s.Kind == "" && s.Target == "") {
			return true
		}
		if s.List { // a digit picks one, a name is read of each
			s.List = false
			if isIndex(name) {
				continue
			}
		}
		prop, ok := s.Prop(name)
		if !ok {
			return false
		}
		s = prop
	}
	return true
}

// isIndex reports whether a name of a path is a list position.
func isIndex(name string) bool { return strings.Trim(name, "0123456789") == "" }

// runsBefore reports whether node a has run, or been skipped with its branch not
// taken, on every way to node b: it stands earlier in b's list or in a list
// around it, at any depth.
func runsBefore(a, b *compiledNode) bool {
	for at := b; at != nil; at = at.parent {
		for outer := a; outer != nil; outer = outer.parent {
			if outer == at {
				return outer == a && a != b // an enclosing node has run
			}
			if outer.parent == at.parent && outer.branch == at.branch && precedes(outer, at) {
				return true
			}
		}
	}
	return false
}

func precedes(a, b *compiledNode) bool {
	for n := a.next; n != nil; n = n.next {
		if n == b {
			return true
		}
	}
	return false
}

// Usages lists the places of live versions and drafts that name a collection or
// one of its fields.
func (e *Engine) Usages(ctx context.Context, collection, fieldName string) ([]models.Usage, error) {
	workflows, err := models.Workflows(ctx, e.db.Read())
	if err != nil {
		return nil, err
	}
	var out []models.Usage
	for _, w := range workflows {
		places, err := e.placesIn(ctx, w, collection, fieldName)
		if err != nil {
			return nil, err
		}
		for _, place := range places {
			out = append(out, models.Usage{Kind: "workflow", Key: w.Key, Title: w.Title, Place: place, Live: w.LiveVersion != 0})
		}
	}
	return out, nil
}

// placesIn lists the places of a workflow's draft, and those that only its live
// version has.
func (e *Engine) placesIn(ctx context.Context, w *models.Workflow, collection, fieldName string) ([]string, error) {
	d, err := ReadDefinition(w.Draft)
	if err != nil {
		return nil, fmt.Errorf("read draft of %s: %w", w.Key, err)
	}
	places := usedIn(d, collection, fieldName)
	if w.LiveVersion == 0 || !w.DraftDirty {
		return places, nil
	}
	v, err := models.VersionByID(ctx, e.db.Read(), w.LiveVersion)
	if err != nil {
		return nil, err
	}
	live, err := ReadDefinition(v.Definition)
	if err != nil {
		return nil, fmt.Errorf("read version %d of %s: %w", v.Number, w.Key, err)
	}
	for _, place := range usedIn(live, collection, fieldName) {
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places, nil
}

// usedIn lists the nodes whose settings name a collection and, when given, a field.
func usedIn(d *Definition, collection, fieldName string) []string {
	var out []string
	names := func(config map[string]any) bool {
		c, _ := config["collection"].(string)
		if models.Snake(c) != models.Snake(collection) {
			return false
		}
		return fieldName == "" || mentions(config, fieldName)
	}
	if names(d.Trigger.Config) {
		out = append(out, "trigger")
	}
	onTrigger, _ := d.Trigger.Config["collection"].(string)
	d.walk(func(n *NodePart) {
		reads := models.Snake(onTrigger) == models.Snake(collection) && fieldName != "" && mentions(n.Config, "trigger.data."+fieldName)
		if names(n.Config) || reads {
			out = append(out, n.Key)
		}
	})
	return out
}

// mentions reports whether a name occurs as a key or inside a text of a value.
func mentions(v any, name string) bool {
	switch v := v.(type) {
	case string:
		return v == name || strings.Contains(v, name)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return mentions(e, name) })
	case map[string]any:
		for k, e := range v {
			if k == name || mentions(e, name) {
				return true
			}
		}
	}
	return false
}
