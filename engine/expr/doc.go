// Package expr evaluates what workflow designers write: expressions, {{ }}
// templates and condition trees.
//
// The grammar is that of expr-lang, whose parser is used. Evaluation is our own: a
// syntax tree is compiled once into closures over canonical values of package
// field, so that the number rules hold exactly and nothing outside this package is
// ever called, reflected upon or changed:
//
//   - numbers are 64-bit integers and exact decimals; no binary fraction is visible
//   - a missing member is null, never an exception; arithmetic with null is null and warns
//   - text is never turned into a number silently
//   - dates are instants or days, also when they arrive as the text they become in JSON
//   - random numbers and the clock are those of the step
//
// A run is bounded: 4 KiB of source, nesting of 64, 100,000 evaluated nodes, 8 MiB
// of new values. The result of a template is never evaluated again.
//
// Compiled values are immutable and safe for concurrent use. Results may share
// memory with the variables they came from: treat both as read-only.
package expr
