package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// schemaRoutes are the actions on collections and their fields.
func (a *api) schemaRoutes() (out []route.Route) {
	design := route.Right("collection.design")
	g := group{api: a, at: "/api/collections:", body: designBody}
	f := group{api: a, at: "/api/collections/{name}/fields:", body: designBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", design, "schema", a.listCollections))
	add(g.read("get/{name}", design, "schema", a.getCollection))
	add(g.read("usage/{name}", design, "schema", a.usageOfCollection))
	add(g.change("create", design, "schema", a.createCollection))
	add(g.change("update/{name}", design, "schema", a.updateCollection))
	add(g.change("destroy/{name}", design, "schema", a.destroyCollection))
	add(g.change("restore/{name}", design, "schema", a.restoreCollection))
	add(g.read("preview/{name}", design, "schema", a.previewCollection))
	add(g.change("clone/{name}", design, "schema", a.cloneCollection))
	add(f.read("preview/{field}", design, "schema", a.previewField))
	add(f.change("move/{field}", design, "schema", a.moveField))
	add(f.read("list", design, "schema", a.listFields))
	add(f.read("get/{field}", design, "schema", a.getField))
	add(f.change("create", design, "schema", a.createField))
	add(f.change("update/{field}", design, "schema", a.updateField))
	add(f.change("destroy/{field}", design, "schema", a.destroyField))
	add(f.change("restore/{field}", design, "schema", a.restoreField))
	return out
}

// schemaCall says who changes what. The hash of a preview that was accepted may
// stand in the address.
func schemaCall(c *fiber.Ctx) (records.SchemaCall, error) {
	p, err := bind.ReadParams(c)
	if err != nil {
		return records.SchemaCall{}, err
	}
	call := records.SchemaCall{
		Access: access(c), Collection: route.Param(c, "name"), Field: route.Param(c, "field"), Confirm: p.Raw("confirm"),
	}
	return call, p.Only()
}

// changeSchema runs a change of the schema that has no answer of its own.
func (a *api) changeSchema(c *fiber.Ctx, change func(records.SchemaCall) error) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := change(call); err != nil {
		return reply.Body{}, err
	}
	return done()
}

func (a *api) listCollections(c *fiber.Ctx) (reply.Body, error) {
	cat, err := a.DB.Catalog(c.UserContext())
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: listOf(cat.Collections(), func(c *models.Collection) any { return c })}, nil
}

func (a *api) getCollection(c *fiber.Ctx) (reply.Body, error) {
	on, err := a.Records.Collection(c.UserContext(), route.Param(c, "name"))
	return reply.Body{Data: on}, err
}

// usageOfCollection lists what would notice a change of a collection or, with the
// parameter field, of one of its fields.
func (a *api) usageOfCollection(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	name := p.Raw("field")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	on, err := a.Records.Collection(c.UserContext(), route.Param(c, "name"))
	if err != nil {
		return reply.Body{}, err
	}
	found, err := a.Records.Usages(c.UserContext(), on.Name, name)
	return reply.Body{Data: listOf(found, func(u models.Usage) any { return u })}, err
}

func (a *api) createCollection(c *fiber.Ctx) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	wanted, problems := models.ReadCollection(sent)
	if found := models.Problems(problems); found != nil {
		return reply.Body{}, found
	}
	call.Collection = wanted.Name
	made, err := a.Records.CreateCollection(c.UserContext(), call, wanted)
	return reply.Body{Data: made}, err
}

// updateCollection changes settings; another name renames the collection first.
func (a *api) updateCollection(c *fiber.Ctx) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	name := p.Raw("name")
	patch := records.CollectionPatch{
		Title: p.Optional("title"), TitlePlural: p.Optional("titlePlural"), Description: p.Optional("description"),
		Icon: p.Optional("icon"), TitleField: p.Optional("titleField"),
	}
	if p.Has("trashDays") {
		days := p.Number("trashDays", 0, 0, 3650)
		patch.TrashDays = &days
	}
	if p.Has("history") {
		on := p.Flag("history", true)
		patch.History = &on
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	if name != "" && name != call.Collection {
		if err := a.Records.RenameCollection(ctx, call, name); err != nil {
			return reply.Body{}, err
		}
		call.Collection = name
	}
	if patch != (records.CollectionPatch{}) {
		if err := a.Records.UpdateCollection(ctx, call, patch); err != nil {
			return reply.Body{}, err
		}
	}
	on, err := a.Records.Collection(ctx, call.Collection)
	return reply.Body{Data: on}, err
}

func (a *api) destroyCollection(c *fiber.Ctx) (reply.Body, error) {
	return a.changeSchema(c, func(call records.SchemaCall) error { return a.Records.DropCollection(c.UserContext(), call) })
}

func (a *api) restoreCollection(c *fiber.Ctx) (reply.Body, error) {
	return a.changeSchema(c, func(call records.SchemaCall) error { return a.Records.RestoreCollection(c.UserContext(), call) })
}

func (a *api) listFields(c *fiber.Ctx) (reply.Body, error) {
	on, err := a.Records.Collection(c.UserContext(), route.Param(c, "name"))
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: listOf(on.Fields, func(f *models.CollectionField) any { return f.Definition() })}, nil
}

func (a *api) getField(c *fiber.Ctx) (reply.Body, error) {
	f, err := a.fieldOf(c, route.Param(c, "name"), route.Param(c, "field"))
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: f.Definition()}, nil
}

func (a *api) fieldOf(c *fiber.Ctx, collection, name string) (*models.CollectionField, error) {
	on, err := a.Records.Collection(c.UserContext(), collection)
	if err != nil {
		return nil, err
	}
	f, ok := on.Field(name)
	if !ok {
		return nil, models.NotFound()
	}
	return f, nil
}

func (a *api) createField(c *fiber.Ctx) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	wanted, problems := models.ReadField(sent)
	if found := models.Problems(problems); found != nil {
		return reply.Body{}, found
	}
	if err := a.Records.AddField(c.UserContext(), call, wanted); err != nil {
		return reply.Body{}, err
	}
	return a.fieldReply(c, call.Collection, wanted.Name)
}

func (a *api) fieldReply(c *fiber.Ctx, collection, name string) (reply.Body, error) {
	f, err := a.fieldOf(c, collection, name)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: f.Definition()}, nil
}

// updateField lays the body over the settings that a field has; null takes a setting
// away, and another name renames the field.
func (a *api) updateField(c *fiber.Ctx) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	old, err := a.fieldOf(c, call.Collection, call.Field)
	if err != nil {
		return reply.Body{}, err
	}
	wanted, changed, err := laidOver(old, sent)
	if err != nil {
		return reply.Body{}, err
	}
	if wanted.Name != old.Name {
		if err := a.Records.RenameField(c.UserContext(), call, wanted.Name); err != nil {
			return reply.Body{}, err
		}
		call.Field = wanted.Name
	}
	if changed {
		if err := a.Records.UpdateField(c.UserContext(), call, wanted); err != nil {
			return reply.Body{}, err
		}
	}
	return a.fieldReply(c, call.Collection, wanted.Name)
}

// laidOver gives a field with other settings, and whether any but its name differs.
func laidOver(old *models.CollectionField, sent map[string]any) (wanted *models.CollectionField, changed bool, err error) {
	definition := old.Definition()
	for name, v := range sent {
		changed = changed || name != "name" && !field.Equal(definition[name], v)
		definition[name] = v
		if v == nil {
			delete(definition, name)
		}
	}
	wanted, problems := models.ReadField(definition)
	if found := models.Problems(problems); found != nil {
		return nil, false, found
	}
	return wanted, changed, nil
}

func (a *api) destroyField(c *fiber.Ctx) (reply.Body, error) {
	return a.changeSchema(c, func(call records.SchemaCall) error { return a.Records.DropField(c.UserContext(), call) })
}

func (a *api) restoreField(c *fiber.Ctx) (reply.Body, error) {
	return a.changeSchema(c, func(call records.SchemaCall) error { return a.Records.RestoreField(c.UserContext(), call) })
}
