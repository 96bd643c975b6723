package records_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/records"
)

// revert takes back as somebody and writes it, as the API does.
func (f *fixture) revert(as models.Access, id string, r records.Reversal) (*records.Result, error) {
	back, err := f.s.Reverted(f.ctx, records.Query{Access: as, Collection: "orders"}, id, r)
	if err != nil {
		return nil, err
	}
	return f.write(records.Operation{Access: as, Action: models.Update, IDs: []string{id}, Values: back.Values, Version: back.Version})
}

func TestReverted_TakesBackOneChangeOrAllLaterOnes(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		category := f.addTo("categories", `{"title": "Travel"}`)
		id := f.add(`{"title": "Train", "amount": 12.5, "day": "2026-11-22", "due": "2026-11-23T10:00:00Z", "category": ` + category + `}`)
		first := f.get(id)
		update := func(values string) int64 {
			_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, values)})
			require.NoError(f, err)
			return f.number("SELECT MAX(id) FROM change_log")
		}
		created := f.number("SELECT MAX(id) FROM change_log")
		amount := update(`{"amount": 99.99, "day": null, "due": "2027-01-01T00:00:00Z", "category": null}`)
		title := update(`{"title": "Plane"}`)

		_, err := f.revert(root(), id, records.Reversal{Entry: amount})
		require.NoError(f, err)
		got := f.get(id)
		require.Equal(f, "Plane", got["title"], "the later change stays")
		for _, name := range []string{"amount", "day", "due", "categoryId"} {
			require.Equal(f, first[name], got[name], name)
		}
		_, err = f.revert(root(), id, records.Reversal{Entry: title, State: true})
		require.NoError(f, err)
		require.Equal(f, dec(f, "99.99"), f.get(id)["amount"], "as it was after the title had changed")
		_, err = f.revert(root(), id, records.Reversal{Entry: created, State: true})
		require.NoError(f, err)
		again := f.get(id)
		for name, v := range first {
			if name != "updatedAt" && name != models.VersionField {
				require.Equal(f, v, again[name], name)
			}
		}
		entries := f.number("SELECT COUNT(*) FROM change_log")
		_, err = f.revert(root(), id, records.Reversal{Entry: f.number("SELECT MAX(id) FROM change_log"), State: true})
		require.NoError(f, err)
		require.Equal(f, entries, f.number("SELECT COUNT(*) FROM change_log"), "nothing differs, so nothing is written")
	})
}

func TestReverted_FollowsRenamesAndRefusesWhatIsNoChange(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id, other := f.add(`{"title": "a", "amount": 1}`), f.add(`{"title": "b"}`)
		created := f.number("SELECT MIN(id) FROM change_log WHERE collection = 'orders'")
		_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"amount": 2}`)})
		require.NoError(f, err)
		entry := f.number("SELECT MAX(id) FROM change_log")
		require.NoError(f, f.s.RenameField(f.ctx, records.SchemaCall{Access: root(), Collection: "orders", Field: "amount"}, "total"))
		_, err = f.revert(root(), id, records.Reversal{Entry: entry})
		require.NoError(f, err)
		require.Equal(f, dec(f, "1"), f.get(id)["total"])

		_, err = f.revert(root(), id, records.Reversal{Entry: created})
		require.True(f, models.IsCode(err, "BAD_PARAMETER"), err)
		for _, r := range []records.Reversal{{Entry: entry}, {Entry: entry + 1000, State: true}, {}} {
			_, err = f.revert(root(), other, r)
			require.True(f, models.IsKind(err, models.KindNotFound), err)
		}
	})
}

func TestReverted_IsAnUpdateWithTheRightsOfTheCaller(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "amount": 1, "note": "secret"}`)
		_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"amount": 2, "note": "open", "title": "b"}`)})
		require.NoError(f, err)
		undo := records.Reversal{Entry: f.number("SELECT MAX(id) FROM change_log")}
		view := models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"title", "amount"}}

		_, err = f.revert(person(ana, view), id, undo)
		require.True(f, models.IsKind(err, models.KindForbidden), "without the right to change: %v", err)
		_, err = f.revert(person(ana, models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeOwn}), id, undo)
		require.True(f, models.IsKind(err, models.KindNotFound), "of a record out of sight: %v", err)
		may := models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeAll}
		_, err = f.revert(person(ana, view, may), id, undo)
		require.NoError(f, err)
		got := f.get(id)
		require.Equal(f, "a", got["title"])
		require.Equal(f, "open", got["note"], "what one may not read is not taken back")
	})
}

func TestReverted_LeavesOutAndNamesWhatCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		mine := person(ana, all(models.Create, "orders"), all(models.View, "users"))
		result, err := f.write(records.Operation{Access: mine, Action: models.Create, Values: parse(f, `{"title": "a", "amount": 1, "note": "secret", "pieces": 1}`)})
		require.NoError(f, err)
		id := result.Changes[0].ID
		_, err = f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "b", "amount": 2, "note": "open", "pieces": 2, "code": "x"}`)})
		require.NoError(f, err)
		undo := records.Reversal{Entry: f.number("SELECT MAX(id) FROM change_log")}
		view := models.Grant{Collection: "orders", Action: models.View, Scope: models.ScopeAll, Fields: []string{"title", "amount", "pieces", "code"}}
		anywhere := models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeAll, Fields: []string{"title"}}
		own := models.Grant{Collection: "orders", Action: models.Update, Scope: models.ScopeOwn, Fields: []string{"amount"}}
		back := func(as models.Access) *records.Reverted {
			found, err := f.s.Reverted(f.ctx, records.Query{Access: as, Collection: "orders"}, id, undo)
			require.NoError(f, err)
			return found
		}
		require.Equal(f, []string{"amount", "code", "pieces"}, back(person(ben, view, anywhere, own)).Ignored, "the note is not even named")
		require.Equal(f, []string{"code", "pieces"}, back(person(ana, view, anywhere, own)).Ignored, "his own record opens more")
		require.Equal(f, records.Record{"title": "a", "amount": int64(1)}, back(person(ana, view, anywhere, own)).Values)

		call := records.SchemaCall{Access: root(), Collection: "orders", Field: "code"}
		require.NoError(f, f.s.DropField(f.ctx, call))
		require.Equal(f, []string{"code"}, back(root()).Ignored, "gone")
		require.Equal(f, []string{"pieces"}, back(person(ana, view, anywhere, own)).Ignored, "whoever reads a part only does not learn of it")
		_, err = f.revert(person(ana, view, anywhere, own), id, undo)
		require.NoError(f, err)
		got := f.get(id)
		require.Equal(f, []any{"a", dec(f, "1"), "open", int64(2)}, []any{got["title"], got["amount"], got["note"], got["pieces"]})
	})
}

func TestReverted_RefusesToGoBackOverWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "note": "` + strings.Repeat("long ", 400) + `x"}`)
		long := f.get(id)["note"]
		created := f.number("SELECT MAX(id) FROM change_log")
		update := func(values string) int64 {
			_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, values)})
			require.NoError(f, err)
			return f.number("SELECT MAX(id) FROM change_log")
		}
		note := update(`{"note": "short"}`)
		_, err := f.revert(root(), id, records.Reversal{Entry: note})
		require.NoError(f, err)
		require.Equal(f, long, f.get(id)["note"], "long texts are stored whole")

		blind := update(`{"title": "b"}`)
		require.NoError(f, f.db.Write(f.ctx, "test.blind", func(tx *models.Tx) error { // as without history
			_, err := tx.Exec(f.ctx, "UPDATE change_log SET changes = '{}' WHERE id = ?", blind)
			return err
		}))
		last := update(`{"title": "c"}`)
		for _, r := range []records.Reversal{{Entry: blind}, {Entry: created, State: true}} {
			_, err = f.revert(root(), id, r)
			requireCode(f, err, "BAD_PARAMETER")
		}
		require.Equal(f, "c", f.get(id)["title"])
		_, err = f.revert(root(), id, records.Reversal{Entry: last})
		require.NoError(f, err)
		require.Equal(f, "b", f.get(id)["title"])
	})
}

func TestHistory_ValuesOfADroppedFieldAreNotThoseOfTheNextOne(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		id := f.add(`{"title": "a", "code": "before"}`)
		_, err := f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"title": "b", "code": "after"}`)})
		require.NoError(f, err)
		entry := f.number("SELECT MAX(id) FROM change_log")
		require.NoError(f, f.s.DropField(f.ctx, f.call("code")))
		f.clock.Advance(time.Second)
		require.NoError(f, f.s.AddField(f.ctx, f.call(), fieldOf(f, `{"name": "code", "type": "text"}`)))
		q := records.Query{Access: root(), Collection: "orders"}

		back, err := f.s.Reverted(f.ctx, q, id, records.Reversal{Entry: entry})
		require.NoError(f, err)
		require.Equal(f, records.Record{"title": "a"}, back.Values)
		require.Equal(f, []string{"code"}, back.Ignored)
		history, err := f.s.History(f.ctx, q, id, 0)
		require.NoError(f, err)
		require.Equal(f, []records.FieldChange{{Field: "title", Before: "a", After: "b"}}, history[0].Fields)

		_, err = f.write(records.Operation{Action: models.Update, IDs: []string{id}, Values: parse(f, `{"code": "new"}`)})
		require.NoError(f, err)
		history, err = f.s.History(f.ctx, q, id, 0)
		require.NoError(f, err)
		require.Equal(f, []records.FieldChange{{Field: "code", After: "new"}}, history[0].Fields)
	})
}
