package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
)

// classOf is the class of the canvas of a page.
func classOf(t *testing.T, page *html.Node) []string {
	t.Helper()
	at := handlerstest.First(page, "section", "data-canvas", "row")
	require.NotNil(t, at)
	return strings.Fields(handlerstest.Attr(at, "class"))
}

func TestEditor_FoldsBranchesAway(t *testing.T) {
	t.Parallel()
	_, root := rowWorld(t, 3)
	page := root.Get(rowAddress).Want(200).Page()
	require.Contains(t, keys(page), "m")
	fold := linkCalled(t, page, "Fold the branches of Loop")
	back := root.Get(fold).Want(303).Header.Get("Location")
	page = root.Get(back).Want(200).Page()
	require.Equal(t, []string{"trigger", "n0", "n1", "n2", "l"}, keys(page))
	require.Contains(t, mainText(t, page), "1 step folded")
	require.NotContains(t, mainText(t, page), "with problems")
	require.Contains(t, keys(root.Get(rowAddress+"?step=m").Want(200).Page()), "m", "the step that is open is in sight")

	root.Submit(rowAddress+"/commands", url.Values{"command": {"set_config"}, "step": {"m"}, "field": {"expression"}}).Want(422)
	root.Submit(rowAddress+"/steps/m", url.Values{"title": {"In it"}, "set.engine": {"expr"}, "set.expression": {"1 +"}}).Want(303)
	page = root.Get(rowAddress).Want(200).Page()
	require.Contains(t, mainText(t, page), "1 with problems")
	unfold := linkNamed(page, "1 step folded · 1 with problems")
	require.NotNil(t, unfold)
	root.Get(handlerstest.Attr(unfold, "href")).Want(303)
	require.Contains(t, keys(root.Get(rowAddress).Want(200).Page()), "m")
	root.Get(rowAddress + "?fold=gone").Want(303)
	require.Equal(t, []string{"trigger", "n0", "n1", "n2", "l", "m"}, keys(root.Get(rowAddress).Want(200).Page()))
}

func TestEditor_IsAListWhenTheReaderWantsOne(t *testing.T) {
	t.Parallel()
	_, root := rowWorld(t, 2)
	page := root.Get(rowAddress).Want(200).Page()
	require.NotContains(t, classOf(t, page), "is-outline")
	root.Get(handlerstest.Attr(linkNamed(page, "Outline"), "href")).Want(303)
	page = root.Get(rowAddress + "?step=n1").Want(200).Page()
	require.Contains(t, classOf(t, page), "is-outline", "it is remembered")
	require.Equal(t, []string{"trigger", "n0", "n1", "l", "m"}, keys(page))
	require.Len(t, handlerstest.All(page, "a", "class", "add"), 6, "steps can be added there too")
	root.Get(handlerstest.Attr(linkNamed(page, "Canvas"), "href")).Want(303)
	require.NotContains(t, classOf(t, root.Get(rowAddress).Want(200).Page()), "is-outline")
	root.Get(rowAddress + "?as=nonsense").Want(303)
	require.NotContains(t, classOf(t, root.Get(rowAddress).Want(200).Page()), "is-outline")
}

func TestEditor_OffersTheTypesThatWereAddedLast(t *testing.T) {
	t.Parallel()
	_, root := rowWorld(t, 2)
	heads := func() (out []string) {
		for _, n := range handlerstest.All(root.Get(rowAddress+"?add=0").Want(200).Page(), "div", "class", "menu__head") {
			out = append(out, handlerstest.Text(n))
		}
		return out
	}
	require.NotContains(t, heads(), "Recent")
	for _, typ := range []string{"output", "notification", "output"} {
		root.Submit(rowAddress+"/commands", url.Values{"command": {"add_node"}, "type": {typ}, "index": {"0"}}).Want(303)
	}
	require.Equal(t, "Recent", heads()[slices.Index(heads(), "Flow")-1])
	page := root.Get(rowAddress + "?add=0").Want(200).Page()
	var first []string
	for _, b := range handlerstest.All(page, "button", "name", "type")[:2] {
		first = append(first, handlerstest.Attr(b, "value"))
	}
	require.Equal(t, []string{"output", "notification"}, first, "the last one first, each once")
}
