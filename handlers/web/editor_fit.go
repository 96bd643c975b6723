package web

import (
	"context"
	"slices"

	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
)

// family groups the kinds that stand for each other: what one field holds, another of
// the family takes.
func family(k field.Kind) string {
	switch k {
	case field.Text, field.LongText, field.Select, field.Template:
		return "text"
	case field.Integer, field.Number:
		return "number"
	case field.DateOnly, field.DateTime:
		return "date"
	case field.Boolean:
		return "boolean"
	case field.User, field.ManyToOne:
		return "link"
	default:
		return ""
	}
}

// misfit says why what a variable holds is not right for a field that takes a kind, and
// whether it cannot be used there at all.
func misfit(ctx context.Context, want field.Kind, s field.Shape) (reason string, barred bool) {
	wanted, held := family(want), family(s.Kind)
	compound := s.List || len(s.Fields) > 0
	switch {
	case wanted == "" || held == wanted && !s.List:
		return "", false
	case wanted == "link" && (s.Target != "" && !s.List || s.Kind == field.Integer): // a record, or its id
		return "", false
	case wanted == "text" && compound:
		return text.T(ctx, "variables.as_json", "Will be turned into text"), false
	case wanted == "text", !compound && held == "":
		return "", false
	case compound:
		return text.T(ctx, "variables.compound", "Holds several values; this field takes one"), true
	}
	return text.T(ctx, "variables.other_kind", "Holds another kind of value (%s) than this field takes", kindWord(s)), false
}

// fittingFirst puts what fits before what does not; what has more below it may lead to
// something that fits.
func fittingFirst(list []editor.Variable) {
	rank := func(v editor.Variable) int {
		if v.Reason != "" && len(v.Below) == 0 {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b editor.Variable) int { return rank(a) - rank(b) })
}

// firstWord says what stands first for a field that takes a kind.
func firstWord(ctx context.Context, want field.Kind) string {
	switch family(want) {
	case "text":
		return text.T(ctx, "variables.texts_first", "Texts first")
	case "number":
		return text.T(ctx, "variables.numbers_first", "Numbers first")
	case "date":
		return text.T(ctx, "variables.dates_first", "Dates first")
	case "boolean":
		return text.T(ctx, "variables.answers_first", "Yes or no first")
	case "link":
		return text.T(ctx, "variables.links_first", "Links first")
	}
	return ""
}
