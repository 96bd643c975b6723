package records

import (
	"formrail/models"
)

// FieldsFor lists the fields of a collection that are open to the caller for an
// action in some record, in their order. For an action that writes, those that only
// the server sets are left out. ok is false when no record can be in reach.
func FieldsFor(cat *models.Catalog, access models.Access, c *models.Collection, action models.Action) (fields []*models.CollectionField, ok bool) {
	r, ok := rightsOn(cat, access, c, action)
	if !ok {
		return nil, false
	}
	for _, f := range c.Fields {
		if r.open(f) && (action == models.View || !f.Preset && !f.ReadOnly) {
			fields = append(fields, f)
		}
	}
	return fields, true
}

// Operand says what an operator of a filter takes.
type Operand string

// The operands. Some operators also take a list with one value.
const (
	Flag    Operand = "flag"    // true; false asks for the opposite
	One     Operand = "one"     // one value
	Two     Operand = "two"     // a list of two values
	Several Operand = "several" // a value, or a list of them
)

// Operator is one operator that a filter may use with a field.
type Operator struct {
	Name  string
	Takes Operand
}

// Operators lists the operators of a field by name, former spellings among them.
func Operators(f *models.CollectionField) []Operator {
	known := operatorsOf(f)
	out := make([]Operator, 0, len(known))
	for _, name := range sortedKeys(known) {
		out = append(out, Operator{Name: name, Takes: known[name].op.takes()})
	}
	return out
}

// takes is the operand of a test.
func (op testOp) takes() Operand {
	switch op {
	case isFilled, isTrue:
		return Flag
	case isBetween:
		return Two
	case isOneOf, containsIt, startsWith, endsWith:
		return Several
	default:
		return One
	}
}
