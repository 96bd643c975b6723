//go:build race

package script_test

// memoryMiB is larger under the race detector, whose own memory counts too.
const (
	memoryMiB    = 1024
	raceDetector = true
)
