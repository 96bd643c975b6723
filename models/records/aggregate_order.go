package records

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// threshold is one condition on a measure.
type threshold struct {
	alias string
	op    string
	bound []field.Decimal
}

// readHaving reads the conditions on groups: numbers and operators by the aliases of
// measures. All of them must hold.
func (g *grouping) readHaving(having map[string]any) error {
	for _, alias := range sortedKeys(having) {
		if !g.numeric(alias) {
			return badParameter(text.M("aggregate.having", "having is about measures that are numbers, by their aliases; %s is none.", alias))
		}
		conditions, ok := having[alias].(map[string]any)
		if !ok {
			conditions = map[string]any{"$eq": having[alias]}
		}
		for _, op := range sortedKeys(conditions) {
			t, ok := newThreshold(alias, op, conditions[op])
			if !ok {
				return badParameter(text.M("aggregate.having_value", "The condition on %s needs an operator for numbers, and a number.", alias))
			}
			g.having = append(g.having, t)
		}
	}
	if len(g.having) > maxConditions {
		return tooComplex()
	}
	return nil
}

// numeric reports whether an alias is that of a measure that is a number.
func (g *grouping) numeric(alias string) bool {
	for _, m := range g.measures {
		if m.Alias == alias {
			return m.field == nil || m.Aggregation == "count" || m.field.Kind == field.Integer || m.field.Kind == field.Number
		}
	}
	return false
}

func newThreshold(alias, op string, v any) (threshold, bool) {
	t := threshold{alias: alias, op: op}
	list := []any{v}
	if op == "$between" {
		list, _ = v.([]any)
		if len(list) != 2 {
			return t, false
		}
	} else if !slices.Contains([]string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"}, op) {
		return t, false
	}
	for _, one := range list {
		d, ok := field.AsDecimal(one)
		if s, isText := one.(string); isText {
			var err error
			d, err = field.ParseDecimal(strings.TrimSpace(s))
			ok = err == nil
		}
		if !ok {
			return t, false
		}
		t.bound = append(t.bound, d)
	}
	return t, true
}

// holds judges the value of a group. What is empty is only unequal.
func (t threshold) holds(v any) bool {
	d, ok := field.AsDecimal(v)
	if !ok {
		return t.op == "$ne"
	}
	c := d.Cmp(t.bound[0])
	switch t.op {
	case "$eq":
		return c == 0
	case "$ne":
		return c != 0
	case "$gt":
		return c > 0
	case "$gte":
		return c >= 0
	case "$lt":
		return c < 0
	case "$lte":
		return c <= 0
	}
	return c >= 0 && d.Cmp(t.bound[1]) <= 0
}

// groupOrder is one key that groups are sorted by.
type groupOrder struct {
	alias string
	desc  bool
}

// readOrders reads the wanted order and ends it with the dimensions, which no two
// groups share.
func (g *grouping) readOrders(orders []string) error {
	if len(orders) > maxSortKeys {
		return badParameter(text.M("record.sort", "Sort by at most %d fields.", maxSortKeys))
	}
	for _, given := range orders {
		alias, desc := strings.CutPrefix(given, "-")
		if !g.names[alias] {
			return badParameter(text.M("aggregate.order", "Groups are sorted by aliases; there is no %s.", alias))
		}
		g.orders = append(g.orders, groupOrder{alias, desc})
	}
	for _, d := range g.dims {
		g.orders = append(g.orders, groupOrder{alias: d.Alias})
	}
	return nil
}

// cut sorts the groups and drops those behind the limit.
func (in *gathering) cut() {
	slices.SortFunc(in.done, in.compare)
	if len(in.done) > in.limit {
		clear(in.done[in.limit:])
		in.done = in.done[:in.limit]
	}
}

// compare orders two groups. Empty values come last both ways.
func (g *grouping) compare(a, b Record) int {
	for _, o := range g.orders {
		x, y := a[o.alias], b[o.alias]
		switch {
		case x == nil && y == nil:
			continue
		case x == nil:
			return 1
		case y == nil:
			return -1
		}
		if c := compareValues(x, y); c != 0 {
			if o.desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// compareValues orders two values of one kind. Text sorts as in lists: by its
// ASCII-folded bytes, then by its bytes.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case string:
		y, _ := b.(string)
		return cmp.Or(bytes.Compare(folded(x), folded(y)), strings.Compare(x, y))
	case field.Date:
		y, _ := b.(field.Date)
		return cmp.Compare(x, y)
	case time.Time:
		y, _ := b.(time.Time)
		return x.Compare(y)
	case bool:
		y, _ := b.(bool)
		return cmp.Compare(asNumber(x), asNumber(y))
	}
	x, _ := field.AsDecimal(a)
	y, _ := field.AsDecimal(b)
	return x.Cmp(y)
}

func asNumber(b bool) int {
	if b {
		return 1
	}
	return 0
}

// folded are the bytes of a text with ASCII letters in lower case.
func folded(s string) []byte {
	out := []byte(s)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}
