package triggers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

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

// keyAuth is a key in a header.
type keyAuth struct {
	Header string          `json:"header"`
	Value  field.SecretRef `json:"value"`
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

// checkRate refuses a limit that lets nothing through.
func checkRate(p *field.Problems, rate *field.Decimal) {
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
