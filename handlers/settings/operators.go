package settings

import (
	"context"
	"slices"

	"formrail/engine/expr"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
)

// isUnary reports whether a comparison has nothing on the right.
func isUnary(op string) bool {
	return slices.Contains([]string{"empty", "notEmpty", "$empty", "$notEmpty", "$isTruly", "$isFalsy"}, op)
}

// operatorNames says what comparisons are called in lists.
func operatorNames() map[string]text.Message {
	out := map[string]text.Message{}
	for _, op := range expr.Operators() {
		out[op] = expr.OperatorName(op)
	}
	same := map[string][]string{
		"equal":         {"$eq"},
		"notEqual":      {"$ne"},
		"gt":            {"$gt"},
		"gte":           {"$gte"},
		"lt":            {"$lt"},
		"lte":           {"$lte"},
		"between":       {"$between", "$dateBetween"},
		"includes":      {"$includes"},
		"notIncludes":   {"$notIncludes"},
		"startsWith":    {"$startsWith"},
		"notStartsWith": {"$notStartsWith"},
		"endsWith":      {"$endsWith"},
		"notEndsWith":   {"$notEndsWith"},
		"in":            {"$in"},
		"notIn":         {"$notIn"},
		"empty":         {"$empty"},
		"notEmpty":      {"$notEmpty"},
	}
	for op, filters := range same {
		for _, name := range filters {
			out[name] = out[op]
		}
	}
	only := map[string]text.Message{
		"$isTruly":       text.M("op.true", "is yes"),
		"$isFalsy":       text.M("op.false", "is no"),
		"$dateOn":        text.M("op.date_on", "is on"),
		"$dateNotOn":     text.M("op.date_not_on", "is not on"),
		"$dateBefore":    text.M("op.date_before", "is before"),
		"$dateAfter":     text.M("op.date_after", "is after"),
		"$dateNotBefore": text.M("op.date_not_before", "is on or after"),
		"$dateNotAfter":  text.M("op.date_not_after", "is on or before"),
	}
	for op, name := range only {
		out[op] = name
	}
	return out
}

// conditionOps are the comparisons of conditions.
func conditionOps() []string { return expr.Operators() }

// filterOps are the comparisons a filter offers with a kind of field.
func filterOps(kind field.Kind) []string {
	filled := []string{"$empty", "$notEmpty"}
	equal := []string{"$eq", "$ne", "$in", "$notIn"}
	order := []string{"$gt", "$gte", "$lt", "$lte", "$between"}
	switch kind {
	case field.Text, field.LongText:
		return slices.Concat(equal, []string{"$includes", "$notIncludes", "$startsWith", "$notStartsWith", "$endsWith", "$notEndsWith"}, filled)
	case field.Integer, field.Number:
		return slices.Concat(equal, order, filled)
	case field.Boolean:
		return slices.Concat([]string{"$isTruly", "$isFalsy"}, filled)
	case field.DateOnly, field.DateTime:
		return slices.Concat([]string{"$dateOn", "$dateNotOn", "$dateBefore", "$dateAfter", "$dateNotBefore", "$dateNotAfter", "$dateBetween"}, filled)
	}
	return slices.Concat(equal, filled)
}

// Operators makes the choices of a list of comparisons.
func Operators(ctx context.Context, ops ...string) []ui.Choice { return offered(ctx, ops, "") }

// offered makes the choices of a list of comparisons; one in use is always there.
func offered(ctx context.Context, ops []string, used string) []ui.Choice {
	if used != "" && !slices.Contains(ops, used) {
		ops = append(slices.Clone(ops), used)
	}
	names := operatorNames()
	out := make([]ui.Choice, len(ops))
	for i, op := range ops {
		out[i] = ui.Choice{Value: op, Label: op}
		if name, ok := names[op]; ok {
			out[i].Label = name.In(ctx)
		}
	}
	return out
}
