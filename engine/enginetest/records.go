package enginetest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// Records keeps records in memory. It knows the filters the examples use:
// equality, $eq $ne $gt $gte $lt $lte $in, $and $or $not.
type Records struct {
	Rows     map[string][]map[string]any // by collection; one without entry does not exist
	Requests []any                       // what was asked, in order
}

// SampleRecords holds records of the [Sample] catalog.
func SampleRecords() *Records {
	return &Records{Rows: map[string][]map[string]any{
		"orders": {
			{"id": int64(41), "title": "Taxi", "amount": int64(80), "status": "approved", "applicant": int64(3)},
			{"id": int64(42), "title": "Offsite", "amount": int64(1240), "status": "submitted", "applicant": int64(3)},
			{"id": int64(43), "title": "Fair", "amount": int64(800), "status": "draft", "applicant": int64(5)},
		},
		"invoices": {},
		"users":    {{"id": int64(3), "nickname": "Jun"}, {"id": int64(5), "nickname": "Mara"}},
	}}
}

func (r *Records) table(name string) ([]map[string]any, error) {
	rows, ok := r.Rows[name]
	if !ok {
		return nil, node.Broken("INVALID_CONFIG", text.M("enginetest.collection", "There is no collection %s.", name))
	}
	return rows, nil
}

// Create adds a record under the next free number.
func (r *Records) Create(_ context.Context, c node.CreateRecord) (map[string]any, error) {
	r.Requests = append(r.Requests, c)
	rows, err := r.table(c.Collection)
	if err != nil {
		return nil, err
	}
	row := maps.Clone(c.Values)
	if row == nil {
		row = map[string]any{}
	}
	row["id"] = int64(len(rows) + 1)
	r.Rows[c.Collection] = append(rows, row)
	return maps.Clone(row), nil
}

// Update changes the records that match.
func (r *Records) Update(_ context.Context, u node.UpdateRecords) (node.UpdateResult, error) {
	r.Requests = append(r.Requests, u)
	rows, err := r.table(u.Collection)
	if err != nil {
		return node.UpdateResult{}, err
	}
	found := slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool { return !matches(row, u.Filter) })
	if len(found) > u.MaxRecords {
		return node.UpdateResult{}, node.Broken("BLAST_RADIUS", text.M("enginetest.blast", "%d records match.", len(found)))
	}
	result := node.UpdateResult{Count: len(found)}
	for _, row := range found {
		before := maps.Clone(row)
		maps.Copy(row, u.Values)
		if !field.Equal(before, row) {
			result.Changed++
		}
		result.IDs = append(result.IDs, row["id"])
	}
	return result, nil
}

// Query reads one page of the records that match.
func (r *Records) Query(_ context.Context, q node.QueryRecords) ([]map[string]any, error) {
	r.Requests = append(r.Requests, q)
	rows, err := r.table(q.Collection)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(row map[string]any) bool { return !matches(row, q.Filter) })
	for _, name := range slices.Backward(q.Sort) {
		key, down := strings.CutPrefix(name, "-")
		slices.SortStableFunc(rows, func(a, b map[string]any) int {
			if down {
				a, b = b, a
			}
			return order(a[key], b[key])
		})
	}
	from := min((q.Page-1)*q.Size, len(rows))
	var out []map[string]any
	for _, row := range rows[from:min(from+q.Size, len(rows))] {
		row = maps.Clone(row)
		maps.DeleteFunc(row, func(name string, _ any) bool {
			return len(q.Fields) > 0 && name != "id" && !slices.Contains(q.Fields, name)
		})
		out = append(out, row)
	}
	return out, nil
}

func order(a, b any) int {
	if less, _ := expr.Compare("lt", a, b); less {
		return -1
	}
	if more, _ := expr.Compare("gt", a, b); more {
		return 1
	}
	return 0
}

// matches evaluates a filter on one record; nothing matches everything.
func matches(row map[string]any, filter any) bool {
	members, _ := filter.(map[string]any)
	for key, v := range members {
		list, _ := v.([]any)
		one := func(f any) bool { return matches(row, f) }
		ok := false
		switch key {
		case "$and":
			ok = !slices.ContainsFunc(list, func(f any) bool { return !one(f) })
		case "$or":
			ok = len(list) == 0 || slices.ContainsFunc(list, one)
		case "$not":
			ok = !one(v)
		default:
			ok = holds(row[key], v)
		}
		if !ok {
			return false
		}
	}
	return true
}

func holds(stored, condition any) bool {
	operators, ok := condition.(map[string]any)
	if !ok {
		return field.Equal(stored, condition)
	}
	names := map[string]string{"$eq": "equal", "$ne": "notEqual", "$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte", "$in": "in"}
	for op, operand := range operators {
		if yes, _ := expr.Compare(names[op], stored, operand); !yes {
			return false
		}
	}
	return true
}
