package records

import (
	"fmt"
	"strconv"
	"strings"

	"formrail/models"
	"formrail/models/field"
)

// Widths of buckets of instants in seconds. All zones begin their days at a quarter
// of an hour in UTC today; buckets that one has torn are read again by the second.
const (
	quarterHour = 15 * 60
	wholeDay    = 24 * 60 * 60
)

// half splits whole numbers in two before they are summed, so that no sum of either
// half can leave the range of the database.
const half = 1_000_000_000

// query is the SQL: an inner query with one row per record, its columns named d0 and
// m0 by their places, and the groups around it.
func (g *grouping) query() sqlText {
	var inner, outer, by []string
	var args []any
	for i, d := range g.dims {
		name := "d" + strconv.Itoa(i)
		expr := d.expr.sql
		if d.bucketed() {
			expr = g.bucket(expr)
		}
		inner, args = append(inner, expr+" AS "+name), append(args, d.expr.args...)
		outer, by = append(outer, name), append(by, g.bytewise(name, d.field))
	}
	for i, m := range g.measures {
		name := "m" + strconv.Itoa(i)
		if m.field != nil {
			inner, args = append(inner, m.expr.sql+" AS "+name), append(args, m.expr.args...)
		}
		outer = append(outer, g.parts(m, name)...)
		if m.Distinct && g.folds {
			by = append(by, g.bytewise(name, m.field))
		}
	}
	if len(inner) == 0 {
		inner = []string{"1 AS one"}
	}
	query := "SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(inner, ", ") + " FROM " +
		quote(g.on.Table) + " " + g.selection.alias + " WHERE " + g.where.sql + ") found"
	if len(by) > 0 {
		query += " GROUP BY " + strings.Join(by, ", ")
	}
	return sqlText{query, append(args, g.where.args...)}
}

// parts are the columns from which [grouping.take] reads a measure.
func (g *grouping) parts(m measure, name string) []string {
	switch m.Aggregation {
	case "min", "max":
		return []string{strings.ToUpper(m.Aggregation) + "(" + name + ")"}
	case "sum", "avg":
		if g.dialect == models.Postgres { // sums there are exact
			return []string{"CAST(SUM(" + name + ") AS TEXT)", "'0'", "COUNT(" + name + ")"}
		}
		return []string{
			fmt.Sprintf("SUM(%s / %d)", name, half), fmt.Sprintf("SUM(%s %% %d)", name, half), "COUNT(" + name + ")",
		}
	}
	switch {
	case m.field == nil:
		return []string{"COUNT(*)"}
	case !m.Distinct:
		return []string{"COUNT(" + name + ")"}
	case g.folds:
		return []string{name}
	}
	return []string{"COUNT(DISTINCT " + g.bytewise(name, m.field) + ")"}
}

// bytewise is a value as it is told apart: a text by its bytes, whatever its column
// says.
func (g *grouping) bytewise(name string, f *models.CollectionField) string {
	if isText(f) && g.dialect == models.SQLite {
		return name + " COLLATE BINARY"
	}
	return name
}

// bucket is the number of the bucket that an instant lies in, counted from 1970.
func (g *grouping) bucket(expr string) string {
	if g.dialect == models.Postgres {
		return fmt.Sprintf("CAST(FLOOR(EXTRACT(EPOCH FROM %s) / %d) AS BIGINT)", expr, g.width)
	}
	// Counted from the year -4713, so that the division never meets a negative number.
	seconds := "(CAST(strftime('%s', substr(" + expr + ", 1, 19)) AS INTEGER) + " + strconv.Itoa(longAgo) + ")"
	return fmt.Sprintf("(%s / %d - %d / %d)", seconds, g.width, longAgo, g.width)
}

// longAgo is a number of whole days in seconds, more than lie between year 0 and 1970.
const longAgo = 3_000_000 * wholeDay

// take adds what the database says about a measure to its part of a group.
func (g *grouping) take(c *cell, m measure, values []any) error {
	switch m.Aggregation {
	case "min", "max":
		v, err := decode(m.field, values[0])
		if err == nil {
			c.extreme(v, m.Aggregation == "max")
		}
		return err
	case "sum", "avg":
		high, err := wholeOf(values[0])
		if err != nil {
			return err
		}
		low, err := wholeOf(values[1])
		if err != nil {
			return err
		}
		if g.dialect == models.SQLite {
			high = high.Mul(field.DecimalFromInt(half)).Add(low).Mul(field.DecimalFromScaled(1, columnScale(m.field)))
		}
		c.sum = c.sum.Add(high)
		return c.more(values[2])
	}
	if !m.Distinct || !g.folds {
		return c.more(values[0])
	}
	v, err := decode(m.field, values[0])
	if err != nil || v == nil {
		return err
	}
	return c.seen(v)
}

// wholeOf is a sum as the driver read it; of nothing it is 0.
func wholeOf(v any) (field.Decimal, error) {
	switch v := plain(v).(type) {
	case nil:
		return field.Decimal{}, nil
	case int64:
		return field.DecimalFromInt(v), nil
	case string:
		return field.ParseDecimal(v)
	}
	return field.Decimal{}, fmt.Errorf("a sum is %T", v)
}
