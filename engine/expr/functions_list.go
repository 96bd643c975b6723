package expr

import (
	"slices"

	"formrail/models/field"
	"formrail/models/text"
)

func listFunctions() []function {
	return []function{
		{"len", "len(text, list or object)", "The number of characters, elements or properties; of nothing it is 0.", 1, 1, true, length},
		{"count", "count(list, condition?)", "How many elements the list has.", 1, 1, true, length},
		{"first", "first(list)", "The first element.", 1, 1, false, func(in *invocation) (any, error) { return in.end(0) }},
		{"last", "last(list)", "The last element.", 1, 1, false, func(in *invocation) (any, error) { return in.end(-1) }},
		{"take", "take(list, count)", "The first elements.", 2, 2, false, func(in *invocation) (any, error) {
			return in.part(in.pos, in.args[0], nil, in.args[1])
		}},
		{"skip", "skip(list, count)", "The list without its first elements.", 2, 2, false, func(in *invocation) (any, error) {
			return in.part(in.pos, in.args[0], in.args[1], nil)
		}},
		{"reverse", "reverse(list)", "The elements in reverse order.", 1, 1, false, reverse},
		{"sort", `sort(list, "desc"?)`, "The elements in order.", 1, 2, false, sorted},
		{"uniq", "uniq(list)", "Each different element once.", 1, 1, false, uniq},
		{"flatten", "flatten(list)", "A list of lists as one list.", 1, 1, false, flatten},
		{"concat", "concat(list, list)", "The lists one after the other.", 1, -1, false, concat},
		{"keys", "keys(object)", "The names of the properties, sorted.", 1, 1, false, func(in *invocation) (any, error) { return in.properties(true) }},
		{"values", "values(object)", "The values of the properties, in the order of their names.", 1, 1, false, func(in *invocation) (any, error) { return in.properties(false) }},
		{"merge", "merge(object, object)", "One object with the properties of all; later ones win.", 1, -1, false, merge},
	}
}

func otherFunctions() []function {
	return []function{
		{"isEmpty", "isEmpty(value)", "Whether the value is nothing, empty text, an empty list or an empty object.", 1, 1, true, func(in *invocation) (any, error) {
			return isEmpty(in.args[0]), nil
		}},
		{"type", "type(value)", "nil, bool, number, text, date, duration, list or object.", 1, 1, true, func(in *invocation) (any, error) {
			return typeName(in.args[0]), nil
		}},
		{"toJSON", "toJSON(value)", "The value as JSON text.", 1, 1, true, toJSON},
		{"fromJSON", "fromJSON(text)", "The value a JSON text holds.", 1, 1, false, fromJSON},
	}
}

func length(in *invocation) (any, error) {
	switch v := in.args[0].(type) {
	case nil:
		return int64(0), nil
	case string:
		if in.fn == "len" {
			return int64(len([]rune(v))), nil
		}
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	}
	return nil, in.wrong(0, "text or a list")
}

func (in *invocation) end(i int64) (any, error) {
	list, err := in.list(0)
	if err != nil {
		return nil, err
	}
	v, _ := element(list, i)
	return v, nil
}

func reverse(in *invocation) (any, error) {
	list, err := in.list(0)
	if err != nil {
		return nil, err
	}
	out, err := in.newList(len(list))
	if err != nil {
		return nil, err
	}
	out = append(out, list...)
	slices.Reverse(out)
	return out, nil
}

func sorted(in *invocation) (any, error) {
	list, err := in.list(0)
	if err != nil {
		return nil, err
	}
	direction, err := in.strOr(1, "asc")
	if err != nil {
		return nil, err
	}
	out, err := in.sortStable(list, list)
	switch {
	case err != nil:
		return nil, err
	case direction == "desc":
		slices.Reverse(out)
	case direction != "asc":
		return nil, in.failed(text.M("expr.direction", `The direction is "asc" or "desc".`))
	}
	return out, nil
}

// uniq keeps the first of equal elements. Elements are compared by their JSON text,
// in which equal numbers are equal.
func uniq(in *invocation) (any, error) {
	list, err := in.list(0)
	if err != nil {
		return nil, err
	}
	out, err := in.newList(len(list))
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(list))
	for _, e := range list {
		key, err := in.json(e)
		if err != nil {
			return nil, err
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, e)
		}
	}
	return out, nil
}

func flatten(in *invocation) (any, error) {
	list, err := in.list(0)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, e := range list {
		if inner, ok := e.([]any); ok {
			total += len(inner)
		} else {
			total++
		}
	}
	out, err := in.newList(total)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if inner, ok := e.([]any); ok {
			out = append(out, inner...)
		} else {
			out = append(out, e)
		}
	}
	return out, nil
}

func concat(in *invocation) (any, error) {
	total := 0
	for i := range in.args {
		list, err := in.list(i)
		if err != nil {
			return nil, err
		}
		total += len(list)
	}
	out, err := in.newList(total)
	if err != nil {
		return nil, err
	}
	for _, a := range in.args {
		list, _ := a.([]any)
		out = append(out, list...)
	}
	return out, nil
}

func (in *invocation) properties(names bool) (any, error) {
	m, err := in.object(0)
	if err != nil {
		return nil, err
	}
	out, err := in.newList(len(m))
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if names {
			out = append(out, k)
		} else {
			out = append(out, m[k])
		}
	}
	return out, nil
}

func merge(in *invocation) (any, error) {
	out := map[string]any{}
	for i := range in.args {
		m, err := in.object(i)
		if err != nil {
			return nil, err
		}
		if err := in.step(len(m)); err != nil {
			return nil, err
		}
		if err := in.alloc(64 * len(m)); err != nil {
			return nil, err
		}
		for k, v := range m {
			out[k] = v
		}
	}
	return out, nil
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool:
		return "bool"
	case string:
		return "text"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	if _, ok := asSpan(v); ok {
		return "duration"
	}
	if _, ok := field.AsDecimal(v); ok {
		return "number"
	}
	return "date"
}

func toJSON(in *invocation) (any, error) {
	s, err := in.json(outward(in.args[0]))
	return s, err
}

func fromJSON(in *invocation) (any, error) {
	s, err := in.str(0)
	if err != nil {
		return nil, err
	}
	if err := in.alloc(4 * len(s)); err != nil {
		return nil, err
	}
	v, err := field.ParseJSON([]byte(s))
	if err != nil {
		return nil, in.failed(text.M("expr.json", "The text is not JSON: %s.", err))
	}
	return v, nil
}
