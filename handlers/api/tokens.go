package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// tokenRoutes are the actions on API tokens. A token never comes here.
func (a *api) tokenRoutes() (out []route.Route) {
	own := route.Own("his tokens with token.own, all with token.manage")
	g := group{api: a, at: "/api/apiTokens:", body: peopleBody}
	for _, lines := range [][]route.Route{
		g.read("list", own, route.NoToken, a.listTokens),
		g.secret("create", own, route.NoToken, a.createToken),
		g.change("destroy/{id}", own, route.NoToken, a.revokeToken),
	} {
		out = append(out, lines...)
	}
	return out
}

func tokenValue(t models.Token) map[string]any {
	return map[string]any{
		"id": t.ID, "userId": t.UserID, "name": t.Name, "scopes": texts(t.Scopes), "role": textOf(t.Role), "createdAt": timeOf(t.CreatedAt),
		"expiresAt": timeOf(t.ExpiresAt), "revokedAt": timeOf(models.At(t.RevokedAt())), "lastUsedAt": timeOf(t.LastUsedAt),
		"lastUsedAddress": textOf(t.LastUsedAddress),
	}
}

// listTokens lists one's own tokens; user names somebody else, for holders of
// token.manage.
func (a *api) listTokens(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	user, all := p.ID("user"), p.Flag("all", false)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	me := route.CallerOf(c).UserID()
	if user == 0 && !all {
		user = me
	}
	if user != me {
		if err := access(c).Require("token.manage"); err != nil {
			return reply.Body{}, err
		}
	}
	list, err := a.DB.Tokens(c.UserContext(), user)
	return reply.Body{Data: listOf(list, func(t models.Token) any { return tokenValue(t) })}, err
}

// createToken answers with the secret, which nobody can read again.
func (a *api) createToken(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.NewToken{
		UserID: p.ID("user"), Name: p.Raw("name"), Scopes: p.List("scopes"), Role: p.Raw("role"),
		Life: time.Duration(p.Number("days", 0, 0, 366)) * 24 * time.Hour, Never: p.Flag("never", false),
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if in.UserID == 0 {
		in.UserID = route.CallerOf(c).UserID()
	}
	ctx := c.UserContext()
	var secret string
	var made models.Token
	err = a.DB.Write(ctx, "token.create", func(tx *models.Tx) error {
		secret, made, err = models.CreateToken(ctx, tx, access(c), in)
		return err
	})
	if err != nil {
		return reply.Body{}, err
	}
	out := tokenValue(made)
	out["token"] = secret
	return reply.Body{Data: out}, nil
}

func (a *api) revokeToken(c *fiber.Ctx) (reply.Body, error) {
	ctx := c.UserContext()
	err := a.DB.Write(ctx, "token.revoke", func(tx *models.Tx) error { return models.RevokeToken(ctx, tx, access(c), route.Param(c, "id")) })
	if err != nil {
		return reply.Body{}, err
	}
	return done()
}
