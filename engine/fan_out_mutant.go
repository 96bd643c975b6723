//go:build mutant_no_fan_out_limit

package engine

// maxDescendants is broken on purpose: one execution may lead to any number of others. A
// check of hostile workflows that does not notice proves nothing.
const maxDescendants = 1 << 30
