package inbound

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"formrail/engine/expr"
	"formrail/models/field"
	"formrail/models/text"
)

// Codes of findings about settings.
const (
	badSetting = "DEFINITION_INVALID"
	missing    = "MISSING"
)

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// ownHeader reports whether the server writes a header, or whether it would let an answer do
// more than answer.
func ownHeader(name string) bool {
	return slices.Contains([]string{"set-cookie", "content-length", "transfer-encoding", "connection", "host"}, strings.ToLower(name))
}

// ProofSettings say how a sender proves who it is: all that is filled in must hold.
type ProofSettings struct {
	Basic     BasicSettings     `json:"basic"`
	Bearer    BearerSettings    `json:"bearer"`
	Signature SignatureSettings `json:"signature"`
	IPs       []string          `json:"ips"`
}

// BasicSettings are a user name and a password.
type BasicSettings struct {
	User     string          `json:"user"`
	Password field.SecretRef `json:"password"`
}

// BearerSettings are a token in a header.
type BearerSettings struct {
	Token  field.SecretRef `json:"token"`
	Header string          `json:"header"`
}

// SignatureSettings are a signature of what is sent: of a known sender, or in its own words.
type SignatureSettings struct {
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

// ProofItems are the inputs of [ProofSettings].
func ProofItems() []field.Field {
	return []field.Field{
		{Name: "basic", Kind: field.Group, Label: "User name and password", Default: map[string]any{}, Items: BasicItems()},
		{Name: "bearer", Kind: field.Group, Label: "Token", Default: map[string]any{}, Items: []field.Field{
			{Name: "token", Kind: field.Secret, Label: "Token"},
			{Name: "header", Kind: field.Text, Label: "Header of the token", Default: "Authorization"},
		}},
		{Name: "signature", Kind: field.Group, Label: "Signature of the sender", Default: map[string]any{}, Items: SignatureItems()},
		{Name: "ips", Kind: field.Texts, Label: "Only from these addresses", Placeholder: "203.0.113.0/24"},
	}
}

// BasicItems are the inputs of [BasicSettings].
func BasicItems() []field.Field {
	return []field.Field{
		{Name: "user", Kind: field.Text, Label: "User name", MaxLength: 200},
		{Name: "password", Kind: field.Secret, Label: "Password"},
	}
}

// SignatureItems are the inputs of [SignatureSettings].
func SignatureItems() []field.Field {
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

// Door is d as far as the settings say who may send.
func (s ProofSettings) Door(d Door) Door {
	d.Networks, d.Signed = NetworksOf(s.IPs), s.Signature.Door()
	if s.Basic.User != "" || !s.Basic.Password.IsZero() {
		d.Basic = &BasicRef{User: s.Basic.User, Password: s.Basic.Password}
	}
	if !s.Bearer.Token.IsZero() {
		d.Key = &KeyRef{Header: s.Bearer.Header, Key: s.Bearer.Token}
	}
	return d
}

// Check names what is missing or wrong in the settings, which stand under at.
func (s ProofSettings) Check(at string) (p field.Problems) {
	p = s.Basic.Check(at + ".basic")
	if !s.Bearer.Token.IsZero() && !headerName.MatchString(s.Bearer.Header) {
		p.Add(at+".bearer.header", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", s.Bearer.Header))
	}
	if s.Basic.User != "" && !s.Bearer.Token.IsZero() && strings.EqualFold(s.Bearer.Header, "Authorization") {
		p.Add(at+".bearer.header", missing, text.M("trigger.same_header", "Password and token cannot both stand in Authorization. Name another header for the token."))
	}
	p = append(p, s.Signature.Check(at+".signature")...)
	return append(p, CheckNetworks(at+".ips", s.IPs)...)
}

// Check asks for both halves.
func (b BasicSettings) Check(at string) (p field.Problems) {
	switch {
	case b.User != "" && b.Password.IsZero():
		p.Add(at+".password", missing, text.M("trigger.no_password", "Enter the password."))
	case b.User == "" && !b.Password.IsZero():
		p.Add(at+".user", missing, text.M("trigger.no_user", "Enter the user name."))
	case strings.Contains(b.User, ":"):
		p.Add(at+".user", badSetting, text.M("trigger.colon", "A user name has no colon."))
	}
	return p
}

// Door gives the signature that a request must have; nil for none.
func (s SignatureSettings) Door() *SignedRef {
	if s.Preset == "" || s.Preset == "none" {
		return nil
	}
	out := &SignedRef{Signature: Presets()[s.Preset]}
	if s.Preset == "custom" {
		tolerance, err := field.ParseDuration(s.Tolerance)
		if err != nil { // refused before publishing
			tolerance = field.Span{Clock: 5 * time.Minute}
		}
		out.Signature = Signature{
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

// Check names what is missing or wrong in the settings, which stand under at.
func (s SignatureSettings) Check(at string) (p field.Problems) {
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

// Warn names what is weaker than it could be.
func (s SignatureSettings) Warn(at string) (p field.Problems) {
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

// NetworksOf reads a list of networks that was checked before.
func NetworksOf(lines []string) Networks {
	n, _ := ParseNetworks(strings.Join(lines, "\n"))
	return n
}

// CheckNetworks refuses what is no network.
func CheckNetworks(at string, lines []string) (p field.Problems) {
	if _, wrong := ParseNetworks(strings.Join(lines, "\n")); wrong != "" {
		p.Add(at, badSetting, text.M("trigger.network", "%s is no address and no range. Write it such as 203.0.113.7 or 203.0.113.0/24.", wrong))
	}
	return p
}

// AnswerSettings say what is answered to a request before anything has run.
type AnswerSettings struct {
	Status  int          `json:"status"`
	Headers []HeaderPair `json:"headers"`
	Body    string       `json:"body"` // template
}

// HeaderPair is one header of an answer.
type HeaderPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AnswerItems are the inputs of [AnswerSettings]; body is the default of the text.
func AnswerItems(body string) []field.Field {
	return []field.Field{
		{Name: "status", Kind: field.Integer, Label: "Status", Default: 200, Min: field.Bound("200"), Max: field.Bound("599")},
		{Name: "headers", Kind: field.List, Label: "Headers", Items: []field.Field{
			{Name: "name", Kind: field.Text, Label: "Name", Required: true}, {Name: "value", Kind: field.Text, Label: "Value"},
		}},
		{Name: "body", Kind: field.LongText, Label: "Body", Default: body, Help: "May hold {{ trigger.… }} and {{ system.execution.id }}."},
	}
}

// Answer is what the settings say.
func (a AnswerSettings) Answer() Answer {
	out := Answer{Status: a.Status, Body: a.Body}
	for _, h := range a.Headers {
		out.Headers = append(out.Headers, Header(h))
	}
	return out
}

// Check names what is wrong in the settings, which stand under at.
func (a AnswerSettings) Check(at string) (p field.Problems) {
	for i, h := range a.Headers {
		at := at + ".headers." + strconv.Itoa(i)
		switch {
		case h.Name != "" && !headerName.MatchString(h.Name):
			p.Add(at+".name", badSetting, text.M("trigger.header_name", "%q cannot be the name of a header.", h.Name))
		case ownHeader(h.Name):
			p.Add(at+".name", badSetting, text.M("trigger.own_header", "The header %s is written by the server. Remove it.", h.Name))
		case strings.ContainsAny(h.Value, "\r\n"):
			p.Add(at+".value", badSetting, text.M("trigger.header_line", "The value of a header is one line."))
		}
	}
	t, err := expr.CompileTemplate(a.Body)
	if err != nil {
		p.Add(at+".body", "EXPRESSION_INVALID", text.M("trigger.answer", "The answer cannot be read: %s", err))
		return p
	}
	for _, ref := range t.References() {
		if ref.Root != "trigger" && ref.Root != "system" {
			p.Add(at+".body", "UNKNOWN_VARIABLE", text.M("trigger.expression_root", "Only what the request has can be read here: trigger.… and system.…"))
		}
	}
	return p
}
