package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
)

// Changes that can be previewed.
const (
	renaming   = "rename"
	destroying = "destroy"
	updating   = "update"
)

// impactValue says what a change would touch. The confirmation goes into the address
// of the change itself.
func impactValue(impact records.Impact) map[string]any {
	return map[string]any{
		"usages": listOf(impact.Usages, func(u models.Usage) any { return u }), "confirm": textOf(impact.Confirm),
	}
}

// preview asks what a change would touch, without making it.
func preview(call records.SchemaCall, change func(records.SchemaCall) error) (reply.Body, error) {
	var impact records.Impact
	call.Preview = &impact
	if err := change(call); err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: impactValue(impact)}, nil
}

// previewCollection tells what the parameter change would do: rename or destroy.
func (a *api) previewCollection(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	change := p.One("change", destroying, renaming)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx, name := c.UserContext(), route.Param(c, "name")
	if _, err := a.Records.Collection(ctx, name); err != nil {
		return reply.Body{}, err
	}
	return preview(records.SchemaCall{Access: access(c), Collection: name}, func(call records.SchemaCall) error {
		if change == renaming {
			return a.Records.RenameCollection(ctx, call, name)
		}
		return a.Records.DropCollection(ctx, call)
	})
}

// previewField tells what the parameter change would do: rename, destroy or, with
// the settings of another one, update.
func (a *api) previewField(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	change, sent := p.One("change", destroying, renaming, updating), p.Object("settings")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	old, err := a.fieldOf(c, route.Param(c, "name"), route.Param(c, "field"))
	if err != nil {
		return reply.Body{}, err
	}
	wanted, _, err := laidOver(old, sent)
	if err != nil {
		return reply.Body{}, err
	}
	call := records.SchemaCall{Access: access(c), Collection: route.Param(c, "name"), Field: route.Param(c, "field")}
	return preview(call, func(call records.SchemaCall) error { return a.fieldChange(c.UserContext(), call, change, wanted) })
}

func (a *api) fieldChange(ctx context.Context, call records.SchemaCall, change string, wanted *models.CollectionField) error {
	switch change {
	case renaming:
		return a.Records.RenameField(ctx, call, wanted.Name)
	case updating:
		return a.Records.UpdateField(ctx, call, wanted)
	}
	return a.Records.DropField(ctx, call)
}

// cloneCollection makes a collection like another one, without records.
func (a *api) cloneCollection(c *fiber.Ctx) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	name, title := p.Raw("name"), p.Raw("title")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	made, err := a.Records.CloneCollection(c.UserContext(), call, name, title)
	return reply.Body{Data: made}, err
}

// moveField puts a field behind the one that after names, or before all.
func (a *api) moveField(c *fiber.Ctx) (reply.Body, error) {
	call, err := schemaCall(c)
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	after := p.Raw("after")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if err := a.Records.MoveField(c.UserContext(), call, after); err != nil {
		return reply.Body{}, err
	}
	return a.listFields(c)
}
