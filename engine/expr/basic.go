package expr

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// Operators lists what [Compare] and the rows of conditions know.
func Operators() []string {
	return []string{
		"equal", "notEqual", "gt", "gte", "lt", "lte", "between", "includes", "notIncludes",
		"startsWith", "notStartsWith", "endsWith", "notEndsWith", "matches", "in", "notIn", "empty", "notEmpty",
	}
}

// OperatorName says an operator in words, as they stand between two values.
func OperatorName(op string) text.Message {
	names := map[string]text.Message{
		"equal":         text.M("op.equal", "is"),
		"notEqual":      text.M("op.not_equal", "is not"),
		"gt":            text.M("op.gt", "is greater than"),
		"gte":           text.M("op.gte", "is at least"),
		"lt":            text.M("op.lt", "is less than"),
		"lte":           text.M("op.lte", "is at most"),
		"between":       text.M("op.between", "is between"),
		"includes":      text.M("op.includes", "contains"),
		"notIncludes":   text.M("op.not_includes", "does not contain"),
		"startsWith":    text.M("op.starts", "begins with"),
		"notStartsWith": text.M("op.not_starts", "does not begin with"),
		"endsWith":      text.M("op.ends", "ends with"),
		"notEndsWith":   text.M("op.not_ends", "does not end with"),
		"matches":       text.M("op.matches", "matches the pattern"),
		"in":            text.M("op.in", "is one of"),
		"notIn":         text.M("op.not_in", "is none of"),
		"empty":         text.M("op.empty", "is empty"),
		"notEmpty":      text.M("op.not_empty", "is not empty"),
	}
	if name, ok := names[op]; ok {
		return name
	}
	return text.Verbatim(op)
}

// Compare is the basic comparison of condition builders, in-memory filters and
// gates. It converts as people expect: numeric text counts as a number beside a
// number, yes and no as 1 and 0, ISO text and epoch milliseconds as dates beside a
// date. The warning says that the two values cannot be compared so; the result is
// then false, or true for a negated operator. Days begin in UTC.
func Compare(op string, left, right any) (result, warning bool) {
	return comparison{time.UTC}.apply(op, left, right)
}

// comparison compares with days beginning in zone.
type comparison struct{ zone *time.Location }

func (c comparison) apply(op string, left, right any) (result, warning bool) {
	switch op {
	case "equal":
		return c.equal(left, right), false
	case "notEqual":
		return !c.equal(left, right), false
	case "gt", "gte", "lt", "lte":
		return c.ordered(op, left, right)
	case "between":
		return c.between(left, right)
	case "includes", "startsWith", "endsWith", "matches", "in":
		return c.holds(op, left, right)
	case "notIncludes", "notStartsWith", "notEndsWith", "notIn":
		result, warning = c.holds(positive(op), left, right)
		return !result, warning
	case "empty":
		return isEmpty(left), false
	case "notEmpty":
		return !isEmpty(left), false
	}
	return false, true
}

// positive turns notIncludes into includes.
func positive(op string) string { return strings.ToLower(op[3:4]) + op[4:] }

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func (c comparison) equal(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, c.equal)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && c.equalObjects(x, y)
	case string:
		if y, ok := b.(string); ok && (x == y || !maybeMoment(a)) {
			return x == y
		}
	case bool:
		if y, ok := b.(bool); ok {
			return x == y
		}
	}
	if n, ok := c.instants(a, b); ok {
		return n == 0
	}
	n, ok := numbers(a, b, true)
	return ok && n == 0
}

func (c comparison) equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, x := range a {
		if y, ok := b[k]; !ok || !c.equal(x, y) {
			return false
		}
	}
	return true
}

func (c comparison) ordered(op string, a, b any) (result, warning bool) {
	n, ok := c.order(a, b)
	if !ok {
		return false, true
	}
	switch op {
	case "gt":
		return n > 0, false
	case "gte":
		return n >= 0, false
	case "lt":
		return n < 0, false
	}
	return n <= 0, false
}

func (c comparison) order(a, b any) (int, bool) {
	if n, ok := c.instants(a, b); ok {
		return n, true
	}
	if n, ok := numbers(a, b, false); ok {
		return n, true
	}
	x, isX := a.(string)
	y, isY := b.(string)
	return strings.Compare(x, y), isX && isY
}

func (c comparison) between(v, bounds any) (result, warning bool) {
	list, ok := bounds.([]any)
	if !ok || len(list) != 2 {
		return false, true
	}
	low, warnLow := c.ordered("gte", v, list[0])
	high, warnHigh := c.ordered("lte", v, list[1])
	return low && high, warnLow || warnHigh
}

// instants compares two dates; beside one, ISO text and epoch milliseconds count.
func (c comparison) instants(a, b any) (int, bool) {
	if x, y, ok := moments(a, b, c.zone); ok {
		return x.t.Truncate(time.Millisecond).Compare(y.t.Truncate(time.Millisecond)), true
	}
	if n, ok := a.(int64); ok && maybeMoment(b) {
		y, ok := asMoment(b, c.zone)
		return time.UnixMilli(n).Compare(y.t), ok
	}
	if n, ok := b.(int64); ok && maybeMoment(a) {
		x, ok := asMoment(a, c.zone)
		return x.t.Compare(time.UnixMilli(n)), ok
	}
	return 0, false
}

// numbers compares two values as numbers. Two texts are numbers only for an
// ordering; yes and no are numbers only for equality.
func numbers(a, b any, equality bool) (int, bool) {
	if n, ok := order(a, b); ok {
		if _, isText := a.(string); !isText {
			return n, true
		}
	}
	_, textA := a.(string)
	_, textB := b.(string)
	if equality && textA && textB {
		return 0, false
	}
	x, ok := looseNumber(a, equality)
	if !ok {
		return 0, false
	}
	y, ok := looseNumber(b, equality)
	if !ok {
		return 0, false
	}
	return x.Cmp(y), true
}

func looseNumber(v any, booleans bool) (field.Decimal, bool) {
	switch v := v.(type) {
	case string:
		d, err := field.ParseDecimal(strings.TrimSpace(v))
		return d, err == nil
	case bool:
		if v {
			return field.DecimalFromInt(1), booleans
		}
		return field.Decimal{}, booleans
	}
	return field.AsDecimal(v)
}

// holds is the positive form of the operators on texts and lists.
func (c comparison) holds(op string, a, b any) (result, warning bool) {
	if op == "in" {
		list, ok := b.([]any)
		return c.member(list, a), !ok
	}
	if list, ok := a.([]any); ok && op == "includes" {
		return c.member(list, b), false
	}
	x, isX := a.(string)
	y, isY := b.(string)
	if !isX || !isY {
		return false, a != nil
	}
	switch op {
	case "includes":
		return strings.Contains(x, y), false
	case "startsWith":
		return strings.HasPrefix(x, y), false
	case "endsWith":
		return strings.HasSuffix(x, y), false
	}
	re, err := regexp.Compile(y)
	return err == nil && re.MatchString(x), err != nil
}

func (c comparison) member(list []any, v any) bool {
	return slices.ContainsFunc(list, func(e any) bool { return c.equal(e, v) })
}
