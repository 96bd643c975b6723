// Command formrail is the whole product: the server, and the commands that look
// after an installation.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Both signals end a command in order; a second one ends it at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	c := &cli{in: os.Stdin, out: os.Stdout, errors: os.Stderr, env: os.Getenv, clock: machineClock(os.Getenv)}
	os.Exit(c.run(ctx, os.Args[1:]))
}
