package records

import (
	"errors"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// CheckFilter finds what is wrong with a record filter before it is used: unknown
// fields and operators, values of the wrong type, and more than the bounds allow.
// Values that hold a template are taken for right; what they become is checked when
// the filter runs. Every finding names the path of its condition, "applicant.age",
// or nothing when the filter as a whole cannot be read.
func CheckFilter(cat *models.Catalog, on string, filter any) field.Problems {
	c, err := collection(cat, on)
	if err != nil {
		return problemOf("", err)
	}
	b := &builder{cat: cat, zone: time.UTC, now: time.Unix(0, 0).UTC(), views: map[*models.Collection]*rights{}, aliases: new(int), trusted: true}
	p := &parser{builder: b, problems: &field.Problems{}}
	if _, err := p.root(c, filter); err != nil {
		return append(*p.problems, problemOf("", err)...)
	}
	return *p.problems
}

// noteProblem keeps what is wrong with one condition while a filter is checked, so
// that the next ones are checked as well. It reports whether it did.
func (p *parser) noteProblem(at place, err error) bool {
	if p.problems == nil || err == nil {
		return false
	}
	names := make([]string, 0, len(at.path)+1)
	for _, f := range at.path {
		names = append(names, f.Name)
	}
	*p.problems = append(*p.problems, problemOf(strings.Join(append(names, at.field.Name), "."), err)...)
	return true
}

// problemOf is an error about a filter as a finding at a path.
func problemOf(path string, err error) field.Problems {
	var known *models.Error
	if !errors.As(err, &known) {
		return field.Problems{{Field: path, Code: "BAD_PARAMETER", Message: text.M("filter.unreadable", "The filter cannot be read.")}}
	}
	return field.Problems{{Field: path, Code: known.Code, Message: known.Message}}
}

// holdsTemplate reports whether a value, or one inside it, is not known before the
// filter runs.
func holdsTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{")
	case []any:
		for _, one := range v {
			if holdsTemplate(one) {
				return true
			}
		}
	case map[string]any:
		for _, one := range v {
			if holdsTemplate(one) {
				return true
			}
		}
	}
	return false
}
