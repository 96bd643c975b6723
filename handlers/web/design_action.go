package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/pagedesign"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
)

// writes reports whether pressing a button changes records.
func writes(t models.ActionType) bool { return len(models.Bindable()[t]) > 0 }

// opens is the type of block that an action opens; empty for none.
func opens(t models.ActionType) models.BlockType {
	return map[models.ActionType]models.BlockType{
		models.AddNewAction: models.CreateFormBlock, models.ViewAction: models.DetailsBlock, models.EditAction: models.EditFormBlock,
	}[t]
}

func actionIcon(t models.ActionType) string {
	return map[models.ActionType]string{
		models.AddNewAction: "plus", models.ViewAction: "eye", models.EditAction: "pencil", models.SubmitAction: "send", models.SaveAction: "check",
		models.UpdateRecordAction: "pencil-line", models.DeleteAction: "trash-2", models.LinkAction: "link", models.RefreshAction: "refresh-cw",
		models.FilterAction: "list-filter",
	}[t]
}

// addActionPanel first asks what the button shall do, then for its settings.
func (d designing) addActionPanel(ctx context.Context, p panel) (design.PanelProps, error) {
	b, on, err := d.blockOf(p.id)
	if err != nil {
		return design.PanelProps{}, err
	}
	out := design.PanelProps{
		Title: text.T(ctx, "design.add_action", "Add action to %s", blockWords(ctx, b.Type)+": "+on.Title), Address: urls.DesignActions(d.key()),
		Submit: text.T(ctx, "design.add_button", "Add button"),
	}
	offered := models.Offered()[b.Type]
	if p.kind == "" {
		for _, t := range offered {
			to := urls.DesignPanel(d.key(), "add-action", b.ID) + "&" + url.Values{"type": {string(t)}}.Encode()
			out.Links = append(out.Links, design.Link{Label: actionLabel(ctx, &models.PageAction{Type: t}), Icon: actionIcon(t), Href: to})
		}
		return out, nil
	}
	if !slices.Contains(offered, models.ActionType(p.kind)) {
		return out, models.NotFound()
	}
	if p.form == nil {
		p.form = bind.Form{"valueField": {""}, "value": {""}, "close": {"true"}}
	}
	out.Parts = d.actionParts(ctx, inputs{p.form}, models.ActionType(p.kind), on)
	out.Parts[0].Hidden = []design.Hidden{{Name: "block", Value: b.ID}, {Name: "type", Value: p.kind}}
	return out, nil
}

// Parts of a button that are changed each by itself; sent as partName.
const (
	partName  = "part"
	facePart  = "action"
	askPart   = "ask"
	afterPart = "after"
)

// actionPanel draws one part of a button: the panel has its name.
func (d designing) actionPanel(ctx context.Context, p panel) (design.PanelProps, error) {
	a, on, err := d.actionOf(p.id)
	if err != nil {
		return design.PanelProps{}, err
	}
	if p.name != facePart && !writes(a.Type) {
		return design.PanelProps{}, models.NotFound()
	}
	if p.form == nil {
		p.form = actionForm(a)
	}
	in := inputs{p.form}
	var parts []design.Part
	switch p.name {
	case askPart:
		parts = []design.Part{d.asking(ctx, in)}
	case afterPart:
		parts = d.afterParts(ctx, in)
	default:
		parts = d.faceParts(ctx, in, a.Type, on)
	}
	parts[0].Hidden = append(parts[0].Hidden, design.Hidden{Name: partName, Value: p.name})
	return design.PanelProps{
		Title: text.T(ctx, "design.button", "%s button", actionLabel(ctx, a)), Address: urls.DesignAction(d.key(), a.ID),
		Submit: text.T(ctx, "ui.save", "Save"), Parts: parts,
	}, nil
}

func (d designing) actionOf(id string) (*models.PageAction, *models.Collection, error) {
	a, b, ok := d.state.Page.Action(id)
	if !ok {
		return nil, nil, models.NotFound()
	}
	on, ok := d.cat.Collection(b.Collection)
	if !ok {
		return nil, nil, models.NotFound()
	}
	return a, on, nil
}

// actionForm is what a button says, as its panel sends it.
func actionForm(a *models.PageAction) bind.Form {
	f := bind.Form{
		"title": {a.Title}, "style": {string(a.Style)}, "opens": {a.Block}, "open": {a.Open}, "confirm": {a.Confirm}, "link": {a.Link},
		"message": {a.After.Message}, "next": {a.After.Next}, "redirect": {a.After.Redirect}, "refresh": a.After.Refresh,
	}
	if a.After.Close {
		f["close"] = []string{"true"}
	}
	for name, value := range a.Values {
		f["valueField"] = append(f["valueField"], name)
		f["value"] = append(f["value"], fmt.Sprint(value))
	}
	return f
}

// actionParts are all the settings that a type of button has.
func (d designing) actionParts(ctx context.Context, in inputs, t models.ActionType, on *models.Collection) []design.Part {
	parts := d.faceParts(ctx, in, t, on)
	if writes(t) {
		parts = slices.Concat(parts, []design.Part{d.asking(ctx, in)}, d.afterParts(ctx, in))
	}
	return parts
}

// asking is the question that a button asks before anything happens.
func (d designing) asking(ctx context.Context, in inputs) design.Part {
	return design.Part{Inputs: inputList(in.text("confirm", text.T(ctx, "design.confirm", "Question before it happens"),
		text.T(ctx, "design.confirm_help", "Such as “Send it to your manager?”. Empty asks nothing.")))}
}

// faceParts are how a button looks and what it does.
func (d designing) faceParts(ctx context.Context, in inputs, t models.ActionType, on *models.Collection) []design.Part {
	styles := []ui.Choice{
		{Value: string(models.PlainStyle), Label: text.T(ctx, "style.plain", "Plain")},
		{Value: string(models.PrimaryStyle), Label: text.T(ctx, "style.primary", "Main button")},
		{Value: string(models.DangerStyle), Label: text.T(ctx, "style.danger", "Danger")},
	}
	first := design.Part{Inputs: inputList(
		in.text("title", text.T(ctx, "design.action_title", "Title"), text.T(ctx, "design.action_title_help", "Empty says “%s”.", actionLabel(ctx, &models.PageAction{Type: t}))),
		in.option(text.T(ctx, "style.usual", "As usual"), in.choice("style", text.T(ctx, "design.style", "Style"), styles)),
	)}
	if want := opens(t); want != "" {
		first.Inputs = append(first.Inputs, d.opensInput(ctx, in, want, on), in.option(text.T(ctx, "open.drawer", "In a drawer"), in.choice("open", text.T(ctx, "design.open_in", "Where it opens"), []ui.Choice{
			{Value: "dialog", Label: text.T(ctx, "open.dialog", "In a dialog")}, {Value: "page", Label: text.T(ctx, "open.page", "On a page of its own")},
		})))
	}
	if t == models.LinkAction {
		first.Inputs = append(first.Inputs, in.text("link", text.T(ctx, "design.link", "Leads to"), text.T(ctx, "design.link_help", "A path of this installation, such as /tasks.")))
	}
	parts := []design.Part{first}
	if t == models.UpdateRecordAction {
		parts = append(parts, valuesPart(ctx, in, on))
	}
	return parts
}

// opensInput offers the blocks an action may open.
func (d designing) opensInput(ctx context.Context, in inputs, want models.BlockType, on *models.Collection) fields.Props {
	choices := []ui.Choice{}
	for _, b := range d.state.Page.Blocks() {
		if b.Type != want || models.Snake(b.Collection) != models.Snake(on.Name) {
			continue
		}
		title := b.Title
		if title == "" {
			title = blockWords(ctx, b.Type) + ": " + on.Title
		}
		choices = append(choices, ui.Choice{Value: b.ID, Label: title})
	}
	choices = append(choices, ui.Choice{Value: newBlockChoice, Label: text.T(ctx, "design.opens_new", "A new one")})
	return in.choice("opens", text.T(ctx, "design.opens", "Opens"), choices)
}

// newBlockChoice makes the block that an action opens together with it.
const newBlockChoice = "new"

func valuesPart(ctx context.Context, in inputs, on *models.Collection) design.Part {
	rows := &design.RowsProps{Name: "values", Add: text.T(ctx, "design.add_value", "Add value")}
	for i := range rowCount(in.form, lists()["values"]) {
		rows.Rows = append(rows.Rows, inputList(
			in.row(in.choice("valueField", text.T(ctx, "design.field", "Field"), settableChoices(on)), i),
			in.row(in.text("value", text.T(ctx, "design.value", "Value"), ""), i),
		))
	}
	return design.Part{Title: text.T(ctx, "design.values", "Values to set"), Note: text.T(ctx, "design.values_note", "{{ user.id }} is the person who presses, {{ system.today }} the day."), Rows: rows}
}

// afterParts say what follows a press that succeeded.
func (d designing) afterParts(ctx context.Context, in inputs) []design.Part {
	var blocks []ui.Choice
	for _, b := range d.state.Page.Blocks() {
		if b.Type != models.TableBlock {
			continue
		}
		title := b.Title
		if on, ok := d.cat.Collection(b.Collection); ok && title == "" {
			title = on.Title
		}
		blocks = append(blocks, ui.Choice{Value: b.ID, Label: text.T(ctx, "after.refresh", "Refresh %s", title)})
	}
	next := []ui.Choice{{Value: "clear", Label: text.T(ctx, "after.clear", "Next entry")}, {Value: "record", Label: text.T(ctx, "after.record", "Open record")}}
	checks := in.checks("close", []ui.Choice{{Value: "true", Label: text.T(ctx, "after.close_popup", "Close the drawer or dialog")}})
	return []design.Part{{
		Title: text.T(ctx, "design.after", "After success"), Inputs: inputList(
			in.text("message", text.T(ctx, "after.message", "Message"), text.T(ctx, "after.message_help", "May name values of the record, such as {{ record.id }}.")),
			in.option(text.T(ctx, "after.nothing", "Nothing"), in.choice("next", text.T(ctx, "after.next", "Then"), next)),
			in.text("redirect", text.T(ctx, "after.redirect_to", "Redirect to"), text.T(ctx, "after.redirect_help", "A path of this installation, instead of the choice above.")),
		), Checks: slices.Concat(checks, in.checks("refresh", blocks)), Note: text.T(ctx, "after.note", "Without a choice, every table of the collection is shown afresh."),
	}}
}

// actionValues are the settings of a button as its panel sent them: all, or those of one
// part.
func actionValues(form bind.Form, t models.ActionType, on *models.Collection) map[string]any {
	out := map[string]any{}
	if part := form.Get(partName); part == "" || part == facePart {
		faceValues(out, form, t, on)
	}
	if form.Has("confirm") {
		out["confirm"] = strings.TrimSpace(form.Get("confirm"))
	}
	if part := form.Get(partName); writes(t) && (part == "" || part == afterPart) {
		text := func(name string) any { return strings.TrimSpace(form.Get(name)) }
		out["after"] = map[string]any{
			"message": text("message"), "next": text("next"), "redirect": text("redirect"), "close": form.Get("close") == "true", "refresh": anyTexts(form["refresh"]),
		}
	}
	return out
}

// faceValues adds how a button looks and what it does.
func faceValues(out map[string]any, form bind.Form, t models.ActionType, on *models.Collection) {
	text := func(name string) any { return strings.TrimSpace(form.Get(name)) }
	out["title"], out["style"] = text("title"), text("style")
	if opens(t) != "" {
		out["block"], out["open"] = text("opens"), text("open")
	}
	if t == models.LinkAction {
		out["link"] = text("link")
	}
	if t == models.UpdateRecordAction {
		values := map[string]any{}
		for i, name := range form["valueField"] {
			if name != "" {
				values[name] = typedValue(on, name, at(form["value"], i))
			}
		}
		out["values"] = values
	}
}

func (s *site) addAction(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	p := panel{name: "add-action", id: form.Get("block"), kind: form.Get("type"), form: form}
	b, on, err := d.blockOf(p.id)
	if err != nil {
		return err
	}
	if editRows(form) {
		return d.draw(c, fiber.StatusOK, p)
	}
	t := models.ActionType(p.kind)
	values := actionValues(form, t, on)
	values["type"] = p.kind
	commands, err := d.opening(c.UserContext(), t, b.Collection, values)
	if err != nil {
		return err
	}
	commands = append(commands, pagedesign.Command{Name: "add_action", Args: map[string]any{"block": b.ID, "action": values}})
	return d.edit(c, p, commands...)
}

// opening makes the block that an action opens, when a new one was chosen.
func (d designing) opening(ctx context.Context, t models.ActionType, collection string, values map[string]any) ([]pagedesign.Command, error) {
	want := opens(t)
	if want == "" || values["block"] != newBlockChoice && values["block"] != "" {
		return nil, nil
	}
	id := pagedesign.FreeID(d.state.Page)
	values["block"] = id
	add, err := d.newBlock(ctx, want, collection, id)
	if err != nil {
		return nil, err
	}
	add.Args[placePopup] = true
	return []pagedesign.Command{add}, nil
}

func (s *site) saveAction(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	p := panel{name: form.Get(partName), id: route.Param(c, "action"), form: form}
	if !slices.Contains([]string{askPart, afterPart}, p.name) {
		p.name = facePart
	}
	a, on, err := d.actionOf(p.id)
	if err != nil {
		return err
	}
	if editRows(form) {
		return d.draw(c, fiber.StatusOK, p)
	}
	values := actionValues(form, a.Type, on)
	var commands []pagedesign.Command
	if p.name == facePart {
		if commands, err = d.opening(c.UserContext(), a.Type, on.Name, values); err != nil {
			return err
		}
	}
	return d.edit(c, p, append(commands, pagedesign.Command{Name: "set_action", Args: map[string]any{"action": a.ID, "values": values}})...)
}

// stepAction moves a button or removes it.
func (s *site) stepAction(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	step, ok := stepCommand("action", route.Param(c, "action"), route.Param(c, "step"))
	if !ok {
		return models.NotFound()
	}
	return d.edit(c, panel{form: form}, step)
}
