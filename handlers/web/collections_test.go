package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// field finds a field of a collection; nil when there is none.
func (w world) field(t testing.TB, collection, name string) *models.CollectionField {
	t.Helper()
	on, err := w.Records.Collection(context.Background(), collection)
	require.NoError(t, err)
	f, ok := on.Field(name)
	if !ok {
		return nil
	}
	return f
}

// value is what an input of a page holds.
func value(t testing.TB, page *handlerstest.Answer, name string) string {
	t.Helper()
	in := handlerstest.First(page.Page(), "input", "name", name)
	require.NotNil(t, in, "no input %s: %s", name, page.Body)
	return handlerstest.Attr(in, "value")
}

func newCollection(title string) url.Values {
	return url.Values{"title": {title}, "name": {""}, "firstField": {"Title"}, "idType": {"integer"}, "softDelete": {"true"}, "history": {"true"}}
}

func TestCollections_AreCreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	require.Equal(t, "/collections/travelRequest", root.Submit("/collections", newCollection("Travel request")).Want(303).Header.Get("Location"))
	made, err := w.Records.Collection(context.Background(), "travelRequest")
	require.NoError(t, err)
	require.Equal(t, "title", made.TitleField)
	require.True(t, made.SoftDelete && made.History)
	require.Contains(t, toasts(root.Get("/collections/travelRequest").Page()), "“Travel request” is created")
	bare := newCollection("Travel request")
	bare.Set("idType", "uuid")
	bare.Del("softDelete")
	bare.Del("history")
	bare.Set("firstField", " ")
	require.Equal(t, "/collections/travelRequest2", root.Submit("/collections", bare).Want(303).Header.Get("Location"))
	made, err = w.Records.Collection(context.Background(), "travelRequest2")
	require.NoError(t, err)
	require.Equal(t, models.UUIDID, made.IDType)
	require.False(t, made.SoftDelete || made.History)
	require.Equal(t, "id", made.TitleField)
	list := mainText(t, root.Get("/collections?search=TRAVEL").Want(200).Page())
	require.Contains(t, list, "travelRequest2")
	require.NotContains(t, list, "reimbursements")
}

func TestCollections_KeepWhatWasTypedAfterAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	for _, bad := range []struct{ set, to, says string }{
		{"title", " ", "Fill in “Title”."},
		{"title", strings.Repeat("x", 81), "at most 80 characters"},
		{"name", "Users", "starts with a small letter"},
		{"name", "users", "used by the product"},
		{"name", "payments", "already a collection payments"},
		{"idType", "guid", "must be one of these: “1, 2, 3 …”, "},
	} {
		form := newCollection("Travel request")
		form.Set("description", "Before they are booked")
		form.Set(bad.set, bad.to)
		answer := root.Submit("/collections", form).Want(422)
		complete(t, bad.set+" "+bad.to, answer)
		require.Contains(t, mainText(t, answer.Page()), bad.says)
		require.Contains(t, mainText(t, answer.Page()), "Before they are booked")
		require.NotEmpty(t, handlerstest.All(answer.Page(), "", "aria-invalid", "true"), bad.set)
	}
	require.NotContains(t, mainText(t, root.Get("/collections").Page()), "Travel request")
}

func TestKeys_FollowTheTitleUntilSomebodyTypesOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root).With("HX-Request", "true")
	for at, want := range map[string]string{
		"/new-collection?title=Line+item&name=&_suggested=":                                       "lineItem",
		"/new-collection?title=Payments&name=&_suggested=":                                        "payments2",
		"/new-collection?title=Line+item&name=lineIt&_suggested=lineIt":                           "lineItem",
		"/new-collection?title=Line+item&name=mine&_suggested=lineIt":                             "mine",
		"/new-collection?title=&name=line&_suggested=line":                                        "",
		"/collections/reimbursements/new-field/text?title=Amount&name=&_suggested=":               "amount2",
		"/collections/reimbursements/new-field/text?title=Cost+centre&name=costCent&_suggested=x": "costCent",
	} {
		answer := root.Get(at).Want(200)
		require.Equal(t, want, value(t, answer, "name"), at)
		require.Nil(t, handlerstest.First(answer.Page(), "h1"), at)
	}
}

func TestKeys_OfAFormThatIsSentBeforeItsSuggestionArrives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	form := newCollection("Business trip")
	form.Set("name", "busin")
	form.Set("_suggested", "busin")
	require.Equal(t, "/collections/businessTrip", root.Submit("/collections", form).Want(303).Header.Get("Location"))
	root.Submit("/collections/businessTrip/new-field/text", url.Values{"title": {"Cost centre"}, "name": {"cost"}, "_suggested": {"cost"}}).Want(303)
	require.NotNil(t, w.field(t, "businessTrip", "costCentre"))
}

func TestCollections_SettingsAreSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	form := url.Values{"title": {"Expense"}, "titlePlural": {"Expenses"}, "description": {""}, "titleField": {"id"}, "trashDays": {"7"}, "icon": {"plane"}}
	root.Submit("/collections/reimbursements/settings", form).Want(303)
	on, err := w.Records.Collection(context.Background(), "reimbursements")
	require.NoError(t, err)
	require.Equal(t, []any{"Expense", "Expenses", "", "id", 7, "plane", false},
		[]any{on.Title, on.TitlePlural, on.Description, on.TitleField, on.TrashDays, on.Icon, on.History})
	for name, bad := range map[string]string{"title": "", "trashDays": "many", "titleField": "amount", "icon": "nothing"} {
		wrong := url.Values{"title": {"Costs"}, "titleField": {"id"}, "trashDays": {"7"}, "icon": {"plane"}}
		wrong.Set(name, bad)
		answer := root.Submit("/collections/reimbursements/settings", wrong).Want(422)
		complete(t, name, answer)
		require.Contains(t, mainText(t, answer.Page()), "needs your attention", name)
	}
	on, err = w.Records.Collection(context.Background(), "reimbursements")
	require.NoError(t, err)
	require.Equal(t, "Expense", on.Title)
}

func TestCollections_AreDeletedAndRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	linked := root.Get("/collections/reimbursements/delete").Want(200).Page()
	require.Contains(t, handlerstest.Text(linked), "“Reimbursement” of Payment links to this collection")
	require.Nil(t, handlerstest.First(linked, "form", "action", "/collections/reimbursements/delete"))
	root.Submit("/collections/reimbursements/delete", url.Values{"key": {"reimbursements"}}).Want(409)

	ask := root.Get("/collections/payments/delete").Want(200).Page()
	text := handlerstest.Text(handlerstest.First(ask, "dialog", "id", "question"))
	require.Contains(t, text, "reimb_approval Create the payment Live")
	require.Contains(t, text, "Its records (0) are kept aside")
	require.Contains(t, text, "Payments page")
	require.Contains(t, text, "role: view")
	form := fill(t, ask, "/collections/payments/delete")
	form.Set("key", "payment")
	require.Contains(t, handlerstest.Text(root.Submit("/collections/payments/delete", form).Want(422).Page()), "Type payments exactly")
	form.Set("key", "payments")
	require.Equal(t, "/collections", root.Submit("/collections/payments/delete", form).Want(303).Header.Get("Location"))
	list := root.Get("/collections").Want(200)
	complete(t, "list with trash", list)
	require.Contains(t, mainText(t, list.Page()), "Deleted collections")
	root.Get("/collections/payments").Want(404)
	require.Equal(t, "/collections/payments", root.Submit("/collections/payments/restore", nil).Want(303).Header.Get("Location"))
	refused := root.Submit("/collections/payments/restore", nil).Want(400)
	complete(t, "restored twice", refused)
	require.Contains(t, mainText(t, refused.Page()), "already a collection payments")
	root.Submit("/collections/nothing/restore", nil).Want(404)
}

func TestQuestions_AskAgainWhenTheUsesChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, other := w.Browser(w.Root), w.Browser(w.Person("olga", "admin"))
	address := "/collections/reimbursements/fields/amount/rename"
	form := fill(t, one.Get(address).Want(200).Page(), address)
	form.Set("key", "total")
	moved := fill(t, other.Get("/collections/reimbursements/fields/status/rename").Want(200).Page(), "/collections/reimbursements/fields/status/rename")
	moved.Set("key", "state")
	other.Submit("/collections/reimbursements/fields/status/rename", moved).Want(303)
	again := one.Submit(address, form).Want(409)
	complete(t, "asked again", again)
	require.Contains(t, handlerstest.Text(again.Page()), "has changed meanwhile")
	form = fill(t, again.Page(), address)
	require.Equal(t, "total", form.Get("key"), "what was typed is kept")
	require.Equal(t, "/collections/reimbursements/fields/total", one.Submit(address, form).Want(303).Header.Get("Location"))
}

func TestCollections_AreRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	address := "/collections/reimbursements/rename"
	form := fill(t, root.Get(address).Want(200).Page(), address)
	for bad, says := range map[string]string{"": "1 to 48 letters", "payments": "already a collection payments", "My expenses": "1 to 48 letters"} {
		form.Set("key", bad)
		answer := root.Submit(address, form).Want(422)
		complete(t, bad, answer)
		require.Contains(t, handlerstest.Text(answer.Page()), says)
	}
	form.Set("key", "expenses")
	require.Equal(t, "/collections/expenses/settings", root.Submit(address, form).Want(303).Header.Get("Location"))
	require.Contains(t, mainText(t, root.Get("/collections/reimbursements").Want(200).Page()), "projectName", "the former key leads to it")
	require.Empty(t, w.all(t), "records are found by the former name")
}

func TestCollections_HideWhatSomebodyMayNotSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Train to Malmö", "112")
	w.Role("modeller", []string{"collection.design"})
	dora := w.Browser(w.Person("dora", "modeller"))
	page := dora.Get("/collections").Want(200).Page()
	require.NotNil(t, handlerstest.First(page, "a", "href", "/collections", "aria-current", "page"))
	row := handlerstest.Text(handlerstest.First(page, "tr", "id", "collection-payments"))
	require.NotContains(t, row, "0", "she may not see how many payments there are")
	uses := handlerstest.Text(handlerstest.First(dora.Get("/collections/payments/delete").Want(200).Page(), "dialog", "id", "question"))
	require.Contains(t, uses, "A workflow that you may not see")
	require.NotContains(t, uses, "reimb_approval")
	require.Contains(t, uses, "A page that you may not see")
	emil := w.Browser(w.emil)
	require.Nil(t, handlerstest.First(emil.Get("/").Page(), "a", "href", "/collections"))
	emil.Submit("/collections", newCollection("Mine")).Want(403)
	emil.Submit("/collections/payments/delete", url.Values{"key": {"payments"}}).Want(403)
}
