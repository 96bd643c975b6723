package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"formrail/handlers/bind"
	"formrail/handlers/settings"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
)

// condition is one line of the filter above a table, as its address says it.
type condition struct {
	field, op, value string
	group            int // 0 stands in none
}

// conditionsOf reads the conditions of an address. Lines without a field or a
// comparison say nothing.
func conditionsOf(q bind.Form) []condition {
	var out []condition
	for i, name := range q["field"] {
		c := condition{field: name, op: at(q["op"], i), value: at(q["value"], i)}
		if group, err := strconv.Atoi(at(q["in"], i)); err == nil && group > 0 && group <= maxFilterGroups {
			c.group = group
		}
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
	q.Add("in", strconv.Itoa(c.group))
}

// comparisons are the comparisons a reader may use on a kind of field.
func comparisons(k field.Kind) []string {
	switch k {
	case field.Integer, field.Number:
		return []string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$empty", "$notEmpty"}
	case field.DateOnly, field.DateTime:
		return []string{"$dateOn", "$dateNotOn", "$dateBefore", "$dateAfter", "$empty", "$notEmpty"}
	case field.Select, field.User:
		return []string{"$eq", "$ne", "$empty", "$notEmpty"}
	case field.Boolean:
		return []string{"$isTruly", "$isFalsy"}
	default:
		return []string{"$includes", "$eq", "$ne", "$startsWith", "$empty", "$notEmpty"}
	}
}

// alone reports whether a comparison needs no value.
func alone(op string) bool {
	return slices.Contains([]string{"$empty", "$notEmpty", "$isTruly", "$isFalsy"}, op)
}

// comparable lists the columns that a person may filter by: those he sees that hold
// a value of their own, and people.
func (t tableView) comparable() []blockField {
	return slices.DeleteFunc(slices.Clone(t.columns), func(b blockField) bool {
		return b.field.IsLink() && b.field.Kind != field.User || b.field.Kind == field.JSON
	})
}

// filter is the scope of the block together with the conditions of the person.
func (t tableView) filter() any {
	if t.unfiltered {
		return t.block.Filter
	}
	parts := map[int][]any{}
	var groups []int
	for _, c := range t.list.where {
		one := t.compared(c)
		if one == nil {
			continue
		}
		if c.group > 0 && !slices.Contains(groups, c.group) {
			groups = append(groups, c.group)
		}
		parts[c.group] = append(parts[c.group], one)
	}
	for _, group := range groups {
		parts[0] = append(parts[0], t.joined(group, parts[group]))
	}
	if len(parts[0]) == 0 {
		return t.block.Filter
	}
	own := t.joined(0, parts[0])
	if t.block.Filter == nil {
		return own
	}
	return map[string]any{"$and": []any{own, t.block.Filter}}
}

// joined is all conditions of a group, or any of them.
func (t tableView) joined(group int, conditions []any) any {
	if slices.Contains(t.list.any, group) {
		return map[string]any{"$or": conditions}
	}
	return map[string]any{"$and": conditions}
}

// compared is a condition in the words of record filters, with the value as the kind
// of its field wants it. A condition about what the table does not offer is nil.
func (t tableView) compared(c condition) any {
	list := t.comparable()
	i := slices.IndexFunc(list, func(b blockField) bool { return strings.Join(b.path, ".") == c.field })
	if i < 0 {
		return nil
	}
	f, value := list[i].field, any(c.value)
	op := comparedBy(f.Kind, c.op)
	if !slices.Contains(comparisons(f.Kind), op) {
		return nil
	}
	switch f.Kind {
	case field.Integer, field.Number, field.User:
		if v, err := field.ParseJSON([]byte(c.value)); err == nil {
			value = v
		}
	case field.Select:
		for _, o := range f.Options {
			if strings.EqualFold(o.Label, c.value) {
				value = o.Value
			}
		}
	default:
	}
	if alone(op) {
		value = true
	}
	return map[string]any{c.field: map[string]any{op: value}}
}

// comparedBy is the comparison that a kind of field has for a general one.
func comparedBy(k field.Kind, op string) string {
	if k != field.DateOnly && k != field.DateTime {
		return op
	}
	if word, ok := map[string]string{"$eq": "$dateOn", "$ne": "$dateNotOn", "$gt": "$dateAfter", "$lt": "$dateBefore"}[op]; ok {
		return word
	}
	return op
}

// filterProps draws the filter above a table.
func (t tableView) filterProps(ctx context.Context, a *models.PageAction) (*pages.FilterProps, error) {
	out := &pages.FilterProps{
		ID: "filter-" + t.block.ID, Label: actionLabel(ctx, a), Address: t.address(), Clear: t.withoutFilter().at(t.page.Key), Active: len(t.list.where),
		Ops: filterOps(ctx), Keep: t.list.keep("field", "op", "value", "in", "any"), MaxGroups: maxFilterGroups, Groups: []pages.FilterGroup{{Any: slices.Contains(t.list.any, 0)}},
	}
	for _, b := range t.comparable() {
		f := pages.FilterField{Name: strings.Join(b.path, "."), Label: b.shape().Label, Ops: settings.Operators(ctx, comparisons(b.field.Kind)...)}
		var err error
		if f.Type, f.Options, err = t.valueInput(ctx, b.field); err != nil {
			return nil, err
		}
		out.Fields = append(out.Fields, f)
	}
	for _, c := range t.list.where {
		i := slices.IndexFunc(out.Groups, func(g pages.FilterGroup) bool { return g.Number == c.group })
		if i < 0 {
			i = len(out.Groups)
			out.Groups = append(out.Groups, pages.FilterGroup{Number: c.group, Any: slices.Contains(t.list.any, c.group)})
		}
		out.Groups[i].Rows = append(out.Groups[i].Rows, pages.FilterRow{Field: c.field, Op: c.op, Value: c.value})
	}
	if len(out.Groups[0].Rows) == 0 && len(out.Groups) == 1 {
		out.Groups[0].Rows = []pages.FilterRow{{}}
	}
	return out, nil
}

// valueInput is how the value of a condition is entered: the type of an input, or the
// values to choose from.
func (t tableView) valueInput(ctx context.Context, f *models.CollectionField) (kind string, options []ui.Choice, err error) {
	switch f.Kind {
	case field.Integer, field.Number:
		return "number", nil, nil
	case field.DateOnly, field.DateTime:
		return "date", nil, nil
	case field.Select:
		for _, o := range f.Options {
			options = append(options, ui.Choice{Value: o.Value, Label: o.Label})
		}
	case field.User:
		var people []fields.Choice
		if people, err = t.choices(ctx, f, ""); err != nil {
			return "", nil, err
		}
		for _, p := range people {
			options = append(options, ui.Choice(p))
		}
	case field.Boolean:
		return "none", nil, nil
	default:
	}
	return "text", options, nil
}

// chips are the conditions in words; each leads to the table without it.
func (t tableView) chips(ctx context.Context, f *pages.FilterProps) []ui.ChipProps {
	var out []ui.ChipProps
	for i, c := range t.list.where {
		j := slices.IndexFunc(f.Fields, func(one pages.FilterField) bool { return one.Name == c.field })
		if j < 0 {
			continue
		}
		list := t.list
		list.cursor, list.where = "", slices.Delete(slices.Clone(t.list.where), i, i+1)
		said := f.Fields[j].Label
		for _, op := range settings.Operators(ctx, comparedBy(t.comparable()[j].field.Kind, c.op)) {
			said += " " + op.Label
		}
		if !alone(c.op) {
			said += " " + f.Fields[j].Said(c.value)
		}
		out = append(out, ui.ChipProps{Label: said, Href: list.at(t.page.Key), On: true})
	}
	if len(out) > 1 {
		out = append(out, ui.ChipProps{Label: text.T(ctx, "table.filter_clear_all", "Clear filter"), Href: f.Clear, On: true})
	}
	return out
}

// withoutFilter is the same table without conditions.
func (t tableView) withoutFilter() listing {
	list := t.list
	list.where, list.any, list.cursor = nil, nil, ""
	return list
}
