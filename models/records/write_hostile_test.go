package records_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

func TestWrite_ConcurrentCreatesAllArrive(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 20 {
					values := records.Record{"title": fmt.Sprintf("%d-%d", worker, i), "code": fmt.Sprintf("c%d", i)}
					_, err := f.write(records.Operation{Action: models.Create, Values: values})
					if err != nil && !models.IsCode(err, "NOT_UNIQUE") {
						f.Errorf("create: %v", err)
					}
				}
			}()
		}
		wg.Wait()
		require.Equal(f, int64(20), f.number("SELECT COUNT(*) FROM c_orders"), "each code once")
		f.consistent()
	})
}

func TestWrite_OneOfTwoWritersOfAVersionWins(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "pieces": 0}`)
		const writers = 16
		won, lost := make(chan bool, writers), make(chan bool, writers)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Version: 1, Values: records.Record{"title": fmt.Sprint(i)}})
				switch {
				case err == nil:
					won <- true
				case models.IsCode(err, "RECORD_CHANGED"):
					lost <- true
				default:
					f.Errorf("update: %v", err)
				}
				_, err = f.write(records.Operation{
					Action: models.Update, IDs: []string{id},
					Values: records.Record{"pieces": map[string]any{"op": "increment", "by": int64(1)}},
				})
				if err != nil {
					f.Errorf("increment: %v", err)
				}
			}()
		}
		wg.Wait()
		require.Len(f, won, 1)
		require.Len(f, lost, writers-1)
		require.Equal(f, int64(writers), f.get(id)["pieces"], "no increment is lost")
		require.Equal(f, int64(2+writers), f.get(id)["_version"])
		f.consistent()
	})
}

// consistent requires that every change has exactly one event and the other way round.
func (f *fixture) consistent() {
	f.Helper()
	require.Zero(f, f.number(`SELECT COUNT(*) FROM change_log c WHERE (SELECT COUNT(*) FROM events e WHERE e.uuid = c.event_uuid) <> 1`))
	require.Zero(f, f.number(`SELECT COUNT(*) FROM events e WHERE e.resource_type IN ('orders', 'categories')
		AND (SELECT COUNT(*) FROM change_log c WHERE c.event_uuid = e.uuid) <> 1`))
}

func TestWrite_SurvivesHostileNamesAndValues(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for _, name := range []string{`title"; DROP TABLE c_orders; --`, "title'", "c_orders.title", "", "$eq", "_version; x", "title\x00", strings.Repeat("a", 10_000)} {
			_, err := f.write(records.Operation{Action: models.Create, Values: records.Record{"title": "a", name: "x"}})
			require.True(f, models.IsKind(err, models.KindInvalid), name)
			_, err = f.s.List(f.ctx, records.Query{Access: root(), Collection: "orders", Sort: []string{name}})
			require.True(f, models.IsKind(err, models.KindInvalid), name)
			_, err = f.s.List(f.ctx, records.Query{Access: root(), Collection: "orders", Filter: records.Record{name: "x"}})
			require.True(f, models.IsKind(err, models.KindInvalid), name)
			_, err = f.s.List(f.ctx, records.Query{Access: root(), Collection: name})
			require.True(f, models.IsKind(err, models.KindNotFound), name)
		}
		for _, value := range []string{`'; DROP TABLE c_orders; --`, `"`, `\`, `%_\`, "{{ user.id }}", "?", "$1", "🙂\u202e"} {
			result, err := f.write(records.Operation{Action: models.Create, Values: records.Record{"title": value}})
			require.NoError(f, err, value)
			require.Equal(f, value, f.get(result.Changes[0].ID)["title"])
			page, err := f.s.List(f.ctx, records.Query{Access: root(), Collection: "orders", Filter: records.Record{"title": map[string]any{"$includes": value}}})
			require.NoError(f, err, value)
			require.Len(f, page.Records, 1, value)
		}
		for _, id := range []string{"0", "-1", "1 OR 1=1", "99999999999999999999", "", "x", "1.0"} {
			_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: records.Record{"title": "x"}})
			require.True(f, models.IsKind(err, models.KindNotFound), id)
		}
	})
}

func TestWrite_OfSeveralRecordsOnlyThoseInScopeChange(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		mine := f.addToAs(person(ana, models.Grant{Collection: "orders", Action: models.Create, Scope: models.ScopeAll, Fields: []string{"title"}}), "orders", `{"title": "mine"}`)
		other := f.add(`{"title": "other"}`)
		own := person(ana, models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeOwn},
			models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll})
		for _, op := range []records.Operation{{IDs: []string{mine, other, "999"}}, {Filter: parse(f, `{"id": {"$gt": 0}}`)}} {
			op.Access, op.Action, op.Values = own, models.Update, records.Record{"pieces": map[string]any{"op": "increment", "by": int64(1)}}
			result, err := f.write(op)
			require.NoError(f, err)
			require.Len(f, result.Changes, 1)
			require.Equal(f, mine, result.Changes[0].ID)
		}
		require.Equal(f, int64(1), f.get(other)["_version"])
		update := records.Operation{Access: own, Action: models.Update, IDs: []string{other}, Values: records.Record{"note": "x"}}
		f.untouched("OUT_OF_SCOPE", update)
		update.IDs = []string{"999"}
		f.untouched("NOT_FOUND", update)
		update.Access = person(ana, models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeOwn})
		missing := f.untouched("OUT_OF_SCOPE", update)
		update.IDs = []string{other}
		require.Equal(f, missing.Error(), f.untouched("OUT_OF_SCOPE", update).Error(), "existence is not told")
	})
}

func TestWrite_LinksOnlyToWhatTheCallerSees(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		category := f.addTo("categories", `{"title": "c", "owner": 3}`)
		grants := []models.Grant{
			{Collection: "orders", Action: models.Create, Scope: models.ScopeAll},
			{Collection: "categories", Action: models.View, Scope: models.ScopeOwn, ScopeField: "owner"},
		}
		link := records.Operation{Access: person(ana, grants...), Action: models.Create, Values: parse(f, `{"title": "a", "category": `+category+`}`)}
		err := f.untouched("LINK_NOT_FOUND", link)
		link.Values["categoryId"] = int64(999)
		delete(link.Values, "category")
		require.Equal(f, err.Error(), f.untouched("LINK_NOT_FOUND", link).Error(), "existence is not told")
		link.Values["categoryId"], link.Access = category, person(ben, grants...)
		link.FromForm = true
		result, err := f.write(link)
		require.NoError(f, err, "the applicant comes from the default, not from him: no right to see people is needed")
		require.Equal(f, ben, result.Changes[0].After["applicantId"])
		f.untouched("LINK_NOT_FOUND", records.Operation{Access: person(ben, grants...), Action: models.Create, Values: parse(f, `{"title": "a", "applicant": 3}`)})
	})
}

func TestWriteIn_ARefusalLeavesTheTransactionUsable(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.collection(`{"name": "lines", "fields": [{"name": "order", "type": "manyToOne", "target": "orders", "required": true}]}`)
		id := f.add(`{"title": "a", "code": "X"}`)
		f.addTo("lines", `{"order": `+id+`}`)
		own := person(ana, models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeOwn})
		require.NoError(f, f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
			for code, op := range map[string]records.Operation{
				"NOT_UNIQUE":        {Action: models.Create, Values: parse(f, `{"title": "b", "code": "X"}`)},
				"LINK_NOT_FOUND":    {Action: models.Create, Values: parse(f, `{"title": "b", "category": 9}`)},
				"OUT_OF_SCOPE":      {Access: own, Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "b"}`)},
				"FIELD_NOT_ALLOWED": {Access: person(ana, models.Grant{Collection: "orders", Action: models.Update, Fields: []string{}, Scope: models.ScopeAll}), Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "b"}`)},
				"RECORD_CHANGED":    {Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "b"}`), Version: 7},
				"IN_USE":            {Action: models.Delete, IDs: []string{id}},
				"BLAST_RADIUS":      {Action: models.Delete, IDs: []string{id, "2", "3"}, MaxRecords: 2},
			} {
				if op.Access.Layers == nil {
					op.Access = root()
				}
				op.Collection = "orders"
				_, err := f.s.WriteIn(f.ctx, tx, &op)
				requireCode(f, err, code)
			}
			_, err := f.s.WriteIn(f.ctx, tx, &records.Operation{Access: root(), Collection: "orders", Action: models.Create, Values: parse(f, `{"title": "kept"}`)})
			return err
		}))
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM c_orders WHERE title = 'kept'"))
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM change_log WHERE collection = 'orders'"))
	})
}

func TestWrite_RollbackOfTheCallersTransactionLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		undo := errors.New("undo")
		op := records.Operation{
			Access: root(), Collection: "orders", Action: models.Create, Values: parse(f, `{"title": "a"}`),
			Origin: models.Origin{Kind: "workflow"}, Lineage: models.Lineage{ExecutionID: "E", StepID: "S"},
		}
		err := f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
			result, err := f.s.WriteIn(f.ctx, tx, &op)
			require.NoError(f, err)
			require.Len(f, result.Changes, 1)
			seen, err := f.s.GetIn(f.ctx, tx, records.Query{Access: root(), Collection: "orders"}, result.Changes[0].ID)
			require.NoError(f, err)
			require.Equal(f, "a", seen["title"], "a transaction sees its own changes")
			return undo
		})
		require.ErrorIs(f, err, undo)
		require.Zero(f, f.number("SELECT COUNT(*) FROM c_orders"))
		require.Zero(f, f.number("SELECT COUNT(*) FROM change_log"))
		require.NoError(f, f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
			_, err := f.s.WriteIn(f.ctx, tx, &op)
			return err
		}))
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM change_log WHERE step_id = 'S' AND execution_id = 'E'"))
	})
}
