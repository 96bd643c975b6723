//go:build mutant_sync_normal

package models

// synced is broken on purpose: commits are synced now and then only. Killing the process
// does not show it; a check of power cuts that does not notice proves nothing.
func synced() (set, readBack string) { return "NORMAL", "1" }
