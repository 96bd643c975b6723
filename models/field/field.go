package field

import (
	"strings"

	"formrail/models/text"
)

// Kind names what an input holds. The string is stored in definitions and is
// never renamed.
type Kind string

// Kinds that collections, tasks and settings share: each is a value a record
// can hold.
const (
	Text      Kind = "text"      // one line of text
	LongText  Kind = "longText"  // text with line breaks
	Integer   Kind = "integer"   // whole number within ±(2^53−1)
	Number    Kind = "decimal"   // exact number with a fixed scale, money
	Boolean   Kind = "boolean"   // yes, no, or nothing
	DateOnly  Kind = "date"      // a calendar day without zone
	DateTime  Kind = "datetime"  // an instant, kept in UTC to the millisecond
	Select    Kind = "select"    // the value of one option
	User      Kind = "user"      // link to a person
	ManyToOne Kind = "manyToOne" // link to one record of another collection
)

// Kinds that only settings of nodes and triggers use.
const (
	Duration   Kind = "duration"   // "90s", "15m", "2h", "3d", "1w", "1mo"
	Value      Kind = "value"      // a constant or one whole {{ variable }} that keeps its type
	Expression Kind = "expression" // one expression of a calculation engine
	Template   Kind = "template"   // text with {{ variables }}
	Condition  Kind = "condition"  // {all|any|not: [...]} of {left, op, right}, or {engine, expression}
	Cases      Kind = "cases"      // list of {key, title, when}: conditions that are tried in their order
	Branches   Kind = "branches"   // list of {key, title}: branches that the designer makes
	Step       Kind = "step"       // key of an earlier step of the type that Of names
	Filter     Kind = "filter"     // a record filter whose values may be templates
	Values     Kind = "values"     // {fieldName: value} of the chosen collection
	People     Kind = "people"     // one source of people or an ordered list of them
	Collection Kind = "collection" // name of a collection
	Workflow   Kind = "workflow"   // key of a workflow that can be called
	FieldNames Kind = "fieldNames" // names of fields of the chosen collection
	Paths      Kind = "paths"      // association paths of the chosen collection
	Code       Kind = "code"       // JavaScript function body
	Inputs     Kind = "inputs"     // list of {name, value}
	Pairs      Kind = "pairs"      // object: names with their values
	JSON       Kind = "json"       // any JSON
	Set        Kind = "set"        // several of the listed options
	TimeZone   Kind = "timezone"   // name of a time zone
	MomentKind Kind = "moment"     // a [Moment]: an instant, or a date field of the chosen collection
	RepeatKind Kind = "repeat"     // a [Repeat]: after a length of time, or by a cron expression
	Texts      Kind = "texts"      // list of texts, entered one to a line
	List       Kind = "list"       // list of objects; Items declares their properties
	Group      Kind = "group"      // object; Items declares its properties
	Secret     Kind = "secret"     // a [SecretRef]; what is entered is sealed and never shown again
)

// Option is one choice of a select, radio or set.
type Option struct {
	Value    string `json:"value"`              // stored; stable; at most 64 characters
	Label    string `json:"label"`              // shown
	Colour   string `json:"colour,omitempty"`   // one of Colours
	Archived bool   `json:"archived,omitempty"` // kept on records, no longer offered
	Note     string `json:"-"`                  // what choosing it means; settings of steps and triggers only
	Badge    string `json:"-"`                  // what it is called in short; settings of steps and triggers only
}

// Colours are the palette names an [Option] may carry.
func Colours() []string {
	return []string{"grey", "red", "orange", "amber", "yellow", "lime", "green", "teal", "cyan", "blue", "violet", "pink"}
}

// Choices builds options from value, label pairs.
func Choices(pairs ...string) []Option {
	out := make([]Option, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Option{Value: pairs[i], Label: pairs[i+1]})
	}
	return out
}

// Explained builds options from value, label, note triples.
func Explained(triples ...string) []Option {
	out := make([]Option, 0, len(triples)/3)
	for i := 0; i+2 < len(triples); i += 3 {
		out = append(out, Option{Value: triples[i], Label: triples[i+1], Note: triples[i+2]})
	}
	return out
}

// When shows an input only while another one of the same form has one of Values.
type When struct {
	Field  string   `json:"field"`
	Values []string `json:"values"`
}

// Field declares one typed input. The zero value of every bound means "no bound".
type Field struct {
	Name        string   `json:"name"`
	Kind        Kind     `json:"kind"`
	Label       string   `json:"label"`
	Help        string   `json:"help,omitempty"`
	Placeholder string   `json:"placeholder,omitempty"`
	Required    bool     `json:"required,omitempty"`
	Default     any      `json:"default,omitempty"` // used on create when the key is absent
	Template    bool     `json:"template,omitempty"`
	Options     []Option `json:"options,omitempty"`
	When        *When    `json:"when,omitempty"`
	Rare        bool     `json:"rare,omitempty"` // of settings: most leave it as it is, so it stands among more settings

	MinLength int      `json:"minLength,omitempty"` // characters
	MaxLength int      `json:"maxLength,omitempty"` // characters; 0 = the kind's own limit
	Pattern   string   `json:"pattern,omitempty"`   // RE2, must match the whole text
	Min       *Decimal `json:"min,omitempty"`       // numbers, inclusive
	Max       *Decimal `json:"max,omitempty"`
	MinDate   string   `json:"minDate,omitempty"` // ISO date or instant, inclusive
	MaxDate   string   `json:"maxDate,omitempty"`
	Scale     int      `json:"scale,omitempty"`    // digits after the point, 0–6
	Round     bool     `json:"round,omitempty"`    // round excess digits instead of refusing them
	Currency  string   `json:"currency,omitempty"` // ISO 4217, shown with the amount
	Target    string   `json:"target,omitempty"`   // collection a link points to

	// Of says which sibling setting names the collection that a Filter, Values,
	// FieldNames or Paths setting is about; "collection" when empty. It may name a
	// Workflow, whose input the values then are. Of a Step it is the type of the steps
	// to choose from.
	Of string `json:"of,omitempty"`

	// Items are the properties of a Group, and of each entry of a List.
	Items []Field `json:"items,omitempty"`
}

// SecretRef is what a setting holds of a secret: where it is sealed. Only whoever may
// open it learns more.
type SecretRef struct {
	ID string `json:"secret"`
}

// IsZero reports whether there is no secret.
func (r SecretRef) IsZero() bool { return r.ID == "" }

// Problem is one finding about one input. Field is the input's name or a dotted
// path below it; it is empty when the finding is about the whole form.
type Problem struct {
	Field   string
	Code    string // stable, upper case
	Message text.Message
	Warning bool // worth knowing, but nothing has to be done; findings about definitions only
}

// Problems are findings in the order of the form. A nil slice means "no finding".
type Problems []Problem

// Add appends a finding.
func (p *Problems) Add(name, code string, m text.Message) {
	*p = append(*p, Problem{Field: name, Code: code, Message: m})
}

// Warn appends a finding that blocks nothing.
func (p *Problems) Warn(name, code string, m text.Message) {
	*p = append(*p, Problem{Field: name, Code: code, Message: m, Warning: true})
}

// Under gives the findings as those of the setting they stand in, all with one code;
// what is missing keeps its own, because it can be added later.
func (p Problems) Under(setting, code string) Problems {
	out := make(Problems, 0, len(p))
	for _, one := range p {
		one.Field = strings.TrimSuffix(setting+"."+one.Field, ".")
		if one.Code != "MISSING" {
			one.Code = code
		}
		out = append(out, one)
	}
	return out
}

// Shape describes what a variable holds, for the picker and the static checks.
type Shape struct {
	Kind   Kind    // empty = unknown (JSON)
	Label  string  // shown in the picker
	List   bool    // a list of the above
	Fields []Named // properties of an object or record, in order
	Target string  // collection of a record or link
	Open   bool    // may have properties that are not listed

	// Today gives the name that a former name of a property has now, empty for
	// none; nil when nothing was renamed.
	Today func(former string) string
}

// Named is one property of a [Shape].
type Named struct {
	Name  string
	Shape Shape
}

// Any is the shape of a value nothing is known about.
func Any(label string) Shape { return Shape{Label: label, Open: true} }

// Object is the shape of a value with the listed properties.
func Object(label string, props ...Named) Shape { return Shape{Label: label, Fields: props} }

// Prop returns the shape of one property, by its name or a former one, and whether
// the shape lists it.
func (s Shape) Prop(name string) (Shape, bool) {
	for _, p := range s.Fields {
		if p.Name == name {
			return p.Shape, true
		}
	}
	if s.Today != nil {
		if today := s.Today(name); today != "" && today != name {
			return s.Prop(today)
		}
	}
	return Shape{}, false
}
