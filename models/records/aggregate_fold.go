package records

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// errTorn says that a bucket of instants lies in two groups.
var errTorn = errors.New("a bucket of time lies in two groups")

// avgDigits is how many digits more than its field an average has.
const avgDigits = 4

// cell is one measure of one group so far.
type cell struct {
	count    int64
	sum      field.Decimal
	value    any             // the least or the greatest
	distinct map[string]bool // values by their JSON
}

func (c *cell) more(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a count is %T", v)
	}
	c.count += n
	return nil
}

func (c *cell) extreme(v any, greatest bool) {
	if v == nil {
		return
	}
	if c.value == nil || (compareValues(v, c.value) > 0) == greatest {
		c.value = v
	}
}

func (c *cell) seen(v any) error {
	b, err := field.MarshalJSON(v)
	if err != nil {
		return err
	}
	if c.distinct == nil {
		c.distinct = map[string]bool{}
	}
	c.distinct[string(b)] = true
	return nil
}

// result is the value of a measure once its group is complete.
func (c *cell) result(m measure) any {
	switch m.Aggregation {
	case "min", "max":
		return c.value
	case "sum":
		if c.count == 0 {
			return nil
		}
		return c.sum
	case "avg":
		if c.count == 0 {
			return nil
		}
		return c.sum.Quo(field.DecimalFromInt(c.count)).Round(columnScale(m.field) + avgDigits)
	}
	return c.count + int64(len(c.distinct))
}

// groupOf is one group so far.
type groupOf struct {
	dims  []any
	cells []cell
}

// gathering brings the rows of the database together.
type gathering struct {
	*grouping
	groups map[string]*groupOf // by the JSON of their dimensions, when rows are parts of groups
	done   []Record
}

// add takes one row of the database.
func (in *gathering) add(r *sql.Rows) error {
	columns, err := r.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := r.Scan(into...); err != nil {
		return err
	}
	dims := make([]any, len(in.dims))
	for i, d := range in.dims {
		if dims[i], err = in.dimValue(d, values[i]); err != nil {
			return err
		}
	}
	group := &groupOf{dims: dims, cells: make([]cell, len(in.measures))}
	if in.folds {
		if group, err = in.groupOf(group); err != nil {
			return err
		}
	}
	at := len(in.dims)
	for i, m := range in.measures {
		if err := in.take(&group.cells[i], m, values[at:]); err != nil {
			return err
		}
		at += len(in.parts(m, ""))
	}
	if !in.folds {
		in.complete(group)
	}
	return nil
}

// groupOf finds the group that a part belongs to; the part begins it when it is new.
func (in *gathering) groupOf(part *groupOf) (*groupOf, error) {
	key, err := field.MarshalJSON(part.dims)
	if err != nil {
		return nil, err
	}
	if found := in.groups[string(key)]; found != nil {
		part = found
	}
	in.groups[string(key)] = part
	held := len(in.groups)
	for i := range part.cells {
		held += len(part.cells[i].distinct)
	}
	if held > maxFolded {
		return nil, models.NewError(models.KindTooLarge, "RESULT_TOO_LARGE",
			text.M("aggregate.too_many", "There are more than %d groups. Narrow the filter or group more coarsely.", maxFolded))
	}
	return part, nil
}

// dimValue is a dimension of a row: a value, or the name of the period it lies in.
func (in *gathering) dimValue(d dimension, v any) (any, error) {
	if d.Format == "" || v == nil {
		return decode(d.field, v)
	}
	if d.bucketed() {
		n, ok := v.(int64)
		if !ok {
			return nil, fmt.Errorf("a bucket is %T", v)
		}
		return in.period(d.Format, n*in.width)
	}
	v, err := decode(d.field, v)
	if err != nil {
		return nil, err
	}
	day, _ := v.(field.Date)
	return formatted(d.Format, day.In(time.UTC)), nil
}

// period names the period in which a whole bucket lies, or says that there is none.
func (in *gathering) period(format string, from int64) (string, error) {
	start := time.Unix(from, 0).In(in.zone)
	last := time.Unix(from+in.width-1, 0).In(in.zone)
	name := formatted(format, start)
	if _, end := start.ZoneBounds(); name != formatted(format, last) || in.width > 1 && !end.IsZero() && !end.After(last) {
		return "", errTorn
	}
	return name, nil
}

// formatted names the period that t lies in; empty for an unknown format.
func formatted(format string, t time.Time) string {
	year := fmt.Sprintf("%04d", t.Year())
	switch format {
	case "year":
		return year
	case "quarter":
		return fmt.Sprintf("%sQ%d", year, (int(t.Month())+2)/3)
	case "month":
		return fmt.Sprintf("%s-%02d", year, t.Month())
	case "week":
		y, w := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", y, w)
	case "day":
		return fmt.Sprintf("%s-%02d-%02d", year, t.Month(), t.Day())
	}
	return ""
}

// complete takes a group into the answer. Of many groups only as many are kept as
// can still be asked for.
func (in *gathering) complete(group *groupOf) {
	row := make(Record, len(in.names))
	for i, d := range in.dims {
		row[d.Alias] = group.dims[i]
	}
	for i, m := range in.measures {
		row[m.Alias] = group.cells[i].result(m)
	}
	if in.having != nil && !in.having.holds(row) {
		return
	}
	in.done = append(in.done, row)
	if len(in.done) >= 2*in.limit+1000 {
		in.cut()
	}
}

// finish gives the rows of the answer.
func (in *gathering) finish() []Record {
	for _, group := range in.groups {
		in.complete(group)
	}
	in.cut()
	return in.done
}
