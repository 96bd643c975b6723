package field

import "time"

// Equal compares two canonical values deeply. Numbers are equal by value whatever
// their kind; a date or an instant also equals its own text, which is what it
// becomes when it is stored as JSON and read back.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case int64:
		if y, ok := b.(int64); ok {
			return x == y
		}
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && equalObjects(x, y)
	case []any:
		y, ok := b.([]any)
		return ok && equalLists(x, y)
	}
	if x, ok := textOf(a); ok {
		y, ok := textOf(b)
		return ok && x == y
	}
	x, ok := AsDecimal(a)
	if !ok {
		return false
	}
	y, ok := AsDecimal(b)
	return ok && x.Cmp(y) == 0
}

func equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, x := range a {
		if y, ok := b[k]; !ok || !Equal(x, y) {
			return false
		}
	}
	return true
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Date:
		return string(v), true
	case time.Time:
		return FormatTime(v), true
	}
	return "", false
}

// AsDecimal widens a number of any Go kind that reaches this package; it reports
// false for everything else, also for numeric text.
func AsDecimal(v any) (Decimal, bool) {
	switch v := v.(type) {
	case int64:
		return DecimalFromInt(v), true
	case Decimal:
		return v, true
	case int:
		return DecimalFromInt(int64(v)), true
	case float64:
		return decimalFromShortest(v)
	}
	return Decimal{}, false
}
