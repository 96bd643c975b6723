//go:build !faults

package fault

// Hit marks a point. In this build it does nothing.
func Hit(string) error { return nil }

// Active reports whether points can act in this build.
func Active() bool { return false }
