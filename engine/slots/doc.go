// Package slots computes when a schedule is due: the slots of a cron expression or
// of a step that repeats, in a time zone, across clock changes.
//
// Everything here is a function of its arguments: no clock, no storage. A slot is
// an instant; the engine stores it as a row, so that it fires once.
//
// # Clock changes
//
// A local time belongs to the moment at which the clock on the wall first shows it
// or jumps over it. So a time inside a skipped hour is due when the gap ends, and a
// time inside a repeated hour is due at its first occurrence. The exception is a
// cron expression that admits all 24 hours: people mean "every 15 minutes" by it,
// so it is due whenever the wall shows a time that matches, however often that is.
package slots
