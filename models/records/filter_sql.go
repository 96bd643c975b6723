package records

import (
	"math"
	"strings"

	"formrail/models"
	"formrail/models/field"
)

// compile turns a parsed filter on the table alias of c into a condition. nil is
// no condition.
func (b *builder) compile(c *models.Collection, alias string, n *node) (sqlText, error) {
	if n == nil {
		return yes(), nil
	}
	if n.leaf != nil {
		return b.compileLeaf(c, alias, *n.leaf)
	}
	parts := make([]sqlText, len(n.children))
	for i, child := range n.children {
		var err error
		if parts[i], err = b.compile(c, alias, child); err != nil {
			return sqlText{}, err
		}
	}
	if n.or {
		return anyOf(parts...), nil
	}
	return allOf(parts...), nil
}

// compileLeaf is "the field may be read here, and the test holds". A linked record
// that may not be read counts as none, so negations hold for it.
func (b *builder) compileLeaf(c *models.Collection, alias string, l leaf) (sqlText, error) {
	first := l.field
	if len(l.path) > 0 {
		first = l.path[0]
	}
	open, err := b.readable(c, alias, first)
	if err != nil {
		return sqlText{}, err
	}
	if l.test.op == isNothing {
		return no(), nil
	}
	var holds sqlText
	if len(l.path) == 0 {
		holds = b.holds(alias, l.field, l.test)
	} else if holds, err = b.linked(alias, l.path[0], leaf{path: l.path[1:], field: l.field, test: l.test}); err != nil {
		return sqlText{}, err
	}
	if l.negated {
		holds = holds.notTrue()
	}
	return allOf(open, holds), nil
}

// linked holds when the record behind a link is there, may be read, and passes.
func (b *builder) linked(alias string, link *models.CollectionField, l leaf) (sqlText, error) {
	on, err := target(b.cat, link)
	if err != nil {
		return sqlText{}, err
	}
	inner := b.alias()
	passes, err := b.compileLeaf(on, inner, l)
	if err != nil {
		return sqlText{}, err
	}
	where := allOf(raw(inner+`."id" = `+column(alias, link)), live(on, inner), passes)
	return sqlText{"EXISTS (SELECT 1 FROM " + quote(on.Table) + " " + inner + " WHERE " + where.sql + ")", where.args}, nil
}

// holds is the test on a column.
func (b *builder) holds(alias string, f *models.CollectionField, t test) sqlText {
	col := column(alias, f)
	switch t.op {
	case isFilled:
		return raw(col + " IS NOT NULL")
	case isTrue:
		return raw(col+" = ?", b.bind(f, true))
	case isOneOf:
		return b.oneOf(col, f, t)
	case isWithin:
		return b.within(col, f, t)
	case isBetween:
		return allOf(b.compare(col, f, isAtLeast, t.values[0]), b.compare(col, f, isAtMost, t.values[1]))
	case isAbove, isAtLeast, isBelow, isAtMost:
		return b.compare(col, f, t.op, t.values[0])
	}
	return b.textTest(col, t)
}

// bind gives the form in which a canonical value of the right type is bound.
func (b *builder) bind(f *models.CollectionField, v any) any {
	out, err := encode(f, b.dialect, v)
	if err != nil {
		return nil // no column of this type can equal it
	}
	return out
}

func (b *builder) oneOf(col string, f *models.CollectionField, t test) sqlText {
	var args []any
	for _, v := range t.values {
		d, isNumber := v.(field.Decimal)
		if !isNumber {
			args = append(args, b.bind(f, v))
		} else if n, ok := b.exact(f, d); ok {
			args = append(args, n)
		}
	}
	found := no()
	switch len(args) {
	case 0:
	case 1:
		found = raw(col+" = ?", args...)
	default:
		found = raw(col+" IN ("+placeholders(len(args))+")", args...)
	}
	if t.null {
		return anyOf(found, raw(col+" IS NULL"))
	}
	return found
}

// exact gives the bound form of a number that the column can hold.
func (b *builder) exact(f *models.CollectionField, d field.Decimal) (any, bool) {
	if b.native(f) {
		return d.String(), d.InRange() && d.Scale() <= 6
	}
	n, ok := d.Scaled(columnScale(f))
	return n, ok
}

// native reports whether the column compares decimals itself; others hold whole
// numbers.
func (b *builder) native(f *models.CollectionField) bool {
	return b.dialect == models.Postgres && f.Kind == field.Number
}

func columnScale(f *models.CollectionField) int {
	if f.Kind == field.Number {
		return f.Scale
	}
	return 0
}

// compare orders a column against a value. A number between two the column can
// hold is moved to its neighbour, so that the answer is that of exact numbers.
func (b *builder) compare(col string, f *models.CollectionField, op testOp, v any) sqlText {
	d, isNumber := v.(field.Decimal)
	if !isNumber {
		return raw(col+" "+string(op)+" ?", b.bind(f, v))
	}
	scaled := d.Mul(field.DecimalFromScaled(1, -columnScale(f)))
	if op == isAbove || op == isAtMost {
		scaled = scaled.Floor()
	} else {
		scaled = scaled.Ceil()
	}
	n, ok := scaled.Int64()
	switch {
	case ok:
	case scaled.Sign() > 0:
		n = math.MaxInt64
	default:
		n = math.MinInt64
	}
	if b.native(f) {
		return raw(col+" "+string(op)+" ?", field.DecimalFromScaled(n, f.Scale).String())
	}
	return raw(col+" "+string(op)+" ?", n)
}

// within holds when the column lies in one of the periods.
func (b *builder) within(col string, f *models.CollectionField, t test) sqlText {
	var some []sqlText
	for i := 0; i+1 < len(t.values); i += 2 {
		some = append(some, raw("("+col+" >= ? AND "+col+" < ?)", b.bind(f, t.values[i]), b.bind(f, t.values[i+1])))
	}
	if t.null {
		some = append(some, raw(col+" IS NULL"))
	}
	return anyOf(some...)
}

// textTest holds when the column contains, starts or ends with one of the values,
// ignoring case. No character of a value has a special meaning; every text that is
// there contains the empty one.
func (b *builder) textTest(col string, t test) sqlText {
	find := "instr"
	if b.dialect == models.Postgres {
		find = "strpos"
	}
	folded := "fr_fold(COALESCE(" + col + ", ''))"
	var some []sqlText
	for _, v := range t.values {
		switch {
		case v == "":
			some = append(some, raw(col+" IS NOT NULL"))
		case t.op == containsIt:
			some = append(some, raw(find+"("+folded+", fr_fold(?)) > 0", v))
		case t.op == startsWith:
			some = append(some, raw(find+"("+folded+", fr_fold(?)) = 1", v))
		default:
			some = append(some, raw(strings.ReplaceAll("substr(@, length(@) - length(fr_fold(?)) + 1) = fr_fold(?)", "@", folded), v, v))
		}
	}
	return anyOf(some...)
}
