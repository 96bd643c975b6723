package web

import (
	"context"
	"maps"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
)

// fieldDraft is a field whose panel is open: a new one, or one that is changed.
type fieldDraft struct {
	collectionView
	typ     fieldType
	old     *models.CollectionField // nil for a new one
	sent    bind.Form               // what was typed; nil at first
	options []field.Option          // of a select
	focus   string                  // id of the control of the options to go on with
}

// newDraft is a new field of the type that the address names.
func (s *site) newDraft(c *fiber.Ctx) (fieldDraft, error) {
	v, err := s.collection(c)
	if err != nil {
		return fieldDraft{}, err
	}
	typ, ok := typeByKey(route.Param(c, "type"))
	if !ok || v.on.System {
		return fieldDraft{}, models.NotFound()
	}
	d := fieldDraft{collectionView: v, typ: typ}
	if typ.kind == field.Select {
		d.options = make([]field.Option, 1)
	}
	return d, nil
}

// oldDraft is the field that the address names.
func (s *site) oldDraft(c *fiber.Ctx) (fieldDraft, error) {
	v, err := s.collection(c)
	if err != nil {
		return fieldDraft{}, err
	}
	f, err := v.field(c)
	if err != nil {
		return fieldDraft{}, err
	}
	return fieldDraft{collectionView: v, typ: typeOf(f), old: f, options: f.Options}, nil
}

// newField draws the panel of a new field; with a title, the key it suggests.
func (s *site) newField(c *fiber.Ctx) error {
	d, err := s.newDraft(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if reply.Wants(c) && query.Has("title") {
		return reply.Status(c, fiber.StatusOK, nil, collections.Key(followed(query, "field", d.freeField)))
	}
	return d.draw(c, fiber.StatusOK, nil)
}

// showField draws the panel of a field.
func (s *site) showField(c *fiber.Ctx) error {
	d, err := s.oldDraft(c)
	if err != nil {
		return err
	}
	return d.draw(c, fiber.StatusOK, nil)
}

// addField takes the form of a new field.
func (s *site) addField(c *fiber.Ctx) error {
	d, err := s.newDraft(c)
	if err != nil {
		return err
	}
	return d.take(c, text.M("collections.field_added", "Field added"), func(ctx context.Context, wanted *models.CollectionField) error {
		return s.Records.AddField(ctx, d.call(""), wanted)
	})
}

// saveField takes new settings of a field. What records they would break is shown
// first; the hash of what was shown comes back with the second press.
func (s *site) saveField(c *fiber.Ctx) error {
	d, err := s.oldDraft(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	return d.take(c, text.M("collections.field_saved", "Field saved"), func(ctx context.Context, wanted *models.CollectionField) error {
		call := d.call(d.old.Name)
		call.Confirm = form.Get("confirm")
		return s.Records.UpdateField(ctx, call, wanted)
	})
}

// take reads the form of the panel and saves it, or does what a button of its
// options says.
func (d fieldDraft) take(c *fiber.Ctx, said text.Message, save func(context.Context, *models.CollectionField) error) error {
	ctx := c.UserContext()
	var err error
	if d.sent, err = bind.ReadForm(c); err != nil {
		return err
	}
	if d.options, err = sentOptions(d.sent); err != nil {
		return err
	}
	if action := d.sent.Get(ui.ActionName); action != "" {
		d.options, d.focus = changedOptions(d.options, action)
		return d.draw(c, fiber.StatusOK, nil)
	}
	wanted, problems := d.wanted(ctx)
	if e := models.Problems(problems); e != nil {
		return d.draw(c, fiber.StatusUnprocessableEntity, e)
	}
	err = save(ctx, wanted)
	if e := refusal(err); e != nil {
		status := fiber.StatusUnprocessableEntity
		if e.Kind == models.KindConflict {
			status = fiber.StatusConflict
		}
		return d.draw(c, status, e)
	}
	if err != nil {
		return err
	}
	if err := d.site.say(c, flash{Tone: ui.OK, Title: said.In(ctx)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Collection(d.on.Name))
}

// wanted reads what was typed as the definition of a field. Settings that the form
// does not have stay as they are.
func (d fieldDraft) wanted(ctx context.Context) (*models.CollectionField, field.Problems) {
	definition := map[string]any{}
	if d.old != nil {
		definition = maps.Clone(d.old.Definition())
	}
	settings := append(d.settings(ctx).all(), titleSetting(ctx))
	typed, problems := settingValues(d.sent, settings)
	for _, s := range settings {
		delete(definition, s.Name)
	}
	maps.Copy(definition, typed)
	if v, ok := definition["default"]; ok {
		definition["default"] = defaultValue(d.typ, v)
	}
	if d.old == nil {
		definition["type"], definition["name"] = string(d.typ.kind), followed(d.sent, "field", d.freeField).Value
	}
	if d.typ.kind == field.Select {
		problems = append(problems, unnamedOptions(d.options)...)
		definition["options"] = definedOptions(d.options)
	}
	f, found := models.ReadField(definition)
	return f, append(problems, found...)
}

// value is the text that a setting shows: what was typed, else what the field has.
func (d fieldDraft) value(name string) string {
	switch {
	case d.sent != nil:
		return d.sent.Get(name)
	case d.old != nil:
		return canonical(d.old.Definition()[name])
	}
	return canonical(d.typ.newValues()[name])
}

func (d fieldDraft) props(ctx context.Context, list []field.Field, e *models.Error) []fields.Props {
	var out []fields.Props
	for _, s := range list {
		p := settingProps(ctx, s, d.value(s.Name), e)
		p.ReadOnly = d.fixed(s.Name)
		out = append(out, p)
	}
	return out
}

// draw draws the page with the panel. e is why it was not saved; nil for nothing.
func (d fieldDraft) draw(c *fiber.Ctx, status int, e *models.Error) error {
	panel, err := d.panel(c.UserContext(), e)
	if err != nil {
		return err
	}
	if reply.Wants(c) && c.Method() == fiber.MethodPost {
		return reply.Status(c, status, nil, collections.FieldPanel(panel))
	}
	show := fieldsPage{status: status, panel: &panel}
	if d.old != nil {
		show.current = d.old.Name
	}
	return d.drawFields(c, show)
}
