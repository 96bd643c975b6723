package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestNewCollection_IsForAdministratorsUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	make := func(title, access string) {
		form := url.Values{"title": {title}, "name": {title}, "firstField": {"Title"}, "idType": {"integer"}, "access": {access}}
		root.Submit("/collections", form).Want(303)
	}
	make("closed", "admins")
	make("open", "everyone")
	emil, ines := w.As(w.emil), w.As(w.ines)
	emil.Get("/api/closed:list").Want(403)
	emil.Post("/api/closed:create", `{"title":"x"}`).Want(403)
	emil.Get("/api/open:list").Want(200)
	id := emil.Post("/api/open:create", `{"title":"x"}`).Want(200).Data()["id"]
	require.NotNil(t, id)
	emil.Post("/api/open:update/1", `{"title":"y"}`).Want(200)
	ines.Post("/api/open:update/1", `{"title":"z"}`).WantCode(403, "OUT_OF_SCOPE")
	root.Submit("/collections", url.Values{"title": {"odd"}, "name": {"odd"}, "idType": {"integer"}, "access": {"nobody"}}).Want(422)

	w.Role("modeller", []string{"collection.design"})
	modeller := w.Browser(w.Person("mona", "modeller"))
	require.Nil(t, handlerstest.First(modeller.Get("/new-collection").Want(200).Page(), "select", "name", "access"), "who gives no rights is not asked")
	modeller.Submit("/collections", url.Values{"title": {"sneaky"}, "name": {"sneaky"}, "idType": {"integer"}, "access": {"everyone"}}).Want(303)
	emil.Get("/api/sneaky:list").Want(403)
}

func TestDesign_WarnsOfBlocksThatNobodyMayUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, emil := w.Browser(w.Root), w.Browser(w.emil)
	w.Collection(`{ "name": "trips", "title": "Trip", "fields": [ { "name": "to", "type": "text", "title": "To" } ] }`)
	w.page(`{ "key": "trips", "title": "Trips", "audience": ["member"], "rows": [ { "columns": [ { "width": 12, "blocks": [
		{ "id": "f9", "type": "createForm", "collection": "trips", "fields": ["to"], "actions": [ { "id": "go", "type": "submit" } ] } ] } ] } ] }`)
	require.Contains(t, mainText(t, emil.Get("/pages/trips").Want(200).Page()), "You may not see or add the records of this page.")
	design := root.Get("/pages/trips/design").Want(200).Page()
	require.Contains(t, handlerstest.Text(design), "Those who see this page may not add records of “Trip”, so its form stays away from them.")
	require.NotNil(t, handlerstest.First(design, "a", "href", "/collections/trips/settings#access"))
	dana := w.Browser(w.Person("dana", "designer"))
	require.Nil(t, handlerstest.First(dana.Get("/pages/trips/design").Want(200).Page(), "a", "href", "/collections/trips/settings#access"), "who gives no rights is not led there")

	settings := mainText(t, root.Get("/collections/trips/settings").Want(200).Page())
	require.Contains(t, settings, "People with one of these roles: Administrator, Owner.")
	dana.Submit("/collections/trips/open", url.Values{}).Want(403)
	require.NotContains(t, mainText(t, dana.Get("/collections/trips/settings").Page()), "Let everybody use them")
	root.Submit("/collections/trips/open", url.Values{}).Want(303)
	settings = mainText(t, root.Get("/collections/trips/settings").Page())
	require.Contains(t, settings, "Everybody who is signed in")
	require.NotContains(t, settings, "Let everybody use them")
	require.NotContains(t, handlerstest.Text(root.Get("/pages/trips/design").Page()), "may not add records")
	require.NotNil(t, handlerstest.First(emil.Get("/pages/trips").Page(), "input", "name", "to"))
	w.page(`{ "key": "bare", "title": "Bare", "audience": ["member"], "rows": [] }`)
	require.Contains(t, mainText(t, emil.Get("/pages/bare").Want(200).Page()), "Nothing is on this page yet")
}
