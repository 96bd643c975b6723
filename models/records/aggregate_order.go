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
