//go:build !mutant_no_fan_out_limit

package engine

// maxDescendants is how many executions one may lead to, whatever a workflow allows itself.
const maxDescendants = 100
