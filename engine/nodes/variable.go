package nodes

import (
	"context"
	"maps"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type variableConfig struct {
	Mode   string `json:"mode"`
	Type   string `json:"type"`
	Target string `json:"target"`
	Op     string `json:"op"`
	Value  any    `json:"value"`
}

// variable declares a value that later steps change and read.
var variable = node.Define(node.Spec[variableConfig]{
	Key: "variable", Group: node.Flow, Icon: "variable", Title: "Variable",
	Summary:  "Keep a value and change it later",
	Synonyms: []string{"set", "assign", "counter", "remember"}, Asks: "mode",
	Help: "*Declare* begins a variable; later steps read its latest value as the output of this step. *Change* gives it another value.\n\n" +
		"A variable that is declared inside a loop begins anew in each pass.",
	Config: []field.Field{
		{Name: "mode", Kind: field.Select, Label: "Do", Default: "declare", Options: field.Choices("declare", "Declare a variable", "assign", "Change a variable")},
		{
			Name: "type", Kind: field.Select, Label: "It holds", Default: "any", When: only("mode", "declare"),
			Options: field.Choices("any", "Anything", "number", "A number", "text", "Text", "boolean", "Yes or no",
				"date", "A date", "list", "A list", "object", "An object"),
		},
		{Name: "target", Kind: field.Step, Label: "Variable", Required: true, Of: "variable", When: only("mode", "assign")},
		{
			Name: "op", Kind: field.Select, Label: "How", Default: "set", When: only("mode", "assign"),
			Options: field.Choices("set", "Set it to", "append", "Append to the list", "increment", "Add to the number", "merge", "Merge into the object"),
		},
		{Name: "value", Kind: field.Value, Label: "Value"},
	},
	Effect: node.Pure,
	Outputs: func(c variableConfig, _ node.Catalog) field.Shape {
		if c.Mode == "assign" {
			return field.Any("Value")
		}
		return calculationConfig{ResultType: c.Type}.shape()
	},
	Assigns: func(c variableConfig) string {
		if c.Mode == "assign" {
			return c.Target
		}
		return ""
	},
	Line: func(c variableConfig, cat node.Catalog) string {
		switch c.Op {
		case "append":
			return text.M("node.variable_append", "Append %s", shorten(said(c.Value, cat), 40)).String()
		case "increment":
			return text.M("node.variable_add", "Add %s", shorten(said(c.Value, cat), 40)).String()
		}
		return shorten(said(c.Value, cat), 60)
	},
	Run: runVariable,
	Examples: []node.Example[variableConfig]{
		{Title: "Begin to count", Config: map[string]any{"type": "number", "value": int64(0)}, Want: node.Want{Output: int64(0)}},
		{
			Title:  "Add to a number",
			Config: map[string]any{"mode": "assign", "target": "v1", "op": "increment", "value": "{{ trigger.data.amount }}"},
			Vars: map[string]any{
				"nodes": map[string]any{"v1": int64(40)}, "trigger": map[string]any{"data": map[string]any{"amount": int64(2)}},
			},
			Want: node.Want{Output: int64(42)},
		},
		{
			Title:  "The first of a list",
			Config: map[string]any{"mode": "assign", "target": "v1", "op": "append", "value": "a"},
			Vars:   map[string]any{"nodes": map[string]any{}},
			Want:   node.Want{Output: []any{"a"}},
		},
		{
			Title:  "A list is no number",
			Config: map[string]any{"mode": "assign", "target": "v1", "op": "increment", "value": int64(1)},
			Vars:   map[string]any{"nodes": map[string]any{"v1": []any{}}},
			Want:   node.Want{Code: "TYPE_MISMATCH"},
		},
	},
})

func runVariable(_ context.Context, call node.Call, c variableConfig) (node.Result, error) {
	if c.Mode != "assign" {
		if !isType(c.Type, c.Value) {
			return node.Result{}, node.Broken("TYPE_MISMATCH", text.M("node.variable_type", "The value is %s, which is not of the type %s.", expr.Show(c.Value), c.Type))
		}
		return node.Done(c.Value), nil
	}
	root, _ := call.Vars.Root("nodes")
	outputs, _ := root.(map[string]any)
	v, err := assigned(outputs[c.Target], c.Op, c.Value)
	if err != nil {
		return node.Result{}, err
	}
	return node.Done(v).Assigns(c.Target), nil
}

// assigned gives the new value of a variable.
func assigned(had any, op string, v any) (any, error) {
	bad := func(m text.Message) (any, error) { return nil, node.Broken("TYPE_MISMATCH", m) }
	switch op {
	case "append":
		list, ok := had.([]any)
		if !ok && had != nil {
			return bad(text.M("node.variable_list", "The variable holds %s, which is no list.", expr.Show(had)))
		}
		return append(list[:len(list):len(list)], v), nil
	case "increment":
		a, ok := field.AsDecimal(had)
		if !ok && had != nil {
			return bad(text.M("node.variable_number", "The variable holds %s, which is no number.", expr.Show(had)))
		}
		b, ok := field.AsDecimal(v)
		if !ok && v != nil {
			return bad(text.M("node.variable_step", "%s is no number.", expr.Show(v)))
		}
		sum := a.Add(b)
		if n, whole := sum.Int64(); whole {
			return n, nil
		}
		return sum, nil
	case "merge":
		object, ok := had.(map[string]any)
		if !ok && had != nil {
			return bad(text.M("node.variable_object", "The variable holds %s, which is no object.", expr.Show(had)))
		}
		more, ok := v.(map[string]any)
		if !ok && v != nil {
			return bad(text.M("node.variable_merge", "%s is no object.", expr.Show(v)))
		}
		out := map[string]any{}
		maps.Copy(out, object)
		maps.Copy(out, more)
		return out, nil
	}
	return v, nil
}
