package api

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// peopleRoutes are the actions on people and groups. People are read like records of
// the built-in collection users.
func (a *api) peopleRoutes() (out []route.Route) {
	see, manage := route.Own("people he has a grant to view"), route.Right("user.manage")
	u := group{api: a, at: "/api/users:", body: peopleBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(u.read("list", see, "users:read", a.listRecords))
	add(u.read("get/{tk}", see, "users:read", a.getUser))
	add(u.read("query", see, "users:read", a.aggregateRecords))
	add(u.secret("create", manage, route.NoToken, a.createUser))
	add(u.change("update/{id}", route.Own("his profile; the rest with user.manage"), route.NoToken, a.updateUser))
	add(u.secret("setPassword/{id}", manage, route.NoToken, a.setPassword))
	add(u.change("activate/{id}", manage, route.NoToken, a.userStatus(models.ActivateUser)))
	add(u.change("deactivate/{id}", manage, route.NoToken, a.userStatus(models.DeactivateUser)))
	groups := route.Right("group.manage")
	g := group{api: a, at: "/api/groups:", body: peopleBody}
	add(g.read("list", groups, "users:read", a.listGroups))
	add(g.read("get/{id}", groups, "users:read", a.getGroup))
	add(g.change("create", groups, route.NoToken, a.createGroup))
	add(g.change("update/{id}", groups, route.NoToken, a.updateGroup))
	add(g.change("destroy/{id}", groups, route.NoToken, a.destroyGroup))
	add(g.change("addMembers/{id}", groups, route.NoToken, a.changeMembers(models.AddMembers)))
	add(g.change("removeMembers/{id}", groups, route.NoToken, a.changeMembers(models.RemoveMembers)))
	return out
}

// numberParam reads a numeric id of the address; anything else does not exist.
func numberParam(c *fiber.Ctx, name string) (int64, error) {
	n, err := strconv.ParseInt(route.Param(c, name), 10, 64)
	if err != nil || n <= 0 {
		return 0, models.NotFound()
	}
	return n, nil
}

// getUser answers as for every record; those who manage people see the rest too.
func (a *api) getUser(c *fiber.Ctx) (reply.Body, error) {
	body, err := a.getRecord(c)
	record, ok := body.Data.(map[string]any)
	if err != nil || !ok || !access(c).Can("user.manage") {
		return body, err
	}
	id, err := numberParam(c, "tk")
	if err != nil {
		return reply.Body{}, err
	}
	u, err := models.UserByID(c.UserContext(), a.DB.Read(), id)
	if err != nil {
		return reply.Body{}, err
	}
	more, err := a.userValue(c.UserContext(), u)
	for name, v := range more {
		record[name] = v
	}
	return body, err
}

// userValue is a person as those who manage people see him.
func (a *api) userValue(ctx context.Context, u models.User) (map[string]any, error) {
	direct, err := models.DirectRoles(ctx, a.DB.Read(), u.ID)
	return map[string]any{
		"id": u.ID, "username": u.Username, "email": u.Email, "nickname": u.Nickname, "phone": textOf(u.Phone), "locale": u.Locale,
		"timeZone": textOf(u.TimeZone), "theme": textOf(u.Theme), "managerId": numberOf(u.ManagerID), "defaultRole": u.DefaultRole,
		"status": string(u.Status), "roles": texts(direct), "lastSeenAt": timeOf(u.LastSeenAt), "createdAt": timeOf(u.CreatedAt),
		models.VersionField: u.Version,
	}, err
}

func (a *api) createUser(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.NewUser{
		Email: p.Raw("email"), Username: p.Raw("username"), Nickname: p.Raw("nickname"), Phone: p.Raw("phone"), Locale: p.Raw("locale"),
		TimeZone: p.Raw("timeZone"), ManagerID: p.ID("managerId"), Roles: p.List("roles"),
	}
	password := p.Raw("password")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	if password != "" {
		if in.Password, err = a.Passwords.Hash(ctx, password); err != nil {
			return reply.Body{}, err
		}
	}
	var made models.User
	err = a.DB.Write(ctx, "user.create", func(tx *models.Tx) error {
		made, err = models.CreateUser(ctx, tx, access(c), in)
		return err
	})
	if err != nil {
		return reply.Body{}, err
	}
	value, err := a.userValue(ctx, made)
	return reply.Body{Data: value}, err
}

func (a *api) updateUser(c *fiber.Ctx) (reply.Body, error) {
	id, err := numberParam(c, "id")
	if err != nil {
		return reply.Body{}, err
	}
	by := access(c)
	if id != by.Actor && !by.Can("user.manage") && !by.Can("user.assign_roles") {
		return reply.Body{}, models.NoPermission()
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.UserChange{
		ID: id, Version: p.ID(models.VersionField), Nickname: p.Optional("nickname"), Phone: p.Optional("phone"), Locale: p.Optional("locale"),
		TimeZone: p.Optional("timeZone"), Theme: p.Optional("theme"), DefaultRole: p.Optional("defaultRole"),
		Username: p.Optional("username"), Email: p.Optional("email"),
	}
	if p.Has("managerId") {
		manager := p.ID("managerId")
		in.ManagerID = &manager
	}
	if p.Has("roles") {
		roles := p.List("roles")
		in.Roles = &roles
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	var u models.User
	err = a.DB.Write(ctx, "user.update", func(tx *models.Tx) error {
		u, err = models.UpdateUser(ctx, tx, by, in)
		return err
	})
	if err != nil {
		return reply.Body{}, err
	}
	value, err := a.userValue(ctx, u)
	return reply.Body{Data: value}, err
}

func (a *api) setPassword(c *fiber.Ctx) (reply.Body, error) {
	id, err := numberParam(c, "id")
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	password := p.Raw("password")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	hash, err := a.Passwords.Hash(ctx, password)
	if err != nil {
		return reply.Body{}, err
	}
	err = a.DB.Write(ctx, "user.password", func(tx *models.Tx) error {
		return models.SetPassword(ctx, tx, access(c), models.PasswordOf{UserID: id, Hash: hash})
	})
	if err != nil {
		return reply.Body{}, err
	}
	return done()
}

func (a *api) userStatus(set func(context.Context, *models.Tx, models.Access, int64) error) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		id, err := numberParam(c, "id")
		if err != nil {
			return reply.Body{}, err
		}
		ctx := c.UserContext()
		if err := a.DB.Write(ctx, "user.status", func(tx *models.Tx) error { return set(ctx, tx, access(c), id) }); err != nil {
			return reply.Body{}, err
		}
		return done()
	}
}

func groupValue(g models.Group) any {
	return map[string]any{"id": g.ID, "code": g.Code, "title": g.Title, "roles": texts(g.Roles), "size": g.Size}
}

func (a *api) listGroups(c *fiber.Ctx) (reply.Body, error) {
	list, err := models.Groups(c.UserContext(), a.DB.Read())
	return reply.Body{Data: listOf(list, groupValue)}, err
}

func (a *api) getGroup(c *fiber.Ctx) (reply.Body, error) {
	id, err := numberParam(c, "id")
	if err != nil {
		return reply.Body{}, err
	}
	list, err := models.Groups(c.UserContext(), a.DB.Read())
	if err != nil {
		return reply.Body{}, err
	}
	for _, g := range list {
		if g.ID != id {
			continue
		}
		members, err := models.Members(c.UserContext(), a.DB.Read(), id)
		value := map[string]any{"id": g.ID, "code": g.Code, "title": g.Title, "roles": texts(g.Roles), "size": g.Size}
		value["members"] = listOf(members, func(id int64) any { return id })
		return reply.Body{Data: value}, err
	}
	return reply.Body{}, models.NotFound()
}

func (a *api) createGroup(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	g := models.Group{Code: p.Raw("code"), Title: p.Raw("title"), Roles: p.List("roles")}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	err = a.DB.Write(ctx, "group.create", func(tx *models.Tx) error {
		id, err := models.CreateGroup(ctx, tx, access(c), g)
		if err != nil || len(g.Roles) == 0 {
			g.ID = id
			return err
		}
		g.ID = id
		return models.SetGroupRoles(ctx, tx, access(c), models.GroupRoles{GroupID: id, Roles: g.Roles})
	})
	return reply.Body{Data: groupValue(g)}, err
}

func (a *api) updateGroup(c *fiber.Ctx) (reply.Body, error) {
	id, err := numberParam(c, "id")
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	title, roles := p.Optional("title"), p.List("roles")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	err = a.DB.Write(ctx, "group.update", func(tx *models.Tx) error {
		if title != nil {
			if err := models.RenameGroup(ctx, tx, access(c), models.Group{ID: id, Title: *title}); err != nil {
				return err
			}
		}
		if p.Has("roles") {
			return models.SetGroupRoles(ctx, tx, access(c), models.GroupRoles{GroupID: id, Roles: roles})
		}
		return nil
	})
	if err != nil {
		return reply.Body{}, err
	}
	return a.getGroup(c)
}

func (a *api) destroyGroup(c *fiber.Ctx) (reply.Body, error) {
	return a.userStatus(models.DeleteGroup)(c)
}

// changeMembers adds people to a group or takes them out; the answer lists those for
// whom something changed.
func (a *api) changeMembers(change func(context.Context, *models.Tx, models.Access, models.Membership) ([]int64, error)) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		id, err := numberParam(c, "id")
		if err != nil {
			return reply.Body{}, err
		}
		p, err := bind.ReadBody(c)
		if err != nil {
			return reply.Body{}, err
		}
		users, err := numbers(p, "users")
		if err != nil {
			return reply.Body{}, err
		}
		if err := p.Only(); err != nil {
			return reply.Body{}, err
		}
		ctx := c.UserContext()
		var changed []int64
		err = a.DB.Write(ctx, "group.members", func(tx *models.Tx) error {
			changed, err = change(ctx, tx, access(c), models.Membership{GroupID: id, Users: users})
			return err
		})
		return reply.Body{Data: listOf(changed, func(id int64) any { return id })}, err
	}
}
