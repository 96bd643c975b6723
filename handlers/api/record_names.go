package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
)

// noting is an action on records whose answer says in meta.deprecated which former
// names the request used, and what they are called now.
func (a *api) noting(do action) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		body, err := do(c)
		if err != nil {
			return body, err
		}
		cat, err := a.DB.Catalog(c.UserContext())
		if err != nil || !cat.Renamed() {
			return body, err
		}
		if former := formerNames(c, cat); len(former) > 0 {
			if body.Meta == nil {
				body.Meta = map[string]any{}
			}
			body.Meta["deprecated"] = former
		}
		return body, nil
	}
}

// formerNames lists the former names in a request that was answered. What cannot be
// read twice, such as an odd parameter, names nothing.
func formerNames(c *fiber.Ctx, cat *models.Catalog) []any {
	used := map[string]string{}
	on, ok := cat.Collection(collectionOf(c))
	if !ok {
		return nil
	}
	if given := route.Param(c, "collection"); given != "" && models.Snake(given) != models.Snake(on.Name) {
		used[given] = on.Name
	}
	names := records.NewNames(cat, func(on *models.Collection, name string) string {
		if now := on.NameNow(name); now != "" && models.Snake(now) != models.Snake(name) {
			used[name] = now
		}
		return ""
	})
	p, err := bind.ReadParams(c)
	if err != nil {
		return nil
	}
	sent, err := bind.JSON(c)
	if err != nil {
		return nil
	}
	inParams(names, on, p)
	switch sent := sent.(type) {
	case []any:
		for _, one := range sent {
			names.Keys(on, one)
		}
	case map[string]any:
		names.Keys(on, sent)
		inParams(names, on, bind.ParamsOf(sent))
	}
	out := make([]any, 0, len(used))
	for _, former := range slices.Sorted(maps.Keys(used)) {
		out = append(out, map[string]any{"name": former, "use": used[former]})
	}
	return out
}

// inParams goes through the parameters that name fields the caller was let near: what
// he left out may be closed to him.
func inParams(names records.Names, on *models.Collection, p *bind.Params) {
	for _, param := range []string{"fields", "appends", "sort", "filterKeys"} {
		for _, path := range p.List(param) {
			names.Path(on, strings.TrimPrefix(path, "-"))
		}
	}
	for _, param := range []string{"measures", "dimensions"} {
		list, _ := p.JSON(param).([]any)
		for _, one := range list {
			if m, ok := one.(map[string]any); ok {
				names.Paths(on, m["field"])
			}
		}
	}
	names.Filter(on, p.JSON("filter"))
}
