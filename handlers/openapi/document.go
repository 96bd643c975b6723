package openapi

import (
	"context"
	"strconv"
	"strings"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// object is a JSON object.
type object = map[string]any

// document writes a description as OpenAPI.
type document struct {
	*Description
	ctx     context.Context       //nolint:containedctx // it lives as long as one call of Document
	targets map[string]Collection // of links, by the snake form of their name
}

// Document is the description as an OpenAPI 3.1 document. base is the address of the
// installation, empty when it is not known; version is that of the product.
func (d *Description) Document(ctx context.Context, base, version string) map[string]any {
	w := &document{Description: d, ctx: ctx, targets: map[string]Collection{}}
	for _, c := range d.Collections {
		w.targets[models.Snake(c.Name)] = c
	}
	out := object{
		"openapi":           "3.1.0",
		"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"info": object{
			"title": "Formrail", "version": version,
			"description": w.say(text.M("openapi.about", "What you may do over the API, with the rights and scopes you have now. Addresses without an "+
				"action work too: GET, POST, PUT, PATCH and DELETE stand for list or get, create, update and destroy.")),
		},
		"security": []any{object{bearer: []any{}}},
		"tags":     w.tags(),
		"paths":    w.paths(),
		"components": object{
			"securitySchemes": object{bearer: object{"type": "http", "scheme": "bearer"}},
			"schemas":         w.schemas(),
			"responses":       w.responses(),
			"parameters":      w.headers(),
		},
	}
	addServed(ctx, out, d.Served)
	if base != "" {
		out["servers"] = []any{object{"url": base}}
	}
	return out
}

const bearer = "bearer"

// say is a sentence in the caller's language.
func (w *document) say(m text.Message) string { return m.In(w.ctx) }

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

func (w *document) tags() []any {
	out, seen := []any{}, map[string]bool{}
	for _, op := range w.Operations {
		if !seen[op.Noun] {
			seen[op.Noun] = true
			out = append(out, object{"name": op.Noun, "description": op.Title})
		}
	}
	return out
}

func (w *document) paths() object {
	out := object{}
	for _, op := range w.Operations {
		item, ok := out[op.Path].(object)
		if !ok {
			item = object{}
			out[op.Path] = item
		}
		item[strings.ToLower(op.Route.Method)] = w.operation(op)
	}
	return out
}

// Summary is one sentence about an operation.
func (op Operation) Summary() text.Message {
	switch {
	case op.Action == "":
		return text.M("openapi.summary_read", "Read %s", op.Noun)
	case op.Reading && op.Route.Method != route.GET:
		return text.M("openapi.summary_body", "%s: %s, with the parameters in the body", op.Title, words(op.Action))
	}
	return text.M("openapi.summary", "%s: %s", op.Title, words(op.Action))
}

func (w *document) operation(op Operation) object {
	out := object{
		"operationId": op.ID, "summary": w.say(op.Summary()), "tags": []any{op.Noun}, "parameters": w.parameters(op), "responses": w.answers(op),
		"x-permission": op.Route.Permission.String(), "x-scope": op.Scope, "x-rate": op.Route.Rate.String(),
	}
	if op.Route.Auth == route.Anyone {
		out["security"] = []any{}
	}
	if op.Route.Body != route.NoBody {
		out["x-body-limit"] = op.Route.Body
		out["requestBody"] = w.body(op)
	}
	return out
}

// answers are the answer of an operation and the refusals it can have.
func (w *document) answers(op Operation) object {
	out := object{"200": object{"description": w.say(text.M("openapi.ok", "Done")), "content": content(w.answer(op))}}
	for _, status := range reply.Statuses() {
		if w.refuses(op, status) {
			out[strconv.Itoa(status)] = ref("responses", refusal(status))
		}
	}
	if op.Action == "" {
		out["304"] = object{"description": w.say(text.M("openapi.not_modified", "Nothing has changed since the ETag of If-None-Match"))}
	}
	return out
}

// refuses reports whether an operation can answer with the status of an error.
func (w *document) refuses(op Operation, status int) bool {
	body := op.Route.Body != route.NoBody
	switch status {
	case 401, 403:
		return op.Route.Auth == route.Bearer || op.Route.Rate == route.SignIn
	case 405, 410:
		return false // addresses have the methods that stand here, and none has gone
	case 409, 422:
		return !op.Reading
	case 415:
		return body
	case 429:
		return op.Route.Rate != route.Read && op.Route.Rate != route.Write
	}
	return true
}

func refusal(status int) string { return "error." + strconv.Itoa(status) }

func (w *document) responses() object {
	out := object{}
	for _, status := range reply.Statuses() {
		out[refusal(status)] = object{"description": w.meaning(status), "content": content(ref("schemas", "api.Errors"))}
	}
	return out
}

// meaning says what a status stands for.
func (w *document) meaning(status int) string {
	switch status {
	case 400:
		return w.say(text.M("openapi.status_400", "Something in the request is wrong; errors says what"))
	case 401:
		return w.say(text.M("openapi.status_401", "There is no token, or it is not valid"))
	case 403:
		return w.say(text.M("openapi.status_403", "The right or the scope is missing"))
	case 404:
		return w.say(text.M("openapi.status_404", "There is no such thing, or you may not see it"))
	case 409:
		return w.say(text.M("openapi.status_409", "Somebody else was faster, or a confirmation is missing"))
	case 413:
		return w.say(text.M("openapi.status_413", "The body or the answer is too large"))
	case 415:
		return w.say(text.M("openapi.status_415", "The body is not JSON"))
	case 429:
		return w.say(text.M("openapi.status_429", "Too many requests; Retry-After says how long to wait"))
	case 503:
		return w.say(text.M("openapi.status_503", "Try again in a moment"))
	}
	return w.say(text.M("openapi.status_other", "Refused; errors says why"))
}

func content(schema any) object { return object{"application/json": object{"schema": schema}} }
