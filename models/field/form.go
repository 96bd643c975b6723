package field

import (
	"maps"
	"slices"

	"formrail/models/text"
)

// ParseForm reads what was entered into a form: each value by its declaration, defaults
// for what is absent. What is missing, wrong or not declared is a problem of its input;
// the values then hold the others.
func ParseForm(form []Field, values map[string]any, in ParseContext) (map[string]any, Problems) {
	out := make(map[string]any, len(form))
	var problems Problems
	declared := make(map[string]bool, len(form))
	for _, f := range form {
		declared[f.Name] = true
		v, given := values[f.Name]
		if !given {
			v = f.Default
		}
		if f.Kind.Record() {
			var wrong Problems
			v, wrong = f.Parse(v, in)
			problems = append(problems, wrong...)
			if len(wrong) > 0 {
				continue
			}
		}
		if f.Required && Missing(v) {
			problems.Add(f.Name, "REQUIRED", text.M("field.required", "%s is required.", f.label()))
			continue
		}
		out[f.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !declared[name] {
			problems.Add(name, "UNKNOWN_FIELD", text.M("field.undeclared", "There is no input %s.", name))
		}
	}
	return out, problems
}

// label is what sentences call the field.
func (f Field) label() string {
	if f.Label != "" {
		return f.Label
	}
	return f.Name
}
