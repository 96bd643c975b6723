package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/expr"
)

func TestCompile_Refuses(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		``:                             "The expression ends too early.",
		`1 +`:                          "The expression ends too early.",
		`(1`:                           "The expression ends too early.",
		`1 2`:                          "The expression has a mistake at position 3",
		`amount > 1`:                   "There is no variable called amount.",
		`shout("a")`:                   "There is no function called shout.",
		`upper()`:                      "upper is written upper(text). It got 0 arguments.",
		`round(1,2,"even",4)`:          "round is written",
		`trigger.data.trim()`:          "Values have no methods.",
		`"a" matches "("`:              "The pattern is not valid",
		`#`:                            "has a mistake",
		`map([1], #acc)`:               "#acc is not known here.",
		`let trigger = 1; 2`:           "trigger is the name of a variable of the workflow.",
		`'{{ trigger.data }}'`:         "A variable inside quotes stays text.",
		`{{ trigger.data`:              "A variable is opened but not closed.",
		`99999999999999999999`:         "has a mistake",
		`1e9999`:                       "has a mistake",
		`$other.x`:                     "There is no variable called $other.",
		`bitand(1, 2)`:                 "There is no function called bitand.",
		`get(trigger, "x")`:            "There is no function called get.",
		`sortBy([1], #, "up")`:         "sortBy is written",
		strings.Repeat("(", 2000):      "The expression ends too early.",
		strings.Repeat("-", 100) + "1": "nested more than 64 levels",
		strings.Repeat("[", 70) + strings.Repeat("]", 70): "nested more than 64 levels",
		strings.Repeat("1+", 3000) + "1":                  "longer than 4096 characters",
	} {
		_, err := expr.Compile(source)
		var refused *expr.SyntaxError
		require.ErrorAs(t, err, &refused, source)
		require.ErrorContains(t, err, want, source)
	}
	_, err := expr.Compile(strings.Repeat("1+", 1000) + "1")
	require.NoError(t, err, "a chain is not nesting")
}

func TestCompile_SaysWhere(t *testing.T) {
	t.Parallel()
	_, err := expr.Compile(`"ä" + nope`)
	var refused *expr.SyntaxError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 6, refused.Position)
	_, err = expr.CompileTemplate(`Dear {{ trigger.user.name }}, {{ nope }}`)
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 33, refused.Position)
}

func TestProgram_ListsReferences(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		`trigger.data.amount > nodes.q1[0] + trigger.data.amount`: {"trigger.data.amount", "nodes.q1.0"},
		`filter(trigger.data.lines, .product.name == "x")`:        {"trigger.data.lines", "trigger.data.lines.product.name"},
		`let d = trigger.data; d.amount`:                          {"trigger.data", "trigger.data.amount"},
		`trigger.data[env.key].x`:                                 {"trigger.data", "env.key"},
		`${workflow.input.a} + ${n1.output.b}`:                    {"trigger.a", "nodes.n1.b"},
		`now() > system.today.end`:                                {"system.today.end"},
		`1 + 1`:                                                   nil,
	} {
		p, err := expr.Compile(source)
		require.NoError(t, err)
		var got []string
		for _, r := range p.References() {
			got = append(got, strings.Join(append([]string{r.Root}, r.Path...), "."))
		}
		require.Equal(t, want, got, source)
	}
}
