package records_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

// ordersPage names fields of orders and of what they link to in every place of a page.
const ordersPage = `{"key": "orders", "title": "Orders", "rows": [{"columns": [{"width": 12, "blocks": [
  {"id": "t", "type": "table", "collection": "orders", "fields": ["title", "amount", "category.title"], "sort": ["-amount", "category.title"],
   "filter": {"$or": [{"amount": {"$gt": 5}}, {"category.title": "amount"}, {"category": {"title": {"$empty": true}}}, {"applicantId": {"$eq": "{{ user.id }}"}}]},
   "actions": [{"id": "u", "type": "updateRecord", "values": {"amount": 7, "note": "amount"}, "after": {"message": "{{ record.amount }} of {{record.title}} amount"}}]},
  {"id": "c", "type": "table", "collection": "categories", "fields": ["title"], "sort": ["title"]}]}]}]}`

func TestRename_PagesFollow(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		p, problems := models.ReadPage(parse(f, ordersPage))
		require.Empty(f, problems)
		require.NoError(f, f.db.Write(f.ctx, "test.page", func(tx *models.Tx) error {
			return models.SavePage(f.ctx, tx, models.SystemAccess(), p)
		}))
		rename := func(collection, field, name string) {
			call := records.SchemaCall{Access: root(), Collection: collection, Field: field}
			if field == "" {
				require.NoError(f, f.s.RenameCollection(f.ctx, call, name))
				return
			}
			require.NoError(f, f.s.RenameField(f.ctx, call, name))
		}
		rename("orders", "amount", "total")
		rename("orders", "applicant", "requester")
		rename("orders", "category", "kind")
		rename("categories", "title", "label")
		rename("orders", "", "purchases")

		got, err := f.db.PageByKey(f.ctx, "orders")
		require.NoError(f, err)
		require.Equal(f, int64(6), got.Revision)
		table, other := got.Blocks()[0], got.Blocks()[1]
		require.Equal(f, "purchases", table.Collection)
		require.Equal(f, []models.BlockField{{Field: "title"}, {Field: "total"}, {Field: "kind.label"}}, table.Fields)
		require.Equal(f, []string{"-total", "kind.label"}, table.Sort)
		require.Equal(f, parse(f, `{"$or": [{"total": {"$gt": 5}}, {"kind.label": "amount"}, {"kind": {"label": {"$empty": true}}},
			{"requesterId": {"$eq": "{{ user.id }}"}}]}`), table.Filter)
		require.Equal(f, parse(f, `{"total": 7, "note": "amount"}`), table.Actions[0].Values)
		require.Equal(f, "{{ record.total }} of {{record.title}} amount", table.Actions[0].After.Message)
		require.Equal(f, "categories", other.Collection)
		require.Equal(f, []models.BlockField{{Field: "label"}}, other.Fields)
		require.NoError(f, f.db.Write(f.ctx, "test.page", func(tx *models.Tx) error {
			got := *got
			return models.SavePage(f.ctx, tx, models.SystemAccess(), &got)
		}), "what was written fits the catalogue")
	})
}

func TestRename_FailsWholeWhenADefinitionCannotFollow(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.s.SetHooks(records.Hooks{Renamed: func(context.Context, *models.Tx, records.Renamed) error {
			return models.Conflict("CONFLICT", models.NotFound().Message)
		}})
		err := f.s.RenameField(f.ctx, records.SchemaCall{Access: root(), Collection: "orders", Field: "amount"}, "total")
		require.True(f, models.IsCode(err, "CONFLICT"), err)
		f.add(`{"title": "a", "amount": 5}`)
		c, err := f.s.Collection(f.ctx, "orders")
		require.NoError(f, err)
		field, ok := c.Field("amount")
		require.True(f, ok)
		require.Equal(f, "amount", field.Column)
	})
}
