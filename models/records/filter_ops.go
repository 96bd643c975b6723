package records

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// operator is one entry of the grammar: a test, perhaps negated.
type operator struct {
	op      testOp
	negated bool
}

// The operators each class of fields has. Former spellings stand beside their
// present ones.
func operatorsOf(f *models.CollectionField) map[string]operator {
	filled := map[string]operator{"$notEmpty": {isFilled, false}, "$empty": {isFilled, true}}
	equal := map[string]operator{"$eq": {isOneOf, false}, "$ne": {isOneOf, true}, "$in": {isOneOf, false}, "$notIn": {isOneOf, true}}
	order := map[string]operator{"$gt": {isAbove, false}, "$gte": {isAtLeast, false}, "$lt": {isBelow, false}, "$lte": {isAtMost, false}}
	switch {
	case isKey(f):
		return merged(filled, equal, map[string]operator{"$exists": {isFilled, false}, "$notExists": {isFilled, true}})
	case f.Kind == field.Text || f.Kind == field.LongText:
		return merged(filled, equal, map[string]operator{
			"$includes": {containsIt, false}, "$notIncludes": {containsIt, true},
			"$startsWith": {startsWith, false}, "$notStartsWith": {startsWith, true},
			"$endsWith": {endsWith, false}, "$endWith": {endsWith, false},
			"$notEndsWith": {endsWith, true}, "$notEndWith": {endsWith, true},
		})
	case f.Kind == field.Integer || f.Kind == field.Number:
		return merged(filled, equal, order, map[string]operator{"$between": {isBetween, false}})
	case f.Kind == field.Boolean:
		return merged(filled, map[string]operator{
			"$isTruly": {isTrue, false}, "$isTrue": {isTrue, false}, "$isFalsy": {isTrue, true}, "$isFalse": {isTrue, true},
			"$eq": {isOneOf, false}, "$ne": {isOneOf, true}, "$in": {isOneOf, false},
		})
	case f.Kind == field.DateOnly || f.Kind == field.DateTime:
		return merged(filled, equal, order, map[string]operator{
			"$dateOn": {isWithin, false}, "$dateNotOn": {isWithin, true}, "$dateBefore": {isBelow, false}, "$dateAfter": {isAbove, false},
			"$dateNotBefore": {isAtLeast, false}, "$dateNotAfter": {isAtMost, false}, "$dateBetween": {isBetween, false},
		})
	}
	return merged(filled, equal) // select
}

// isKey reports whether the values of a field are keys of records.
func isKey(f *models.CollectionField) bool {
	return f.IsLink() || f.Name == models.IDField && f.Kind == field.Text
}

func merged(maps ...map[string]operator) map[string]operator {
	out := map[string]operator{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// test reads one operator with its value. A nil test is no condition.
func (p *parser) test(f *models.CollectionField, name string, v any) (*test, bool, error) {
	o, ok := operatorsOf(f)[name]
	if !ok {
		return nil, false, noOperator(f, name)
	}
	if o.op == isFilled || o.op == isTrue {
		if on, ok := v.(bool); ok && !on { // {"$empty": false}
			o.negated = !o.negated
		}
		return &test{op: o.op}, o.negated, nil
	}
	if v == nil && o.op == isOneOf && name != "$in" && name != "$notIn" {
		return &test{op: isFilled}, !o.negated, nil
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	if len(list) > maxInValues {
		return nil, false, tooComplex()
	}
	if f.Kind == field.DateOnly || f.Kind == field.DateTime {
		t, err := p.dateTest(f, o.op, list)
		return t, o.negated, err
	}
	t, err := p.valueTest(f, o.op, list)
	return t, o.negated, err
}

func noOperator(f *models.CollectionField, name string) *models.Error {
	return badFilter(text.M("filter.operator", "%s cannot be used with %s.", name, f.Title()))
}

// valueTest reads the values of a test on anything but dates.
func (p *parser) valueTest(f *models.CollectionField, op testOp, list []any) (*test, error) {
	want := 1
	switch op.takes() {
	case Several:
		want = len(list)
	case Two:
		want = 2
	default:
	}
	if len(list) != want {
		return nil, badFilter(text.M("filter.count", "The condition on %s has the wrong number of values.", f.Title()))
	}
	t := &test{op: op}
	for _, one := range list {
		v, err := p.value(f, op, one)
		if err != nil {
			return nil, err
		}
		if v == nil {
			if op != isOneOf {
				return nil, badFilter(text.M("filter.null", "The condition on %s needs a value.", f.Title()))
			}
			t.null = true
			continue
		}
		t.values = append(t.values, v)
	}
	return t, nil
}

// value brings one value of a filter to canonical form, without the bounds of the
// field: asking for more than a field can hold is not wrong.
func (p *parser) value(f *models.CollectionField, op testOp, v any) (any, error) {
	if f.IsLink() || isKey(f) {
		return p.keyValue(f, v)
	}
	if s, ok := v.(string); ok && (f.Kind == field.Text || f.Kind == field.LongText || f.Kind == field.Select) {
		if op == isOneOf {
			s = strings.TrimSpace(s)
		}
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return nil, p.badValue(f)
		}
		return norm.NFC.String(s), nil
	}
	switch f.Kind {
	case field.Integer, field.Number:
		if s, ok := v.(string); ok {
			d, err := field.ParseDecimal(strings.TrimSpace(s))
			if err != nil {
				return nil, p.badValue(f)
			}
			return d, nil
		}
		if d, ok := field.AsDecimal(v); ok {
			return d, nil
		}
	case field.Boolean:
		out, found := (field.Field{Kind: field.Boolean}).Parse(v, field.ParseContext{FromForm: true})
		if found == nil {
			return out, nil
		}
	}
	if v == nil {
		return nil, nil
	}
	return nil, p.badValue(f)
}

func (p *parser) badValue(f *models.CollectionField) *models.Error {
	return badFilter(text.M("filter.bad_value", "The value in the condition on %s does not fit the field.", f.Title()))
}

// keyValue reads the key of a record. A number that no record has matches nothing.
func (p *parser) keyValue(f *models.CollectionField, v any) (any, error) {
	on := &models.Collection{IDType: models.UUIDID}
	if f.IsLink() {
		var err error
		if on, err = target(p.cat, f); err != nil {
			return nil, err
		}
	}
	if n, ok := v.(int64); ok && on.IDType != models.UUIDID {
		return n, nil
	}
	out, found := linkValue(on, &models.CollectionField{Field: field.Field{Name: f.Name, Label: f.Label, Kind: field.ManyToOne}}, v,
		field.ParseContext{FromForm: true})
	if found != nil {
		return nil, p.badValue(f)
	}
	return out, nil
}

// dateTest reads the periods of a test on dates and turns it into a range.
func (p *parser) dateTest(f *models.CollectionField, op testOp, list []any) (*test, error) {
	if op == isBetween && len(list) != 2 || op != isBetween && op != isOneOf && len(list) != 1 {
		return nil, badFilter(text.M("filter.count", "The condition on %s has the wrong number of values.", f.Title()))
	}
	t := &test{op: isWithin}
	var spans []span
	for _, one := range list {
		if one == nil && op == isOneOf {
			t.null = true
			continue
		}
		s, ok := p.period(one)
		if !ok {
			return nil, p.badValue(f)
		}
		spans = append(spans, s)
	}
	bound := func(at time.Time) any {
		if f.Kind == field.DateOnly {
			return field.DateOf(at, p.zone)
		}
		return field.Instant(at)
	}
	for i, s := range spans {
		if f.Kind == field.DateOnly {
			spans[i] = s.wholeDays(p.zone)
		}
	}
	switch op {
	case isBelow: // before its start
		return &test{op: isBelow, values: []any{bound(spans[0].from)}}, nil
	case isAtLeast: // not before its start
		return &test{op: isAtLeast, values: []any{bound(spans[0].from)}}, nil
	case isAbove: // from its end on
		return &test{op: isAtLeast, values: []any{bound(spans[0].to)}}, nil
	case isAtMost: // not from its end on
		return &test{op: isBelow, values: []any{bound(spans[0].to)}}, nil
	case isBetween:
		to := spans[1].to
		if spans[1].exact && f.Kind == field.DateTime {
			to = spans[1].from
		}
		t.values = []any{bound(spans[0].from), bound(to)}
		return t, nil
	}
	for _, s := range spans {
		t.values = append(t.values, bound(s.from), bound(s.to))
	}
	return t, nil
}
