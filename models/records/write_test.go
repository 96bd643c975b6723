package records_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

// codes gives the findings of an error as "field CODE".
func codes(t testing.TB, err error) []string {
	t.Helper()
	var e *models.Error
	require.ErrorAs(t, err, &e)
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field+" "+f.Code)
	}
	return out
}

func requireCode(t require.TestingT, err error, code string) {
	require.Truef(t, models.IsCode(err, code), "want %s, got %v", code, err)
}

// untouched runs a write that must be refused and requires that it left nothing.
func (f *fixture) untouched(code string, op records.Operation) error {
	f.Helper()
	count := func() [4]int64 {
		return [4]int64{
			f.number("SELECT COUNT(*) FROM c_orders"), f.number("SELECT COALESCE(SUM(_version), 0) FROM c_orders"),
			f.number("SELECT COUNT(*) FROM events"), f.number("SELECT COUNT(*) FROM change_log"),
		}
	}
	before := count()
	_, err := f.write(op)
	requireCode(f, err, code)
	require.Equal(f, before, count(), "a refused write leaves nothing")
	return err
}

func TestWrite_RefusesCreateWithAllFindingsTogether(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.add(`{"title": "first", "code": "A"}`)
		create := func(values string) records.Operation {
			return records.Operation{Action: models.Create, Values: parse(f, values)}
		}
		err := f.untouched("UNKNOWN_FIELD", create(`{"title": "x", "nope": 1, "also": 2}`))
		require.Equal(f, []string{"also UNKNOWN_FIELD", "nope UNKNOWN_FIELD"}, codes(f, err))
		err = f.untouched("VALIDATION_FAILED", create(`{"amount": -1, "urgent": "maybe", "category": 99, "code": "A", "status": "old"}`))
		require.Equal(f, []string{
			"title REQUIRED", "amount TOO_SMALL", "urgent INVALID_TYPE", "status INVALID_OPTION",
			"code NOT_UNIQUE", "category LINK_NOT_FOUND",
		}, codes(f, err))
		err = f.untouched("VALIDATION_FAILED", create(`{"title": "x", "category": 99, "code": "A"}`))
		require.Equal(f, []string{"code NOT_UNIQUE", "category LINK_NOT_FOUND"}, codes(f, err))
		f.untouched("BAD_PARAMETER", create(`{"title": "x", "applicant": 2, "applicantId": 3}`))
	})
}

func TestWrite_CreatesSeveralAllOrNone(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		batch := func(list ...string) records.Operation {
			op := records.Operation{Action: models.Create, Batch: []records.Record{}}
			for _, one := range list {
				op.Batch = append(op.Batch, parse(f, one))
			}
			return op
		}
		f.untouched("NOT_UNIQUE", batch(`{"title": "a", "code": "X"}`, `{"title": "b", "code": "X"}`))
		f.untouched("REQUIRED", batch(`{"title": "a"}`, `{"note": "b"}`))
		result, err := f.write(batch(`{"title": "a", "code": "X"}`, `{"title": "b", "code": "Y"}`))
		require.NoError(f, err)
		require.Len(f, result.Changes, 2)
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM events WHERE event = ? AND resource_type = ?", models.ResourceCreated, "orders"))
	})
}

func TestWrite_CreatesUnlessThereIsOne(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		var wg sync.WaitGroup
		found := make(chan string, 20)
		for range 20 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				result, err := f.write(records.Operation{Action: models.Create, Values: records.Record{"title": "only one"}, Unless: records.Record{"title": "only one"}})
				if err != nil {
					f.Errorf("create: %v", err)
					return
				}
				if result.Found != "" {
					found <- result.Found
				}
			}()
		}
		wg.Wait()
		require.Len(f, found, 19)
		require.Equal(f, "1", <-found)
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM c_orders"))
	})
}

func TestWrite_FillsDefaultsOnlyWhenTheKeyIsAbsent(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		got := f.get(f.add(`{"title": "a"}`))
		require.Equal(f, int64(1), got["pieces"])
		require.Equal(f, "open", got["status"])
		require.Equal(f, int64(1), got["applicantId"])
		got = f.get(f.add(`{"title": "a", "pieces": null, "applicant_id": null, "status": null}`))
		require.Nil(f, got["pieces"])
		require.Nil(f, got["status"])
		require.Nil(f, got["applicantId"])
		f.collection(`{"name": "notes", "fields": [{"name": "line", "type": "text", "default": "By {{ user.nickname }} on {{ system.today }}"},
			{"name": "day", "type": "date", "default": "{{ system.today }}"}, {"name": "at", "type": "datetime", "default": "{{ system.now }}"}]}`)
		r, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "notes"}, f.addTo("notes", `{}`))
		require.NoError(f, err)
		require.Equal(f, "By root on 2026-11-22", r["line"])
		require.Equal(f, f.db.Now(), r["at"])
		require.EqualValues(f, "2026-11-22", r["day"])
	})
}

func TestWrite_ReportsPresetFieldsAsIgnored(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		result, err := f.write(records.Operation{
			Action: models.Create, IgnoreUnknown: true,
			Values: parse(f, `{"title": "a", "id": 77, "createdAt": "2020-01-01", "created_by": 3, "deletedAt": "2020-01-01", "zzz": 1}`),
		})
		require.NoError(f, err)
		require.Equal(f, []string{"createdAt", "createdBy", "deletedAt", "id", "zzz"}, result.Ignored)
		got := f.get(result.Changes[0].ID)
		require.Equal(f, int64(1), got["id"])
		require.Equal(f, int64(1), got["createdById"])
		require.Equal(f, f.db.Now(), got["createdAt"])
	})
}

func TestWrite_UpdatesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "amount": 10, "pieces": 2}`)
		update := func(values string) (*records.Result, error) {
			return f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, values)})
		}
		result, err := update(`{"title": "a", "amount": 10.00, "note": null}`)
		require.NoError(f, err)
		require.Empty(f, result.Changes[0].Changed)
		require.Empty(f, result.Changes[0].EventUUID)
		require.Equal(f, int64(1), f.get(id)["_version"])
		result, err = update(`{"title": "a", "amount": 11.5, "pieces": {"op": "increment", "by": 3}}`)
		require.NoError(f, err)
		c := result.Changes[0]
		require.Equal(f, []string{"amount", "pieces"}, c.Changed)
		require.Equal(f, dec(f, "10"), c.Before["amount"])
		require.Equal(f, dec(f, "11.5"), c.After["amount"])
		require.Equal(f, int64(5), c.After["pieces"])
		got := f.get(id)
		require.Equal(f, int64(5), got["pieces"])
		require.Equal(f, int64(2), got["_version"])
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM events WHERE event = ?", models.ResourceUpdated)-f.schemaEvents())
		_, err = update(`{"title": null}`)
		requireCode(f, err, "REQUIRED")
	})
}

// schemaEvents counts events about changed collections.
func (f *fixture) schemaEvents() int64 {
	return f.number("SELECT COUNT(*) FROM events WHERE event = ? AND resource_type = 'collectionsvc.Collection'", models.ResourceUpdated)
}

func TestWrite_KeepsAnArchivedOptionThatIsStored(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id, other := f.add(`{"title": "a"}`), f.add(`{"title": "b"}`)
		require.NoError(f, f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
			_, err := tx.Exec(f.ctx, "UPDATE c_orders SET status = 'old' WHERE title = 'a'")
			return err
		}))
		op := records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "c", "status": "old"}`)}
		_, err := f.write(op)
		require.NoError(f, err)
		op.IDs = []string{other}
		f.untouched("INVALID_OPTION", op)
	})
}

func TestWrite_RefusesAStaleVersionWithWhatIsStored(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "amount": 1}`)
		change := func(access models.Access, values string) error {
			_, err := f.write(records.Operation{Access: access, Action: models.Update, IDs: []string{id}, Values: parse(f, values)})
			return err
		}
		require.NoError(f, change(root(), `{"title": "b", "_version": 1}`))
		err := change(root(), `{"title": "c", "amount": 1, "_version": 1}`)
		requireCode(f, err, "RECORD_CHANGED")
		data := models.AsError(err).Data
		require.Equal(f, []string{"title"}, data["conflictingFields"])
		require.Equal(f, "b", data["current"].(records.Record)["title"])
		require.Equal(f, int64(1), data["changedBy"])
		blind := person(ana, models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeAll},
			models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"amount"}})
		err = change(blind, `{"title": "c", "_version": 1}`)
		requireCode(f, err, "RECORD_CHANGED")
		require.NotContains(f, models.AsError(err).Data["current"], "title")
		require.Empty(f, models.AsError(err).Data["conflictingFields"])
	})
}

func TestWrite_NeedsASelection(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for i := range 5 {
			f.add(fmt.Sprintf(`{"title": "t%d", "pieces": %d}`, i, i))
		}
		for _, filter := range []any{nil, map[string]any{}, parse(f, `{"$and": [{}]}`), parse(f, `{"$or": []}`)} {
			f.untouched("FILTER_REQUIRED", records.Operation{Action: models.Update, Filter: filter, Values: parse(f, `{"note": "x"}`)})
			f.untouched("FILTER_REQUIRED", records.Operation{Action: models.Delete, Filter: filter})
		}
		f.untouched("BLAST_RADIUS", records.Operation{Action: models.Delete, Filter: parse(f, `{"pieces": {"$gte": 1}}`), MaxRecords: 3})
		result, err := f.write(records.Operation{Action: models.Update, Filter: parse(f, `{"pieces": {"$gte": 2}}`), Values: parse(f, `{"note": "x"}`)})
		require.NoError(f, err)
		require.Len(f, result.Changes, 3)
		f.untouched("NOT_UNIQUE", records.Operation{Action: models.Update, Filter: parse(f, `{"pieces": {"$gte": 2}}`), Values: parse(f, `{"code": "same"}`)})
		result, err = f.write(records.Operation{Action: models.Delete, Filter: parse(f, `{"note": "x"}`)})
		require.NoError(f, err)
		require.Len(f, result.Changes, 3)
	})
}

func TestWrite_TrashRestoreAndPurge(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "code": "X"}`)
		do := func(action models.Action) error {
			_, err := f.write(records.Operation{Action: action, IDs: []string{id}})
			return err
		}
		require.NoError(f, do(models.Delete))
		_, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "orders"}, id)
		require.True(f, models.IsKind(err, models.KindNotFound))
		requireCode(f, do(models.Delete), "NOT_FOUND")
		page, err := f.s.List(f.ctx, records.Query{Access: root(), Collection: "orders", Trash: records.OnlyTrash})
		require.NoError(f, err)
		require.Len(f, page.Records, 1)
		other := f.add(`{"title": "b", "code": "X"}`)
		requireCode(f, do(records.Restore), "NOT_UNIQUE")
		_, err = f.write(records.Operation{Action: models.Update, IDs: []string{other}, Values: parse(f, `{"code": "Y"}`)})
		require.NoError(f, err)
		require.NoError(f, do(records.Restore))
		require.Nil(f, f.get(id)["deletedAt"])
		require.Equal(f, int64(1), f.number(`SELECT COUNT(*) FROM events WHERE event = ? AND changed = '["deletedAt"]'`, models.ResourceUpdated))
		require.NoError(f, do(models.Delete))
		require.NoError(f, do(models.Purge))
		require.Equal(f, int64(0), f.number("SELECT COUNT(*) FROM c_orders WHERE title = 'a'"))
		require.Equal(f, int64(5), f.number("SELECT COUNT(*) FROM change_log WHERE collection = 'orders' AND record_id = ? AND changes = '{}'", id),
			"purging keeps who and when, and removes the values")
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM events WHERE event = ?", models.ResourceHardDeleted))
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM events WHERE event = ?", models.ResourceSoftDeleted))
	})
}

func TestWrite_PurgeUnlinksAndRequiredLinksRestrict(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.collection(`{"name": "lines", "title": "Line", "fields": [{"name": "order", "type": "manyToOne", "target": "orders", "required": true}]}`)
		category := f.addTo("categories", `{"title": "c"}`)
		order := f.add(`{"title": "a", "category": ` + category + `}`)
		trashed := f.add(`{"title": "b", "category": ` + category + `}`)
		line := f.addTo("lines", `{"order": `+order+`}`)
		remove := func(collection, id string, action models.Action) error {
			_, err := f.write(records.Operation{Collection: collection, Action: action, IDs: []string{id}})
			return err
		}
		require.NoError(f, remove("orders", trashed, models.Delete))
		requireCode(f, remove("orders", order, models.Delete), "IN_USE")
		require.NoError(f, remove("categories", category, models.Delete))
		got := f.get(order, "category")
		require.Nil(f, got["category"], "a link to a record in the trash reads as nothing")
		require.NotNil(f, got["categoryId"])
		require.NoError(f, remove("categories", category, models.Purge))
		require.Nil(f, f.get(order)["categoryId"])
		require.Equal(f, int64(0), f.number("SELECT COUNT(*) FROM c_orders WHERE category_id IS NOT NULL"))
		require.NoError(f, remove("lines", line, models.Delete))
		require.NoError(f, remove("orders", order, models.Delete), "a line in the trash does not hold an order out of it")
		requireCode(f, remove("orders", order, models.Purge), "IN_USE")
		require.NoError(f, remove("lines", line, models.Purge))
		require.NoError(f, remove("orders", order, models.Purge))
	})
}

func TestWrite_TellsHooksAndUndoesAllWhenTheyRefuse(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		var seen [][]records.Change
		var committed int
		refuse := errors.New("guard")
		f.s.SetHooks(records.Hooks{
			PreAction: func(_ context.Context, op *records.Operation) error {
				if op.Values["title"] == "stop" {
					return models.Invalid("WORKFLOW_STOPPED", models.NotFound().Message)
				}
				if op.Values["title"] == "change" {
					op.Values["note"] = "set by a workflow"
				}
				return nil
			},
			Changed: func(_ context.Context, _ *models.Tx, op *records.Operation, changes []records.Change) ([]models.TriggerOutcome, error) {
				if op.Values["title"] == "refuse" {
					return nil, refuse
				}
				seen = append(seen, changes)
				return []models.TriggerOutcome{{Key: "w", Started: true}}, nil
			},
			Committed: func(_ context.Context, _ *records.Operation, r *records.Result) error {
				committed++
				r.Messages = append(r.Messages, "Thank you")
				return nil
			},
		})
		result, err := f.write(records.Operation{Action: models.Create, Values: parse(f, `{"title": "a"}`)})
		require.NoError(f, err)
		require.Equal(f, []string{"Thank you"}, result.Messages)
		require.Equal(f, "w", result.Triggers[0].Key)
		id := result.Changes[0].ID
		f.untouched("WORKFLOW_STOPPED", records.Operation{Action: models.Create, Values: parse(f, `{"title": "stop"}`)})
		_, err = f.write(records.Operation{Action: models.Create, Values: parse(f, `{"title": "refuse"}`)})
		require.ErrorIs(f, err, refuse)
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM c_orders"))
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM change_log"))
		_, err = f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "a"}`)})
		require.NoError(f, err)
		require.Len(f, seen, 2, "an update that changes nothing is still an action")
		require.Empty(f, seen[1][0].Changed)
		clerk := person(1, models.Grant{Collection: "orders", Action: models.Create, Fields: []string{"title"}, Scope: models.ScopeAll})
		result, err = f.write(records.Operation{Access: clerk, Action: models.Create, Values: parse(f, `{"title": "change"}`)})
		require.NoError(f, err)
		require.Equal(f, "set by a workflow", result.Changes[0].After["note"], "a workflow may set what the caller may not")
		require.Equal(f, 3, committed)
	})
}
