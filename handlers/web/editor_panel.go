package web

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/engine/node"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/handlers/settings"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
	views "formrail/views/settings"
	"formrail/views/ui"
	"formrail/views/urls"
)

// sentPanel is what was typed into the panel.
type sentPanel struct {
	form   *settings.Form
	redraw bool // the panel looks different now

	sample, sampleProblem string // what the lists were to be filled from
}

// declared are the settings of the step that is open, and what it has of them.
func (e *editing) declared() (fields []field.Field, config map[string]any) {
	if e.open == triggerKey {
		if typ := e.site.types.triggers[e.def.Trigger.Type]; typ != nil {
			return typ.Config, e.def.Trigger.Config
		}
		return nil, e.def.Trigger.Config
	}
	part := nodeIn(e.def.Nodes, e.open)
	if part == nil {
		return nil, nil
	}
	if typ := e.site.types.nodes[part.Type]; typ != nil {
		return typ.Config, part.Config
	}
	return nil, part.Config
}

// checkScript lets the script of the open step be read, which takes too long to be done
// for all steps at every change.
func (e *editing) checkScript(ctx context.Context) {
	fields, _ := e.declared()
	if !e.mayEdit() || !slices.ContainsFunc(fields, func(f field.Field) bool { return f.Kind == field.Code }) {
		return
	}
	e.state.Findings = e.site.Engine.CheckScripts(ctx, e.state.Draft)
}

// panel draws the step that is open; nil when there is none of that key.
func (e *editing) panel(ctx context.Context) (*editor.Panel, error) {
	fields, config := e.declared()
	form := e.sent.form
	var err error
	if form == nil {
		var around settings.Around
		around, err = e.around(ctx)
		if err != nil {
			return nil, err
		}
		form = settings.Stored(fields, config, around)
	}
	p := &editor.Panel{Step: e.open, CanEdit: e.mayEdit(), Settings: form.Inputs(ctx, e.stepProblems(ctx, fields, "error"))}
	settings.Warn(p.Settings, e.stepProblems(ctx, fields, "warning"))
	p.Names = e.variableNames(ctx, settings.Texts(p.Settings))
	if e.saved {
		p.Saved = text.T(ctx, "editor.saved_now", "Saved just now")
	}
	if e.unsaved {
		p.Saved = text.T(ctx, "editor.not_saved", "Not saved yet")
	}
	if e.open == triggerKey {
		f := e.def.triggerFace()
		p.Title, p.Note, p.Icon, p.Kind, p.Trigger = f.title, text.T(ctx, "editor.starts", "Starts the workflow"), f.icon, f.kind, true
		if typ := e.site.types.triggers[e.def.Trigger.Type]; typ != nil {
			p.Help = typ.Help
		}
		if p.Next, err = e.nextTimes(ctx); err != nil {
			return nil, err
		}
		if p.Endpoint, err = e.endpoint(ctx); err != nil {
			return nil, err
		}
		return p, e.starting(ctx, p)
	}
	part := nodeIn(e.def.Nodes, e.open)
	if part == nil {
		return nil, nil //nolint:nilnil // a step that is gone is not shown
	}
	e.stepPanel(ctx, part, p)
	return p, nil
}

func (e *editing) stepPanel(ctx context.Context, part *engine.NodePart, p *editor.Panel) {
	f := e.def.faceOf(part)
	p.Title, p.Own, p.Note, p.Icon, p.Kind = f.title, part.Title, part.Type+" · "+part.Key, f.icon, f.kind
	p.Remark, p.Skipped = part.Note, part.Skip
	p.Policy = &editor.Policy{OnError: part.OnError, Timeout: part.Timeout}
	for _, found := range e.state.Findings {
		if e.mayEdit() && found.Node == e.open && found.Field == "timeout" {
			p.Policy.Problem = found.Message.In(ctx)
		}
	}
	if p.Policy.OnError == "" {
		p.Policy.OnError = "fail"
	}
	if f.typ == nil {
		return
	}
	p.Note, p.Help, p.Effect = f.typ.Title+" · "+part.Key, f.typ.Help, effectOf(ctx, f.typ)
	p.MoreBranches = mayFork(f.typ, part)
	for _, b := range f.typ.Branches(f.settings) {
		if place, _ := freePlace(f.typ, part, b.Key); place >= 0 {
			continue // its label stands beside its condition
		}
		one := editor.Branch{Key: b.Key, Title: b.Title}
		for _, stored := range part.Branches {
			if stored.Key == b.Key {
				one.Label = stored.Title
			}
		}
		p.Branches = append(p.Branches, one)
	}
	p.Outputs = outputsOf(part.Key, f.typ.Gives(f.settings, part.OnError, e.def.Schema))
}

// effectOf says how often what a step does can happen.
func effectOf(ctx context.Context, typ *node.Type) string {
	if typ.Group == node.Flow { // it uses the database to wait, and changes no data
		return text.T(ctx, "editor.effect_pure", "Changes nothing")
	}
	switch typ.Effect {
	case node.Local:
		return text.T(ctx, "editor.effect_local", "Changes data: exactly once")
	case node.External:
		return text.T(ctx, "editor.effect_external", "Leaves the building: at least once")
	default:
		return text.T(ctx, "editor.effect_pure", "Changes nothing")
	}
}

// outputsOf lists what later steps may use of a step.
func outputsOf(key string, s field.Shape) []editor.Output {
	path := "nodes." + key
	if len(s.Fields) == 0 {
		return []editor.Output{{Name: s.Label, Type: kindWord(s), Written: braces(path)}}
	}
	out := make([]editor.Output, 0, len(s.Fields))
	for _, f := range s.Fields {
		label := f.Shape.Label
		if label == "" {
			label = f.Name
		}
		out = append(out, editor.Output{Name: label, Type: kindWord(f.Shape), Written: braces(path + "." + f.Name)})
	}
	return out
}

func braces(path string) string { return "{{ " + path + " }}" }

// stepProblems are the findings of one severity about the open step by the paths of its
// settings. Those that are about none of them stand at the first.
func (e *editing) stepProblems(ctx context.Context, fields []field.Field, severity string) map[string]string {
	out := map[string]string{}
	if !e.mayEdit() {
		return out
	}
	for _, f := range e.state.Findings {
		if f.Node != e.open || f.Severity != severity || len(fields) == 0 || f.Field == "timeout" {
			continue
		}
		at := f.Field
		first, _, _ := strings.Cut(at, ".")
		if !slices.ContainsFunc(fields, func(d field.Field) bool { return d.Name == first }) {
			at = fields[0].Name
		}
		out[at] = strings.TrimSpace(out[at] + " " + f.Message.In(ctx))
	}
	return out
}

// around gathers what the inputs of the open step offer.
func (e *editing) around(ctx context.Context) (settings.Around, error) {
	a := settings.Around{Schema: e.def.Schema}
	for _, on := range e.cat.Collections() {
		if e.access.Can("collection.design") || e.access.MayTouch(on.Name, models.View) {
			a.Collections = append(a.Collections, ui.Choice{Value: on.Name, Label: on.Title})
		}
	}
	home, err := e.site.Engine.Zone(ctx)
	if err != nil {
		return a, err
	}
	a.Zones, a.HomeZone = zones(""), home.String()
	if e.access.MayTouch(models.UsersCollection, models.View) {
		person := &models.CollectionField{Field: field.Field{Name: "person", Kind: field.User}}
		if a.People, err = e.choices(ctx, person, ""); err != nil {
			return a, err
		}
	}
	e.variables = e.def.Variables(ctx, e.open)
	a.Steps = e.changeable
	a.Holds = func(variable string) field.Kind { return e.holds(ctx, variable) }
	if !e.mayEdit() { // who only looks is offered nothing; what is chosen shows by its key
		return a, nil
	}
	roles, err := e.site.DB.Roles(ctx)
	if err != nil {
		return a, err
	}
	for _, r := range roles {
		a.Roles = append(a.Roles, ui.Choice{Value: r.Name, Label: r.Title})
	}
	groups, err := models.Groups(ctx, e.site.DB.Read())
	if err != nil {
		return a, err
	}
	for _, g := range groups {
		a.Groups = append(a.Groups, ui.Choice{Value: g.Code, Label: g.Title})
	}
	a.PersonPaths = personPaths(e.def.listens().Collection, e.def.Schema)
	if e.access.Can("workflow.view") {
		callable, err := e.site.Engine.Callable(ctx, e.w.Key)
		if err != nil {
			return a, err
		}
		for _, w := range callable {
			a.Workflows = append(a.Workflows, ui.Choice{Value: w.Key, Label: w.Title})
		}
	}
	return a, nil
}

// changeable lists the steps of a type whose value the open step may change.
func (e *editing) changeable(typ string) []ui.Choice {
	var out []ui.Choice
	for _, v := range e.variables {
		key, ok := strings.CutPrefix(v.Path, "nodes.")
		if of, settings := e.def.Type(key); ok && of != nil && of.Key == typ && of.Assigns(settings) == "" {
			out = append(out, ui.Choice{Value: key, Label: v.Title})
		}
	}
	return out
}

// personPaths are the links of a record to people.
func personPaths(collection string, schema engine.Schema) []ui.Choice {
	var out []ui.Choice
	info, _ := schema.Collection(collection)
	for _, f := range info.Fields {
		if f.Target == models.UsersCollection && !f.Hidden {
			out = append(out, ui.Choice{Value: f.Name, Label: f.Label})
		}
	}
	return out
}

// changeStep takes what was typed into the panel and turns what differs into one edit
// of the draft.
func (s *site) changeStep(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	e.open = route.Param(c, "step")
	if _, ok := e.titleOf(e.open); !ok {
		return e.refuse(c, models.Invalid("BAD_PARAMETER", text.M("editor.gone", "This step is not in the draft any more. Somebody else may have deleted it.")))
	}
	around, err := e.around(ctx)
	if err != nil {
		return err
	}
	fields, config := e.declared()
	before := settings.Stored(fields, config, around).Config()
	e.sent.form = settings.Sent(fields, config, settings.Parse(form, views.Prefix), around)
	e.sent.redraw = form.Get("redraw") != ""
	if what := form.Get(views.DoName); what != "" {
		e.sent.form.Do(what)
		e.sent.redraw = true
		if err := e.fromSample(ctx, what, form, around); err != nil {
			return err
		}
	}
	after := e.sent.form.Config()
	changes := settings.Changes(before, after)
	e.sent.redraw = e.sent.redraw || slices.ContainsFunc(changes, func(name string) bool { return settings.Shapes(fields, name) })
	commands := e.commands(form, changes, after)
	if len(commands) > 0 {
		if _, err = s.Engine.Commands(ctx, e.access, e.w.Key, engine.CommandBatch{Base: baseOf(form), Hold: true, Commands: commands}); err != nil {
			if bad := e.unreadable(models.AsError(err)); reply.Wants(c) && len(bad) > 0 {
				return e.sayUnreadable(c, bad)
			}
			return e.refuse(c, models.AsError(err))
		}
	}
	if !reply.Wants(c) && form.Get(views.DoName) == "" { // a row that was just added is in the form alone
		return reply.Redirect(c, urls.WorkflowOpen(e.w.Key, e.open))
	}
	if err := e.load(ctx, e.w.Key); err != nil {
		return err
	}
	e.saved = true
	return e.draw(c, fiber.StatusOK)
}

// unreadable gives what is wrong with settings of the open step that could not be stored;
// nothing when the edit was refused for another reason.
func (e *editing) unreadable(err *models.Error) []engine.Finding {
	if err.Code != "DEFINITION_INVALID" {
		return nil
	}
	var out []engine.Finding
	for _, f := range err.Fields {
		node, at, _ := strings.Cut(f.Field, ".")
		if node != e.open {
			return nil
		}
		out = append(out, engine.Finding{Severity: "error", Node: node, Field: at, Code: f.Code, Message: f.Message})
	}
	return out
}

// sayUnreadable says beside the inputs what could not be stored: somebody may still be
// typing, and what he has typed stays.
func (e *editing) sayUnreadable(c *fiber.Ctx, bad []engine.Finding) error {
	if err := e.load(c.UserContext(), e.w.Key); err != nil {
		return err
	}
	e.state.Findings = append(slices.Clone(e.state.Findings), bad...)
	e.unsaved = true
	return e.draw(c, fiber.StatusOK)
}

// commands turns the changes of a panel into commands.
func (e *editing) commands(form bind.Form, changes []string, after map[string]any) []engine.Command {
	var out []engine.Command
	add := func(name string, args map[string]any) {
		if e.open != triggerKey {
			args["key"] = e.open
		}
		out = append(out, engine.Command{Name: name, Args: args})
	}
	for _, name := range changes {
		set := "set_config"
		if e.open == triggerKey {
			set = "set_trigger"
		}
		add(set, map[string]any{"field": name, "value": after[name]})
	}
	part := nodeIn(e.def.Nodes, e.open)
	if part == nil {
		return out
	}
	if title := strings.TrimSpace(form.Get("title")); form.Has("title") && title != part.Title {
		add("set_title", map[string]any{"value": title})
	}
	if form.Has("note") && form.Get("note") != part.Note {
		add("set_note", map[string]any{"value": form.Get("note")})
	}
	for name, was := range map[string]string{"onError": part.OnError, "timeout": part.Timeout} {
		now := strings.TrimSpace(form.Get(name))
		if name == "onError" && now == "fail" {
			now = ""
		}
		if form.Has(name) && now != was {
			add("set_policy", map[string]any{"field": name, "value": now})
		}
	}
	return append(out, branchCommands(form, part)...)
}

// branchCommands rename the branches whose labels differ.
func branchCommands(form bind.Form, part *engine.NodePart) []engine.Command {
	var out []engine.Command
	titles := map[string]string{}
	for _, b := range part.Branches {
		titles[b.Key] = b.Title
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		key, ok := strings.CutPrefix(name, "branch.")
		if label := strings.TrimSpace(form.Get(name)); ok && label != titles[key] {
			out = append(out, engine.Command{Name: "rename_branch", Args: map[string]any{"node": part.Key, "branch": key, "value": label}})
		}
	}
	return out
}
