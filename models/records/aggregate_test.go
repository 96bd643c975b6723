package records_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// aggregate computes about orders, as root unless somebody is named.
func (f *fixture) aggregate(a records.Aggregate) ([]records.Record, error) {
	if a.Access.Layers == nil {
		a.Access = root()
	}
	if a.Collection == "" {
		a.Collection = "orders"
	}
	return f.s.Aggregate(f.ctx, a)
}

func TestAggregate_OfNothing(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		all := []records.Measure{
			{Aggregation: "count"},
			{Aggregation: "sum", Field: "amount", Alias: "sum"},
			{Aggregation: "avg", Field: "pieces", Alias: "avg"},
			{Aggregation: "max", Field: "due", Alias: "max"},
			{Aggregation: "count", Field: "note", Distinct: true, Alias: "notes"},
		}
		rows, err := f.aggregate(records.Aggregate{Measures: all})
		require.NoError(f, err)
		require.Equal(f, []records.Record{{"count": int64(0), "sum": nil, "avg": nil, "max": nil, "notes": int64(0)}}, rows)
		rows, err = f.aggregate(records.Aggregate{Measures: all, Dimensions: []records.Dimension{{Field: "status"}, {Field: "due", Format: "month"}}})
		require.NoError(f, err)
		require.Empty(f, rows)
	})
}

func TestAggregate_NumbersAreExact(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		ask := func() records.Record {
			rows, err := f.aggregate(records.Aggregate{Measures: []records.Measure{
				{Aggregation: "sum", Field: "amount"},
				{Aggregation: "avg", Field: "amount", Alias: "mean"},
				{Aggregation: "max", Field: "amount", Alias: "most"},
				{Aggregation: "sum", Field: "pieces"},
				{Aggregation: "avg", Field: "pieces", Alias: "meanPieces"},
				{Aggregation: "min", Field: "pieces", Alias: "fewest"},
			}})
			require.NoError(f, err)
			require.Len(f, rows, 1)
			return rows[0]
		}
		for range 3 {
			f.add(`{"title": "a", "amount": 0.1, "pieces": 1}`)
		}
		f.add(`{"title": "b", "amount": null, "pieces": null}`)
		require.Equal(f, records.Record{
			"amount": dec(f, "0.3"), "mean": dec(f, "0.1"), "most": dec(f, "0.1"), "pieces": dec(f, "3"), "meanPieces": dec(f, "1"), "fewest": int64(1),
		}, ask())
		for range 3 {
			f.add(`{"title": "a", "amount": 9999999999999.99, "pieces": 9007199254740991}`)
		}
		f.add(`{"title": "b", "amount": 0, "pieces": -9007199254740991}`)
		got := ask()
		require.Equal(f, dec(f, "30000000000000.27"), got["amount"])
		require.Equal(f, dec(f, "4285714285714.324286"), got["mean"], "rounded away from zero")
		require.Equal(f, dec(f, "18014398509481985"), got["pieces"], "beyond what a double keeps")
		require.Equal(f, int64(-9007199254740991), got["fewest"])
	})
}

func TestAggregate_SumsPastWhatAColumnHolds(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.add(`{"title": "a", "amount": 0, "pieces": 9007199254740991}`)
		require.NoError(f, f.db.Write(f.ctx, "test.fill", func(tx *models.Tx) error {
			_, err := tx.Exec(f.ctx, `INSERT INTO c_orders (title, pieces, _version, created_at, updated_at)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)
				SELECT 'x', o.pieces, 1, o.created_at, o.updated_at FROM n, c_orders o`)
			return err
		}))
		rows, err := f.aggregate(records.Aggregate{Measures: []records.Measure{{Aggregation: "sum", Field: "pieces"}, {Aggregation: "avg", Field: "pieces", Alias: "avg"}}})
		require.NoError(f, err)
		require.Equal(f, "18014398509481982000", fmt.Sprint(rows[0]["pieces"]))
		require.Equal(f, "9007199254740991", fmt.Sprint(rows[0]["avg"]))
	})
}

func TestAggregate_ThresholdsOrderAndLimit(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for i, status := range []string{`"open"`, `"open"`, `"done"`, `null`, `null`, `null`} {
			f.add(fmt.Sprintf(`{"title": "%d", "status": %s, "amount": %d.5, "pieces": %d}`, i%2, status, i, i))
		}
		ask := func(having map[string]any, limit int, orders ...string) string {
			rows, err := f.aggregate(records.Aggregate{
				Measures:   []records.Measure{{Aggregation: "count"}, {Aggregation: "sum", Field: "amount", Alias: "total"}},
				Dimensions: []records.Dimension{{Field: "status", Alias: "s"}}, Having: having, Orders: orders, Limit: limit,
			})
			require.NoError(f, err)
			var out []string
			for _, r := range rows {
				out = append(out, fmt.Sprint(r["s"], " ", r["count"], " ", r["total"]))
			}
			return strings.Join(out, ", ")
		}
		require.Equal(f, "done 1 2.5, open 2 2, <nil> 3 13.5", ask(nil, 0))
		require.Equal(f, "<nil> 3 13.5, done 1 2.5, open 2 2", ask(nil, 0, "-total"))
		require.Equal(f, "open 2 2, done 1 2.5", ask(nil, 2, "total"))
		require.Equal(f, "open 2 2, done 1 2.5, <nil> 3 13.5", ask(nil, 0, "-s"), "empty values come last both ways")
		require.Equal(f, "open 2 2, <nil> 3 13.5", ask(map[string]any{"count": map[string]any{"$gt": int64(1)}}, 0))
		require.Equal(f, "done 1 2.5", ask(map[string]any{"total": dec(f, "2.5")}, 0))
		require.Equal(f, "done 1 2.5", ask(map[string]any{"total": map[string]any{"$between": []any{dec(f, "2.1"), int64(3)}, "$ne": int64(2)}}, 0))
	})
}

func TestAggregate_ThresholdsAreJoined(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for i, status := range []string{`"open"`, `"open"`, `"done"`, `null`, `null`, `null`} {
			f.add(fmt.Sprintf(`{"title": "a", "status": %s, "amount": %d}`, status, i))
		}
		const all = "done open <nil>"
		for having, want := range map[string]string{
			`{"$or": [{"count": 1}, {"count": 2}]}`:                                     "done open",
			`{"$or": [{"count": 1}, {"$and": [{"count": 3}, {"total": {"$gt": 11}}]}]}`: "done <nil>",
			`{"$and": [{"count": {"$gt": 1}}, {"total": {"$lt": 5}}]}`:                  "open",
			`{"count": {"$gt": 1}, "$or": [{"total": 1}, {"total": 2}]}`:                "open",
			`{"$not": {"$or": [{"count": 1}, {"total": 12}]}}`:                          "open",
			`{"$not": {"count": {"$gt": 1}, "total": {"$gt": 5}}}`:                      "done open",
			`{"$or": []}`: all, `{"$and": [{}]}`: all, `{"$not": {}}`: all, `{"$or": [{}, {"count": 1}]}`: "done", `{}`: all,
		} {
			parsed, err := field.ParseJSON([]byte(having))
			require.NoError(f, err)
			rows, err := f.aggregate(records.Aggregate{
				Measures:   []records.Measure{{Aggregation: "count"}, {Aggregation: "sum", Field: "amount", Alias: "total"}},
				Dimensions: []records.Dimension{{Field: "status", Alias: "s"}}, Having: parsed.(map[string]any), //nolint:forcetypeassert // objects above
			})
			require.NoError(f, err, having)
			var got []string
			for _, r := range rows {
				got = append(got, fmt.Sprint(r["s"]))
			}
			require.Equal(f, want, strings.Join(got, " "), having)
		}
		deep := `{"count": 1}`
		for range 5 {
			deep = `{"$not": ` + deep + `}`
		}
		many := strings.TrimSuffix(strings.Repeat(`{"count": 1},`, 51), ",")
		for having, code := range map[string]string{
			`{"$or": {"count": 1}}`: "BAD_PARAMETER", `{"$or": [1]}`: "BAD_PARAMETER", `{"$not": []}`: "BAD_PARAMETER", `{"$xor": []}`: "BAD_PARAMETER",
			`{"$or": [{"s": 1}]}`: "BAD_PARAMETER", `{"$or": [{"count": {"$and": [1]}}]}`: "BAD_PARAMETER",
			deep: "FILTER_TOO_COMPLEX", `{"$or": [` + many + `]}`: "FILTER_TOO_COMPLEX",
		} {
			parsed, err := field.ParseJSON([]byte(having))
			require.NoError(f, err)
			_, err = f.aggregate(records.Aggregate{
				Measures: []records.Measure{{Aggregation: "count"}}, Dimensions: []records.Dimension{{Field: "status", Alias: "s"}},
				Having: parsed.(map[string]any), //nolint:forcetypeassert // objects above
			})
			require.True(f, models.IsCode(err, code), "%s: %v", having, err)
		}
	})
}

func TestAggregate_RefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		count := records.Measure{Aggregation: "count"}
		measure := func(m ...records.Measure) records.Aggregate { return records.Aggregate{Measures: m} }
		by := func(d ...records.Dimension) records.Aggregate { return records.Aggregate{Dimensions: d} }
		var many []records.Measure
		for i := range 11 {
			many = append(many, records.Measure{Aggregation: "count", Alias: fmt.Sprintf("c%d", i)})
		}
		bad := []records.Aggregate{
			{},
			measure(many...), by(make([]records.Dimension, 6)...),
			measure(records.Measure{Aggregation: "median", Field: "amount"}), measure(records.Measure{}), measure(records.Measure{Aggregation: "sum"}),
			measure(records.Measure{Aggregation: "sum", Field: "title"}), measure(records.Measure{Aggregation: "avg", Field: "day"}),
			measure(records.Measure{Aggregation: "max", Field: "title"}), measure(records.Measure{Aggregation: "sum", Field: "category"}),
			measure(records.Measure{Aggregation: "sum", Field: "amount", Distinct: true}), measure(records.Measure{Aggregation: "count", Distinct: true}),
			measure(count, count), measure(count, records.Measure{Aggregation: "count", Field: "title", Alias: "count"}),
			by(records.Dimension{Field: "nothing"}), by(records.Dimension{}), by(records.Dimension{Field: "title.x"}),
			by(records.Dimension{Field: "title", Format: "year"}), by(records.Dimension{Field: "day", Format: "hour"}),
			by(records.Dimension{Field: "category.owner.manager.manager.nickname"}),
			{Measures: []records.Measure{count}, Limit: 5001},
			{Measures: []records.Measure{count}, Limit: -1},
			{Measures: []records.Measure{count}, Orders: []string{"title"}},
			{Measures: []records.Measure{count}, Orders: []string{"count", "count", "count", "count"}},
			{Measures: []records.Measure{count}, Having: map[string]any{"amount": int64(1)}},
			{Measures: []records.Measure{count}, Having: map[string]any{"count": map[string]any{"$includes": int64(1)}}},
			{Measures: []records.Measure{count}, Having: map[string]any{"count": "1 OR 1=1"}},
			{Measures: []records.Measure{{Aggregation: "max", Field: "day", Alias: "d"}}, Having: map[string]any{"d": int64(1)}},
		}
		for _, alias := range []string{`a"`, "a; DROP TABLE c_orders", "1a", "a.b", "ä", "a b", "a\x00", "$and", strings.Repeat("a", 49)} {
			bad = append(bad, measure(records.Measure{Aggregation: "count", Alias: alias}), by(records.Dimension{Field: "title", Alias: alias}))
		}
		for _, a := range bad {
			_, err := f.aggregate(a)
			require.True(f, models.IsKind(err, models.KindInvalid), "%+v: %v", a, err)
		}
		f.add(`{"title": "a"}`)
		for _, alias := range []string{"select", "d0", "m0", "from", "_", strings.Repeat("a", 48)} {
			rows, err := f.aggregate(records.Aggregate{Measures: []records.Measure{{Aggregation: "count", Alias: alias}}, Dimensions: []records.Dimension{{Field: "title", Alias: "t"}}, Orders: []string{"-" + alias}})
			require.NoError(f, err, alias)
			require.Equal(f, []records.Record{{"t": "a", alias: int64(1)}}, rows)
		}
	})
}

func TestAggregate_TellsOnlyWhatTheCallerMayRead(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		stored := f.spread(30)
		own := models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeOwn}
		some := models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"title", "status", "category"}}
		count := []records.Measure{{Aggregation: "count"}}

		rows, err := f.aggregate(records.Aggregate{Access: person(ana, own), Measures: count})
		require.NoError(f, err)
		mine := int64(0)
		for _, r := range stored {
			if r["createdById"] == ana {
				mine++
			}
		}
		require.Equal(f, []records.Record{{"count": mine}}, rows)
		_, err = f.aggregate(records.Aggregate{Access: person(ana), Measures: count})
		requireCode(f, err, "NO_PERMISSION")

		rows, err = f.aggregate(records.Aggregate{Access: person(ana, some), Measures: count})
		require.NoError(f, err)
		require.Equal(f, []records.Record{{"count": int64(30)}}, rows)
		for _, access := range []models.Access{person(ana, some), person(ana, some, own)} { // closed everywhere, closed in some records
			for _, a := range []records.Aggregate{
				{Measures: []records.Measure{{Aggregation: "sum", Field: "amount"}}},
				{Measures: []records.Measure{{Aggregation: "count", Field: "amount", Distinct: true}}},
				{Measures: []records.Measure{{Aggregation: "max", Field: "amount", Alias: "m"}}, Having: map[string]any{"m": map[string]any{"$gt": int64(1)}}},
				{Measures: []records.Measure{{Aggregation: "max", Field: "amount", Alias: "m"}}, Orders: []string{"m"}},
				{Dimensions: []records.Dimension{{Field: "amount"}}},
				{Dimensions: []records.Dimension{{Field: "category.title"}}},
			} {
				a.Access = access
				_, err = f.aggregate(a)
				requireCode(f, err, "FIELD_NOT_ALLOWED")
			}
		}
		_, err = f.aggregate(records.Aggregate{Access: person(ana, some), Measures: count, Filter: map[string]any{"amount": map[string]any{"$gt": int64(1)}}})
		requireCode(f, err, "FIELD_NOT_ALLOWED")
		_, err = f.aggregate(records.Aggregate{Access: person(ana, some), Measures: count, Orders: []string{"amount"}})
		requireCode(f, err, "BAD_PARAMETER")

		food := models.Grant{Collection: "categories", Action: models.View, Scope: models.ScopeOwn, ScopeField: "owner"}
		rows, err = f.aggregate(records.Aggregate{Access: person(ana, some, food), Dimensions: []records.Dimension{{Field: "category.title"}}, Measures: count})
		require.NoError(f, err)
		require.Equal(f, []records.Record{{"category.title": nil, "count": int64(30)}}, rows, "records out of sight have no title")
	})
}

func TestAggregate_TellsTextsApartByTheirBytes(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for _, note := range []string{"a", "A", "ä", "Ä", "a"} {
			f.add(`{"title": "x", "note": "` + note + `"}`)
		}
		rows, err := f.aggregate(records.Aggregate{
			Dimensions: []records.Dimension{{Field: "note"}},
			Measures:   []records.Measure{{Aggregation: "count"}, {Aggregation: "count", Field: "applicant.username", Distinct: true, Alias: "people"}},
		})
		require.NoError(f, err)
		require.Equal(f, []records.Record{
			{"note": "A", "count": int64(1), "people": int64(1)},
			{"note": "a", "count": int64(2), "people": int64(1)},
			{"note": "Ä", "count": int64(1), "people": int64(1)},
			{"note": "ä", "count": int64(1), "people": int64(1)},
		}, rows)
	})
}
