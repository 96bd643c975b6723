package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
)

func TestAboutStart_ChoosesTheRecordThatStarted(t *testing.T) {
	t.Parallel()
	def := func(config map[string]any) *engine.Definition {
		return &engine.Definition{Trigger: engine.TriggerPart{Type: "post_action", Config: config}}
	}
	add := func(def *engine.Definition, args map[string]any) any {
		aboutStart(def, engine.Command{Name: "add_node", Args: args})
		return args["config"]
	}
	one := def(map[string]any{"collection": "orders"})
	require.Equal(t, map[string]any{"collection": "orders", "filter": map[string]any{"id": map[string]any{"$eq": "{{ trigger.data.id }}"}}},
		add(one, map[string]any{"type": "update_record"}))
	own := map[string]any{"collection": "people"}
	require.Equal(t, own, add(one, map[string]any{"type": "update_record", "config": own}))
	require.Nil(t, add(one, map[string]any{"type": "create_record"}))
	require.Nil(t, add(def(nil), map[string]any{"type": "update_record"}))
	require.Nil(t, add(def(map[string]any{"collection": "orders", "bulk": "list"}), map[string]any{"type": "update_record"}), "the start has no one record")
}
