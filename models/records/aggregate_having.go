package records

import (
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// groupTest is a condition on a group: a threshold, or several joined ones.
type groupTest interface{ holds(group Record) bool }

// threshold is one condition on a measure.
type threshold struct {
	alias string
	op    string
	bound []field.Decimal
}

// joined holds when all of the tests hold or, with or, when one does. not turns it
// around.
type joined struct {
	or, not bool
	tests   []groupTest
}

func (j joined) holds(group Record) bool {
	is := func(t groupTest) bool { return t.holds(group) == j.or }
	return slices.ContainsFunc(j.tests, is) == j.or != j.not
}

// havingParser reads the conditions on groups.
type havingParser struct {
	*grouping
	conditions int
}

// readHaving reads the conditions on groups: numbers and operators by the aliases of
// measures, which $and, $or and $not join as in a filter.
func (g *grouping) readHaving(having map[string]any) (err error) {
	if having != nil {
		g.having, err = (&havingParser{grouping: g}).object(having, 1)
	}
	return err
}

// object reads members that must all hold; nil means "no condition".
func (p *havingParser) object(v any, depth int) (groupTest, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, badParameter(text.M("aggregate.having_object", "A part of having is no object."))
	}
	if depth > maxFilterDepth {
		return nil, tooComplex()
	}
	var all []groupTest
	for _, name := range sortedKeys(m) {
		t, err := p.member(name, m[name], depth)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return joinTests(joined{tests: all}), nil
}

// joinTests leaves out what is no condition; nil when nothing is left.
func joinTests(j joined) groupTest {
	j.tests = slices.DeleteFunc(j.tests, func(t groupTest) bool { return t == nil })
	if len(j.tests) == 0 {
		return nil
	}
	return j
}

func (p *havingParser) member(name string, v any, depth int) (groupTest, error) {
	switch name {
	case "$and", "$or":
		list, ok := v.([]any)
		if !ok {
			return nil, badParameter(text.M("aggregate.having_list", "%s in having takes a list.", name))
		}
		j := joined{or: name == "$or"}
		for _, one := range list {
			t, err := p.object(one, depth+1)
			if err != nil {
				return nil, err
			}
			j.tests = append(j.tests, t)
		}
		return joinTests(j), nil
	case "$not":
		t, err := p.object(v, depth+1)
		return joinTests(joined{not: true, tests: []groupTest{t}}), err
	}
	return p.thresholds(name, v)
}

// thresholds reads the conditions on one measure.
func (p *havingParser) thresholds(alias string, v any) (groupTest, error) {
	if !p.numeric(alias) {
		return nil, badParameter(text.M("aggregate.having", "having is about measures that are numbers, by their aliases; %s is none.", alias))
	}
	conditions, ok := v.(map[string]any)
	if !ok {
		conditions = map[string]any{"$eq": v}
	}
	var all []groupTest
	for _, op := range sortedKeys(conditions) {
		t, ok := newThreshold(alias, op, conditions[op])
		if !ok {
			return nil, badParameter(text.M("aggregate.having_value", "The condition on %s needs an operator for numbers, and a number.", alias))
		}
		if p.conditions++; p.conditions > maxConditions {
			return nil, tooComplex()
		}
		all = append(all, t)
	}
	return joinTests(joined{tests: all}), nil
}

// numeric reports whether an alias is that of a measure that is a number.
func (g *grouping) numeric(alias string) bool {
	for _, m := range g.measures {
		if m.Alias == alias {
			return m.field == nil || m.Aggregation == "count" || m.field.Kind == field.Integer || m.field.Kind == field.Number
		}
	}
	return false
}

func newThreshold(alias, op string, v any) (threshold, bool) {
	t := threshold{alias: alias, op: op}
	list := []any{v}
	if op == "$between" {
		list, _ = v.([]any)
		if len(list) != 2 {
			return t, false
		}
	} else if !slices.Contains([]string{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"}, op) {
		return t, false
	}
	for _, one := range list {
		d, ok := field.AsDecimal(one)
		if s, isText := one.(string); isText {
			var err error
			d, err = field.ParseDecimal(strings.TrimSpace(s))
			ok = err == nil
		}
		if !ok {
			return t, false
		}
		t.bound = append(t.bound, d)
	}
	return t, true
}

// holds judges the measure of a group. What is empty is only unequal.
func (t threshold) holds(group Record) bool {
	d, ok := field.AsDecimal(group[t.alias])
	if !ok {
		return t.op == "$ne"
	}
	c := d.Cmp(t.bound[0])
	switch t.op {
	case "$eq":
		return c == 0
	case "$ne":
		return c != 0
	case "$gt":
		return c > 0
	case "$gte":
		return c >= 0
	case "$lt":
		return c < 0
	case "$lte":
		return c <= 0
	}
	return c >= 0 && d.Cmp(t.bound[1]) <= 0
}
