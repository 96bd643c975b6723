package records

import (
	"strings"
	"time"

	"formrail/models"
	"formrail/models/text"
)

const maxSortKeys = 3

// sorting is the order of a list: the wanted keys, then the id.
type sorting struct {
	keys    []sortKey
	bytes   string   // form of a text compared by its bytes
	reverse bool     // read backwards, towards the previous page
	after   *sqlText // only what comes after the cursor
	seal    *seal    // makes cursors; nil without keyset
}

// sortKey is one expression to sort by. Empty values come last in both directions.
type sortKey struct {
	field    *models.CollectionField
	name     string // as given, without direction
	expr     sqlText
	desc     bool
	nullable bool
	text     bool // sorts by ASCII-folded bytes, then by bytes
}

// sorting reads the keys of a sort parameter.
func (sel *selection) sorting(names []string) (*sorting, error) {
	if len(names) > maxSortKeys {
		return nil, badParameter(text.M("record.sort", "Sort by at most %d fields.", maxSortKeys))
	}
	out := &sorting{bytes: bytesOf(sel.dialect)}
	for _, name := range names {
		k, err := sel.sortKey(name)
		if err != nil {
			return nil, err
		}
		out.keys = append(out.keys, k)
		if k.field.Name == models.IDField && k.field == sel.idField() {
			return out, nil // nothing can come after the id
		}
	}
	id := sel.idField()
	last := sortKey{field: id, name: id.Name, expr: raw(column(sel.alias, id))}
	if len(out.keys) > 0 {
		last.desc = out.keys[len(out.keys)-1].desc
	}
	out.keys = append(out.keys, last)
	return out, nil
}

func (sel *selection) idField() *models.CollectionField {
	f, _ := sel.on.Field(models.IDField)
	return f
}

func (sel *selection) sortKey(given string) (sortKey, error) {
	name, desc := strings.CutPrefix(given, "-")
	k := sortKey{name: name, desc: desc}
	names := strings.Split(name, ".")
	if len(names) > maxHops+1 {
		return k, badPath(name)
	}
	var err error
	k.field, k.expr, err = sel.sortExpr(sel.on, sel.alias, names)
	if err != nil {
		return k, err
	}
	k.text = isText(k.field)
	fixed := k.field.Name == models.IDField || k.field.Name == "createdAt" || k.field.Name == "updatedAt"
	k.nullable = len(names) > 1 || !fixed
	return k, nil
}

// sortExpr is the value to sort by: a column, or the column of a linked record that
// the caller may read.
func (sel *selection) sortExpr(c *models.Collection, alias string, names []string) (*models.CollectionField, sqlText, error) {
	f, ok := c.Field(names[0])
	if !ok {
		return nil, sqlText{}, unknownField(names[0])
	}
	if r := sel.view(c); !sel.trusted && (r == nil || !r.everywhere(f)) {
		return nil, sqlText{}, fieldNotAllowed(f.Name)
	}
	if len(names) == 1 {
		return f, raw(column(alias, f)), nil
	}
	if !f.IsLink() {
		return nil, sqlText{}, badPath(strings.Join(names, "."))
	}
	on, err := target(sel.cat, f)
	if err != nil {
		return nil, sqlText{}, err
	}
	inner := sel.builder.alias()
	last, expr, err := sel.sortExpr(on, inner, names[1:])
	if err != nil {
		return nil, sqlText{}, err
	}
	scope := yes()
	if r := sel.view(on); !sel.trusted && r != nil {
		if scope, err = r.records(sel.builder, inner); err != nil {
			return nil, sqlText{}, err
		}
	}
	where := allOf(raw(inner+`."id" = `+column(alias, f)), live(on, inner), scope)
	return last, sqlText{
		"(SELECT " + expr.sql + " FROM " + quote(on.Table) + " " + inner + " WHERE " + where.sql + ")",
		append(expr.args, where.args...),
	}, nil
}

// term is one comparable part of the order.
type term struct {
	expr     sqlText
	value    func(any) sqlText // the bound form of a cursor's value
	desc     bool
	nullable bool
	key      int
}

// terms splits keys into parts that the database compares: text has two.
func (s *sorting) terms() []term {
	var out []term
	for i, k := range s.keys {
		wrap := func(format string) term {
			put := func(sql string) string { return strings.ReplaceAll(format, "@", sql) }
			return term{
				expr: sqlText{put(k.expr.sql), k.expr.args}, desc: k.desc != s.reverse, nullable: k.nullable, key: i,
				value: func(v any) sqlText { return raw(put("?"), v) },
			}
		}
		switch {
		case k.text:
			out = append(out, wrap("lower("+s.bytes+")"), wrap(s.bytes))
		default:
			out = append(out, wrap("@"))
		}
	}
	return out
}

// bytesOf is a text compared by its bytes. SQLite does so by itself, and its lower
// folds ASCII only; PostgreSQL does the same under the one collation that all
// servers have.
func bytesOf(d models.Dialect) string {
	if d == models.Postgres {
		return `(@ COLLATE "C")`
	}
	return "@"
}

// order is the ORDER BY list.
func (s *sorting) order() sqlText {
	var parts []string
	var args []any
	for _, t := range s.terms() {
		p := t.expr.sql
		if t.desc {
			p += " DESC"
		}
		switch {
		case !t.nullable:
		case s.reverse:
			p += " NULLS FIRST"
		default:
			p += " NULLS LAST"
		}
		parts, args = append(parts, p), append(args, t.expr.args...)
	}
	return sqlText{strings.Join(parts, ", "), args}
}

// behind is the condition to come after a record with these key values.
func (s *sorting) behind(values []any) sqlText {
	terms := s.terms()
	after := no()
	for i := len(terms) - 1; i >= 0; i-- {
		t, v := terms[i], values[terms[i].key]
		after = anyOf(s.beyond(t, v), allOf(same(t, v), after))
	}
	if first := terms[0]; !first.nullable && len(terms) > 1 { // lets the database start in an index
		op := " >= "
		if first.desc {
			op = " <= "
		}
		bound := first.value(values[first.key])
		after = allOf(sqlText{first.expr.sql + op + bound.sql, append(append([]any{}, first.expr.args...), bound.args...)}, after)
	}
	return after
}

// beyond holds for values after v alone.
func (s *sorting) beyond(t term, v any) sqlText {
	if v == nil {
		if s.reverse {
			return sqlText{t.expr.sql + " IS NOT NULL", t.expr.args}
		}
		return no()
	}
	op := " > "
	if t.desc {
		op = " < "
	}
	bound := t.value(v)
	more := sqlText{t.expr.sql + op + bound.sql, append(append([]any{}, t.expr.args...), bound.args...)}
	if t.nullable && !s.reverse {
		return anyOf(more, sqlText{t.expr.sql + " IS NULL", t.expr.args})
	}
	return more
}

func same(t term, v any) sqlText {
	if v == nil {
		return sqlText{t.expr.sql + " IS NULL", t.expr.args}
	}
	bound := t.value(v)
	return sqlText{t.expr.sql + " = " + bound.sql, append(append([]any{}, t.expr.args...), bound.args...)}
}

// values brings what was read of the keys to the form that a cursor keeps: text,
// whole numbers or nothing.
func (s *sorting) values(read []any) []any {
	out := make([]any, len(s.keys))
	for i, v := range read {
		switch v := plain(v).(type) {
		case time.Time:
			out[i] = v.UTC().Format(time.RFC3339Nano)
		case bool:
			out[i] = "false"
			if v {
				out[i] = "true"
			}
		default:
			out[i] = v
		}
	}
	return out
}
