package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/field"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// maxFilterRows bounds the conditions a person may combine in a table.
const maxFilterRows = 10

// condition is one line of the filter above a table, as its address says it.
type condition struct{ field, op, value string }

// conditionsOf reads the conditions of an address. Lines without a field or a
// comparison say nothing.
func conditionsOf(q bind.Form) []condition {
	var out []condition
	for i, name := range q["field"] {
		c := condition{name, at(q["op"], i), at(q["value"], i)}
		if c.field != "" && c.op != "" && len(out) < maxFilterRows {
			out = append(out, c)
		}
	}
	return out
}

func (c condition) into(q url.Values) {
	q.Add("field", c.field)
	q.Add("op", c.op)
	q.Add("value", c.value)
}

// comparable lists the columns that a person may filter by: those he sees that hold
// a value of their own.
func (t tableView) comparable() []blockField {
	return slices.DeleteFunc(slices.Clone(t.columns), func(b blockField) bool { return b.field.IsLink() || b.field.Kind == field.JSON })
}

// filter is the scope of the block together with the conditions of the person. A
// condition about what the table does not offer is left out.
func (t tableView) filter() any {
	all := []any{}
	for _, c := range t.list.where {
		for _, b := range t.comparable() {
			if strings.Join(b.path, ".") == c.field && slices.ContainsFunc(filterOps(context.Background()), func(o ui.Choice) bool { return o.Value == c.op }) {
				all = append(all, map[string]any{c.field: c.compared(b.field)})
			}
		}
	}
	if len(all) == 0 {
		return t.block.Filter
	}
	if t.block.Filter != nil {
		all = append(all, t.block.Filter)
	}
	return map[string]any{"$and": all}
}

// compared is the condition in the words of record filters, with the value as the
// kind of its field wants it.
func (c condition) compared(f *models.CollectionField) map[string]any {
	op, value := c.op, any(c.value)
	switch f.Kind {
	case field.Integer, field.Number:
		if v, err := field.ParseJSON([]byte(c.value)); err == nil {
			value = v
		}
	case field.DateOnly, field.DateTime:
		if word, ok := map[string]string{"$eq": "$dateOn", "$ne": "$dateNotOn", "$gt": "$dateAfter", "$lt": "$dateBefore"}[op]; ok {
			op = word
		}
	case field.Select:
		for _, o := range f.Options {
			if strings.EqualFold(o.Label, c.value) {
				value = o.Value
			}
		}
	default:
	}
	if op == "$empty" || op == "$notEmpty" {
		value = true
	}
	return map[string]any{op: value}
}

// kept is what a search in the table takes along.
func (t tableView) kept() []ui.Choice {
	out := []ui.Choice{}
	for name, value := range map[string]string{"block": t.list.block, "sort": t.list.sort} {
		if value != "" {
			out = append(out, ui.Choice{Value: name, Label: value})
		}
	}
	slices.SortFunc(out, func(a, b ui.Choice) int { return strings.Compare(a.Value, b.Value) })
	for _, c := range t.list.where {
		out = append(out, ui.Choice{Value: "field", Label: c.field}, ui.Choice{Value: "op", Label: c.op}, ui.Choice{Value: "value", Label: c.value})
	}
	return out
}

// filterProps draws the filter above a table, with a line to fill in.
func (t tableView) filterProps(ctx context.Context, a *models.PageAction) *pages.FilterProps {
	out := &pages.FilterProps{ID: "filter-" + t.block.ID, Label: actionLabel(ctx, a), Address: urls.Page(t.page.Key), Ops: filterOps(ctx), Active: len(t.list.where)}
	for _, b := range t.comparable() {
		out.Fields = append(out.Fields, ui.Choice{Value: strings.Join(b.path, "."), Label: b.shape().Label})
	}
	for _, c := range t.list.where {
		out.Rows = append(out.Rows, pages.FilterRow{Field: c.field, Op: c.op, Value: c.value})
	}
	out.Rows = append(out.Rows, pages.FilterRow{Op: "$eq"})
	list := t.list
	list.where, list.cursor = nil, ""
	out.Clear = list.at(t.page.Key)
	for name, value := range map[string]string{"block": t.list.block, "sort": t.list.sort, "search": t.list.search} {
		if value != "" {
			out.Keep = append(out.Keep, ui.Choice{Value: name, Label: value})
		}
	}
	slices.SortFunc(out.Keep, func(a, b ui.Choice) int { return strings.Compare(a.Value, b.Value) })
	return out
}
