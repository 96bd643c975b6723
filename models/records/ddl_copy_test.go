package records_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// rich fills an installation with everything that is hard to copy.
func rich(t *testing.T, db *models.DB) *fixture {
	t.Helper()
	f := setUp(t, db)
	f.collection(`{"name": "boxes", "idType": "uuid", "fields": [{"name": "label", "type": "text"}]}`)
	f.collection(`{"name": "notes", "softDelete": false, "fields": [{"name": "line", "type": "text"},
		{"name": "box", "type": "manyToOne", "target": "boxes"}, {"name": "next", "type": "manyToOne", "target": "notes"}]}`)
	call := records.SchemaCall{Access: root(), Collection: "categories", Field: "best"}
	best, problems := models.ReadField(parse(t, `{"name": "best", "type": "manyToOne", "target": "orders"}`))
	require.Empty(t, problems)
	require.NoError(t, f.s.AddField(f.ctx, call, best), "a link to a collection that was made later")

	travel := f.addTo("categories", `{"title": "Travel", "secret": "quiet"}`)
	for range 3 {
		f.add(`{"title": "Train ' \" \\ ü", "amount": 1234567.5, "urgent": true, "day": "2026-11-22", "due": "2026-11-23T10:00:00.123Z", "category": ` + travel + `}`)
	}
	last := f.add(`{"title": "Gone", "urgent": false}`)
	_, err := f.write(records.Operation{Action: models.Purge, IDs: []string{last}})
	require.NoError(t, err)
	_, err = f.write(records.Operation{Action: models.Delete, IDs: []string{"1"}})
	require.NoError(t, err)
	box := f.addTo("boxes", `{"label": "A"}`)
	note := f.addTo("notes", `{"line": "kept", "box": "`+box+`"}`)
	f.addTo("notes", `{"line": "second", "next": `+note+`}`)

	for range 2 { // more rows than travel together
		many := make([]records.Record, 400)
		for i := range many {
			many[i] = records.Record{"label": "B"}
		}
		_, err := f.write(records.Operation{Collection: "boxes", Action: models.Create, Batch: many})
		require.NoError(t, err)
	}

	drop := func(collection, field string) {
		call := records.SchemaCall{Access: root(), Collection: collection, Field: field}
		if field == "" {
			require.NoError(t, f.s.DropCollection(f.ctx, call))
			return
		}
		require.NoError(t, f.s.DropField(f.ctx, call))
	}
	drop("orders", "note")
	drop("orders", "category")
	drop("notes", "")
	return f
}

// requireSame checks that a copy behaves as the original would.
func requireSame(t *testing.T, db *models.DB) {
	t.Helper()
	f := &fixture{T: t, ctx: context.Background(), db: db, s: records.New(db)}
	got := f.get("2")
	require.Equal(t, dec(t, "1234567.5"), got["amount"])
	require.Equal(t, true, got["urgent"])
	require.Equal(t, "5", f.add(`{"title": "Next", "code": "x1"}`), "numbers of purged records are not given again")
	_, err := f.write(records.Operation{Action: models.Create, Values: parse(t, `{"title": "Twice", "code": "x1"}`)})
	require.Error(t, err, "unique stays unique")

	call := records.SchemaCall{Access: root(), Collection: "orders", Field: "category"}
	require.NoError(t, f.s.RestoreField(f.ctx, call), "what was dropped comes back")
	require.Equal(t, int64(1), f.get("2")["categoryId"])
	call.Collection, call.Field = "notes", ""
	require.NoError(t, f.s.RestoreCollection(f.ctx, call))
	note, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "notes", Appends: []string{"next"}}, "2")
	require.NoError(t, err)
	require.Equal(t, "kept", note["next"].(records.Record)["line"])
	_, err = f.s.ListIn(f.ctx, db.Read(), records.Query{Access: root(), Collection: "boxes"})
	require.NoError(t, err)
}

func TestCopy_KeepsEverythingBetweenSQLiteFiles(t *testing.T) {
	t.Parallel()
	from, to := rich(t, modelstest.New(t)).db, modelstest.New(t)
	tables, err := records.Copy(t.Context(), from, to)
	require.NoError(t, err)
	require.Greater(t, len(tables), 30)
	requireSame(t, to)
}

func TestCopy_KeepsEverythingThroughPostgreSQLAndBack(t *testing.T) {
	t.Parallel()
	from, through, back := rich(t, modelstest.New(t)).db, modelstest.NewPostgres(t), modelstest.New(t)
	there, err := records.Copy(t.Context(), from, through)
	require.NoError(t, err)
	again, err := records.Copy(t.Context(), through, back)
	require.NoError(t, err)
	require.Equal(t, there, again, "counts and hashes are the same on both databases")
	requireSame(t, through)
	requireSame(t, back)
}

func TestCopy_RefusesATargetWithData(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		require.NoError(t, db.EnsureSeed(t.Context()))
		_, err := records.Copy(t.Context(), modelstest.New(t), db)
		require.True(t, models.IsCode(err, "DATA_EXISTS"), "%v", err)
	})
}
