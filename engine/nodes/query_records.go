package nodes

import (
	"context"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// A query of all pages reads at most allPages of allSize records.
const (
	allSize  = 1000
	allPages = 10
)

type queryRecordsConfig struct {
	Collection  string   `json:"collection"`
	Filter      any      `json:"filter"`
	Multiple    bool     `json:"multiple"`
	Sort        []string `json:"sort"`
	Page        int      `json:"page"`
	PageSize    int      `json:"pageSize"`
	All         bool     `json:"all"`
	Fields      []string `json:"fields"`
	Preload     []string `json:"preload"`
	WithDeleted bool     `json:"withDeleted"`
	FailOnEmpty bool     `json:"failOnEmpty"`
}

// queryRecords reads one record or several.
var queryRecords = node.Define(node.Spec[queryRecordsConfig]{
	Key: "query_records", Group: node.Data, Icon: "search", Title: "Query records",
	Summary:  "Find one record or several",
	Synonyms: []string{"find", "search", "look up", "read"},
	Help: "Gives the first record that matches, or nothing. With *Several records* it gives a list, which may be empty.\n\n" +
		"It sees what earlier steps of the same execution have written.",
	Config: []field.Field{
		collectionSetting,
		{Name: "filter", Kind: field.Filter, Label: "Which records"},
		{Name: "multiple", Kind: field.Boolean, Label: "Several records", Default: false},
		{Name: "sort", Kind: field.FieldNames, Label: "Sort by", Help: "A minus in front sorts downwards, as in `-createdAt`. Without it the oldest comes first."},
		{Name: "page", Kind: field.Integer, Label: "Page", Default: 1, Min: field.Bound("1"), Max: field.Bound("1000000")},
		{Name: "pageSize", Kind: field.Integer, Label: "Records on a page", Default: 20, Min: field.Bound("1"), Max: field.Bound("1000")},
		{
			Name: "all", Kind: field.Boolean, Label: "All pages", Default: false, Help: "At most 10,000 records.",
			When: &field.When{Field: "multiple", Values: []string{"true"}},
		},
		{Name: "fields", Kind: field.FieldNames, Label: "Fields", Help: "Without a choice all of them."},
		preloadSetting,
		{Name: "withDeleted", Kind: field.Boolean, Label: "Include deleted records", Default: false},
		{Name: "failOnEmpty", Kind: field.Boolean, Label: "Stop the workflow when nothing is found", Default: false},
	},
	Effect: node.Local,
	Check:  checkQuery,
	Outputs: func(c queryRecordsConfig, cat node.Catalog) field.Shape {
		s := recordShape(cat, c.Collection, c.Fields, c.Preload)
		s.List = c.Multiple
		return s
	},
	Grants: func(c queryRecordsConfig, cat node.Catalog) []node.Grant {
		r := newReads(cat)
		if len(c.Fields) == 0 {
			r.fields[c.Collection] = nil
		}
		for _, name := range c.Fields {
			r.one(c.Collection, canonical(cat, c.Collection, name))
		}
		r.filter(c.Collection, c.Filter)
		for _, name := range c.Sort {
			r.path(c.Collection, sortPath(name))
		}
		r.preload(c.Collection, c.Preload)
		return r.grants()
	},
	Line: func(c queryRecordsConfig, cat node.Catalog) string {
		if c.Multiple {
			return line(cat, c.Collection, text.M("node.several", "several records"))
		}
		return line(cat, c.Collection, text.M("node.one", "one record"))
	},
	Run: runQuery,
	Examples: []node.Example[queryRecordsConfig]{
		{
			Title: "The order of a invoice",
			Config: map[string]any{
				"collection": "orders", "filter": map[string]any{"id": "{{ trigger.data.order }}"},
				"fields": []any{"status"},
			},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{"order": int64(42)}}},
			Want: node.Want{Output: map[string]any{"id": int64(42), "status": "submitted"}},
		},
		{
			Title: "All large orders, newest first",
			Config: map[string]any{
				"collection": "orders", "filter": map[string]any{"amount": map[string]any{"$gte": int64(500)}},
				"multiple": true, "sort": []any{"-id"}, "fields": []any{"status"},
			},
			Want: node.Want{Output: []any{
				map[string]any{"id": int64(43), "status": "draft"}, map[string]any{"id": int64(42), "status": "submitted"},
			}},
		},
		{
			Title:  "Nothing matches a query of several records",
			Config: map[string]any{"collection": "orders", "filter": map[string]any{"status": "paid"}, "multiple": true},
			Want:   node.Want{Output: []any{}},
		},
		{
			Title:  "Nothing matches and the workflow stops",
			Config: map[string]any{"collection": "orders", "filter": map[string]any{"status": "paid"}, "failOnEmpty": true},
			Want:   node.Want{Code: "EMPTY_RESULT"},
		},
	},
})

func checkQuery(c queryRecordsConfig, cat node.Catalog) field.Problems {
	info, p := checkCollection(cat, c.Collection)
	if info.Name == "" {
		return p
	}
	p = append(p, checkFilter(cat, c.Collection, "filter", c.Filter)...)
	for _, name := range c.Sort {
		if !isPath(cat, c.Collection, sortPath(name)) {
			p.Add("sort", invalid, text.M("node.sort", "%s is not a field to sort by. Choose another one.", name))
		}
	}
	for _, name := range c.Fields {
		if f, ok := info.Field(name); !ok || f.Hidden {
			p.Add("fields", invalid, text.M("node.value_field", "%s is not a field of %s.", name, info.Title))
		}
	}
	return append(p, checkPreload(cat, c.Collection, c.Preload)...)
}

func sortPath(name string) []string { return strings.Split(strings.TrimPrefix(name, "-"), ".") }

func runQuery(ctx context.Context, call node.Call, c queryRecordsConfig) (node.Result, error) {
	q := node.QueryRecords{
		Collection: c.Collection, Filter: c.Filter, Sort: c.Sort, Page: c.Page, Size: c.PageSize,
		Fields: c.Fields, Preload: c.Preload, Deleted: c.WithDeleted,
	}
	if !c.Multiple { // the first record of the page
		q.Page, q.Size = (c.Page-1)*c.PageSize+1, 1
	}
	rows, more, err := query(ctx, call, q, c.Multiple && c.All)
	if err != nil {
		return node.Result{}, err
	}
	if len(rows) == 0 && c.FailOnEmpty {
		return node.Result{}, node.Refuse("EMPTY_RESULT", text.M("node.no_match", "No record matches the filter."))
	}
	var result node.Result
	switch {
	case c.Multiple:
		result = node.Done(rows)
	case len(rows) == 0:
		result = node.Done(nil)
	default:
		result = node.Done(rows[0])
	}
	if more {
		result = result.Warn(text.M("node.query_cut", "Only the first %d records were read.", allSize*allPages))
	}
	return result, nil
}

// query reads one page, or all of them up to the limit; more says that it was reached
// and that records were left out.
func query(ctx context.Context, call node.Call, q node.QueryRecords, all bool) (rows []any, more bool, err error) {
	rows = []any{}
	if all {
		q.Page, q.Size = 1, allSize
	}
	for {
		page, err := call.Records.Query(ctx, q)
		if err != nil {
			return nil, false, err
		}
		if q.Page > allPages && all {
			return rows, len(page) > 0, nil
		}
		for _, row := range page {
			rows = append(rows, row)
		}
		if !all || len(page) < q.Size {
			return rows, false, nil
		}
		q.Page++
	}
}
