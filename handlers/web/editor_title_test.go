package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestEditor_RenamesTheWorkflowInItsHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	name := fmt.Sprintf("Expenses %d", rand.IntN(1e6))
	t.Log(name)
	page := root.Get(editorAddress + "?step=big").Want(200).Page()
	form := handlerstest.First(page, "form", "id", "workflow-title")
	require.NotNil(t, form)
	action := handlerstest.Attr(form, "action")
	sent := fill(t, page, action)
	require.Equal(t, "big", sent.Get("step"))
	sent.Set("title", "  "+name+" ")
	require.Equal(t, editorAddress+"?step=big", root.Submit(action, sent).Want(303).Header.Get("Location"))
	require.Equal(t, name, handlerstest.Text(handlerstest.First(root.Get(editorAddress).Page(), "h1")))

	refused := root.Submit(action, url.Values{"title": {" "}}).Want(422).Page()
	require.NotNil(t, handlerstest.First(refused, "div", "role", "alert"))
	require.Equal(t, name, handlerstest.Text(handlerstest.First(root.Get(editorAddress).Page(), "h1")))

	w.Role("looker", []string{"workflow.view"})
	looker := w.Browser(w.Person("lena", "looker"))
	require.Nil(t, handlerstest.First(looker.Get(editorAddress).Want(200).Page(), "form", "id", "workflow-title"))
	looker.Submit(action, url.Values{"title": {"Mine"}}).Want(403)
	require.Nil(t, handlerstest.First(root.Get(editorAddress+"/versions/1").Want(200).Page(), "form", "id", "workflow-title"))
}
