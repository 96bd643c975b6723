package nodes

import (
	"fmt"
	"strings"
	"testing"

	"formrail/engine/enginetest"
	"formrail/engine/node"
)

// bench runs a node that needs no capabilities, with its settings decoded before.
func bench(b *testing.B, typ *node.Type, s enginetest.Step) {
	b.Helper()
	settings, err := s.Settings(b, typ)
	if err != nil {
		b.Fatal(err)
	}
	call := s.Call(typ)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := typ.Run(b.Context(), call, settings); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCondition(b *testing.B) {
	bench(b, condition, enginetest.Step{Config: map[string]any{"mode": "branch", "when": over500}, Vars: vars(map[string]any{"amount": int64(1240)})})
}

func BenchmarkCalculation(b *testing.B) {
	bench(b, calculation, enginetest.Step{
		Config: map[string]any{"expression": "trigger.data.amount * 1.19 + 4", "resultType": "number"},
		Vars:   vars(map[string]any{"amount": int64(1240)}),
	})
}

func BenchmarkTemplate_TenVariables(b *testing.B) {
	var text strings.Builder
	data := map[string]any{}
	for i := range 10 {
		name := fmt.Sprintf("field%d", i)
		data[name] = int64(i)
		fmt.Fprintf(&text, "%s is {{ trigger.data.%s }}. ", name, name)
	}
	bench(b, calculation, enginetest.Step{Config: map[string]any{"engine": "template", "expression": text.String()}, Vars: vars(data)})
}
