package records_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

func TestSchema_APreviewChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.s.OnUsage(func(_ context.Context, _, name string) ([]models.Usage, error) {
			if name == "amount" {
				return []models.Usage{{Kind: "workflow", Key: "w"}}, nil
			}
			return nil, nil
		})
		f.add(`{"title": "a", "status": "done"}`)
		ask := func(field string) (records.SchemaCall, *records.Impact) {
			call := f.call(field)
			call.Preview = &records.Impact{}
			return call, call.Preview
		}
		call, impact := ask("amount")
		require.NoError(f, f.s.DropField(f.ctx, call))
		require.Len(f, impact.Usages, 1)
		call, none := ask("note")
		require.NoError(f, f.s.DropField(f.ctx, call))
		require.Equal(f, records.Impact{}, *none)
		call, rows := ask("status")
		require.NoError(f, f.s.UpdateField(f.ctx, call, fieldOf(f, `{"name": "status", "type": "select", "options": ["open"]}`)))
		require.Len(f, rows.Usages, 1)
		call, _ = ask("amount")
		call.Access = person(ana)
		requireCode(f, f.s.DropField(f.ctx, call), "NO_PERMISSION")

		c, err := f.s.Collection(f.ctx, "orders")
		require.NoError(f, err)
		for _, name := range []string{"amount", "note", "status"} {
			_, there := c.Field(name)
			require.True(f, there, name)
		}
		confirmed := f.call("amount")
		confirmed.Confirm = impact.Confirm
		require.NoError(f, f.s.DropField(f.ctx, confirmed), "what was previewed is confirmed")
	})
}

func TestSchema_AClonedCollectionStandsAlone(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "parent", "type": "manyToOne", "target": "orders"}`)))
		f.add(`{"title": "a"}`)
		source, err := f.s.Collection(f.ctx, "orders")
		require.NoError(f, err)
		made, err := f.s.CloneCollection(f.ctx, f.call(), "purchases", "Purchase")
		require.NoError(f, err)
		require.Equal(f, "Purchase", made.Title)
		require.Equal(f, source.TitleField, made.TitleField)
		require.Len(f, made.Fields, len(source.Fields))
		for i, field := range source.Fields {
			want := field.Definition()
			if field.Name == "parent" {
				want["target"] = "purchases"
			}
			require.Equal(f, want, made.Fields[i].Definition())
		}
		require.Zero(f, f.number("SELECT COUNT(*) FROM c_purchases"))
		_, err = f.write(records.Operation{Collection: "purchases", Action: models.Create, Values: parse(f, `{"title": "b"}`)})
		require.NoError(f, err)
		require.Equal(f, int64(1), f.number("SELECT COUNT(*) FROM c_orders"))

		_, err = f.s.CloneCollection(f.ctx, f.call(), "orders", "Again")
		require.Equal(f, []string{"name NOT_UNIQUE"}, codes(f, err))
		_, err = f.s.CloneCollection(f.ctx, records.SchemaCall{Access: root(), Collection: "users"}, "people", "People")
		requireCode(f, err, "NO_PERMISSION")
		_, err = f.s.CloneCollection(f.ctx, records.SchemaCall{Access: person(ana), Collection: "orders"}, "mine", "Mine")
		requireCode(f, err, "NO_PERMISSION")
	})
}

func TestSchema_FieldsAreMoved(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		own := func() (names []string) {
			c, err := f.s.Collection(f.ctx, "orders")
			require.NoError(f, err)
			for _, field := range c.Fields {
				if !field.Preset {
					names = append(names, field.Name)
				}
			}
			return names
		}
		first := own()
		last := first[len(first)-1]
		require.NoError(f, f.s.MoveField(f.ctx, f.call(last), ""))
		require.Equal(f, append([]string{last}, first[:len(first)-1]...), own())
		require.NoError(f, f.s.MoveField(f.ctx, f.call(last), first[0]))
		require.Equal(f, []string{first[0], last, first[1]}, own()[:3])
		require.NoError(f, f.s.MoveField(f.ctx, f.call(last), first[len(first)-2]))
		require.Equal(f, first, own())
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "fresh", "type": "text"}`)))
		require.Equal(f, append(first, "fresh"), own())
		for _, behind := range []string{"nothing", "fresh"} {
			requireCode(f, f.s.MoveField(f.ctx, f.call("fresh"), behind), "BAD_PARAMETER")
		}
		requireCode(f, f.s.MoveField(f.ctx, f.call("createdAt"), ""), "NO_PERMISSION")
		call := f.call("fresh")
		call.Access = person(ana)
		requireCode(f, f.s.MoveField(f.ctx, call, ""), "NO_PERMISSION")
	})
}
