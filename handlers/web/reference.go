package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/openapi"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/views/reference"
	"formrail/views/urls"
)

// reference are the pages about the API.
func (s *site) reference() []route.Route {
	return []route.Route{page(urls.APIDocs(), route.Own("what he may use"), s.showReference)}
}

// showReference draws what the viewer may use of the API.
func (s *site) showReference(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	cat, err := s.DB.Catalog(ctx)
	if err != nil {
		return err
	}
	d := openapi.Describe(openapi.Source{Catalog: cat, Routes: s.Routes(), Caller: route.CallerOf(c)})
	p := reference.ShowProps{Document: s.Base.URL() + urls.APIDocument(), Sections: referenceSections(ctx, d)}
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, reference.Show(p), nil)
}

// referenceSections sorts operations by noun, in the order in which nouns come first.
func referenceSections(ctx context.Context, d *openapi.Description) []reference.Section {
	var out []reference.Section
	for _, op := range d.Operations {
		i := slices.IndexFunc(out, func(s reference.Section) bool { return s.Name == op.Noun })
		if i < 0 {
			i = len(out)
			out = append(out, reference.Section{ID: "api-" + op.Noun, Title: op.Title, Name: op.Noun})
		}
		out[i].Operations = append(out[i].Operations, reference.Operation{
			ID: op.ID, Method: op.Route.Method, Path: op.Path, Summary: op.Summary().In(ctx), Permission: op.Route.Permission.String(), Scope: op.Scope,
		})
	}
	for i, s := range out {
		for _, c := range d.Collections {
			if c.Name == s.Name {
				out[i].Fields = referenceFields(c)
			}
		}
	}
	return out
}

// referenceFields are the fields of a collection that the viewer may use for
// something.
func referenceFields(c openapi.Collection) []reference.Field {
	var out []reference.Field
	for _, f := range c.Fields {
		row := reference.Field{
			Name: f.Key(), Title: f.Title(), Kind: string(f.Kind),
			Read: slices.Contains(c.View, f), Create: slices.Contains(c.Create, f), Update: slices.Contains(c.Update, f),
		}
		if row.Read {
			row.Operators = operatorsOf(f)
		}
		if row.Read || row.Create || row.Update {
			out = append(out, row)
		}
	}
	return out
}

func operatorsOf(f *models.CollectionField) string {
	var names []string
	for _, o := range records.Operators(f) {
		names = append(names, o.Name)
	}
	return strings.Join(names, " ")
}
