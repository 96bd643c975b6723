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
