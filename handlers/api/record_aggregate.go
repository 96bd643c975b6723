package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// aggregateRecords answers with numbers about the records that the caller may see:
// what charts and the feet of tables show.
func (a *api) aggregateRecords(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	ask := records.Aggregate{
		Access: access(c), Collection: collectionOf(c), Filter: p.JSON("filter"), Having: p.Object("having"), Orders: p.List("orders"),
		Limit: p.Number("limit", records.DefaultGroups, 1, records.MaxGroups),
	}
	err = eachObject(p, "measures", func(m *bind.Params) {
		ask.Measures = append(ask.Measures, records.Measure{
			Field: m.Raw("field"), Aggregation: m.Raw("aggregation"), Distinct: m.Flag("distinct", false), Alias: m.Raw("alias"),
		})
	})
	if err != nil {
		return reply.Body{}, err
	}
	err = eachObject(p, "dimensions", func(d *bind.Params) {
		ask.Dimensions = append(ask.Dimensions, records.Dimension{Field: d.Raw("field"), Format: d.Raw("format"), Alias: d.Raw("alias")})
	})
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if ask.Zone, err = a.zone(c); err != nil {
		return reply.Body{}, err
	}
	rows, err := a.Records.Aggregate(c.UserContext(), ask)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: recordList(rows), Meta: map[string]any{"limit": ask.Limit}}, nil
}

// eachObject goes through a parameter that is a list of objects and refuses members
// that nobody reads.
func eachObject(p *bind.Params, name string, read func(*bind.Params)) error {
	sent := p.JSON(name)
	if err := p.Err(); err != nil {
		return err
	}
	list, ok := sent.([]any)
	for _, one := range list {
		m, isObject := one.(map[string]any)
		if ok = ok && isObject; !ok {
			break
		}
		member := bind.ParamsOf(m)
		read(member)
		if err := member.Only(); err != nil {
			return err
		}
	}
	if sent != nil && !ok {
		return models.Invalid("BAD_PARAMETER", text.M("param.objects", "The parameter %s must be a list of objects.", name))
	}
	return nil
}
