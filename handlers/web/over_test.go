package web_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// over is a browser whose page asks for what shall stand in a dialog.
func over(c *handlerstest.Client, dialog string) *handlerstest.Client {
	return c.With("HX-Request", "true").With("HX-Target", dialog)
}

// saved is what a page is told after a change made over it.
func saved(t *testing.T, a *handlerstest.Answer) (closes bool, refresh []string) {
	t.Helper()
	var told map[string]struct {
		Close   bool
		Refresh []string
	}
	require.NoError(t, json.Unmarshal([]byte(a.Header.Get("HX-Trigger")), &told))
	require.Contains(t, told, "record:saved")
	return told["record:saved"].Close, told["record:saved"].Refresh
}

// redesign publishes the page of expenses with something changed.
func (w world) redesign(t *testing.T, change func(*models.Page)) {
	t.Helper()
	stored, err := w.DB.PageByKey(context.Background(), "expenses")
	require.NoError(t, err)
	p, problems := models.ReadPage(stored.Definition())
	require.Empty(t, problems)
	change(p)
	w.Write(func(ctx context.Context, tx *models.Tx) error {
		return models.SavePage(ctx, tx, models.SystemAccess(), p)
	})
}

func TestOver_OpensWhereTheDesignerWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "One", "12")
	root := w.Browser(w.Root)
	page := root.Get("/pages/expenses").Want(200).Page()
	require.NotNil(t, handlerstest.First(page, "dialog", "id", "drawer"))
	for href, target := range map[string]string{"/pages/expenses/forms/f1": "#drawer", "/pages/expenses/forms/e1/1": "#drawer", "/pages/expenses/records/d1/1": "#drawer"} {
		link := handlerstest.First(page, "a", "href", href)
		require.NotNil(t, link, href)
		require.Equal(t, target, handlerstest.Attr(link, "hx-target"), href)
		require.Equal(t, href, handlerstest.Attr(link, "hx-get"))
	}
	w.redesign(t, func(p *models.Page) {
		b, _ := p.Block("b1")
		b.Actions[0].Open, b.Actions[1].Open = "dialog", "page"
	})
	page = root.Get("/pages/expenses").Want(200).Page()
	require.Equal(t, "#popup", handlerstest.Attr(handlerstest.First(page, "a", "href", "/pages/expenses/forms/f1"), "hx-target"))
	require.Empty(t, handlerstest.Attr(handlerstest.First(page, "a", "href", "/pages/expenses/records/d1/1"), "hx-get"))
}

func TestOver_ShowsWhatStandsInTheDialogAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	w.submit(t, emil, "One", "12")
	for _, address := range []string{"/pages/expenses/forms/f1", "/pages/expenses/records/d1/1", "/pages/expenses/submitted/c1/1"} {
		part := over(emil, "drawer").Get(address).Want(200).Page()
		require.Nil(t, handlerstest.First(part, "main"), address)
		require.NotNil(t, handlerstest.First(part, "h2", "id", "drawer-title"), address)
		require.NotNil(t, handlerstest.First(over(emil, "popup").Get(address).Page(), "h2", "id", "popup-title"), address)
		whole := emil.Get(address).Want(200).Page()
		require.NotNil(t, handlerstest.First(whole, "main"), "without scripts it is a page: %s", address)
		require.NotNil(t, handlerstest.First(over(emil, "elsewhere").Get("/pages/expenses/records/d1/1").Page(), "main"))
	}
	over(emil, "drawer").Get("/pages/expenses/records/d1/9").Want(404)
	over(w.Browser(w.ines), "drawer").Get("/pages/expenses/records/d1/1").Want(404)
}

func TestOver_AFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := over(w.Browser(w.emil), "form-f1")
	form := expense("k1", "Lisbon", "none")
	form.Set("_over", "drawer")
	refused := emil.Submit("/pages/expenses/actions/send?block=f1", form).Want(422).Page()
	require.Nil(t, handlerstest.First(refused, "main"))
	require.Equal(t, "Lisbon", handlerstest.Attr(handlerstest.First(refused, "input", "name", "projectName"), "value"))
	require.Equal(t, "drawer", handlerstest.Attr(handlerstest.First(refused, "input", "name", "_over"), "value"), "it stays where it stands")
	require.NotNil(t, handlerstest.First(refused, "div", "data-error-summary", ""))
	require.Empty(t, w.all(t))
}

func TestOver_AfterSuccessThePageHearsOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := over(w.Browser(w.emil), "form-f1")
	form := func(key string) url.Values {
		f := expense(key, "Lisbon", "40")
		f.Set("_over", "drawer")
		return f
	}
	done := emil.Submit("/pages/expenses/actions/send?block=f1", form("k1")).Want(200)
	closes, refresh := saved(t, done)
	require.True(t, closes)
	require.Equal(t, []string{"block-b1"}, refresh)
	require.Equal(t, "none", done.Header.Get("HX-Reswap"))
	require.Contains(t, handlerstest.Text(done.Page()), "Thank you, Lisbon over €40.00 is on its way.")
	table := w.Browser(w.emil).With("HX-Request", "true").Get("/pages/expenses?block=b1").Want(200).Page()
	require.Contains(t, handlerstest.Text(table), "Lisbon")

	stays := emil.Submit("/pages/expenses/actions/check?block=c1", form("k2")).Want(204)
	closes, _ = saved(t, stays)
	require.False(t, closes)
	require.JSONEq(t, `{"path": "/pages/expenses/submitted/c1/2", "target": "#drawer", "swap": "innerHTML"}`, stays.Header.Get("HX-Location"))

	after := func(a models.AfterSuccess) {
		w.redesign(t, func(p *models.Page) {
			b, _ := p.Block("f1")
			b.Actions[0].After = a
		})
	}
	after(models.AfterSuccess{Redirect: "/tasks"})
	require.Equal(t, "/tasks", emil.Submit("/pages/expenses/actions/send?block=f1", form("k3")).Want(204).Header.Get("HX-Redirect"))
	after(models.AfterSuccess{Next: "record", Refresh: []string{"b1"}})
	opens := emil.Submit("/pages/expenses/actions/send?block=f1", form("k4")).Want(204)
	require.Contains(t, opens.Header.Get("HX-Location"), "/pages/expenses/records/d1/4")
	after(models.AfterSuccess{Next: "clear"})
	again := emil.Submit("/pages/expenses/actions/send?block=f1", form("k5")).Want(204)
	require.Contains(t, again.Header.Get("HX-Location"), "/pages/expenses/forms/f1")
}

func TestOver_DeletingClosesWhatShowedTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "One", "12")
	address := "/pages/expenses/actions/del?block=b1&record=1"
	root := over(w.Browser(w.Root), "delete-form")
	asked := over(root, "drawer").Get("/pages/expenses/records/d1/1?confirm=delete").Want(200).Page()
	require.Contains(t, handlerstest.Text(asked), "Delete “One”?")
	closes, refresh := saved(t, root.Submit(address, fill(t, asked, address)).Want(200))
	require.True(t, closes)
	require.Equal(t, []string{"block-b1"}, refresh)
	require.Empty(t, w.all(t))
}

func TestOver_AButtonOfARowLeavesThePageWhereItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "One", "12")
	address := "/pages/expenses/actions/approve?block=b1&record=1"
	require.Nil(t, handlerstest.First(w.Browser(w.emil).Get("/pages/expenses").Page(), "form", "action", address), "he may not set the status")
	root := w.Browser(w.Root)
	page := root.Get("/pages/expenses").Want(200).Page()
	form := fill(t, page, address)
	closes, refresh := saved(t, over(root, "update-approve-1").Submit(address, form).Want(200))
	require.True(t, closes)
	require.Equal(t, []string{"block-b1"}, refresh)
	require.Equal(t, "approved", w.all(t)[0]["status"])
	form = fill(t, root.Get("/pages/expenses").Page(), address)
	require.Equal(t, "/pages/expenses", root.Submit(address, form).Want(303).Header.Get("Location"), "without scripts as well")
	stale := url.Values{"_version": {"1"}, "_over": {"row"}}
	root.Submit(address, stale).Want(409)
	told := over(root, "update-approve-1").Submit(address, stale).Want(409)
	require.Equal(t, "none", told.Header.Get("HX-Reswap"), "the table stays as it is")
	require.Contains(t, handlerstest.Text(told.Page()), "changed")
}
