//go:build !race

package script_test

const (
	memoryMiB    = 128
	raceDetector = false
)
