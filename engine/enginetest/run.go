package enginetest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
)

// Now is the time of every step that [Run] makes.
func Now() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC) }

// Step is one step of a node: settings as stored in a definition, variables by root,
// and the capabilities it gets.
type Step struct {
	Config map[string]any
	Vars   map[string]any
	Caps   Caps
}

// Caps are the capabilities of a step; nil ones are missing.
type Caps struct {
	Records node.Records
	Tasks   node.Tasks
	Notify  node.Notify
	Script  node.Script
	HTTP    node.HTTP
	Flows   node.Flows
	Events  node.Events
	Sync    bool
}

// Fakes are fresh capabilities with sample data, as far as the effect of the type
// allows them.
func Fakes(typ *node.Type) Caps {
	caps := Caps{Sync: !typ.Waits}
	switch typ.Effect {
	case node.Local:
		caps.Records, caps.Tasks, caps.Notify = SampleRecords(), &Tasks{}, &Notify{}
		caps.Flows, caps.Events = &Flows{}, &Events{}
	case node.Slow:
		caps.Script = &Script{}
	case node.External:
		caps.HTTP = &HTTP{}
	case node.Pure:
	}
	return caps
}

// Run makes one attempt as the engine does: decode, resolve, fill, run. Settings
// that cannot be decoded fail the test; an error is why the step failed.
func Run(t testing.TB, typ *node.Type, s Step) (node.View, error) {
	t.Helper()
	settings, err := s.Settings(t, typ)
	if err != nil {
		return node.View{}, err
	}
	result, err := typ.Run(t.Context(), s.Call(typ), settings)
	return result.Open(), err
}

// Resume tells a waiting step why it goes on.
func Resume(t testing.TB, typ *node.Type, s Step, signal node.Signal) (node.View, error) {
	t.Helper()
	settings, err := s.Settings(t, typ)
	if err != nil {
		return node.View{}, err
	}
	result, err := typ.Resume(t.Context(), s.Call(typ), settings, signal)
	return result.Open(), err
}

// Call is what the node gets.
func (s Step) Call(typ *node.Type) node.Call {
	return node.Call{
		Key: "step-1", Attempt: 1, Now: Now(), Seed: 1, Vars: expr.MapVars(s.Vars),
		Node:    node.Self{Key: "n1", Title: typ.Title, Execution: "e1", Workflow: "example", Sync: s.Caps.Sync, Filled: []string{"body"}},
		Records: s.Caps.Records, Tasks: s.Caps.Tasks, Notify: s.Caps.Notify, Script: s.Caps.Script, HTTP: s.Caps.HTTP, Flows: s.Caps.Flows, Events: s.Caps.Events,
	}
}

// Settings decodes the settings and puts the values of variables in. An error is
// what the step fails with when that is impossible.
func (s Step) Settings(t testing.TB, typ *node.Type) (node.Settings, error) {
	t.Helper()
	settings, problems := typ.Decode(s.Config)
	require.Empty(t, problems, "settings must decode")
	values := map[string]any{}
	for _, f := range typ.Config {
		if !f.Resolves() || !field.HasTemplate(s.Config[f.Name]) {
			continue
		}
		tree, err := expr.CompileTree(s.Config[f.Name])
		require.NoError(t, err, f.Name)
		values[f.Name], _, err = tree.Resolve(t.Context(), expr.Input{Vars: expr.MapVars(s.Vars), Now: Now(), Seed: 1})
		var fault *expr.Fault
		if errors.As(err, &fault) {
			return settings, node.Broken(fault.Code, fault.Message)
		}
		require.NoError(t, err, f.Name)
	}
	settings, problems = typ.Fill(settings, values)
	if len(problems) > 0 {
		return settings, node.Broken(problems[0].Code, problems[0].Message)
	}
	return settings, nil
}
