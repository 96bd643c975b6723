package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// parse reads stored JSON; what is empty is null.
func parse(stored string) any {
	if stored == "" {
		return nil
	}
	v, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return nil // stored by ourselves, so this does not happen; showing nothing is safe
	}
	return v
}

// readable tells for which collections the caller may see the payload of what was
// triggered by their records: all records and all fields.
func (a *api) readable(c *fiber.Ctx) func(collection string) bool {
	by := access(c)
	known := map[string]bool{}
	return func(collection string) bool {
		ok, looked := known[collection]
		if !looked {
			ok = by.Can("execution.payload") && by.CoversGrant(viewAll(collection))
			known[collection] = ok
		}
		return ok
	}
}

func viewAll(collection string) models.Grant {
	return models.Grant{Collection: collection, Action: models.View, Scope: models.ScopeAll}
}

// payload is what a caller may see of the data of one execution.
type payload struct {
	all     bool // everything
	trigger any  // of the trigger, as far as he may see it
}

// payloadOf finds out what the caller may see now. Inputs and outputs of steps may
// hold whatever the version reads, so they are shown to those who may read all of
// that themselves. The record of the trigger is shown field by field.
func (a *api) payloadOf(c *fiber.Ctx, exec *models.Execution) (payload, error) {
	by := access(c)
	if !by.Can("execution.payload") {
		return payload{}, nil
	}
	rights, err := models.PayloadRights(c.UserContext(), a.DB.Read(), exec)
	if err != nil {
		return payload{}, err
	}
	see := payload{all: by.CoversRights(rights)}
	trigger, ok := parse(exec.Trigger).(map[string]any)
	if !ok || see.all {
		see.trigger = parse(exec.Trigger)
		return see, nil
	}
	shown := map[string]any{}
	for _, name := range []string{"event", "action", "collection", "user", "role", "principal", "date", "firedAt", "origin"} {
		shown[name] = trigger[name]
	}
	record, err := a.Records.Get(c.UserContext(), records.Query{Access: by, Collection: exec.ResourceType}, exec.ResourceID)
	switch {
	case models.IsKind(err, models.KindNotFound), models.IsKind(err, models.KindForbidden):
		shown["data"] = nil
	case err != nil:
		return payload{}, err
	default:
		shown["data"] = only(trigger["data"], record)
	}
	see.trigger = shown
	return see, nil
}

// only keeps the members of stored data that an open record has as well.
func only(data any, open records.Record) any {
	m, ok := data.(map[string]any)
	if !ok {
		return nil
	}
	out := map[string]any{}
	for name, v := range m {
		if _, ok := open[name]; ok {
			out[name] = v
		}
	}
	return out
}

func (p payload) value(stored string) any {
	if !p.all {
		return nil
	}
	return parse(stored)
}

// failure is the error of a step. Its sentence may quote values.
func (p payload) failure(stored string) any {
	m, ok := parse(stored).(map[string]any)
	if !ok {
		return nil
	}
	if p.all {
		return m
	}
	out := map[string]any{}
	for name, v := range m {
		if slices.Contains([]string{"kind", "code"}, name) {
			out[name] = v
		}
	}
	return out
}
