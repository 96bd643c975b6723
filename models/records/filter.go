package records

import (
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Bounds of a filter.
const (
	maxFilterDepth = 5
	maxConditions  = 50
	maxInValues    = 500
	maxHops        = 3
	maxFilterBytes = 16 << 10
)

// node is a parsed filter: a group, or a leaf. Negation stands at the leaves only,
// so a condition and its opposite both hold only where the field may be read.
type node struct {
	or       bool
	children []*node
	leaf     *leaf
}

// leaf is one condition on one field, reached over to-one links from the collection
// the filter is about.
type leaf struct {
	path    []*models.CollectionField // links to follow
	field   *models.CollectionField
	test    test
	negated bool
}

// test says what is asked of a value. All operators of the grammar are brought to
// one of these and a possible negation.
type test struct {
	op     testOp
	values []any // canonical values, without nil
	null   bool  // isOneOf: an empty value is one of them
}

type testOp string

const (
	isNothing  testOp = "nothing"  // holds never, negated or not: a value that does not exist
	isFilled   testOp = "filled"   // not empty
	isTrue     testOp = "true"     // yes
	isOneOf    testOp = "in"       // equals one of values
	isAbove    testOp = ">"        // values[0]
	isAtLeast  testOp = ">="       //
	isBelow    testOp = "<"        //
	isAtMost   testOp = "<="       //
	isWithin   testOp = "within"   // values[0] <= x < values[1]
	isBetween  testOp = "between"  // values[0] <= x <= values[1]
	containsIt testOp = "contains" // any of values, ignoring case
	startsWith testOp = "starts"
	endsWith   testOp = "ends"
)

// parser reads one filter.
type parser struct {
	*builder
	stored     bool            // values may be templates
	problems   *field.Problems // while a filter is only checked: what is wrong so far
	conditions int
}

// place is where in the data a part of a filter stands.
type place struct {
	on    *models.Collection
	path  []*models.CollectionField
	depth int
	not   bool

	field *models.CollectionField // the field a condition is about …
	isKey bool                    // … named by its foreign key
}

// parse reads a filter as a caller sends it. An empty filter gives nil.
func (b *builder) parse(c *models.Collection, filter any) (*node, error) {
	return (&parser{builder: b}).root(c, filter)
}

// parseStored reads a filter that was stored with a definition: its values may be
// templates.
func (b *builder) parseStored(c *models.Collection, filter any) (*node, error) {
	return (&parser{builder: b, stored: true}).root(c, filter)
}

func (p *parser) root(c *models.Collection, filter any) (*node, error) {
	if filter == nil {
		return nil, nil
	}
	if m, ok := filter.(map[string]any); ok && len(m) == 0 {
		return nil, nil
	}
	if b, err := field.MarshalJSON(filter); err != nil {
		return nil, badFilter(text.M("filter.value", "A filter value cannot be read."))
	} else if len(b) > maxFilterBytes {
		return nil, tooComplex()
	}
	return p.object(place{on: c, depth: 1}, filter)
}

func badFilter(m text.Message) *models.Error { return models.Invalid("BAD_PARAMETER", m) }

func tooComplex() *models.Error {
	return models.Invalid("FILTER_TOO_COMPLEX", text.M("filter.complex",
		"The filter is too large: at most %d levels, %d conditions, %d values in a list and %d links in a row.",
		maxFilterDepth, maxConditions, maxInValues, maxHops))
}

// object reads {member, …}: all members must hold. nil means "no condition".
func (p *parser) object(at place, v any) (*node, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, badFilter(text.M("filter.object", "A filter is an object such as {\"status\": \"open\"}."))
	}
	if at.depth > maxFilterDepth {
		return nil, tooComplex()
	}
	var all []*node
	for _, key := range sortedKeys(m) {
		n, err := p.member(at, key, m[key])
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return group(at.not, all), nil
}

// group joins conditions by "and", under a negation by "or".
func group(or bool, children []*node) *node {
	children = slices.DeleteFunc(children, func(n *node) bool { return n == nil })
	switch len(children) {
	case 0:
		return nil
	case 1:
		return children[0]
	}
	return &node{or: or, children: children}
}

func (p *parser) member(at place, key string, v any) (*node, error) {
	switch key {
	case "$and", "$or":
		list, ok := v.([]any)
		if !ok {
			return nil, badFilter(text.M("filter.list", "%s needs a list of filters.", key))
		}
		return p.list(at, (key == "$or") != at.not, list)
	case "$not":
		at.not = !at.not
		at.depth++
		return p.object(at, v)
	}
	return p.path(at, key, v)
}

func (p *parser) list(at place, or bool, list []any) (*node, error) {
	at.depth++
	var all []*node
	for _, one := range list {
		n, err := p.object(at, one)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return group(or, all), nil
}

// path reads "name.name.$operator": condition.
func (p *parser) path(at place, key string, v any) (*node, error) {
	names := strings.Split(key, ".")
	if last := names[len(names)-1]; len(names) > 1 && strings.HasPrefix(last, "$") {
		names, v = names[:len(names)-1], map[string]any{last: v}
	}
	for i, name := range names {
		f, ok := at.on.Field(name)
		if !ok {
			return nil, unknownField(key)
		}
		if err := p.mayRead(at.on, f); err != nil {
			return nil, err
		}
		at.field, at.isKey = f, f.NamesKey(name)
		if i == len(names)-1 {
			return p.condition(at, v)
		}
		var err error
		if at, err = p.follow(at, key); err != nil {
			return nil, err
		}
	}
	return nil, unknownField(key)
}

// follow steps over the to-one link that at is about.
func (p *parser) follow(at place, key string) (place, error) {
	f := at.field
	if !f.IsLink() || at.isKey {
		return at, unknownField(key)
	}
	if len(at.path) >= maxHops {
		return at, tooComplex()
	}
	on, err := target(p.cat, f)
	if err != nil {
		return at, err
	}
	return place{on: on, path: append(slices.Clip(at.path), f), depth: at.depth, not: at.not}, nil
}

// condition reads what is asked of one field.
func (p *parser) condition(at place, v any) (*node, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return p.leaf(at, equality(v), v)
	}
	var all []*node
	for _, key := range sortedKeys(m) {
		n, err := p.part(at, key, m[key])
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return group(at.not, all), nil
}

// equality is the operator of a plain value.
func equality(v any) string {
	switch v.(type) {
	case nil:
		return "$empty"
	case []any:
		return "$in"
	}
	return "$eq"
}

// part reads one member of a condition: an operator, or a condition on the linked
// record.
func (p *parser) part(at place, key string, v any) (*node, error) {
	inside := key == "$and" || key == "$or" || key == "$not"
	if strings.HasPrefix(key, "$") && !inside {
		return p.leaf(at, key, v)
	}
	next, err := p.follow(at, at.field.Name+"."+key)
	if err != nil {
		return nil, err
	}
	return p.member(next, key, v)
}

func (p *parser) leaf(at place, operator string, v any) (*node, error) {
	if p.conditions++; p.conditions > maxConditions {
		return nil, tooComplex()
	}
	if p.stored {
		var known bool
		if v, known = p.resolve(v); !known {
			return &node{leaf: &leaf{path: at.path, field: at.field, test: test{op: isNothing}}}, nil
		}
	}
	t, negated, err := p.testOrTemplate(at.field, operator, v)
	if p.noteProblem(at, err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, nil
	}
	return &node{leaf: &leaf{path: at.path, field: at.field, test: *t, negated: negated != at.not}}, nil
}

// testOrTemplate reads one operator with its value. While a filter is only checked,
// a value that is not known yet fits every operator its field has.
func (p *parser) testOrTemplate(f *models.CollectionField, operator string, v any) (*test, bool, error) {
	if p.problems != nil && holdsTemplate(v) {
		if _, ok := operatorsOf(f)[operator]; ok {
			return nil, false, nil
		}
		return nil, false, noOperator(f, operator)
	}
	return p.test(f, operator, v)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
