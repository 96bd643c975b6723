package nodes

import (
	"context"

	"formrail/engine/node"
	"formrail/models/field"
)

type endConfig struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Output  any    `json:"output"`
}

// end finishes the whole execution, from any depth.
var end = node.Define(node.Spec[endConfig]{
	Key: "end", Group: node.Flow, Icon: "flag", Title: "End",
	Summary:  "End the whole workflow here",
	Synonyms: []string{"stop", "finish", "exit"}, Asks: "status",
	Help: "Ends the execution at once, also from inside a branch. Open tasks and timers are cancelled.\n\n" +
		"The message is shown to the person who waits for the answer.",
	Config: []field.Field{
		{
			Name: "status", Kind: field.Select, Label: "End as", Default: "succeeded",
			Options: field.Choices("succeeded", "Succeeded", "failed", "Failed", "rejected", "Rejected"),
		},
		{Name: "message", Kind: field.Template, Label: "Message"},
		{Name: "output", Kind: field.Value, Label: "Output", Help: "What the execution gives to whoever started it."},
	},
	Effect: node.Pure,
	Line: func(c endConfig, cat node.Catalog) string {
		if c.Message != "" {
			return shorten(said(c.Message, cat), 60)
		}
		return map[string]string{"failed": "As failed", "rejected": "As rejected"}[c.Status]
	},
	Run: func(_ context.Context, _ node.Call, c endConfig) (node.Result, error) {
		return node.End(node.Outcome(c.Status), "end_node", c.Output).Say(c.Message), nil
	},
	Examples: []node.Example[endConfig]{
		{
			Title:  "End with a result",
			Config: map[string]any{"output": "{{ trigger.data.id }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want:   node.Want{Ends: node.Succeeded, Output: int64(42)},
		},
		{
			Title:  "End without settings",
			Config: map[string]any{},
			Want:   node.Want{Ends: node.Succeeded},
		},
		{
			Title:  "End as failed with a reason",
			Config: map[string]any{"status": "failed", "message": "A draft of {{ trigger.user.nickname }} already exists"},
			Vars:   map[string]any{"trigger": map[string]any{"user": map[string]any{"nickname": "Jun"}}},
			Want:   node.Want{Ends: node.Failed},
		},
		{
			Title:  "The message cannot be computed",
			Config: map[string]any{"message": "{{ trigger.data.amount / 0 }} each"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(5)}}},
			Want:   node.Want{Code: "DIVISION_BY_ZERO"},
		},
	},
})
