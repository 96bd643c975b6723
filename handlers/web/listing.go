package web

import (
	"net/url"
	"slices"
	"strconv"

	"formrail/handlers/bind"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Bounds of what a reader may ask of a table.
const (
	maxFilterRows   = 20 // conditions he combines
	maxFilterGroups = 5  // groups of them
)

// pageSizes are the numbers of records on a page that a reader may choose from.
func pageSizes() []int { return []int{10, 20, 50, 100} }

// listing is what the address says about a table: search, filter, order, columns and
// place.
type listing struct {
	block   string // the table it is about; empty for the first
	search  string
	sort    string
	cursor  string
	from    int // number of the first row, for the summary
	size    int // records on a page; 0 as the designer wants
	columns []string
	where   []condition
	any     []int // groups of which one condition is enough
}

func listingOf(q bind.Form) listing {
	from, err := strconv.Atoi(q.Get("from"))
	if err != nil || from < 1 {
		from = 1
	}
	out := listing{block: q.Get("block"), search: q.Get("search"), sort: q.Get("sort"), cursor: q.Get("cursor"), from: from, columns: q["column"], where: conditionsOf(q)}
	if size, err := strconv.Atoi(q.Get("size")); err == nil && slices.Contains(pageSizes(), size) {
		out.size = size
	}
	for _, one := range q["any"] {
		if group, err := strconv.Atoi(one); err == nil && group >= 0 && group <= maxFilterGroups {
			out.any = append(out.any, group)
		}
	}
	return out
}

// query writes what listingOf reads.
func (l listing) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"block": l.block, "search": l.search, "sort": l.sort, "cursor": l.cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if l.cursor != "" {
		q.Set("from", strconv.Itoa(l.from))
	}
	if l.size > 0 {
		q.Set("size", strconv.Itoa(l.size))
	}
	if len(l.columns) > 0 {
		q["column"] = l.columns
	}
	for _, c := range l.where {
		c.into(q)
	}
	for _, group := range l.any {
		q.Add("any", strconv.Itoa(group))
	}
	return q
}

// at is the address of a table with another place or order.
func (l listing) at(page string) string {
	q := l.query()
	if len(q) == 0 {
		return urls.Page(page)
	}
	return urls.Page(page) + "?" + q.Encode()
}

// keep is what a form above the table sends along: all of it but the place, and but
// what the form itself is about.
func (l listing) keep(without ...string) []ui.Choice {
	l.cursor = ""
	q, out := l.query(), []ui.Choice{}
	for _, name := range without {
		q.Del(name)
	}
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range q[name] {
			out = append(out, ui.Choice{Value: name, Label: value})
		}
	}
	return out
}
