package triggers

import (
	"slices"
	"strings"

	"formrail/engine/inbound"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type webhookConfig struct {
	Methods    []string               `json:"methods"`
	Auth       inbound.ProofSettings  `json:"auth"`
	SecretPath bool                   `json:"secretPath"`
	Rate       *field.Decimal         `json:"rate"`
	Headers    []inbound.Declared     `json:"headers"`
	Query      []inbound.Declared     `json:"query"`
	Body       []inbound.Declared     `json:"body"`
	MaxBody    string                 `json:"maxBody"`
	ForceList  []string               `json:"forceList"`
	Condition  string                 `json:"condition"`
	Dedupe     string                 `json:"dedupe"`
	Response   inbound.AnswerSettings `json:"response"`
	Keep       int                    `json:"keepRequests"`
}

// webhook starts when another program sends a request to the address of the workflow.
var webhook = trigger.Define(trigger.Spec[webhookConfig]{
	Key: "webhook", Icon: "webhook", Title: "Webhook",
	Summary: "Starts when another program sends something to its address",
	Help: "Give the address to the other program. Until you protect it, anybody who knows it can start the workflow: ask for a password, a token or a signature, " +
		"or take requests from some addresses only.\n\n" +
		"What is sent is always there as `trigger.body`, `trigger.query` and `trigger.headers`. The lists below give types and names to some of it, as `trigger.vars.<name>`.\n\n" +
		"Nobody stands behind a webhook: the steps may do what the workflow was published with, and what was sent cannot choose hosts or recipients.",
	Config:  webhookForm(),
	Check:   checkWebhook,
	Warn:    warnWebhook,
	Context: webhookContext,
	Line: func(c webhookConfig, _ trigger.Catalog) string {
		return strings.Join(append([]string{strings.Join(c.Methods, ", ")}, c.protection()...), " · ")
	},
	Sync:  trigger.EitherMode,
	Serve: webhookDoor,
})

func webhookForm() []field.Field {
	return []field.Field{
		{Name: "methods", Kind: field.Set, Label: "Methods", Default: []any{"POST"}, Options: field.Choices("POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "GET", "GET", "DELETE", "DELETE")},
		{Name: "auth", Kind: field.Group, Label: "Protection", Default: map[string]any{}, Help: "All that is filled in must hold.", Items: inbound.ProofItems()},
		{Name: "secretPath", Kind: field.Boolean, Label: "Secret address", Default: false, Help: "Adds a random part to the address."},
		{Name: "rate", Kind: field.Number, Label: "Requests a second at most"},
		{Name: "headers", Kind: field.List, Label: "Expected headers", Items: declaredItems("text")},
		{Name: "query", Kind: field.List, Label: "Expected parameters", Items: declaredItems("text")},
		{Name: "body", Kind: field.List, Label: "Expected values of the body", Items: declaredItems("any")},
		{Name: "maxBody", Kind: field.Select, Label: "Largest body", Default: "1MiB", Options: sizes()},
		{Name: "forceList", Kind: field.Texts, Label: "Always lists", Help: "Paths of forms and XML that are lists also when they have one entry. Such as order.item."},
		{Name: "condition", Kind: field.Expression, Label: "Only when", Help: "Such as trigger.body.status == \"paid\"."},
		{Name: "dedupe", Kind: field.Expression, Label: "The same request is known by", Help: "Such as trigger.headers[\"x-request-id\"]. Without it, by its signature."},
		{Name: "response", Kind: field.Group, Label: "Answer", Default: map[string]any{}, Help: "Given at once, when the workflow does not answer itself.", Items: inbound.AnswerItems("ok")},
		{Name: "keepRequests", Kind: field.Integer, Label: "Requests to keep", Default: 100, Min: field.Bound("0"), Max: field.Bound("1000"), Help: "For at most a week."},
	}
}

// protection names what a request must prove.
func (c webhookConfig) protection() (out []string) {
	if c.Auth.Basic.User != "" {
		out = append(out, text.M("trigger.by_password", "password").String())
	}
	if !c.Auth.Bearer.Token.IsZero() {
		out = append(out, text.M("trigger.by_token", "token").String())
	}
	if c.Auth.Signature.Door() != nil {
		out = append(out, text.M("trigger.by_signature", "signature").String())
	}
	if len(c.Auth.IPs) > 0 {
		out = append(out, text.M("trigger.by_address", "some addresses").String())
	}
	if c.SecretPath {
		out = append(out, text.M("trigger.by_path", "secret address").String())
	}
	if len(out) == 0 {
		out = []string{text.M("trigger.unprotected", "open to everybody").String()}
	}
	return out
}

func webhookDoor(c webhookConfig) inbound.Door {
	return c.Auth.Door(inbound.Door{
		Methods: c.Methods, Rate: rateOf(c.Rate), MaxBody: bytesOf(c.MaxBody), SecretPath: c.SecretPath, Headers: c.Headers, Query: c.Query, Body: c.Body,
		Lists: c.ForceList, Condition: c.Condition, Dedupe: c.Dedupe, Success: 200, Keep: c.Keep, Answer: c.Response.Answer(),
	})
}

func checkWebhook(c webhookConfig, _ trigger.Catalog) (p field.Problems) {
	if len(c.Methods) == 0 {
		p.Add("methods", missing, text.M("trigger.methods", "Choose at least one method."))
	}
	p = append(p, c.Auth.Check("auth")...)
	checkRate(&p, c.Rate)
	taken := map[string]bool{}
	checkDeclared(&p, "headers", c.Headers, taken)
	checkDeclared(&p, "query", c.Query, taken)
	checkDeclared(&p, "body", c.Body, taken)
	checkExpression(&p, "condition", c.Condition)
	checkExpression(&p, "dedupe", c.Dedupe)
	return append(p, c.Response.Check("response")...)
}

func warnWebhook(c webhookConfig, _ trigger.Catalog) (p field.Problems) {
	if webhookDoor(c).Open() {
		p.Add("auth", "WEBHOOK_OPEN", text.M("trigger.open", "Anybody who knows the address can start this workflow. Ask for a password, a token or a signature, or set a limit."))
	}
	return append(p, c.Auth.Signature.Warn("auth.signature")...)
}

func webhookContext(c webhookConfig, cat trigger.Catalog) field.Shape {
	vars := field.Object("Named values")
	for _, d := range slices.Concat(c.Headers, c.Query, c.Body) {
		vars.Fields = append(vars.Fields, field.Named{Name: d.Name(), Shape: d.Shape()})
	}
	headers := slices.Clone(c.Headers)
	for i := range headers {
		headers[i].Path = strings.ToLower(headers[i].Path)
	}
	return requestShape(cat,
		field.Named{Name: "vars", Shape: vars}, field.Named{Name: "body", Shape: declaredShape("Body", c.Body)},
		field.Named{Name: "query", Shape: declaredShape("Parameters", c.Query)}, field.Named{Name: "headers", Shape: declaredShape("Headers", headers)},
		field.Named{Name: "rawBody", Shape: field.Shape{Kind: field.LongText, Label: "Body as it came"}})
}
