package script

import (
	"fmt"
	"time"

	"formrail/models/text"
)

// Codes of failures. They are stored and shown, and never change.
const (
	CodeInvalid = "SCRIPT_INVALID" // the source cannot be compiled; found before publishing
	CodeError   = "SCRIPT_ERROR"   // it threw, or its promise was rejected
	CodePending = "SCRIPT_PENDING" // its promise can never be settled
	CodeKilled  = "SCRIPT_KILLED"  // time or memory was used up
	CodeBusy    = "SCRIPT_BUSY"    // no child became free in time
)

// Limits of one script.
const (
	maxSource  = 64 << 10
	maxNesting = 100
	maxResult  = 1 << 20
	maxAnswer  = 4 << 20
	maxLines   = 200
	maxLine    = 2000 // bytes of one line
	maxName    = 64
)

// Error is why a script gave no result.
type Error struct {
	Code    string
	Message text.Message
	Line    int // in the script, from 1; 0 when unknown
}

// Error is the sentence in English, with the line.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s (line %d)", e.Message, e.Line)
	}
	return e.Message.String()
}

// Request is one run.
type Request struct {
	Code    string         // body of a function; may use return and await
	Inputs  map[string]any // canonical values by name; also members of the variable input
	Timeout time.Duration  // 5 seconds when 0
	Now     time.Time      // what the script's clock shows
	Seed    int64          // of Math.random

	check bool // only compile
}

// Result is what a run gave.
type Result struct {
	Value    any       // canonical
	Log      []LogLine // what it wrote with console
	Warnings []string  // plain sentences
}

// LogLine is one line of the step's log.
type LogLine struct {
	Level string // debug, info, warn or error
	Text  string
}
