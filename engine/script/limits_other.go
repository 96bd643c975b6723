//go:build !linux

package script

import (
	"os"
	"os/exec"
	"time"
)

// harden does nothing here: only the wall clock and Go's own memory limit bound a
// script on this system.
func harden() {}

func (limits) apply() error { return nil }

func cpu() time.Duration { return 0 }

func confine(*exec.Cmd, bool) {}

// kill ends the child.
func kill(p *os.Process) {
	_ = p.Kill() // it is gone already
}
