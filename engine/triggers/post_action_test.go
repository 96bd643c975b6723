package triggers

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/enginetest"
	"formrail/engine/trigger"
)

func TestAll_Conform(t *testing.T) {
	t.Parallel()
	enginetest.ConformTriggers(t, All(), enginetest.Icons(t, "../../static/vendor/icons.svg"))
}

func decode(t *testing.T, config map[string]any) trigger.Settings {
	t.Helper()
	settings, problems := postAction.Decode(config)
	require.Empty(t, problems)
	return settings
}

func TestPostAction_Matches(t *testing.T) {
	t.Parallel()
	local := map[string]any{"collection": "orders"}
	global := map[string]any{"collection": "orders", "mode": "global", "actions": []any{"create", "destroy"}}
	with := func(config map[string]any, name string, v any) map[string]any {
		out := map[string]any{name: v}
		for k, e := range config {
			out[k] = e
		}
		return out
	}
	for _, c := range []struct {
		name   string
		config map[string]any
		change trigger.Change
		reason string // empty = it starts
	}{
		{"a bound button starts it", local, trigger.Change{Action: "update", Source: "form", Named: true}, ""},
		{"a local workflow must be named", local, trigger.Change{Action: "create", Source: "form"}, "not_named"},
		{"the actions of a local workflow are ignored", with(local, "actions", []any{"create"}), trigger.Change{Action: "destroy", Source: "api", Named: true}, ""},
		{"a global workflow starts unnamed", global, trigger.Change{Action: "create", Source: "api"}, ""},
		{"a global workflow starts from its actions only", global, trigger.Change{Action: "update", Source: "form"}, "action_excluded"},
		{"also when it was named", global, trigger.Change{Action: "update", Source: "form", Named: true}, "action_excluded"},
		{"public forms count", global, trigger.Change{Action: "create", Source: "public"}, ""},
		{"imports do not count by default", global, trigger.Change{Action: "create", Source: "import"}, "origin_excluded"},
		{"imports count when chosen", with(global, "origins", []any{"import"}), trigger.Change{Action: "create", Source: "import"}, ""},
		{"and then forms do not", with(global, "origins", []any{"import"}), trigger.Change{Action: "create", Source: "form"}, "origin_excluded"},
		{"what workflows write never counts", global, trigger.Change{Action: "create", Source: "workflow"}, "origin_excluded"},
		{"nor do tasks", local, trigger.Change{Action: "update", Source: "task", Named: true}, "origin_excluded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := postAction.Match(t.Context(), decode(t, c.config), c.change)
			require.NoError(t, err)
			require.Equal(t, c.reason == "", d.Start)
			require.Equal(t, c.reason, d.Reason)
			require.Equal(t, d.Start, d.Explanation == "", "a no is explained")
		})
	}
}

func TestPostAction_Condition(t *testing.T) {
	t.Parallel()
	filter := map[string]any{"amount": map[string]any{"$gt": int64(500)}}
	settings := decode(t, map[string]any{"collection": "orders", "condition": filter})
	broken := errors.New("broken")
	for _, c := range []struct {
		ok   bool
		err  error
		want trigger.Decision
	}{
		{true, nil, trigger.Start()},
		{false, nil, trigger.Not("condition_false", "80 > 500")},
		{true, broken, trigger.Decision{}},
	} {
		d, err := postAction.Match(t.Context(), settings, trigger.Change{
			Action: "create", Source: "form", Named: true,
			Matches: func(_ context.Context, got any) (bool, string, error) {
				require.Equal(t, filter, got)
				return c.ok, "80 > 500", c.err
			},
		})
		require.ErrorIs(t, err, c.err)
		require.Equal(t, c.want, d)
	}
	d, err := postAction.Match(t.Context(), settings, trigger.Change{Action: "create", Source: "import", Named: true})
	require.NoError(t, err)
	require.Equal(t, "origin_excluded", d.Reason, "the origin is asked before the condition")
}

func TestPostAction_ChecksItsSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		config map[string]any
		want   []string
	}{
		{"a collection is required", map[string]any{}, []string{"collection MISSING"}},
		{"a collection that exists", map[string]any{"collection": "nope"}, []string{"collection DEFINITION_INVALID"}},
		{"a global workflow needs actions", map[string]any{"collection": "invoices", "mode": "global"}, []string{"actions MISSING"}},
		{"an empty list is no action", map[string]any{"collection": "invoices", "mode": "global", "actions": []any{}}, []string{"actions MISSING"}},
		{"an unknown action", map[string]any{"collection": "invoices", "mode": "global", "actions": []any{"purge"}}, []string{"actions DEFINITION_INVALID"}},
		{"variables are not known yet", map[string]any{"collection": "invoices", "condition": map[string]any{"id": "{{ user.id }}"}}, []string{"condition DEFINITION_INVALID"}},
		{"links to load", map[string]any{"collection": "invoices", "preload": []any{"order.applicant.manager.manager"}}, []string{}},
		{"links too far", map[string]any{"collection": "invoices", "preload": []any{"order.applicant.manager.manager.manager"}}, []string{"preload DEFINITION_INVALID"}},
		{"links that are none", map[string]any{"collection": "invoices", "preload": []any{"owner", "amount"}}, []string{"preload DEFINITION_INVALID", "preload DEFINITION_INVALID"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings, problems := postAction.Decode(c.config)
			found := []string{}
			for _, p := range append(problems, postAction.Check(settings, enginetest.Sample())...) {
				found = append(found, p.Field+" "+p.Code)
			}
			require.Equal(t, c.want, found)
		})
	}
}

func TestPostAction_SaysWhatItListensTo(t *testing.T) {
	t.Parallel()
	settings := decode(t, map[string]any{
		"collection": "invoices", "mode": "global", "actions": []any{"create"},
		"preload": []any{"order"}, "startByApi": false, "order": int64(3),
	})
	require.Equal(t, trigger.Listens{Collection: "invoices", Global: true, Actions: []string{"create"}, Preload: []string{"order"}, Order: 3},
		postAction.Listens(settings))
	require.True(t, postAction.Listens(decode(t, map[string]any{"collection": "invoices"})).ByAPI)
	require.Equal(t, "Invoices · global mode", postAction.Line(settings, enginetest.Sample()))
}

func TestPostAction_Context(t *testing.T) {
	t.Parallel()
	at := func(config map[string]any, path ...string) bool {
		s := postAction.Context(decode(t, config), enginetest.Sample())
		ok := true
		for _, name := range path {
			s, ok = s.Prop(name)
			if !ok {
				return false
			}
		}
		return ok
	}
	invoices := map[string]any{"collection": "invoices"}
	require.True(t, at(invoices, "data", "order", "applicant", "nickname"), "two links on")
	require.False(t, at(invoices, "data", "order", "applicant", "manager", "nickname"), "three are too many")
	require.True(t, at(map[string]any{"collection": "invoices", "preload": []any{"order.applicant.manager"}},
		"data", "order", "applicant", "manager", "nickname"), "unless they are loaded")
	require.False(t, at(map[string]any{"collection": "orders"}, "data", "iban"), "hidden fields cannot be referenced")
	require.True(t, at(invoices, "params", "values", "amount"))
	require.True(t, at(invoices, "origin", "requestId"))
	require.True(t, at(invoices, "user", "nickname"))
}
