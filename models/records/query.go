package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/text"
)

// Bounds of lists.
const (
	DefaultPageSize = 20
	MaxPageSize     = 500
	MaxUnpaged      = 2_000
	maxCount        = 100_000
)

// Trash says whether records in the trash are read. Reading them needs the delete
// right on each of them.
type Trash string

// The ways to look at the trash.
const (
	WithoutTrash Trash = ""
	OnlyTrash    Trash = "only"
	WithTrash    Trash = "with"
)

// Query asks for records. Nothing is read that Access does not allow.
type Query struct {
	Access     models.Access
	Collection string
	Filter     any      // record filter; nil = all
	Search     string   // words that must all occur in the title
	Sort       []string // "-createdAt", "title"; at most 3 keys; id is always the last
	Page       int      // from 1
	PageSize   int      // 0 = DefaultPageSize
	All        bool     // one page of up to MaxUnpaged records, else RESULT_TOO_LARGE
	Keyset     bool     // pages by Cursor instead of Page
	Cursor     string   // of another page; empty = the first
	Fields     []string // keep only these; dotted paths append the link
	Except     []string
	Appends    []string // paths of to-one links to read with the records
	Count      bool     // count matches as well, up to 100,000
	Trash      Trash
	Zone       *time.Location // for dates in filters; nil = UTC
	Stored     bool           // the filter comes from a definition and may hold templates such as {{ user.id }}
}

// Page is what a [Query] found.
type Page struct {
	Records    []Record
	Page       int
	PageSize   int
	Count      int  // with Query.Count
	CountExact bool // false when there are more than Count
	HasNext    bool
	NextCursor string // with Query.Keyset, empty at the end
	PrevCursor string // with Query.Keyset, empty at the beginning
}

// List reads one page of committed records.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	return s.ListIn(ctx, s.db.Read(), q)
}

// ListIn is [Service.List] through a reader or inside a transaction, whose own
// changes it sees.
func (s *Service) ListIn(ctx context.Context, from models.Querier, q Query) (page Page, err error) {
	err = s.reading(ctx, from, q, func(sel *selection, q *Query) error {
		page, err = sel.page(ctx, from, q)
		return err
	})
	return page, err
}

// page reads one page of a prepared query.
func (sel *selection) page(ctx context.Context, from models.Querier, q *Query) (Page, error) {
	page := Page{Page: max(1, q.Page), PageSize: q.PageSize}
	if q.Count && !q.Keyset {
		n, err := sel.count(ctx, from)
		if err != nil {
			return Page{}, err
		}
		page.Count, page.CountExact = min(n, maxCount), n <= maxCount
	}
	offset := 0
	if !q.Keyset {
		offset = (page.Page - 1) * q.PageSize
	}
	rows, err := sel.read(ctx, from, q.PageSize+1, offset)
	if err != nil {
		return Page{}, fmt.Errorf("list %s: %w", sel.on.Name, err)
	}
	if q.All && len(rows) > MaxUnpaged {
		return Page{}, models.NewError(models.KindTooLarge, "RESULT_TOO_LARGE",
			text.M("record.too_many", "There are more than %d records. Ask for them page by page.", MaxUnpaged))
	}
	if err := sel.paginate(&page, rows, q); err != nil {
		return Page{}, err
	}
	return page, sel.appendTo(ctx, from, sel.appends, page.Records)
}

// reading prepares a query and runs it. A read that fails because the tables have
// changed since it was prepared is prepared again.
func (s *Service) reading(ctx context.Context, from models.Querier, q Query, run func(*selection, *Query) error) error {
	for attempt := 0; ; attempt++ {
		cat, err := s.db.Catalog(ctx)
		if err != nil {
			return err
		}
		this := q
		sel, err := s.prepare(ctx, cat, &this)
		if err == nil {
			err = run(sel, &this)
		}
		var known *models.Error
		if _, inside := from.(*models.Tx); err == nil || inside || errors.As(err, &known) || attempt == maxPrepares {
			return err
		}
		if e := s.db.RefreshVersions(ctx); e != nil || s.db.CatalogIs(cat.Version) {
			return errors.Join(err, e)
		}
	}
}

// Get reads one committed record by its key. A record that does not exist and one
// the caller may not see are the same error.
func (s *Service) Get(ctx context.Context, q Query, id string) (Record, error) {
	return s.GetIn(ctx, s.db.Read(), q, id)
}

// GetIn is [Service.Get] through a reader or inside a transaction. Of q only
// Access, Collection, Filter, Fields, Except, Appends, Trash and Zone count. An
// empty id takes the first record that matches the filter.
func (s *Service) GetIn(ctx context.Context, from models.Querier, q Query, id string) (record Record, err error) {
	q.Sort, q.Search, q.Keyset, q.All, q.Page, q.PageSize = nil, "", false, false, 1, 1
	err = s.reading(ctx, from, q, func(sel *selection, _ *Query) error {
		record, err = sel.one(ctx, from, id)
		return err
	})
	return record, err
}

// one reads the record with a key, or the first one when id is empty.
func (sel *selection) one(ctx context.Context, from models.Querier, id string) (Record, error) {
	if id != "" {
		key, ok := idValue(sel.on, id)
		if !ok {
			return nil, models.NotFound()
		}
		sel.where = allOf(raw(sel.alias+`."id" = ?`, key), sel.where)
	}
	rows, err := sel.read(ctx, from, 1, 0)
	if err != nil {
		return nil, fmt.Errorf("get %s %s: %w", sel.on.Name, id, err)
	}
	if len(rows) == 0 {
		return nil, models.NotFound()
	}
	out := []Record{rows[0].record}
	return out[0], sel.appendTo(ctx, from, sel.appends, out)
}

// CountIn counts matches up to 100,000; exact is false when there are more.
func (s *Service) CountIn(ctx context.Context, from models.Querier, q Query) (n int, exact bool, err error) {
	q.Sort, q.Keyset = nil, false
	err = s.reading(ctx, from, q, func(sel *selection, _ *Query) error {
		n, err = sel.count(ctx, from)
		return err
	})
	return min(n, maxCount), n <= maxCount, err
}

// selection is a query brought to SQL.
type selection struct {
	*builder
	on      *models.Collection
	alias   string
	rights  *rights
	columns []*models.CollectionField // read, though perhaps not open in every record
	flags   []sqlText
	where   sqlText
	sort    *sorting
	appends *branch // links to read with the records; nil for none
	except  map[string]bool
}

// prepare checks a query against the caller's rights and builds its parts.
func (s *Service) prepare(ctx context.Context, cat *models.Catalog, q *Query) (*selection, error) {
	on, err := collection(cat, q.Collection)
	if err != nil {
		return nil, err
	}
	b := newBuilder(cat, s.db, q.Access, q.Zone)
	sel := &selection{builder: b, on: on, alias: b.alias(), rights: b.view(on)}
	if sel.rights == nil {
		return nil, models.NoPermission()
	}
	if err := q.checkPages(); err != nil {
		return nil, err
	}
	if err := sel.choose(q); err != nil {
		return nil, err
	}
	if err := sel.conditions(q); err != nil {
		return nil, err
	}
	if sel.flags, err = sel.rights.flags(b, sel.alias); err != nil {
		return nil, err
	}
	if sel.sort, err = sel.sorting(q.Sort); err != nil {
		return nil, err
	}
	if q.Keyset {
		err = s.useCursor(ctx, sel, q)
	}
	return sel, err
}

func (q *Query) checkPages() error {
	switch {
	case q.All:
		q.Page, q.PageSize = 1, MaxUnpaged
	case q.PageSize == 0:
		q.PageSize = DefaultPageSize
	}
	if q.PageSize < 1 || !q.All && q.PageSize > MaxPageSize || q.Page < 0 || q.Page > 1_000_000 {
		return badParameter(text.M("record.page", "page starts at 1 and pageSize is between 1 and %d.", MaxPageSize))
	}
	return nil
}

// count counts matches, one more than maxCount at most.
func (sel *selection) count(ctx context.Context, from models.Querier) (int, error) {
	var n int
	query := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s %s WHERE %s LIMIT %d) counted",
		quote(sel.on.Table), sel.alias, sel.where.sql, maxCount+1)
	if err := from.QueryRow(ctx, query, sel.where.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count %s: %w", sel.on.Name, err)
	}
	return n, nil
}

// row is one record as read, with the values it is sorted by.
type row struct {
	record Record
	keys   []any
}

// read runs the query.
func (sel *selection) read(ctx context.Context, from models.Querier, limit, offset int) ([]row, error) {
	list, args := []string{}, []any{}
	add := func(c sqlText) { list, args = append(list, c.sql), append(args, c.args...) }
	add(raw(sel.alias + `."id"`))
	add(raw(sel.alias + "." + quote(models.VersionColumn)))
	for _, f := range sel.columns {
		add(raw(column(sel.alias, f)))
	}
	for _, flag := range sel.flags {
		add(sqlText{"CASE WHEN " + flag.sql + " THEN 1 ELSE 0 END", flag.args})
	}
	for _, k := range sel.sort.keys {
		add(k.expr)
	}
	where, order := sel.where, sel.sort.order()
	if sel.sort.after != nil {
		where = allOf(where, *sel.sort.after)
	}
	args = append(append(args, where.args...), order.args...)
	query := "SELECT " + strings.Join(list, ", ") + " FROM " + quote(sel.on.Table) + " " + sel.alias +
		" WHERE " + where.sql + " ORDER BY " + order.sql + " LIMIT " + strconv.Itoa(limit) // a number the planner can see
	if offset > 0 {
		query, args = query+" OFFSET ?", append(args, offset)
	}
	var out []row
	rows, err := from.Query(ctx, query, args...)
	err = models.Rows(rows, err, func(r *sql.Rows) error {
		one, err := sel.scan(r, len(list))
		out = append(out, one)
		return err
	})
	return out, err
}

// scan brings one row to canonical values and leaves out what is not open in it.
func (sel *selection) scan(r *sql.Rows, n int) (row, error) {
	values, into := make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	if err := r.Scan(into...); err != nil {
		return row{}, err
	}
	at := 2 + len(sel.columns)
	flags := make([]bool, len(sel.flags))
	for i := range flags {
		flags[i] = values[at+i] == int64(1)
	}
	out := Record{}
	if !sel.except[models.IDField] {
		out[models.IDField] = plain(values[0])
	}
	if !sel.except[models.VersionField] {
		out[models.VersionField] = values[1]
	}
	for i, f := range sel.columns {
		if !sel.rights.openIn(f, flags) {
			continue
		}
		v, err := decode(f, values[2+i])
		if err != nil {
			return row{}, err
		}
		out[f.Key()] = v
	}
	return row{out, sel.sort.values(values[at+len(flags):])}, nil
}

// plain is text where a driver gives bytes.
func plain(v any) any {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return v
}
