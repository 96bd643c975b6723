//go:build mutant_no_fencing

package models

// fence is broken on purpose: whoever once had an execution may commit. A check of a
// cluster that does not notice proves nothing.
const fence = "lease_token >= ?"

// fenced is broken in the same way.
func fenced(have, token int64) bool { return have >= token }
