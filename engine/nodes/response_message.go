package nodes

import (
	"context"

	"formrail/engine/node"
	"formrail/models/field"
)

type responseMessageConfig struct {
	Message string `json:"message"`
}

// responseMessage adds a sentence to the answer of a synchronous request.
var responseMessage = node.Define(node.Spec[responseMessageConfig]{
	Key: "response_message", Group: node.Connect, Icon: "reply", Title: "Response message",
	Summary:  "Say something to the person who waits",
	Synonyms: []string{"answer", "reply", "tell"},
	Help: "Adds a message to the answer of the form or call that started a synchronous workflow. Several messages appear in their order. " +
		"In an asynchronous workflow nobody waits, so nothing is said.",
	Config: []field.Field{
		{Name: "message", Kind: field.Template, Label: "Message", Required: true},
	},
	Effect: node.Pure,
	Outputs: func(responseMessageConfig, node.Catalog) field.Shape {
		return field.Shape{Kind: field.Text, Label: "Message"}
	},
	Line: func(c responseMessageConfig, _ node.Catalog) string { return shorten(c.Message, 60) },
	Run: func(_ context.Context, call node.Call, c responseMessageConfig) (node.Result, error) {
		if !call.Node.Sync || c.Message == "" {
			return node.Done(nil), nil
		}
		return node.Done(c.Message).Say(c.Message), nil
	},
	Examples: []node.Example[responseMessageConfig]{
		{
			Title:  "Say the number of the record",
			Config: map[string]any{"message": "Saved as R-{{ trigger.data.id }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want:   node.Want{Output: "Saved as R-42"},
		},
		{
			Title:  "An empty message says nothing",
			Config: map[string]any{"message": "{{ trigger.data.note }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"note": nil}}},
			Want:   node.Want{},
		},
		{
			Title:  "The message cannot be computed",
			Config: map[string]any{"message": "{{ trigger.data.amount / 0 }} each"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(5)}}},
			Want:   node.Want{Code: "DIVISION_BY_ZERO"},
		},
	},
})
