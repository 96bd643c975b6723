package expr

import (
	"strconv"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// textForm is a scalar as a template shows it; false for lists and objects.
func textForm(v any) (string, bool) {
	switch v := outward(v).(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case field.Decimal:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case field.Date:
		return string(v), true
	case time.Time:
		return field.FormatTime(v), true
	}
	return "", false
}

// text is any value as text; lists and objects are JSON.
func (r *run) text(v any) (string, error) {
	if s, ok := textForm(v); ok {
		return s, nil
	}
	return r.json(v)
}

// json is a value as JSON text, counted as memory before it is written.
func (r *run) json(v any) (string, error) {
	size, ok := measure(v, maxMemory)
	if !ok {
		size = maxMemory + 1
	}
	if err := r.alloc(size); err != nil {
		return "", err
	}
	b, err := field.MarshalJSON(v)
	if err != nil {
		return "", r.fault(CodeError, 0, text.M("expr.no_json", "The value has no JSON form."))
	}
	return string(b), nil
}
