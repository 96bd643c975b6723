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

const editorAddress = "/workflows/reimb_approval"

// draft reads the definition that is edited.
func (w world) draft(t testing.TB) *engine.Definition {
	t.Helper()
	stored, err := models.WorkflowByKey(context.Background(), w.DB.Read(), "reimb_approval")
	require.NoError(t, err)
	d, err := engine.ReadDefinition(stored.Draft)
	require.NoError(t, err)
	return d
}

// keys lists the steps of a page's canvas in their order.
func keys(page *html.Node) (out []string) {
	for _, n := range handlerstest.All(page, "div") {
		if key := handlerstest.Attr(n, "data-key"); key != "" && handlerstest.Attr(n, "id") != "editor" {
			out = append(out, key)
		}
	}
	return out
}

func labels(page *html.Node, tag string) (out []string) {
	for _, n := range handlerstest.All(page, tag) {
		out = append(out, handlerstest.Attr(n, "aria-label"))
	}
	return out
}

func TestEditor_DrawsTheDraftAndTheStepOfTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	page := root.Get(editorAddress).Want(200).Page()
	require.Equal(t, []string{"trigger", "big", "ask", "pay"}, keys(page))
	require.Nil(t, handlerstest.First(page, "form", "id", "step-form"))
	require.Len(t, handlerstest.All(page, "a", "class", "add"), 8)

	opened := root.Get(editorAddress + "?step=big").Want(200).Page()
	form := handlerstest.First(opened, "form", "id", "step-form")
	require.NotNil(t, form)
	require.Equal(t, "{{ trigger.data.amount }}", handlerstest.Attr(handlerstest.First(form, "input", "name", "set.when.0.left"), "value"))
	require.Equal(t, "500", handlerstest.Attr(handlerstest.First(form, "input", "name", "set.when.0.right"), "value"))
	require.Contains(t, labels(opened, "a"), "More than 500?, Amount is greater than 500")
	root.Get(editorAddress + "?step=gone").Want(200)
	root.Get(editorAddress + "?add=x").Want(404)
	root.Get("/workflows/gone").Want(404)

	part := root.With("HX-Request", "true").Get(editorAddress + "?step=ask").Want(200)
	require.NotContains(t, string(part.Body), "<html")
	require.Contains(t, string(part.Body), `id="step-form"`)
}

func TestEditor_ShowsOthersWhatTheyCannotChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("looker", []string{"workflow.view"})
	looker := w.Browser(w.Person("lena", "looker"))
	page := looker.Get(editorAddress + "?step=big").Want(200).Page()
	require.Contains(t, handlerstest.Text(page), "Read only")
	require.Empty(t, handlerstest.All(page, "a", "class", "add"))
	require.Nil(t, handlerstest.First(page, "form", "id", "step-form"))
	require.NotNil(t, handlerstest.First(page, "fieldset", "class", "panel__form"))
	offered := func(as *handlerstest.Client) string {
		return handlerstest.Text(handlerstest.First(as.Get(editorAddress+"?step=pay").Want(200).Page(), "select", "name", "set.collection"))
	}
	require.Contains(t, offered(w.Browser(w.Root)), "Payment")
	require.NotContains(t, offered(looker), "Payment", "what one may not see is not offered")
	require.Contains(t, offered(looker), "payments", "what is chosen is named by its key")
	require.Contains(t, handlerstest.Text(looker.Get(editorAddress+"/variables?at=ask").Want(200).Page()), "Amount")
	for _, action := range []string{"/commands", "/steps/big", "/undo", "/redo", "/discard", "/versions/1/restore", "/duplicate"} {
		looker.Submit(editorAddress+action, url.Values{"command": {"delete_nodes"}, "step": {"big"}}).Want(403)
	}
	looker.Get(editorAddress + "/publish").Want(403)
	looker.Get("/new-workflow").Want(403)
	w.Browser(w.emil).Get(editorAddress).Want(403)
	require.Len(t, w.draft(t).Nodes, 1, "nothing was changed")
}

func TestEditor_AddsRenamesSkipsAndTakesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	palette := root.Get(editorAddress + "?add=1").Want(200).Page()
	require.Contains(t, handlerstest.Text(palette), "Update record")
	question := root.Get(editorAddress + "?add=1&type=condition").Want(200).Page()
	require.Contains(t, handlerstest.Text(question), "When no, the workflow ends here", "a choice says what it means")
	start := root.Get(editorAddress + "?step=trigger").Want(200).Page()
	require.Contains(t, handlerstest.Text(start), "Only forms and row buttons you bind this workflow to")
	form := fill(t, palette, editorAddress+"/commands")
	form.Set("type", "update_record")
	opened := root.Submit(editorAddress+"/commands", form).Want(303).Header.Get("Location")
	require.Contains(t, opened, "?step=")
	key := opened[strings.Index(opened, "=")+1:]
	require.Equal(t, key, w.draft(t).Nodes[1].Key)
	page := root.Get(opened).Page()
	require.Contains(t, handlerstest.Text(page), "1 problem", "values are missing")
	require.Equal(t, map[string]any{
		"collection": "reimbursements", "filter": map[string]any{"id": map[string]any{"$eq": "{{ trigger.data.id }}"}},
	}, w.draft(t).Nodes[1].Config, "the record that started it is meant")

	step := editorAddress + "/steps/" + key
	settings := url.Values{
		"title": {"<b>Mark</b> it"}, "set.collection": {"reimbursements"}, "set.values.status": {"approved"}, "set.values.sent": {"1"},
		"set.filter.0.left": {"id"}, "set.filter.0.op": {"$eq"}, "set.filter.0.right": {"{{ trigger.data.id }}"}, "onError": {"continue"}, "note": {"Think again"},
	}
	root.Submit(step, settings).Want(303)
	node := w.draft(t).Nodes[1]
	require.Equal(t, "<b>Mark</b> it", node.Title)
	require.Equal(t, map[string]any{
		"collection": "reimbursements", "values": map[string]any{"status": "approved"},
		"filter": map[string]any{"id": map[string]any{"$eq": "{{ trigger.data.id }}"}},
	}, node.Config)
	require.Equal(t, "continue", node.OnError)
	page = root.Get(opened).Page()
	require.Contains(t, handlerstest.Text(page), "No problems")
	require.Contains(t, handlerstest.Text(page), "<b>Mark</b> it", "what people type is text")
	require.Contains(t, handlerstest.Text(page), "Think again")

	root.Submit(step, settings).Want(303)
	root.Submit(editorAddress+"/commands", url.Values{"command": {"set_skip"}, "step": {key}, "value": {"true"}}).Want(303)
	require.True(t, w.draft(t).Nodes[1].Skip)
	root.Submit(editorAddress+"/undo", url.Values{}).Want(303)
	require.False(t, w.draft(t).Nodes[1].Skip, "sending the same settings again is no edit to take back")
	root.Submit(editorAddress+"/undo", url.Values{}).Want(303)
	require.NotContains(t, w.draft(t).Nodes[1].Config, "values")
	root.Submit(editorAddress+"/redo", url.Values{}).Want(303)
	require.Contains(t, w.draft(t).Nodes[1].Config, "values")
	root.Submit(editorAddress+"/discard", url.Values{}).Want(303)
	require.Len(t, w.draft(t).Nodes, 1)
}

func TestEditor_AsksBeforeATypeWithAChoiceAndPutsTheRestIntoABranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	asks := root.Get(editorAddress + "?add=0&type=condition").Want(200).Page()
	require.Contains(t, handlerstest.Text(asks), "Where the following steps go")
	form := fill(t, asks, editorAddress+"/commands")
	form.Set("answer", "branch")
	form.Set("restTo", "no")
	root.Submit(editorAddress+"/commands", form).Want(303)
	d := w.draft(t)
	require.Len(t, d.Nodes, 1)
	require.Equal(t, "branch", d.Nodes[0].Config["mode"])
	require.Equal(t, "no", d.Nodes[0].Branches[0].Key)
	require.Equal(t, "big", d.Nodes[0].Branches[0].Nodes[0].Key)
}

func TestEditor_AsksBeforeStepsOrReferencesAreLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	send := func(pairs ...string) *handlerstest.Answer {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return root.Submit(editorAddress+"/commands", form)
	}
	question := handlerstest.Text(send("command", "delete_nodes", "step", "ask").Want(200).Page())
	require.Contains(t, question, "Delete “Manager review”?")
	require.Contains(t, question, "Keep the steps of “Approved”")
	require.Contains(t, question, "Delete all 2 steps")
	send("command", "delete_nodes", "step", "ask", "keepBranch", "approved").Want(303)
	require.Equal(t, "pay", w.draft(t).Nodes[0].Branches[0].Nodes[0].Key)

	send("command", "add_node", "type", "calculation", "index", "0", "branch", "no", "parent", "big").Want(303)
	key := w.draft(t).Nodes[0].Branches[1].Nodes[0].Key
	root.Submit(editorAddress+"/steps/"+key, url.Values{"title": {"Reads"}, "set.expression": {"nodes.big"}}).Want(303)
	moving := root.Get(editorAddress + "?move=" + key).Want(200).Page()
	require.Contains(t, handlerstest.Text(moving), "Choose where “Reads” goes.")
	require.Contains(t, handlerstest.Text(moving), "breaks 1 references")
	question = handlerstest.Text(send("command", "move_nodes", "step", key, "to", "//0").Want(200).Page())
	require.Contains(t, question, "“Reads” uses “More than 500?”, which would not have run yet.")
	send("command", "move_nodes", "step", key, "to", "//0", "sure", "1").Want(303)
	require.Equal(t, key, w.draft(t).Nodes[0].Key)
	require.Contains(t, handlerstest.Text(root.Get(editorAddress).Page()), "1 problem")

	refused := send("command", "move_nodes", "step", "big", "to", "big/yes/0").Want(422)
	require.Contains(t, handlerstest.Text(refused.Page()), "A step cannot be moved into itself")
	send("command", "add_node", "type", "nothing").Want(422)
	send("command", "explode").Want(422)
	send("command", "delete_nodes", "step", "gone").Want(422)
}

func TestEditor_KeepsWhatIsTypedAgainstAnOlderDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	step := editorAddress + "/steps/big"
	form := fill(t, root.Get(editorAddress+"?step=big").Page(), step)
	mine, theirs := url.Values{"base": form["base"], "title": {"Mine"}}, url.Values{"base": form["base"], "title": {"Theirs"}}
	root.Submit(step, theirs).Want(303)
	root.Submit(editorAddress+"/steps/ask", url.Values{"base": form["base"], "title": {"Another step"}}).Want(303)
	refused := root.With("HX-Request", "true").Submit(step, mine).Want(409)
	require.Contains(t, string(refused.Body), "The draft changed since you looked")
	require.NotContains(t, string(refused.Body), `id="step-form"`, "the form with what was typed stays")
	require.Equal(t, "Theirs", w.draft(t).Nodes[0].Title)
	require.Contains(t, string(refused.Body), `data-revision="1"`, "the page goes on from what it has seen")
	root.With("HX-Request", "true").Submit(step, mine).Want(409)
	require.Contains(t, handlerstest.Text(root.Submit(editorAddress+"/steps/gone", mine).Want(422).Page()), "This step is not in the draft any more.")
	root.Submit(editorAddress+"/commands", url.Values{"command": {"add_node"}, "type": {"calculation"}, "index": {"0"}}).Want(303)
	root.Submit(editorAddress+"/commands", url.Values{"base": form["base"], "command": {"add_node"}, "type": {"calculation"}, "index": {"1"}}).Want(409)
}

func TestEditor_AddsRowsWithoutChangingTheDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	part := w.Browser(w.Root).With("HX-Request", "true").Submit(editorAddress+"/steps/big", url.Values{
		"set.when.sent": {"1"}, "set.when.0.left": {"{{ trigger.data.amount }}"}, "set.when.0.op": {"gt"}, "set.when.0.right": {"500"}, "do": {"when.group"},
	}).Want(200)
	require.Contains(t, string(part.Body), `name="set.when.1.0.left"`)
	require.Contains(t, string(part.Body), "Same as version 1")
}

func TestEditor_PublishesWithWhatChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	w.rename(t, "reimb_approval", "big", "More than five hundred?")
	dialog := root.Get(editorAddress + "/publish").Want(200).Page()
	require.Contains(t, handlerstest.Text(dialog), "More than five hundred?")
	require.Contains(t, handlerstest.Text(dialog), "Let these steps use your rights")
	form := fill(t, dialog, editorAddress+"/publish")
	root.Submit(editorAddress+"/commands", url.Values{"command": {"add_node"}, "type": {"create_record"}, "index": {"0"}}).Want(303)
	root.Submit(editorAddress+"/publish", form).Want(409)
	broken := root.Get(editorAddress + "/publish").Page()
	require.Contains(t, handlerstest.Text(broken), "Solve this first")
	root.Submit(editorAddress+"/publish", fill(t, broken, editorAddress+"/publish")).Want(400)
	root.Submit(editorAddress+"/undo", url.Values{}).Want(303)
	form = fill(t, root.Get(editorAddress+"/publish").Page(), editorAddress+"/publish")
	form["elevate"] = nil
	root.Submit(editorAddress+"/publish", form).Want(303)
	old := root.Get(editorAddress + "/versions/1").Want(200).Page()
	require.Contains(t, handlerstest.Text(old), "Restore as draft")
	root.Get(editorAddress + "/versions/9").Want(404)
	root.Submit(editorAddress+"/versions/1/restore", url.Values{}).Want(303)
	require.Equal(t, "More than 500?", w.draft(t).Nodes[0].Title)
}

func TestNewWorkflow_IsMadeAndOpensItsTrigger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	page := root.Get("/new-workflow").Want(200).Page()
	require.Contains(t, handlerstest.Text(page), "Post-action event")
	refused := root.Submit("/new-workflow", url.Values{"title": {" "}, "type": {"post_action"}}).Want(400)
	require.Contains(t, handlerstest.Text(refused.Page()), "A title has 1 to 120 characters.")
	taken := root.Submit("/new-workflow", url.Values{"title": {"Again"}, "key": {"reimb_approval"}, "type": {"post_action"}}).Want(400)
	require.Contains(t, handlerstest.Text(taken.Page()), "Another workflow has the key reimb_approval.")
	require.Equal(t, "Again", handlerstest.Attr(handlerstest.First(taken.Page(), "input", "id", "new-title"), "value"))
	require.Equal(t, "/workflows/travel_check?step=trigger",
		root.Submit("/new-workflow", url.Values{"title": {"Travel check"}, "type": {"post_action"}, "mode": {"async"}}).Want(303).Header.Get("Location"))
	root.Submit("/workflows/travel_check/steps/trigger", url.Values{"set.collection": {"reimbursements"}}).Want(303)
	require.Contains(t, handlerstest.Text(root.Get("/workflows/travel_check").Page()), "Reimbursement · local mode")
	require.Equal(t, "/workflows/travel_check_copy", root.Submit("/workflows/travel_check/duplicate", url.Values{}).Want(303).Header.Get("Location"))
}

func TestVariables_ShowWhatTheNewestExecutionHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	tree := handlerstest.Text(w.Browser(w.Root).Get(editorAddress + "/variables?at=pay").Want(200).Page())
	for _, shown := range []string{"Project name", "Team offsite catering", "Manager review", "System", "Values of execution #1"} {
		require.Contains(t, tree, shown)
	}
	w.Role("looker", []string{"workflow.view"})
	require.NotContains(t, handlerstest.Text(w.Browser(w.Person("lena", "looker")).Get(editorAddress+"/variables?at=pay").Page()), "Team offsite", "values are for those who may see them")
}
