package records_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

func (f *fixture) list(q records.Query) records.Page {
	f.Helper()
	page, err := f.listErr(q)
	require.NoError(f, err)
	return page
}

func (f *fixture) listErr(q records.Query) (records.Page, error) {
	if q.Access.Layers == nil {
		q.Access = root()
	}
	if q.Collection == "" {
		q.Collection = "orders"
	}
	return f.s.List(f.ctx, q)
}

func column(list []records.Record, name string) []any {
	out := make([]any, len(list))
	for i, r := range list {
		out[i] = r[name]
	}
	return out
}

func TestList_SortsAlikeOnBothDatabases(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for _, title := range []string{"b", "B", "a", "A", "ä", "Z", "z", "_", "10", "9"} {
			f.add(`{"title": "` + title + `"}`)
		}
		require.Equal(f, []any{"10", "9", "_", "A", "a", "B", "b", "Z", "z", "ä"}, column(f.list(records.Query{Sort: []string{"title"}}).Records, "title"))
		for i, r := range f.list(records.Query{Sort: []string{"id"}}).Records {
			if i%3 == 0 {
				_, err := f.write(records.Operation{Action: models.Update, IDs: []string{records.IDText(r["id"])}, Values: records.Record{"amount": int64(i)}})
				require.NoError(f, err)
			}
		}
		up := column(f.list(records.Query{Sort: []string{"amount"}}).Records, "id")
		down := column(f.list(records.Query{Sort: []string{"-amount"}}).Records, "id")
		require.Equal(f, []any{int64(1), int64(4), int64(7), int64(10)}, up[:4])
		require.Equal(f, []any{int64(10), int64(7), int64(4), int64(1)}, down[:4], "empty values come last both ways")
		_, err := f.listErr(records.Query{Sort: []string{"title", "note", "amount", "day"}})
		requireCode(f, err, "BAD_PARAMETER")
		_, err = f.listErr(records.Query{Sort: []string{"category.nope"}})
		requireCode(f, err, "UNKNOWN_FIELD")
	})
}

func TestList_CursorWalksTheWholeListBothWays(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		f := setUp(t, db)
		category := f.addTo("categories", `{"title": "Travel"}`)
		for i := range 23 {
			f.add(fmt.Sprintf(`{"title": "t%d", "pieces": %s, "amount": %d.5, "urgent": %s, "day": "2026-11-%02d", "category": %s}`,
				i%4, []string{"1", "2", "null"}[i%3], i%5, []string{"true", "false", "null"}[i%3], i%6+1, []string{category, "null"}[i%2]))
		}
		rapid.Check(t, func(t *rapid.T) {
			names := []string{"title", "pieces", "amount", "urgent", "day", "due", "createdAt", "category.title", "id"}
			var sort []string
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID[string]).Draw(t, "sort") {
				sort = append(sort, rapid.SampledFrom([]string{"", "-"}).Draw(t, "direction")+name)
			}
			q := records.Query{Access: root(), Collection: "orders", Sort: sort, PageSize: 100}
			whole, err := f.s.List(f.ctx, q)
			require.NoError(t, err)
			want := column(whole.Records, "id")
			q.Keyset, q.PageSize = true, rapid.IntRange(1, 9).Draw(t, "pageSize")
			var got []any
			var pages []records.Page
			for {
				page, err := f.s.List(f.ctx, q)
				require.NoError(t, err)
				got, pages = append(got, column(page.Records, "id")...), append(pages, page)
				require.Equal(t, page.NextCursor != "", page.HasNext)
				if !page.HasNext {
					break
				}
				q.Cursor = page.NextCursor
			}
			require.Equal(t, want, got)
			for i := len(pages) - 1; i > 0; i-- {
				q.Cursor = pages[i].PrevCursor
				page, err := f.s.List(f.ctx, q)
				require.NoError(t, err)
				require.Equal(t, pages[i-1].Records, page.Records)
				require.Equal(t, i > 1, page.PrevCursor != "")
				require.True(t, page.HasNext)
			}
		})
	})
}

func TestList_RefusesForeignAndChangedCursors(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for range 4 {
			f.add(`{"title": "a"}`)
		}
		q := records.Query{Keyset: true, PageSize: 1, Sort: []string{"title"}}
		cursor := f.list(q).NextCursor
		q.Cursor = cursor
		f.list(q)
		other := func(change func(*records.Query)) {
			f.Helper()
			c := q
			change(&c)
			_, err := f.listErr(c)
			requireCode(f, err, "BAD_CURSOR")
		}
		other(func(q *records.Query) {
			q.Access = models.Access{Principal: models.Person(2, ""), Layers: root().Layers}
		})
		other(func(q *records.Query) { q.Sort = []string{"-title"} })
		other(func(q *records.Query) { q.Filter = records.Record{"title": "a"} })
		other(func(q *records.Query) { q.Collection = "categories" })
		for _, bad := range []string{"x", "x.y", ".", cursor + "x", "A" + cursor, strings.Replace(cursor, ".", "..", 1), cursor[:len(cursor)-2]} {
			other(func(q *records.Query) { q.Cursor = bad })
		}
	})
}

func TestList_PagesCountsAndBounds(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		for i := range 5 {
			f.add(fmt.Sprintf(`{"title": "t%d"}`, i))
		}
		page := f.list(records.Query{Page: 2, PageSize: 2, Count: true})
		require.Equal(f, []any{"t2", "t3"}, column(page.Records, "title"))
		require.Equal(f, 5, page.Count)
		require.True(f, page.CountExact)
		require.True(f, page.HasNext)
		require.False(f, f.list(records.Query{Page: 3, PageSize: 2}).HasNext)
		require.Empty(f, f.list(records.Query{Page: 9, PageSize: 2}).Records)
		require.Len(f, f.list(records.Query{All: true}).Records, 5)
		for _, q := range []records.Query{{PageSize: 501}, {PageSize: -1}, {Page: -1}} {
			_, err := f.listErr(q)
			requireCode(f, err, "BAD_PARAMETER")
		}
		n, exact, err := f.s.CountIn(f.ctx, f.db.Read(), records.Query{Access: root(), Collection: "orders", Filter: records.Record{"title": "t1"}})
		require.NoError(f, err)
		require.True(f, exact)
		require.Equal(f, 1, n)
	})
}

func TestList_ReadsOnlyTheFieldsAndLinksAskedFor(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		category := f.addTo("categories", `{"title": "Travel", "secret": "s", "owner": 2}`)
		id := f.add(`{"title": "a", "category": ` + category + `, "applicant": 3}`)
		one := func(q records.Query) records.Record {
			f.Helper()
			q.Access, q.Collection = root(), "orders"
			r, err := f.s.Get(f.ctx, q, id)
			require.NoError(f, err)
			return r
		}
		keys := func(r records.Record) []string {
			var out []string
			for k := range r {
				out = append(out, k)
			}
			slices.Sort(out)
			return out
		}
		require.Equal(f, []string{"_version", "id", "note", "title"}, keys(one(records.Query{Fields: []string{"title", "note"}})))
		require.Equal(f, []string{"title"}, keys(one(records.Query{Fields: []string{"title"}, Except: []string{"id", "_version"}})))
		require.NotContains(f, one(records.Query{Except: []string{"created_at"}}), "createdAt")
		r := one(records.Query{Fields: []string{"title", "category.title"}})
		require.Equal(f, []string{"_version", "id", "title"}, keys(r["category"].(records.Record)))
		r = one(records.Query{Appends: []string{"category.owner.manager", "applicant"}})
		owner := r["category"].(records.Record)["owner"].(records.Record)
		require.Equal(f, "ana", owner["nickname"])
		require.Nil(f, owner["manager"])
		require.Contains(f, owner, "manager")
		for path, code := range map[string]string{"title": "BAD_ASSOCIATION_PATH", "nope": "UNKNOWN_FIELD", "category.owner.manager.manager": "BAD_ASSOCIATION_PATH"} {
			_, err := f.s.Get(f.ctx, records.Query{Access: root(), Collection: "orders", Appends: []string{path}}, id)
			requireCode(f, err, code)
		}
		reader := person(ben, models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"title", "category", "applicant"}},
			models.Grant{Collection: "categories", Action: models.View, Scope: models.ScopeOwn, ScopeField: "owner"})
		r, err := f.s.Get(f.ctx, records.Query{Access: reader, Collection: "orders", Appends: []string{"category", "applicant"}}, id)
		require.NoError(f, err)
		require.Nil(f, r["category"], "a target that may not be seen is nothing")
		require.Nil(f, r["applicant"])
		require.NotNil(f, r["categoryId"])
	})
}

func TestList_SearchAndSortNeedTheFieldEverywhere(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.add(`{"title": "Train to Ystad"}`)
		f.add(`{"title": "Bus to Lund"}`)
		require.Equal(f, []any{"Train to Ystad"}, column(f.list(records.Query{Search: "TO ysta"}).Records, "title"))
		require.Empty(f, f.list(records.Query{Search: "train lund"}).Records)
		_, err := f.listErr(records.Query{Search: "a"})
		requireCode(f, err, "BAD_PARAMETER")
		partly := person(ana, models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"note"}},
			models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeOwn})
		for _, q := range []records.Query{{Search: "train"}, {Sort: []string{"title"}}, {Sort: []string{"-category.title"}}} {
			q.Access = partly
			_, err := f.listErr(q)
			requireCode(f, err, "FIELD_NOT_ALLOWED")
		}
		require.Empty(f, f.list(records.Query{Access: partly, Filter: records.Record{"title": "Train to Ystad"}}).Records)
		require.Len(f, f.list(records.Query{Access: partly, Sort: []string{"note"}}).Records, 2)
	})
}

func TestList_TrashNeedsTheDeleteRight(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a"}`)
		f.add(`{"title": "b"}`)
		_, err := f.write(records.Operation{Action: models.Delete, IDs: []string{id}})
		require.NoError(f, err)
		view := models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll}
		_, err = f.listErr(records.Query{Access: person(ana, view), Trash: records.WithTrash})
		requireCode(f, err, "NO_PERMISSION")
		own := person(ana, view, models.Grant{Collection: "orders", Action: models.Delete, Scope: models.ScopeOwn})
		require.Len(f, f.list(records.Query{Access: own, Trash: records.WithTrash}).Records, 1, "only deleted records he could delete")
		require.Len(f, f.list(records.Query{Trash: records.WithTrash}).Records, 2)
		require.Len(f, f.list(records.Query{Trash: records.OnlyTrash}).Records, 1)
	})
}

// A hidden value must not be told by anything: two databases that differ in it alone
// answer alike.
func TestList_AnswersDoNotDependOnHiddenValues(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.collection(`{"name": "staff", "titleField": "name", "fields": [{"name": "name", "type": "text"}, {"name": "salary", "type": "integer", "hidden": true},
			{"name": "badge", "type": "text", "unique": true, "hidden": true}]}`)
		for i := range 6 {
			f.addToAs(models.SystemAccess(), "staff", fmt.Sprintf(`{"name": "n%d", "salary": %d, "badge": "b%d"}`, i, i*100, i))
		}
		clerk := person(ana, models.Grant{Collection: "staff", Action: models.View, Scope: models.ScopeAll},
			models.Grant{Collection: "staff", Action: models.Create, Scope: models.ScopeAll, Fields: []string{"name", "badge"}})
		for _, q := range []records.Query{
			{Filter: parse(f, `{"salary": {"$gt": 200}}`)}, {Filter: parse(f, `{"$not": {"salary": 100}}`)}, {Sort: []string{"salary"}},
		} {
			q.Access, q.Collection = clerk, "staff"
			_, err := f.listErr(q)
			requireCode(f, err, "FIELD_NOT_ALLOWED")
		}
		for _, r := range f.list(records.Query{Access: clerk, Collection: "staff", Fields: []string{"name", "salary"}}).Records {
			require.NotContains(f, r, "salary")
		}
		_, err := f.write(records.Operation{Access: clerk, Collection: "staff", Action: models.Create, Values: parse(f, `{"name": "x", "badge": "b1"}`)})
		requireCode(f, err, "NOT_UNIQUE")
		require.Equal(f, []string{" NOT_UNIQUE"}, codes(f, err), "a hidden field is not named")
		require.Zero(f, f.number("SELECT COUNT(*) FROM events WHERE payload LIKE '%salary%' OR payload LIKE '%badge%'"))
	})
}

func (f *fixture) addToAs(access models.Access, collection, values string) string {
	f.Helper()
	result, err := f.write(records.Operation{Access: access, Collection: collection, Action: models.Create, Values: parse(f, values)})
	require.NoError(f, err)
	return result.Changes[0].ID
}

func TestHistory_ShowsOnlyWhatMayBeReadNow(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "amount": 1}`)
		_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "b", "amount": 2.5, "day": "2026-01-02"}`)})
		require.NoError(f, err)
		q := records.Query{Access: root(), Collection: "orders"}
		entries, err := f.s.History(f.ctx, q, id, 0)
		require.NoError(f, err)
		require.Len(f, entries, 2)
		require.Equal(f, models.Update, entries[0].Action)
		require.Equal(f, int64(1), entries[0].UserID)
		require.Equal(f, "title", entries[0].Fields[0].Field)
		require.Equal(f, dec(f, "1"), entries[0].Fields[1].Before)
		require.Equal(f, dec(f, "2.5"), entries[0].Fields[1].After)
		require.EqualValues(f, "2026-01-02", entries[0].Fields[2].After)
		q.Access = person(ana, models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"amount"}})
		entries, err = f.s.History(f.ctx, q, id, 0)
		require.NoError(f, err)
		require.Len(f, entries[0].Fields, 1)
		q.Access = person(ana, models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeOwn})
		_, err = f.s.History(f.ctx, q, id, 0)
		require.True(f, models.IsKind(err, models.KindNotFound))
	})
}
