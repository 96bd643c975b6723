package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Bounds of an [Aggregate].
const (
	DefaultGroups = 100
	MaxGroups     = 5_000
	maxMeasures   = 10
	maxDimensions = 5
	maxFolded     = 100_000 // groups and distinct values held while they are brought together
)

// Aggregate asks for numbers about records: one row for each combination of the
// dimensions that occurs, holding the dimensions and the measures by their aliases.
// Without dimensions it is one row about all records, even when there are none.
type Aggregate struct {
	Access     models.Access
	Collection string
	Filter     any // record filter; nil = all
	Measures   []Measure
	Dimensions []Dimension
	Having     map[string]any // conditions on measures that are numbers: {"total": {"$gt": 100}}, joined as in a filter
	Orders     []string       // "-total", "status": aliases, at most 3; the dimensions in their order come last
	Limit      int            // 0 = DefaultGroups
	Zone       *time.Location // of formats and of dates in the filter; nil = UTC
}

// Measure is one number of a group. A sum and an average are exact decimals, the
// average rounded half away from zero to four digits more than its field has; of
// no values they are nil, as the least and the greatest are.
type Measure struct {
	Field       string // a field or a path over to-one links; empty counts records
	Aggregation string // count, sum, avg, min or max
	Distinct    bool   // count: different values only
	Alias       string // name in the row; empty = the field, or "count" without one
}

// Dimension is one value that records are grouped by. Empty values are a group.
type Dimension struct {
	Field  string // a field or a path over to-one links
	Format string // of dates: year "2026", quarter "2026Q4", month "2026-11", week "2026-W48" or day "2026-11-22"
	Alias  string // name in the row; empty = the field
}

// Aggregate computes about the committed records the caller may see. Whatever he
// may not read in every one of them can be neither measured nor grouped by: numbers
// about it would tell what a list hides.
func (s *Service) Aggregate(ctx context.Context, a Aggregate) (rows []Record, err error) {
	if a.Limit == 0 {
		a.Limit = DefaultGroups
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	from := s.db.Read()
	q := Query{Access: a.Access, Collection: a.Collection, Filter: a.Filter, Zone: a.Zone}
	err = s.reading(ctx, from, q, func(sel *selection, _ *Query) error {
		g, err := sel.grouping(a)
		if err == nil {
			rows, err = g.run(ctx, from)
		}
		return err
	})
	return rows, err
}

func (a Aggregate) check() error {
	switch {
	case len(a.Measures)+len(a.Dimensions) == 0:
		return badParameter(text.M("aggregate.empty", "Say what to compute: measures, dimensions or both."))
	case len(a.Measures) > maxMeasures || len(a.Dimensions) > maxDimensions:
		return badParameter(text.M("aggregate.many", "At most %d measures and %d dimensions.", maxMeasures, maxDimensions))
	case a.Limit < 1 || a.Limit > MaxGroups:
		return badParameter(text.M("aggregate.limit", "limit is between 1 and %d.", MaxGroups))
	}
	return nil
}

// grouping is an aggregation brought to SQL: each group, or each part of one, is a
// row of the database. What is left is done here, the same for both databases.
type grouping struct {
	*selection
	measures []measure
	dims     []dimension
	names    map[string]bool
	folds    bool      // a row of the database may be a part of a group
	width    int64     // seconds of a bucket of instants
	having   groupTest // nil = all groups
	orders   []groupOrder
	limit    int
}

// measure is a checked [Measure].
type measure struct {
	Measure
	field *models.CollectionField // nil to count records
	expr  sqlText
}

// dimension is a checked [Dimension].
type dimension struct {
	Dimension
	field *models.CollectionField
	expr  sqlText
}

// bucketed reports whether the database groups instants by buckets of time.
func (d dimension) bucketed() bool { return d.Format != "" && d.field.Kind == field.DateTime }

// grouping checks an aggregation against the caller's rights.
func (sel *selection) grouping(a Aggregate) (*grouping, error) {
	g := &grouping{selection: sel, names: map[string]bool{}, limit: a.Limit, width: quarterHour}
	if sel.zone == time.UTC {
		g.width = wholeDay
	}
	for _, d := range a.Dimensions {
		one, err := g.dimension(d)
		if err != nil {
			return nil, err
		}
		g.dims = append(g.dims, one)
		g.folds = g.folds || one.Format != ""
	}
	for _, m := range a.Measures {
		one, err := g.measure(m)
		if err != nil {
			return nil, err
		}
		g.measures = append(g.measures, one)
	}
	if err := g.readHaving(a.Having); err != nil {
		return nil, err
	}
	return g, g.readOrders(a.Orders)
}

func (g *grouping) dimension(d Dimension) (out dimension, err error) {
	out.Dimension = d
	if out.field, out.expr, err = g.value(d.Field); err != nil {
		return out, err
	}
	if d.Format != "" {
		if out.field.Kind != field.DateOnly && out.field.Kind != field.DateTime {
			return out, badParameter(text.M("aggregate.format_kind", "%s is no date, so it has no format.", out.field.Title()))
		}
		if formatted(d.Format, time.Time{}) == "" {
			return out, badParameter(text.M("aggregate.format", "The format of a date is one of year, quarter, month, week and day."))
		}
	}
	out.Alias, err = g.name(d.Alias, d.Field)
	return out, err
}

func (g *grouping) measure(m Measure) (out measure, err error) {
	out.Measure = m
	otherwise := "count"
	if m.Field != "" {
		otherwise = m.Field
		if out.field, out.expr, err = g.value(m.Field); err != nil {
			return out, err
		}
	}
	if err := out.check(); err != nil {
		return out, err
	}
	out.Alias, err = g.name(m.Alias, otherwise)
	return out, err
}

// check refuses what cannot be computed of a field.
func (m measure) check() error {
	var number, ordered bool
	if f := m.field; f != nil {
		number = f.Kind == field.Integer || f.Kind == field.Number
		ordered = number || f.Kind == field.DateOnly || f.Kind == field.DateTime
	}
	ok := false
	switch m.Aggregation {
	case "count":
		ok = true
	case "sum", "avg":
		ok = number
	case "min", "max":
		ok = ordered
	default:
		return badParameter(text.M("aggregate.kind", "An aggregation is one of count, sum, avg, min and max."))
	}
	switch {
	case m.Distinct && (m.Aggregation != "count" || m.field == nil):
		return badParameter(text.M("aggregate.distinct", "distinct goes with the count of a field."))
	case ok:
		return nil
	case m.field == nil:
		return badParameter(text.M("aggregate.field", "%s needs a field.", m.Aggregation))
	}
	return badParameter(text.M("aggregate.unfit", "%s cannot be computed of %s.", m.Aggregation, m.field.Title()))
}

// value finds what a field or a path stands for: the same as in a sort key.
func (g *grouping) value(path string) (*models.CollectionField, sqlText, error) {
	names := strings.Split(path, ".")
	if len(names) > maxHops+1 {
		return nil, sqlText{}, badPath(path)
	}
	return g.sortExpr(g.on, g.selection.alias, names)
}

// name takes the name of a column of the answer. A field that was found may give its
// own, dots included; it never becomes SQL.
func (g *grouping) name(alias, otherwise string) (string, error) {
	if alias == "" {
		alias = otherwise
	} else if !isAlias(alias) {
		return "", badParameter(text.M("aggregate.alias", "An alias has 1 to 48 letters, digits and underscores and does not begin with a digit."))
	}
	if g.names[alias] {
		return "", badParameter(text.M("aggregate.twice", "Two columns are called %s. Give one of them another alias.", alias))
	}
	g.names[alias] = true
	return alias, nil
}

func isAlias(s string) bool {
	if len(s) > 48 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// run reads all groups and gives those that are wanted, in order.
func (g *grouping) run(ctx context.Context, from models.Querier) ([]Record, error) {
	out, err := g.read(ctx, from)
	if errors.Is(err, errTorn) {
		g.width = 1
		out, err = g.read(ctx, from)
	}
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", g.on.Name, err)
	}
	return out, nil
}

func (g *grouping) read(ctx context.Context, from models.Querier) ([]Record, error) {
	query := g.query()
	into := &gathering{grouping: g, groups: map[string]*groupOf{}}
	rows, err := from.Query(ctx, query.sql, query.args...)
	err = models.Rows(rows, err, func(r *sql.Rows) error { return into.add(r) })
	if err != nil {
		return nil, err
	}
	return into.finish(), nil
}
