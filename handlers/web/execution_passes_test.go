package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
)

// passNodes count in a loop inside a loop; one product is what breaks its pass.
const passNodes = `[ { "key": "outer", "type": "loop", "title": "Pages", "config": { "source": "count", "count": %d, "onItemFailure": "next" }, "branches": [ { "key": "body", "nodes": [
	{ "key": "inner", "type": "loop", "title": "Lines", "config": { "source": "count", "count": %d, "onItemFailure": "next" }, "branches": [ { "key": "body", "nodes": [
		{ "key": "sum", "type": "calculation", "title": "Sum", "config": { "engine": "expr", "expression": "0 / (loops.outer.number * 100 + loop.number - %d) + loops.outer.number * 100 + loop.number" } } ] } ] } ] } ] } ]`

// ranThrough runs a workflow whose nodes are given and tells the id of its execution.
func (w world) ranThrough(t *testing.T, nodes string) string {
	t.Helper()
	w.Workflow(handlerstest.Workflow{Key: "passes", Config: `{ "collection": "payments", "mode": "global", "actions": ["create"] }`, Nodes: nodes})
	w.API(w.Token(w.Root, "records:write:*")).Post("/api/payments:create", `{"note": "A"}`).Want(200)
	w.Idle()
	return w.execution(t)
}

// linkCalled is where a link of a page leads.
func linkCalled(t *testing.T, page *html.Node, label string) string {
	t.Helper()
	a := handlerstest.First(page, "a", "aria-label", label)
	require.NotNil(t, a, label)
	return handlerstest.Attr(a, "href")
}

// said are the words of the passes that the canvas shows, from the outside inwards.
func passesSaid(page *html.Node) (out []string) {
	for _, b := range handlerstest.All(page, "button") {
		if strings.HasPrefix(handlerstest.Attr(b, "popovertarget"), "passes-") {
			out = append(out, strings.TrimSpace(handlerstest.Text(b)))
		}
	}
	return out
}

func TestExecution_ShowsThePassThatIsChosen(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	outer, inner := r.IntN(3)+3, r.IntN(3)+3
	badOuter, badInner := r.IntN(outer-2)+2, r.IntN(inner-2)+2 // neither the first nor the last
	w := newWorld(t)
	id := w.ranThrough(t, fmt.Sprintf(passNodes, outer, inner, badOuter*100+badInner))
	root := w.Browser(w.Root)
	see := func(query url.Values) *html.Node {
		return root.Get("/executions/" + id + "?" + query.Encode()).Want(200).Page()
	}
	last := func(a, b, of, ofInner int) []string {
		return []string{fmt.Sprintf("Pass %d of %d", a, of), fmt.Sprintf("Pass %d of %d", b, ofInner)}
	}

	page := see(nil)
	require.Equal(t, last(outer, inner, outer, inner), passesSaid(page), "the last passes, when nobody chose")
	require.Contains(t, mainText(t, page), fmt.Sprintf("%d of %d passes done", outer, outer))
	require.NotContains(t, mainText(t, page), "1 failed")

	page = root.Get(linkCalled(t, page, "Previous pass of Pages")).Want(200).Page()
	require.Equal(t, last(outer-1, inner, outer, inner)[0], passesSaid(page)[0])

	page = see(url.Values{"step": {"sum"}, "path": {"outer#1"}, "loop": {"inner"}, "pass": {"2"}}) // as the form sends it
	require.Equal(t, last(1, 2, outer, inner), passesSaid(page))
	panel := handlerstest.First(page, "aside")
	require.NotNil(t, panel)
	require.Contains(t, handlerstest.Text(panel), "Pages Pass 1 of")
	require.Contains(t, handlerstest.Text(panel), "Lines Pass 2 of")
	require.Contains(t, handlerstest.Text(panel), "102", "the value of that pass")

	page = see(url.Values{"step": {"sum"}, "path": {fmt.Sprintf("outer#%d/inner#1", badOuter)}})
	require.Contains(t, mainText(t, page), "1 failed", "on the card of the inner loop")
	jump := linkNamed(page, "Next failed")
	require.NotNil(t, jump)
	page = root.Get(handlerstest.Attr(jump, "href")).Want(200).Page()
	require.Equal(t, fmt.Sprintf("Pass %d of %d · failed", badInner, inner), passesSaid(page)[1])
	require.Contains(t, handlerstest.Text(handlerstest.First(page, "aside")), "Failed")
	node := handlerstest.First(page, "div", "id", "node-sum")
	require.Contains(t, handlerstest.Attr(node, "class"), "is-fail")
	require.Nil(t, linkNamed(page, "Next failed"), "there is no other")
	node = handlerstest.First(see(url.Values{"path": {fmt.Sprintf("outer#1/inner#%d", badInner)}}), "div", "id", "node-sum")
	require.Contains(t, handlerstest.Attr(node, "class"), "is-ok", "the same pass of another page went well")

	page = see(url.Values{"step": {"sum@outer#2/inner#1"}}) // as lists name it
	require.Equal(t, last(2, 1, outer, inner), passesSaid(page))
	page = see(url.Values{"path": {"outer#999999/inner#0/x#/nonsense"}, "loop": {"inner"}, "pass": {"-4"}})
	require.Equal(t, last(outer, 1, outer, inner), passesSaid(page), "what is no pass is the nearest one")
}

// linkNamed finds a link by its words; nil when there is none.
func linkNamed(page *html.Node, label string) *html.Node {
	for _, a := range handlerstest.All(page, "a") {
		if strings.TrimSpace(handlerstest.Text(a)) == label {
			return a
		}
	}
	return nil
}

func TestExecution_SaysWhatDidNotRunInAPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ranThrough(t, `[ { "key": "l", "type": "loop", "title": "Rows", "config": { "source": "count", "count": 4, "checkAt": "before",
		"checkWhen": { "engine": "expr", "expression": "loop.number != 2" } }, "branches": [ { "key": "body", "nodes": [
		{ "key": "odd", "type": "condition", "title": "Odd?", "config": { "mode": "branch", "when": { "engine": "expr", "expression": "loop.number % 2 == 1" } },
			"branches": [ { "key": "yes", "nodes": [ { "key": "c", "type": "calculation", "title": "Square", "config": { "engine": "expr", "expression": "loop.number * loop.number" } } ] } ] } ] } ] } ]`)
	root := w.Browser(w.Root)
	look := func(pass int) (class, text string) {
		page := root.Get(fmt.Sprintf("/executions/%s?step=c&path=%s", id, url.QueryEscape(fmt.Sprintf("l#%d", pass)))).Want(200).Page()
		return handlerstest.Attr(handlerstest.First(page, "div", "id", "node-c"), "class"), mainText(t, page)
	}
	class, text := look(3)
	require.Contains(t, class, "is-ok")
	require.Contains(t, text, "9")
	class, text = look(2)
	require.Contains(t, class, "is-skip")
	require.Contains(t, text, "Pass 2 of 4 · passed over")
	class, text = look(4)
	require.Contains(t, class, "is-skip", "the branch was not taken in this pass")
	require.Contains(t, text, "Not reached", "the panel says so")
	require.NotContains(t, text, "passed over")
}

func TestExecution_FoldsAndIsAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ranThrough(t, fmt.Sprintf(passNodes, 2, 2, 0))
	root := w.Browser(w.Root)
	page := root.Get("/executions/" + id + "?path=outer%231").Want(200).Page()
	page = root.Get(linkCalled(t, page, "Fold the branches of Lines")).Want(200).Page()
	require.Equal(t, []string{"trigger", "outer", "inner"}, keys(page))
	require.Equal(t, []string{"Pass 1 of 2"}, passesSaid(page), "the pass stays as it was")
	page = root.Get(linkCalled(t, page, "Next pass of Pages")).Want(200).Page()
	require.Equal(t, []string{"trigger", "outer", "inner"}, keys(page), "and so do folds")
	page = root.Get(handlerstest.Attr(linkNamed(page, "1 step folded"), "href")).Want(200).Page()
	require.Equal(t, []string{"trigger", "outer", "inner", "sum"}, keys(page))
	page = root.Get(handlerstest.Attr(linkNamed(page, "Outline"), "href")).Want(200).Page()
	require.Contains(t, handlerstest.Attr(handlerstest.First(page, "section", "data-canvas", "execution"), "class"), "is-outline")
	require.Equal(t, "Pass 2 of 2", passesSaid(page)[0])
}
