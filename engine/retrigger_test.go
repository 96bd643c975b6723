package engine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/trigger"
	"formrail/models/field"
)

type savedConfig struct {
	Collection string `json:"collection"`
	Order      int    `json:"order"`
	Limit      string `json:"limit"`
}

type askedConfig struct {
	Collection string `json:"collection"`
	Order      int    `json:"order"`
	Limit      int    `json:"limit"`
}

func triggerOf[C any](key string, most field.Field, limit field.Kind) *trigger.Type {
	most.Name, most.Kind, most.Label = "order", field.Integer, "Order"
	return trigger.Define(trigger.Spec[C]{
		Key: key, Title: key,
		Config: []field.Field{
			{Name: "collection", Kind: field.Collection, Label: "Collection"}, most, {Name: "limit", Kind: limit, Label: "Limit"},
		},
		Listens: func(C) trigger.Listens { return trigger.Listens{} },
		Match:   func(context.Context, C, trigger.Change) (trigger.Decision, error) { return trigger.Start(), nil },
	})
}

func TestRetrigger_KeepsSettingsThatBothTypesHave(t *testing.T) {
	t.Parallel()
	r := newRegistry(nil, []*trigger.Type{
		triggerOf[savedConfig]("post_action", field.Field{}, field.Text),
		triggerOf[askedConfig]("custom_action", field.Field{Max: field.Bound("10")}, field.Integer),
	})
	steps := []*NodePart{{Key: "a", Type: "end"}}
	for order, kept := range map[int64]map[string]any{
		7:  {"collection": "notes", "order": int64(7)},
		70: {"collection": "notes"},
	} {
		d := &Definition{Nodes: steps, Trigger: TriggerPart{
			Type: "post_action", Config: map[string]any{"collection": "notes", "order": order, "limit": "5", "gone": true},
		}}
		require.NoError(t, r.retrigger(d, "custom-action"))
		require.Equal(t, TriggerPart{Type: "custom_action", Config: kept}, d.Trigger)
		require.Equal(t, steps, d.Nodes)
	}
	same := &Definition{Trigger: TriggerPart{Type: "post_action", Config: map[string]any{"gone": true}}}
	require.NoError(t, r.retrigger(same, "action"))
	require.Equal(t, map[string]any{"gone": true}, same.Trigger.Config)
}
