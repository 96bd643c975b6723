package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/engine"
	"formrail/handlers/handlerstest"
	"formrail/models"
)

// forked is a world in whose workflow a step with two branches stands first. The first
// branch holds a step that the next in the trunk reads.
func forked(t *testing.T) (world, *handlerstest.Client) {
	t.Helper()
	w := newWorld(t)
	access, err := w.DB.AccessOf(context.Background(), models.Person(w.Root.ID, ""))
	require.NoError(t, err)
	for _, c := range []engine.Command{
		{Name: "add_node", Args: map[string]any{"type": "multi_condition", "key": "m", "title": "By size", "at": map[string]any{"index": int64(0)}}},
		{Name: "add_node", Args: map[string]any{"type": "calculation", "key": "b", "title": "Base", "config": map[string]any{"expression": "1"}, "at": map[string]any{"parent": "m", "branch": "c1"}}},
		{Name: "add_node", Args: map[string]any{"type": "calculation", "key": "z", "title": "Sum", "config": map[string]any{"expression": "nodes.b"}, "at": map[string]any{"index": int64(1)}}},
	} {
		_, err := w.Engine.Commands(context.Background(), access, "reimb_approval", engine.CommandBatch{Commands: []engine.Command{c}})
		require.NoError(t, err)
	}
	return w, w.Browser(w.Root)
}

// cases lists the branches of the forked step as the settings hold them.
func (w world) cases(t testing.TB) (out []string) {
	t.Helper()
	list, _ := w.draft(t).Nodes[0].Config["cases"].([]any)
	for _, one := range list {
		out = append(out, one.(map[string]any)["key"].(string))
	}
	return out
}

// pressed gives what a button of the page sends, with its form.
func pressed(t testing.TB, page *html.Node, value string) url.Values {
	t.Helper()
	for _, b := range handlerstest.All(page, "button", "form", "branch-form") {
		if handlerstest.Attr(b, "value") == value {
			form := url.Values{handlerstest.Attr(b, "name"): {value}}
			for _, in := range handlerstest.All(handlerstest.First(page, "form", "id", "branch-form"), "input") {
				form.Set(handlerstest.Attr(in, "name"), handlerstest.Attr(in, "value"))
			}
			return form
		}
	}
	t.Fatalf("no button sends %s", value)
	return nil
}

func spoken(page *html.Node) (out []string) {
	for _, b := range handlerstest.All(page, "button") {
		if strings.HasPrefix(handlerstest.Attr(b, "class"), "branch__label") {
			out = append(out, handlerstest.Attr(b, "aria-label"))
		}
	}
	return out
}

func TestBranches_AreChangedByFormsOfTheCanvas(t *testing.T) {
	t.Parallel()
	w, root := forked(t)
	page := root.Get(editorAddress).Want(200).Page()
	require.Equal(t, []string{"Branch 1 of 3 of By size: 1 · Branch 1, No condition yet", "Branch 2 of 3 of By size: 2 · Branch 2, No condition yet", "Branch 3 of 3 of By size: Otherwise, When no other condition is met"}, spoken(page)[:3])
	require.Contains(t, labels(page, "a"), "Add a step after Base in branch 1 · Branch 1")
	require.NotNil(t, handlerstest.First(page, "div", "id", "branch-menu-big-yes"), "branches of other types can be renamed")
	text := handlerstest.Text(handlerstest.First(page, "div", "id", "branch-menu-m-otherwise"))
	require.Contains(t, text, "Rename")
	require.NotContains(t, text, "Delete")

	opened := root.Submit(editorAddress+"/commands", pressed(t, page, "add_branch/m")).Want(303).Header.Get("Location")
	require.Equal(t, editorAddress+"?step=m", opened, "a new branch needs a condition")
	require.Equal(t, []string{"c1", "c2", "c3"}, w.cases(t))
	page = root.Get(opened).Page()
	require.Contains(t, handlerstest.Text(page), "The branch “Branch 3” has no condition yet.")
	require.NotNil(t, handlerstest.First(page, "input", "name", "set.cases.2.title"))
	root.Submit(editorAddress+"/commands", pressed(t, page, "move_branch/m/c3/1")).Want(303)
	require.Equal(t, []string{"c1", "c3", "c2"}, w.cases(t))
	root.Submit(editorAddress+"/commands", pressed(t, root.Get(editorAddress).Page(), "delete_branch/m/c3")).Want(303)
	require.Equal(t, []string{"c1", "c2"}, w.cases(t), "an empty branch goes without a question")
	root.Submit(editorAddress+"/undo", url.Values{}).Want(303)
	require.Equal(t, []string{"c1", "c3", "c2"}, w.cases(t))
}

func TestBranches_AskWhatBecomesOfTheirSteps(t *testing.T) {
	t.Parallel()
	w, root := forked(t)
	send := func(contents string) *handlerstest.Answer {
		form := pressed(t, root.Get(editorAddress).Page(), "delete_branch/m/c1")
		if contents != "" {
			form.Set("contents", contents)
		}
		return root.Submit(editorAddress+"/commands", form)
	}
	page := send("").Want(200).Page()
	question := handlerstest.Text(page)
	for _, said := range []string{"Delete the branch “Branch 1”?", "There is 1 step in it.", "“Sum” uses “Base”.", "Move its steps above", "Move its steps below", "Delete its steps too"} {
		require.Contains(t, question, said)
	}
	require.Equal(t, []string{"move_before", "move_after", "delete"}, values(page, "button", "name", "contents"))
	require.Len(t, w.draft(t).Nodes[0].Branches, 1, "asking changes nothing")
	send("move_after").Want(303)
	require.Equal(t, "b", w.draft(t).Nodes[1].Key)
	root.Submit(editorAddress+"/undo", url.Values{}).Want(303)
	send("delete").Want(303)
	require.Equal(t, "z", w.draft(t).Nodes[1].Key)
	require.Contains(t, handlerstest.Text(root.Get(editorAddress).Page()), "names a step that does not exist")
}

// values lists the values of elements.
func values(page *html.Node, tag, attr, value string) (out []string) {
	for _, n := range handlerstest.All(page, tag, attr, value) {
		out = append(out, handlerstest.Attr(n, "value"))
	}
	return out
}

func TestBranches_RefuseWhatCannotBeAndWhoMayNot(t *testing.T) {
	t.Parallel()
	w, root := forked(t)
	before := w.cases(t)
	for _, command := range []string{"add_branch/big", "move_branch/m/c1/7", "move_branch/m/c1/x", "move_branch/m/otherwise/0", "delete_branch/m/gone", "delete_branch/big/yes", "add_branch/gone", "add_branch", "move_branch/m"} {
		root.Submit(editorAddress+"/commands", url.Values{"command": {command}, "contents": {"delete"}}).Want(422)
	}
	w.Role("looker", []string{"workflow.view"})
	looker := w.Browser(w.Person("lena", "looker"))
	page := looker.Get(editorAddress + "?step=m").Want(200).Page()
	require.Empty(t, spoken(page))
	require.Empty(t, handlerstest.All(page, "button", "form", "branch-form"))
	looker.Submit(editorAddress+"/commands", url.Values{"command": {"add_branch/m"}}).Want(403)
	require.Equal(t, before, w.cases(t))
}

func TestBranches_HaveTheirConditionsInThePanel(t *testing.T) {
	t.Parallel()
	w, root := forked(t)
	step := editorAddress + "/steps/m"
	form := fill(t, root.Get(editorAddress+"?step=m").Page(), step)
	require.Equal(t, "c2", form.Get("set.cases.1.key"))
	form.Set("set.onNoMatch", "continue")
	form.Set("do", "cases.1.when.add")
	part := root.With("HX-Request", "true").Submit(step, form).Want(200)
	require.Contains(t, string(part.Body), `name="set.cases.1.when.0.left"`)
	form.Del("do")
	form.Set("set.cases.0.when.written", "1")
	form.Set("set.cases.0.when.expression", "trigger.data.amount > 10000")
	form.Set("set.cases.1.title", "<b>Large</b>")
	form.Set("set.cases.1.when.0.left", "{{ trigger.data.amount }}")
	form.Set("set.cases.1.when.0.op", "gt")
	form.Set("set.cases.1.when.0.right", "500")
	form.Set("branch.otherwise", "All else")
	root.Submit(step, form).Want(303)
	m := w.draft(t).Nodes[0]
	require.Equal(t, map[string]any{"key": "c2", "title": "<b>Large</b>", "when": map[string]any{"all": []any{
		map[string]any{"left": "{{ trigger.data.amount }}", "op": "gt", "right": int64(500)},
	}}}, m.Config["cases"].([]any)[1])
	page := root.Get(editorAddress).Page()
	require.Contains(t, handlerstest.Text(page), "3 branches, first match wins")
	require.Equal(t, []string{"Branch 2 of 3 of By size: 2 · <b>Large</b>, Amount is greater than 500", "Branch 3 of 3 of By size: All else, When no other condition is met"}, spoken(page)[1:3])

	form.Del("base")
	form.Set("set.cases.0.key", "other")
	refused := root.Submit(step, form).Want(422)
	require.Contains(t, handlerstest.Text(refused.Page()), "has no branch c1", "steps are never left without their branch")
}
