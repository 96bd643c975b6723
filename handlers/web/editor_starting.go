package web

import "formrail/engine"

// aboutStart lets a fresh step that changes a record change the one that started the
// workflow, which is nearly always meant. What the command says itself stays, and a
// start with several records or without a collection leaves the choice open.
func aboutStart(def *engine.Definition, command engine.Command) {
	if command.Name != "add_node" || command.Args["type"] != "update_record" || command.Args["config"] != nil {
		return
	}
	collection, _ := def.Trigger.Config["collection"].(string)
	if collection == "" || def.Trigger.Config["bulk"] == "list" {
		return
	}
	command.Args["config"] = map[string]any{
		"collection": collection,
		"filter":     map[string]any{"id": map[string]any{"$eq": "{{ trigger.data.id }}"}},
	}
}
