package bind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Params are the parameters of an API action: those of the address, and for reading
// actions those of the body. It notes the first that cannot be read, so that callers
// ask for all they need and look at [Params.Err] once.
type Params struct {
	values map[string]any // text lists from the address, JSON values from the body
	known  []string
	err    error
}

// ReadParams reads the parameters of the address.
func ReadParams(c *fiber.Ctx) (*Params, error) {
	query, err := ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return nil, err
	}
	p := &Params{values: map[string]any{}}
	for name, list := range query {
		name = strings.TrimSuffix(name, "[]")
		have, _ := p.values[name].([]string)
		p.values[name] = append(have, list...)
	}
	return p, nil
}

// ReadAll reads the parameters of a reading action: a body, when there is one, adds
// to those of the address and wins over them.
func ReadAll(c *fiber.Ctx) (*Params, error) {
	p, err := ReadParams(c)
	if err != nil {
		return nil, err
	}
	body, err := Object(c)
	if err != nil {
		return nil, err
	}
	for name, v := range body {
		p.values[name] = v
	}
	return p, nil
}

// ReadBody reads the members of a JSON body as parameters, for actions whose body
// says what to do.
func ReadBody(c *fiber.Ctx) (*Params, error) {
	body, err := Object(c)
	if err != nil {
		return nil, err
	}
	return &Params{values: body}, nil
}

// ParamsOf reads the members of an object inside a body.
func ParamsOf(values map[string]any) *Params { return &Params{values: values} }

// Err is the first parameter that could not be read.
func (p *Params) Err() error { return p.err }

// Has reports whether a parameter was sent.
func (p *Params) Has(name string) bool {
	_, ok := p.values[name]
	return ok
}

// Text gives a parameter as text; numbers of a body are written out.
func (p *Params) Text(name string) string {
	list := p.List(name)
	if len(list) > 1 {
		p.wrong(name, text.M("param.one", "The parameter %s is given more than once.", name))
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// List gives a parameter that may be repeated, separated by commas, or a JSON list.
func (p *Params) List(name string) []string {
	p.known = append(p.known, name)
	switch v := p.values[name].(type) {
	case []string:
		var out []string
		for _, s := range v {
			out = append(out, p.parts(name, s)...)
		}
		return out
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := scalar(e)
			if !ok {
				p.wrong(name, text.M("param.list", "The parameter %s must be a list of texts or numbers.", name))
			}
			out = append(out, s)
		}
		return out
	case nil:
		return nil
	case string:
		return p.parts(name, v)
	default:
		s, ok := scalar(v)
		if !ok {
			p.wrong(name, text.M("param.text", "The parameter %s must be text.", name))
		}
		return []string{s}
	}
}

// parts splits one value as it stands in an address.
func (p *Params) parts(name, s string) []string {
	if strings.HasPrefix(strings.TrimSpace(s), "[") {
		v, err := field.ParseJSON([]byte(s))
		list, ok := v.([]any)
		if err != nil || !ok {
			p.wrong(name, text.M("param.json", "The parameter %s is not valid JSON.", name))
			return nil
		}
		sub := Params{values: map[string]any{name: list}}
		out := sub.List(name)
		if sub.err != nil {
			p.err = sub.err
		}
		return out
	}
	var out []string
	for one := range strings.SplitSeq(s, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// Raw gives one text as it was sent, commas included.
func (p *Params) Raw(name string) string {
	p.known = append(p.known, name)
	switch v := p.values[name].(type) {
	case []string:
		if len(v) > 1 {
			p.wrong(name, text.M("param.one", "The parameter %s is given more than once.", name))
		}
		return v[0]
	case string:
		return v
	case nil:
		return ""
	default:
		s, ok := scalar(v)
		if !ok {
			p.wrong(name, text.M("param.text", "The parameter %s must be text.", name))
		}
		return s
	}
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64, field.Decimal, bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// Number gives a whole number between least and most, or otherwise when it was not
// sent.
func (p *Params) Number(name string, otherwise, least, most int) int {
	s := p.Text(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		p.wrong(name, text.M("param.number", "The parameter %s must be a whole number between %d and %d.", name, least, most))
		return otherwise
	}
	return n
}

// Flag gives a yes or no, or otherwise when it was not sent.
func (p *Params) Flag(name string, otherwise bool) bool {
	switch s := p.Text(name); s {
	case "":
		return otherwise
	case "true", "1":
		return true
	case "false", "0":
		return false
	default:
		p.wrong(name, text.M("param.flag", "The parameter %s must be true or false.", name))
		return otherwise
	}
}

// JSON gives a parameter that holds JSON, such as a filter; nil when it was not sent.
func (p *Params) JSON(name string) any {
	p.known = append(p.known, name)
	list, ok := p.values[name].([]string)
	if !ok {
		return p.values[name]
	}
	if len(list) != 1 {
		p.wrong(name, text.M("param.one", "The parameter %s is given more than once.", name))
		return nil
	}
	if list[0] == "" {
		return nil
	}
	v, err := field.ParseJSON([]byte(list[0]))
	if err != nil {
		p.wrong(name, text.M("param.json", "The parameter %s is not valid JSON.", name))
	}
	return v
}

// One gives a parameter that must be one of the listed words, or the first of them
// when it was not sent.
func (p *Params) One(name string, words ...string) string {
	s := p.Text(name)
	if s == "" {
		return words[0]
	}
	if !slices.Contains(words, s) {
		p.wrong(name, text.M("param.word", "The parameter %s must be one of: %s.", name, strings.Join(words, ", ")))
	}
	return s
}

// Object gives a parameter that holds a JSON object; nil when it was not sent.
func (p *Params) Object(name string) map[string]any {
	v := p.JSON(name)
	m, ok := v.(map[string]any)
	if v != nil && !ok {
		p.wrong(name, text.M("param.object", "The parameter %s must be a JSON object.", name))
	}
	return m
}

// ID gives the number of a person or another thing that has numbers; 0 when it was
// not sent.
func (p *Params) ID(name string) int64 {
	return int64(p.Number(name, 0, 1, 1<<53-1))
}

// Optional gives the text of a parameter that may be left out; nil when it was.
func (p *Params) Optional(name string) *string {
	if !p.Has(name) {
		return nil
	}
	s := p.Raw(name)
	return &s
}

// Only refuses every parameter that nobody has asked for so far.
func (p *Params) Only() error {
	var rest []string
	for name := range p.values {
		if !slices.Contains(p.known, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	if len(rest) > 0 {
		p.wrong(rest[0], text.M("param.unknown", "There is no parameter %s here. Check its spelling.", rest[0]))
	}
	return p.err
}

// wrong notes the first problem.
func (p *Params) wrong(name string, m text.Message) {
	if p.err == nil {
		p.err = models.InvalidFields([]models.FieldError{{Field: name, Code: "BAD_PARAMETER", Message: m}})
	}
}
