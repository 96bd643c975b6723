package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/expr"
)

func TestTemplate_Renders(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		``:                                    "",
		`plain } text }} with { braces`:       "plain } text }} with { braces",
		`Dear {{ trigger.user.name }},`:       "Dear Priya,",
		`{{trigger.data.amount}}`:             "12400",
		`{{ 1.50 }}/{{ 1/3 }}`:                "1.5/0.3333333333333333333333333333333333",
		`[{{ trigger.none }}]`:                "[]",
		`{{ trigger.data.at }}`:               "2026-11-20T09:30:00.000Z",
		`{{ trigger.data.due }}`:              "2026-11-30",
		`{{ true }} {{ nodes.q1 }}`:           "true [1,2]",
		`{{ {a: {b: 1}} }}`:                   `{"a":{"b":1}}`,
		`{{ "}}" + '{{' }}`:                   "}}{{",
		"{{ `a\"b` }}":                        `a"b`,
		`{{ trigger.data.amount /* }} */ }}!`: "12400!",
		"ä{{ upper(\"ö\") }}ü":                "äÖü",
	} {
		tpl, err := expr.CompileTemplate(source)
		require.NoError(t, err, source)
		got, _, err := tpl.Render(t.Context(), input())
		require.NoError(t, err, source)
		require.Equal(t, want, got, source)
	}
}

func TestTemplate_KeepsTheTypeOfOneWholeVariable(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]any{
		`{{ trigger.data.amount }}`:  dec("12400"),
		`{{ nodes.q1 }}`:             []any{int64(1), int64(2)},
		` {{ trigger.data.amount }}`: " 12400",
		`text`:                       "text",
		`{{ trigger.none }}`:         nil,
	} {
		tpl, err := expr.CompileTemplate(source)
		require.NoError(t, err)
		got, _, err := tpl.Value(t.Context(), input())
		require.NoError(t, err)
		require.Equal(t, want, got, source)
		require.Equal(t, strings.HasPrefix(source, "{{"), tpl.Whole())
		require.Equal(t, source == "text", tpl.Constant())
	}
}

func TestTemplate_RefusesWhatIsNotClosed(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`{{`, `a {{ b`, `{{ "}}`, `{{ {a: 1}`, `{{ }}`, `{{ 1 + }}`, `{{ ` + strings.Repeat("1+", 4000) + `1 }}`} {
		_, err := expr.CompileTemplate(source)
		var refused *expr.SyntaxError
		require.ErrorAs(t, err, &refused, source)
	}
}

func TestTemplate_NeverEvaluatesItsOutput(t *testing.T) {
	t.Parallel()
	in := input()
	in.Vars = expr.MapVars{"trigger": map[string]any{"text": "{{ 1 + 1 }}"}}
	tree, err := expr.CompileTree(map[string]any{"a": "{{ trigger.text }}", "b": "x {{ trigger.text }}"})
	require.NoError(t, err)
	got, _, err := tree.Resolve(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"a": "{{ 1 + 1 }}", "b": "x {{ 1 + 1 }}"}, got)
}

func TestTree_ResolvesTextsAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	tree, err := expr.CompileTree(map[string]any{
		"amount": "{{ trigger.data.amount }}", "n": int64(1), "fixed": map[string]any{"a": "b"},
		"list": []any{"{{ trigger.user.name }}", true, []any{"a{{ 1 }}"}}, "{{ key }}": nil,
	})
	require.NoError(t, err)
	got, warnings, err := tree.Resolve(t.Context(), input())
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, map[string]any{
		"amount": dec("12400"), "n": int64(1), "fixed": map[string]any{"a": "b"},
		"list": []any{"Priya", true, []any{"a1"}}, "{{ key }}": nil,
	}, got)
	require.Len(t, tree.References(), 2)

	constant, err := expr.CompileTree(int64(5))
	require.NoError(t, err)
	got, _, err = constant.Resolve(t.Context(), input())
	require.NoError(t, err)
	require.Equal(t, int64(5), got)

	_, err = expr.CompileTree(map[string]any{"a": []any{"ok", map[string]any{"b": "{{ nope }}"}}})
	var refused *expr.SyntaxError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "a.1.b", refused.Path)
}
