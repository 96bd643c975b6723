package api

import (
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// roleRoutes are the actions on roles, their grants, and one's own active role.
func (a *api) roleRoutes() (out []route.Route) {
	manage := route.Right("role.manage")
	g := group{api: a, at: "/api/roles:", body: peopleBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", manage, "users:read", a.listRoles))
	add(g.read("get/{name}", manage, "users:read", a.getRole))
	add(g.read("check", route.Own("his roles"), route.AnyScope, a.checkRoles))
	add(g.secret("switch", route.Own("his roles"), route.NoToken, a.switchRole))
	add(g.change("create", manage, route.NoToken, a.createRole))
	add(g.change("update/{name}", manage, route.NoToken, a.updateRole))
	add(g.change("destroy/{name}", manage, route.NoToken, a.destroyRole))
	s := group{api: a, at: "/api/roles/{name}/grants:", body: peopleBody}
	add(s.read("list", manage, "users:read", a.listGrants))
	add(s.change("create", manage, route.NoToken, a.createGrant))
	add(s.change("set", manage, route.NoToken, a.setGrants))
	add(s.change("destroy/{id}", manage, route.NoToken, a.destroyGrant))
	add(group{api: a, at: "/api/permissions:", body: peopleBody}.read("explain", route.Own("about himself; about others with role.manage"), route.NoToken, a.explain))
	return out
}

func roleValue(r models.Role) any {
	return map[string]any{
		"name": r.Name, "title": r.Title, "description": r.Description, "rights": texts(r.Rights), "builtin": r.Builtin, "forNew": r.ForNew,
		"grants": listOf(r.Grants, grantValue),
	}
}

func grantValue(g models.RoleGrant) any {
	out := map[string]any{
		"id": g.ID, "collection": g.Collection, "action": string(g.Action), "fields": nil, "scope": string(g.Scope), "scopeField": textOf(g.ScopeField),
	}
	if g.Fields != nil {
		out["fields"] = texts(g.Fields)
	}
	return out
}

func (a *api) listRoles(c *fiber.Ctx) (reply.Body, error) {
	roles, err := a.DB.Roles(c.UserContext())
	return reply.Body{Data: listOf(roles, roleValue)}, err
}

func (a *api) getRole(c *fiber.Ctx) (reply.Body, error) {
	r, err := a.DB.RoleByName(c.UserContext(), route.Param(c, "name"))
	return reply.Body{Data: roleValue(r)}, err
}

// checkRoles says which roles the caller has and which one is active.
func (a *api) checkRoles(c *fiber.Ctx) (reply.Body, error) {
	p := route.CallerOf(c).Principal
	mine, err := a.DB.RolesOf(c.UserContext(), p.UserID)
	if err != nil {
		return reply.Body{}, err
	}
	roles, err := a.DB.Roles(c.UserContext())
	if err != nil {
		return reply.Body{}, err
	}
	list := []any{}
	for _, r := range roles {
		if slices.Contains(mine, r.Name) {
			list = append(list, map[string]any{"name": r.Name, "title": r.Title})
		}
	}
	return reply.Body{Data: map[string]any{"active": textOf(p.Role), "roles": list, "mode": "union"}}, nil
}

func (a *api) createRole(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.NewRole{Name: p.Raw("name"), Title: p.Raw("title"), Description: p.Raw("description"), Rights: p.List("rights")}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	if err := a.DB.Write(ctx, "role.create", func(tx *models.Tx) error { return models.CreateRole(ctx, tx, access(c), in) }); err != nil {
		return reply.Body{}, err
	}
	r, err := a.DB.RoleByName(ctx, in.Name)
	return reply.Body{Data: roleValue(r)}, err
}

func (a *api) updateRole(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.RoleChange{
		Name: route.Param(c, "name"), Title: p.Optional("title"), Description: p.Optional("description"), ForNew: p.Flag("forNew", false),
	}
	if p.Has("rights") {
		rights := p.List("rights")
		in.Rights = &rights
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	if err := a.DB.Write(ctx, "role.update", func(tx *models.Tx) error { return models.UpdateRole(ctx, tx, access(c), in) }); err != nil {
		return reply.Body{}, err
	}
	return a.getRole(c)
}

func (a *api) destroyRole(c *fiber.Ctx) (reply.Body, error) {
	ctx := c.UserContext()
	err := a.DB.Write(ctx, "role.delete", func(tx *models.Tx) error { return models.DeleteRole(ctx, tx, access(c), route.Param(c, "name")) })
	if err != nil {
		return reply.Body{}, err
	}
	return done()
}

func (a *api) listGrants(c *fiber.Ctx) (reply.Body, error) {
	r, err := a.DB.RoleByName(c.UserContext(), route.Param(c, "name"))
	return reply.Body{Data: listOf(r.Grants, grantValue)}, err
}

// readGrant reads one grant out of a body.
func readGrant(p *bind.Params) (models.Grant, error) {
	g := models.Grant{
		Collection: p.Raw("collection"), Action: models.Action(p.Raw("action")), Scope: models.ScopeKind(p.Raw("scope")), ScopeField: p.Raw("scopeField"),
	}
	if fields := p.List("fields"); p.Has("fields") && p.JSON("fields") != nil {
		g.Fields = append([]string{}, fields...)
	}
	return g, p.Only()
}

func (a *api) createGrant(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	g, err := readGrant(p)
	if err != nil {
		return reply.Body{}, err
	}
	ctx, made := c.UserContext(), models.RoleGrant{Role: route.Param(c, "name"), Grant: g}
	err = a.DB.Write(ctx, "role.grant", func(tx *models.Tx) error {
		made.ID, err = models.AddGrant(ctx, tx, access(c), made)
		return err
	})
	return reply.Body{Data: grantValue(made)}, err
}

// setGrants replaces all grants of a role, or with the parameter collection those on
// one collection.
func (a *api) setGrants(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.RoleGrants{Role: route.Param(c, "name"), Collection: p.Raw("collection")}
	list, ok := p.JSON("grants").([]any)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if !ok {
		return reply.Body{}, badParameter("grants", text.M("grant.list", "grants must be a list."))
	}
	for _, one := range list {
		m, ok := one.(map[string]any)
		if !ok {
			return reply.Body{}, badParameter("grants", text.M("grant.object", "A grant is an object with collection, action, fields and scope."))
		}
		g, err := readGrant(bind.ParamsOf(m))
		if err != nil {
			return reply.Body{}, err
		}
		in.Grants = append(in.Grants, g)
	}
	ctx := c.UserContext()
	if err := a.DB.Write(ctx, "role.grants", func(tx *models.Tx) error { return models.SetGrants(ctx, tx, access(c), in) }); err != nil {
		return reply.Body{}, err
	}
	return a.listGrants(c)
}

func (a *api) destroyGrant(c *fiber.Ctx) (reply.Body, error) {
	id, err := numberParam(c, "id")
	if err != nil {
		return reply.Body{}, err
	}
	role, err := a.DB.RoleByName(c.UserContext(), route.Param(c, "name"))
	if err != nil {
		return reply.Body{}, err
	}
	if !slices.ContainsFunc(role.Grants, func(g models.RoleGrant) bool { return g.ID == id }) {
		return reply.Body{}, models.NotFound() // a grant of another role
	}
	ctx := c.UserContext()
	if err := a.DB.Write(ctx, "role.revoke", func(tx *models.Tx) error { return models.RemoveGrant(ctx, tx, access(c), id) }); err != nil {
		return reply.Body{}, err
	}
	return done()
}

// explain says whether somebody may do something with a collection, and by which
// grants of which roles.
func (a *api) explain(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	user, collection, act, name := p.ID("user"), p.Raw("collection"), models.Action(p.Raw("action")), p.Raw("field")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx, me := c.UserContext(), route.CallerOf(c).UserID()
	if user == 0 {
		user = me
	}
	if user != me {
		if err := access(c).Require("role.manage"); err != nil {
			return reply.Body{}, err
		}
	}
	if !slices.Contains(models.Actions(), act) {
		return reply.Body{}, badParameter("action", text.M("grant.action", "There is no action named %s.", string(act)))
	}
	on, err := a.Records.Collection(ctx, collection)
	if err != nil {
		return reply.Body{}, err
	}
	mine, err := a.DB.RolesOf(ctx, user)
	if err != nil {
		return reply.Body{}, err
	}
	roles, err := a.DB.Roles(ctx)
	if err != nil {
		return reply.Body{}, err
	}
	grants := []any{}
	for _, r := range roles {
		if !slices.Contains(mine, r.Name) {
			continue
		}
		for _, g := range r.Effective().On(on.Name, act) {
			if name == "" || g.HasField(name) {
				grants = append(grants, map[string]any{"role": r.Name, "scope": string(g.Scope), "scopeField": textOf(g.ScopeField), "allFields": g.Fields == nil, "fields": texts(g.Fields)})
			}
		}
	}
	out := map[string]any{"allowed": len(grants) > 0, "grants": grants}
	if len(grants) == 0 {
		out["missing"] = map[string]any{"collection": on.Name, "action": string(act), "field": textOf(name)}
	}
	return reply.Body{Data: out}, nil
}

// numbers reads a list of ids.
func numbers(p *bind.Params, name string) ([]int64, error) {
	var out []int64
	for _, s := range p.List(name) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n <= 0 {
			return nil, badParameter(name, text.M("param.ids", "%s must be a list of numbers.", name))
		}
		out = append(out, n)
	}
	return out, p.Err()
}
