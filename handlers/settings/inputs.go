package settings

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
	views "formrail/views/settings"
	"formrail/views/ui"
)

func index(i int) string { return strconv.Itoa(i) }

// Inputs draws the settings. problems are sentences by the dotted paths of settings.
func (f *Form) Inputs(ctx context.Context, problems map[string]string) []views.Input {
	return f.inputsAt(ctx, "", problems)
}

// inputsAt draws the settings of an entry that stands at a place of the form.
func (f *Form) inputsAt(ctx context.Context, at string, problems map[string]string) []views.Input {
	out := make([]views.Input, 0, len(f.fields))
	for _, one := range f.fields {
		in := f.input(ctx, f.settings[one.Name], at)
		if one.Kind == field.List || one.Kind == field.Group {
			in.Entries = f.viewEntries(ctx, f.settings[one.Name], at, problems)
		}
		in.Hidden = !f.applies(one)
		in.Own = one.Rare && told(f.stored(f.settings[one.Name])) != told(one.Default)
		in.Problem = problemOf(f.settings[one.Name], problems, &in)
		in.Field.Name = at + one.Name
		out = append(out, in)
	}
	return out
}

// told writes a stored value, so that equal ones read the same; "" for none.
func told(v any) string {
	if list, ok := v.([]any); v == nil || ok && len(list) == 0 {
		return ""
	}
	return fmt.Sprint(v)
}

// problemOf gives the problems of a setting to its rows and cases; the rest is its own.
func problemOf(s *setting, problems map[string]string, in *views.Input) string {
	var own []string
	name := s.field.Name
	paths := make([]string, 0, len(problems))
	for path := range problems {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if path != name && !strings.HasPrefix(path, name+".") || s.insideEntry(path) {
			continue
		}
		if at := caseOf(in.Cases, path); at >= 0 {
			in.Cases[at].Problem = strings.TrimSpace(in.Cases[at].Problem + " " + problems[path])
			in.Cases[at].Open = true
			continue
		}
		at := slices.IndexFunc(in.Rows, func(r views.Row) bool { return r.At == views.Prefix+path })
		if at >= 0 {
			in.Rows[at].Problem = problems[path]
			continue
		}
		if part := partAt(in.Rule, ruleRow(path)); part != nil {
			part.Problem = problems[path]
			continue
		}
		own = append(own, problems[path])
	}
	return strings.Join(own, " ")
}

// ruleRow is the place of a comparison in the form: groups have no names there.
func ruleRow(path string) string {
	names := strings.Split(path, ".")
	names = slices.DeleteFunc(names, func(one string) bool {
		return slices.Contains([]string{"all", "any", "not", "left", "op", "right"}, one)
	})
	return views.Prefix + strings.Join(names, ".")
}

// partAt finds the comparison that a finding is about: by its place, or in a filter by
// its field. Of several about one field, one without a value is meant.
func partAt(r *views.Rule, at string) (found *views.Part) {
	if r == nil || r.Written || r.Raw != "" {
		return nil
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.Group != nil {
			p = partAt(p.Group, at)
		} else if byField := p.Lefts != nil && p.Left != "" && strings.HasSuffix(at, "."+p.Left); p.At != at && !byField {
			p = nil
		}
		if p != nil && (found == nil || found.Right != "" && p.Right == "" && !p.Unary) {
			found = p
		}
	}
	return found
}

func (f *Form) input(ctx context.Context, s *setting, within string) views.Input {
	in := views.Input{Field: s.field, Text: s.text, Checked: s.checked, Chosen: s.chosen}
	at := views.Prefix + within + s.field.Name
	switch s.field.Kind {
	case field.Secret:
		in.Text, in.Checked = "", s.kept != nil || s.text != ""
	case field.Condition, field.Filter:
		in.Rule = s.rule.view(ctx, at, f.grammar(s).part)
		in.Rule.CanWrite = s.field.Kind == field.Condition
	case field.Cases:
		in.Cases = f.viewCases(ctx, s, at)
	case field.Values:
		f.assignments(s, at, &in)
	case field.People:
		for i, one := range s.sources {
			in.Rows = append(in.Rows, one.view(ctx, at+"."+index(i), f.around))
		}
	case field.Inputs, field.Pairs:
		for i, one := range s.inputs {
			in.Rows = append(in.Rows, views.Row{At: at + "." + index(i), Name: one.name, Value: one.value})
		}
	case field.Collection:
		in.Choices = f.around.Collections
		if s.text != "" { // also one that the reader may not see, or that is gone
			in.Choices = withChosen(in.Choices, []string{s.text})
		}
	case field.Workflow:
		in.Choices = withChosen(f.around.Workflows, []string{s.text})
	case field.Step:
		if f.around.Steps != nil {
			in.Choices = f.around.Steps(s.field.Of)
		}
		in.Choices = withChosen(in.Choices, []string{s.text})
	case field.MomentKind, field.RepeatKind:
		in.Timed = f.viewTimed(ctx, s)
	case field.TimeZone:
		in.Choices = withChosen(f.around.Zones, []string{s.text})
		in.Blank = text.T(ctx, "settings.home_zone", "That of the installation: %s", f.around.HomeZone)
	case field.Set:
		in.Choices = options(s.field)
	case field.FieldNames:
		in.Choices = f.fieldChoices(s)
	case field.Paths:
		in.Choices = f.pathChoices(s)
	case field.Expression:
		in.Bare = f.Bare(s.field.Name)
	default:
	}
	return in
}

// assignments draws the fields that get a value, in the order of the collection.
func (f *Form) assignments(s *setting, at string, in *views.Input) {
	info := f.about(s)
	left := map[string]bool{}
	for name := range s.values {
		left[name] = true
	}
	for _, one := range info.Fields {
		written, set := s.values[one.Name]
		if !set && one.ForeignKey != "" {
			if written, set = s.values[one.ForeignKey]; set {
				in.Rows = append(in.Rows, views.Row{At: at + "." + one.ForeignKey, Label: one.Label, Value: written, Fits: string(one.Kind)})
				delete(left, one.ForeignKey)
				continue
			}
		}
		switch {
		case set:
			in.Rows = append(in.Rows, views.Row{At: at + "." + one.Name, Label: one.Label, Value: written, Offers: offers(one.Field), Fits: string(one.Kind)})
			delete(left, one.Name)
		case !one.ReadOnly && !one.Hidden:
			in.More = append(in.More, ui.Choice{Value: one.Name, Label: one.Label})
		}
	}
	for _, name := range sorted(left) { // former names, and fields that are gone
		in.Rows = append(in.Rows, views.Row{At: at + "." + name, Label: name, Value: s.values[name]})
	}
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// fieldChoices offers the fields of the collection; what is chosen is always there.
func (f *Form) fieldChoices(s *setting) []ui.Choice {
	info, _ := f.around.Schema.Collection(f.collection(s))
	var out []ui.Choice
	for _, one := range info.Fields {
		if !one.Hidden {
			out = append(out, ui.Choice{Value: one.Name, Label: one.Label})
		}
	}
	return withChosen(out, s.chosen)
}

// pathChoices offers the links of the collection, and those one further.
// pathChoices offers the links of a collection, each with the links that lead on from it.
// Who made, changed and deleted a record comes last.
func (f *Form) pathChoices(s *setting) []ui.Choice {
	info, _ := f.around.Schema.Collection(f.collection(s))
	own, preset := []ui.Choice{}, []ui.Choice{}
	for _, one := range info.Fields {
		target, ok := f.around.Schema.Collection(one.Target)
		if one.Hidden || one.Target == "" || !ok {
			continue
		}
		links := []ui.Choice{{Value: one.Name, Label: one.Label}}
		for _, below := range target.Fields {
			if !below.Hidden && below.Target != "" {
				links = append(links, ui.Choice{Value: one.Name + "." + below.Name, Label: below.Label, Note: one.Label + " / " + below.Label})
			}
		}
		if one.ReadOnly {
			preset = append(preset, links...)
		} else {
			own = append(own, links...)
		}
	}
	return withChosen(slices.Concat(own, preset), s.chosen)
}

// withChosen adds what is chosen without being offered.
func withChosen(list []ui.Choice, chosen []string) []ui.Choice {
	list = slices.Clone(list)
	for _, one := range chosen {
		if one != "" && !slices.ContainsFunc(list, func(c ui.Choice) bool { return c.Value == one }) {
			list = append(list, ui.Choice{Value: one, Label: one})
		}
	}
	return list
}
