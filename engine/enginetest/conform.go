package enginetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/models/field"
)

var typeKey = regexp.MustCompile(`^[a-z][a-z0-9_]{1,62}$`)

// Conform checks that every node type keeps the contract of package node, and runs
// its examples. icons are the names in the icon sprite.
func Conform(t *testing.T, types []*node.Type, icons []string) {
	t.Helper()
	var keys []string
	for _, typ := range types {
		require.NotContains(t, keys, typ.Key, "keys are unique")
		keys = append(keys, typ.Key)
		t.Run(typ.Key, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, []node.Group{node.Flow, node.Compute, node.Data, node.People, node.Connect}, typ.Group)
			checkCard(t, card{typ.Key, typ.Icon, typ.Title, typ.Summary, typ.Help}, icons)
			checkForm(t, typ.Config)
			_, problems := typ.Decode(map[string]any{})
			onlyMissing(t, problems)
			require.True(t, !typ.Waits || typ.CanResume(), "a type that waits can resume")
			checkFree(t, typ)
			survives(t, typ)
			checkExamples(t, typ)
		})
	}
}

// ConformTriggers checks that every trigger type keeps the contract of package
// trigger.
func ConformTriggers(t *testing.T, types []*trigger.Type, icons []string) {
	t.Helper()
	var keys []string
	for _, typ := range types {
		require.NotContains(t, keys, typ.Key, "keys are unique")
		keys = append(keys, typ.Key)
		t.Run(typ.Key, func(t *testing.T) {
			t.Parallel()
			checkCard(t, card{typ.Key, typ.Icon, typ.Title, typ.Summary, typ.Help}, icons)
			checkForm(t, typ.Config)
			settings, problems := typ.Decode(map[string]any{})
			onlyMissing(t, problems)
			for _, catalog := range []Catalog{{}, Sample()} {
				typ.Check(settings, catalog)
				typ.Line(settings, catalog)
				context := typ.Context(settings, catalog)
				for _, name := range []string{"event", "date", "firedAt", "user", "role", "roleName", "principal", "origin"} {
					_, ok := context.Prop(name)
					require.True(t, ok, "every trigger offers %s", name)
				}
			}
			for _, f := range typ.Config {
				if f.Resolves() {
					_, problems := typ.Decode(map[string]any{f.Name: map[string]any{"a": "{{ trigger.data.id }}"}})
					require.True(t, slices.ContainsFunc(problems, func(p field.Problem) bool { return p.Field == f.Name }), "%s takes constants only", f.Name)
				}
			}
		})
	}
}

// card is what a type shows of itself.
type card struct{ key, icon, title, summary, help string }

func checkCard(t *testing.T, c card, icons []string) {
	t.Helper()
	require.Regexp(t, typeKey, c.key)
	require.Contains(t, icons, c.icon, "the icon is in the sprite")
	require.Regexp(t, `^[A-Z]\S*( [a-z]\S*)*$`, c.title, "a title is in sentence case")
	require.NotEmpty(t, c.summary)
	require.LessOrEqual(t, len(c.summary), 60, "a summary is one line")
	require.False(t, strings.HasSuffix(c.summary, "."), "a summary has no full stop")
	require.NotEmpty(t, c.help)
	for _, s := range []string{c.title, c.summary, c.help} {
		plain(t, s)
	}
}

// plain refuses words the interface never uses.
func plain(t *testing.T, s string) {
	t.Helper()
	require.NotContains(t, s, "!")
	require.NotRegexp(t, `(?i)\b(please|successfully)\b`, s)
}

func checkForm(t *testing.T, form []field.Field) {
	t.Helper()
	byName := map[string]field.Field{}
	for _, f := range form {
		require.NotContains(t, byName, f.Name, "names are unique")
		byName[f.Name] = f
		require.Contains(t, field.Kinds(), f.Kind, f.Name)
		require.Regexp(t, `^[A-Z]`, f.Label, f.Name)
		plain(t, f.Label+f.Help)
		for _, o := range f.Options {
			require.NotEmpty(t, o.Label, "%s: %s", f.Name, o.Value)
		}
		if f.Kind == field.Select || f.Kind == field.Set {
			require.NotEmpty(t, f.Options, f.Name)
		}
	}
	for _, f := range form {
		if f.When == nil {
			continue
		}
		other, ok := byName[f.When.Field]
		require.True(t, ok, "%s depends on %s, which is not in the form", f.Name, f.When.Field)
		offered := []string{"true", "false"}
		if other.Kind != field.Boolean {
			offered = nil
			for _, o := range other.Options {
				offered = append(offered, o.Value)
			}
		}
		require.Subset(t, offered, f.When.Values, f.Name)
	}
}

// checkFree checks that the branches a designer makes follow the list in the settings.
func checkFree(t *testing.T, typ *node.Type) {
	t.Helper()
	if typ.Free == nil {
		return
	}
	require.True(t, 0 < typ.Free.Min && typ.Free.Min <= typ.Free.Max, "there is at least one branch")
	list := typ.FreeList(map[string]any{})
	require.GreaterOrEqual(t, len(list), typ.Free.Min, "a fresh node has enough branches")
	list = append(list, map[string]any{"key": typ.Free.Prefix + "9", "title": "Ninth"})
	entries := make([]any, len(list))
	for i, one := range list {
		entries[i] = one
	}
	settings, _ := typ.Decode(map[string]any{typ.Free.Setting: entries})
	branches := typ.Branches(settings)
	for i, one := range list {
		require.Equal(t, one["key"], branches[i].Key, "the branches follow the list in its order, before all others")
		require.Equal(t, one["title"], branches[i].Title)
	}
}

func onlyMissing(t *testing.T, problems field.Problems) {
	t.Helper()
	for _, p := range problems {
		require.Equal(t, "MISSING", p.Code, "defaults must decode: %s: %s", p.Field, p.Message)
	}
}

// survives asks everything about defaults and about each example, on an instance
// without collections and on the sample.
func survives(t *testing.T, typ *node.Type) {
	t.Helper()
	configs := []map[string]any{{}}
	for _, e := range typ.Examples {
		configs = append(configs, e.Config)
	}
	for _, config := range configs {
		settings, _ := typ.Decode(config)
		for _, catalog := range []Catalog{{}, Sample()} {
			typ.Check(settings, catalog)
			typ.Outputs(settings, catalog)
			typ.Grants(settings, catalog)
			typ.Rights(settings)
			require.NotContains(t, typ.Line(settings, catalog), "\n")
			for _, b := range typ.Branches(settings) {
				require.NotEmpty(t, b.Key)
				require.NotEmpty(t, b.Title)
			}
		}
	}
}

func checkExamples(t *testing.T, typ *node.Type) {
	t.Helper()
	require.GreaterOrEqual(t, len(typ.Examples), 3, "examples show a normal, an edge and a failing case")
	require.True(t, slices.ContainsFunc(typ.Examples, failing), "one example fails")
	require.True(t, slices.ContainsFunc(typ.Examples, func(e node.AnyExample) bool { return !failing(e) }), "one example works")
	for _, e := range typ.Examples {
		t.Run(e.Title, func(t *testing.T) {
			t.Parallel()
			plain(t, e.Title)
			settings, problems := typ.Decode(e.Config)
			require.Empty(t, problems)
			if e.Want.Code == "" {
				wrong := slices.DeleteFunc(typ.Check(settings, Sample()), func(p field.Problem) bool { return p.Warning })
				require.Empty(t, wrong)
			}
			view, err := twice(t, typ, e)
			meets(t, e.Want, view, err)
			if err == nil && !view.Wait {
				require.True(t, fits(typ.Outputs(settings, Sample()), view.Output), "the output %v has the declared shape", view.Output)
				canonical(t, view.Output)
			}
			require.True(t, !view.Enter || typ.CanResume(), "a type that enters a branch can resume")
			if view.To || view.Enter {
				require.True(t, slices.ContainsFunc(typ.Branches(settings), func(b node.Branch) bool { return b.Key == entered(view)[0] }))
			}
		})
	}
}

// twice runs an example two times with the same settings and fresh fakes. Both runs
// must agree, and leave settings and variables as they were.
func twice(t *testing.T, typ *node.Type, e node.AnyExample) (node.View, error) {
	t.Helper()
	given := func() string {
		b, err := field.MarshalJSON(map[string]any{"config": e.Config, "vars": e.Vars})
		require.NoError(t, err)
		return string(b)
	}
	before := given()
	step := Step{e.Config, e.Vars, Fakes(typ)}
	settings, err := step.Settings(t, typ)
	if err != nil {
		return node.View{}, err
	}
	first, err := typ.Run(t.Context(), step.Call(typ), settings)
	firstCaps := step.Caps
	step.Caps = Fakes(typ)
	second, errAgain := typ.Run(t.Context(), step.Call(typ), settings)
	sameCalls(t, firstCaps, step.Caps, step.Call(typ).Key)
	require.Equal(t, first.Open(), second.Open(), "equal settings and variables give equal results")
	require.Equal(t, fmt.Sprint(err), fmt.Sprint(errAgain))
	require.Equal(t, before, given(), "a run changes neither settings nor variables")
	for _, signal := range e.Hears {
		require.NoError(t, err, "what fails hears of nothing")
		call := step.Call(typ)
		call.State, err = field.MarshalJSON(first.Open().State)
		require.NoError(t, err)
		first, err = typ.Resume(t.Context(), call, settings, signal)
	}
	return first.Open(), err
}

// sameCalls requires that two attempts send the same to the byte, with the key of the
// step.
func sameCalls(t *testing.T, first, second Caps, key string) {
	t.Helper()
	one, ok := first.HTTP.(*HTTP)
	if !ok {
		return
	}
	other, ok := second.HTTP.(*HTTP)
	require.True(t, ok)
	require.NotEmpty(t, one.Requests, "an external type calls somebody")
	require.Equal(t, one.Requests, other.Requests, "another attempt sends the same")
	for _, r := range one.Requests {
		require.True(t, slices.ContainsFunc(r.Headers, func(h node.HTTPHeader) bool {
			return h.Name == "Idempotency-Key" && strings.HasPrefix(h.Value, key)
		}), "every attempt carries the key of the step")
	}
}

func failing(e node.AnyExample) bool {
	return e.Want.Code != "" || e.Want.Ends == node.Failed || e.Want.Ends == node.Rejected
}

func meets(t *testing.T, want node.Want, v node.View, err error) {
	t.Helper()
	if want.Code != "" {
		require.Error(t, err)
		require.Equal(t, want.Code, node.AsFailure(err).Code, err.Error())
		return
	}
	require.NoError(t, err)
	switch {
	case want.Waits:
		require.True(t, v.Wait, "the step waits")
		return
	case want.Ends != "":
		require.True(t, v.End || v.Reject, "the execution ends")
		require.Equal(t, want.Ends, v.Outcome)
		require.True(t, v.Reject || v.Reason != "", "an end has a reason")
	case want.Branch != "":
		require.True(t, v.To || v.Enter, "a branch is entered")
		require.Equal(t, want.Branch, entered(v)[0])
	default:
		require.True(t, v.Done, "the flow goes on")
	}
	if want.Output != nil {
		require.True(t, field.Equal(want.Output, v.Output), "output: want %v, got %v", want.Output, v.Output)
	}
}

// entered lists the branches that a result goes on with.
func entered(v node.View) []string {
	out := v.Branches
	for _, e := range v.Entries {
		out = append(out, e.Branch)
	}
	return out
}

// canonical requires that a value is the same after it was stored and read.
func canonical(t *testing.T, v any) {
	t.Helper()
	b, err := field.MarshalJSON(v)
	require.NoError(t, err)
	back, err := field.ParseJSON(b)
	require.NoError(t, err)
	require.True(t, field.Equal(v, back), "output %v is canonical", v)
}

// fits reports whether a value has a shape; nothing has every shape.
func fits(s field.Shape, v any) bool {
	if v == nil {
		return true
	}
	if s.List {
		list, ok := v.([]any)
		s.List = false
		return ok && !slices.ContainsFunc(list, func(e any) bool { return !fits(s, e) })
	}
	if m, ok := v.(map[string]any); ok {
		for name, e := range m {
			prop, listed := s.Prop(name)
			if !listed && !s.Open || listed && !fits(prop, e) {
				return false
			}
		}
		return true
	}
	return s.Kind == "" && s.Open || scalarFits(s.Kind, v)
}

func scalarFits(kind field.Kind, v any) bool {
	var ok bool
	switch kind {
	case field.Integer:
		_, ok = v.(int64)
	case field.Number:
		_, ok = field.AsDecimal(v)
	case field.Boolean:
		_, ok = v.(bool)
	case field.DateOnly, field.DateTime:
		switch v.(type) {
		case time.Time, field.Date, string:
			ok = true
		}
	case field.User, field.ManyToOne:
		_, ok = v.(int64)
	default:
		_, ok = v.(string)
	}
	return ok
}
