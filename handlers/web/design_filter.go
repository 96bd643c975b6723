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

func (d designing) filterPart(ctx context.Context, in inputs, b *models.Block, on *models.Collection) design.Part {
	part := design.Part{Title: text.T(ctx, "design.scope", "Which records")}
	if b.Filter != nil && simpleFilter(b.Filter) == nil {
		part.Note = text.T(ctx, "design.scope_kept", "This filter says more than can be edited here. It stays as it is.")
		return part
	}
	part.Note = text.T(ctx, "design.scope_note", "All conditions must hold. {{ user.id }} is the person who looks.")
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
	return map[string]any{"$and": all}
}

// simpleFilter takes a filter apart into rows of field, comparison and value; nil
// when it says more than rows can.
func simpleFilter(filter any) [][3]string {
	out := [][3]string{}
	all, _ := filter.(map[string]any)
	conditions := []any{filter}
	if list, ok := all["$and"].([]any); ok && len(all) == 1 {
		conditions = list
	}
	for _, one := range conditions {
		fields, _ := one.(map[string]any)
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
