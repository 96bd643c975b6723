package openapi

import "formrail/models/text"

// inputs are what an action that is not about records takes: parameters of the
// address, and members of the body. A reading action takes its parameters in either.
type inputs struct {
	query []parameter
	body  []parameter
	needs []any // names of the body that may not be left out
}

// stated finds the inputs of an action by the pattern of its line. The ones that are
// missing here take whatever their handler reads.
func stated(op Operation) (inputs, bool) {
	words := object{"type": "string"}
	version := parameter{"version", words, text.M("openapi.version", "draft, live, or the number of a version")}
	confirm := parameter{"confirm", words, text.M("openapi.confirm", "The confirmation of a preview: accepts exactly what it told")}
	all := map[string]inputs{
		"/api/workflows:usage/{key}": {},
		"/api/workflows:export": {query: []parameter{
			{"keys", texts(), text.M("openapi.keys", "Keys of the workflows")}, version,
		}},
		"/api/workflows:export/{key}": {query: []parameter{version}},
		"/api/workflows:diff/{key}": {query: []parameter{
			{"from", words, text.M("openapi.from", "What to compare with: live unless another one is named, draft, or the number of a version")},
			{"to", words, text.M("openapi.to", "What to compare: draft unless another one is named, live, or the number of a version")},
		}},
		"/api/workflows:duplicate/{key}": {needs: []any{"title"}, body: []parameter{
			{"title", words, text.M("openapi.copy_title", "Title of the copy")},
			{"key", words, text.M("openapi.copy_key", "Key of the copy; from its title when it is left out")},
			version,
			{"type", words, text.M("openapi.copy_type", "Another type of trigger; the steps stay")},
			{"sync", yesNo(), text.M("openapi.copy_sync", "Whether the copy answers at once")},
		}},
		"/api/workflows:import": {query: []parameter{
			{"dryRun", yesNo(), text.M("openapi.dry_run", "Only say what would happen")},
			{"key", words, text.M("openapi.import_key", "Another key than the file has")},
		}},
		"/api/collections:preview/{name}": {query: []parameter{
			{"change", one("destroy", "rename"), text.M("openapi.change", "What would be done")},
		}},
		"/api/collections/{name}/fields:preview/{field}": {query: []parameter{
			{"change", one("destroy", "rename", "update"), text.M("openapi.change", "What would be done")},
			{"settings", free(), text.M("openapi.settings", "Settings that an update would change")},
		}},
		"/api/collections:clone/{name}": {query: []parameter{confirm}, needs: []any{"name"}, body: []parameter{
			{"name", words, text.M("openapi.clone_name", "Name of the new collection")},
			{"title", words, text.M("openapi.clone_title", "Title of the new collection")},
		}},
		"/api/collections/{name}/fields:move/{field}": {query: []parameter{confirm}, body: []parameter{
			{"after", words, text.M("openapi.after", "The field to stand behind; before all others when it is left out")},
		}},
	}
	in, ok := all[op.Route.Pattern]
	return in, ok
}

// statedBody is the body of an action with stated inputs. A file is described by the
// workflow it holds, not here.
func (w *document) statedBody(op Operation, in inputs) object {
	switch {
	case op.Reading:
		return w.members(in.query)
	case op.Action == "import":
		return object{"anyOf": []any{free(), object{"type": "array", "items": free()}}}
	case in.body == nil:
		return free()
	}
	out := w.members(in.body)
	if len(in.needs) > 0 {
		out["required"] = in.needs
	}
	return out
}
