// Package fault names the points between durable or outside actions where a test
// can make the process die, stall or lie.
//
// Every such action has a point before and after it:
//
//	if err := fault.Hit("engine.commit.before"); err != nil { return err }
//	...
//	return fault.Hit("engine.commit.after")
//
// Without the build tag "faults" a point is an empty function that the compiler
// removes. With it, the environment variable FORMRAIL_FAULT=<point>:<action>:<n>
// makes the n-th hit of one point act:
//
//	kill   the process ends at once, as by SIGKILL
//	panic  Hit panics
//	error  Hit returns ErrInjected; meant for points before an action
//	lie    Hit returns ErrInjected; meant for points after an action that was done
//	hang   Hit never returns
//
// Several settings are separated by commas. The package is a leaf and safe for
// concurrent use.
package fault

import "errors"

// ErrInjected is what Hit returns for the actions error and lie. Callers treat it
// like any failure of the action itself.
var ErrInjected = errors.New("injected fault")
