package triggers

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"formrail/engine/inbound"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type httpRequestConfig struct {
	Methods    []string                  `json:"methods"`
	Auth       string                    `json:"auth"`
	Key        keyAuth                   `json:"key"`
	Basic      inbound.BasicSettings     `json:"basic"`
	Signature  inbound.SignatureSettings `json:"signature"`
	Starters   []string                  `json:"starters"`
	IPs        []string                  `json:"ips"`
	SecretPath bool                      `json:"secretPath"`
	Rate       *field.Decimal            `json:"rate"`
	Params     []inbound.Param           `json:"params"`
	Success    int                       `json:"successStatus"`
	CORS       []string                  `json:"cors"`
	MaxBody    string                    `json:"maxBody"`
	Condition  string                    `json:"condition"`
	Keep       int                       `json:"keepRequests"`
}

// httpRequest is an endpoint for other programs with a contract: typed parameters in, an
// answer out.
var httpRequest = trigger.Define(trigger.Spec[httpRequestConfig]{
	Key: "http_request", Icon: "globe", Title: "HTTP request",
	Summary: "Other programs call it with parameters and get an answer",
	Help: "An endpoint with a contract: what it takes is declared and checked, so a wrong call is refused before anything runs. " +
		"The parameters are `trigger.params.<name>`.\n\n" +
		"A workflow that answers at once gives what its Response step says, else the value of its Output step. Any other answers 202 with an address to ask for the outcome.",
	Config:  httpRequestForm(),
	Check:   checkHTTPRequest,
	Warn:    warnHTTPRequest,
	Context: httpRequestContext,
	Line: func(c httpRequestConfig, _ trigger.Catalog) string {
		names := make([]string, 0, len(c.Params))
		for _, p := range c.Params {
			names = append(names, p.Name)
		}
		return strings.TrimSuffix(strings.Join(c.Methods, ", ")+" · "+strings.Join(names, ", "), " · ")
	},
	Sync:  trigger.EitherMode,
	Serve: httpRequestDoor,
})

func httpRequestForm() []field.Field {
	by := func(kind string) *field.When { return &field.When{Field: "auth", Values: []string{kind}} }
	signature := inbound.SignatureItems()
	signature[0].Default, signature[0].Options = "github", signature[0].Options[1:]
	return []field.Field{
		{
			Name: "methods", Kind: field.Set, Label: "Methods", Default: []any{"POST"},
			Options: field.Choices("GET", "GET", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "DELETE", "HEAD", "HEAD"),
		},
		{
			Name: "auth", Kind: field.Select, Label: "Who may call it", Default: "key",
			Options: field.Choices("none", "Everybody", "basic", "Who has the password", "key", "Who has the key", "user", "People with an API token", "signature", "Who signs the request"),
		},
		{Name: "key", Kind: field.Group, Label: "Key", Default: map[string]any{}, When: by("key"), Items: []field.Field{
			{Name: "header", Kind: field.Text, Label: "Header", Default: "X-Api-Key"},
			{Name: "value", Kind: field.Secret, Label: "Key"},
		}},
		{Name: "basic", Kind: field.Group, Label: "Password", Default: map[string]any{}, When: by("basic"), Items: inbound.BasicItems()},
		{Name: "signature", Kind: field.Group, Label: "Signature", Default: map[string]any{}, When: by("signature"), Items: signature},
		{Name: "starters", Kind: field.Texts, Label: "Roles that may call it", When: by("user"), Help: "Names of roles, one to a line. Without any, all people with a token."},
		{Name: "params", Kind: field.List, Label: "Parameters", Items: []field.Field{
			{Name: "name", Kind: field.Text, Label: "Name", Required: true, MaxLength: 63},
			{Name: "in", Kind: field.Select, Label: "Stands in", Default: "body", Options: field.Choices("body", "Body", "query", "Address", "header", "Header")},
			{Name: "type", Kind: field.Select, Label: "Type", Default: "text", Options: inbound.Types()},
			{Name: "required", Kind: field.Boolean, Label: "Required", Default: false},
			{Name: "default", Kind: field.Text, Label: "Without it"},
			{Name: "pattern", Kind: field.Text, Label: "Pattern", When: &field.When{Field: "type", Values: []string{"text"}}, Help: "A regular expression for the whole text."},
			{Name: "min", Kind: field.Number, Label: "At least", When: measured()},
			{Name: "max", Kind: field.Number, Label: "At most", When: measured()},
		}},
		{Name: "condition", Kind: field.Expression, Label: "Only when", Help: "Such as trigger.params.amount > 0."},
		{Name: "successStatus", Kind: field.Integer, Label: "Status of a good end", Default: 200, Min: field.Bound("200"), Max: field.Bound("299")},
		{Name: "cors", Kind: field.Texts, Label: "Pages of other sites that may call it", Placeholder: "https://www.example.com"},
		{Name: "ips", Kind: field.Texts, Label: "Only from these addresses", Placeholder: "203.0.113.0/24"},
		{Name: "secretPath", Kind: field.Boolean, Label: "Secret address", Default: false, Help: "Adds a random part to the address."},
		{Name: "rate", Kind: field.Number, Label: "Requests a second at most"},
		{Name: "maxBody", Kind: field.Select, Label: "Largest body", Default: "1MiB", Options: sizes()},
		{Name: "keepRequests", Kind: field.Integer, Label: "Requests to keep", Default: 100, Min: field.Bound("0"), Max: field.Bound("1000"), Help: "For at most a week."},
	}
}

// measured shows the bounds of what can be measured.
func measured() *field.When {
	return &field.When{Field: "type", Values: []string{"text", "integer", "number"}}
}

func httpRequestDoor(c httpRequestConfig) inbound.Door {
	d := inbound.Door{
		Contract: true, Methods: c.Methods, Networks: inbound.NetworksOf(c.IPs), Rate: rateOf(c.Rate), MaxBody: bytesOf(c.MaxBody), SecretPath: c.SecretPath,
		Params: c.Params, Condition: c.Condition, Success: c.Success, Origins: c.CORS, Keep: c.Keep,
	}
	switch c.Auth {
	case "basic":
		d.Basic = &inbound.BasicRef{User: c.Basic.User, Password: c.Basic.Password}
	case "key":
		d.Key = &inbound.KeyRef{Header: c.Key.Header, Key: c.Key.Value}
	case "signature":
		d.Signed = c.Signature.Door()
	case "user":
		d.Person, d.Starters = true, c.Starters
	}
	return d
}

func checkHTTPRequest(c httpRequestConfig, _ trigger.Catalog) (p field.Problems) {
	if len(c.Methods) == 0 {
		p.Add("methods", missing, text.M("trigger.methods", "Choose at least one method."))
	}
	switch c.Auth {
	case "basic":
		p = append(p, c.Basic.Check("basic")...)
		if c.Basic.User == "" && c.Basic.Password.IsZero() {
			p.Add("basic.user", missing, text.M("trigger.no_user", "Enter the user name."))
		}
	case "key":
		if c.Key.Value.IsZero() {
			p.Add("key.value", missing, text.M("trigger.no_key", "Enter the key that callers send, or let somebody else call it."))
		}
		if !headerName.MatchString(c.Key.Header) {
			p.Add("key.header", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", c.Key.Header))
		}
	case "signature":
		p = append(p, c.Signature.Check("signature")...)
	}
	p = append(p, inbound.CheckNetworks("ips", c.IPs)...)
	checkRate(&p, c.Rate)
	for i, origin := range c.CORS {
		if u, err := url.Parse(origin); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
			p.Add("cors", badSetting, text.M("trigger.origin", "%s is no origin. Write it such as https://www.example.com.", c.CORS[i]))
		}
	}
	checkParams(&p, c.Params)
	checkExpression(&p, "condition", c.Condition)
	return p
}

func checkParams(p *field.Problems, list []inbound.Param) {
	taken := map[string]bool{}
	for i, one := range list {
		at := "params." + strconv.Itoa(i)
		switch {
		case one.Name == "":
		case one.In == "header" && !headerName.MatchString(one.Name):
			p.Add(at+".name", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", one.Name))
		case one.In != "header" && !aliasForm.MatchString(one.Name):
			p.Add(at+".name", badSetting, text.M("trigger.alias", "%s cannot be a name. Use letters, digits and _, a letter first.", one.Name))
		case taken[one.Name]:
			p.Add(at+".name", missing, text.M("trigger.param_twice", "Another parameter has the name %s.", one.Name))
		}
		taken[one.Name] = true
		if one.Pattern != "" {
			if _, err := regexp.Compile(one.Pattern); err != nil {
				p.Add(at+".pattern", badSetting, text.M("trigger.pattern", "The pattern cannot be read: %s", err))
			}
		}
		if one.Default != "" && !one.Fits(one.Default) {
			p.Add(at+".default", badSetting, text.M("trigger.default", "What stands for a missing %s is not one itself.", one.Name))
		}
	}
}

func warnHTTPRequest(c httpRequestConfig, _ trigger.Catalog) (p field.Problems) {
	if httpRequestDoor(c).Open() {
		p.Add("auth", "WEBHOOK_OPEN", text.M("trigger.open", "Anybody who knows the address can start this workflow. Ask for a password, a token or a signature, or set a limit."))
	}
	if c.Auth == "signature" {
		p = append(p, c.Signature.Warn("signature")...)
	}
	return p
}

func httpRequestContext(c httpRequestConfig, cat trigger.Catalog) field.Shape {
	params := field.Object("Parameters")
	for _, one := range c.Params {
		shape := inbound.Declared{Path: one.Name, Alias: one.Name, Type: one.Type}.Shape()
		if !slices.ContainsFunc(params.Fields, func(n field.Named) bool { return n.Name == one.Name }) {
			params.Fields = append(params.Fields, field.Named{Name: one.Name, Shape: shape})
		}
	}
	return requestShape(cat, field.Named{Name: "params", Shape: params}, field.Named{Name: "body", Shape: field.Any("Body")},
		field.Named{Name: "query", Shape: field.Any("Query")}, field.Named{Name: "headers", Shape: field.Any("Headers")})
}
