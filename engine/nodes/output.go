package nodes

import (
	"context"

	"formrail/engine/node"
	"formrail/models/field"
)

type outputConfig struct {
	Value any `json:"value"`
}

// output sets what the execution gives; the last one that ran counts.
var output = node.Define(node.Spec[outputConfig]{
	Key: "output", Group: node.Flow, Icon: "corner-down-right", Title: "Output",
	Summary:  "Say what the workflow gives to who started it",
	Synonyms: []string{"return", "result"},
	Help:     "Sets the output of the execution and goes on. When several run, the last one counts.",
	Config:   []field.Field{{Name: "value", Kind: field.Value, Label: "Value", Required: true}},
	Effect:   node.Pure,
	Outputs:  func(outputConfig, node.Catalog) field.Shape { return field.Any("Value") },
	Line:     func(c outputConfig, cat node.Catalog) string { return shorten(said(c.Value, cat), 60) },
	Run: func(_ context.Context, _ node.Call, c outputConfig) (node.Result, error) {
		return node.Done(c.Value).Returns(), nil
	},
	Examples: []node.Example[outputConfig]{
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
