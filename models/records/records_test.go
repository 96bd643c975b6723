package records_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// People of the tests.
const (
	ana = int64(2)
	ben = int64(3)
	cai = int64(4)
)

// fixture is a database with people, categories and orders.
type fixture struct {
	*testing.T
	ctx context.Context //nolint:containedctx // of the test
	db  *models.DB
	s   *records.Service

	clock *modelstest.Clock // moved by tests that come from each
}

// setUp makes the collections categories and orders.
func setUp(t *testing.T, db *models.DB) *fixture {
	t.Helper()
	f := &fixture{T: t, ctx: context.Background(), db: db, s: records.New(db)}
	f.people()
	f.collection(`{"name": "categories", "title": "Category", "fields": [
		{"name": "title", "type": "text", "required": true, "unique": true},
		{"name": "secret", "type": "text"},
		{"name": "owner", "type": "user"}]}`)
	f.collection(`{"name": "orders", "title": "Order", "fields": [
		{"name": "title", "type": "text", "required": true},
		{"name": "note", "type": "longText"},
		{"name": "amount", "type": "decimal", "scale": 2, "min": 0},
		{"name": "pieces", "type": "integer", "default": 1},
		{"name": "urgent", "type": "boolean"},
		{"name": "day", "type": "date"},
		{"name": "due", "type": "datetime"},
		{"name": "status", "type": "select", "default": "open", "options": ["open", "done", {"value": "old", "archived": true}]},
		{"name": "code", "type": "text", "unique": true},
		{"name": "applicant", "type": "user", "default": "{{ user.id }}"},
		{"name": "category", "type": "manyToOne", "target": "categories"}]}`)
	return f
}

func (f *fixture) people() {
	f.Helper()
	require.NoError(f, f.db.Write(f.ctx, "test.people", func(tx *models.Tx) error {
		for id, name := range map[int64]string{1: "root", ana: "ana", ben: "ben", cai: "cai"} {
			if _, err := tx.Exec(f.ctx, `INSERT INTO users (id, username, email, nickname, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1)`,
				id, name, name+"@example.com", name); err != nil {
				return err
			}
		}
		return nil
	}))
}

// parse reads JSON into canonical values.
func parse(t testing.TB, s string) map[string]any {
	t.Helper()
	v, err := field.ParseJSON([]byte(s))
	require.NoError(t, err, s)
	m, ok := v.(map[string]any)
	require.True(t, ok)
	return m
}

func (f *fixture) collection(definition string) *models.Collection {
	f.Helper()
	c, problems := models.ReadCollection(parse(f, definition))
	require.Empty(f, problems)
	made, err := f.s.CreateCollection(f.ctx, records.SchemaCall{Access: root()}, c)
	require.NoError(f, err)
	return made
}

// root is the owner of the installation.
func root() models.Access {
	return models.Access{Principal: models.Person(1, ""), Actor: 1, Layers: []models.Rights{{Owner: true}}}
}

// person is somebody with these grants.
func person(id int64, grants ...models.Grant) models.Access {
	return models.Access{Principal: models.Person(id, ""), Actor: id, Layers: []models.Rights{{Grants: grants}}}
}

func (f *fixture) write(op records.Operation) (*records.Result, error) {
	if op.Access.Layers == nil {
		op.Access = root()
	}
	if op.Collection == "" {
		op.Collection = "orders"
	}
	if op.Origin.Kind == "" {
		op.Origin.Kind = "api"
	}
	return f.s.Write(f.ctx, &op)
}

// add creates an order and gives its id.
func (f *fixture) add(values string) string {
	f.Helper()
	return f.addTo("orders", values)
}

func (f *fixture) addTo(collection, values string) string {
	f.Helper()
	result, err := f.write(records.Operation{Collection: collection, Action: models.Create, Values: parse(f, values)})
	require.NoError(f, err)
	require.Len(f, result.Changes, 1)
	return result.Changes[0].ID
}

func (f *fixture) get(id string, appends ...string) records.Record {
	f.Helper()
	r, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "orders", Appends: appends}, id)
	require.NoError(f, err)
	return r
}

// number reads one number.
func (f *fixture) number(query string, args ...any) int64 {
	f.Helper()
	var n int64
	require.NoError(f, f.db.Read().QueryRow(f.ctx, query, args...).Scan(&n))
	return n
}

func each(t *testing.T, test func(f *fixture)) {
	t.Helper()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		f := setUp(t, db)
		f.clock = clock
		test(f)
	})
}

func dec(t testing.TB, s string) field.Decimal {
	t.Helper()
	d, err := field.ParseDecimal(s)
	require.NoError(t, err)
	return d
}

func TestService_CreatesAndReads(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		category := f.addTo("categories", `{"title": "Travel"}`)
		id := f.add(`{"title": "Train", "amount": 12.5, "urgent": true, "day": "2026-11-22", "due": "2026-11-23T10:00:00Z", "category": ` + category + `}`)
		got := f.get(id, "category", "applicant")
		require.Equal(f, "Train", got["title"])
		require.Equal(f, dec(f, "12.5"), got["amount"])
		require.Equal(f, int64(1), got["pieces"])
		require.Equal(f, true, got["urgent"])
		require.Equal(f, field.Date("2026-11-22"), got["day"])
		require.Equal(f, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), got["due"])
		require.Equal(f, int64(1), got["applicantId"])
		require.Equal(f, "Travel", got["category"].(records.Record)["title"])
		require.Equal(f, "root", got["applicant"].(records.Record)["nickname"])
		require.NotContains(f, got["applicant"], "password_hash")
		require.Equal(f, int64(1), got["_version"])
		page, err := f.s.List(f.ctx, records.Query{Access: root(), Collection: "orders", Count: true})
		require.NoError(f, err)
		require.Len(f, page.Records, 1)
		require.Equal(f, 1, page.Count)
	})
}
