package settings_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/node"
	"formrail/engine/nodes"
	"formrail/engine/triggers"
	"formrail/handlers/settings"
	"formrail/models/field"
	views "formrail/views/settings"
)

// schema knows orders with a link to people.
type schema struct{}

func (schema) CollectionNames() []string { return []string{"orders", "users"} }

func (schema) Workflow(string) (node.WorkflowInfo, bool) { return node.WorkflowInfo{}, false }

func (schema) CheckFilter(string, any) field.Problems { return nil }

func (schema) Collection(name string) (node.CollectionInfo, bool) {
	f := func(name string, kind field.Kind) node.FieldInfo {
		return node.FieldInfo{Field: field.Field{Name: name, Kind: kind, Label: name}}
	}
	switch name {
	case "orders":
		link := f("applicant", field.User)
		link.Target, link.ForeignKey = "users", "applicantId"
		status := f("status", field.Select)
		status.Options = []field.Option{{Value: "pending", Label: "Pending review"}, {Value: "approved", Label: "Approved"}, {Value: "old", Label: "Former", Archived: true}}
		return node.CollectionInfo{Name: name, Fields: []node.FieldInfo{f("title", field.Text), f("amount", field.Number), f("done", field.Boolean), link, status}}, true
	case "users":
		return node.CollectionInfo{Name: name, Fields: []node.FieldInfo{f("nickname", field.Text)}}, true
	}
	return node.CollectionInfo{}, false
}

func around() settings.Around {
	return settings.Around{Schema: schema{}, Holds: func(string) field.Kind { return field.Number }}
}

// declared are the settings of a node type.
func declared(t *testing.T, key string) []field.Field {
	t.Helper()
	for _, n := range nodes.All() {
		if n.Key == key {
			return n.Config
		}
	}
	t.Fatalf("no node type %s", key)
	return nil
}

func object(t *testing.T, s string) map[string]any {
	t.Helper()
	v, err := field.ParseJSON([]byte(s))
	require.NoError(t, err)
	return v.(map[string]any)
}

// sent reads a form as a browser sends it.
func sent(t *testing.T, query string) *settings.Tree {
	t.Helper()
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	return settings.Parse(values, views.Prefix)
}

func TestForm_StoredSettingsSurviveBeingShown(t *testing.T) {
	t.Parallel()
	for _, n := range nodes.All() {
		for _, example := range n.Examples {
			t.Run(n.Key+" "+example.Title, func(t *testing.T) {
				t.Parallel()
				want := settings.Stored(n.Config, example.Config, around()).Config()
				again := settings.Stored(n.Config, want, around()).Config()
				require.Equal(t, want, again)
				for name, v := range example.Config {
					f := settingOf(n.Config, name)
					if f.Kind == field.Filter {
						v = writtenOut(v)
					}
					if !field.Equal(v, f.Default) && f.When == nil {
						require.True(t, field.Equal(v, want[name]), "%s: %v became %v", name, v, want[name])
					}
				}
			})
		}
	}
}

// writtenOut says every comparison of a filter with its operator: {"a": 1} is
// {"a": {"$eq": 1}}.
func writtenOut(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, one := range m {
		if _, nested := one.(map[string]any); !nested && !strings.HasPrefix(name, "$") {
			one = map[string]any{"$eq": one}
		}
		out[name] = one
	}
	return out
}

func settingOf(list []field.Field, name string) field.Field {
	for _, f := range list {
		if f.Name == name {
			return f
		}
	}
	return field.Field{}
}

func TestForm_DrawsEveryDeclaredSetting(t *testing.T) {
	t.Parallel()
	forms := map[string][]field.Field{}
	for _, n := range nodes.All() {
		forms[n.Key] = n.Config
	}
	for _, tr := range triggers.All() {
		forms[tr.Key] = tr.Config
	}
	for key, fields := range forms {
		inputs := settings.Stored(fields, nil, around()).Inputs(context.Background(), map[string]string{fields[0].Name: "wrong"})
		require.Len(t, inputs, len(fields), key)
		require.Equal(t, "wrong", inputs[0].Problem)
	}
}

func TestForm_ReadsConditions(t *testing.T) {
	t.Parallel()
	form := func(query string) map[string]any {
		return settings.Sent(declared(t, "condition"), nil, sent(t, query), around()).Config()
	}
	require.Equal(t, object(t, `{"mode": "branch", "when": {"all": [{"left": "{{ trigger.data.amount }}", "op": "gt", "right": 500}]}}`),
		form("set.mode=branch&set.when.sent=1&set.when.0.left={{ trigger.data.amount }}&set.when.0.op=gt&set.when.0.right=500&set.when.1.left=&set.when.1.op=equal"))
	require.Equal(t, object(t, `{"when": {"any": [{"left": "a", "op": "empty"}, {"all": [{"left": "b", "op": "equal", "right": "x"}]}]}}`),
		form("set.when.kind=any&set.when.0.left=a&set.when.0.op=empty&set.when.1.group=1&set.when.1.0.left=b&set.when.1.0.right=x"))
	require.Equal(t, object(t, `{"when": {"engine": "expr", "expression": "trigger.data.amount > 5"}}`),
		form("set.when.written=1&set.when.expression=trigger.data.amount > 5"))
	require.Empty(t, form("set.when.sent=1"), "a condition without rows is none")
}

func TestForm_AddsAndRemovesRows(t *testing.T) {
	t.Parallel()
	f := settings.Sent(declared(t, "condition"), nil, sent(t, "set.when.0.left=a&set.when.1.group=1&set.when.1.0.left=b"), around())
	f.Do("when.add")
	f.Do("when.1.add")
	f.Do("when.0.remove")
	f.Do("when.9.remove")
	f.Do("nothing.0.remove")
	rule := f.Inputs(context.Background(), nil)[1].Rule
	require.Len(t, rule.Parts, 2)
	require.Len(t, rule.Parts[0].Group.Parts, 2)
	require.Equal(t, "set.when.0.1", rule.Parts[0].Group.Parts[1].At)
	require.Empty(t, rule.Parts[1].Left)
	f.Do("when.write")
	require.Equal(t, `("b" == nil)`, f.Inputs(context.Background(), nil)[1].Rule.Expression, "half-made rows are left out")
}

func TestForm_WritesRowsAsAnExpression(t *testing.T) {
	t.Parallel()
	written := func(query string) map[string]any {
		f := settings.Sent(declared(t, "condition"), nil, sent(t, query), around())
		f.Do("when.write")
		return f.Config()
	}
	require.Equal(t, object(t, `{"when": {"engine": "expr", "expression": "trigger.data.amount > 500 || (nodes.a.b == \"x\" && nodes.c != true)"}}`),
		written(`set.when.kind=any&set.when.0.left={{ trigger.data.amount }}&set.when.0.op=gt&set.when.0.right=500&set.when.1.group=1&set.when.1.0.left={{nodes.a.b}}&set.when.1.0.op=equal&set.when.1.0.right=x&set.when.1.1.left={{ nodes.c }}&set.when.1.1.op=notEqual&set.when.1.1.right=true`))
	require.Contains(t, written("set.when.0.left={{ a }}&set.when.0.op=empty")["when"], "all", "what cannot be said stays in rows")
}

func TestForm_ForgetsWhatWasSaidOfAnotherCollection(t *testing.T) {
	t.Parallel()
	before := object(t, `{"collection": "orders", "filter": {"amount": {"$eq": 1}}, "values": {"title": "x"}, "all": true}`)
	f := settings.Sent(declared(t, "update_record"), before, sent(t, "set.collection=users&set.filter.0.left=amount&set.filter.0.op=$eq&set.filter.0.right=1&set.values.title=x"), around())
	require.Equal(t, object(t, `{"collection": "users", "all": true}`), f.Config())
}

func TestForm_ReadsValuesByTheKindsOfTheirFields(t *testing.T) {
	t.Parallel()
	before := object(t, `{"collection": "orders", "events": "silent"}`)
	f := settings.Sent(declared(t, "create_record"), before, sent(t,
		"set.values.sent=1&set.values.title=12&set.values.amount=12.50&set.values.done=true&set.values.applicantId={{ trigger.user.id }}&set.values.%2B=gone"), around())
	want := object(t, `{"collection": "orders", "events": "silent", "values": {"title": "12", "done": true, "applicantId": "{{ trigger.user.id }}", "gone": null}}`)
	amount, err := field.ParseDecimal("12.5")
	require.NoError(t, err)
	want["values"].(map[string]any)["amount"] = amount
	require.Equal(t, want, f.Config())
	f.Do("values.gone.remove")
	require.NotContains(t, f.Config()["values"], "gone")
	require.Equal(t, []string{"events", "values"}, settings.Changes(object(t, `{"collection": "orders"}`), f.Config()))
}

func TestForm_TakesTheLabelOfAnOptionForItsValue(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"pending": "pending", "Pending review": "pending", " approved ": "approved", "APPROVED": "approved",
		"Former": "Former", "Unheard of": "Unheard of", "{{ trigger.data.status }}": "{{ trigger.data.status }}",
	} {
		f := settings.Sent(declared(t, "update_record"), object(t, `{"collection": "orders"}`),
			sent(t, "set.values.sent=1&set.values.status="+url.QueryEscape(written)), around())
		require.Equal(t, map[string]any{"status": want}, f.Config()["values"], written)
	}
}

func TestForm_ReadsFilters(t *testing.T) {
	t.Parallel()
	form := func(query string) any {
		return settings.Sent(declared(t, "query_records"), object(t, `{"collection": "orders"}`), sent(t, query), around()).Config()["filter"]
	}
	require.Equal(t, object(t, `{"amount": {"$between": [1, 5]}}`), form("set.filter.0.left=amount&set.filter.0.op=$between&set.filter.0.right=1, 5"))
	require.Equal(t, object(t, `{"$or": [{"title": {"$empty": true}}, {"applicant.nickname": {"$eq": "{{ trigger.data.name }}"}}]}`),
		form("set.filter.kind=any&set.filter.0.left=title&set.filter.0.op=$empty&set.filter.1.left=applicant.nickname&set.filter.1.op=$eq&set.filter.1.right={{ trigger.data.name }}"))
	odd := object(t, `{"collection": "orders", "filter": {"$not": {"title": {"$eq": "x"}}}}`)
	shown := settings.Stored(declared(t, "query_records"), odd, around())
	require.JSONEq(t, `{"$not": {"title": {"$eq": "x"}}}`, shown.Inputs(context.Background(), nil)[1].Rule.Raw)
	require.Equal(t, odd, shown.Config(), "what rows cannot show is kept")
}

func TestForm_ReadsSourcesOfPeople(t *testing.T) {
	t.Parallel()
	form := func(query string) any {
		return settings.Sent(declared(t, "approval"), nil, sent(t, query), around()).Config()["assignees"]
	}
	require.Equal(t, object(t, `{"managers": {"of": "applicant"}}`), form("set.assignees.0.kind=managers&set.assignees.0.value=applicant"))
	require.Equal(t, []any{object(t, `{"users": [7, 9]}`), object(t, `{"roles": ["finance"]}`)},
		form("set.assignees.0.kind=users&set.assignees.0.value=7&set.assignees.0.value=9&set.assignees.1.kind=roles&set.assignees.1.value=finance"))
	odd := object(t, `{"assignees": {"query": {"collection": "users"}}}`)
	require.Equal(t, odd, settings.Stored(declared(t, "approval"), odd, around()).Config())
}

func TestForm_KeepsAFilterRowThatIsOnlyBegun(t *testing.T) {
	t.Parallel()
	fields := declared(t, "update_record")
	for query, want := range map[string]string{
		"set.filter.0.left=title&set.filter.0.op=$eq&set.filter.0.right=":     `{"title":{"$eq":""}}`,
		"set.filter.0.left=amount&set.filter.0.op=$gt&set.filter.0.right=+":   `{"amount":{"$gt":""}}`,
		"set.filter.0.left=title&set.filter.0.op=$in&set.filter.0.right=":     `{"title":{"$in":""}}`,
		"set.filter.0.left=title&set.filter.0.op=$empty&set.filter.0.right=":  `{"title":{"$empty":true}}`,
		"set.filter.0.left=&set.filter.0.op=$eq&set.filter.0.right=something": `{"":{"$eq":"something"}}`,
		"set.filter.0.left=&set.filter.0.op=$eq&set.filter.0.right=":          "",
	} {
		form := settings.Sent(fields, map[string]any{"collection": "orders"}, sent(t, strings.ReplaceAll(query, "$", "%24")+"&set.filter.sent=1"), around())
		got := form.Config()["filter"]
		if want == "" {
			require.Nil(t, got, query)
			continue
		}
		require.Equal(t, object(t, want), got, query)
		again := settings.Stored(fields, map[string]any{"collection": "orders", "filter": got}, around())
		require.Equal(t, got, again.Config()["filter"], query)
	}
}

func TestForm_SeparatesValuesByCommasOutsideQuotes(t *testing.T) {
	t.Parallel()
	fields := declared(t, "update_record")
	for written, want := range map[string][]any{
		`a, b`:                {"a", "b"},
		`"a, b", c`:           {"a, b", "c"},
		`"say \"hi\", do", x`: {`say "hi", do`, "x"},
		`5" screen, b`:        {`5" screen`, "b"},
		`"open, b`:            {`"open`, "b"},
		` , a,, `:             {"a"},
	} {
		form := settings.Sent(fields, map[string]any{"collection": "orders"}, sent(t, url.Values{"set.filter.sent": {"1"}, "set.filter.0.left": {"title"}, "set.filter.0.op": {"$in"}, "set.filter.0.right": {written}}.Encode()), around())
		got := form.Config()["filter"]
		require.Equal(t, map[string]any{"title": map[string]any{"$in": want}}, got, written)
		shown := settings.Stored(fields, map[string]any{"collection": "orders", "filter": got}, around())
		require.Equal(t, got, shown.Config()["filter"], "%s: what is shown reads the same", written)
		inputs := shown.Inputs(context.Background(), nil)
		for _, in := range inputs {
			if in.Field.Name == "filter" {
				require.Empty(t, in.Rule.Raw, "it stays a row")
			}
		}
	}
}

func TestForm_GivesAFindingToItsRow(t *testing.T) {
	t.Parallel()
	fields := declared(t, "condition")
	when := object(t, `{"all":[{"left":"{{ trigger.data.amount }}","op":"gt","right":5},{"any":[{"left":"{{ trigger.data.title }}","op":"equal"}]}]}`)
	form := settings.Stored(fields, map[string]any{"mode": "branch", "when": when}, around())
	for _, in := range form.Inputs(context.Background(), map[string]string{"when.all.1.any.0": "Choose a value."}) {
		if in.Field.Name == "when" {
			require.Empty(t, in.Problem)
			require.Empty(t, in.Rule.Parts[0].Problem)
			require.Equal(t, "Choose a value.", in.Rule.Parts[1].Group.Parts[0].Problem)
		}
	}
	writings := form.Writings()
	require.Len(t, writings, 1)
	require.Equal(t, "set.when", writings[0].At)
	require.Equal(t, when, writings[0].Condition)
}
