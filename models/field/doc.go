// Package field is the vocabulary of typed inputs and values that collections,
// node settings, trigger settings and tasks share.
//
// A [Field] declares one input: its kind, its label and its bounds. A [Kind] is
// known to exactly one validation function in this package and to one component
// in views/fields. Values travel between packages in the canonical Go forms that
// [Field.Parse] returns and [ParseJSON] and [MarshalJSON] keep exact:
//
//	text, select, uuid        string
//	integer, to-one link      int64
//	decimal                   Decimal
//	boolean                   bool
//	date                      Date
//	datetime                  time.Time, UTC, whole milliseconds
//	list, object              []any, map[string]any
//	nothing                   nil
//
// The package is a leaf: it imports nothing else of the project but texts.
package field
