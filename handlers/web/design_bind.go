package web

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/pagedesign"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/ui"
	"formrail/views/urls"
)

// binding is the dialog of one button on its way to its props.
type binding struct {
	designing
	action    *models.PageAction
	block     *models.Block
	on        *models.Collection
	startable []models.Startable
}

func (d designing) binding(ctx context.Context, id string) (binding, error) {
	a, on, err := d.actionOf(id)
	if err != nil {
		return binding{}, err
	}
	if !writes(a.Type) {
		return binding{}, models.NotFound()
	}
	_, b, _ := d.state.Page.Action(id)
	list, err := d.site.Engine.Startable(ctx)
	return binding{d, a, b, on, list}, err
}

// bindProps draws the dialog from what was typed, else from what is stored.
func (d designing) bindProps(ctx context.Context, p panel) (design.BindProps, error) {
	g, err := d.binding(ctx, p.id)
	if err != nil {
		return design.BindProps{}, err
	}
	if p.form == nil {
		p.form = bind.Form{}
		for _, one := range g.action.Started() {
			p.form["path"], p.form["workflow"] = append(p.form["path"], one.Path), append(p.form["workflow"], one.Key)
		}
		if len(g.action.Bindings) == 0 { // a first row to fill in
			p.form["path"], p.form["workflow"] = []string{""}, []string{""}
		}
	}
	out := design.BindProps{
		CSRF: d.csrf, Address: urls.DesignBindings(d.key(), g.action.ID), Close: urls.Design(d.key()), Base: d.base(), Button: actionLabel(ctx, g.action), Deletes: g.action.Type == models.DeleteAction,
		Full: rowCount(p.form, lists()["bindings"]) >= models.MaxBindings,
	}
	if d.access.Can("workflow.edit") {
		out.New = urls.NewWorkflow()
	}
	if p.form.Has(design.BaseName) {
		out.Base = p.form.Get(design.BaseName)
	}
	for i := range rowCount(p.form, lists()["bindings"]) {
		out.Rows = append(out.Rows, g.row(ctx, at(p.form["path"], i), at(p.form["workflow"], i)))
	}
	for _, s := range g.startable {
		if s.StartsAnyway(g.action.Type, g.block.Type, g.on) {
			out.Global = append(out.Global, design.Workflow{Key: s.Key, Title: s.Title, Sync: s.Sync})
		}
	}
	out.Problems = sayRows(ctx, out.Rows, p.problem)
	return out, nil
}

// row draws one binding: what can be sent, and the workflows that start from it. A
// workflow that does not start from the data is not offered; one that is bound but
// fits no more stays to be seen.
func (g binding) row(ctx context.Context, path, key string) design.BindRow {
	out := design.BindRow{Source: path, Workflow: key}
	for _, s := range g.cat.DataSources(g.on, g.action.Type) {
		label := text.T(ctx, "bind.whole", "Entire form: %s", s.Collection.Title)
		if s.Path != "" {
			label = strings.Join(s.Titles, " / ") + ": " + s.Collection.Title
		}
		out.Sources = append(out.Sources, ui.Choice{Value: s.Path, Label: label})
	}
	source, stored := g.cat.SourceCollection(g.on, path), slices.ContainsFunc(g.action.Bindings, func(b models.PageBinding) bool { return b.Workflow == key && b.Path == path })
	for _, s := range g.startable {
		if s.Fits(g.action.Type, source) || stored && s.Key == key {
			out.Workflows = append(out.Workflows, design.Workflow{Key: s.Key, Title: s.Title, Sync: s.Sync, Off: !s.Enabled})
		}
	}
	if !slices.ContainsFunc(out.Workflows, func(w design.Workflow) bool { return w.Key == key }) {
		out.Workflow = "" // it no longer fits the data
		if stored {
			out.Workflow = key
			out.Workflows = append(out.Workflows, design.Workflow{Key: key, Title: key, Off: true})
		}
	}
	if why, ok := g.cat.Misfit(g.startable, g.action, g.on, models.PageBinding{Workflow: key, Path: path}); ok && stored {
		out.Problem = text.T(ctx, "bind.skipped", "Skipped when the button is pressed: %s", why.In(ctx))
	}
	return out
}

// sayRows puts problems of rows beside their rows, and lists all of them.
func sayRows(ctx context.Context, rows []design.BindRow, e *models.Error) []ui.Problem {
	if e == nil {
		return nil
	}
	var out []ui.Problem
	at := regexp.MustCompile(`^bindings\[(\d+)\]`)
	for _, f := range e.Fields {
		said := ui.Problem{Message: f.Message.In(ctx)}
		if m := at.FindStringSubmatch(f.Field); m != nil {
			i, err := strconv.Atoi(m[1])
			if err == nil && i < len(rows) {
				rows[i].Problem = said.Message
				said.InputID, said.Label = "bind-workflow-"+m[1], text.T(ctx, "bind.row", "Row %d", i+1)
			}
		}
		out = append(out, said)
	}
	if len(out) == 0 {
		return saidOnce(ctx, e)
	}
	return out
}

// saveBindings changes the rows of the dialog, or stores them. Only the button for
// it stores: a change of the data to send draws the rows again.
func (s *site) saveBindings(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	p := panel{name: "bind", id: route.Param(c, "action"), form: form}
	if _, err := d.binding(c.UserContext(), p.id); err != nil {
		return err
	}
	if editRows(form) || form.Get(design.DoName) != "save" {
		return d.draw(c, fiber.StatusOK, p)
	}
	list := []any{}
	for i := range rowCount(form, lists()["bindings"]) {
		list = append(list, map[string]any{"workflow": at(form["workflow"], i), "path": at(form["path"], i)})
	}
	return d.edit(c, p, pagedesign.Command{Name: "set_bindings", Args: map[string]any{"action": p.id, "bindings": list}})
}
