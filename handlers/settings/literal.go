package settings

import (
	"strings"

	"formrail/models/field"
)

// spoken is how a stored value stands in a line of input. kind is what the line is
// about; empty when it may be anything.
func spoken(v any, kind field.Kind) string {
	s, isText := v.(string)
	switch {
	case v == nil:
		return ""
	case isText && (kind != "" || field.HasTemplate(s) || meant(s) == any(s)):
		return s
	}
	b, err := field.MarshalJSON(v) // a text that would be read as something else gets its quotes
	if err != nil {
		return ""
	}
	if date, ok := v.(field.Date); ok {
		return string(date)
	}
	return string(b)
}

// heard is the value that was typed into a line about a kind.
func heard(s string, kind field.Kind) any {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return nil
	case strings.Contains(s, "{{"):
		if v := meant(s); kind == "" && !isText(v) { // an object or a list with variables in it
			return v
		}
		return s
	}
	switch kind {
	case field.Integer, field.Number:
		if d, err := field.ParseDecimal(s); err == nil {
			return number(d)
		}
		return s
	case field.Boolean, field.User, field.ManyToOne, "":
		return meant(s)
	}
	return s
}

// meant reads a text as JSON when it is a number, yes or no, a list, an object or a
// quoted text.
func meant(s string) any {
	if s == "" || !strings.ContainsAny(s[:1], `-0123456789tf[{"`) {
		return s
	}
	v, err := field.ParseJSON([]byte(s))
	if err != nil {
		return s
	}
	return v
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func number(d field.Decimal) any {
	if n, ok := d.Int64(); ok {
		return n
	}
	return d
}

// optionNamed is the stored value of a text that gives the label of one of the options of
// a field, as people know them. Everything else stays as it is.
func optionNamed(v any, f field.Field) any {
	s, ok := v.(string)
	if !ok || len(f.Options) == 0 || strings.Contains(s, "{{") {
		return v
	}
	var found []string
	for _, o := range f.Options {
		switch {
		case o.Value == s:
			return v
		case !o.Archived && strings.EqualFold(strings.TrimSpace(o.Label), s):
			found = append(found, o.Value)
		}
	}
	if len(found) != 1 {
		return v
	}
	return found[0]
}
