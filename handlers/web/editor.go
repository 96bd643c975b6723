package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/canvas"
	"formrail/views/editor"
	views "formrail/views/settings"
	"formrail/views/ui"
	"formrail/views/urls"
)

// editing is one request about the definition of a workflow.
type editing struct {
	*viewer
	query     bind.Form // of the address
	w         *models.Workflow
	versions  []*models.Version
	def       definition
	state     engine.DraftState
	was       *editing        // before the edit that this request made; nil when it made none
	version   *models.Version // an old one that is looked at; nil for the draft
	open      string          // key of the step in the panel
	moving    []string        // keys of the steps that are being moved
	folds     []string        // keys of the steps whose branches are folded away
	recent    []string        // types of steps that were added last
	outline   string          // whether the canvas is a list: [canvas.AsOutline]
	picking   bool            // steps are being selected
	picked    []string        // keys of those that are, in document order
	paste     *fragment       // steps that are being pasted
	adding    *canvas.Place   // where a step is added
	typ       string          // type that is asked about before it is added
	saved     bool            // something was just saved
	unsaved   bool            // what was typed could not be stored
	keep      bool            // the panel stays as it is in the page
	refusal   string
	question  *editor.Question
	publish   *editor.Publish
	edits     *editor.Edits     // of the draft, when they are listed
	sent      sentPanel         // what was typed into the panel
	variables []engine.Variable // what the open step may refer to; read with its panel
	seen      int64             // revision that the page goes on from after a conflict; 0 = the newest
}

// edit reads what the editor of a workflow is drawn from.
func (s *site) edit(c *fiber.Ctx) (*editing, error) {
	v, err := s.visit(c)
	if err != nil {
		return nil, err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return nil, err
	}
	e := &editing{viewer: v, query: query, folds: look(c, foldsCookie), recent: look(c, recentCookie), outline: s.outlineOf(c, query)}
	return e, e.load(c.UserContext(), route.Param(c, "key"))
}

// editForm is [site.edit] of a request that sends a form.
func (s *site) editForm(c *fiber.Ctx) (*editing, bind.Form, error) {
	e, err := s.edit(c)
	if err != nil {
		return nil, nil, err
	}
	form, err := bind.ReadForm(c)
	return e, form, err
}

// load reads the draft as it is now, and keeps what was read of it before.
func (e *editing) load(ctx context.Context, key string) (err error) {
	if e.w != nil {
		before := *e
		e.was = &before
	}
	q := e.site.DB.Read()
	if e.w, err = models.WorkflowByKey(ctx, q, key); err != nil {
		return err
	}
	if e.versions, err = models.Versions(ctx, q, e.w.ID); err != nil {
		return err
	}
	if e.state, err = e.site.Engine.Draft(ctx, e.access, e.w); err != nil {
		return err
	}
	e.def = definition{Reading: e.state.Draft, types: e.site.types, title: e.w.Title, shapes: map[string]field.Shape{}}
	return nil
}

// mayEdit reports whether the viewer changes what he sees.
func (e *editing) mayEdit() bool {
	return e.version == nil && e.access.Can("workflow.edit") && !e.locked()
}

// showWorkflow draws the draft of a workflow, with the step that the address opens,
// moves or adds.
func (s *site) showWorkflow(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	query := e.query
	if done, err := e.relook(c, query); done || err != nil {
		return err
	}
	if e.open == "" {
		e.open = query.Get("step")
	}
	e.keep = query.Has("keep") && e.mayEdit()
	e.saved = e.keep
	s.Present.Look(e.topic(), e.user.ID, e.open)
	if e.mayEdit() {
		e.pick(query)
		for _, n := range e.parts(keysOf(query.Get("move"))) {
			e.moving = append(e.moving, n.Key)
		}
		if parts := e.parts(keysOf(query.Get("copy"))); len(parts) > 0 {
			if e.paste, err = e.fragmentOf(parts); err != nil {
				return err
			}
		}
		if query.Has("add") {
			index, err := strconv.Atoi(query.Get("add"))
			if err != nil {
				return models.NotFound()
			}
			e.adding, e.typ = &canvas.Place{Parent: query.Get("parent"), Branch: query.Get("branch"), Index: max(index, 0)}, query.Get("type")
		}
	}
	return e.draw(c, fiber.StatusOK)
}

// showVersion draws an old version; nothing of it can be changed.
func (s *site) showVersion(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	query := e.query
	number := route.Param(c, "number")
	at := slices.IndexFunc(e.versions, func(v *models.Version) bool { return strconv.FormatInt(v.Number, 10) == number })
	if at < 0 {
		return models.NotFound()
	}
	e.version, e.open = e.versions[at], query.Get("step")
	if e.def, err = s.definition(c.UserContext(), e.version.Definition, e.w.Title); err != nil {
		return err
	}
	return e.draw(c, fiber.StatusOK)
}

// draw answers with the editor, or under htmx with the parts that differ.
func (e *editing) draw(c *fiber.Ctx, status int) error {
	ctx := c.UserContext()
	if reply.Wants(c) && e.adding != nil {
		p, err := e.props(ctx)
		if err != nil {
			return err
		}
		return reply.Fragment(c, status, editor.PaletteParts(p))
	}
	if !reply.Wants(c) {
		e.flash = e.site.heard(c)
	}
	p, err := e.props(ctx)
	if err != nil {
		return err
	}
	if !reply.Wants(c) {
		if p.Session, err = e.frame(ctx); err != nil {
			return err
		}
	}
	e.leave(c, &p)
	return reply.Status(c, status, editor.Page(p), editor.Changes(p, !e.keep && (e.sent.form == nil || e.sent.redraw)))
}

// props are the editor as it stands.
func (e *editing) props(ctx context.Context) (editor.Props, error) {
	e.checkScript(ctx)
	p := editor.Props{
		Key: e.w.Key, Title: e.w.Title, Enabled: e.w.Enabled, Revision: strconv.FormatInt(e.w.DraftRevision, 10),
		CanEdit: e.mayEdit(), CanRename: e.version == nil && e.access.Can("workflow.edit"), CanEnable: e.access.Can("workflow.publish") && (e.w.LiveVersion != 0 || e.w.Enabled),
		CanPublish: e.version == nil && !e.locked() && e.access.Can("workflow.publish") && e.w.DraftDirty,
		Undo:       e.state.Undo, Redo: e.state.Redo, Refusal: e.refusal, Question: e.question, Publish: e.publish, Edits: e.edits, Step: e.open,
	}
	p.Session.CSRF = e.csrf
	if e.seen != 0 {
		p.Revision = strconv.FormatInt(e.seen, 10)
	}
	e.words(ctx, &p)
	if err := e.editors(ctx, &p); err != nil {
		return p, err
	}
	if p.CanEdit {
		p.Problems = e.problems(ctx)
	}
	if err := e.menu(ctx, &p); err != nil {
		return p, err
	}
	p.Canvas, p.Picks = e.canvas(ctx), e.picks(ctx)
	switch {
	case len(e.moving) > 0:
		p.Step, p.Moving = strings.Join(e.moving, ","), e.called(ctx, e.parts(e.moving))
	case e.paste != nil:
		p.Pasting, p.Fragment = e.paste.title(ctx, e.def), e.paste.sent
	case e.adding != nil:
		p.Palette = e.palette(ctx)
	case e.open != "":
		var err error
		if p.Panel, err = e.panel(ctx); err != nil {
			return p, err
		}
	}
	return p, nil
}

// words say what is drawn and how it stands to what is live.
func (e *editing) words(ctx context.Context, p *editor.Props) {
	live := e.live()
	switch {
	case e.version != nil:
		p.Version = text.T(ctx, "workflows.version_n", "Version %s", strconv.FormatInt(e.version.Number, 10))
		p.State = text.T(ctx, "editor.read_only", "Read only")
		by := p.Version
		if e.version.Note != "" {
			by += " · " + e.version.Note
		}
		p.Banner = &editor.Banner{Text: by, Restore: e.access.Can("workflow.edit"), Number: int(e.version.Number)}
		return
	case e.w.DraftDirty || live == nil:
		p.Version = text.T(ctx, "editor.version_draft", "Version %d · Draft", len(e.versions)+1)
	default:
		p.Version = text.T(ctx, "editor.version_live", "Version %d · Live", live.Number)
	}
	p.State = text.T(ctx, "editor.saved", "Saved")
	switch {
	case !e.mayEdit():
		p.State = text.T(ctx, "editor.read_only", "Read only")
	case live == nil:
		p.Relation = text.T(ctx, "editor.never_published", "Never published")
	case !e.w.DraftDirty:
		p.Relation = text.T(ctx, "editor.same", "Same as version %d", live.Number)
	default:
		p.Relation = text.T(ctx, "editor.changed", "Changed since version %d", live.Number)
	}
}

func (e *editing) live() *models.Version {
	for _, v := range e.versions {
		if v.ID == e.w.LiveVersion {
			return v
		}
	}
	return nil
}

// versionsInMenu is how many versions the menu lists.
const versionsInMenu = 8

func (e *editing) menu(ctx context.Context, p *editor.Props) error {
	if e.w.DraftDirty || len(e.versions) == 0 {
		p.Versions = append(p.Versions, editor.Version{
			Label: text.T(ctx, "workflows.version_n", "Version %s", strconv.Itoa(len(e.versions)+1)), Draft: true,
			Note: text.T(ctx, "editor.being_edited", "Being edited"), Href: urls.Workflow(e.w.Key), Current: e.version == nil,
		})
	}
	list, err := e.viewer.versions(ctx, e.w, e.versions[:min(len(e.versions), versionsInMenu)], 0)
	if err != nil {
		return err
	}
	for _, v := range list {
		note := v.At.When(ctx) + " · " + text.T(ctx, "editor.ran", "%s executions", v.Executions)
		one := editor.Version{Label: text.T(ctx, "workflows.version_n", "Version %s", strconv.Itoa(v.Number)), Note: note, Href: urls.WorkflowVersion(e.w.Key, v.Number), Live: v.Live}
		one.Current = e.version != nil && int(e.version.Number) == v.Number
		p.Versions = append(p.Versions, one)
	}
	return nil
}

// problems are the findings of the draft with the way to their steps.
func (e *editing) problems(ctx context.Context) []editor.Problem {
	out := make([]editor.Problem, 0, len(e.state.Findings))
	for _, f := range e.state.Findings {
		one := editor.Problem{Message: f.Message.In(ctx), Warning: f.Severity != "error", Step: e.w.Title, Href: urls.Workflow(e.w.Key)}
		if title, ok := e.titleOf(f.Node); ok {
			one.Step, one.Href = title, urls.WorkflowOpen(e.w.Key, f.Node)
			if f.Field != "" {
				one.Href += "#" + views.ProblemID(f.Field)
			}
		}
		out = append(out, one)
	}
	return out
}

// titleOf is what a step or the trigger is called.
func (e *editing) titleOf(key string) (string, bool) {
	if key == triggerKey {
		return e.def.triggerFace().title, true
	}
	if part := nodeIn(e.def.Nodes, key); part != nil {
		return e.def.faceOf(part).title, true
	}
	return "", false
}

// canvas draws the definition.
func (e *editing) canvas(ctx context.Context) canvas.Props {
	key := e.w.Key
	href := func(step string) string { return urls.WorkflowOpen(key, step) }
	p := canvas.Props{
		ID: key, Label: text.T(ctx, "editor.canvas", "Workflow canvas"), Moving: e.moving,
		Foot: &canvas.Foot{Label: text.T(ctx, "canvas.end", "End")}, As: e.outline, AsHref: func(as string) string { return urls.WorkflowAs(key, e.open, as) },
	}
	wrong := map[string]string{}
	if e.mayEdit() {
		p.Menu = func(s canvas.Step) string {
			if s.Key == triggerKey {
				return ""
			}
			return "node-menu"
		}
		for _, f := range engine.Errors(e.state.Findings) {
			if wrong[f.Node] == "" {
				wrong[f.Node] = f.Message.In(ctx)
			}
		}
		e.places(ctx, &p)
	}
	forks := e.mayEdit() && len(e.moving) == 0
	if e.version != nil {
		p.AsHref = nil
		number := int(e.version.Number)
		href = func(step string) string { return urls.WorkflowVersion(key, number) + "?step=" + step }
	}
	p.Trigger, p.Steps = e.def.drawing(func(s *canvas.Step, of drawn) {
		s.Href, s.Selected, s.Problem = href(s.Key), s.Key == e.open, wrong[s.Key]
		if e.picking && s.Key != triggerKey {
			s.Picked, s.Href = slices.Contains(e.picked, s.Key), urls.WorkflowPick(key, strings.Join(e.picked, ","), s.Key)
		}
		if forks {
			e.fork(s, of)
		}
		e.fold(s, of)
	})
	return p
}

// places says where a step can be added, or where the one that is moved can go.
func (e *editing) places(ctx context.Context, p *canvas.Props) {
	var landings []engine.Landing
	switch {
	case len(e.moving) > 0:
		landings = e.site.Engine.Landings(e.def.Definition, e.moving...)
	case e.paste != nil:
		landings = e.site.Engine.PasteLandings(e.def.Definition, e.paste.nodes)
	default:
		p.AddHref = func(at canvas.Place) string { return urls.WorkflowAdd(e.w.Key, at.Parent, at.Branch, at.Index, "") }
		return
	}
	drops := map[canvas.Place]canvas.Drop{}
	for _, l := range landings {
		d := canvas.Drop{Copy: e.paste != nil, Here: l.Here, Breaks: len(l.Breaks), Index: l.To}
		if l.Inside {
			d.Reason = text.T(ctx, "editor.into_itself", "Inside the step itself")
		}
		drops[canvas.Place{Parent: l.Parent, Branch: l.Branch, Index: l.Index}] = d
	}
	p.Drop = func(at canvas.Place) canvas.Drop {
		if d, ok := drops[at]; ok {
			return d
		}
		return canvas.Drop{Here: true}
	}
}

// toast is a sentence that the next page says.
func (e *editing) toast(c *fiber.Ctx, title string) error {
	return e.site.say(c, flash{Tone: ui.OK, Title: strings.TrimSpace(title)})
}
