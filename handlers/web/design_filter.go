package web

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/ui"
)

// filterMatch is the input that says whether one condition of a filter is enough.
const (
	filterMatch = "filterMatch"
	anyOf       = "any"
)

func (d designing) filterPart(ctx context.Context, in inputs, b *models.Block, on *models.Collection) design.Part {
	part := design.Part{Title: text.T(ctx, "design.scope", "Which records")}
	if b.Filter != nil && simpleFilter(b.Filter) == nil {
		part.Note = text.T(ctx, "design.scope_kept", "This filter says more than can be edited here. It stays as it is.")
		return part
	}
	part.Note = text.T(ctx, "design.scope_note", "{{ user.id }} is the person who looks.")
	part.Inputs = inputList(in.option(text.T(ctx, "design.scope_all", "All conditions hold"), in.choice(filterMatch, text.T(ctx, "design.scope_match", "Records of which"), []ui.Choice{
		{Value: anyOf, Label: text.T(ctx, "design.scope_any", "Any condition holds")},
	})))
	part.Rows = &design.RowsProps{Name: "filter", Add: text.T(ctx, "design.add_condition", "Add condition")}
	for i := range rowCount(in.form, lists()["filter"]) {
		part.Rows.Rows = append(part.Rows.Rows, inputList(
			in.row(in.choice("filterField", text.T(ctx, "design.field", "Field"), d.fieldChoices(on, b.Type)), i),
			in.row(in.choice("filterOp", text.T(ctx, "design.compare", "Comparison"), filterOps(ctx)), i),
			in.row(in.text("filterValue", text.T(ctx, "design.value", "Value"), ""), i),
		))
	}
	return part
}

// filterOf makes the filter of its rows; nil of none.
func filterOf(form bind.Form, on *models.Collection) any {
	var all []any
	for i, name := range form["filterField"] {
		op := at(form["filterOp"], i)
		if name == "" || op == "" {
			continue
		}
		value := typedValue(on, name, at(form["filterValue"], i))
		if op == "$empty" || op == "$notEmpty" {
			value = true
		}
		all = append(all, map[string]any{name: map[string]any{op: value}})
	}
	if len(all) == 0 {
		return nil
	}
	if form.Get(filterMatch) == anyOf {
		return map[string]any{"$or": all}
	}
	return map[string]any{"$and": all}
}

// anyHolds reports whether one condition of a filter is enough.
func anyHolds(filter any) bool {
	all, _ := filter.(map[string]any)
	_, ok := all["$or"]
	return ok
}

// simpleFilter takes a filter apart into rows of field, comparison and value; nil
// when it says more than rows can.
func simpleFilter(filter any) [][3]string {
	out := [][3]string{}
	all, _ := filter.(map[string]any)
	conditions := []any{filter}
	for _, join := range []string{"$and", "$or"} {
		if list, ok := all[join].([]any); ok && len(all) == 1 {
			conditions = list
		}
	}
	for _, one := range conditions {
		fields, _ := one.(map[string]any)
		if anyHolds(filter) && len(fields) != 1 { // both of its fields must hold
			return nil
		}
		for name, compared := range fields {
			ops, ok := compared.(map[string]any)
			if strings.HasPrefix(name, "$") || !ok || len(ops) != 1 {
				return nil
			}
			for op, value := range ops {
				known := slices.ContainsFunc(filterOps(context.Background()), func(c ui.Choice) bool { return c.Value == op })
				switch value.(type) {
				case []any, map[string]any, nil:
					return nil
				}
				if !known {
					return nil
				}
				out = append(out, [3]string{name, op, fmt.Sprint(value)})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b [3]string) int { return strings.Compare(a[0], b[0]) })
	return out
}
