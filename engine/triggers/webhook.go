package triggers

import (
	"slices"
	"strconv"
	"strings"

	"formrail/engine/expr"
	"formrail/engine/inbound"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type webhookConfig struct {
	Methods    []string           `json:"methods"`
	Auth       webhookAuth        `json:"auth"`
	SecretPath bool               `json:"secretPath"`
	Rate       *field.Decimal     `json:"rate"`
	Headers    []inbound.Declared `json:"headers"`
	Query      []inbound.Declared `json:"query"`
	Body       []inbound.Declared `json:"body"`
	MaxBody    string             `json:"maxBody"`
	ForceList  []string           `json:"forceList"`
	Condition  string             `json:"condition"`
	Dedupe     string             `json:"dedupe"`
	Response   webhookAnswer      `json:"response"`
	Keep       int                `json:"keepRequests"`
}

type webhookAuth struct {
	Basic     basicAuth     `json:"basic"`
	Bearer    bearerAuth    `json:"bearer"`
	Signature signatureAuth `json:"signature"`
	IPs       []string      `json:"ips"`
}

type bearerAuth struct {
	Token  field.SecretRef `json:"token"`
	Header string          `json:"header"`
}

type webhookAnswer struct {
	Status  int          `json:"status"`
	Headers []headerPair `json:"headers"`
	Body    string       `json:"body"`
}

type headerPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
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
		{Name: "auth", Kind: field.Group, Label: "Protection", Default: map[string]any{}, Help: "All that is filled in must hold.", Items: []field.Field{
			{Name: "basic", Kind: field.Group, Label: "User name and password", Default: map[string]any{}, Items: basicItems()},
			{Name: "bearer", Kind: field.Group, Label: "Token", Default: map[string]any{}, Items: []field.Field{
				{Name: "token", Kind: field.Secret, Label: "Token"},
				{Name: "header", Kind: field.Text, Label: "Header of the token", Default: "Authorization"},
			}},
			{Name: "signature", Kind: field.Group, Label: "Signature of the sender", Default: map[string]any{}, Items: signatureItems()},
			{Name: "ips", Kind: field.Texts, Label: "Only from these addresses", Placeholder: "203.0.113.0/24"},
		}},
		{Name: "secretPath", Kind: field.Boolean, Label: "Secret address", Default: false, Help: "Adds a random part to the address."},
		{Name: "rate", Kind: field.Number, Label: "Requests a second at most"},
		{Name: "headers", Kind: field.List, Label: "Expected headers", Items: declaredItems("text")},
		{Name: "query", Kind: field.List, Label: "Expected parameters", Items: declaredItems("text")},
		{Name: "body", Kind: field.List, Label: "Expected values of the body", Items: declaredItems("any")},
		{Name: "maxBody", Kind: field.Select, Label: "Largest body", Default: "1MiB", Options: sizes()},
		{Name: "forceList", Kind: field.Texts, Label: "Always lists", Help: "Paths of forms and XML that are lists also when they have one entry. Such as order.item."},
		{Name: "condition", Kind: field.Expression, Label: "Only when", Help: "Such as trigger.body.status == \"paid\"."},
		{Name: "dedupe", Kind: field.Expression, Label: "The same request is known by", Help: "Such as trigger.headers[\"x-request-id\"]. Without it, by its signature."},
		{Name: "response", Kind: field.Group, Label: "Answer", Default: map[string]any{}, Help: "Given at once, when the workflow does not answer itself.", Items: []field.Field{
			{Name: "status", Kind: field.Integer, Label: "Status", Default: 200, Min: field.Bound("200"), Max: field.Bound("599")},
			{Name: "headers", Kind: field.List, Label: "Headers", Items: []field.Field{
				{Name: "name", Kind: field.Text, Label: "Name", Required: true}, {Name: "value", Kind: field.Text, Label: "Value"},
			}},
			{Name: "body", Kind: field.LongText, Label: "Body", Default: "ok", Help: "May hold {{ trigger.… }} and {{ system.execution.id }}."},
		}},
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
	if c.Auth.Signature.door() != nil {
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
	d := inbound.Door{
		Methods: c.Methods, Networks: networks(c.Auth.IPs), Rate: rateOf(c.Rate), MaxBody: bytesOf(c.MaxBody), SecretPath: c.SecretPath,
		Signed: c.Auth.Signature.door(), Headers: c.Headers, Query: c.Query, Body: c.Body, Lists: c.ForceList,
		Condition: c.Condition, Dedupe: c.Dedupe, Success: 200, Keep: c.Keep, Answer: inbound.Answer{Status: c.Response.Status, Body: c.Response.Body},
	}
	for _, h := range c.Response.Headers {
		d.Answer.Headers = append(d.Answer.Headers, inbound.Header(h))
	}
	if c.Auth.Basic.User != "" || !c.Auth.Basic.Password.IsZero() {
		d.Basic = &inbound.BasicRef{User: c.Auth.Basic.User, Password: c.Auth.Basic.Password}
	}
	if !c.Auth.Bearer.Token.IsZero() {
		d.Key = &inbound.KeyRef{Header: c.Auth.Bearer.Header, Key: c.Auth.Bearer.Token}
	}
	return d
}

func checkWebhook(c webhookConfig, _ trigger.Catalog) (p field.Problems) {
	if len(c.Methods) == 0 {
		p.Add("methods", missing, text.M("trigger.methods", "Choose at least one method."))
	}
	checkBasic(&p, "auth.basic", c.Auth.Basic)
	if !c.Auth.Bearer.Token.IsZero() && !headerName.MatchString(c.Auth.Bearer.Header) {
		p.Add("auth.bearer.header", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", c.Auth.Bearer.Header))
	}
	if c.Auth.Basic.User != "" && !c.Auth.Bearer.Token.IsZero() && strings.EqualFold(c.Auth.Bearer.Header, "Authorization") {
		p.Add("auth.bearer.header", missing, text.M("trigger.same_header", "Password and token cannot both stand in Authorization. Name another header for the token."))
	}
	p = append(p, c.Auth.Signature.check("auth.signature")...)
	checkRequests(&p, "auth.ips", c.Auth.IPs, c.Rate)
	taken := map[string]bool{}
	checkDeclared(&p, "headers", c.Headers, taken)
	checkDeclared(&p, "query", c.Query, taken)
	checkDeclared(&p, "body", c.Body, taken)
	checkExpression(&p, "condition", c.Condition)
	checkExpression(&p, "dedupe", c.Dedupe)
	return append(p, c.Response.check()...)
}

// checkBasic asks for both halves.
func checkBasic(p *field.Problems, at string, b basicAuth) {
	switch {
	case b.User != "" && b.Password.IsZero():
		p.Add(at+".password", missing, text.M("trigger.no_password", "Enter the password."))
	case b.User == "" && !b.Password.IsZero():
		p.Add(at+".user", missing, text.M("trigger.no_user", "Enter the user name."))
	case strings.Contains(b.User, ":"):
		p.Add(at+".user", badSetting, text.M("trigger.colon", "A user name has no colon."))
	}
}

func (a webhookAnswer) check() (p field.Problems) {
	for i, h := range a.Headers {
		at := "response.headers." + strconv.Itoa(i)
		switch {
		case h.Name != "" && !headerName.MatchString(h.Name):
			p.Add(at+".name", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", h.Name))
		case slices.Contains(ownHeaders, strings.ToLower(h.Name)):
			p.Add(at+".name", badSetting, text.M("trigger.own_header", "The header %s is written by the server. Remove it.", h.Name))
		case strings.ContainsAny(h.Value, "\r\n"):
			p.Add(at+".value", badSetting, text.M("trigger.header_line", "The value of a header is one line."))
		}
	}
	t, err := expr.CompileTemplate(a.Body)
	if err != nil {
		p.Add("response.body", "EXPRESSION_INVALID", text.M("trigger.answer", "The answer cannot be read: %s", err))
		return p
	}
	for _, ref := range t.References() {
		if ref.Root != "trigger" && ref.Root != "system" {
			p.Add("response.body", "UNKNOWN_VARIABLE", text.M("trigger.expression_root", "Only what the request has can be read here: trigger.… and system.…"))
		}
	}
	return p
}

func warnWebhook(c webhookConfig, _ trigger.Catalog) (p field.Problems) {
	if webhookDoor(c).Open() {
		p.Add("auth", "WEBHOOK_OPEN", text.M("trigger.open", "Anybody who knows the address can start this workflow. Ask for a password, a token or a signature, or set a limit."))
	}
	return append(p, c.Auth.Signature.warn("auth.signature")...)
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
