//go:build faults

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"formrail/models"
)

// movedClock shows another time than the machine, as a file says that somebody else may
// write at any moment. The file holds one line: an instant of the machine, the instant that
// is shown then, both as RFC 3339, and how fast it goes on from there, such as 1 or 60.
// What it shows has no monotonic reading: a step of it is seen everywhere.
type movedClock struct{ file string }

// machineClock is what time it is: FORMRAIL_CLOCK names the file of a moved clock.
func machineClock(env func(name string) string) models.Clock {
	file := env("FORMRAIL_CLOCK")
	if file == "" {
		return wallClock{}
	}
	return movedClock{file}
}

// Now is the shown time. A file that cannot be read panics: a test that moves nothing by
// mistake would prove nothing.
func (c movedClock) Now() time.Time {
	text, err := os.ReadFile(c.file)
	if err != nil {
		panic("FORMRAIL_CLOCK: " + err.Error())
	}
	shown, err := moved(string(text), time.Now())
	if err != nil {
		panic("FORMRAIL_CLOCK: " + err.Error())
	}
	return shown
}

// moved works out what is shown at an instant of the machine.
func moved(line string, now time.Time) (time.Time, error) {
	parts := strings.Fields(line)
	if len(parts) != 3 {
		return time.Time{}, fmt.Errorf("%q is not two instants and a speed", line)
	}
	from, err := time.Parse(time.RFC3339Nano, parts[0])
	if err != nil {
		return time.Time{}, fmt.Errorf("read instant of the machine: %w", err)
	}
	shown, err := time.Parse(time.RFC3339Nano, parts[1])
	if err != nil {
		return time.Time{}, fmt.Errorf("read shown instant: %w", err)
	}
	speed, err := strconv.ParseFloat(parts[2], 64)
	if err != nil || speed < 0 {
		return time.Time{}, fmt.Errorf("%q is no speed", parts[2])
	}
	return shown.Add(time.Duration(float64(now.Sub(from)) * speed)), nil
}
