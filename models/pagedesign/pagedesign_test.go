package pagedesign_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
	"formrail/models/pagedesign"
)

// desk is a designer with workflows that may be bound to buttons about people.
type desk struct {
	*pagedesign.Service
	t  *testing.T
	db *models.DB
}

func workflows() []models.Startable {
	return []models.Startable{
		{Key: "welcome", Title: "Welcome", Type: "post_action", Collection: "users", Enabled: true},
		{Key: "check", Title: "Check", Type: "post_action", Collection: "users", Enabled: true, Sync: true},
		{Key: "asleep", Title: "Asleep", Type: "post_action", Collection: "users"},
		{Key: "always", Title: "Always", Type: "post_action", Collection: "users", Enabled: true, Global: true, Actions: []string{"update"}},
		{Key: "orders", Title: "Orders", Type: "post_action", Collection: "orders", Enabled: true},
		{Key: "hourly", Title: "Hourly", Type: "schedule", Enabled: true},
	}
}

func newDesk(t *testing.T, db *models.DB) desk {
	t.Helper()
	require.NoError(t, db.EnsureSeed(t.Context()))
	return desk{pagedesign.New(db, func(context.Context) ([]models.Startable, error) { return workflows(), nil }), t, db}
}

// page makes a page with an edit form that has a Save button.
func (d desk) page() {
	d.t.Helper()
	_, err := d.Create(d.t.Context(), models.SystemAccess(), &models.Page{Title: "Staff"})
	require.NoError(d.t, err)
	d.do(
		pagedesign.Command{Name: "add_block", Args: object(d.t, `{"id": "f1", "block": {"type": "editForm", "collection": "users"}}`)},
		pagedesign.Command{Name: "add_action", Args: object(d.t, `{"id": "s1", "block": "f1", "action": {"type": "save"}}`)},
	)
}

func object(t *testing.T, source string) map[string]any {
	t.Helper()
	v, err := field.ParseJSON([]byte(source))
	require.NoError(t, err)
	m, ok := v.(map[string]any)
	require.True(t, ok)
	return m
}

func (d desk) try(commands ...pagedesign.Command) (pagedesign.State, error) {
	return d.Commands(d.t.Context(), models.SystemAccess(), "staff", pagedesign.Batch{Commands: commands})
}

func (d desk) do(commands ...pagedesign.Command) pagedesign.State {
	d.t.Helper()
	s, err := d.try(commands...)
	require.NoError(d.t, err)
	return s
}

// run does one command with arguments as JSON.
func (d desk) run(name, args string) pagedesign.State {
	d.t.Helper()
	return d.do(pagedesign.Command{Name: name, Args: object(d.t, args)})
}

func (d desk) publish() pagedesign.State {
	d.t.Helper()
	s, err := d.Publish(d.t.Context(), models.SystemAccess(), "staff", 0)
	require.NoError(d.t, err)
	return s
}

// live lists what everybody sees of the page, in words.
func (d desk) live() []string {
	d.t.Helper()
	p, err := d.db.PageByKey(d.t.Context(), "staff")
	if models.IsKind(err, models.KindNotFound) {
		return nil
	}
	require.NoError(d.t, err)
	return ids(p)
}

func ids(p *models.Page) []string {
	out := []string{p.Title}
	for _, b := range p.Blocks() {
		out = append(out, b.ID)
	}
	return out
}

func TestPage_ChangesForOthersWhenItIsPublished(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDesk(t, db)
		d.page()
		require.Nil(t, d.live(), "a page that was never published is for its designers only")
		require.False(t, d.publish().Dirty)
		require.Equal(t, []string{"Staff", "f1"}, d.live())

		d.run("add_block", `{"id": "t1", "block": {"type": "table", "collection": "users", "fields": ["nickname"]}}`)
		s := d.run("set_page", `{"values": {"title": "People", "audience": ["designer"]}}`)
		require.True(t, s.Dirty)
		require.Equal(t, []string{"People", "f1", "t1"}, ids(s.Page))
		require.Equal(t, []string{"Staff", "f1"}, d.live())
		s = d.publish()
		require.False(t, s.Dirty)
		require.Empty(t, s.Undo, "what was published cannot be undone")
		require.Equal(t, int64(2), s.Published)
		require.Equal(t, []string{"People", "f1", "t1"}, d.live())
	})
}

func TestDraft_CanBeUndoneAndRedone(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDesk(t, db)
		d.page()
		d.publish()
		d.run("set_page", `{"values": {"title": "One"}}`)
		d.run("set_page", `{"values": {"title": "Two"}}`)
		again := newDesk(t, db) // another process
		undone, err := again.Undo(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		require.Equal(t, "One", undone.Page.Title)
		require.NotEmpty(t, undone.Redo)
		undone, err = again.Undo(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		require.Equal(t, "Staff", undone.Page.Title)
		require.False(t, undone.Dirty)
		_, err = again.Undo(t.Context(), models.SystemAccess(), "staff")
		require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), err)
		for _, want := range []string{"One", "Two"} {
			redone, err := again.Redo(t.Context(), models.SystemAccess(), "staff")
			require.NoError(t, err)
			require.Equal(t, want, redone.Page.Title)
		}
		discarded, err := d.Discard(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		require.Equal(t, "Staff", discarded.Page.Title)
		undone, err = d.Undo(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		require.Equal(t, "Two", undone.Page.Title, "discarding can be undone")
		d.run("set_page", `{"values": {"title": "Three"}}`)
		_, err = d.Redo(t.Context(), models.SystemAccess(), "staff")
		require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), "a new edit forgets what was undone")
	})
}

func TestCommands_AreAllOrNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, modelstest.New(t))
	d.page()
	before, err := d.Open(t.Context(), models.SystemAccess(), "staff")
	require.NoError(t, err)
	_, err = d.try(pagedesign.Command{Name: "set_page", Args: object(t, `{"values": {"title": "New"}}`)},
		pagedesign.Command{Name: "set_block", Args: object(t, `{"block": "f1", "values": {"fields": ["salary"]}}`)})
	require.Error(t, err)
	after, err := d.Open(t.Context(), models.SystemAccess(), "staff")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestCommands_RefuseWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, modelstest.New(t))
	d.page()
	for name, c := range map[string]pagedesign.Command{
		"an unknown command":          {Name: "explode"},
		"no arguments":                {Name: "add_block"},
		"an unknown setting":          {Name: "set_block", Args: object(t, `{"block": "f1", "values": {"colour": "red"}}`)},
		"another type of block":       {Name: "set_block", Args: object(t, `{"block": "f1", "values": {"type": "table"}}`)},
		"an unknown block":            {Name: "move_block", Args: object(t, `{"block": "zz", "by": 1}`)},
		"a long way":                  {Name: "move_block", Args: object(t, `{"block": "f1", "by": 7}`)},
		"an unknown button":           {Name: "delete_action", Args: object(t, `{"action": "zz"}`)},
		"a button of another block":   {Name: "add_action", Args: object(t, `{"block": "f1", "action": {"type": "addNew"}}`)},
		"another key":                 {Name: "replace_page", Args: object(t, `{"document": {"key": "other", "title": "X"}}`)},
		"an id that is there already": {Name: "add_block", Args: object(t, `{"id": "s1", "block": {"type": "table", "collection": "users"}}`)},
		"a role that is not there":    {Name: "set_page", Args: object(t, `{"values": {"audience": ["boss"]}}`)},
		"bindings that are no list":   {Name: "set_bindings", Args: object(t, `{"action": "s1", "bindings": {}}`)},
	} {
		_, err := d.try(c)
		require.True(t, models.IsKind(err, models.KindInvalid), "%s: %v", name, err)
	}
	_, err := d.Commands(t.Context(), models.SystemAccess(), "staff", pagedesign.Batch{})
	require.True(t, models.IsKind(err, models.KindInvalid), err)
}

func TestBindings_OnlyOfWorkflowsThatFit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, modelstest.New(t))
	d.page()
	bind := func(list string) (pagedesign.State, error) {
		return d.try(pagedesign.Command{Name: "set_bindings", Args: object(t, `{"action": "s1", "bindings": `+list+`}`)})
	}
	for name, list := range map[string]string{
		"an unknown workflow":             `[{"workflow": "none"}]`,
		"a disabled one":                  `[{"workflow": "asleep"}]`,
		"a global one":                    `[{"workflow": "always"}]`,
		"one of another collection":       `[{"workflow": "orders"}]`,
		"one with another trigger":        `[{"workflow": "hourly"}]`,
		"no choice":                       `[{"workflow": ""}]`,
		"a path to no record":             `[{"workflow": "welcome", "path": "nickname"}]`,
		"a path over four links":          `[{"workflow": "welcome", "path": "manager.manager.manager.manager"}]`,
		"the same one with the same data": `[{"workflow": "welcome"}, {"workflow": "check"}, {"workflow": "welcome"}]`,
	} {
		_, err := bind(list)
		require.True(t, models.IsKind(err, models.KindInvalid), "%s: %v", name, err)
		require.Len(t, models.AsError(err).Fields, 1, name)
	}
	s, err := bind(`[{"workflow": "check", "path": "manager"}, {"workflow": "welcome"}, {"workflow": "check"}]`)
	require.NoError(t, err)
	a, _, ok := s.Page.Action("s1")
	require.True(t, ok)
	require.Equal(t, []models.Binding{{Key: "check", Path: "manager"}, {Key: "welcome"}, {Key: "check"}}, a.Started())
	require.Empty(t, s.Findings)
}

func TestBindings_ThatStopFittingAreKeptAndSaid(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	d := newDesk(t, db)
	d.page()
	d.run("set_bindings", `{"action": "s1", "bindings": [{"workflow": "welcome"}]}`)
	list := workflows()
	list[0].Enabled = false
	d.Service = pagedesign.New(db, func(context.Context) ([]models.Startable, error) { return list, nil })
	s := d.run("set_bindings", `{"action": "s1", "bindings": [{"workflow": "welcome"}, {"workflow": "check"}]}`)
	require.Len(t, s.Findings, 1)
	require.True(t, s.Findings[0].Warning)
	require.Equal(t, "s1", s.Findings[0].Action)
	require.Equal(t, int64(1), d.publish().Published)
}

func TestDeletingABlock_TakesTheButtonsThatOpenItAlong(t *testing.T) {
	t.Parallel()
	d := newDesk(t, modelstest.New(t))
	d.page()
	d.run("add_block", `{"id": "d1", "popup": true, "block": {"type": "details", "collection": "users", "fields": ["nickname"]}}`)
	d.run("add_block", `{"id": "t1", "block": {"type": "table", "collection": "users", "actions": [{"id": "v1", "type": "view", "block": "d1"}]}}`)
	d.run("set_action", `{"action": "s1", "values": {"after": {"refresh": ["t1", "d1"]}}}`)
	s := d.run("delete_block", `{"block": "d1"}`)
	_, _, ok := s.Page.Action("v1")
	require.False(t, ok)
	a, _, _ := s.Page.Action("s1")
	require.Equal(t, []string{"t1"}, a.After.Refresh)
	require.Contains(t, s.Undo, "what opens it")
}

func TestBlocks_MoveWithinAndOutOfTheirColumn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, modelstest.New(t))
	d.page()
	const table = `{"type": "table", "collection": "users"}`
	d.run("add_block", `{"id": "t1", "block": `+table+`}`)
	s := d.run("move_block", `{"block": "t1", "by": -1}`)
	require.Equal(t, []string{"Staff", "t1", "f1"}, ids(s.Page))
	s = d.run("move_block", `{"block": "t1", "by": -1}`)
	require.Equal(t, []string{"Staff", "t1", "f1"}, ids(s.Page), "the first one stays the first one")
	d.run("replace_page", `{"document": {"title": "Staff", "rows": [{"columns": [
		{"width": 6, "blocks": [{"id": "a", "type": "table", "collection": "users"}, {"id": "b", "type": "table", "collection": "users"}]},
		{"width": 6, "blocks": [{"id": "c", "type": "table", "collection": "users"}]}]}]}}`)
	require.Equal(t, []string{"Staff", "b", "a", "c"}, ids(d.run("move_block", `{"block": "a", "by": 1}`).Page))
	s = d.run("move_block", `{"block": "c", "by": -1}`)
	require.Equal(t, []string{"Staff", "c", "b", "a"}, ids(s.Page))
	require.Len(t, s.Page.Rows, 2)
	require.Equal(t, 12, s.Page.Rows[1].Columns[0].Width, "what is left alone is as wide as the page")
}

func TestTwoDesigners_DoNotUndoEachOthersWork(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDesk(t, db)
		d.page()
		seen, err := d.Open(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		from := func(name, args string) error {
			_, err := d.Commands(t.Context(), models.SystemAccess(), "staff", pagedesign.Batch{
				Base: seen.Revision, Commands: []pagedesign.Command{{Name: name, Args: object(t, args)}},
			})
			return err
		}
		require.NoError(t, from("set_block", `{"block": "f1", "values": {"title": "Mine"}}`))
		require.NoError(t, from("set_page", `{"values": {"title": "Another part"}}`))
		require.True(t, models.IsCode(from("set_block", `{"block": "f1", "values": {"title": "Too late"}}`), "DRAFT_CHANGED"))
		_, err = d.Publish(t.Context(), models.SystemAccess(), "staff", seen.Revision)
		require.True(t, models.IsCode(err, "DRAFT_CHANGED"), err)

		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				_, err := d.Commands(t.Context(), models.SystemAccess(), "staff", pagedesign.Batch{
					ID: "the-same-edit", Commands: []pagedesign.Command{{Name: "add_block", Args: map[string]any{"block": map[string]any{"type": "table", "collection": "users"}}}},
				})
				if err != nil {
					t.Errorf("a repeated edit: %v", err)
				}
			})
		}
		wait.Wait()
		after, err := d.Open(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		require.Len(t, after.Page.Blocks(), 2, "one edit with one id is made once")
	})
}

func TestPages_NeedTheRightToBeDesigned(t *testing.T) {
	t.Parallel()
	d := newDesk(t, modelstest.New(t))
	d.page()
	ctx, nobody := t.Context(), models.Access{}
	calls := map[string]func() error{
		"open":      func() error { _, err := d.Open(ctx, nobody, "staff"); return err },
		"list":      func() error { _, err := d.List(ctx, nobody); return err },
		"create":    func() error { _, err := d.Create(ctx, nobody, &models.Page{Title: "X"}); return err },
		"duplicate": func() error { _, err := d.Duplicate(ctx, nobody, "staff"); return err },
		"undo":      func() error { _, err := d.Undo(ctx, nobody, "staff"); return err },
		"discard":   func() error { _, err := d.Discard(ctx, nobody, "staff"); return err },
		"publish":   func() error { _, err := d.Publish(ctx, nobody, "staff", 0); return err },
		"remove":    func() error { return d.Remove(ctx, nobody, "staff") },
		"edit": func() error {
			_, err := d.Commands(ctx, nobody, "staff", pagedesign.Batch{Commands: []pagedesign.Command{{Name: "set_page"}}})
			return err
		},
	}
	for name, call := range calls {
		require.True(t, models.IsCode(call(), "NO_PERMISSION"), name)
	}
}

func TestPages_AreCopiedAndRemoved(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		d := newDesk(t, db)
		d.page()
		d.run("set_bindings", `{"action": "s1", "bindings": [{"workflow": "welcome"}]}`)
		copied, err := d.Duplicate(t.Context(), models.SystemAccess(), "staff")
		require.NoError(t, err)
		require.Equal(t, "copy-of-staff", copied.Page.Key)
		a, _, ok := copied.Page.Action("s1")
		require.True(t, ok)
		require.Len(t, a.Bindings, 1, "bindings are copied along")
		_, err = d.Create(t.Context(), models.SystemAccess(), &models.Page{Key: "staff", Title: "Again"})
		require.True(t, models.IsKind(err, models.KindInvalid), err)
		d.publish()
		require.NoError(t, d.Remove(t.Context(), models.SystemAccess(), "staff"))
		require.Nil(t, d.live())
		_, err = d.Create(t.Context(), models.SystemAccess(), &models.Page{Key: "staff", Title: "Again"})
		require.NoError(t, err, "the key is free again")
		require.Nil(t, d.live())
	})
}
