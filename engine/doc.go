// Package engine decides what happens over time: it starts executions, moves
// them, parks them and ends them.
//
// The life of an execution:
//
//  1. A record is written. models/records calls [Engine.RecordChanged] inside the
//     write transaction. start.go asks every trigger that listens, applies the
//     recursion guard, and inserts for each match an execution, its first wake-up
//     and a line of the trigger log. One transaction, so a start of work never
//     exists only in memory.
//  2. After the commit the wake-up is handed to a worker (engine/queue), or, for a
//     synchronous workflow, to the request's own goroutine (inline.go).
//  3. lease.go makes sure that one holder at a time works on an execution.
//     resume.go loads the execution, its version, its open steps and the outputs
//     that later nodes read, and turns due wake-ups into cursors.
//  4. stretch.go moves the cursors node after node. Pure nodes run at once, scripts
//     run in a child process, both outside any transaction. Local nodes run inside
//     the transaction that commits the stretch, so their effects and their steps
//     are one commit. Before an external node the stretch commits an intent.
//  5. settle.go turns a node's decision into what is next: the next sibling, a
//     branch, a wait, the end, a retry, or a failure that goes outward.
//  6. commit.go writes what the stretch has: steps, wake-ups, status, together. It
//     refuses when the execution was cancelled or taken over meanwhile.
//  7. A waiting step is resumed by a wake-up: a due time, a person's decision
//     (decide.go), a child, an answer from outside. Then it goes on with 3.
//  8. sweep.go finds what a dead process left behind and makes it due again. A
//     start of the server does nothing else.
//
// The engine holds no SQL, no HTTP and no HTML. Node types and trigger types are
// handed in as lists.
package engine
