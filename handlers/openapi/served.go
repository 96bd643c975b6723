package openapi

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"formrail/engine"
	"formrail/engine/inbound"
	"formrail/models/field"
	"formrail/models/text"
)

// servedTag groups the workflows that other programs call.
const servedTag = "endpoints"

// addServed adds the workflows that other programs call to a document.
func addServed(ctx context.Context, doc object, list []engine.Contract) {
	paths, _ := doc["paths"].(object)
	for _, c := range list {
		path, item := servedItem(ctx, c)
		paths[path] = item
	}
	if tags, ok := doc["tags"].([]any); ok && len(list) > 0 {
		doc["tags"] = append(tags, object{"name": servedTag, "description": text.T(ctx, "openapi.endpoints", "Workflows that other programs call")})
	}
}

// Fragment describes one workflow that other programs call, as an OpenAPI document of its
// own.
func Fragment(ctx context.Context, c engine.Contract, base string) map[string]any {
	path, item := servedItem(ctx, c)
	out := object{
		"openapi": "3.1.0", "info": object{"title": c.Title, "version": "1"}, "paths": object{path: item},
	}
	if base != "" {
		out["servers"] = []any{object{"url": base}}
	}
	return out
}

func servedItem(ctx context.Context, c engine.Contract) (string, object) {
	path, item := c.Path, object{}
	var parameters []any
	if c.SecretPath {
		path += "/{token}"
		parameters = append(parameters, object{"name": "token", "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, method := range c.Methods {
		op := object{
			"operationId": "run." + c.Key + "." + strings.ToLower(method), "summary": c.Title, "tags": []any{servedTag},
			"parameters": slices.Concat(parameters, servedParameters(c)), "responses": servedAnswers(ctx, c), "security": []any{},
		}
		if c.Description != "" {
			op["description"] = c.Description
		}
		if body := servedBody(c); body != nil && method != "GET" && method != "HEAD" && method != "DELETE" {
			op["requestBody"] = object{"content": content(body)}
		}
		item[strings.ToLower(method)] = op
	}
	return path, item
}

// servedParameters are those of the address and the headers, with what proves the caller.
func servedParameters(c engine.Contract) []any {
	out := []any{}
	add := func(name, in string, required bool, schema object) {
		out = append(out, object{"name": name, "in": in, "required": required, "schema": schema})
	}
	if c.Header != "" && !strings.EqualFold(c.Header, "Authorization") { // that one is no parameter in OpenAPI
		add(c.Header, "header", true, object{"type": "string"})
	}
	if c.Signature != "" {
		add(c.Signature, "header", true, object{"type": "string"})
	}
	for _, p := range c.Params {
		if p.In != "body" {
			add(p.Name, p.In, p.Required, paramSchema(p))
		}
	}
	for _, d := range c.Query {
		add(d.Path, "query", d.Required, typeSchema(d.Type))
	}
	return out
}

func servedBody(c engine.Contract) object {
	members, required := object{}, []any{}
	for _, p := range c.Params {
		if p.In == "body" {
			members[p.Name] = paramSchema(p)
			if p.Required {
				required = append(required, p.Name)
			}
		}
	}
	for _, d := range c.Body {
		if parts := inbound.PathOf(d.Path); len(parts) == 1 {
			members[parts[0]] = typeSchema(d.Type)
		}
	}
	if len(members) == 0 {
		if c.Type == "webhook" {
			return object{}
		}
		return nil
	}
	schema := object{"type": "object", "properties": members}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func paramSchema(p inbound.Param) object {
	s := typeSchema(p.Type)
	if p.Pattern != "" {
		s["pattern"] = "^(?:" + p.Pattern + ")$"
	}
	low, high := "minimum", "maximum"
	if p.Type == "text" {
		low, high = "minLength", "maxLength"
	}
	if p.Min != nil {
		s[low] = *p.Min
	}
	if p.Max != nil {
		s[high] = *p.Max
	}
	if p.Default != "" {
		s["default"] = p.Default
	}
	return s
}

func typeSchema(kind string) object {
	switch kind {
	case "text":
		return object{"type": "string"}
	case "integer", "number", "boolean", "object":
		return object{"type": kind}
	case "date":
		return object{"type": "string", "format": "date"}
	case "datetime":
		return object{"type": "string", "format": "date-time"}
	case "list":
		return object{"type": "array"}
	case "textList":
		return object{"type": "array", "items": object{"type": "string"}}
	case "numberList":
		return object{"type": "array", "items": object{"type": "number"}}
	}
	return object{}
}

func servedAnswers(ctx context.Context, c engine.Contract) object {
	say := func(m text.Message) object { return object{"description": m.In(ctx)} }
	out := object{
		"200": say(text.M("openapi.ok", "Done")), "400": say(text.M("openapi.status_400", "Something in the request is wrong; errors says what")),
		"404": say(text.M("openapi.status_404", "There is no such thing, or you may not see it")), "503": say(text.M("openapi.status_503", "Try again in a moment")),
	}
	if !c.Open {
		out["401"] = say(text.M("openapi.unproved", "The request does not prove who sends it"))
	}
	if c.Type != "webhook" && !c.Sync {
		out["202"] = say(text.M("openapi.accepted", "It runs in the background; Location says where to ask for the outcome"))
	}
	if c.Success != 200 {
		out[strconv.Itoa(c.Success)] = say(text.M("openapi.ok", "Done"))
	}
	return out
}

// Curl is a call as it is written for a shell. address is where the workflow is called,
// with its secret part.
func Curl(c engine.Contract, address string) string {
	method := "POST"
	if len(c.Methods) > 0 && !slices.Contains(c.Methods, method) {
		method = c.Methods[0]
	}
	query, body := url.Values{}, map[string]any{}
	lines := []string{"curl -X " + method}
	for _, p := range c.Params {
		switch p.In {
		case "query":
			query.Set(p.Name, exampleText(p.Type))
		case "header":
			lines = append(lines, "-H "+quoted(p.Name+": "+exampleText(p.Type)))
		default:
			body[p.Name] = example(p.Type)
		}
	}
	for _, d := range c.Body {
		if parts := inbound.PathOf(d.Path); len(parts) == 1 {
			body[parts[0]] = example(d.Type)
		}
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	lines[0] += " " + quoted(address)
	switch {
	case c.Basic:
		lines = append(lines, "-u "+quoted("USER:PASSWORD"))
	case c.Person, strings.EqualFold(c.Header, "Authorization"):
		lines = append(lines, "-H "+quoted("Authorization: Bearer TOKEN"))
	case c.Header != "":
		lines = append(lines, "-H "+quoted(c.Header+": KEY"))
	}
	if c.Signature != "" {
		lines = append(lines, "-H "+quoted(c.Signature+": SIGNATURE"))
	}
	if method != "GET" && method != "HEAD" && method != "DELETE" {
		b, err := field.MarshalJSON(body)
		if err == nil {
			lines = append(lines, "-H "+quoted("Content-Type: application/json"), "-d "+quoted(string(b)))
		}
	}
	return strings.Join(lines, " \\\n  ")
}

// quoted is a text as one word of a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func example(kind string) any {
	switch kind {
	case "integer":
		return int64(1)
	case "number":
		return field.DecimalFromScaled(15, 1)
	case "boolean":
		return true
	case "date":
		return "2026-01-31"
	case "datetime":
		return "2026-01-31T09:30:00Z"
	case "object":
		return map[string]any{}
	case "list", "textList", "numberList":
		return []any{}
	}
	return "text"
}

func exampleText(kind string) string {
	switch v := example(kind).(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return "true"
	default:
		return "1.5"
	}
}
