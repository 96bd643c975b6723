package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/expr"
	"formrail/models/field"
)

func row(left any, op string, right any) any {
	return map[string]any{"left": left, "op": op, "right": right}
}

func TestCondition_DecidesAndExplains(t *testing.T) {
	t.Parallel()
	amount := row("{{ trigger.data.amount }}", "gt", int64(10000))
	titled := row("{{ trigger.data.title }}", "startsWith", "Lap")
	unpaid := row("{{ trigger.data.paid }}", "equal", false)
	group := func(kind string, rows ...any) any { return map[string]any{kind: rows} }
	formula := func(source string) any { return map[string]any{"engine": "expr", "expression": source} }
	for _, tt := range []struct {
		name     string
		when     any
		want     bool
		sentence string
	}{
		{"nothing is true", nil, true, "no condition"},
		{"an empty object is true", map[string]any{}, true, "no condition"},
		{"groups without rows count as absent", group("any", group("all"), group("not", group("any"))), true, "no condition"},
		{"an absent group does not make any true", group("any", group("all"), unpaid), false, `paid (yes) = no`},
		{"one row", amount, true, "12,400 > 10,000"},
		{"all", group("all", amount, titled), true, `12,400 > 10,000 and "Laptop" starts with "Lap"`},
		{"any", group("any", unpaid, amount), true, "paid (yes) = no or 12,400 > 10,000"},
		{"not", group("not", amount, unpaid), true, "not (12,400 > 10,000 and paid (yes) = no)"},
		{
			"nested", group("all", amount, group("any", unpaid, titled)), true,
			`12,400 > 10,000 and (paid (yes) = no or "Laptop" starts with "Lap")`,
		},
		{"between", row("{{ trigger.data.amount }}", "between", []any{int64(1), "{{ trigger.data.limit }}"}), false, "12,400 is between 1 and 10,000"},
		{"in", row("{{ trigger.event }}", "in", []any{"create", "update"}), true, `"create" is one of "create", "update"`},
		{"empty", row("{{ trigger.none }}", "empty", nil), true, "none (nothing) is empty"},
		{"an expression", formula("trigger.data.amount > 20000"), false, "trigger.data.amount > 20000 is no"},
		{"a number counts as yes", formula("trigger.data.limit"), true, "trigger.data.limit is 10,000"},
		{"nothing counts as no", formula("trigger.none"), false, "trigger.none is nothing"},
		{"an expression inside a group", group("all", formula("1 == 1"), amount), true, "1 == 1 is yes and 12,400 > 10,000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := expr.CompileCondition(tt.when)
			require.NoError(t, err)
			got, why, _, err := c.Eval(t.Context(), input())
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.sentence, why.Sentence)
			require.Equal(t, tt.want, why.Result)
			require.Equal(t, tt.sentence == "no condition", c.Empty())
		})
	}
}

func TestCondition_RecordsEachRow(t *testing.T) {
	t.Parallel()
	c, err := expr.CompileCondition(map[string]any{"any": []any{
		row("{{ trigger.data.amount }}", "gt", int64(1)), row("{{ trigger.data.lines }}", "notEmpty", nil),
		row("{{ trigger.none }}", "gt", int64(1)),
	}})
	require.NoError(t, err)
	_, why, warnings, err := c.Eval(t.Context(), input())
	require.NoError(t, err)
	require.Equal(t, []expr.Row{
		{Path: "any.0", Left: dec("12400"), Op: "gt", Right: int64(1), Result: true},
		{Path: "any.1", Left: []any(input().Vars.(expr.MapVars)["trigger"].(map[string]any)["data"].(map[string]any)["lines"].([]any)), Op: "notEmpty", Result: true},
		{Path: "any.2", Op: "gt", Right: int64(1)},
	}, why.Rows)
	require.Len(t, warnings, 1)
	require.Equal(t, "NOT_COMPARABLE", warnings[0].Code)
	_, err = field.MarshalJSON(why)
	require.NoError(t, err)
}

func TestCondition_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	deep := any(row("a", "equal", "a"))
	for range 11 {
		deep = map[string]any{"all": []any{deep}}
	}
	for _, tt := range []struct {
		when any
		path string
		want string
	}{
		{"text", "", "A condition is a group"},
		{row("a", "like", "b"), "", `"like" is not an operator`},
		{map[string]any{"all": []any{row("{{ nope }}", "equal", "b")}}, "all.0.left", "There is no variable called nope."},
		{map[string]any{"all": []any{}, "any": []any{}}, "", "A group is either all, any or not."},
		{map[string]any{"some": []any{}}, "some", "some is not a kind of group"},
		{map[string]any{"all": "x"}, "all", "A group holds a list"},
		{map[string]any{"left": "a", "op": "equal", "rigth": "b"}, "", "not rigth"},
		{map[string]any{"engine": "formula", "expression": "1"}, "", "engine expr"},
		{map[string]any{"engine": "expr"}, "", "engine expr"},
		{map[string]any{"any": []any{map[string]any{"expression": "1 +"}}}, "any.0.expression", "ends too early"},
		{deep, strings.Repeat("all.0.", 9) + "all.0", "nested more than 10 levels"},
	} {
		_, err := expr.CompileCondition(tt.when)
		var refused *expr.SyntaxError
		require.ErrorAs(t, err, &refused, tt.want)
		require.ErrorContains(t, err, tt.want)
		require.Equal(t, tt.path, refused.Path)
	}
}

func TestCondition_MustGiveYesOrNo(t *testing.T) {
	t.Parallel()
	c, err := expr.CompileCondition(map[string]any{"expression": `"yes"`})
	require.NoError(t, err)
	yes, _, _, err := c.Eval(t.Context(), input())
	var fault *expr.Fault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, expr.CodeNotBoolean, fault.Code)
	require.False(t, yes)
}

func TestCompare_FollowsTheTable(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	list := func(v ...any) []any { return v }
	for _, tt := range []struct {
		left  any
		op    string
		right any
		want  bool
		warn  bool
	}{
		{int64(1), "equal", dec("1.0"), true, false},
		{int64(1), "equal", "1.0", true, false},
		{"1.0", "equal", int64(1), true, false},
		{"1.0", "equal", "1", false, false},
		{int64(1), "equal", "1x", false, false},
		{true, "equal", int64(1), true, false},
		{true, "equal", "1", true, false},
		{false, "equal", "", false, false},
		{true, "equal", "true", false, false},
		{nil, "equal", nil, true, false},
		{nil, "equal", int64(0), false, false},
		{"", "equal", nil, false, false},
		{nil, "notEqual", int64(0), true, false},
		{at, "equal", "2026-11-22T11:00:00+01:00", true, false},
		{at, "equal", at.UnixMilli(), true, false},
		{"2026-11-22T10:00:00.000Z", "equal", at, true, false},
		{"2026-11-22T10:00:00.000Z", "equal", at.UnixMilli(), true, false},
		{field.Date("2026-11-22"), "equal", "2026-11-22T00:00:00Z", true, false},
		{at, "equal", true, false, false},
		{list(int64(1), "2"), "equal", list("1", int64(2)), true, false},
		{list(int64(1)), "equal", list(int64(1), nil), false, false},
		{map[string]any{"a": int64(1)}, "equal", map[string]any{"a": "1"}, true, false},
		{map[string]any{"a": int64(1)}, "equal", list(int64(1)), false, false},

		{int64(2), "gt", int64(1), true, false},
		{"10", "gt", "9", true, false},
		{"10", "gt", int64(9), true, false},
		{"b", "gt", "a", true, false},
		{"b", "gt", int64(1), false, true},
		{nil, "lt", int64(1), false, true},
		{int64(1), "gte", nil, false, true},
		{true, "gt", int64(0), false, true},
		{at, "gt", "2026-11-22", true, false},
		{at, "lte", at.UnixMilli(), true, false},
		{int64(5), "between", list(int64(1), int64(5)), true, false},
		{int64(6), "between", list(int64(1), int64(5)), false, false},
		{int64(6), "between", int64(5), false, true},
		{"m", "between", list("a", int64(5)), false, true},

		{list(int64(1), "b"), "includes", "1", true, false},
		{list("a"), "notIncludes", "b", true, false},
		{"abc", "includes", "b", true, false},
		{int64(12), "includes", "1", false, true},
		{nil, "includes", "1", false, false},
		{nil, "notIncludes", "1", true, false},
		{"abc", "startsWith", "ab", true, false},
		{"abc", "notStartsWith", "ab", false, false},
		{"abc", "endsWith", "bc", true, false},
		{"abc", "notEndsWith", "bc", false, false},
		{"abc", "matches", "^a.c$", true, false},
		{"abc", "matches", "(", false, true},
		{"1", "in", list(int64(1)), true, false},
		{"1", "in", "1", false, true},
		{"2", "notIn", list(int64(1)), true, false},
		{"", "empty", nil, true, false},
		{list(), "empty", nil, true, false},
		{map[string]any{}, "empty", nil, true, false},
		{int64(0), "empty", nil, false, false},
		{false, "notEmpty", nil, true, false},
		{"a", "like", "a", false, true},
	} {
		got, warn := expr.Compare(tt.op, tt.left, tt.right)
		require.Equal(t, tt.want, got, "%v %s %v", tt.left, tt.op, tt.right)
		require.Equal(t, tt.warn, warn, "%v %s %v", tt.left, tt.op, tt.right)
	}
}
