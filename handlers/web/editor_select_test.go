package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
)

// picked lists the selected steps of a page's canvas.
func picked(page *html.Node) (out []string) {
	for _, n := range handlerstest.All(page, "div") {
		if slices.Contains(strings.Fields(handlerstest.Attr(n, "class")), "is-picked") {
			out = append(out, handlerstest.Attr(n, "data-key"))
		}
	}
	return out
}

// rowOfNodes is a trunk of calculations n0, n1, …; each reads the one before. The last one is a loop
// with one more step in it.
func rowOfNodes(n int) string {
	parts := []string{`{ "key": "n0", "type": "calculation", "title": "Step 0", "config": { "engine": "expr", "expression": "1" } }`}
	for i := 1; i < n; i++ {
		parts = append(parts, fmt.Sprintf(`{ "key": "n%d", "type": "calculation", "title": "Step %d", "config": { "engine": "expr", "expression": "nodes.n%d + 1" } }`, i, i, i-1))
	}
	parts = append(parts, `{ "key": "l", "type": "loop", "title": "Loop", "config": { "source": "count", "count": 2 }, "branches": [ { "key": "body", "nodes": [
		{ "key": "m", "type": "calculation", "title": "In it", "config": { "engine": "expr", "expression": "loop.number" } } ] } ] }`)
	return "[" + strings.Join(parts, ",") + "]"
}

const rowAddress = "/workflows/row"

// rowWorld is a workflow of some steps in a row.
func rowWorld(t *testing.T, n int) (world, *handlerstest.Client) {
	t.Helper()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{Key: "row", Config: `{ "collection": "payments", "mode": "global", "actions": ["create"] }`, Nodes: rowOfNodes(n)})
	return w, w.Browser(w.Root)
}

func TestEditor_SelectsSeveralSteps(t *testing.T) {
	t.Parallel()
	w, root := rowWorld(t, 6)
	see := func(query string) *html.Node { return root.Get(rowAddress + query).Want(200).Page() }
	require.Empty(t, picked(see("")))
	require.Equal(t, []string{"n1", "n4"}, picked(see("?select=n4,n1,gone")), "in document order")
	require.Equal(t, []string{"n4"}, picked(see("?select=n4,n1&toggle=n1")))
	require.Equal(t, []string{"n2", "n3", "n4"}, picked(see("?select=n1&from=n4&to=n2")))
	require.Equal(t, []string{"n2", "m"}, picked(see("?select=&from=n2&to=m")), "of two lists only the two")
	require.Equal(t, []string{"n0", "n1", "n2", "n3", "n4", "n5", "l"}, picked(see("?select=&all=n3")))
	require.Equal(t, []string{"l"}, picked(see("?select=l,m")), "what is in a selected step goes with it")

	page := see("?select=")
	require.Contains(t, mainText(t, page), "Press steps to select them")
	node := handlerstest.First(page, "div", "id", "node-n3")
	page = root.Get(handlerstest.Attr(handlerstest.First(node, "a"), "href")).Want(200).Page()
	require.Equal(t, []string{"n3"}, picked(page), "without scripts a press selects")
	require.Contains(t, mainText(t, page), "1 selected")

	w.Role("looker", []string{"workflow.view"})
	require.Empty(t, picked(w.Browser(w.Person("lena", "looker")).Get(rowAddress+"?select=n1").Want(200).Page()))
}

func TestEditor_DoesOneThingWithSeveralSteps(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	n := r.IntN(4) + 6
	from := r.IntN(n-4) + 1
	_, root := rowWorld(t, n)
	several := fmt.Sprintf("n%d,n%d", from, from+1)
	before := keys(root.Get(rowAddress).Want(200).Page())
	send := func(values url.Values) *handlerstest.Answer {
		form := fill(t, root.Get(rowAddress+"?select="+several).Want(200).Page(), rowAddress+"/commands")
		for name, list := range values {
			form[name] = list
		}
		return root.Submit(rowAddress+"/commands", form)
	}
	undo := func() {
		t.Helper()
		root.Submit(rowAddress+"/undo", url.Values{}).Want(303)
		page := root.Get(rowAddress).Want(200).Page()
		require.Equal(t, before, keys(page), "one undo takes all of it back")
		require.Empty(t, handlerstest.All(page, "span", "class", "node__flag node__flag--off"))
	}
	reads := fmt.Sprintf("“Step %d” uses “Step %d”.", from+2, from+1)

	question := send(url.Values{"command": {"delete_nodes"}}).Want(200).Page()
	require.Equal(t, before, keys(question), "nothing has gone yet")
	require.Contains(t, handlerstest.Text(question), "Delete 2 steps?")
	require.Contains(t, handlerstest.Text(question), reads)
	require.NotContains(t, handlerstest.Text(question), fmt.Sprintf("“Step %d” uses “Step %d”.", from+1, from), "they go together")
	send(url.Values{"command": {"delete_nodes"}, "references": {"clear"}}).Want(303)
	require.Equal(t, slices.DeleteFunc(slices.Clone(before), func(key string) bool { return slices.Contains(strings.Split(several, ","), key) }), keys(root.Get(rowAddress).Page()))
	undo()

	question = send(url.Values{"command": {"set_skip"}, "value": {"true"}}).Want(200).Page()
	require.Contains(t, handlerstest.Text(question), "Skip 2 steps?")
	require.Contains(t, handlerstest.Text(question), reads)
	send(url.Values{"command": {"set_skip"}, "value": {"true"}, "sure": {"1"}}).Want(303)
	page := root.Get(rowAddress + "?select=" + several).Want(200).Page()
	require.Len(t, handlerstest.All(page, "span", "class", "node__flag node__flag--off"), 2)
	require.Contains(t, mainText(t, page), "Skip no longer")
	undo()

	copied := send(url.Values{"command": {"duplicate_nodes"}}).Want(303).Header.Get("Location")
	page = root.Get(copied).Want(200).Page()
	require.Len(t, keys(page), len(before)+2)
	made := picked(page)
	require.Len(t, made, 2, "the copies are selected")
	require.Equal(t, []string{fmt.Sprintf("n%d", from+1), made[0], made[1], fmt.Sprintf("n%d", from+2)}, keys(page)[from+2:from+6])
	undo()

	far := url.Values{"command": {"duplicate_nodes"}, "step": {fmt.Sprintf("n%d,n%d", from, from+2)}}
	require.Contains(t, handlerstest.Text(send(far).Want(422).Page()), "Only steps that follow each other")
	fragment := string(root.Get(rowAddress + "/steps/" + url.PathEscape(fmt.Sprintf("l,n%d", from)) + "/fragment").Want(200).Body)
	require.Contains(t, fragment, `"formrail":"nodes@1"`)
	require.Less(t, strings.Index(fragment, fmt.Sprintf(`"n%d"`, from)), strings.Index(fragment, `"l"`), "copying keeps document order")
	require.Contains(t, fragment, `"m"`)

	move := root.Get(rowAddress + "?move=" + several).Want(200).Page()
	require.Contains(t, mainText(t, move), "Choose where “2 steps” goes.")
	send(url.Values{"command": {"move_nodes"}, "to": {fmt.Sprintf("//%d", n-2)}, "sure": {"1"}}).Want(303)
	require.Equal(t, []string{fmt.Sprintf("n%d", from), fmt.Sprintf("n%d", from+1), "l"}, keys(root.Get(rowAddress).Page())[n-1:n+2])
	undo()
}
