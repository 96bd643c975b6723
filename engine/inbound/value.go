package inbound

import (
	"strconv"
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// Declared is one value that a trigger expects.
type Declared struct {
	Path     string `json:"path"`  // in the headers, the query or the body; a dot inside a name is written \.
	Alias    string `json:"alias"` // its name in trigger.vars; from the path when empty
	Type     string `json:"type"`
	Required bool   `json:"required"`
}

// Types of declared values, in the order in which they are offered.
func Types() []field.Option {
	return field.Choices("text", "Text", "integer", "Whole number", "number", "Number", "boolean", "Yes or no", "date", "Date", "datetime", "Date and time",
		"object", "Object", "list", "List", "textList", "List of texts", "numberList", "List of numbers", "any", "Anything")
}

// Name is the name of the value in trigger.vars.
func (d Declared) Name() string {
	if d.Alias != "" {
		return d.Alias
	}
	return aliasOf(splitPath(d.Path))
}

// Shape describes the value.
func (d Declared) Shape() field.Shape {
	kinds := map[string]field.Kind{
		"text": field.Text, "integer": field.Integer, "number": field.Number, "boolean": field.Boolean, "date": field.DateOnly,
		"datetime": field.DateTime, "textList": field.Text, "numberList": field.Number,
	}
	s := field.Shape{Kind: kinds[d.Type], Label: d.Name(), List: d.Type == "textList" || d.Type == "numberList" || d.Type == "list"}
	s.Open = s.Kind == ""
	return s
}

// aliasOf makes a name from the last parts of a path.
func aliasOf(parts []string) string {
	var b strings.Builder
	for i := len(parts) - 1; i >= 0 && b.Len() == 0; i-- {
		upper := false
		for _, r := range parts[i] {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r >= '0' && r <= '9' && b.Len() > 0:
				if upper && b.Len() > 0 && r >= 'a' && r <= 'z' {
					r -= 'a' - 'A'
				}
				b.WriteRune(r)
				upper = false
			default:
				upper = true
			}
		}
	}
	if b.Len() == 0 {
		return "value"
	}
	return b.String()
}

// Take reads the declared values of one part of a request into vars. What is required
// and missing, or has another type, is a problem; what is optional and has another type
// is null, with a warning.
func Take(part string, declared []Declared, from any, vars map[string]any) (problems []*Problem, warnings []text.Message) {
	for _, d := range declared {
		path := splitPath(d.Path)
		if part == "headers" {
			path = []string{strings.ToLower(d.Path)}
		}
		raw, missing := lookUp(from, path), false
		v, ok := d.convert(raw)
		if s, isText := raw.(string); raw == nil || isText && s == "" && d.Type != "text" {
			missing, v, ok = true, nil, true
		}
		at := part + "." + d.Path
		switch {
		case missing && d.Required:
			problems = append(problems, &Problem{Code: Invalid, Field: at, Message: text.M("inbound.missing", "%s is missing.", at)})
		case !ok && d.Required:
			problems = append(problems, &Problem{Code: Invalid, Field: at, Message: text.M("inbound.mistyped", "%s has another type than %s.", at, d.Type)})
		case !ok:
			warnings = append(warnings, text.M("inbound.unconverted", "%s is no %s and was left out.", at, d.Type))
		}
		vars[d.Name()] = v
	}
	return problems, warnings
}

// lookUp follows a path; through a list it collects from all entries.
func lookUp(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		return lookUp(v[path[0]], path[1:])
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil {
			if i < 0 || i >= len(v) {
				return nil
			}
			return lookUp(v[i], path[1:])
		}
		out := make([]any, 0, len(v))
		for _, e := range v {
			switch one := lookUp(e, path).(type) {
			case nil:
			case []any:
				out = append(out, one...)
			default:
				out = append(out, one)
			}
		}
		return out
	}
	return nil
}

// convert gives a value in its declared type.
func (d Declared) convert(v any) (any, bool) {
	switch d.Type {
	case "object":
		m, ok := v.(map[string]any)
		return valueOr(m, ok)
	case "list":
		list, ok := v.([]any)
		return valueOr(list, ok)
	case "textList", "numberList":
		return convertAll(v, strings.TrimSuffix(d.Type, "List"))
	}
	return convertOne(v, d.Type)
}

func valueOr[T any](v T, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return v, true
}

func convertAll(v any, kind string) (any, bool) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		one, ok := convertOne(e, kind)
		if !ok {
			return nil, false
		}
		out = append(out, one)
	}
	return out, true
}

func convertOne(v any, kind string) (any, bool) {
	switch kind {
	case "text":
		return asText(v)
	case "integer":
		d, ok := asNumber(v)
		if !ok || !d.IsInteger() {
			return nil, false
		}
		return valueOr(d.Int64())
	case "number":
		d, ok := asNumber(v)
		return valueOr(d, ok)
	case "boolean":
		return asBoolean(v)
	case "date":
		s, _ := v.(string)
		d, err := field.ParseDate(strings.TrimSpace(s))
		return valueOr(d, err == nil)
	case "datetime":
		return asTime(v)
	}
	return v, true
}

func asText(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case field.Decimal:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return nil, false
}

func asNumber(v any) (field.Decimal, bool) {
	if s, ok := v.(string); ok {
		d, err := field.ParseDecimal(strings.TrimSpace(s))
		return d, err == nil
	}
	return field.AsDecimal(v)
}

func asBoolean(v any) (any, bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "1", "yes", "on":
			return true, true
		case "false", "0", "no", "off":
			return false, true
		}
	case int64:
		return valueOr(v == 1, v == 0 || v == 1)
	}
	return nil, false
}

// asTime reads a time with its offset, or seconds or milliseconds since 1970.
func asTime(v any) (any, bool) {
	s, ok := v.(string)
	if n, whole := v.(int64); whole {
		s, ok = strconv.FormatInt(n, 10), true
	}
	if !ok {
		return nil, false
	}
	s = strings.TrimSpace(s)
	if at, ok := parseStamp(s); ok && len(s) >= 9 {
		return valueOr(at.UTC(), at.Year() < 10_000)
	}
	at, err := field.ParseTime(s, time.UTC)
	return valueOr(at, err == nil)
}
