package nodes

import (
	"context"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type outputConfig struct {
	Value  any `json:"value"`
	Schema any `json:"schema"`
}

// output sets what the execution gives; the last one that ran counts.
var output = node.Define(node.Spec[outputConfig]{
	Key: "output", Group: node.Flow, Icon: "corner-down-right", Title: "Output",
	Summary:  "Say what the workflow gives to who started it",
	Synonyms: []string{"return", "result"},
	Help:     "Sets the output of the execution and goes on. When several run, the last one counts.",
	Config: []field.Field{
		{Name: "value", Kind: field.Value, Label: "Value", Required: true},
		{Name: "schema", Kind: field.JSON, Label: "JSON Schema", Rare: true, Help: "When the value does not fit it, the step fails."},
	},
	Effect:  node.Pure,
	Outputs: func(outputConfig, node.Catalog) field.Shape { return field.Any("Value") },
	Line:    func(c outputConfig, cat node.Catalog) string { return shorten(said(c.Value, cat), 60) },
	Check: func(c outputConfig, _ node.Catalog) (p field.Problems) {
		if c.Schema == nil {
			return nil
		}
		if _, err := compileSchema(c.Schema); err != nil {
			p.Add("schema", invalid, text.M("node.schema", "The schema cannot be read: %s", err))
		}
		return p
	},
	Run: func(_ context.Context, _ node.Call, c outputConfig) (node.Result, error) {
		if c.Schema == nil {
			return node.Done(c.Value).Returns(), nil
		}
		schema, err := compileSchema(c.Schema)
		if err != nil {
			return node.Result{}, node.Broken("INVALID_CONFIG", text.M("node.schema", "The schema cannot be read: %s", err))
		}
		wrong, err := unfit(schema, c.Value)
		if err != nil {
			return node.Result{}, err
		}
		if wrong != "" {
			return node.Result{}, node.Broken("SCHEMA_MISMATCH", text.M("node.schema_mismatch", "The value does not fit the schema: %s", wrong))
		}
		return node.Done(c.Value).Returns(), nil
	},
	Examples: []node.Example[outputConfig]{
		{
			Title:  "A total, which must be a number",
			Config: map[string]any{"value": map[string]any{"total": "{{ trigger.data.total }}"}, "schema": map[string]any{"type": "object", "required": []any{"total"}, "properties": map[string]any{"total": map[string]any{"type": "number"}}}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"total": int64(3)}}},
			Want:   node.Want{Output: map[string]any{"total": int64(3)}},
		},
		{
			Title:  "A total that is none",
			Config: map[string]any{"value": map[string]any{"total": "{{ trigger.data.total }}"}, "schema": map[string]any{"properties": map[string]any{"total": map[string]any{"type": "number"}}}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"total": "three"}}},
			Want:   node.Want{Code: "SCHEMA_MISMATCH"},
		},
		{
			Title:  "The id of the record",
			Config: map[string]any{"value": "{{ trigger.data.id }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want:   node.Want{Output: int64(42)},
		},
		{
			Title:  "An object",
			Config: map[string]any{"value": map[string]any{"ok": true, "total": "{{ trigger.data.total }}"}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"total": int64(3)}}},
			Want:   node.Want{Output: map[string]any{"ok": true, "total": int64(3)}},
		},
		{
			Title:  "The value cannot be computed",
			Config: map[string]any{"value": "{{ trigger.data.amount / 0 }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(5)}}},
			Want:   node.Want{Code: "DIVISION_BY_ZERO"},
		},
	},
})
