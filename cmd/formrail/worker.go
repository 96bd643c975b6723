package main

import (
	"context"

	"formrail/engine/script"
)

// scriptWorker is the life of a child of the script pool. It opens nothing and
// wires nothing, because it has to start in milliseconds.
func (c *cli) scriptWorker(context.Context, []string) error {
	return script.Serve(c.in, c.out)
}
