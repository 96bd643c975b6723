package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// keyHeader names a request that may be repeated and must act once.
const keyHeader = "Idempotency-Key"

type keyed struct{}

// keyOf gives the idempotency key of a request to whoever saves it together with the
// change; nil when there is none. Taking it is a promise to do so.
func keyOf(c *fiber.Ctx) *models.IdempotencyKey {
	k, ok := c.Locals(keyed{}).(*models.IdempotencyKey)
	if !ok {
		return nil
	}
	c.Locals(keyed{}, nil)
	return k
}

// once answers a changing action. With a key, a repeat gets the answer of the first
// request; one whose answer was lost is built from what the change has saved.
func (a *api) once(do action) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Get(keyHeader) == "" {
			return plain(do)(c)
		}
		caller := route.CallerOf(c)
		key := models.IdempotencyKey{
			Principal: caller.Principal.String() + "/" + caller.Principal.Role, Method: c.Method(), Path: pathKey(c), Key: c.Get(keyHeader),
			ContentHash: models.ContentHash(route.Of(c).Path.Query, c.BodyRaw()),
		}
		answer, known, end, err := a.Keyed.Begin(c.UserContext(), key)
		if err != nil {
			return err
		}
		if end != nil {
			defer end()
		}
		if known && answer.Status != 0 && a.maySeeAgain(c, answer) {
			c.Set("Idempotent-Replayed", "true")
			return reply.Raw(c, answer.Status, []byte(answer.Body))
		}
		return a.keep(c, key, do)
	}
}

// keep runs a keyed action and remembers what was answered.
func (a *api) keep(c *fiber.Ctx, key models.IdempotencyKey, do action) error {
	c.Locals(keyed{}, &key)
	body, err := do(c)
	_, unsaved := c.Locals(keyed{}).(*models.IdempotencyKey)
	status, sent := fiber.StatusOK, []byte(nil)
	if err == nil {
		sent, err = body.Bytes()
	} else if e := models.AsError(err); e.Data["saved"] == true && e.Kind != models.KindUnavailable { // else a repeat hears more
		status, sent = reply.StatusOf(e), reply.ProblemBody(c, e)
	}
	if sent == nil {
		return err
	}
	ctx := c.UserContext()
	if unsaved {
		save := func(tx *models.Tx) error { return tx.SaveAnswer(ctx, key, "{}") }
		if err := a.DB.Write(ctx, "idempotency.save", save); err != nil {
			return err
		}
	}
	if stored := a.DB.StoreReply(ctx, key, status, string(sent)); stored != nil {
		a.Log.Warn("remember answer", "request", route.Of(c).ID, "error", stored)
	}
	if err != nil {
		return err
	}
	return reply.Raw(c, status, sent)
}

// maySeeAgain reports whether the caller may still see all that a remembered answer
// holds of records. The right to the action was checked before.
func (a *api) maySeeAgain(c *fiber.Ctx, answer models.IdempotentAnswer) bool {
	result, _ := field.ParseJSON([]byte(answer.Result)) //nolint:errcheck // ours; what cannot be read is not shown
	body, err := field.ParseJSON([]byte(answer.Body))   // ours as well
	about, isObject := result.(map[string]any)
	envelope, isEnvelope := body.(map[string]any)
	if err != nil || !isObject || !isEnvelope {
		return false
	}
	name, _ := about["collection"].(string)
	if name == "" {
		return true // not about records
	}
	shown, isList := envelope["data"].([]any)
	if !isList {
		shown = []any{envelope["data"]}
	}
	for _, one := range shown {
		record, ok := one.(map[string]any)
		if !ok {
			continue // a number, or nothing
		}
		now, err := a.Records.Get(c.UserContext(), records.Query{Access: access(c), Collection: name}, records.IDText(record[models.IDField]))
		if err != nil {
			return false
		}
		for k, v := range record {
			_, linked := v.(map[string]any)
			if _, open := now[k]; !open && k != models.VersionField || linked {
				return false
			}
		}
	}
	return true
}
