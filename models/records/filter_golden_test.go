package records

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
)

// catalogOf makes the catalogue of the golden tests.
func catalogOf(t testing.TB) (*models.DB, *models.Catalog) {
	t.Helper()
	ctx := context.Background()
	db := modelstest.New(t)
	s := New(db)
	for _, definition := range []string{
		`{"name": "categories", "fields": [{"name": "title", "type": "text"}, {"name": "owner", "type": "user"}, {"name": "secret", "type": "text"}]}`,
		`{"name": "orders", "fields": [{"name": "title", "type": "text"}, {"name": "amount", "type": "decimal"}, {"name": "pieces", "type": "integer"},
			{"name": "urgent", "type": "boolean"}, {"name": "day", "type": "date"}, {"name": "due", "type": "datetime"},
			{"name": "status", "type": "select", "options": ["open", "done"]}, {"name": "category", "type": "manyToOne", "target": "categories"},
			{"name": "salary", "type": "integer"}]}`,
	} {
		v, err := field.ParseJSON([]byte(definition))
		require.NoError(t, err)
		c, problems := models.ReadCollection(v)
		require.Empty(t, problems)
		_, err = s.CreateCollection(ctx, SchemaCall{Access: models.SystemAccess()}, c)
		require.NoError(t, err)
	}
	cat, err := db.Catalog(ctx)
	require.NoError(t, err)
	return db, cat
}

// clerk reads all orders, salaries of his own ones only, and titles of categories.
func clerk() models.Access {
	return models.Access{Principal: models.Person(7, ""), Layers: []models.Rights{{Grants: []models.Grant{
		{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"title", "amount", "pieces", "urgent", "day", "due", "status", "category"}},
		{Collection: "orders", Action: models.View, Scope: models.ScopeOwn},
		{
			Collection: "categories", Action: models.View, Scope: models.ScopeFilter, Fields: []string{"title"},
			Filter: map[string]any{"owner": map[string]any{"$eq": "{{ user.id }}"}},
		},
	}}}}
}

func compileFor(db *models.DB, cat *models.Catalog, access models.Access, filter string) (string, []any, error) {
	v, err := field.ParseJSON([]byte(filter))
	if err != nil {
		return "", nil, err
	}
	b := newBuilder(cat, db, access, time.UTC)
	c, _ := cat.Collection("orders")
	n, err := b.parse(c, v)
	if err != nil {
		return "", nil, err
	}
	sql, err := b.compile(c, "t0", n)
	return sql.sql, sql.args, err
}

func TestFilter_BecomesThisSQL(t *testing.T) {
	t.Parallel()
	db, cat := catalogOf(t)
	for _, tt := range []struct{ filter, sql, args string }{
		{`{}`, `1=1`, `[]`},
		{`{"title": "a"}`, `t0."title" = ?`, `[a]`},
		{`{"title": ["a", "b", null]}`, `(t0."title" IN (?, ?) OR t0."title" IS NULL)`, `[a b]`},
		{`{"title": null}`, `(t0."title" IS NOT NULL) IS NOT TRUE`, `[]`},
		{`{"title": {"$ne": "a"}}`, `(t0."title" = ?) IS NOT TRUE`, `[a]`},
		{`{"title": {"$in": []}}`, `1=0`, `[]`},
		{`{"title.$includes": "x"}`, `instr(fr_fold(COALESCE(t0."title", '')), fr_fold(?)) > 0`, `[x]`},
		{`{"title": {"$notStartsWith": ["x", "y"]}}`, `((instr(fr_fold(COALESCE(t0."title", '')), fr_fold(?)) = 1 OR instr(fr_fold(COALESCE(t0."title", '')), fr_fold(?)) = 1)) IS NOT TRUE`, `[x y]`},
		{`{"amount": {"$gt": 10.005, "$lte": 20}}`, `(t0."amount" > ? AND t0."amount" <= ?)`, `[1000 2000]`},
		{`{"amount": 10.005}`, `1=0`, `[]`},
		{`{"pieces": {"$between": [1.5, 3]}}`, `(t0."pieces" >= ? AND t0."pieces" <= ?)`, `[2 3]`},
		{`{"urgent": {"$isFalsy": true}}`, `(t0."urgent" = ?) IS NOT TRUE`, `[1]`},
		{`{"day": {"$dateOn": "2026-11"}}`, `(t0."day" >= ? AND t0."day" < ?)`, `[2026-11-01 2026-12-01]`},
		{`{"due": {"$dateAfter": "today"}}`, `t0."due" >= ?`, `[2026-11-23T00:00:00.000Z]`},
		{`{"due": {"$dateBefore": {"type": "past", "number": 2, "unit": "week"}}}`, `t0."due" < ?`, `[2026-11-09T00:00:00.000Z]`},
		{
			`{"$or": [{"pieces": 1}, {"$not": {"pieces": 2, "urgent": true}}]}`,
			`(t0."pieces" = ? OR ((t0."pieces" = ?) IS NOT TRUE OR (t0."urgent" = ?) IS NOT TRUE))`, `[1 2 1]`,
		},
		{`{"categoryId": 3}`, `t0."category_id" = ?`, `[3]`},
		{`{"category.title": {"$ne": "x"}}`, `(EXISTS (SELECT 1 FROM "c_categories" t1 WHERE (t1."id" = t0."category_id" AND t1."deleted_at" IS NULL AND (t1."owner_id" = ? AND t1."title" = ?)))) IS NOT TRUE`, `[7 x]`},
		{`{"salary": {"$gt": 5}}`, `(t0."created_by_id" = ? AND t0."salary" > ?)`, `[7 5]`},
		{`{"$not": {"salary": {"$gt": 5}}}`, `(t0."created_by_id" = ? AND (t0."salary" > ?) IS NOT TRUE)`, `[7 5]`},
	} {
		sql, args, err := compileFor(db, cat, clerk(), tt.filter)
		require.NoError(t, err, tt.filter)
		require.Equal(t, tt.sql, sql, tt.filter)
		require.Equal(t, tt.args, fmt.Sprint(args), tt.filter)
	}
}

func TestFilter_RefusesWhatIsWrongOrForbidden(t *testing.T) {
	t.Parallel()
	db, cat := catalogOf(t)
	deep := strings.Repeat(`{"$not": `, 6) + `{"title": "a"}` + strings.Repeat("}", 6)
	for filter, code := range map[string]string{
		`{"nope": 1}`:                        "UNKNOWN_FIELD",
		`{"title.more": 1}`:                  "UNKNOWN_FIELD",
		`{"categoryId.title": 1}`:            "UNKNOWN_FIELD",
		`{"title": {"$gt": 1}}`:              "BAD_PARAMETER",
		`{"title": {"$regex": "a"}}`:         "BAD_PARAMETER",
		`{"title": 5}`:                       "BAD_PARAMETER",
		`{"pieces": "x"}`:                    "BAD_PARAMETER",
		`{"day": "soon"}`:                    "BAD_PARAMETER",
		`{"due": {"$dateBetween": ["now"]}}`: "BAD_PARAMETER",
		`{"$and": {}}`:                       "BAD_PARAMETER",
		`{"$nor": []}`:                       "UNKNOWN_FIELD",
		`{"category": {"secret": "a"}}`:      "FIELD_NOT_ALLOWED",
		`{"category.owner.nickname": "a"}`:   "FIELD_NOT_ALLOWED",
		`{"createdBy.nickname": "a"}`:        "FIELD_NOT_ALLOWED",
		deep:                                 "FILTER_TOO_COMPLEX",
		`{"pieces": {"$in": [` + strings.TrimSuffix(strings.Repeat("1,", 501), ",") + `]}}`: "FILTER_TOO_COMPLEX",
		`{"$or": [` + strings.TrimSuffix(strings.Repeat(`{"pieces": 1},`, 51), ",") + `]}`:  "FILTER_TOO_COMPLEX",
		`{"title": "` + strings.Repeat("x", 17_000) + `"}`:                                  "FILTER_TOO_COMPLEX",
	} {
		_, _, err := compileFor(db, cat, clerk(), filter)
		require.Truef(t, models.IsCode(err, code), "%.80s: want %s, got %v", filter, code, err)
	}
	_, _, err := compileFor(db, cat, models.SystemAccess(), `{"createdBy.manager.manager.manager.nickname": "a"}`)
	require.True(t, models.IsCode(err, "FILTER_TOO_COMPLEX"))
}

func TestFilter_ScopeOfNobodyMatchesNothing(t *testing.T) {
	t.Parallel()
	db, cat := catalogOf(t)
	c, _ := cat.Collection("categories")
	b := newBuilder(cat, db, models.Access{Principal: models.Anonymous()}, time.UTC)
	for _, filter := range []string{
		`{"owner": "{{ user.id }}"}`, `{"owner": {"$ne": "{{ user.id }}"}}`, `{"$not": {"owner": "{{ user.id }}"}}`,
		`{"owner": {"$in": ["{{ user.id }}"]}}`,
	} {
		v, err := field.ParseJSON([]byte(filter))
		require.NoError(t, err)
		sql, err := b.scope(c, models.Grant{Scope: models.ScopeFilter, Filter: v}, "t0")
		require.NoError(t, err)
		require.Equal(t, never, sql.sql, filter)
	}
	sql, err := b.scope(c, models.Grant{Scope: models.ScopeOwn}, "t0")
	require.NoError(t, err)
	require.Equal(t, never, sql.sql)
}

// words of SQL that the compiler itself writes.
var sqlWord = regexp.MustCompile(`^(1|0|t\d+|AND|OR|IS|NOT|TRUE|NULL|IN|EXISTS|SELECT|FROM|WHERE|instr|substr|length|fr_fold|COALESCE)$`)

// FuzzFilter compiles whatever a stranger sends. Either it is refused with an error
// of its own, or the SQL holds nothing but words of the compiler and names of the
// catalogue, with one placeholder for every value.
func FuzzFilter(f *testing.F) {
	db, cat := catalogOf(f)
	names := map[string]bool{"id": true, "deleted_at": true}
	for _, c := range cat.Collections() {
		names[c.Table] = true
		for _, one := range c.Fields {
			names[one.Column] = true
		}
	}
	for _, seed := range []string{
		`{"title": "a"}`, `{"category.title": {"$ne": "'"}}`, `{"$or": [{"amount": {"$gt": 1e300}}, {"pieces": [1, null]}]}`,
		`{"due": {"type": "next", "number": 3, "unit": "month"}}`, `{"title\" OR 1=1 --": 1}`, `{"title": {"$endsWith": "%"}}`,
		`{"day": {"$dateBetween": ["2026Q1", "lastWeek"]}}`, `{"applicant": {"$exists": false}}`, `{"createdBy": {"id": "1"}}`,
	} {
		f.Add(seed)
	}
	token := regexp.MustCompile(`"([^"]*)"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+`)
	f.Fuzz(func(t *testing.T, filter string) {
		sql, args, err := compileFor(db, cat, models.SystemAccess(), filter)
		if err != nil {
			var known *models.Error
			var notJSON *field.JSONError
			if !errors.As(err, &known) && !errors.As(err, &notJSON) {
				t.Fatalf("%q: %v", filter, err)
			}
			return
		}
		if strings.Count(sql, "?") != len(args) {
			t.Fatalf("%q: %d values for %s", filter, len(args), sql)
		}
		if strings.ContainsAny(strings.ReplaceAll(sql, ", '')", ""), `'\;`+"\x00") || strings.Contains(sql, "--") {
			t.Fatalf("%q became %s", filter, sql)
		}
		for _, m := range token.FindAllStringSubmatch(sql, -1) {
			if quoted := strings.HasPrefix(m[0], `"`); quoted && !names[m[1]] || !quoted && !sqlWord.MatchString(m[0]) {
				t.Fatalf("%q brought %s into %s", filter, m[0], sql)
			}
		}
		rows, err := db.Read().Query(context.Background(), `SELECT 1 FROM "c_orders" t0 WHERE `+sql, args...)
		if err != nil {
			t.Fatalf("%q: %s: %v", filter, sql, err)
		}
		require.NoError(t, rows.Close())
	})
}
