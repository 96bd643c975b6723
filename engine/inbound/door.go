package inbound

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// Door says how a workflow takes requests: which ones, who must have sent them, what is
// read from them, and what is answered. It is made from the settings of a trigger and
// never changes.
type Door struct {
	Contract bool // parameters are declared and typed; else a request is taken as it comes
	Methods  []string
	Networks Networks
	Rate     float64 // requests a second; 0 = any
	MaxBody  int     // bytes

	SecretPath bool       // a token stands in the address
	Basic      *BasicRef  // nil = not asked for
	Key        *KeyRef    // nil = not asked for
	Signed     *SignedRef // nil = not asked for
	Person     bool       // a person's token is asked for
	Starters   []string   // roles that may start it; empty = everybody who is known

	Headers, Query, Body []Declared
	Params               []Param
	Lists                []string // paths of forms and XML that are always lists

	Condition string // expression; empty = always
	Dedupe    string // expression; empty = what the signature says
	Answer    Answer // before the execution has ended
	Success   int    // status of a good end
	Origins   []string
	Keep      int // requests in the log
}

// BasicRef is a user name with a sealed password.
type BasicRef struct {
	User     string
	Password field.SecretRef
}

// KeyRef is a header with a sealed key.
type KeyRef struct {
	Header string
	Key    field.SecretRef
}

// SignedRef is a signature with its sealed secrets.
type SignedRef struct {
	Signature
	Secrets []field.SecretRef
}

// Answer is what is answered before anything has run.
type Answer struct {
	Status  int
	Headers []Header
	Body    string // template
}

// Open reports whether anybody who knows the address may send requests.
func (d Door) Open() bool {
	return len(d.Networks) == 0 && d.Rate == 0 && !d.SecretPath && d.Basic == nil && d.Key == nil && d.Signed == nil && !d.Person
}

// Secret names the headers that prove who sends a request.
func (d Door) Secret() []string {
	var out []string
	if d.Key != nil {
		out = append(out, d.Key.Header)
	}
	if d.Signed != nil {
		out = append(out, d.Signed.Header)
	}
	return out
}

// Takes reports whether a method starts the workflow.
func (d Door) Takes(method string) bool {
	if method == "HEAD" { // runs as GET where a contract names it
		return slices.Contains(d.Methods, "HEAD")
	}
	return slices.Contains(d.Methods, method)
}

// Request is one request as it came.
type Request struct {
	Method  string
	Address string // of the client
	Headers Headers
	Query   string
	Body    []byte
}

// maxRawBody is how much of a body is offered as text.
const maxRawBody = 64 << 10

// Reading is what was read from a request.
type Reading struct {
	Trigger  map[string]any // for {{ trigger.… }}
	Warnings []text.Message
}

// Read gives what a workflow sees of a request. The errors are [Problems].
func (d Door) Read(r Request) (Reading, error) {
	query, err := ReadQuery(r.Query)
	if err != nil {
		return Reading{}, err
	}
	b := Body{Type: r.Headers.Get("Content-Type"), Bytes: r.Body, Lists: d.Lists}
	if r.Headers.Get("Content-Encoding") != "" && len(r.Body) > 0 {
		return Reading{}, unsupported()
	}
	body, err := b.Read()
	if err != nil {
		return Reading{}, err
	}
	headers := r.Headers.Public(d.Secret()...)
	out := Reading{Trigger: map[string]any{
		"event": "request", "method": r.Method, "headers": headers, "query": query, "body": body, "ip": r.Address,
	}}
	var problems Problems
	if d.Contract {
		out.Trigger["params"], problems = d.params(headers, query, body)
	} else {
		vars := map[string]any{}
		for _, part := range []struct {
			name     string
			declared []Declared
			from     any
		}{{"headers", d.Headers, headers}, {"query", d.Query, query}, {"body", d.Body, body}} {
			wrong, warnings := Take(part.name, part.declared, part.from, vars)
			problems, out.Warnings = append(problems, wrong...), append(out.Warnings, warnings...)
		}
		out.Trigger["vars"] = vars
		out.Trigger["rawBody"] = raw(r.Body)
	}
	if len(problems) > 0 {
		return Reading{}, problems
	}
	return out, nil
}

// raw is a body as text, nil when it is none or too long.
func raw(body []byte) any {
	if len(body) > maxRawBody || notUTF8Bytes(body) {
		return nil
	}
	return string(body)
}

// Problems are all values of a request that are wrong.
type Problems []*Problem

// Error is the first sentence.
func (p Problems) Error() string { return p[0].Error() }

// Param is one parameter of a contract.
type Param struct {
	Name     string         `json:"name"`
	In       string         `json:"in"` // query, header, body
	Type     string         `json:"type"`
	Required bool           `json:"required"`
	Default  string         `json:"default"`
	Pattern  string         `json:"pattern"` // of texts: RE2, the whole text
	Min      *field.Decimal `json:"min"`     // of numbers; of texts their length
	Max      *field.Decimal `json:"max"`
}

// params reads the parameters of a contract.
func (d Door) params(headers, query map[string]any, body any) (map[string]any, Problems) {
	from := map[string]any{"header": headers, "query": query, "body": body}
	out := make(map[string]any, len(d.Params))
	var problems Problems
	for _, p := range d.Params {
		name := p.Name
		if p.In == "header" {
			name = strings.ToLower(name)
		}
		v, wrong := p.read(lookUp(from[p.In], []string{name}))
		if wrong != nil {
			problems = append(problems, wrong)
		}
		out[p.Name] = v
	}
	return out, problems
}

// read gives one parameter in its type.
func (p Param) read(sent any) (any, *Problem) {
	bad := func(m text.Message) (any, *Problem) { return nil, &Problem{Code: Invalid, Field: p.Name, Message: m} }
	if s, isText := sent.(string); isText && s == "" && p.Type != "text" {
		sent = nil
	}
	if sent == nil && p.Default != "" {
		sent = p.Default
	}
	if sent == nil {
		if p.Required {
			return bad(text.M("inbound.missing", "%s is missing.", p.Name))
		}
		return nil, nil
	}
	v, ok := Declared{Type: p.Type}.convert(sent)
	if !ok {
		return bad(text.M("inbound.mistyped", "%s has another type than %s.", p.Name, p.Type))
	}
	measure, counts := field.AsDecimal(v)
	if s, isText := v.(string); isText {
		measure, counts = field.DecimalFromInt(int64(len([]rune(s)))), true
		if p.Pattern != "" && !matches(p.Pattern, s) {
			return bad(text.M("inbound.pattern", "%s does not have the form that is asked for.", p.Name))
		}
	}
	switch {
	case counts && p.Min != nil && measure.Cmp(*p.Min) < 0:
		return bad(text.M("inbound.min", "%s must be at least %s.", p.Name, p.Min))
	case counts && p.Max != nil && measure.Cmp(*p.Max) > 0:
		return bad(text.M("inbound.max", "%s must be at most %s.", p.Name, p.Max))
	}
	return v, nil
}

// Fits reports whether a value could be sent for the parameter.
func (p Param) Fits(sent string) bool {
	_, wrong := p.read(sent)
	return wrong == nil
}

func matches(pattern, s string) bool {
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	return err == nil && re.MatchString(s)
}

// Origin gives the answer to a page of another site: its origin when it is listed, else
// nothing.
func (d Door) Origin(sent string) string {
	if u, err := url.Parse(sent); err != nil || u.Host == "" || !slices.Contains(d.Origins, sent) {
		return ""
	}
	return sent
}
