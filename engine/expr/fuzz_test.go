package expr_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/expr"
	"formrail/models/field"
)

// FuzzExpression: nothing panics, every run ends within its budget, and every
// failure is one of the declared kinds.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		`1 + 2`, `filter(trigger.data.lines, .price > 1)[0].sku`, `let a = [1,1]; a == a`, `{{ trigger.data }} ?? ${x.output.y}`,
		`reduce(1..9, #acc * #, 1.5) ** 99`, `format(now(), "YYYY")`, `"a" matches "(a+)+"`, `{a: 1, (text(2)): [..]}`, `-9223372036854775808 % -1`, nested("a", 8),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := expr.Compile(source)
		if err != nil {
			var refused *expr.SyntaxError
			require.ErrorAs(t, err, &refused)
			return
		}
		v, _, err := p.Run(context.Background(), input())
		var fault *expr.Fault
		if err != nil {
			require.True(t, errors.As(err, &fault), "%v", err)
			return
		}
		b, err := field.MarshalJSON(v)
		require.NoError(t, err)
		require.Less(t, len(b), 40<<20)
		again, _, err := p.Run(context.Background(), input())
		require.NoError(t, err)
		second, err := field.MarshalJSON(again)
		require.NoError(t, err)
		require.Equal(t, string(b), string(second), "a run can be repeated")
	})
}

// FuzzTemplate: nothing panics, and text without {{ comes out unchanged.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{`a {{ 1 }} b`, `{{`, `}}`, `{{ "}}" }}`, `{{{a: 1}}}`, "\xff{{ 1 }}", `{{ /* }} */ 1 }}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		tpl, err := expr.CompileTemplate(source)
		if err != nil {
			require.Contains(t, source, "{{")
			return
		}
		out, _, err := tpl.Render(context.Background(), input())
		if !strings.Contains(source, "{{") {
			require.NoError(t, err)
			require.Equal(t, source, out)
		}
	})
}

func BenchmarkExpression(b *testing.B) {
	p, err := expr.Compile(`trigger.data.amount * 1.25 > trigger.data.limit`)
	require.NoError(b, err)
	in := input()
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = p.Run(b.Context(), in)
	}
}

func BenchmarkCondition(b *testing.B) {
	c, err := expr.CompileCondition(map[string]any{"all": []any{
		row("{{ trigger.data.amount }}", "gt", int64(10000)), row("{{ trigger.data.title }}", "startsWith", "Lap"),
		row("{{ trigger.data.paid }}", "equal", true),
	}})
	require.NoError(b, err)
	in := input()
	b.ReportAllocs()
	for b.Loop() {
		_, _, _, _ = c.Eval(b.Context(), in)
	}
}

func BenchmarkTemplate(b *testing.B) {
	tpl, err := expr.CompileTemplate(strings.Repeat("Dear {{ trigger.user.name }}, your {{ trigger.data.title }} costs {{ trigger.data.amount }}. ", 3) + "{{ trigger.data.at }}")
	require.NoError(b, err)
	in := input()
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = tpl.Render(b.Context(), in)
	}
}
