package records

import (
	"context"
	"database/sql"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// txWrite is a write inside its transaction.
type txWrite struct {
	*write
	tx      *models.Tx
	table   *table
	many    bool   // more than one record is updated
	found   string // what Unless has found
	changes []Change
}

// locked is a record held until the end of the transaction, as it is stored now.
type locked struct {
	of     *table
	id     any
	record Record // all fields
	within bool   // in the scope of the action
	flags  []bool // which grants hold, for rights.openIn
}

// text is the key of the record as text.
func (l *locked) text() string { return IDText(l.id) }

// selectFor says which records an action is about.
type selectFor int

const (
	liveOnly selectFor = iota
	trashOnly
	liveAndTrash
)

func (f selectFor) where(c *models.Collection, alias string) sqlText {
	switch {
	case f == liveOnly:
		return live(c, alias)
	case f == trashOnly && !c.SoftDelete:
		return no()
	case f == trashOnly:
		return raw(alias + `."deleted_at" IS NOT NULL`)
	}
	return yes()
}

// find locks the records of the operation in the order of their keys and keeps those
// in the caller's scope. A single record by its key that is missing or out of scope
// is an error; of several, such records are passed over.
func (t *txWrite) find(ctx context.Context, from selectFor) ([]*locked, error) {
	var chosen sqlText
	var err error
	switch {
	case len(t.op.IDs) > 0 && t.op.Filter != nil:
		return nil, badParameter(text.M("record.ids_and_filter", "Choose records by filterByTk or by filter, not by both."))
	case len(t.op.IDs) > 0:
		chosen, err = t.byKeys()
	default:
		chosen, err = t.byFilter()
	}
	if err != nil {
		return nil, err
	}
	rows, err := t.lock(ctx, allOf(chosen, from.where(t.on, "t0")))
	if err != nil {
		return nil, err
	}
	if len(t.op.IDs) == 1 && (len(rows) == 0 || !rows[0].within) {
		return nil, t.unreachable(len(rows) > 0)
	}
	within := rows[:0]
	for _, r := range rows {
		if r.within {
			within = append(within, r)
		}
	}
	if len(within) > t.radius() {
		return nil, t.tooMany()
	}
	return within, nil
}

func (t *txWrite) tooMany() *models.Error {
	return models.Invalid("BLAST_RADIUS", text.M("record.radius", "This would change more than %d records. Narrow the selection.", t.radius()))
}

// byKeys chooses records by their keys.
func (t *txWrite) byKeys() (sqlText, error) {
	if len(t.op.IDs) > t.radius() {
		return sqlText{}, t.tooMany()
	}
	var keys []any
	for _, id := range t.op.IDs {
		if key, ok := idValue(t.on, id); ok {
			keys = append(keys, key)
		}
	}
	switch len(keys) {
	case 0:
		return no(), nil
	case 1:
		return raw(`t0."id" = ?`, keys...), nil
	}
	return raw(`t0."id" IN (`+placeholders(len(keys))+")", keys...), nil
}

// byFilter chooses records by a filter, which must say something.
func (t *txWrite) byFilter() (sqlText, error) {
	n, err := t.parse(t.on, t.op.Filter)
	if err != nil {
		return sqlText{}, err
	}
	if n == nil {
		return sqlText{}, models.Invalid("FILTER_REQUIRED", text.M("record.filter_required", "Say which records: by filterByTk or by a filter."))
	}
	filter, err := t.compile(t.on, "t0", n)
	if err != nil {
		return sqlText{}, err
	}
	scope, err := t.rights.records(t.builder, "t0")
	if err != nil {
		return sqlText{}, err
	}
	return allOf(filter, scope), nil
}

// lock reads and locks records, one more than the operation may change at most.
func (t *txWrite) lock(ctx context.Context, where sqlText) ([]*locked, error) {
	mark := *t.aliases
	defer func() { *t.aliases = mark }()
	scope, err := t.rights.records(t.builder, "t0")
	if err != nil {
		return nil, err
	}
	flags, err := t.rights.flags(t.builder, "t0")
	if err != nil {
		return nil, err
	}
	query, args := "SELECT "+t.table.columns, []any{}
	for _, c := range append([]sqlText{scope}, flags...) {
		query, args = query+", CASE WHEN "+c.sql+" THEN 1 ELSE 0 END", append(args, c.args...)
	}
	query += " FROM " + quote(t.on.Table) + " t0 WHERE " + where.sql + fmt.Sprintf(` ORDER BY t0."id" LIMIT %d`, t.radius()+1)
	if t.dialect == models.Postgres {
		query += " FOR UPDATE OF t0"
	}
	var out []*locked
	rows, err := t.tx.Query(ctx, query, append(args, where.args...)...)
	err = models.Rows(rows, err, func(r *sql.Rows) error {
		one, err := t.scan(r, 1+len(flags))
		out = append(out, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lock records: %w", err)
	}
	return out, nil
}

// scan reads one whole record and the conditions beside it.
func (t *txWrite) scan(r *sql.Rows, conditions int) (*locked, error) {
	n := 2 + len(t.table.fields)
	values, into := make([]any, n+conditions), make([]any, n+conditions)
	for i := range values {
		into[i] = &values[i]
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	l := &locked{of: t.table, id: plain(values[0]), record: make(Record, n)}
	l.record[models.IDField], l.record[models.VersionField] = l.id, values[1]
	for i, f := range t.table.fields {
		v, err := decode(f, values[2+i])
		if err != nil {
			return nil, err
		}
		l.record[f.Key()] = v
	}
	for i, v := range values[n:] {
		holds := v == int64(1)
		if i == 0 {
			l.within = holds
		} else {
			l.flags = append(l.flags, holds)
		}
	}
	return l, nil
}

// unreachable is the refusal for one record that is missing or out of scope. Only
// who may see the whole collection learns which.
func (t *txWrite) unreachable(exists bool) error {
	if view := t.view(t.on); !exists && view != nil && view.whole() {
		return models.NotFound()
	}
	return outOfScope()
}

func outOfScope() *models.Error {
	return models.Forbidden("OUT_OF_SCOPE", text.M("record.out_of_scope", "You may not do this with this record."))
}

// admit finds out for a record that is about to be made whether the caller's grants
// hold for it, and for all fields he sent.
func (t *txWrite) admit(ctx context.Context, in *input, fresh Record) error {
	if t.rights.plain() {
		return nil
	}
	var flags []bool
	for _, l := range t.rights.layers {
		some := false
		for _, g := range l.grants {
			holds, err := t.holdsFor(ctx, g.Grant, fresh)
			if err != nil {
				return err
			}
			some = some || holds
			if l.mixed {
				flags = append(flags, holds)
			}
		}
		if !some {
			return outOfScope()
		}
	}
	return t.admitFields(in, flags)
}

// admitFields refuses fields that the caller sent and that are not open to him in
// this record.
func (t *txWrite) admitFields(in *input, flags []bool) error {
	for _, f := range t.on.Fields {
		if in.own[f] && !t.rights.openIn(f, flags) {
			return fieldNotAllowed(f.Name)
		}
	}
	return nil
}

// holdsFor reports whether the scope of a grant holds for values that are not
// stored yet.
func (t *txWrite) holdsFor(ctx context.Context, g models.Grant, fresh Record) (bool, error) {
	switch g.Scope {
	case models.ScopeAll:
		return true, nil
	case models.ScopeOwn:
		name, me := g.ScopeField, t.access.Principal.UserID
		if name == "" {
			name = "createdBy"
		}
		f, ok := t.on.Field(name)
		return ok && me != 0 && f.IsLink() && models.Snake(f.Target) == models.UsersCollection && fresh[f.Key()] == me, nil
	}
	return t.holdsInSQL(ctx, g, fresh)
}

// holdsInSQL asks the database about values that are not stored yet, by a table of
// one row made of them.
func (t *txWrite) holdsInSQL(ctx context.Context, g models.Grant, fresh Record) (bool, error) {
	query, args := "SELECT ", []any{}
	for i, f := range t.on.Fields {
		if i > 0 {
			query += ", "
		}
		kind := columnType(t.dialect, f)
		if f.IsLink() || f.Name == models.IDField {
			kind = t.keyType(f)
		}
		query += "CAST(? AS " + kind + ") AS " + quote(f.Column)
		args = append(args, t.bind(f, fresh[f.Key()]))
	}
	mark := *t.aliases
	defer func() { *t.aliases = mark }()
	scope, err := t.scope(t.on, g, "t0")
	if err != nil {
		return false, err
	}
	return t.exists(ctx, "SELECT 1 FROM ("+query+") t0 WHERE "+scope.sql, append(args, scope.args...))
}

// keyType is the type of a column that holds keys.
func (t *txWrite) keyType(f *models.CollectionField) string {
	idType := t.on.IDType
	if f.IsLink() {
		if on, err := target(t.cat, f); err == nil {
			idType = on.IDType
		}
	}
	switch {
	case idType != models.UUIDID && t.dialect == models.SQLite:
		return "INTEGER"
	case idType != models.UUIDID:
		return "BIGINT"
	case t.dialect == models.SQLite:
		return "TEXT"
	}
	return "UUID"
}
