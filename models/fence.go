//go:build !mutant_no_fencing

package models

// fence admits a commit only of who holds the lease token it began with.
//
// Invariant: who was overtaken, by however long a freeze, changes nothing any more.
const fence = "lease_token = ?"

// fenced is fence for a row that was read.
func fenced(have, token int64) bool { return have == token }
