package nodes

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// Settings that several data nodes have.
var (
	collectionSetting = field.Field{Name: "collection", Kind: field.Collection, Label: "Collection", Required: true}
	preloadSetting    = field.Field{
		Name: "preload", Kind: field.Paths, Label: "Load linked data",
		Help: "Links that later steps need. Fewer links are faster.",
	}
	actorSetting = field.Field{
		Name: "actor", Kind: field.Value, Label: "Entered as changed by", Default: "user",
		Help: "`user` is the person who caused the execution. `nobody` leaves it empty. `{\"id\": 7}` names a person.",
	}
	eventsSetting = field.Field{
		Name: "events", Kind: field.Select, Label: "Other workflows", Default: "fire",
		Options: field.Choices("fire", "Start as usual", "silent", "Do not start"),
	}
)

// rightsOf gives the right that writing without starting workflows needs.
func rightsOf(events string) []string {
	if events == "silent" {
		return []string{"record.skip_workflows"}
	}
	return nil
}

// actor is who is entered as creator or changer.
type actor node.Actor

var errActor = errors.New(`enter "user", "nobody" or a person such as {"id": 7}`)

// UnmarshalJSON reads "user", "nobody" or an object with the id of a person.
func (a *actor) UnmarshalJSON(raw []byte) error {
	v, err := field.ParseJSON(raw)
	if err != nil {
		return errActor
	}
	switch v := v.(type) {
	case string:
		*a = actor{Nobody: v == "nobody"}
		if v == "user" || v == "nobody" {
			return nil
		}
	case map[string]any:
		if id, ok := v["id"].(int64); ok && id > 0 {
			*a = actor{User: id}
			return nil
		}
	}
	return errActor
}

// checkCollection finds the collection, or says that it is gone.
func checkCollection(cat node.Catalog, name string) (node.CollectionInfo, field.Problems) {
	info, ok := cat.Collection(name)
	if ok || name == "" { // a missing one was reported when the settings were decoded
		return info, nil
	}
	return info, field.Problems{{
		Field: "collection", Code: invalid,
		Message: text.M("node.collection", "There is no collection %s. Choose another one.", name),
	}}
}

// checkValues finds values that could never be stored.
func checkValues(info node.CollectionInfo, setting string, values any) (p field.Problems) {
	named, ok := values.(map[string]any)
	if !ok && values != nil {
		p.Add(setting, invalid, text.M("node.values_shape", "Values must name their fields. Only what the fields get can be a variable."))
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		p = append(p, checkValue(info, setting+"."+name, name, named[name])...)
	}
	return p
}

func checkValue(info node.CollectionInfo, at, name string, v any) (p field.Problems) {
	f, ok := info.Field(name)
	if !ok {
		p.Add(at, invalid, text.M("node.value_field", "%s is not a field of %s.", name, info.Title))
		return p
	}
	if f.ReadOnly {
		p.Add(at, invalid, text.M("node.value_readonly", "%s is set by the system. Remove it here.", f.Label))
		return p
	}
	if m, ok := v.(map[string]any); ok && m["op"] != nil {
		p.Add(at, invalid, text.M("node.value_op", "Increasing, appending and removing are not available. Enter the new value."))
		return p
	}
	if v == nil && !f.Required {
		p = append(p, field.Problem{
			Field: at, Code: "VALUE_EMPTY", Warning: true,
			Message: text.M("node.value_empty", "%s gets no value: the field will be empty. Enter one, unless that is meant.", f.Label),
		})
		return p
	}
	if field.HasTemplate(v) || !f.Kind.Record() {
		return nil
	}
	_, found := f.Parse(v, field.ParseContext{RoundExcess: true})
	for _, q := range found {
		p.Add(at, q.Code, q.Message)
	}
	return p
}

// checkPreload finds paths that are not links, or lead too far.
func checkPreload(cat node.Catalog, collection string, preload []string) (p field.Problems) {
	for _, path := range preload {
		hops := strings.Split(path, ".")
		if len(hops) > 4 || !isPath(cat, collection, hops) || linkTarget(cat, collection, hops) == "" {
			p.Add("preload", invalid, text.M("node.preload", "%s is not a link, or leads over more than four. Remove it.", path))
		}
	}
	return p
}

// linkTarget is the collection a path of links ends at; empty when it is not one.
func linkTarget(cat node.Catalog, collection string, path []string) string {
	for _, name := range path {
		info, _ := cat.Collection(collection)
		f, _ := info.Field(name)
		collection = f.Target
	}
	return collection
}

// recordShape is the shape of a record as a data node gives it: its own fields, or
// only the chosen ones, and the fields behind each preloaded link.
func recordShape(cat node.Catalog, collection string, only, preload []string) field.Shape {
	info, ok := cat.Collection(collection)
	if !ok {
		return field.Any("Record")
	}
	s := info.Shape(cat, 0)
	if len(only) > 0 {
		s.Fields = slices.DeleteFunc(s.Fields, func(n field.Named) bool {
			f, _ := info.Field(n.Name)
			return n.Name != "id" && !slices.Contains(only, n.Name) && !slices.Contains(only, f.Name)
		})
	}
	for _, path := range preload {
		expand(cat, &s, collection, strings.Split(path, "."))
	}
	return s
}

// expand puts the fields of the linked records along a path into a shape.
func expand(cat node.Catalog, s *field.Shape, collection string, path []string) {
	info, _ := cat.Collection(collection)
	f, _ := info.Field(path[0])
	i := slices.IndexFunc(s.Fields, func(n field.Named) bool { return n.Name == f.Name })
	target, ok := cat.Collection(f.Target)
	if !ok || i < 0 {
		return
	}
	link := &s.Fields[i].Shape
	if link.Fields == nil {
		link.Fields = target.Shape(cat, 0).Fields
	}
	if len(path) > 1 {
		expand(cat, link, f.Target, path[1:])
	}
}

// line describes a data node on the canvas: its collection and something about it.
func line(cat node.Catalog, collection string, rest text.Message) string {
	if info, ok := cat.Collection(collection); ok {
		collection = info.Title
	}
	if collection == "" {
		return ""
	}
	return collection + " · " + rest.String()
}

// setting says what one or two fields get, by their titles: "Status → Approved"; "" for
// none, for more, and for what is not known.
func setting(cat node.Catalog, collection string, values any) string {
	named, _ := values.(map[string]any)
	if len(named) == 0 || len(named) > 2 {
		return ""
	}
	info, ok := cat.Collection(collection)
	if !ok {
		return ""
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(named)) {
		f, ok := info.Field(name)
		if !ok {
			return ""
		}
		gets := said(named[name], cat)
		for _, o := range f.Options {
			if o.Value == named[name] {
				gets = o.Label
			}
		}
		if gets == "" {
			gets = text.M("node.empty_value", "empty").String()
		}
		out = append(out, f.Label+" → "+shorten(gets, 40))
	}
	return strings.Join(out, ", ")
}

// fieldCount says how many fields values set.
func fieldCount(values any) text.Message {
	named, _ := values.(map[string]any)
	if len(named) == 1 {
		return text.M("node.one_field", "1 field")
	}
	return text.M("node.fields", "%d fields", len(named))
}
