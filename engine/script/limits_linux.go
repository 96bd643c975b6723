package script

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lowest is the nice value of children.
const lowest = 19

// harden gives up what a child never needs, in a way that holds for the whole
// process: no new privileges and the priority belong to a thread, so they are set
// on one thread which then replaces the process by itself. After that the process
// already has them and goes on. What the kernel refuses is left out: the limits of
// memory and time do not depend on it.
func harden() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	done, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err == nil && done == 0 &&
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == nil &&
		unix.Setpriority(unix.PRIO_PROCESS, 0, lowest) == nil {
		_ = syscall.Exec("/proc/self/exe", os.Args, os.Environ()) //nolint:errcheck,gosec // itself again; returns only when it could not
	}
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) //nolint:errcheck // not on every kernel
}

// apply limits the process. Memory is counted as the data segment, not as address
// space: Go reserves far more addresses than it uses.
func (l limits) apply() error {
	data, err := dataSegment()
	if err != nil {
		return err
	}
	for _, one := range []struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_DATA, data + uint64(l.memoryMiB)<<20}, //nolint:gosec // a small positive setting
		{unix.RLIMIT_CPU, uint64(l.cpuSeconds)},            //nolint:gosec // a small positive setting
		{unix.RLIMIT_NOFILE, 16},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
	} {
		if err := unix.Setrlimit(one.resource, &unix.Rlimit{Cur: one.value, Max: one.value}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", one.resource, err)
		}
	}
	return nil
}

// dataSegment is the size of the process's private writable memory now.
func dataSegment() (uint64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read memory size: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmData:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read memory size: %w", err)
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("read memory size: %w", os.ErrNotExist)
}

// cpu is the processor time the process has used.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// confine makes the child the leader of its own process group and, when isolated,
// gives it its own users and a network without any device.
func confine(cmd *exec.Cmd, isolated bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if isolated {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 65534, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 65534, HostID: os.Getgid(), Size: 1}}
	}
}

// kill ends the child and whatever it may have started.
func kill(p *os.Process) {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); err != nil {
		_ = p.Kill() //nolint:errcheck // it is gone already, or was never a group
	}
}
