package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"formrail/engine"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/canvas"
	"formrail/views/executions"
	"formrail/views/urls"
)

// passes says which pass of which loop the reader looks at. A loop without one is shown as
// it stands in its last pass.
type passes map[string]int

// readPasses reads what an address says: "l1#2/k3#4". What is no pass is passed over.
func readPasses(path string) passes {
	out := passes{}
	for part := range strings.SplitSeq(path, "/") {
		if _, key, pass := engine.PassOf(part); pass > 0 {
			out[key] = pass
		}
	}
	return out
}

// String writes the passes for an address, always in the same order.
func (p passes) String() string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, engine.PassPath("", key, p[key]))
	}
	return strings.Join(parts, "/")
}

// with gives the same passes with another one of a loop.
func (p passes) with(key string, pass int) passes {
	out := maps.Clone(p)
	out[key] = pass
	return out
}

// choose reads which step and which passes are asked for. The place of a step says in which
// passes it ran; the number that was typed for one loop wins.
func (f *executionFacts) choose(show shownExecution) {
	node, path, placed := strings.Cut(show.step, "@")
	f.chosen, f.passes, f.folds, f.outline, f.whole = show.step, readPasses(show.path), keysOf(show.folds), show.outline, show.whole
	if show.tab != "" {
		return
	}
	f.chosen = node
	if placed {
		maps.Copy(f.passes, readPasses(path))
	}
	if n, err := strconv.Atoi(show.pass); err == nil && show.loop != "" {
		f.passes[show.loop] = max(n, 1)
	}
}

// chosenSteps loads the steps of the chosen passes, from the outside inwards. It reads no
// others: a loop may have run 100,000 times.
func (v *viewer) chosenSteps(ctx context.Context, f *executionFacts) error {
	f.at = map[string]*models.Step{}
	if err := v.stepsInside(ctx, f, "", f.def.Nodes); err != nil {
		return err
	}
	slices.SortFunc(f.steps, func(a, b *models.Step) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

// stepsInside loads the steps of a list of nodes at a place, and of the passes inside it.
func (v *viewer) stepsInside(ctx context.Context, f *executionFacts, path string, list []*engine.NodePart) error {
	found, err := models.StepsAt(ctx, v.site.DB.Read(), f.ID, path, keysIn(list))
	if err != nil {
		return err
	}
	f.steps = append(f.steps, found...)
	for _, s := range found {
		f.at[s.Node] = s
	}
	for _, s := range found {
		if s.Entered == 0 {
			continue
		}
		if n, asked := f.passes[s.Node]; asked { // no further than it came
			f.passes[s.Node] = min(n, s.Entered)
		}
		if err := v.stepsInside(ctx, f, engine.PassPath(path, s.Node, f.passOf(s)), branchesOf(nodeIn(list, s.Node))); err != nil {
			return err
		}
	}
	return nil
}

// passOf is the pass of a container that is shown.
func (f *executionFacts) passOf(s *models.Step) int {
	if n, asked := f.passes[s.Node]; asked {
		return n
	}
	return s.Entered
}

// keysIn lists the keys of nodes and of all inside them.
func keysIn(list []*engine.NodePart) []string {
	var out []string
	for _, n := range list {
		out = append(append(out, n.Key), keysIn(branchesOf(n))...)
	}
	return out
}

// seen is what is seen on the canvas, with a step chosen or with none.
func (f *executionFacts) seen(step string) urls.ExecutionView {
	return urls.ExecutionView{Step: step, Path: f.passes.String(), Folds: strings.Join(f.folds, ",")}
}

// fold draws a step with branches: whole, or with a word about what is folded away.
func (f *executionFacts) fold(n *canvas.Step) {
	hidden := canvas.Inside(n.Branches)
	if hidden.Steps == 0 {
		return
	}
	to := f.seen(f.chosen)
	others := slices.DeleteFunc(slices.Clone(f.folds), func(key string) bool { return key == n.Key })
	if len(others) < len(f.folds) {
		n.Folded, n.Branches = &hidden, nil
	} else {
		others = append(others, n.Key)
	}
	to.Folds = strings.Join(others, ",")
	n.FoldHref = urls.ExecutionSeen(f.ID, to)
}

// chooser draws the choice of the pass of a loop; nil when it has not begun one.
func (v *viewer) chooser(ctx context.Context, f *executionFacts, s *models.Step, title string) (*canvas.Passes, error) {
	if s == nil || s.Entered == 0 {
		return nil, nil
	}
	now := f.passOf(s)
	to := func(pass int) string {
		seen := f.seen(f.chosen)
		seen.Path = f.passes.with(s.Node, pass).String()
		return urls.ExecutionSeen(f.ID, seen)
	}
	p := &canvas.Passes{Loop: s.Node, Title: title, Number: now, Last: s.Entered, Execution: f.ID, Seen: f.seen(f.chosen)}
	if now > 1 {
		p.FirstHref, p.PreviousHref = to(1), to(now-1)
	}
	if now < s.Entered {
		p.NextHref, p.LastHref = to(now+1), to(s.Entered)
	}
	p.Empty = true
	for _, one := range f.steps {
		if one.ParentID == s.ID && one.Path == engine.PassPath(s.Path, s.Node, now) {
			p.Empty, p.Fails = false, p.Fails || one.Status == models.Failed && !one.Handled
		}
	}
	failed, err := v.failedPass(ctx, s, now)
	if err != nil {
		return nil, err
	}
	if failed != 0 && failed != now {
		p.FailedHref = to(failed)
	}
	return p, nil
}

// failedPass is the next pass of a loop, after the one that is shown and then from the
// first, in which a step failed; 0 when there is none.
func (v *viewer) failedPass(ctx context.Context, s *models.Step, now int) (int, error) {
	path, err := models.FailedPlace(ctx, v.site.DB.Read(), s.ID, engine.PassPath(s.Path, s.Node, now))
	if err == nil && path == "" {
		path, err = models.FailedPlace(ctx, v.site.DB.Read(), s.ID, "")
	}
	if path == "" || err != nil {
		return 0, err
	}
	_, _, pass := engine.PassOf(path)
	return pass, nil
}

// tallied is what a loop counts: while passes are under way in what it keeps, then in what
// it gives.
type tallied struct {
	Begun, Looped, Done, Failed int
}

// tally says on the card of a loop how many passes are done and how many failed; empty for
// other steps.
func (v *viewer) tally(ctx context.Context, s *models.Step) string {
	typ := v.site.types.nodes[s.Type]
	if typ == nil || !typ.Loops() || s.Entered == 0 {
		return ""
	}
	var n tallied
	if json.Unmarshal([]byte(cmp.Or(s.State, s.Output)), &n) != nil {
		return ""
	}
	begun := max(n.Begun, n.Looped)
	said := text.T(ctx, "execution.passes_done", "%d of %d passes done", n.Done, max(v.passesOf(s), begun))
	if n.Failed > 0 {
		said += ", " + text.T(ctx, "execution.passes_failed", "%d failed", n.Failed)
	}
	return said
}

// chooseStep finds the chosen step among those of the chosen passes. One that did not run
// there is shown as not reached.
func (v *viewer) chooseStep(ctx context.Context, f *executionFacts, p *executions.DetailProps) error {
	if f.chosen == "" {
		return nil
	}
	p.Chosen = slices.IndexFunc(p.Steps, func(s executions.Step) bool { return s.Node == f.chosen })
	part := nodeIn(f.def.Nodes, f.chosen)
	if part == nil {
		return nil
	}
	if p.Chosen < 0 {
		face := f.def.faceOf(part)
		p.Chosen = len(p.Steps)
		p.Steps = append(p.Steps, executions.Step{Key: part.Key, Node: part.Key, Title: face.title, Type: typeTitle(face, part), Icon: face.icon, Kind: face.kind})
	}
	for _, loop := range f.around(v.site.types, part.Key) {
		one, err := v.chooser(ctx, f, f.at[loop.Key], f.def.nameOf(loop))
		if err != nil {
			return err
		}
		if one != nil {
			p.Steps[p.Chosen].Passes = append(p.Steps[p.Chosen].Passes, *one)
		}
	}
	return nil
}

func typeTitle(f face, part *engine.NodePart) string {
	if f.typ == nil {
		return part.Type
	}
	return f.typ.Title
}

// around lists the loops around a node, the outermost first.
func (f *executionFacts) around(types types, key string) []*engine.NodePart {
	var out []*engine.NodePart
	for list := f.def.Nodes; ; {
		i := slices.IndexFunc(list, func(n *engine.NodePart) bool { return nodeIn([]*engine.NodePart{n}, key) != nil })
		if i < 0 || list[i].Key == key {
			return out
		}
		n := list[i]
		if typ := types.nodes[n.Type]; typ != nil && typ.Loops() {
			out = append(out, n)
		}
		list = branchesOf(n)
	}
}

// longInput is the size in bytes from which the list of a loop is not read to count it.
const longInput = 256 << 10

// passesOf is how many passes a loop will have; 0 when nobody knows, or it has ended.
func (v *viewer) passesOf(s *models.Step) int {
	typ := v.site.types.nodes[s.Type]
	if !s.Status.StepOpen() || len(s.Input) > longInput {
		return 0
	}
	stored, err := field.ParseJSON([]byte(s.Input))
	values, ok := stored.(map[string]any)
	if err != nil || !ok {
		return 0
	}
	settings, _ := typ.Decode(values)
	length, _ := typ.PassVars(settings, 1)["length"].(int64)
	return int(length)
}

// placeOf says in words in which passes a step ran: "Line items 3 / Pages 1".
func (f *executionFacts) placeOf(types types, path string) string {
	var parts []string
	for path != "" {
		outer, key, pass := engine.PassOf(path)
		if part := nodeIn(f.def.Nodes, key); part != nil {
			if typ := types.nodes[part.Type]; typ != nil && typ.Loops() {
				parts = append(parts, f.def.nameOf(part)+" "+strconv.Itoa(pass))
			}
		}
		path = outer
	}
	slices.Reverse(parts)
	return strings.Join(parts, " / ")
}
