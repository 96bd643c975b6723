package openapi

import (
	"slices"
	"strings"

	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// parameter is one parameter of an action on records: in the address, or, of reading
// actions, in the body.
type parameter struct {
	name   string
	schema object
	about  text.Message
}

func texts() object { return object{"type": "array", "items": object{"type": "string"}} }

func one(values ...any) object { return object{"type": "string", "enum": values} }

// parameters are those of the path, the headers, and the query.
func (w *document) parameters(op Operation) []any {
	out := []any{}
	for _, part := range strings.FieldsFunc(op.Path, func(r rune) bool { return r == '/' || r == ':' }) {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		schema := object{"type": "string"}
		switch {
		case part == association:
			schema["enum"] = op.Links
		case op.On != nil:
			schema = key(op.On)
		}
		out = append(out, object{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": schema})
	}
	if op.Route.Auth == route.Bearer {
		out = append(out, ref("parameters", "X-Role"), ref("parameters", "X-Timezone"), ref("parameters", "X-Locale"))
	}
	if !op.Reading {
		out = append(out, ref("parameters", "traceparent"))
	}
	if op.On != nil && !op.Reading {
		out = append(out, ref("parameters", "Idempotency-Key"), ref("parameters", "If-Match"))
	}
	if op.On == nil && op.Action == "" {
		return append(out, ref("parameters", "If-None-Match"))
	}
	declared := w.declared
	if op.On == nil {
		in, ok := stated(op)
		if !ok {
			return append(out, undeclared())
		}
		declared = func(Operation) []parameter { return in.query }
	}
	for _, p := range declared(op) {
		out = append(out, p.inQuery(w))
	}
	return out
}

// undeclared stands for the parameters of actions that do not declare them.
func undeclared() object {
	return object{"name": "parameters", "in": "query", "style": "form", "explode": true, "schema": free()}
}

func (p parameter) inQuery(w *document) object {
	out := object{"name": p.name, "in": "query", "description": w.say(p.about)}
	switch {
	case slices.Contains([]string{"filter", "having", "measures", "dimensions", "settings"}, p.name): // its value is JSON
		out["content"] = content(p.schema)
	case p.schema["type"] == "array":
		out["schema"], out["style"], out["explode"] = p.schema, "form", false
	default:
		out["schema"] = p.schema
	}
	return out
}

// headers are the parameters that many operations share.
func (w *document) headers() object {
	header := func(name string, about text.Message) object {
		return object{"name": name, "in": "header", "description": w.say(about), "schema": object{"type": "string"}}
	}
	return object{
		"X-Role":      header("X-Role", text.M("openapi.role", "Act as this one of your roles only")),
		"X-Timezone":  header("X-Timezone", text.M("openapi.zone", "Zone of dates without offset, such as Europe/Stockholm")),
		"X-Locale":    header("X-Locale", text.M("openapi.locale", "Language of messages, before those of Accept-Language")),
		"traceparent": header("traceparent", text.M("openapi.trace", "Trace of W3C Trace Context; executions that are started keep it")),
		"Idempotency-Key": header("Idempotency-Key",
			text.M("openapi.idempotency", "The same key and body again give the first answer again; nothing is done twice")),
		"If-Match":      header("If-Match", text.M("openapi.if_match", "ETag of the record: refuses when somebody has changed it since")),
		"If-None-Match": header("If-None-Match", text.M("openapi.if_none_match", "ETag of the answer you have")),
	}
}

// declared lists the parameters of an action on records.
func (w *document) declared(op Operation) []parameter {
	shown := w.shown()
	switch {
	case op.Links != nil && op.Reading:
		return slices.DeleteFunc(shown, func(p parameter) bool { return p.name == "except" })
	case op.Links != nil:
		return append(append(shown, writing()...), parameter{"tk", texts(), text.M("openapi.tk", "Keys of the linked records; in the body as well")})
	case op.Action == "history":
		return []parameter{{"cursor", whole(), text.M("openapi.cursor_history", "nextCursor of the page before")}}
	case op.Action == "query":
		return append(w.chosen(op)[:1], grouping()...)
	case op.Action == "get":
		return append(append(shown, w.trash(), w.chosen(op)[0]), w.chosen(op)[1:]...)
	case op.Reading:
		return append(append(shown, w.chosen(op)[0], w.trash()), paging()...)
	}
	out := append(shown, writing()...)
	switch op.Action {
	case "create", "revert":
	case "firstOrCreate", "updateOrCreate":
		out = append(out, parameter{"filterKeys", texts(), text.M("openapi.filter_keys", "A record with the same values under these names is taken")})
	case "destroy":
		out = append(out, parameter{"purge", yesNo(), text.M("openapi.purge", "For good, not into the trash")})
		fallthrough
	default:
		out = append(out, w.chosen(op)...)
	}
	return out
}

// shown says how records come back.
func (w *document) shown() []parameter {
	return []parameter{
		{"fields", texts(), text.M("openapi.fields", "Only these fields; a path appends the link")},
		{"except", texts(), text.M("openapi.except", "All but these fields")},
		{"appends", texts(), text.M("openapi.appends", "Links whose record comes along")},
	}
}

// chosen says which records: by a filter, and by their keys unless one stands in the
// address.
func (w *document) chosen(op Operation) []parameter {
	filter := free()
	if c, ok := w.collection(op.On); ok && c.Views {
		filter = ref("schemas", c.Component+"Filter")
	}
	out := []parameter{{"filter", filter, text.M("openapi.filter_by", "Only records that match")}}
	if !strings.Contains(op.Path, "{") && op.Action != "list" {
		out = append(out, parameter{"filterByTk", texts(), text.M("openapi.filter_by_tk", "Keys of the records")})
	}
	return out
}

func (w *document) trash() parameter {
	return parameter{"trash", one("only", "with"), text.M("openapi.trash", "Records in the trash: only them, or with the others")}
}

// grouping are the parameters of numbers about records.
func grouping() []parameter {
	name := object{"type": "string"}
	measure := object{"field": name, "aggregation": one("count", "sum", "avg", "min", "max"), "distinct": yesNo(), "alias": name}
	dimension := object{"field": name, "format": one("year", "quarter", "month", "week", "day"), "alias": name}
	list := func(of object) object { return object{"type": "array", "items": of} }
	return []parameter{
		{"measures", list(closed(measure, "aggregation")), text.M("openapi.measures", "What to compute, at most 10; without a field count counts records")},
		{"dimensions", list(closed(dimension, "field")), text.M("openapi.dimensions", "What to group by, at most 5; format is for dates")},
		{"having", object{"type": "object"}, text.M("openapi.having", "Only groups whose measures fulfil this, by alias; $and, $or and $not as in a filter")},
		{"orders", texts(), text.M("openapi.orders", "Aliases; a minus in front sorts downwards")},
		{
			"limit",
			object{"type": "integer", "minimum": 1, "maximum": records.MaxGroups, "default": records.DefaultGroups},
			text.M("openapi.limit", "Groups of the answer"),
		},
	}
}

func paging() []parameter {
	return []parameter{
		{"search", object{"type": "string"}, text.M("openapi.search", "Words that the title must hold")},
		{"sort", texts(), text.M("openapi.sort", "Names; a minus in front sorts downwards")},
		{
			"pageSize",
			object{"type": "integer", "minimum": 1, "maximum": records.MaxPageSize, "default": records.DefaultPageSize},
			text.M("openapi.page_size", "Records of a page"),
		},
		{"page", object{"type": "integer", "minimum": 1}, text.M("openapi.page", "Number of the page")},
		{"paginate", yesNo(), text.M("openapi.paginate", "false: all in one page of at most %d", records.MaxUnpaged)},
		{"cursor", object{"type": "string"}, text.M("openapi.cursor", "Page by nextCursor or prevCursor of another page; empty for the first")},
		{"count", yesNo(), text.M("openapi.count", "Count the matches as well")},
	}
}

// writing are the parameters that all writes share.
func writing() []parameter {
	return []parameter{
		{"whitelist", texts(), text.M("openapi.whitelist", "Only these values of the body count")},
		{"blacklist", texts(), text.M("openapi.blacklist", "These values of the body do not count")},
		{"unknown", one("refuse", "ignore"), text.M("openapi.unknown", "What becomes of unknown names")},
		{"triggerWorkflows", texts(), text.M("openapi.trigger_workflows", "Keys of workflows to start, each alone or with !path behind it")},
		{"strictWorkflows", yesNo(), text.M("openapi.strict_workflows", "Refuse when one of them cannot be started")},
	}
}

// body is what an operation reads.
func (w *document) body(op Operation) object {
	out := object{"content": content(free())}
	switch c, _ := w.collection(op.On); {
	case op.On == nil:
		if in, ok := stated(op); ok {
			out["content"] = content(w.statedBody(op, in))
		}
	case op.Reading:
		out["content"] = content(w.members(w.declared(op)))
	case op.Links != nil:
		one := object{"type": []any{"string", "integer", "null"}}
		out["content"] = content(closed(object{"tk": object{"anyOf": []any{one, object{"type": "array", "items": one}}}}))
	case op.Route.Permission.Action == models.Create && op.Action == "create":
		values := w.named(c.Component+"Create", c.Creates)
		out["content"] = content(object{"anyOf": []any{values, object{"type": "array", "items": values, "maxItems": records.MaxBatch}}})
	case op.Route.Permission.Action == models.Create:
		out["content"] = content(w.named(c.Component+"Create", c.Creates))
	case op.Action == "revert":
		out["content"] = content(closed(object{"entry": whole(), "mode": object{"enum": []any{"change", "state"}}}, "entry"))
	case op.Route.Permission.Action == models.Update:
		out["content"] = content(w.named(c.Component+"Update", c.Updates))
	default:
		out["content"] = content(closed(object{"filterByTk": texts(), "filter": w.chosen(op)[0].schema}))
	}
	return out
}

func (w *document) named(schema string, ok bool) object {
	if !ok {
		return free()
	}
	return ref("schemas", schema)
}

func (w *document) members(list []parameter) object {
	properties := object{}
	for _, p := range list {
		s := object{"description": w.say(p.about)}
		for k, v := range p.schema {
			s[k] = v
		}
		properties[p.name] = s
	}
	return closed(properties)
}

// answer is the schema of the answer of an operation.
func (w *document) answer(op Operation) object {
	if op.Action == "" {
		return free()
	}
	if op.On == nil {
		return ref("schemas", resultSchema)
	}
	c, ok := w.collection(op.On)
	if op.Links != nil && op.Reading {
		return w.linked(op)
	}
	record := object{"type": "object", "properties": object{models.IDField: key(op.On)}}
	if ok && c.Views {
		record = ref("schemas", c.Component)
	}
	list := object{"type": "array", "items": record}
	either := object{"anyOf": []any{record, key(op.On)}} // of many records only the keys
	meta := ref("schemas", writtenMeta)
	switch op.Action {
	case "list":
		return envelope(list, ref("schemas", pageSchema))
	case "get":
		return envelope(record, free())
	case "query":
		return envelope(object{"type": "array", "items": object{"type": "object"}}, free())
	case "history":
		return envelope(object{"type": "array", "items": free()}, ref("schemas", pageSchema))
	case "create":
		return envelope(object{"anyOf": []any{record, object{"type": "array", "items": either}}}, meta)
	case "destroy":
		return envelope(whole(), meta)
	case "firstOrCreate", "updateOrCreate", "set", "add", "remove", "toggle":
		return envelope(record, meta)
	case "revert":
		return envelope(either, meta)
	default:
		return envelope(object{"type": "array", "items": either}, meta)
	}
}

// linked is the answer with the record behind a link, of whatever collection it is.
func (w *document) linked(op Operation) object {
	record := object{"type": "object"}
	if op.Action == "list" {
		return envelope(object{"type": "array", "items": record}, free())
	}
	return envelope(record, free())
}

func envelope(data, meta object) object {
	return closed(object{"data": data, "meta": meta, "messages": ref("schemas", saidSchema)}, "data")
}
