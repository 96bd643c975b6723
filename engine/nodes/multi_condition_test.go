package nodes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/enginetest"
	"formrail/engine/node"
	"formrail/models/text"
)

func TestMultiCondition_ExplainsWhatItTried(t *testing.T) {
	t.Parallel()
	v, err := enginetest.Run(t, multiCondition, enginetest.Step{Config: map[string]any{"cases": bySize}, Vars: vars(map[string]any{"amount": int64(700)})})
	require.NoError(t, err)
	require.Equal(t, "Huge: 700 > 10,000, not met; Large: 700 > 500, met", v.Explanation, "later ones are not tried")

	v, err = enginetest.Run(t, multiCondition, enginetest.Step{Config: map[string]any{"cases": bySize, "onNoMatch": "fail"}, Vars: vars(map[string]any{})})
	require.NoError(t, err)
	require.True(t, v.Enter, "the branch runs before the step fails")
	require.Len(t, v.Warnings, 6, "a missing variable is reported for each case that was tried, and that it cannot be compared")
}

func TestMultiCondition_AnErrorEndsTheTrying(t *testing.T) {
	t.Parallel()
	when := func(key, expression string) any {
		return map[string]any{"key": key, "when": map[string]any{"engine": "expr", "expression": expression}}
	}
	_, err := enginetest.Run(t, multiCondition, enginetest.Step{Config: map[string]any{"cases": []any{when("a", "false"), when("b", "1 / 0 > 1"), when("c", "true")}}})
	f := node.AsFailure(err)
	require.Equal(t, "DIVISION_BY_ZERO", f.Code)
	require.Equal(t, node.Fault, f.Kind)
	require.Contains(t, f.Message.String(), "Branch “Branch 2”: ")
	require.Equal(t, "b", f.Details.(map[string]any)["case"])
}

func TestMultiCondition_PassesOnWhatFailedInside(t *testing.T) {
	t.Parallel()
	step := enginetest.Step{Config: map[string]any{"cases": bySize, "onNoMatch": "fail"}}
	inner := node.Broken("INNER", text.Verbatim("It broke."))
	_, err := enginetest.Resume(t, multiCondition, step, node.Signal{Reason: "failed", Failure: inner})
	require.Equal(t, "INNER", code(err), "what fails inside is not hidden")
}

func TestMultiCondition_ChecksItsSettings(t *testing.T) {
	t.Parallel()
	one := func(key string, when any) any { return map[string]any{"key": key, "when": when} }
	cases := func(list ...any) map[string]any { return map[string]any{"cases": list} }
	require.Equal(t, []string{"cases.0.when MISSING", "cases.1.when MISSING"}, findings(t, multiCondition, map[string]any{}))
	require.Empty(t, findings(t, multiCondition, cases(one("a", map[string]any{}), one("b", map[string]any{"all": []any{}}))), "an empty group is true")
	require.Equal(t, []string{"cases DEFINITION_INVALID"}, findings(t, multiCondition, cases()))
	require.Equal(t, []string{"cases.1.key DEFINITION_INVALID"}, findings(t, multiCondition, cases(one("a", map[string]any{}), one("a", map[string]any{}))))
	for _, key := range []any{"", "otherwise", "error", "A", "1a", "a-b", "abcdefghijklm"} {
		require.Equal(t, []string{"cases.0.key DEFINITION_INVALID"}, findings(t, multiCondition, map[string]any{"cases": []any{map[string]any{"key": key, "when": map[string]any{}}}}), key)
	}
	many := make([]any, 21)
	for i := range many {
		many[i] = one("k"+string(rune('a'+i)), map[string]any{})
	}
	require.Equal(t, []string{"cases DEFINITION_INVALID"}, findings(t, multiCondition, map[string]any{"cases": many}))
	require.Equal(t, []string{"cases DEFINITION_INVALID"}, findings(t, multiCondition, map[string]any{"cases": []any{map[string]any{"key": "a", "when": map[string]any{}, "colour": "red"}}}))
}

func TestMultiCondition_SaysItsConditionsInWords(t *testing.T) {
	t.Parallel()
	row := func(left, op string, right any) any { return map[string]any{"left": left, "op": op, "right": right} }
	for said, when := range map[string]any{
		"No condition yet":           nil,
		"Always":                     map[string]any{"any": []any{}},
		"Amount is greater than 500": over500,
		"A is 1 and (B is 2 or C is empty)": map[string]any{"all": []any{
			row("{{ trigger.data.a }}", "equal", int64(1)), map[string]any{"any": []any{row("{{ nodes.b }}", "equal", int64(2)), row("{{ nodes.c }}", "empty", nil)}},
		}},
		"not (A is 1)":            map[string]any{"not": []any{row("{{ trigger.data.a }}", "equal", int64(1))}},
		"trigger.data.amount > 5": map[string]any{"engine": "expr", "expression": "trigger.data.amount > 5"},
	} {
		settings := decode(t, multiCondition, map[string]any{"cases": []any{map[string]any{"key": "a", "when": when}}})
		branches := multiCondition.Branches(settings)
		require.Equal(t, node.Branch{Key: "a", Title: "Branch 1", Rank: 1}, branches[0])
		require.Equal(t, said, multiCondition.When(settings, "a", nil))
		require.Equal(t, otherwise, branches[1].Key)
	}
}
