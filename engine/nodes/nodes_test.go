package nodes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/enginetest"
	"formrail/engine/node"
	"formrail/models/field"
)

func TestAll_Conform(t *testing.T) {
	t.Parallel()
	enginetest.Conform(t, All(), enginetest.Icons(t, "../../static/vendor/icons.svg"))
}

// vars are variables with the given trigger data.
func vars(data map[string]any) map[string]any {
	return map[string]any{"trigger": map[string]any{"data": data}}
}

// findings decodes and checks settings against the sample catalog and gives
// "field CODE" of each problem.
func findings(t *testing.T, typ *node.Type, config map[string]any) []string {
	t.Helper()
	settings, problems := typ.Decode(config)
	out := []string{}
	for _, p := range append(problems, typ.Check(settings, enginetest.Sample())...) {
		require.False(t, p.Message.IsZero(), "every finding has a sentence")
		out = append(out, p.Field+" "+p.Code)
	}
	return out
}

// decode reads settings that have no problems of their own.
func decode(t testing.TB, typ *node.Type, config map[string]any) node.Settings {
	t.Helper()
	settings, problems := typ.Decode(config)
	require.Empty(t, problems)
	return settings
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return node.AsFailure(err).Code
}

func TestCondition_DecidesAndExplains(t *testing.T) {
	t.Parallel()
	over := func(mode, onFalse string) map[string]any {
		return map[string]any{"mode": mode, "onFalse": onFalse, "when": over500}
	}
	v, err := enginetest.Run(t, condition, enginetest.Step{Config: over("branch", "fail"), Vars: vars(map[string]any{"amount": int64(12400)})})
	require.NoError(t, err)
	require.Equal(t, "12,400 > 500", v.Explanation)
	require.Equal(t, []string{"yes"}, v.Branches)

	_, err = enginetest.Run(t, condition, enginetest.Step{Config: over("continue", "fail"), Vars: vars(map[string]any{"amount": int64(5)})})
	f := node.AsFailure(err)
	require.Equal(t, node.Refused, f.Kind, "a rule the designer wrote said no")
	require.Contains(t, f.Message.String(), "5 > 500")

	v, err = enginetest.Run(t, condition, enginetest.Step{Config: over("continue", "end"), Vars: vars(map[string]any{"amount": int64(5)})})
	require.NoError(t, err)
	require.Equal(t, "condition_not_met", v.Reason)
	require.Equal(t, node.Succeeded, v.Outcome)
}

func TestCondition_FaultsAndWarns(t *testing.T) {
	t.Parallel()
	_, err := enginetest.Run(t, condition, enginetest.Step{
		Vars:   vars(map[string]any{"title": "Offsite"}),
		Config: map[string]any{"mode": "branch", "when": map[string]any{"engine": "expr", "expression": "trigger.data.title"}},
	})
	f := node.AsFailure(err)
	require.Equal(t, "CONDITION_NOT_BOOLEAN", f.Code)
	require.Equal(t, node.Fault, f.Kind, "an evaluation error is a fault, never a no")
	require.NotNil(t, f.Details)

	v, err := enginetest.Run(t, condition, enginetest.Step{Config: map[string]any{"mode": "branch", "when": over500}, Vars: vars(map[string]any{})})
	require.NoError(t, err)
	require.NotEmpty(t, v.Warnings, "a missing variable is reported")
}

func TestCondition_RefusesBrokenSettings(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"mode MISSING", "when EMPTY_CONDITION"}, findings(t, condition, map[string]any{}))
	row := func(left, right any) map[string]any {
		return map[string]any{"mode": "branch", "when": map[string]any{"all": []any{map[string]any{"left": left, "op": "equal", "right": right}}}}
	}
	require.Equal(t, []string{"when.all.0.left FIXED_CONDITION"}, findings(t, condition, row("Amount", int64(500))))
	require.Equal(t, []string{"when.all.0.left MISSING"}, findings(t, condition, row("", int64(500))))
	require.Empty(t, findings(t, condition, row("{{ trigger.data.amount }}", int64(500))))
	require.Equal(t, []string{"when EMPTY_CONDITION"}, findings(t, condition, map[string]any{"mode": "branch", "when": map[string]any{"all": []any{}}}))
	for _, p := range condition.Check(decode(t, condition, row("Amount", int64(1))), enginetest.Catalog{}) {
		require.True(t, p.Warning, "what is always the same may be published")
	}
	require.Equal(t, []string{"when DEFINITION_INVALID"}, findings(t, condition,
		map[string]any{"mode": "branch", "when": map[string]any{"all": []any{map[string]any{"left": int64(1), "op": "like", "right": int64(2)}}}}))
	require.Equal(t, "Amount is greater than 500", condition.Line(decode(t, condition, map[string]any{"mode": "branch", "when": over500}), enginetest.Catalog{}))
}

func TestCalculation_Results(t *testing.T) {
	t.Parallel()
	decimal := func(s string) any { return *field.Bound(s) }
	for _, c := range []struct {
		name   string
		config map[string]any
		want   any
		code   string
	}{
		{"decimals are exact", map[string]any{"expression": "0.1 + 0.2"}, decimal("0.3"), ""},
		{"halves round away from zero", map[string]any{"expression": "-2.5", "round": map[string]any{"digits": int64(0)}}, int64(-3), ""},
		{"halves round to even when asked", map[string]any{"expression": "2.5", "round": map[string]any{"digits": int64(0), "mode": "even"}}, int64(2), ""},
		{"negative digits round to tens", map[string]any{"expression": "1235", "round": map[string]any{"digits": int64(-1)}}, int64(1240), ""},
		{"nothing is not rounded", map[string]any{"expression": "trigger.data.none", "round": map[string]any{"digits": int64(0)}}, nil, ""},
		{"text cannot be rounded", map[string]any{"expression": `"a"`, "round": map[string]any{"digits": int64(0)}}, nil, "TYPE_MISMATCH"},
		{"a template gives text, also for one number", map[string]any{"engine": "template", "expression": "{{ trigger.data.n }}"}, "7", ""},
		{"a list is a list", map[string]any{"expression": "[1, 2]", "resultType": "list"}, []any{int64(1), int64(2)}, ""},
		{"an object is not a list", map[string]any{"expression": "{a: 1}", "resultType": "list"}, nil, "TYPE_MISMATCH"},
		{"stored dates are dates", map[string]any{"expression": "trigger.data.day", "resultType": "date"}, "2026-11-22", ""},
		{"other text is not a date", map[string]any{"expression": `"soon"`, "resultType": "date"}, nil, "TYPE_MISMATCH"},
		{"one is not yes", map[string]any{"expression": "1", "resultType": "boolean"}, nil, "TYPE_MISMATCH"},
		{"a mistake fails the step", map[string]any{"expression": "1 +"}, nil, "EXPRESSION_INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := enginetest.Run(t, calculation, enginetest.Step{Config: c.config, Vars: vars(map[string]any{"n": int64(7), "day": "2026-11-22"})})
			require.Equal(t, c.code, code(err))
			require.Equal(t, c.want, v.Output)
		})
	}
}

func TestCalculation_ChecksItsSettings(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"expression MISSING"}, findings(t, calculation, map[string]any{}))
	require.Equal(t, []string{"engine DEFINITION_INVALID"}, findings(t, calculation, map[string]any{"engine": "formula", "expression": "1"}))
	require.Equal(t, []string{"round.scale DEFINITION_INVALID"}, findings(t, calculation, map[string]any{"expression": "1", "round": map[string]any{"scale": int64(2)}}))
	require.Equal(t, []string{"round.digits DEFINITION_INVALID", "round.mode DEFINITION_INVALID", "resultType DEFINITION_INVALID"}, findings(t, calculation,
		map[string]any{"engine": "template", "expression": "a", "resultType": "number", "round": map[string]any{"digits": int64(40), "mode": "up"}}))
	require.Equal(t, []string{"round.digits WHOLE_NUMBER"}, findings(t, calculation, map[string]any{"expression": "1", "round": map[string]any{"mode": "even"}}))
	shape := calculation.Outputs(decode(t, calculation, map[string]any{"expression": "1", "resultType": "date"}), enginetest.Catalog{})
	require.Equal(t, field.DateTime, shape.Kind)
}

func TestEnd_SaysAndEnds(t *testing.T) {
	t.Parallel()
	v, err := enginetest.Run(t, end, enginetest.Step{
		Config: map[string]any{"status": "rejected", "message": "Over {{ trigger.data.limit }}", "output": int64(3)},
		Vars:   vars(map[string]any{"limit": int64(500)}),
	})
	require.NoError(t, err)
	require.True(t, v.End)
	require.Equal(t, node.Rejected, v.Outcome)
	require.Equal(t, "Over 500", v.Message)
	require.Equal(t, int64(3), v.Output)
}

func TestResponseMessage_SpeaksOnlyWhereSomebodyWaits(t *testing.T) {
	t.Parallel()
	for sync, want := range map[bool]string{true: "Saved", false: ""} {
		v, err := enginetest.Run(t, responseMessage, enginetest.Step{Config: map[string]any{"message": "Saved"}, Caps: enginetest.Caps{Sync: sync}})
		require.NoError(t, err)
		require.Equal(t, want, v.Message)
		require.Equal(t, sync, v.Output != nil)
	}
	require.Equal(t, []string{"level DEFINITION_INVALID"}, findings(t, responseMessage, map[string]any{"message": "Saved", "level": "info"}))
}

func TestJavascript_PassesInputsAndKeepsTheLog(t *testing.T) {
	t.Parallel()
	script := &enginetest.Script{}
	v, err := enginetest.Run(t, javascript, enginetest.Step{Caps: enginetest.Caps{Script: script}, Vars: vars(map[string]any{"n": int64(7)}), Config: map[string]any{
		"inputs": []any{map[string]any{"name": "n", "value": "{{ trigger.data.n }}"}}, "code": "console.log(\"hi\")\nreturn n", "timeout": "1m",
	}})
	require.NoError(t, err)
	require.Equal(t, int64(7), v.Output)
	require.Equal(t, []string{"hi"}, v.Log)
	require.Equal(t, map[string]any{"n": int64(7)}, script.Requests[0].Inputs)
	require.Equal(t, maxScript, script.Requests[0].Timeout)
	require.Equal(t, enginetest.Now(), script.Requests[0].Now)
	require.Equal(t, []string{"node.script"}, javascript.Rights(decode(t, javascript, map[string]any{"code": "return 1"})))
}

func TestJavascript_ChecksItsSettings(t *testing.T) {
	t.Parallel()
	named := func(names ...string) map[string]any {
		var inputs []any
		for _, n := range names {
			inputs = append(inputs, map[string]any{"name": n, "value": "{{ trigger.data.n }}"})
		}
		return map[string]any{"code": "return 1", "inputs": inputs}
	}
	require.Empty(t, findings(t, javascript, named("a", "$b", "_c1")))
	for _, name := range []string{"", "1a", "a-b", "return", "input"} {
		require.Equal(t, []string{"inputs DEFINITION_INVALID"}, findings(t, javascript, named(name)), name)
	}
	require.Equal(t, []string{"inputs DEFINITION_INVALID"}, findings(t, javascript, named("a", "a")))
	require.Equal(t, []string{"timeout DEFINITION_INVALID"}, findings(t, javascript, map[string]any{"code": "x", "timeout": "2m"}))
	require.Contains(t, findings(t, javascript, map[string]any{"code": "x", "timeout": "soon"}), "timeout DEFINITION_INVALID")
}
