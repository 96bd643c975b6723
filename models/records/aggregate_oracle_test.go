package records_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// spread makes orders with random values and gives them as they are stored.
func (f *fixture) spread(n int) []records.Record {
	f.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	category := []any{nil}
	for _, title := range []string{"Travel", "travel", "Food"} {
		category = append(category, parse(f, `{"id": `+f.addTo("categories", `{"title": "`+title+`"}`)+`}`))
	}
	pick := func(list ...any) any { return list[r.IntN(len(list))] }
	start := time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC).Unix()
	var out []records.Record
	for range n {
		values := records.Record{
			"title": "t", "note": pick(nil, "a", "A", "b", "ä"), "pieces": pick(nil, int64(-7), int64(3), int64(1<<53-1)), "urgent": pick(nil, true, false),
			"amount": pick(nil, dec(f, "0.1"), dec(f, "12.34"), dec(f, "9999999999999.99")), "status": pick(nil, "open", "done"),
			"day": pick(nil, "2025-12-29", "2026-01-01", "2026-03-31", "2027-01-03"), "category": pick(category...),
			"due": pick(nil, "1969-05-01T00:44:29Z", "1969-05-01T00:44:30Z", "1969-12-31T23:59:59.999Z", time.Unix(start+r.Int64N(5*86400), 0).UTC().Format(time.RFC3339)),
		}
		result, err := f.write(records.Operation{
			Access: person([]int64{ana, ben}[r.IntN(2)], all(models.Create, "orders"), all(models.View, "users"), all(models.View, "categories")),
			Action: models.Create, Values: values,
		})
		require.NoError(f, err)
		out = append(out, f.get(result.Changes[0].ID, "category"))
	}
	return out
}

func all(action models.Action, on string) models.Grant {
	return models.Grant{Collection: on, Action: action, Scope: models.ScopeAll}
}

// label is the plain meaning of a dimension.
func label(d records.Dimension, r records.Record, zone *time.Location) any {
	var v any
	switch d.Field {
	case "category.title":
		c, _ := r["category"].(records.Record)
		v = c["title"]
	case "category":
		v = r["categoryId"]
	default:
		v = r[d.Field]
	}
	var at time.Time
	switch v := v.(type) {
	case time.Time:
		at = v.In(zone)
	case field.Date:
		at = v.In(time.UTC)
	}
	if d.Format == "" || v == nil {
		return v
	}
	year, week := at.ISOWeek()
	return map[string]string{
		"year": at.Format("2006"), "quarter": fmt.Sprintf("%dQ%d", at.Year(), (at.Month()-1)/3+1), "month": at.Format("2006-01"),
		"week": fmt.Sprintf("%d-W%02d", year, week), "day": at.Format("2006-01-02"),
	}[d.Format]
}

// naive computes one measure over records in memory.
func naive(m records.Measure, list []records.Record) any {
	var n int64
	var sum field.Decimal
	var least, most any
	seen := map[string]bool{}
	for _, r := range list {
		v := r[m.Field]
		if m.Field == "" {
			v = true
		}
		if v == nil {
			continue
		}
		n++
		seen[fmt.Sprint(v)] = true
		d, _ := field.AsDecimal(v)
		sum = sum.Add(d)
		text := fmt.Sprint(v)
		if at, ok := v.(time.Time); ok {
			text = at.Format(field.TimeLayout)
		}
		less := func(a any) bool {
			x, number := field.AsDecimal(a)
			if at, ok := a.(time.Time); ok {
				return text < at.Format(field.TimeLayout)
			}
			return number && d.Cmp(x) < 0 || !number && text < fmt.Sprint(a)
		}
		if least == nil || less(least) {
			least = v
		}
		if most == nil || !less(most) {
			most = v
		}
	}
	switch {
	case m.Distinct:
		return int64(len(seen))
	case m.Aggregation == "count":
		return n
	case n == 0:
		return nil
	case m.Aggregation == "sum":
		return sum
	case m.Aggregation == "min":
		return least
	case m.Aggregation == "max":
		return most
	}
	return sum.Quo(field.DecimalFromInt(n)).Round(map[string]int{"amount": 6, "pieces": 4}[m.Field])
}

func TestAggregate_ComputesWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		stored := f.spread(60)
		measures := []records.Measure{{Aggregation: "count"}}
		for _, name := range []string{"amount", "pieces", "day", "due", "note"} {
			kinds := map[string][]string{"day": {"min", "max"}, "due": {"min", "max"}, "note": {"count"}}[name]
			if kinds == nil {
				kinds = []string{"count", "sum", "avg", "min", "max"}
			}
			for _, kind := range kinds {
				measures = append(measures, records.Measure{Aggregation: kind, Field: name, Alias: kind + "_" + name})
			}
		}
		for _, name := range []string{"note", "day", "due", "amount", "urgent"} {
			measures = append(measures, records.Measure{Aggregation: "count", Field: name, Distinct: true, Alias: "distinct_" + name})
		}
		dims := []records.Dimension{{Field: "note"}, {Field: "status"}, {Field: "urgent"}, {Field: "pieces"}, {Field: "amount"}, {Field: "category"}, {Field: "category.title"}, {Field: "day"}, {Field: "due"}}
		for _, format := range []string{"year", "quarter", "month", "week", "day"} {
			dims = append(dims, records.Dimension{Field: "day", Format: format}, records.Dimension{Field: "due", Format: format})
		}
		rapid.Check(f.T, func(t *rapid.T) {
			name := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia"}).Draw(t, "zone")
			zone, err := time.LoadLocation(name)
			require.NoError(t, err)
			a := records.Aggregate{Zone: zone, Limit: 5000, Measures: rapid.SliceOfNDistinct(rapid.SampledFrom(measures), 1, 5, func(m records.Measure) string { return m.Alias }).Draw(t, "measures")}
			for i, d := range rapid.SliceOfNDistinct(rapid.SampledFrom(dims), 0, 3, rapid.ID[records.Dimension]).Draw(t, "dimensions") {
				d.Alias = fmt.Sprintf("dim%d", i)
				a.Dimensions = append(a.Dimensions, d)
			}
			got, err := f.aggregate(a)
			require.NoError(t, err)
			groups := map[string][]records.Record{}
			var dimensions []records.Record
			for _, r := range stored {
				row := records.Record{}
				for _, d := range a.Dimensions {
					row[d.Alias] = label(d, r, zone)
				}
				key := fmt.Sprint(row)
				if groups[key] == nil {
					dimensions = append(dimensions, row)
				}
				groups[key] = append(groups[key], r)
			}
			var want []records.Record
			for _, row := range dimensions {
				list := groups[fmt.Sprint(row)]
				for _, m := range a.Measures {
					alias := m.Alias
					if alias == "" {
						alias = "count"
					}
					row[alias] = naive(m, list)
				}
				want = append(want, row)
			}
			require.ElementsMatch(t, want, got)
			again, err := f.aggregate(a)
			require.NoError(t, err)
			require.Equal(t, got, again, "the order is the same each time")
		})
	})
}
