//go:build !faults

package main

import "formrail/models"

// machineClock is what time it is: in this build, what the machine says.
func machineClock(func(name string) string) models.Clock { return wallClock{} }
