//go:build !mutant_answer_early

package models

import "context"

// commitAll commits the physical transaction of a batch; results are what its functions
// gave. Nobody has been answered yet.
//
// Invariant: a caller of Write hears of a success after the synced commit has returned.
func commitAll(ctx context.Context, conn *writeConn, _ []*request, _ []error) error {
	return conn.commit(ctx)
}
