package triggers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"formrail/engine/expr"
	"formrail/engine/inbound"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

// Codes of findings about settings.
const (
	badSetting = "DEFINITION_INVALID"
	missing    = "MISSING"
)

var (
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	aliasForm  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
)

// ownHeaders are written by the server, or would let an answer do more than answer.
var ownHeaders = []string{"set-cookie", "content-length", "transfer-encoding", "connection", "host"}

// basicAuth, keyAuth and signatureAuth are how a sender may prove who it is.
type basicAuth struct {
	User     string          `json:"user"`
	Password field.SecretRef `json:"password"`
}

type keyAuth struct {
	Header string          `json:"header"`
	Value  field.SecretRef `json:"value"`
}

type signatureAuth struct {
	Preset          string          `json:"preset"`
	Header          string          `json:"header"`
	Prefix          string          `json:"prefix"`
	Algorithm       string          `json:"algorithm"`
	Encoding        string          `json:"encoding"`
	Content         string          `json:"content"`
	TimestampHeader string          `json:"timestampHeader"`
	IDHeader        string          `json:"idHeader"`
	Tolerance       string          `json:"tolerance"`
	Secret          field.SecretRef `json:"secret"`
	NextSecret      field.SecretRef `json:"nextSecret"`
}

func basicItems() []field.Field {
	return []field.Field{
		{Name: "user", Kind: field.Text, Label: "User name", MaxLength: 200},
		{Name: "password", Kind: field.Secret, Label: "Password"},
	}
}

func signatureItems() []field.Field {
	custom := &field.When{Field: "preset", Values: []string{"custom"}}
	some := &field.When{Field: "preset", Values: []string{"github", "stripe", "slack", "standard", "custom"}}
	return []field.Field{
		{
			Name: "preset", Kind: field.Select, Label: "Signature", Default: "none",
			Options: field.Choices("none", "None", "github", "GitHub", "stripe", "Stripe", "slack", "Slack", "standard", "Standard Webhooks", "custom", "Another one"),
		},
		{Name: "header", Kind: field.Text, Label: "Header of the signature", When: custom, Placeholder: "X-Signature"},
		{Name: "prefix", Kind: field.Text, Label: "Text before it", When: custom, Placeholder: "sha256="},
		{
			Name: "algorithm", Kind: field.Select, Label: "Algorithm", Default: "sha256", When: custom,
			Options: field.Choices("sha256", "SHA-256", "sha512", "SHA-512", "sha1", "SHA-1"),
		},
		{Name: "encoding", Kind: field.Select, Label: "Written as", Default: "hex", When: custom, Options: field.Choices("hex", "Hex", "base64", "Base64")},
		{Name: "content", Kind: field.Text, Label: "What is signed", Default: "{body}", When: custom, Help: "{body}, {timestamp} and {id} stand for what the request has."},
		{Name: "timestampHeader", Kind: field.Text, Label: "Header of the time", When: custom},
		{Name: "idHeader", Kind: field.Text, Label: "Header of the id", When: custom},
		{Name: "tolerance", Kind: field.Duration, Label: "Age at most", Default: "5m", When: custom},
		{Name: "secret", Kind: field.Secret, Label: "Signing secret", When: some},
		{Name: "nextSecret", Kind: field.Secret, Label: "Second signing secret", When: some, Help: "While you change it at the sender, both are accepted."},
	}
}

// door gives the signature that a request must have; nil for none.
func (s signatureAuth) door() *inbound.SignedRef {
	if s.Preset == "" || s.Preset == "none" {
		return nil
	}
	out := &inbound.SignedRef{Signature: inbound.Presets()[s.Preset]}
	if s.Preset == "custom" {
		tolerance, err := field.ParseDuration(s.Tolerance)
		if err != nil { // refused before publishing
			tolerance = field.Span{Clock: 5 * time.Minute}
		}
		out.Signature = inbound.Signature{
			Header: s.Header, Prefix: s.Prefix, Algorithm: s.Algorithm, Encoding: s.Encoding, Content: s.Content,
			TimestampHeader: s.TimestampHeader, IDHeader: s.IDHeader, Tolerance: tolerance.Approximate(),
		}
	}
	for _, ref := range []field.SecretRef{s.Secret, s.NextSecret} {
		if !ref.IsZero() {
			out.Secrets = append(out.Secrets, ref)
		}
	}
	return out
}

// check names what is missing or wrong, under the setting.
func (s signatureAuth) check(at string) (p field.Problems) {
	if s.Preset == "" || s.Preset == "none" {
		return nil
	}
	if s.Secret.IsZero() && s.NextSecret.IsZero() {
		p.Add(at+".secret", missing, text.M("trigger.no_secret", "Enter the signing secret of the sender."))
	}
	if s.Preset != "custom" {
		return p
	}
	for name, value := range map[string]string{"header": s.Header, "timestampHeader": s.TimestampHeader, "idHeader": s.IDHeader} {
		if value != "" && !headerName.MatchString(value) {
			p.Add(at+"."+name, badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", value))
		}
	}
	if s.Header == "" {
		p.Add(at+".header", missing, text.M("trigger.no_header", "Name the header of the signature."))
	}
	if !strings.Contains(s.Content, "{body}") {
		p.Add(at+".content", missing, text.M("trigger.unsigned_body", "A signature without {body} would fit any body. Add {body}."))
	}
	if span, err := field.ParseDuration(s.Tolerance); err != nil || span.Approximate() > 24*time.Hour || span.Approximate() < 0 {
		p.Add(at+".tolerance", badSetting, text.M("trigger.tolerance", "Enter a time such as 5m, at most a day."))
	}
	return p
}

// warn names what is weaker than it could be.
func (s signatureAuth) warn(at string) (p field.Problems) {
	if s.Preset != "custom" {
		return nil
	}
	if s.Algorithm == "sha1" {
		p.Add(at+".algorithm", "WEAK_SIGNATURE", text.M("trigger.sha1", "SHA-1 is weak. Choose SHA-256 when the sender offers it."))
	}
	if s.TimestampHeader != "" && !strings.Contains(s.Content, "{timestamp}") {
		p.Add(at+".content", "UNSIGNED_TIME", text.M("trigger.unsigned_time", "The time is not signed, so anybody can change it. Add {timestamp} if the sender signs it."))
	}
	return p
}

// sizes are the choices for the largest body.
func sizes() []field.Option {
	return field.Choices("64KiB", "64 KiB", "256KiB", "256 KiB", "1MiB", "1 MiB", "5MiB", "5 MiB", "10MiB", "10 MiB")
}

func bytesOf(size string) int {
	number, unit := strings.TrimRight(size, "KMiB"), 1<<10
	if strings.HasSuffix(size, "MiB") {
		unit = 1 << 20
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return 1 << 20
	}
	return n * unit
}

func rateOf(d *field.Decimal) float64 {
	if d == nil {
		return 0
	}
	return d.Float64()
}

// networks reads a list of networks that was checked before.
func networks(lines []string) inbound.Networks {
	n, _ := inbound.ParseNetworks(strings.Join(lines, "\n"))
	return n
}

// checkRequests checks what both kinds of requests have.
func checkRequests(p *field.Problems, ipsAt string, ips []string, rate *field.Decimal) {
	if _, wrong := inbound.ParseNetworks(strings.Join(ips, "\n")); wrong != "" {
		p.Add(ipsAt, badSetting, text.M("trigger.network", "%s is no address and no range. Write it such as 203.0.113.7 or 203.0.113.0/24.", wrong))
	}
	if rate != nil && (rate.Sign() <= 0 || rate.Float64() > 100_000) {
		p.Add("rate", badSetting, text.M("trigger.rate", "Enter how many requests a second are taken, more than 0."))
	}
}

// checkExpression compiles an expression that may read the request.
func checkExpression(p *field.Problems, at, source string) {
	if strings.TrimSpace(source) == "" {
		return
	}
	program, err := expr.Compile(source)
	if err != nil {
		p.Add(at, "EXPRESSION_INVALID", text.M("trigger.expression", "The expression cannot be read: %s", err))
		return
	}
	for _, ref := range program.References() {
		if ref.Root != "trigger" && ref.Root != "system" {
			p.Add(at, "UNKNOWN_VARIABLE", text.M("trigger.expression_root", "Only what the request has can be read here: trigger.… and system.…"))
		}
	}
}

// declaredItems are the columns of a list of expected values.
func declaredItems(kind string) []field.Field {
	return []field.Field{
		{Name: "path", Kind: field.Text, Label: "Where", Required: true, MaxLength: 200, Placeholder: "order.id"},
		{Name: "alias", Kind: field.Text, Label: "Name", MaxLength: 63, Help: "Without one, the end of the path."},
		{Name: "type", Kind: field.Select, Label: "Type", Default: kind, Options: inbound.Types()},
		{Name: "required", Kind: field.Boolean, Label: "Required", Default: false},
	}
}

// checkDeclared refuses names that are taken twice or cannot be names.
func checkDeclared(p *field.Problems, part string, list []inbound.Declared, taken map[string]bool) {
	for i, d := range list {
		at := part + "." + strconv.Itoa(i)
		name := d.Name()
		switch {
		case d.Path == "":
		case !aliasForm.MatchString(name):
			p.Add(at+".alias", badSetting, text.M("trigger.alias", "%s cannot be a name. Use letters, digits and _, a letter first.", name))
		case taken[name]:
			p.Add(at+".alias", missing, text.M("trigger.alias_twice", "Another value has the name %s. Give one of them another name.", name))
		}
		taken[name] = true
		if part == "headers" && d.Path != "" && !headerName.MatchString(d.Path) {
			p.Add(at+".path", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", d.Path))
		}
	}
}

// requestShape is what {{ trigger }} holds of every request.
func requestShape(cat trigger.Catalog, own ...field.Named) field.Shape {
	prop := func(name string, kind field.Kind, label string) field.Named {
		return field.Named{Name: name, Shape: field.Shape{Kind: kind, Label: label}}
	}
	person := cat.Record("users", 0)
	person.Label = "Person"
	if len(person.Fields) == 0 {
		person.Open = true
	}
	return field.Object("Trigger", slices.Concat(own, []field.Named{
		prop("method", field.Text, "Method"), prop("ip", field.Text, "Address of the sender"), prop("event", field.Text, "Event"),
		prop("date", field.DateTime, "Date"), prop("firedAt", field.DateTime, "Started at"),
		{Name: "user", Shape: person},
		prop("role", field.Text, "Role"),
		prop("roleName", field.Text, "Role"), prop("principal", field.Text, "Acting as"),
		{Name: "origin", Shape: field.Object("Origin", prop("kind", field.Text, "Kind"), prop("requestId", field.Text, "Request"))},
	})...)
}

// declaredShape is an object with the declared values at their places. It may have more.
func declaredShape(label string, list []inbound.Declared) field.Shape {
	root := field.Any(label)
	for _, d := range list {
		put(&root, inbound.PathOf(d.Path), d.Shape())
	}
	return root
}

func put(into *field.Shape, path []string, s field.Shape) {
	if len(path) == 0 || path[0] == "" {
		return
	}
	i := slices.IndexFunc(into.Fields, func(n field.Named) bool { return n.Name == path[0] })
	if i < 0 {
		into.Fields = append(into.Fields, field.Named{Name: path[0], Shape: field.Any(path[0])})
		i = len(into.Fields) - 1
	}
	at := &into.Fields[i].Shape
	if len(path) > 1 {
		put(at, path[1:], s)
		return
	}
	s.Label, s.Fields = path[0], at.Fields
	s.Open = s.Open || len(s.Fields) > 0
	*at = s
}
