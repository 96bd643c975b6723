package field

import "slices"

// recordKinds are the kinds a record, a task form or an import can hold.
func recordKinds() []Kind {
	return []Kind{Text, LongText, Integer, Number, Boolean, DateOnly, DateTime, Select, User, ManyToOne}
}

// Kinds lists every kind, those of records first.
func Kinds() []Kind {
	return append(recordKinds(), Duration, Value, Expression, Template, Condition, Cases, Branches, Step, Filter, Values, People,
		Collection, Workflow, FieldNames, Paths, Code, Inputs, Pairs, JSON, Set, Texts, List, Group,
		TimeZone, MomentKind, RepeatKind, Secret)
}

// Record reports whether a record can hold the kind; the others are settings only.
func (k Kind) Record() bool { return slices.Contains(recordKinds(), k) }
