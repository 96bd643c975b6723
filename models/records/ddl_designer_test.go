package records_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

func TestPreview_IsAcceptedByItsChangeUntilSomethingMoves(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.s.OnUsage(func(_ context.Context, collection, name string) ([]models.Usage, error) {
			return []models.Usage{{Kind: "page", Key: "p", Title: "Orders", Place: collection + "." + name}}, nil
		})
		seen, err := f.s.Preview(f.ctx, f.call("amount"), records.DropFieldAction)
		require.NoError(f, err)
		require.Equal(f, "orders.amount", seen.Usages[0].Place)
		call := f.call("amount")
		call.Confirm = seen.Confirm
		requireCode(f, f.s.RenameField(f.ctx, call, "total"), "IMPACT_CONFIRMATION_REQUIRED")
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "extra", "type": "text"}`)))
		requireCode(f, f.s.DropField(f.ctx, call), "IMPACT_CONFIRMATION_REQUIRED")
		seen, err = f.s.Preview(f.ctx, f.call("amount"), records.DropFieldAction)
		require.NoError(f, err)
		call.Confirm = seen.Confirm
		require.NoError(f, f.s.DropField(f.ctx, call))
		_, err = f.s.Preview(f.ctx, records.SchemaCall{Access: person(1), Collection: "orders"}, records.DropCollectionAction)
		requireCode(f, err, "NO_PERMISSION")
	})
}

func TestDropped_ListsWhatCanBeRestored(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		on, err := f.s.Collection(f.ctx, "orders")
		require.NoError(f, err)
		require.NoError(f, f.s.DropField(f.ctx, f.call("note")))
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "note", "type": "integer", "title": "Number of the note"}`)))
		require.NoError(f, f.s.DropField(f.ctx, f.call("note")))
		dropped, err := f.s.DroppedFields(f.ctx, root(), on)
		require.NoError(f, err)
		require.Len(f, dropped, 1)
		require.Equal(f, "Number of the note", dropped[0].Title)
		require.NoError(f, f.s.RestoreField(f.ctx, f.call("note")))
		dropped, err = f.s.DroppedFields(f.ctx, root(), on)
		require.NoError(f, err)
		require.Len(f, dropped, 1, "the older one of that name comes next")

		f.collection(`{"name": "notes", "title": "Notes of old"}`)
		call := records.SchemaCall{Access: root(), Collection: "notes"}
		require.NoError(f, f.s.DropCollection(f.ctx, call))
		gone, err := f.s.DroppedCollections(f.ctx, root())
		require.NoError(f, err)
		require.Len(f, gone, 1)
		require.Equal(f, "Notes of old", gone[0].Title)
		require.NoError(f, f.s.RestoreCollection(f.ctx, call))
		gone, err = f.s.DroppedCollections(f.ctx, root())
		require.NoError(f, err)
		require.Empty(f, gone)
		_, err = f.s.DroppedFields(f.ctx, person(1), on)
		requireCode(f, err, "NO_PERMISSION")
		_, err = f.s.DroppedCollections(f.ctx, person(1))
		requireCode(f, err, "NO_PERMISSION")
	})
}

func TestMoveField_StaysBelowTheFieldsOfTheServer(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.collection(`{"name": "notes", "fields": [ {"name": "a", "type": "text"}, {"name": "b", "type": "text"}, {"name": "c", "type": "text"} ]}`)
		order := func() (out string) {
			c, err := f.s.Collection(f.ctx, "notes")
			require.NoError(f, err)
			for _, one := range c.Fields {
				if one.Preset {
					require.Empty(f, out, "a field of the server comes first")
				} else {
					out += one.Name
				}
			}
			return out
		}
		for _, move := range []struct {
			name string
			by   int
			want string
		}{{"a", 1, "bac"}, {"c", -1, "bca"}, {"a", 5, "bca"}, {"a", -9, "abc"}, {"b", 0, "abc"}} {
			require.NoError(f, f.s.ShiftField(f.ctx, records.SchemaCall{Access: root(), Collection: "notes", Field: move.name}, move.by))
			require.Equal(f, move.want, order())
		}
		require.NoError(f, f.s.AddField(f.ctx, records.SchemaCall{Access: root(), Collection: "notes"}, fieldOf(f, `{"name": "d", "type": "text"}`)))
		require.Equal(f, "abcd", order())
		requireCode(f, f.s.ShiftField(f.ctx, records.SchemaCall{Access: root(), Collection: "notes", Field: "id"}, 1), "NO_PERMISSION")
		requireCode(f, f.s.ShiftField(f.ctx, records.SchemaCall{Access: person(1), Collection: "notes", Field: "a"}, 1), "NO_PERMISSION")
	})
}

func TestUpdateField_SaysThatTheDefaultIsWrong(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		err := f.s.UpdateField(f.ctx, f.call("amount"), fieldOf(f, `{"name": "amount", "type": "decimal", "scale": 2, "default": "many"}`))
		require.Contains(f, codes(f, err), "default INVALID_NUMBER")
	})
}
