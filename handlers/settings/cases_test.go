package settings_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/settings"
)

func TestForm_ReadsCasesWithTheirConditions(t *testing.T) {
	t.Parallel()
	fields := declared(t, "multi_condition")
	f := settings.Sent(fields, nil, sent(t, "set.cases.0.key=c1&set.cases.0.title= Large &set.cases.0.when.0.left={{ trigger.data.amount }}&set.cases.0.when.0.op=gt&set.cases.0.when.0.right=500"+
		"&set.cases.1.key=c2&set.cases.1.title=&set.cases.1.open=1&set.cases.1.when.written=1&set.cases.1.when.expression=nodes.a.done"), around())
	require.Equal(t, object(t, `{"cases": [
		{"key": "c1", "title": "Large", "when": {"all": [{"left": "{{ trigger.data.amount }}", "op": "gt", "right": 500}]}},
		{"key": "c2", "when": {"engine": "expr", "expression": "nodes.a.done"}}]}`), f.Config())
	f.Do("cases.0.when.add")
	f.Do("cases.1.when.rows")
	f.Do("cases.7.when.add")
	f.Do("cases.0.title.add")
	f.Do("cases.add")
	inputs := f.Inputs(context.Background(), map[string]string{"cases.1.when": "No condition.", "cases.1.title": "Too long.", "cases": "Too many."})
	require.Equal(t, "Too many.", inputs[0].Problem)
	require.Len(t, inputs[0].Cases, 2)
	first, second := inputs[0].Cases[0], inputs[0].Cases[1]
	require.Len(t, first.Rule.Parts, 2)
	require.Equal(t, "set.cases.0.when.1", first.Rule.Parts[1].At)
	require.True(t, first.Open, "what was changed stays in view")
	require.Empty(t, first.Problem)
	require.False(t, second.Rule.Written)
	require.Equal(t, "Too long. No condition.", second.Problem)
}

func TestForm_UnfoldsAFewCasesAndThoseWithProblems(t *testing.T) {
	t.Parallel()
	fields := declared(t, "multi_condition")
	many := object(t, `{"cases": [{"key": "a", "when": {}}, {"key": "b", "when": {"not": [{"left": 1, "op": "equal", "right": 2}]}}, {"key": "c"}, {"key": "d"}]}`)
	f := settings.Stored(fields, many, around())
	cases := f.Inputs(context.Background(), map[string]string{"cases.2.when": "No condition."})[0].Cases
	require.Equal(t, []bool{false, false, true, false}, []bool{cases[0].Open, cases[1].Open, cases[2].Open, cases[3].Open})
	require.JSONEq(t, `{"not": [{"left": 1, "op": "equal", "right": 2}]}`, cases[1].Rule.Raw, "what rows cannot show is kept")
	require.Equal(t, many["cases"].([]any)[1], f.Config()["cases"].([]any)[1])
	require.True(t, settings.Stored(fields, nil, around()).Inputs(context.Background(), nil)[0].Cases[1].Open)
}
