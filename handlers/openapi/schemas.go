package openapi

import (
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

// Names of schemas that belong to no collection. The point keeps them apart from those.
const (
	errorsSchema = "api.Errors"
	resultSchema = "api.Result"
	saidSchema   = "api.Messages"
	pageSchema   = "api.Page"
	writtenMeta  = "api.Written"
)

func (w *document) schemas() object {
	said := object{"type": "array", "items": closed(object{"message": object{"type": "string"}}, "message")}
	former := object{"type": "array", "items": closed(object{"name": object{"type": "string"}, "use": object{"type": "string"}}, "name", "use")}
	out := object{
		errorsSchema: object{
			"type": "object", "required": []any{"errors", "requestId"},
			"properties": object{
				"errors": object{"type": "array", "minItems": 1, "items": closed(object{
					"code": object{"type": "string"}, "message": object{"type": "string"}, "field": object{"type": "string"},
					"path": object{"type": "string"}, "data": free(),
				}, "message")},
				"requestId": object{"type": "string"}, "messages": ref("schemas", saidSchema),
			},
		},
		resultSchema: object{"type": "object", "properties": object{"data": object{}, "meta": free(), "messages": ref("schemas", saidSchema)}},
		saidSchema:   said,
		pageSchema: closed(object{
			"pageSize": whole(), "page": whole(), "count": whole(), "totalPage": whole(), "countExact": yesNo(), "hasNext": yesNo(),
			"nextCursor": object{"type": []any{"string", "integer", "null"}}, "prevCursor": nullable("string"),
			"deprecated": former,
		}, "pageSize"),
		writtenMeta: closed(object{
			"triggers": object{"type": "array", "items": closed(object{
				"key": object{"type": "string"}, "result": object{"enum": []any{"started", "skipped"}}, "executionId": object{"type": "string"},
				"reason": object{"type": "string"},
			}, "key", "result")},
			"ignored": object{"type": "array", "items": object{"type": "string"}}, "created": yesNo(), "deprecated": former,
		}, "triggers"),
	}
	for _, c := range w.Collections {
		if c.Views {
			out[c.Component] = w.record(c)
			out[c.Component+"Filter"] = w.filter(c)
		}
		if c.Creates {
			out[c.Component+"Create"] = w.values(c, c.Create, true)
		}
		if c.Updates {
			out[c.Component+"Update"] = w.values(c, c.Update, false)
		}
	}
	return out
}

// closed is an object that has no other members.
func closed(properties object, required ...any) object {
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// free is an object nothing is declared about.
func free() object { return object{"type": "object", "additionalProperties": true} }

func whole() object { return object{"type": "integer"} }

func yesNo() object { return object{"type": "boolean"} }

func nullable(kind string) object { return object{"type": []any{kind, "null"}} }

// record is a record as the caller may see it. What is not open in one of them is
// absent there; links have their record when it is appended.
func (w *document) record(c Collection) object {
	properties := object{models.VersionField: whole()}
	for _, f := range c.View {
		if f.Name == models.IDField {
			properties[f.Name] = key(c.Collection)
			continue
		}
		s := w.stored(f)
		s["title"] = f.Title()
		properties[f.Key()] = s
		if target, ok := w.target(f); ok && target.Views && f.Key() != f.Name {
			properties[f.Name] = object{"anyOf": []any{ref("schemas", target.Component), object{"type": "null"}}}
		}
	}
	out := closed(properties)
	out["title"] = c.Collection.Title
	if c.System { // those who manage people see more of them
		delete(out, "additionalProperties")
	}
	return out
}

// key is a primary key.
func key(c *models.Collection) object {
	if c.IDType == models.UUIDID {
		return object{"type": "string", "format": "uuid"}
	}
	return object{"type": "integer", "minimum": 1}
}

// target is the collection a link points to, when the caller has to do with it.
func (w *document) target(f *models.CollectionField) (Collection, bool) {
	if !f.IsLink() {
		return Collection{}, false
	}
	c, ok := w.targets[models.Snake(f.Target)]
	return c, ok
}

// stored is a value as records hold it. It may break bounds that were set later.
func (w *document) stored(f *models.CollectionField) object {
	switch f.Kind {
	case field.Integer:
		return nullable("integer")
	case field.Number:
		return nullable("number")
	case field.Boolean:
		return nullable("boolean")
	case field.DateOnly:
		return object{"type": []any{"string", "null"}, "format": "date"}
	case field.DateTime:
		return object{"type": []any{"string", "null"}, "format": "date-time"}
	case field.User, field.ManyToOne:
		return w.link(f)
	case field.Select:
		return object{"enum": choices(f, true)}
	default:
		return nullable("string")
	}
}

// link is the key of a linked record.
func (w *document) link(f *models.CollectionField) object {
	target, ok := w.target(f)
	if !ok { // the caller need not know more
		return object{"type": []any{"integer", "string", "null"}}
	}
	out := key(target.Collection)
	out["type"] = []any{out["type"], "null"}
	return out
}

func choices(f *models.CollectionField, archived bool) []any {
	var out []any
	for _, o := range f.Options {
		if archived || !o.Archived {
			out = append(out, o.Value)
		}
	}
	return append(out, nil)
}

// values are the values that the caller may send.
func (w *document) values(c Collection, fields []*models.CollectionField, creating bool) object {
	properties, required := object{models.VersionField: whole()}, []any(nil)
	for _, f := range fields {
		properties[f.Key()] = w.sent(f, creating)
		if creating && f.Required && f.Default == nil {
			required = append(required, f.Key())
		}
	}
	out := object{
		"type": "object", "title": c.Collection.Title, "properties": properties,
		"description": w.say(text.M("openapi.values", "Other names are refused unless unknown is ignore. Names that the server writes itself are ignored.")),
	}
	if required != nil {
		out["required"] = required
	}
	return out
}

// sent is a value as it may be sent.
func (w *document) sent(f *models.CollectionField, creating bool) object {
	out := w.stored(f)
	if f.Kind == field.Select {
		out["enum"] = choices(f, !creating) // an archived option may stay on its record
	}
	bounds(f, out)
	if !creating && (f.Kind == field.Integer || f.Kind == field.Number) {
		out = object{"anyOf": []any{out, closed(object{"op": object{"const": "increment"}, "by": object{"type": "number"}}, "op", "by")}}
	}
	out["title"] = f.Title()
	if f.Help != "" {
		out["description"] = f.Help
	}
	return out
}

// bounds adds what a value must keep. Patterns are those of RE2, which JSON Schema
// does not know.
func bounds(f *models.CollectionField, out object) {
	if f.MinLength > 0 {
		out["minLength"] = f.MinLength
	}
	if f.MaxLength > 0 {
		out["maxLength"] = f.MaxLength
	}
	if f.Min != nil {
		out["minimum"] = *f.Min
	}
	if f.Max != nil {
		out["maximum"] = *f.Max
	}
	for name, s := range map[string]string{"x-pattern": f.Pattern, "x-min": f.MinDate, "x-max": f.MaxDate, "x-currency": f.Currency} {
		if s != "" {
			out[name] = s
		}
	}
	if f.Kind == field.Number {
		out["x-scale"] = f.Scale
	}
}

// filter is a filter of records: the operators of each field, and the filter of the
// linked collection behind a link.
func (w *document) filter(c Collection) object {
	itself := ref("schemas", c.Component+"Filter")
	list := object{"type": "array", "items": itself}
	properties := object{"$and": list, "$or": list, "$not": itself}
	for _, f := range c.View {
		condition := w.condition(f)
		properties[f.Key()] = condition
		if target, ok := w.target(f); ok && target.Views && f.Key() != f.Name {
			properties[f.Name] = object{"anyOf": []any{condition, ref("schemas", target.Component+"Filter")}}
		}
	}
	return object{
		"type": "object", "properties": properties,
		"description": w.say(text.M("openapi.filter", "All members must hold. A plain value means $eq, a list $in, null $empty. A name may be a path such as link.name.$operator.")),
	}
}

// condition is what a filter may ask of one field.
func (w *document) condition(f *models.CollectionField) object {
	one := compared(f)
	some := object{"type": "array", "items": one}
	operators := object{}
	for _, o := range records.Operators(f) {
		switch o.Takes {
		case records.Flag:
			operators[o.Name] = yesNo()
		case records.Two:
			operators[o.Name] = object{"type": "array", "items": one, "minItems": 2, "maxItems": 2}
		case records.Several:
			operators[o.Name] = object{"anyOf": []any{one, some}}
		case records.One:
			operators[o.Name] = one
		}
	}
	return object{"title": f.Title(), "anyOf": []any{object{"type": "object", "properties": operators, "minProperties": 1}, one, some}}
}

// compared is a value that a filter compares a field with.
func compared(f *models.CollectionField) object {
	switch f.Kind {
	case field.DateOnly, field.DateTime: // a day, an instant, a period by name, or one relative to now
		return object{"anyOf": []any{nullable("string"), closed(object{
			"type": object{"enum": []any{"past", "next"}}, "number": whole(), "unit": object{"type": "string"},
		}, "type")}}
	case field.Integer, field.Number:
		return object{"type": []any{"number", "string", "null"}}
	case field.Boolean:
		return nullable("boolean")
	case field.User, field.ManyToOne:
		return object{"type": []any{"integer", "string", "null"}}
	default:
		return nullable("string")
	}
}
