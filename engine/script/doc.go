// Package script runs the JavaScript of workflow designers.
//
// Scripts run in child processes of the same program, because an interpreter inside
// the server can neither be stopped at every moment nor kept from using up memory.
// A [Pool] in the server starts children, hands each one run after the other, kills
// the whole process group when time is up and replaces it when the next run needs
// it. [Serve] is the child: a loop that reads one JSON request per line and writes
// one JSON answer per line.
//
// A child has no key, no database, no socket, no configuration and an environment
// without anything but settings of the Go runtime. On Linux its data segment, CPU
// time, files and privileges are limited and it runs at the lowest priority, in its
// own user and network namespace where the kernel allows; elsewhere the wall clock
// and Go's own memory limit remain. Only JSON crosses the pipe. Every run gets a
// fresh runtime; only compiled programs are kept.
//
// A [Pool] is safe for concurrent use.
package script
