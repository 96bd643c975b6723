package web_test

import (
	"context"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// shownPage is the editor in a browser that puts answers into the page as scripts do.
type shownPage struct {
	t    *testing.T
	w    world
	as   *handlerstest.Client
	rand *rand.Rand
	page *html.Node
	at   string // the address it shows
	kept int    // parts that answers left as they were
}

func byID(n *html.Node, id string) *html.Node { return handlerstest.First(n, "", "id", id) }

func (s *shownPage) drawn() string {
	return handlerstest.Attr(byID(s.page, "editor-state"), "data-drawn")
}

func (s *shownPage) open() string { return handlerstest.Attr(byID(s.page, "panel"), "data-step") }

func (s *shownPage) client() *handlerstest.Client {
	return s.as.With("HX-Request", "true").With("Canvas-Drawn", s.drawn())
}

// show opens an address, like a click on a link of the canvas.
func (s *shownPage) show(at string) *html.Node {
	s.at = at
	return s.put(s.client().Get(at))
}

// send makes an edit, like a form of the editor.
func (s *shownPage) send(path string, form url.Values) *html.Node {
	form.Set("base", handlerstest.Attr(byID(s.page, "editor-state"), "data-revision"))
	got := s.client().Submit(path, form)
	answer := s.put(got)
	s.at = editorAddress
	if step, _, _ := strings.Cut(s.drawn(), "."); step != "" { // also what was refused opens its step
		s.at += "?step=" + step
	}
	if where := got.Header.Get("HX-Replace-Url"); where != "" {
		require.Equal(s.t, s.at, where)
	}
	return answer
}

// put swaps the parts of an answer into the page.
func (s *shownPage) put(got *handlerstest.Answer) *html.Node {
	s.t.Helper()
	require.Contains(s.t, []int{200, 409, 422}, got.Status, string(got.Body))
	answer := got.Page()
	for _, part := range handlerstest.All(answer, "") {
		if !slices.ContainsFunc(part.Attr, func(a html.Attribute) bool { return a.Key == "hx-swap-oob" }) {
			continue
		}
		old := byID(s.page, handlerstest.Attr(part, "id"))
		require.NotNil(s.t, old, handlerstest.Attr(part, "id"))
		if basis := handlerstest.Attr(part, "data-basis"); basis != "" {
			require.True(s.t, strings.HasSuffix(s.drawn(), "."+basis), "what is kept belongs to what is shown")
		}
		for _, place := range handlerstest.All(part, "") {
			if !slices.ContainsFunc(place.Attr, func(a html.Attribute) bool { return a.Key == "data-kept" }) {
				continue
			}
			stays := byID(old, handlerstest.Attr(place, "id"))
			require.NotNil(s.t, stays, "kept but not there: %s", handlerstest.Attr(place, "id"))
			stays.Parent.RemoveChild(stays)
			place.Parent.InsertBefore(stays, place)
			place.Parent.RemoveChild(place)
			s.kept++
		}
		part.Parent.RemoveChild(part)
		old.Parent.InsertBefore(part, old)
		old.Parent.RemoveChild(old)
	}
	return got.Page()
}

// markup writes a part of a page without what scripts take away.
func markup(t *testing.T, page *html.Node, id string) string {
	n := byID(page, id)
	require.NotNil(t, n, id)
	for _, one := range append([]*html.Node{n}, handlerstest.All(n, "")...) {
		one.Attr = slices.DeleteFunc(slices.Clone(one.Attr), func(a html.Attribute) bool {
			secret := a.Key == "value" && handlerstest.Attr(one, "name") == "_csrf" // of every answer another
			return secret || a.Key == "hx-swap-oob" || a.Key == "data-basis"
		})
	}
	if saved := byID(n, "panel-saved"); saved != nil {
		for saved.FirstChild != nil {
			saved.RemoveChild(saved.FirstChild)
		}
	}
	var b strings.Builder
	require.NoError(t, html.Render(&b, n))
	return strings.ReplaceAll(b.String(), ">", ">\n")
}

func (s *shownPage) pick(list []string) string { return list[s.rand.IntN(len(list))] }

// places lists where steps can be added: parent, branch, index.
func (s *shownPage) places() (out [][3]string) {
	for _, a := range handlerstest.All(s.page, "a", "class", "add") {
		out = append(out, [3]string{handlerstest.Attr(a, "data-parent"), handlerstest.Attr(a, "data-branch"), handlerstest.Attr(a, "data-index")})
	}
	return out
}

// act does any one thing and says what.
func (s *shownPage) act() (did string, answer *html.Node) {
	steps := keys(s.page)[1:]
	command := func(name, step string, more ...string) (string, *html.Node) {
		form := url.Values{"command": {name}, "step": {step}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return name + " " + step + " " + strings.Join(more, " "), s.send(editorAddress+"/commands", form)
	}
	if what := s.rand.IntN(12); len(steps) > 0 {
		step := s.pick(steps)
		switch what {
		case 0, 1:
			return "open " + step, s.show(editorAddress + "?step=" + step)
		case 2:
			return command("set_skip", step, "value", strconv.FormatBool(s.rand.IntN(2) == 0))
		case 3:
			return command("set_title", step, "value", "Title "+strconv.Itoa(s.rand.IntN(100)))
		case 4:
			return command("duplicate_nodes", step)
		case 5:
			return command("delete_nodes", step, "sure", "1")
		case 6:
			if at := s.places(); len(at) > 0 {
				to := at[s.rand.IntN(len(at))]
				return command("move_nodes", step, "sure", "1", "to", strings.Join(to[:], "/"))
			}
		case 7:
			return "move " + step, s.show(editorAddress + "?move=" + step)
		case 8:
			form := url.Values{"title": {s.pick([]string{"", "Typed", "<b>"})}, "note": {s.pick([]string{"", "Think"})}}
			if open := s.open(); open != "" && open != "trigger" {
				return "type into " + open, s.send(editorAddress+"/steps/"+open, form)
			}
		case 9:
			var offered []string
			for _, b := range handlerstest.All(s.page, "button", "form", "branch-form") {
				offered = append(offered, handlerstest.Attr(b, "value"))
			}
			if len(offered) > 0 {
				return command(s.pick(offered), s.open(), "contents", s.pick([]string{"delete", "move_before", "move_after"}))
			}
		}
	}
	if s.rand.IntN(3) == 0 {
		verb := s.pick([]string{"undo", "redo"})
		return verb, s.send(editorAddress+"/"+verb, url.Values{"step": {s.open()}})
	}
	if at := s.places(); len(at) > 0 && len(steps) < 30 {
		to := at[s.rand.IntN(len(at))]
		typ := s.pick([]string{"calculation", "condition", "multi_condition", "update_record", "end", "approval"})
		return command("add_node", "", "type", typ, "parent", to[0], "branch", to[1], "index", to[2], "asked", "mode", "answer", "branch")
	}
	return "close", s.show(editorAddress)
}

func TestEditor_ShowsAfterAnAnswerWhatAFreshPageShows(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := newWorld(t)
	s := &shownPage{t: t, w: w, as: w.Browser(w.Root), rand: rand.New(rand.NewPCG(seed, 0)), at: editorAddress}
	s.page = s.as.Get(editorAddress).Want(200).Page()
	for round := range 150 {
		did, answer := s.act()
		fresh := s.as.Get(s.at).Want(200).Page()
		for _, id := range []string{"canvas-stage", "canvas-map", "editor-version", "editor-state", "editor-history", "editor-problems", "problem-list", "editor-publish", "panel"} {
			if id == "panel" && byID(answer, "panel") == nil {
				continue // what is being typed stays
			}
			require.Equal(t, markup(t, fresh, id), markup(t, s.page, id), "%d: %s", round, did)
		}
		w.readsTheDraft(t, did)
	}
	require.Greater(t, s.kept, 300)
}

// readsTheDraft proves that what requests share of the draft is the same as what is read
// of it anew.
func (w world) readsTheDraft(t *testing.T, did string) {
	t.Helper()
	ctx := context.Background()
	stored, err := models.WorkflowByKey(ctx, w.DB.Read(), "reimb_approval")
	require.NoError(t, err)
	shared, err := w.Engine.ReadDraft(ctx, stored)
	require.NoError(t, err)
	anew, err := w.Engine.Read(ctx, stored.Draft)
	require.NoError(t, err)
	require.Equal(t, anew.Definition, shared.Definition, did)
	_, findings, err := w.Engine.Check(ctx, anew.Definition, stored.Sync)
	require.NoError(t, err)
	require.Equal(t, findings, shared.Findings, did)
	for _, key := range keys(w.Browser(w.Root).Get(editorAddress).Page()) {
		require.Equal(t, anew.Line(key), shared.Line(key), "%s: %s", did, key)
	}
}

func TestEditor_SendsOnlyTheCardThatChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &shownPage{t: t, w: w, as: w.Browser(w.Root), at: editorAddress}
	s.page = s.as.Get(editorAddress).Want(200).Page()
	answer := s.send(editorAddress+"/commands", url.Values{"command": {"set_title"}, "step": {"pay"}, "value": {"Pay him"}})
	require.Equal(t, []string{"pay"}, keys(answer))
	require.NotNil(t, byID(answer, "canvas-map"), "another step is marked on it")
	answer = s.show(editorAddress + "?step=big")
	require.Equal(t, []string{"big", "pay"}, keys(answer), "the one that was open, and the one that is")
	answer = s.show(editorAddress + "?step=big")
	require.Nil(t, byID(answer, "canvas-stage"), "nothing differs")
	require.Nil(t, byID(answer, "canvas-map"))

	for name, says := range map[string]string{"nothing": "", "another drawing": "big.abc", "no print": "big"} {
		full := s.as.With("HX-Request", "true").With("Canvas-Drawn", says).Get(editorAddress + "?step=big").Want(200).Page()
		require.Equal(t, []string{"trigger", "big", "ask", "pay"}, keys(full), name)
	}
}
