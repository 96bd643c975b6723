package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
)

// tickets is a page over people, the only collection without records' package.
const tickets = `{ "key": "people", "title": "People", "icon": "users", "position": 2, "audience": ["designer"], "rows": [ { "columns": [ { "width": 6, "blocks": [
  { "id": "b1", "type": "table", "collection": "users", "fields": ["nickname", {"field": "manager.email", "title": "Boss"}], "sort": ["-nickname"],
    "filter": { "$or": [ { "status": "active" }, { "manager": 3 } ] }, "pageSize": 50,
    "actions": [ { "id": "v1", "type": "view", "open": "drawer", "block": "d1" }, { "id": "l1", "type": "link", "link": "/tasks" },
      { "id": "x1", "type": "delete", "confirm": "Sure?", "bindings": [ { "workflow": "second", "order": 2 }, { "workflow": "first", "order": 1 } ],
        "after": { "message": "Gone", "refresh": ["b1"], "next": "clear" } } ] } ] } ] } ],
  "popups": [ { "id": "d1", "type": "details", "collection": "users", "fields": ["nickname"] } ] }`

func page(t *testing.T, source string) (*models.Page, field.Problems) {
	t.Helper()
	tree, err := field.ParseJSON([]byte(source))
	require.NoError(t, err)
	return models.ReadPage(tree)
}

// bound makes the workflows that the page binds.
func bound(t *testing.T, db *models.DB) {
	t.Helper()
	seeded(t, db)
	must(t, db, func(ctx context.Context, tx *models.Tx) error {
		for key, kind := range map[string]string{"first": "post_action", "second": "post_action", "approve": "approval"} {
			if err := models.InsertWorkflow(ctx, tx, &models.Workflow{Key: key, Title: key, Type: kind, Draft: "{}"}); err != nil {
				return err
			}
		}
		return nil
	})
}

func save(t *testing.T, db *models.DB, by models.Access, p *models.Page) error {
	t.Helper()
	return change(t, db, func(ctx context.Context, tx *models.Tx) error { return models.SavePage(ctx, tx, by, p) })
}

func TestPage_IsStoredAndFoundAgain(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		bound(t, db)
		p, problems := page(t, tickets)
		require.Empty(t, problems)
		require.NoError(t, save(t, db, models.SystemAccess(), p))
		got, err := db.PageByKey(t.Context(), "people")
		require.NoError(t, err)
		require.Equal(t, p, got)
		require.Equal(t, int64(1), got.Revision)
		text, err := field.MarshalJSON(got.Definition())
		require.NoError(t, err)
		again, problems := page(t, string(text))
		require.Empty(t, problems)
		again.ID, again.Revision = got.ID, got.Revision
		require.Equal(t, got, again, "a definition reads back as it was written")

		action, block, ok := got.Action("x1")
		require.True(t, ok)
		require.Equal(t, "b1", block.ID)
		require.Equal(t, []models.Binding{{Key: "first"}, {Key: "second"}}, action.Started())
		_, ok = got.Block("d1")
		require.True(t, ok)
		_, _, ok = got.Action("nope")
		require.False(t, ok)
		require.True(t, got.VisibleTo([]string{"member", "designer"}))
		require.True(t, got.VisibleTo([]string{"root"}))
		require.False(t, got.VisibleTo([]string{"member"}))

		for _, name := range []string{"", "nickname", "manager", "status"} {
			usages, err := db.PageUsages(t.Context(), "users", name)
			require.NoError(t, err)
			require.NotEmpty(t, usages, name)
		}
		usages, err := db.PageUsages(t.Context(), "users", "locale")
		require.NoError(t, err)
		require.Empty(t, usages)
	})
}

func TestPage_ChangesNeedTheRightAndTheNewestRevision(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		bound(t, db)
		p, _ := page(t, tickets)
		requireCode(t, save(t, db, as(t, db, hire(t, db, "ana")), p), "NO_PERMISSION")
		require.NoError(t, save(t, db, as(t, db, hire(t, db, "dan", "designer")), p))
		p.Title = "Staff"
		require.NoError(t, save(t, db, models.SystemAccess(), p))
		p.Revision = 1
		requireCode(t, save(t, db, models.SystemAccess(), p), "PAGE_CHANGED")
		pages, err := db.Pages(t.Context())
		require.NoError(t, err)
		require.Len(t, pages, 1)
		require.Equal(t, "Staff", pages[0].Title)
		require.Equal(t, int64(2), pages[0].Revision)
	})
}

func TestPage_SaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	bound(t, db)
	block := func(inner string) string {
		return `{"key": "p1", "title": "P", "rows": [{"columns": [{"blocks": [` + inner + `]}]}]}`
	}
	const table = `{"id": "b1", "type": "table", "collection": "users", `
	for name, c := range map[string]struct{ source, field string }{
		"a bad key":                        {`{"key": "No way", "title": "P"}`, "key"},
		"no title":                         {`{"key": "p1", "title": " "}`, "title"},
		"an unknown role":                  {`{"key": "p1", "title": "P", "audience": ["boss"]}`, "audience"},
		"an unknown block":                 {block(`{"id": "b1", "type": "chart", "collection": "users"}`), "rows[0].columns[0].blocks[0].type"},
		"an unknown collection":            {block(`{"id": "b1", "type": "table", "collection": "orders"}`), "rows[0].columns[0].blocks[0].collection"},
		"an unknown field":                 {block(table + `"fields": ["salary"]}`), "rows[0].columns[0].blocks[0].fields[0].field"},
		"a path that leads nowhere":        {block(table + `"fields": ["nickname.email"]}`), "rows[0].columns[0].blocks[0].fields[0].field"},
		"an unknown sort key":              {block(table + `"sort": ["-salary"]}`), "rows[0].columns[0].blocks[0].sort"},
		"an id twice":                      {block(table + `"actions": [{"id": "b1", "type": "link", "link": "/x"}]}`), "rows[0].columns[0].blocks[0].actions[0].id"},
		"a field the server writes":        {block(`{"id": "b1", "type": "createForm", "collection": "users", "fields": ["id"]}`), "rows[0].columns[0].blocks[0].fields[0].field"},
		"an action of another block":       {block(table + `"actions": [{"id": "a1", "type": "submit"}]}`), "rows[0].columns[0].blocks[0].actions[0].type"},
		"a popup that is not there":        {block(table + `"actions": [{"id": "a1", "type": "addNew", "block": "f9"}]}`), "rows[0].columns[0].blocks[0].actions[0].block"},
		"a link to elsewhere":              {block(table + `"actions": [{"id": "a1", "type": "link", "link": "//evil.example"}]}`), "rows[0].columns[0].blocks[0].actions[0].link"},
		"a binding of an action with none": {block(table + `"actions": [{"id": "a1", "type": "link", "link": "/x", "bindings": [{"workflow": "first"}]}]}`), "rows[0].columns[0].blocks[0].actions[0].bindings[0].workflow"},
		"an unknown workflow":              {block(table + `"actions": [{"id": "a1", "type": "delete", "bindings": [{"workflow": "third"}]}]}`), "rows[0].columns[0].blocks[0].actions[0].bindings[0].workflow"},
		"a workflow of another kind":       {block(table + `"actions": [{"id": "a1", "type": "delete", "bindings": [{"workflow": "approve"}]}]}`), "rows[0].columns[0].blocks[0].actions[0].bindings[0].workflow"},
		"a workflow bound twice":           {block(table + `"actions": [{"id": "a1", "type": "delete", "bindings": [{"workflow": "first"}, {"workflow": "first", "order": 3}]}]}`), "rows[0].columns[0].blocks[0].actions[0].bindings[1].workflow"},
		"a path to no record":              {block(`{"id": "b1", "type": "editForm", "collection": "users", "actions": [{"id": "a1", "type": "save", "bindings": [{"workflow": "first", "path": "nickname"}]}]}`), "rows[0].columns[0].blocks[0].actions[0].bindings[0].path"},
		"a block to refresh that is gone":  {block(table + `"actions": [{"id": "a1", "type": "delete", "after": {"refresh": ["zz"]}}]}`), "rows[0].columns[0].blocks[0].actions[0].after.refresh"},
		"an unknown next step":             {block(table + `"actions": [{"id": "a1", "type": "delete", "after": {"next": "dance"}}]}`), "rows[0].columns[0].blocks[0].actions[0].after.next"},
		"two next steps":                   {block(table + `"actions": [{"id": "a1", "type": "delete", "after": {"next": "clear", "redirect": "/x"}}]}`), "rows[0].columns[0].blocks[0].actions[0].after.redirect"},
		"values of the wrong action":       {block(table + `"actions": [{"id": "a1", "type": "updateRecord"}]}`), "rows[0].columns[0].blocks[0].actions[0].values"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, problems := page(t, c.source)
			require.Empty(t, problems)
			err := save(t, db, models.SystemAccess(), p)
			require.Error(t, err)
			found := models.AsError(err).Fields
			require.Len(t, found, 1, "%v", found)
			require.Equal(t, c.field, found[0].Field)
		})
	}
}

func TestReadPage_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	_, problems := page(t, `{"key": "p1", "title": 5, "rows": [{"columns": [{"width": 13, "blocks": [{"id": "b1", "colour": "red",
		"fields": [{"name": "x"}], "actions": [{"id": "a1", "after": {"explode": true}, "values": []}]}]}], "height": 2}]}`)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	require.ElementsMatch(t, []string{
		"title", "rows[0].columns[0].width", "rows[0].columns[0].blocks[0].colour", "rows[0].columns[0].blocks[0].fields[0].name",
		"rows[0].columns[0].blocks[0].actions[0].after.explode", "rows[0].columns[0].blocks[0].actions[0].values", "rows[0].height",
	}, fields)
}
