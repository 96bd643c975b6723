package records_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

func (f *fixture) call(names ...string) records.SchemaCall {
	c := records.SchemaCall{Access: root(), Collection: "orders"}
	if len(names) > 0 {
		c.Field = names[0]
	}
	return c
}

func fieldOf(t testing.TB, definition string) *models.CollectionField {
	t.Helper()
	f, problems := models.ReadField(parse(t, definition))
	require.Empty(t, problems)
	return f
}

func TestCreateCollection_RefusesBadDefinitions(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for definition, want := range map[string]string{
			`{"name": "users"}`:                   "name",
			`{"name": "userWorkflowTasks"}`:       "name",
			`{"name": "system"}`:                  "name",
			`{"name": "Orders"}`:                  "name",
			`{"name": "orders"}`:                  "name",
			`{"name": "x", "idType": "guid"}`:     "idType",
			`{"name": "x", "titleField": "nope"}`: "titleField",
			`{"name": "x", "fields": [{"name": "created_at", "type": "text"}]}`:                                      "fields[0].name",
			`{"name": "x", "fields": [{"name": "lineItem", "type": "text"}, {"name": "line_item", "type": "text"}]}`: "fields[1].name",
			`{"name": "x", "fields": [{"name": "who", "type": "user"}, {"name": "whoId", "type": "integer"}]}`:       "fields[1].name",
			`{"name": "x", "fields": [{"name": "a", "type": "manyToOne", "target": "nope"}]}`:                        "fields[0].target",
			`{"name": "x", "fields": [{"name": "a", "type": "manyToOne"}]}`:                                          "fields[0].target",
			`{"name": "x", "fields": [{"name": "a", "type": "select"}]}`:                                             "fields[0].options",
			`{"name": "x", "fields": [{"name": "a", "type": "text", "pattern": "("}]}`:                               "fields[0].pattern",
			`{"name": "x", "fields": [{"name": "a", "type": "integer", "min": 3, "max": 1}]}`:                        "fields[0].min",
			`{"name": "x", "fields": [{"name": "a", "type": "integer", "default": "many"}]}`:                         "fields[0].default",
			`{"name": "x", "fields": [{"name": "matches", "type": "integer"}]}`:                                      "fields[0].name",
		} {
			c, problems := models.ReadCollection(parse(f, definition))
			require.Empty(f, problems, definition)
			_, err := f.s.CreateCollection(f.ctx, records.SchemaCall{Access: root()}, c)
			require.Contains(f, strings.Join(codes(f, err), ","), want+" ", definition)
		}
		for _, definition := range []string{
			`{"call": "x"}`, `{"name": 5}`, `{"name": "x", "fields": [{"name": "a", "type": "strange"}]}`,
			`{"name": "x", "fields": [{"name": "a", "type": "text", "standard": 1}]}`, `{"name": "x", "fields": {}}`, `{"name": "x", "trashDays": -1}`,
		} {
			_, problems := models.ReadCollection(parse(f, definition))
			require.NotEmpty(f, problems, definition)
		}
		member := records.SchemaCall{Access: person(ana)}
		_, err := f.s.CreateCollection(f.ctx, member, &models.Collection{Name: "x"})
		requireCode(f, err, "NO_PERMISSION")
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM collections"))
	})
}

func TestCreateCollection_WritesEventAndAuditEntry(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM events WHERE event = ?", models.ResourceCreated))
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM audit_log WHERE action = 'collection.create' AND principal = 'user:1'"))
		cat, err := f.db.Catalog(f.ctx)
		require.NoError(f, err)
		require.True(f, f.db.CatalogIs(cat.Version))
		c, _ := cat.Collection("main:orders")
		again, err := field.MarshalJSON(c)
		require.NoError(f, err)
		v, err := field.ParseJSON(again)
		require.NoError(f, err)
		read, problems := models.ReadCollection(v)
		require.Empty(f, problems, "what is shown can be sent again")
		read.Name = "copies"
		copied, err := f.s.CreateCollection(f.ctx, records.SchemaCall{Access: root()}, read)
		require.NoError(f, err)
		require.Len(f, copied.Fields, len(c.Fields))
	})
}

func TestUUIDCollections_WorkLikeOthers(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.collection(`{"name": "assets", "idType": "uuid", "fields": [{"name": "title", "type": "text"}]}`)
		f.collection(`{"name": "loans", "softDelete": false, "fields": [{"name": "asset", "type": "manyToOne", "target": "assets"}]}`)
		id := f.addTo("assets", `{"title": "Drill"}`)
		require.Len(f, id, 36)
		loan := f.addTo("loans", `{"asset": "`+strings.ToUpper(id)+`"}`)
		r, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "loans", Appends: []string{"asset"}}, loan)
		require.NoError(f, err)
		require.Equal(f, id, r["assetId"])
		require.Equal(f, "Drill", r["asset"].(records.Record)["title"])
		page := f.list(records.Query{Collection: "loans", Filter: parse(f, `{"asset": "`+id+`"}`)})
		require.Len(f, page.Records, 1)
		for i := range 5 {
			f.addTo("assets", fmt.Sprintf(`{"title": "t%d"}`, i))
		}
		first := f.list(records.Query{Collection: "assets", Keyset: true, PageSize: 4})
		rest := f.list(records.Query{Collection: "assets", Keyset: true, PageSize: 4, Cursor: first.NextCursor})
		require.Len(f, append(first.Records, rest.Records...), 6)
		_, err = f.write(records.Operation{Collection: "assets", Action: models.Purge, IDs: []string{id}})
		require.NoError(f, err)
		r, err = f.s.Get(f.ctx, records.Query{Access: root(), Collection: "loans"}, loan)
		require.NoError(f, err)
		require.Nil(f, r["assetId"])
		_, err = f.write(records.Operation{Collection: "loans", Action: models.Delete, IDs: []string{loan}})
		require.NoError(f, err)
		require.Zero(f, f.number("SELECT COUNT(*) FROM c_loans"), "without a trash, deleting is for good")
		_, err = f.write(records.Operation{Collection: "loans", Action: models.Create, Values: records.Record{"asset": "x"}})
		requireCode(f, err, "INVALID_LINK")
	})
}

func TestSchema_RenamesKeepOldNamesWorking(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "applicant": 2, "amount": 5}`)
		require.NoError(f, f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
			for _, statement := range []string{
				`INSERT INTO roles (name, title, created_at) VALUES ('clerk', 'Clerk', 1)`,
				`INSERT INTO role_grants (role, collection, action, fields, scope, scope_field) VALUES ('clerk', 'orders', 'view', '["applicant","amount"]', 'own', 'applicant')`,
			} {
				if _, err := tx.Exec(f.ctx, statement); err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(f, f.s.RenameField(f.ctx, f.call("applicant"), "requester"))
		require.NoError(f, f.s.RenameCollection(f.ctx, f.call(), "purchases"))
		require.Equal(f, int64(1), f.number(`SELECT COUNT(*) FROM role_grants WHERE collection = 'purchases' AND fields = '["requester","amount"]' AND scope_field = 'requester'`))
		r, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "orders", Fields: []string{"applicant", "amount"}}, id)
		require.NoError(f, err)
		require.Equal(f, int64(2), r["requesterId"], "replies use the new name")
		for _, filter := range []string{`{"applicantId": 2}`, `{"requester.nickname": "ana"}`, `{"applicant_id": 2}`} {
			require.Len(f, f.list(records.Query{Collection: "purchases", Filter: parse(f, filter)}).Records, 1, filter)
		}
		old := person(ana, models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeOwn, ScopeField: "applicant", Fields: []string{"applicant"}})
		require.Equal(f, int64(2), f.list(records.Query{Access: old, Collection: "purchases"}).Records[0]["requesterId"], "grants of pinned versions name the old one")
		_, err = f.write(records.Operation{Collection: "orders", Action: models.Update, IDs: []string{id}, Values: parse(f, `{"applicant": 3}`)})
		require.NoError(f, err)
		entries, err := f.s.History(f.ctx, records.Query{Access: root(), Collection: "purchases"}, id, 0)
		require.NoError(f, err)
		require.Len(f, entries, 2)
		require.Contains(f, fmt.Sprint(entries[1].Fields), "requester")
		err = f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "applicant", "type": "text"}`))
		require.Contains(f, codes(f, err), "name NOT_UNIQUE", "an old name is not free")
		c, problems := models.ReadCollection(parse(f, `{"name": "orders"}`))
		require.Empty(f, problems)
		_, err = f.s.CreateCollection(f.ctx, records.SchemaCall{Access: root()}, c)
		require.Contains(f, codes(f, err), "name NOT_UNIQUE")
		require.NoError(f, f.s.RenameField(f.ctx, f.call("requester"), "applicant"), "the way back is open")
		require.Equal(f, int64(3), f.list(records.Query{}).Records[0]["applicantId"])
		requireCode(f, f.s.RenameField(f.ctx, f.call("applicant"), "title"), "NOT_UNIQUE")
		requireCode(f, f.s.RenameField(f.ctx, f.call("createdAt"), "made"), "NO_PERMISSION")
	})
}

func TestSchema_DroppedThingsComeBackWithTheirValues(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		category := f.addTo("categories", `{"title": "c"}`)
		id := f.add(`{"title": "a", "code": "X", "category": ` + category + `}`)
		require.NoError(f, f.s.DropField(f.ctx, f.call("code")))
		require.NoError(f, f.s.DropField(f.ctx, f.call("title")))
		require.NotContains(f, f.get(id), "code")
		_, err := f.listErr(records.Query{Filter: parse(f, `{"code": "X"}`)})
		requireCode(f, err, "UNKNOWN_FIELD")
		require.NoError(f, f.s.RestoreField(f.ctx, f.call("code")))
		require.Equal(f, "X", f.get(id)["code"])
		f.untouched("NOT_UNIQUE", records.Operation{Action: models.Create, Values: parse(f, `{"code": "X"}`)})
		err = f.s.DropCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "categories"})
		requireCode(f, err, "IN_USE")
		require.NoError(f, f.s.DropField(f.ctx, f.call("category")))
		_, err = f.write(records.Operation{Collection: "categories", Action: models.Purge, IDs: []string{category}})
		require.NoError(f, err, "a dropped link does not hold its target")
		require.NoError(f, f.s.DropCollection(f.ctx, f.call()))
		_, err = f.listErr(records.Query{})
		require.True(f, models.IsKind(err, models.KindNotFound))
		require.NoError(f, f.s.DropCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "categories"}))
		f.collection(`{"name": "categories", "fields": []}`)
		require.NoError(f, f.s.RestoreCollection(f.ctx, f.call()))
		require.Equal(f, "X", f.get(id)["code"])
		requireCode(f, f.s.RestoreCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "categories"}), "NOT_UNIQUE")
		require.True(f, models.IsKind(f.s.RestoreField(f.ctx, f.call("nope")), models.KindNotFound))
	})
}

func TestSchema_ANameTakenAgainBringsNoRights(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		grants := func(where string) int64 { return f.number("SELECT COUNT(*) FROM role_grants WHERE " + where) }
		grant := func(collection string) {
			require.NoError(f, f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
				_, err := tx.Exec(f.ctx, `INSERT INTO role_grants (role, collection, action, fields, scope, scope_field)
					VALUES ('clerk', ?, 'view', '["title","amount"]', 'all', ''), ('clerk', ?, 'update', '["title"]', 'own', 'applicant')`, collection, collection)
				return err
			}))
		}
		require.NoError(f, f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
			_, err := tx.Exec(f.ctx, `INSERT INTO roles (name, title, created_at) VALUES ('clerk', 'Clerk', 1)`)
			return err
		}))

		grant("orders")
		require.NoError(f, f.s.DropField(f.ctx, f.call("amount")))
		require.Equal(f, int64(1), grants(`fields = '["title","amount"]'`), "kept for a restored field")
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "amount", "type": "text"}`)))
		require.Equal(f, int64(1), grants(`action = 'view' AND fields = '["title"]'`), "the new field is shown to nobody")
		require.NoError(f, f.s.DropField(f.ctx, f.call("applicant")))
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "applicant", "type": "user"}`)))
		require.Zero(f, grants(`scope_field = 'applicant'`), "a new field says nothing about whose the old records are")

		f.collection(`{"name": "gone", "fields": [{"name": "title", "type": "text"}]}`)
		grant("gone")
		require.NoError(f, f.s.DropCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "gone"}))
		require.Equal(f, int64(2), grants(`collection = 'gone'`), "kept for a restored collection")
		require.NoError(f, f.s.RestoreCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "gone"}))
		require.Equal(f, int64(2), grants(`collection = 'gone'`))
		require.NoError(f, f.s.DropCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "gone"}))
		f.collection(`{"name": "gone", "fields": [{"name": "title", "type": "text"}]}`)
		require.Zero(f, grants(`collection = 'gone'`), "the new collection is shown to nobody")

		grant("gone")
		require.NoError(f, f.s.DropCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "gone"}))
		f.collection(`{"name": "other", "fields": [{"name": "title", "type": "text"}]}`)
		require.NoError(f, f.s.RenameCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "other"}, "gone"))
		require.Zero(f, grants(`collection = 'gone'`), "nor is one that takes the name later")
	})
}

func TestSchema_AddsAndChangesFields(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "status": "done"}`)
		f.add(`{"title": "a"}`)
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "rate", "type": "money", "scale": 3}`)))
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "parent", "type": "belongsTo", "target": "orders"}`)))
		_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"rate": 1.125, "parent": `+id+`}`)})
		require.NoError(f, err)
		require.Equal(f, dec(f, "1.125"), f.get(id)["rate"])
		require.Equal(f, "a", f.get(id, "parent")["parent"].(records.Record)["title"])
		err = f.s.UpdateField(f.ctx, f.call("title"), fieldOf(f, `{"name": "title", "type": "text", "unique": true}`))
		requireCode(f, err, "NOT_UNIQUE")
		err = f.s.UpdateField(f.ctx, f.call("title"), fieldOf(f, `{"name": "title", "type": "integer"}`))
		requireCode(f, err, "BAD_PARAMETER")

		one := fieldOf(f, `{"name": "status", "type": "select", "required": true, "options": ["open"]}`)
		err = f.s.UpdateField(f.ctx, f.call("status"), one)
		requireCode(f, err, "IMPACT_CONFIRMATION_REQUIRED")
		data := models.AsError(err).Data
		require.Len(f, data["usages"], 1)
		confirmed := f.call("status")
		confirmed.Confirm = "wrong"
		requireCode(f, f.s.UpdateField(f.ctx, confirmed, one), "IMPACT_CONFIRMATION_REQUIRED")
		confirmed.Confirm, _ = data["confirm"].(string)
		require.NoError(f, f.s.UpdateField(f.ctx, confirmed, one))
		_, err = f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"note": "x"}`)})
		require.NoError(f, err, "a stored option stays")
		f.untouched("INVALID_OPTION", records.Operation{Action: models.Create, Values: parse(f, `{"title": "b", "status": "done"}`)})
		title := "Purchase"
		require.NoError(f, f.s.UpdateCollection(f.ctx, f.call(), records.CollectionPatch{Title: &title}))
		c, err := f.s.Collection(f.ctx, "orders")
		require.NoError(f, err)
		require.Equal(f, "Purchase", c.Title)
	})
}

func TestSchema_AsksUsageFindersBeforeARename(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		used := []models.Usage{{Kind: "workflow", Key: "w", Title: "Approval", Place: "Condition", Live: true}}
		f.s.OnUsage(func(_ context.Context, collection, name string) ([]models.Usage, error) {
			if collection == "orders" && name == "amount" {
				return used, nil
			}
			return nil, nil
		})
		require.NoError(f, f.s.RenameField(f.ctx, f.call("note"), "remark"))
		call := f.call("amount")
		err := f.s.RenameField(f.ctx, call, "total")
		requireCode(f, err, "IMPACT_CONFIRMATION_REQUIRED")
		require.Equal(f, used, models.AsError(err).Data["usages"])
		call.Confirm, _ = models.AsError(err).Data["confirm"].(string)
		used[0].Place = "Query" // it moves meanwhile
		err = f.s.RenameField(f.ctx, call, "total")
		requireCode(f, err, "IMPACT_CONFIRMATION_REQUIRED")
		call.Confirm, _ = models.AsError(err).Data["confirm"].(string)
		require.NoError(f, f.s.RenameField(f.ctx, call, "total"))
	})
}

func TestSchema_ChangesWhileRecordsAreWritten(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 15 {
					result, err := f.write(records.Operation{Action: models.Create, Values: records.Record{"title": fmt.Sprintf("%d-%d", worker, i), "amount": int64(i)}})
					if err != nil {
						f.Errorf("create: %v", err)
						return
					}
					if _, err = f.listErr(records.Query{Filter: records.Record{"amount": int64(i)}, Sort: []string{"amount"}}); err != nil {
						f.Errorf("list during a rename: %v", err)
					}
					_, err = f.write(records.Operation{Action: models.Update, IDs: []string{result.Changes[0].ID}, Values: records.Record{"amount": int64(100)}})
					if err != nil {
						f.Errorf("update: %v", err)
					}
				}
			}()
		}
		names := []string{"amount", "total", "sum"}
		for i := range 6 {
			require.NoError(f, f.s.RenameField(f.ctx, f.call(names[i%3]), names[(i+1)%3]))
			require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, fmt.Sprintf(`{"name": "extra%d", "type": "integer"}`, i))))
		}
		wg.Wait()
		require.Equal(f, 60, f.list(records.Query{Count: true, Filter: records.Record{"amount": int64(100)}}).Count)
		f.consistent()
	})
}
