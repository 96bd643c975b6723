package settings

import (
	"maps"
	"slices"
	"strings"

	"formrail/models/field"
	views "formrail/views/settings"
)

// Texts lists what is written in the lines of the inputs, as the form shows it.
func Texts(inputs []views.Input) []string {
	var out []string
	for _, in := range inputs {
		if in.Hidden {
			continue
		}
		out = append(out, in.Text)
		for _, r := range in.Rows {
			out = append(out, r.Value)
		}
		if in.Rule != nil {
			out = append(out, ruleTexts(*in.Rule)...)
		}
	}
	return out
}

func ruleTexts(r views.Rule) []string {
	var out []string
	for _, p := range r.Parts {
		if p.Group != nil {
			out = append(out, ruleTexts(*p.Group)...)
		} else {
			out = append(out, p.Left, p.Right)
		}
	}
	return out
}

// Writing is something in a form that has a value only when a workflow runs.
type Writing struct {
	At         string // its place in the form: "set.values.amount"
	Text       string
	Expression bool // variables stand in the text without braces
	Condition  any  // a condition as it is stored, instead of a text
}

// Writings lists what is computed from variables in the settings that count.
func (f *Form) Writings() []Writing {
	var out []Writing
	template := func(at, text string) {
		if strings.Contains(text, "{{") {
			out = append(out, Writing{At: views.Prefix + at, Text: text})
		}
	}
	for _, one := range f.fields {
		s := f.settings[one.Name]
		if !f.applies(one) {
			continue
		}
		switch one.Kind {
		case field.Condition:
			if v := f.stored(s); v != nil {
				out = append(out, Writing{At: views.Prefix + one.Name, Condition: v})
			}
		case field.Expression:
			if f.Bare(one.Name) && strings.TrimSpace(s.text) != "" {
				out = append(out, Writing{At: views.Prefix + one.Name, Text: s.text, Expression: true})
			} else {
				template(one.Name, s.text)
			}
		case field.Values:
			for _, name := range slices.Sorted(maps.Keys(s.values)) {
				template(one.Name+"."+name, s.values[name])
			}
		case field.Inputs, field.Pairs:
			for i, in := range s.inputs {
				template(one.Name+"."+index(i), in.value)
			}
		case field.People:
			for i, from := range s.sources {
				if from.kind == "expression" {
					template(one.Name+"."+index(i), from.value)
				}
			}
		case field.List, field.Group:
			for i, row := range s.rows {
				for _, w := range row.Writings() {
					w.At = views.Prefix + entryAt(one, i) + "." + strings.TrimPrefix(w.At, views.Prefix)
					out = append(out, w)
				}
			}
		case field.Code, field.Filter, field.Secret:
		default:
			template(one.Name, s.text)
		}
	}
	return out
}

// Bare reports whether variables stand in a setting without braces: an expression,
// unless the step takes it for a text.
func (f *Form) Bare(name string) bool {
	s, engine := f.settings[name], f.settings["engine"]
	return s.field.Kind == field.Expression && (engine == nil || engine.text != "template")
}
