package settings

import (
	"context"
	"maps"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	views "formrail/views/settings"
	"formrail/views/ui"
)

// Around is what the inputs of a step or trigger are drawn from, besides its own
// settings.
type Around struct {
	Schema      node.Catalog
	Collections []ui.Choice
	Workflows   []ui.Choice // that can be called, by their keys
	People      []ui.Choice // by their ids
	Roles       []ui.Choice
	Groups      []ui.Choice
	Zones       []ui.Choice                      // time zones
	HomeZone    string                           // that of the installation
	PersonPaths []ui.Choice                      // links of the trigger's record to people
	Steps       func(typ string) []ui.Choice     // steps of a type that may be named; nil = none
	Holds       func(variable string) field.Kind // what "{{ … }}" holds; empty when nobody knows
}

// Form are the settings of one step or trigger as a form holds them: what is not
// complete yet included.
type Form struct {
	fields   []field.Field
	around   Around
	settings map[string]*setting
}

// setting is what one setting holds; which member counts, its kind says.
type setting struct {
	field   field.Field
	text    string
	checked bool
	chosen  []string
	rule    *rule
	values  map[string]string
	sources []source
	inputs  []input
	cases   []branchCase
	rows    []*Form // entries of a list; the one of a group
	kept    any     // what the form does not show
}

type input struct{ name, value string }

// Stored makes a form of settings as a definition holds them.
func Stored(fields []field.Field, config map[string]any, around Around) *Form {
	f := &Form{fields: fields, around: around, settings: map[string]*setting{}}
	f.settings = map[string]*setting{}
	for _, one := range fields {
		f.settings[one.Name] = &setting{field: one}
	}
	for _, one := range fields { // the collection is known before what is about it
		if names(one) || one.Kind == field.Select {
			f.settings[one.Name].text = spoken(with(one, config[one.Name]), field.Text)
		}
	}
	for _, one := range fields {
		f.read(f.settings[one.Name], with(one, config[one.Name]))
	}
	return f
}

// with gives the value of a setting, or its default.
func with(f field.Field, v any) any {
	if v == nil {
		return f.Default
	}
	return v
}

func (f *Form) read(s *setting, v any) {
	switch s.field.Kind {
	case field.Condition, field.Filter:
		r, ok := f.grammar(s).read(v)
		if !ok {
			r = kept(v)
		}
		s.rule = r
	case field.Cases:
		s.cases = f.readCases(s, v)
	case field.Branches, field.Secret: // made elsewhere; never shown
		s.kept = v
	case field.Values:
		s.values = map[string]string{}
		named, ok := v.(map[string]any)
		if !ok {
			s.kept = v
		}
		for name, one := range named {
			s.values[name] = spoken(one, f.kindOf(s, name))
		}
	case field.People:
		s.sources = readSources(v)
	case field.Pairs:
		m, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			s.inputs = append(s.inputs, input{name: name, value: spoken(m[name], "")})
		}
	case field.Inputs:
		list, _ := v.([]any)
		for _, one := range list {
			m, _ := one.(map[string]any)
			s.inputs = append(s.inputs, input{name: spoken(m["name"], field.Text), value: spoken(m["value"], "")})
		}
	case field.Set, field.FieldNames, field.Paths:
		list, _ := v.([]any)
		s.chosen = words(list)
	case field.Texts:
		list, _ := v.([]any)
		s.text = strings.Join(words(list), "\n")
	case field.List, field.Group:
		s.rows = f.entries(s.field, v)
	case field.MomentKind:
		readMoment(s, v)
	case field.RepeatKind:
		readRepeat(s, v)
	case field.Boolean:
		s.checked = v == true
	case field.JSON, field.Value:
		s.text = spoken(v, "")
	default:
		s.text = spoken(v, s.field.Kind)
	}
}

// Sent makes a form of what was sent. Settings that were not in it stay as config has
// them.
func Sent(fields []field.Field, config map[string]any, sent *Tree, around Around) *Form {
	f := Stored(fields, config, around)
	other := map[string]bool{}   // collections that are other ones now
	for _, one := range fields { // before what is about it
		if at := sent.At(one.Name); at != nil && (names(one) || one.Kind == field.Select) {
			s := f.settings[one.Name]
			other[one.Name] = names(one) && s.text != "" && s.text != at.First()
			s.text = at.First()
		}
	}
	for _, one := range fields {
		switch at := sent.At(one.Name); {
		case isAbout(one) && other[aboutOf(one)]:
			f.read(f.settings[one.Name], nil) // what was said of the other collection means nothing here
		case at != nil:
			f.settings[one.Name].hear(at, around)
		}
	}
	return f
}

// isAbout reports whether a setting is about a collection that a sibling names.
func isAbout(f field.Field) bool {
	return slices.Contains([]field.Kind{field.Filter, field.Values, field.FieldNames, field.Paths, field.MomentKind}, f.Kind)
}

// aboutOf is the sibling that names the collection.
func aboutOf(f field.Field) string {
	if f.Of == "" {
		return "collection"
	}
	return f.Of
}

// hear takes what was sent for a setting.
func (s *setting) hear(at *Tree, around Around) {
	switch s.field.Kind {
	case field.Condition, field.Filter:
		s.rule = ruleOf(at)
	case field.Cases:
		s.cases = casesOf(at)
	case field.Values:
		s.values, s.kept = map[string]string{}, nil
		for _, name := range at.Names() {
			if name != "sent" && name != "+" {
				s.values[name] = at.Text(name)
			}
		}
		if more := at.Text("+"); more != "" && s.values[more] == "" {
			s.values[more] = ""
		}
	case field.People:
		s.sources = sourcesOf(at)
	case field.Inputs, field.Pairs:
		s.inputs = nil
		for _, row := range at.Rows() {
			s.inputs = append(s.inputs, input{row.Text("name"), row.Text("value")})
		}
	case field.Set, field.FieldNames, field.Paths:
		s.chosen = at.All()
	case field.List, field.Group:
		s.hearEntries(at, around)
	case field.MomentKind, field.RepeatKind:
		s.hearTimed(at)
	case field.Boolean:
		s.checked = at.First() == "true"
	case field.Secret:
		if s.text = at.First(); at.Text("remove") == "true" {
			s.text, s.kept = "", nil
		}
	default:
		if len(at.All()) > 0 {
			s.text = at.First()
		}
	}
}

// Do adds or removes rows, as the value of a button says: "when.0.remove".
func (f *Form) Do(what string) {
	parts := strings.Split(what, ".")
	s := f.settings[parts[0]]
	if s == nil || len(parts) < 2 {
		return
	}
	path, verb := parts[1:len(parts)-1], parts[len(parts)-1]
	switch s.field.Kind {
	case field.Condition, field.Filter:
		s.rule.do(path, verb)
	case field.Cases:
		doCases(s.cases, path, verb)
	case field.People:
		s.sources = changed(s.sources, path, verb, source{kind: "managers"})
	case field.Inputs, field.Pairs:
		s.inputs = changed(s.inputs, path, verb, input{})
	case field.Values:
		if verb == "remove" && len(path) == 1 {
			delete(s.values, path[0])
		}
	case field.List, field.Group:
		s.doEntries(path, verb, f.around)
	default:
	}
}

// changed adds a row to a list or takes one away.
func changed[T any](list []T, path []string, verb string, fresh T) []T {
	if verb == "add" && len(path) == 0 {
		return append(list, fresh)
	}
	for i := range list {
		if verb == "remove" && len(path) == 1 && path[0] == index(i) {
			return slices.Delete(slices.Clone(list), i, i+1)
		}
	}
	return list
}

// Config gives the settings as a definition holds them. Defaults are left out.
func (f *Form) Config() map[string]any {
	out := map[string]any{}
	for _, one := range f.fields {
		v := f.stored(f.settings[one.Name])
		if v != nil && !field.Equal(v, one.Default) && f.applies(one) {
			out[one.Name] = v
		}
	}
	return out
}

// applies reports whether a setting counts under the others.
func (f *Form) applies(one field.Field) bool {
	if one.When == nil {
		return true
	}
	on := f.settings[one.When.Field]
	if on == nil {
		return true
	}
	now := on.text
	if on.field.Kind == field.Boolean {
		now = map[bool]string{true: "true", false: "false"}[on.checked]
	}
	return slices.Contains(one.When.Values, now)
}

func (f *Form) stored(s *setting) any {
	switch s.field.Kind {
	case field.Condition, field.Filter:
		return s.rule.stored(f.grammar(s))
	case field.Cases:
		return f.storedCases(s)
	case field.Branches:
		return s.kept
	case field.Secret:
		if s.text == "" {
			return s.kept
		}
		return s.text
	case field.Values:
		return f.storedValues(s)
	case field.People:
		return storedSources(s.sources)
	case field.Inputs:
		return storedInputs(s.inputs)
	case field.Pairs:
		return storedPairs(s.inputs)
	case field.Set, field.FieldNames, field.Paths:
		return storedList(s)
	case field.Texts:
		return storedTexts(s.text)
	case field.List, field.Group:
		return storedEntries(s)
	case field.MomentKind:
		return f.storedMoment(s)
	case field.RepeatKind:
		return storedRepeat(s)
	case field.Boolean:
		return s.checked
	case field.Integer, field.Number:
		return heard(s.text, s.field.Kind)
	case field.Value, field.JSON:
		return heard(s.text, "")
	default:
		if strings.TrimSpace(s.text) == "" {
			return nil
		}
		return s.text
	}
}

func (f *Form) storedValues(s *setting) any {
	if s.kept != nil {
		return s.kept
	}
	out := map[string]any{}
	for name, written := range s.values {
		about := f.fieldOf(s, name)
		out[name] = optionNamed(heard(written, about.Kind), about)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func storedSources(list []source) any {
	var out []any
	for _, s := range list {
		if v := s.stored(); v != nil {
			out = append(out, v)
		}
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return out[0]
	}
	return out
}

func storedPairs(list []input) any {
	out := map[string]any{}
	for _, one := range list {
		if one.name != "" {
			out[one.name] = heard(one.value, "")
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func storedInputs(list []input) any {
	var out []any
	for _, one := range list {
		if one.name != "" {
			out = append(out, map[string]any{"name": one.name, "value": heard(one.value, "")})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// storedList is nil for an empty list, unless the setting would then get its default.
func storedList(s *setting) any {
	if len(s.chosen) == 0 && s.field.Default == nil {
		return nil
	}
	out := make([]any, len(s.chosen))
	for i, one := range s.chosen {
		out[i] = one
	}
	return out
}

// collection is the one that a setting is about.
func (f *Form) collection(s *setting) string {
	if named := f.settings[aboutOf(s.field)]; named != nil {
		return named.text
	}
	return ""
}

// kindOf is the kind of a field of the collection that a setting is about.
func (f *Form) kindOf(s *setting, name string) field.Kind { return f.fieldOf(s, name).Kind }

func (f *Form) fieldOf(s *setting, name string) field.Field {
	known, _ := f.about(s).Field(name)
	return known.Field
}

// about describes what a setting is about: a collection, or the input of a workflow.
func (f *Form) about(s *setting) node.CollectionInfo {
	named := f.settings[aboutOf(s.field)]
	if named == nil || named.field.Kind != field.Workflow {
		info, _ := f.around.Schema.Collection(f.collection(s))
		return info
	}
	w, _ := f.around.Schema.Workflow(named.text)
	info := node.CollectionInfo{Name: w.Key, Title: w.Title}
	for _, one := range w.Input {
		info.Fields = append(info.Fields, node.FieldInfo{Field: one})
	}
	return info
}

// names reports whether a setting names what others are about.
func names(f field.Field) bool { return f.Kind == field.Collection || f.Kind == field.Workflow }

func (f *Form) grammar(s *setting) interface {
	grammar
	part(ctx context.Context, p *views.Part)
} {
	if s.field.Kind == field.Filter {
		return filterGrammar{schema: f.around.Schema, collection: f.collection(s)}
	}
	return conditionGrammar{kind: f.holds}
}

func (f *Form) holds(variable string) field.Kind {
	if f.around.Holds == nil {
		return ""
	}
	return f.around.Holds(variable)
}

// Shapes reports whether other settings look different when one of these changes.
func Shapes(fields []field.Field, name string) bool {
	for _, f := range fields {
		if f.When != nil && f.When.Field == name || isAbout(f) && aboutOf(f) == name {
			return true
		}
		if f.Name == name && slices.ContainsFunc(f.Items, func(item field.Field) bool { return item.When != nil }) {
			return true // which inputs an entry has may depend on another one of it
		}
	}
	return false
}

// Changes lists the settings whose values differ, sorted.
func Changes(before, after map[string]any) []string {
	var out []string
	for name := range maps.Keys(after) {
		if !field.Equal(before[name], after[name]) {
			out = append(out, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
