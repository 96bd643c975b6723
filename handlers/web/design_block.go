package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/pagedesign"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/ui"
	"formrail/views/urls"
)

// newFields is how many fields a new block shows at first.
const newFields = 6

// placePopup is the place of a block that buttons open.
const placePopup = "popup"

func (d designing) addBlockPanel(ctx context.Context, p panel) (design.PanelProps, error) {
	if p.form == nil {
		p.form = bind.Form{"type": {string(models.TableBlock)}, "place": {"page"}, "collection": {d.likelyCollection()}}
	}
	in := inputs{p.form}
	var types, collections []ui.Choice
	for _, t := range []models.BlockType{models.TableBlock, models.CreateFormBlock, models.EditFormBlock, models.DetailsBlock} {
		types = append(types, ui.Choice{Value: string(t), Label: blockWords(ctx, t)})
	}
	for _, on := range d.cat.Collections() {
		collections = append(collections, ui.Choice{Value: on.Name, Label: on.Title})
	}
	places := []ui.Choice{
		{Value: "page", Label: text.T(ctx, "design.place_page", "On the page")}, {Value: placePopup, Label: text.T(ctx, "design.place_popup", "Opened by a button")},
	}
	chosen := in.choice("collection", text.T(ctx, "design.collection", "Collection"), collections)
	chosen.Field.Required = true
	if p.problem != nil && p.form.Get("collection") == "" {
		chosen.Problem = text.T(ctx, "design.choose_collection", "Choose a collection.")
	}
	return design.PanelProps{
		Title: text.T(ctx, "design.add_block", "Add block"), Address: urls.DesignBlocks(d.key()), Submit: text.T(ctx, "design.add_block", "Add block"),
		Parts: []design.Part{{Inputs: inputList(
			in.choice("type", text.T(ctx, "design.block_type", "Block"), types),
			chosen,
			in.choice("place", text.T(ctx, "design.place", "Place"), places),
		)}},
	}, nil
}

// likelyCollection is the collection that a new block is likely about: that of another
// block, or the only one that somebody has made; empty when it could be any.
func (d designing) likelyCollection() string {
	if blocks := d.state.Page.Blocks(); len(blocks) > 0 {
		return blocks[len(blocks)-1].Collection
	}
	only := ""
	for _, on := range d.cat.Collections() {
		switch {
		case on.System:
		case only != "":
			return ""
		default:
			only = on.Name
		}
	}
	return only
}

// addBlock adds a block with the first fields of its collection, a form with the
// button that sends it, and leads to its settings.
func (s *site) addBlock(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	id := pagedesign.FreeID(d.state.Page)
	add, err := d.newBlock(c.UserContext(), models.BlockType(form.Get("type")), form.Get("collection"), id)
	if err != nil {
		return err
	}
	add.Args[placePopup] = form.Get("place") == placePopup
	_, err = s.Design.Commands(c.UserContext(), d.access, d.key(), pagedesign.Batch{Commands: []pagedesign.Command{add}})
	if err != nil {
		return d.refuse(c, panel{name: "add-block", form: form}, err)
	}
	return reply.Redirect(c, urls.DesignPanel(d.key(), "block", id))
}

// newBlock is the command for a block with what such a block usually has. A form for
// new records leaves out what begins with a default and is set by workflows.
func (d designing) newBlock(ctx context.Context, t models.BlockType, collection, id string) (pagedesign.Command, error) {
	decided, err := d.site.Engine.FieldsSet(ctx, collection)
	if err != nil {
		return pagedesign.Command{}, err
	}
	block := map[string]any{"type": string(t), "collection": collection}
	if on, ok := d.cat.Collection(collection); ok {
		var names []string
		for _, f := range on.Fields {
			left := f.Preset || f.Hidden || t.IsForm() && f.ReadOnly || t == models.CreateFormBlock && begins(f, decided)
			if !left && len(names) < newFields {
				names = append(names, f.Name)
			}
		}
		block["fields"] = anyTexts(names)
	}
	send := map[models.BlockType]models.ActionType{models.CreateFormBlock: models.SubmitAction, models.EditFormBlock: models.SaveAction}[t]
	if send != "" {
		button := map[string]any{"id": freeButton(d.state.Page, id), "type": string(send), "after": map[string]any{"close": true}}
		block["actions"] = []any{button}
	}
	return pagedesign.Command{Name: "add_block", Args: map[string]any{"id": id, "block": block}}, nil
}

// freeButton is an id for a button of a block that is being added.
func freeButton(p *models.Page, block string) string {
	for {
		if id := pagedesign.FreeID(p); id != block {
			return id
		}
	}
}

func (d designing) blockPanel(ctx context.Context, p panel) (design.PanelProps, error) {
	b, on, err := d.blockOf(p.id)
	if err != nil {
		return design.PanelProps{}, err
	}
	if p.form == nil {
		p.form = blockForm(b)
	}
	decided, err := d.site.Engine.FieldsSet(ctx, on.Name)
	if err != nil {
		return design.PanelProps{}, err
	}
	in := inputs{p.form}
	parts := []design.Part{
		{Inputs: inputList(in.text("title", text.T(ctx, "design.block_title", "Title"), text.T(ctx, "design.block_title_help", "Empty takes that of the collection.")))},
		d.fieldsPart(ctx, in, b, on, decided),
	}
	if b.Type == models.TableBlock {
		parts = append(parts, d.filterPart(ctx, in, b, on), d.orderPart(ctx, in, b, on))
	}
	return design.PanelProps{
		Title: text.T(ctx, "design.block_settings", "Settings of %s", blockWords(ctx, b.Type)+": "+on.Title), Address: urls.DesignBlock(d.key(), b.ID),
		Submit: text.T(ctx, "ui.save", "Save"), Parts: parts,
	}, nil
}

func (d designing) blockOf(id string) (*models.Block, *models.Collection, error) {
	b, ok := d.state.Page.Block(id)
	if !ok {
		return nil, nil, models.NotFound()
	}
	on, ok := d.cat.Collection(b.Collection)
	if !ok {
		return nil, nil, models.NotFound()
	}
	return b, on, nil
}

// blockForm is what a block says, as its panel sends it.
func blockForm(b *models.Block) bind.Form {
	f := bind.Form{"title": {b.Title}, "pageSize": {""}, "sort": {""}}
	if b.PageSize > 0 {
		f["pageSize"] = []string{strconv.Itoa(b.PageSize)}
	}
	if len(b.Sort) > 0 {
		f["sort"] = []string{b.Sort[0]}
	}
	for _, one := range b.Fields {
		f["field"], f["fieldTitle"] = append(f["field"], one.Field), append(f["fieldTitle"], one.Title)
	}
	if anyHolds(b.Filter) {
		f[filterMatch] = []string{anyOf}
	}
	for _, r := range simpleFilter(b.Filter) {
		f["filterField"], f["filterOp"], f["filterValue"] = append(f["filterField"], r[0]), append(f["filterOp"], r[1]), append(f["filterValue"], r[2])
	}
	return f
}

func (d designing) fieldsPart(ctx context.Context, in inputs, b *models.Block, on *models.Collection, decided map[string][]string) design.Part {
	rows := &design.RowsProps{Name: "fields", Move: true, Add: text.T(ctx, "design.add_field", "Add field")}
	choices := d.fieldChoices(on, b.Type)
	for i := range rowCount(in.form, lists()["fields"]) {
		rows.Rows = append(rows.Rows, inputList(
			in.row(in.choice("field", text.T(ctx, "design.field", "Field"), choices), i),
			in.row(in.text("fieldTitle", text.T(ctx, "design.field_title", "Own title"), ""), i),
		))
	}
	title, note := text.T(ctx, "design.columns", "Columns"), ""
	if b.Type != models.TableBlock {
		title = text.T(ctx, "design.fields", "Fields")
	}
	if len(rows.Rows) == 0 {
		note = text.T(ctx, "design.all_fields", "Without a choice all fields that people fill in.")
	}
	if b.Type == models.CreateFormBlock {
		note = strings.TrimSpace(note + " " + decidedNote(ctx, in.form["field"], on, decided))
	}
	return design.Part{Title: title, Note: note, Rows: rows}
}

func (d designing) orderPart(ctx context.Context, in inputs, b *models.Block, on *models.Collection) design.Part {
	var order, sizes []ui.Choice
	for _, c := range d.fieldChoices(on, b.Type) {
		if !strings.Contains(c.Value, ".") {
			order = append(order, c, ui.Choice{Value: "-" + c.Value, Label: text.T(ctx, "design.descending", "%s, last first", c.Label)})
		}
	}
	for _, n := range []string{"10", "20", "50", "100"} {
		sizes = append(sizes, ui.Choice{Value: n, Label: n})
	}
	if n := in.form.Get("pageSize"); n != "" && !slices.ContainsFunc(sizes, func(c ui.Choice) bool { return c.Value == n }) {
		sizes = append(sizes, ui.Choice{Value: n, Label: n})
	}
	return design.Part{Title: text.T(ctx, "design.order", "Order"), Inputs: inputList(
		in.option(text.T(ctx, "design.sort_usual", "As they were added"), in.choice("sort", text.T(ctx, "design.sort", "Sorted by"), order)),
		in.option(text.T(ctx, "design.page_size_usual", "As usual"), in.choice("pageSize", text.T(ctx, "design.page_size", "Records on a page"), sizes)),
	)}
}

// saveBlock changes the settings of a block, or a row of its lists.
func (s *site) saveBlock(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	p := panel{name: "block", id: route.Param(c, "block"), form: form}
	b, on, err := d.blockOf(p.id)
	if err != nil {
		return err
	}
	if editRows(form) {
		return d.draw(c, fiber.StatusOK, p)
	}
	return d.edit(c, p, pagedesign.Command{Name: "set_block", Args: map[string]any{"block": b.ID, "values": blockValues(form, b, on)}})
}

func blockValues(form bind.Form, b *models.Block, on *models.Collection) map[string]any {
	shown := []any{}
	for i, name := range form["field"] {
		if name != "" {
			shown = append(shown, map[string]any{"field": name, "title": strings.TrimSpace(at(form["fieldTitle"], i)), "help": helpOf(b, name)})
		}
	}
	out := map[string]any{"title": strings.TrimSpace(form.Get("title")), "fields": shown}
	if b.Type != models.TableBlock {
		return out
	}
	out["sort"], out["pageSize"] = nil, nil
	if key := form.Get("sort"); key != "" {
		out["sort"] = []any{key}
		if len(b.Sort) > 1 && b.Sort[0] == key {
			out["sort"] = anyTexts(b.Sort)
		}
	}
	if n, err := strconv.ParseInt(form.Get("pageSize"), 10, 64); err == nil {
		out["pageSize"] = n
	}
	if b.Filter == nil || simpleFilter(b.Filter) != nil {
		out["filter"] = filterOf(form, on)
	}
	return out
}

// helpOf keeps the help of a field that the panel does not edit.
func helpOf(b *models.Block, name string) string {
	for _, f := range b.Fields {
		if f.Field == name {
			return f.Help
		}
	}
	return ""
}

// stepBlock moves a block or deletes it.
func (s *site) stepBlock(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	step, ok := stepCommand("block", route.Param(c, "block"), route.Param(c, "step"))
	if !ok {
		return models.NotFound()
	}
	return d.edit(c, panel{form: form}, step)
}

// stepCommand is up, down or delete of a block or a button.
func stepCommand(noun, id, step string) (pagedesign.Command, bool) {
	switch step {
	case "up":
		return pagedesign.Command{Name: "move_" + noun, Args: map[string]any{noun: id, "by": int64(-1)}}, true
	case "down":
		return pagedesign.Command{Name: "move_" + noun, Args: map[string]any{noun: id, "by": int64(1)}}, true
	case "delete":
		return pagedesign.Command{Name: "delete_" + noun, Args: map[string]any{noun: id}}, true
	}
	return pagedesign.Command{}, false
}
