package nodes

import (
	"fmt"
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// peopleSources are the properties that say where people come from; a source has
// exactly one of them.
var peopleSources = []string{"users", "groups", "departments", "roles", "managers", "field", "expression", "query", "choice", "decider"}

// checkPeople finds people settings that name nobody, and sources that are none.
func checkPeople(setting string, v any) (p field.Problems) {
	if v == nil { // a missing one was reported when the settings were decoded
		return nil
	}
	some := false
	for i, s := range sourcesOf(v) {
		kind := sourceKind(s)
		if kind == "" {
			p.Add(fmt.Sprintf("%s.%d", setting, i), invalid,
				text.M("node.people_source", "This is not a source of people. Choose people, a role, a manager or a variable."))
			continue
		}
		m, _ := s.(map[string]any)
		list, isList := m[kind].([]any)
		some = some || !isList || len(list) > 0
	}
	if len(p) == 0 && !some {
		p.Add(setting, "MISSING", text.M("node.people_missing", "Choose at least one person, role or variable."))
	}
	return p
}

func sourcesOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// sourceKind is the property that says what a source is; empty when it is none.
func sourceKind(source any) string {
	m, _ := source.(map[string]any)
	kind := ""
	for name := range m {
		switch {
		case !slices.Contains(peopleSources, name):
		case kind != "":
			return ""
		default:
			kind = name
		}
	}
	return kind
}

// peopleLine describes the first source for the canvas.
func peopleLine(v any) string {
	if v == nil || len(sourcesOf(v)) == 0 {
		return ""
	}
	first, _ := sourcesOf(v)[0].(map[string]any)
	kind := sourceKind(first)
	names, _ := first[kind].([]any)
	switch kind {
	case "users":
		if len(names) == 1 {
			return text.M("node.people_one", "1 person").String()
		}
		return text.M("node.people_users", "%d people", len(names)).String()
	case "roles":
		return text.M("node.people_roles", "Role %s", listed(names)).String()
	case "groups":
		return text.M("node.people_groups", "Group %s", listed(names)).String()
	case "managers":
		return text.M("node.people_managers", "Manager").String()
	case "field", "expression":
		return text.M("node.people_variable", "From a variable").String()
	}
	return text.M("node.people_rule", "Found by a rule").String()
}

func listed(names []any) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = fmt.Sprint(n)
	}
	return shorten(strings.Join(words, ", "), 40)
}
