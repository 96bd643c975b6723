package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestChoices_AreFoundByTitleWithinTheRightsOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, ines, root := w.Browser(w.emil), w.Browser(w.ines), w.Browser(w.Root)
	w.submit(t, emil, "Lisbon client visit", "900")
	w.submit(t, emil, "100% cotton", "12")
	w.submit(t, ines, "Lisbon for Ines", "40")
	w.page(`{ "key": "pay", "title": "Pay", "rows": [ { "columns": [ { "width": 12, "blocks": [
		{ "id": "n1", "type": "createForm", "collection": "payments", "fields": ["note", "reimbursement"], "actions": [ { "id": "s1", "type": "submit" } ] } ] } ] } ] }`)
	w.grant("member", models.Grant{Collection: "payments", Action: models.Create, Scope: models.ScopeAll})
	found := func(by *handlerstest.Client, words string) (out []string) {
		address := "/pages/pay/forms/n1?choose=reimbursement&" + url.Values{"words": {words}}.Encode()
		for _, o := range handlerstest.All(by.With("HX-Request", "true").Get(address).Want(200).Page(), "option") {
			out = append(out, handlerstest.Text(o))
		}
		return out
	}
	require.Equal(t, []string{"Lisbon client visit", "Lisbon for Ines"}, found(root, "lisbon"))
	require.Equal(t, []string{"Lisbon client visit"}, found(emil, "LISBON"), "a search finds nothing that rights hide")
	require.Equal(t, []string{"100% cotton"}, found(emil, "0% c"))
	require.Empty(t, found(emil, "%_%"))
	require.Len(t, found(emil, ""), 2)
	htmx := emil.With("HX-Request", "true")
	htmx.Get("/pages/pay/forms/n1?choose=note&words=x").Want(404)
	htmx.Get("/pages/pay/forms/n1?choose=secret&words=x").Want(404)
	htmx.Get("/pages/payments/forms/n1?choose=reimbursement&words=x").Want(404)
	form := emil.Get("/pages/pay/forms/n1?choose=reimbursement&words=x").Want(200).Page()
	box := handlerstest.First(form, "fr-combobox")
	require.Equal(t, "/pages/pay/forms/n1?choose=reimbursement", handlerstest.Attr(box, "data-search"))
	require.NotNil(t, handlerstest.First(box, "select", "name", "reimbursement"), "without scripts it is a select")
}
