//go:build mutant_answer_early

package models

import (
	"context"
	"time"
)

// commitAll is broken on purpose: who sends a request of another program is answered, then
// the batch is committed, as with a database that commits behind its callers. Requests for
// records read what they have written and would fail. A kill test that does not notice
// proves nothing.
func commitAll(ctx context.Context, conn *writeConn, batch []*request, results []error) error {
	for i, r := range batch {
		if r.name == "engine.serve" {
			r.done <- results[i]
			r.done = make(chan error, 1) // for what is said again after the commit
		}
	}
	<-time.After(3 * time.Millisecond)
	_, err := conn.exec(ctx, "COMMIT", nil)
	return err
}
