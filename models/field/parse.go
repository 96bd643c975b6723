package field

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"formrail/models/text"
)

// Limits that hold for every record, whatever the declaration says.
const (
	maxTextDefault = 255
	maxTextEver    = 10_000
	maxLongDefault = 100_000
	maxLongEver    = 1_000_000
	maxWhole       = 1<<53 - 1 // what a JSON number keeps exactly everywhere
	maxDigits      = 15
	maxOptionValue = 64

	maxNamedOptions = 8 // a sentence stays readable up to here
)

// ParseContext is what the reading of one value depends on.
type ParseContext struct {
	Zone        *time.Location // for instants without offset; UTC when nil
	RoundExcess bool           // data nodes: round digits beyond the scale instead of refusing them
	Stored      any            // the value the record has now: an archived option may stay
	FromForm    bool           // numbers, yes/no and links arrive as text
}

// Parse reads one value of a record kind into its canonical form and checks it
// against the declaration. Empty text is nil, and nil is always accepted: whether
// a value is required is a later question, see [Missing]. On a finding the value is
// nil. Parse panics for a kind that records cannot hold.
func (f Field) Parse(v any, in ParseContext) (any, Problems) {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	if s, ok := v.(string); ok && (in.FromForm || f.Kind != Text && f.Kind != LongText) {
		v = strings.TrimSpace(s)
	}
	if v == nil || v == "" {
		return nil, nil
	}
	p := parser{Field: f, in: in}
	out := p.parse(v)
	if p.found != nil {
		return nil, p.found
	}
	return out, nil
}

// Missing reports whether a parsed value counts as not given.
func Missing(v any) bool { return v == nil || v == "" }

// parser reads one value; found collects what is wrong with it.
type parser struct {
	Field
	in    ParseContext
	found Problems
}

func (p *parser) parse(v any) any {
	switch p.Kind {
	case Text, LongText:
		return p.parseText(v)
	case Integer:
		return p.parseInteger(v)
	case Number:
		return p.parseNumber(v)
	case Boolean:
		return p.parseBoolean(v)
	case DateOnly:
		return p.parseDate(v)
	case DateTime:
		return p.parseTime(v)
	case Select:
		return p.parseSelect(v)
	case User, ManyToOne:
		return p.parseLink(v)
	}
	panic("field: " + string(p.Kind) + " is not a kind of record fields")
}

// refuse records a finding and gives the value nil.
func (p *parser) refuse(code string, m text.Message) any {
	p.found.Add(p.Name, code, m)
	return nil
}

// label is what the sentence calls the field.
func (p *parser) parseText(v any) any {
	s, ok := v.(string)
	if !ok {
		return p.refuse("INVALID_TYPE", text.M("field.text", "%s must be text.", p.label()))
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return p.refuse("INVALID_TEXT", text.M("field.characters", "%s contains characters that cannot be stored.", p.label()))
	}
	if p.in.FromForm {
		s = strings.ReplaceAll(s, "\r\n", "\n") // browsers submit line breaks so
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	if s == "" {
		return nil
	}
	limit := textLimit(p.MaxLength, maxTextDefault, maxTextEver)
	if p.Kind == LongText {
		limit = textLimit(p.MaxLength, maxLongDefault, maxLongEver)
	} else if strings.ContainsAny(s, "\n\r\v\f\u0085\u2028\u2029") {
		return p.refuse("LINE_BREAK", text.M("field.line_break", "%s must be one line.", p.label()))
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return p.refuse("TOO_LONG", text.M("field.too_long", "%s must have at most %d characters.", p.label(), limit))
	} else if n < p.MinLength {
		return p.refuse("TOO_SHORT", text.M("field.too_short", "%s must have at least %d characters.", p.label(), p.MinLength))
	}
	if !p.matches(s) {
		return p.refuse("PATTERN", text.M("field.pattern", "%s does not have the expected form.", p.label()))
	}
	return s
}

func textLimit(set, normal, ever int) int {
	if set == 0 {
		return normal
	}
	return min(set, ever)
}

// matches treats a pattern that does not compile as one that nothing matches; the
// declaration is checked where it is saved.
func (p *parser) matches(s string) bool {
	return p.Pattern == "" || matches(p.Pattern, s)
}

// matches reports whether a pattern matches the whole text.
func matches(pattern, s string) bool {
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	return err == nil && re.MatchString(s)
}

// ValidPattern reports whether a pattern can be read.
func ValidPattern(pattern string) bool {
	_, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	return err == nil
}

// number reads a number in any form it may arrive in.
func (p *parser) number(v any) (Decimal, bool) {
	if s, ok := v.(string); ok {
		if !p.in.FromForm {
			return Decimal{}, false
		}
		d, err := ParseDecimal(typedNumber(s))
		return d, err == nil
	}
	return AsDecimal(v)
}

func (p *parser) parseInteger(v any) any {
	d, ok := p.number(v)
	if !ok || !d.IsInteger() {
		return p.refuse("INVALID_NUMBER", text.M("field.integer", "%s must be a whole number.", p.label()))
	}
	n, ok := d.Int64()
	if !ok || n > maxWhole || n < -maxWhole {
		return p.refuse("OUT_OF_RANGE", text.M("field.integer_range", "%s must be between -9,007,199,254,740,991 and 9,007,199,254,740,991.", p.label()))
	}
	if !p.within(d) {
		return nil
	}
	return n
}

func (p *parser) parseNumber(v any) any {
	d, ok := p.number(v)
	if !ok {
		return p.refuse("INVALID_NUMBER", text.M("field.number", "%s must be a number, for example 1234.5.", p.label()))
	}
	if d.Scale() > p.Scale {
		if !p.Round && !p.in.RoundExcess {
			return p.refuse("TOO_MANY_DIGITS", p.tooManyDigits())
		}
		d = d.Round(p.Scale)
	}
	if d.adjusted() >= maxDigits-p.Scale {
		return p.refuse("OUT_OF_RANGE", text.M("field.digits", "%s must have at most %d digits before the point.", p.label(), maxDigits-p.Scale))
	}
	if !p.within(d) {
		return nil
	}
	return d
}

func (p *parser) tooManyDigits() text.Message {
	switch p.Scale {
	case 0:
		return text.M("field.integer", "%s must be a whole number.", p.label())
	case 1:
		return text.M("field.scale_one", "%s must have at most 1 digit after the point.", p.label())
	}
	return text.M("field.scale", "%s must have at most %d digits after the point.", p.label(), p.Scale)
}

// within checks Min and Max.
func (p *parser) within(d Decimal) bool {
	if p.Min != nil && d.Cmp(*p.Min) < 0 {
		p.refuse("TOO_SMALL", text.M("field.min", "%s must be at least %s.", p.label(), p.Min))
	} else if p.Max != nil && d.Cmp(*p.Max) > 0 {
		p.refuse("TOO_LARGE", text.M("field.max", "%s must be at most %s.", p.label(), p.Max))
	}
	return p.found == nil
}

func (p *parser) parseBoolean(v any) any {
	if b, ok := v.(bool); ok {
		return b
	}
	if s, ok := v.(string); ok && p.in.FromForm {
		switch strings.ToLower(s) {
		case "true", "on", "yes", "1":
			return true
		case "false", "off", "no", "0":
			return false
		}
	}
	return p.refuse("INVALID_TYPE", text.M("field.boolean", "%s must be yes or no.", p.label()))
}

func (p *parser) parseSelect(v any) any {
	s, ok := v.(string)
	if ok && len(s) <= 4*maxOptionValue {
		for _, o := range p.Options {
			if o.Value == s && (!o.Archived || p.in.Stored == s) {
				return s
			}
		}
	}
	if named := p.optionLabels(); named != "" {
		return p.refuse("INVALID_OPTION", text.M("field.option_of", "%s must be one of these: %s.", p.label(), named))
	}
	return p.refuse("INVALID_OPTION", text.M("field.option", "%s must be one of the listed options.", p.label()))
}

// optionLabels names the options that may be chosen; empty when they are too many to read.
func (p *parser) optionLabels() string {
	var out []string
	for _, o := range p.Options {
		if !o.Archived {
			out = append(out, "“"+cmp.Or(o.Label, o.Value)+"”")
		}
	}
	if len(out) > maxNamedOptions {
		return ""
	}
	return strings.Join(out, ", ")
}

// parseLink reads the number of the linked record, plain or as an object that holds
// nothing else: {"id": 7}.
func (p *parser) parseLink(v any) any {
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		v = m["id"]
	}
	if s, ok := v.(string); ok && p.in.FromForm {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			v = n
		}
	}
	if n, ok := v.(int64); ok && n > 0 && n <= maxWhole {
		return n
	}
	return p.refuse("INVALID_LINK", text.M("field.link", "%s must be the number of a record.", p.label()))
}
