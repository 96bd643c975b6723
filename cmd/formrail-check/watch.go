package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// latencies collects how long something took. It is safe for concurrent use.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, d)
}

// count is how many were added.
func (l *latencies) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// at is the value that so many percent do not exceed; 0 without any.
func (l *latencies) at(percent int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(l.list))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// said gives the middle, the slow end and the slowest for a line of print.
func (l *latencies) said() string {
	return fmt.Sprintf("p50 %s, p99 %s, slowest %s of %d", short(l.at(50)), short(l.at(99)), short(l.at(100)), l.count())
}

func short(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

// canary asks for something small again and again while something else goes on, and notes
// how long each answer took and which were wrong.
type canary struct {
	ask  func(ctx context.Context) error // one request; an error says what was wrong with its answer
	rest time.Duration                   // between two requests

	took  latencies
	mu    sync.Mutex
	wrong []string
}

// sing asks until ctx ends.
func (c *canary) sing(ctx context.Context) {
	for ctx.Err() == nil {
		begun := time.Now()
		err := c.ask(ctx)
		if ctx.Err() != nil { // cut by the end
			return
		}
		c.took.add(time.Since(begun))
		if err != nil {
			c.mu.Lock()
			c.wrong = append(c.wrong, err.Error())
			c.mu.Unlock()
		}
		pause(ctx, c.rest)
	}
}

// judge gives what was wrong: answers, and a p99 above the bound.
func (c *canary) judge(name string, bound time.Duration) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	if n := len(c.wrong); n > 0 {
		out = append(out, fmt.Sprintf("%s was answered wrongly %d times, first: %s", name, n, c.wrong[0]))
	}
	if c.took.count() == 0 {
		return append(out, name+" was never answered")
	}
	if p99 := c.took.at(99); p99 > bound {
		out = append(out, fmt.Sprintf("%s took %s (p99), more than %s", name, p99, bound))
	}
	return out
}

// memoryLimit is what the server's process may hold at most, in MiB, script children apart.
const memoryLimit = 512

// memoryOf reads one line of a process's status, such as VmHWM, in MiB; 0 where the system
// does not tell.
func memoryOf(pid int, line string) int {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), line+":"); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(rest, " kB")))
			if err != nil {
				return 0
			}
			return kib >> 10
		}
	}
	return 0
}

// judgeMemory notes the most that the server ever held, and says whether it was too much.
func (r *report) judgeMemory(v *server) {
	r.PeakMiB = memoryOf(v.pid(), "VmHWM")
	switch {
	case r.PeakMiB == 0:
		r.Broken = append(r.Broken, "the memory of the server cannot be read")
	case r.PeakMiB > memoryLimit:
		r.Broken = append(r.Broken, fmt.Sprintf("the server held %d MiB, more than %d", r.PeakMiB, memoryLimit))
	}
}

// calm waits until no execution is live, or the time is over.
func calm(ctx context.Context, c *client, limit time.Duration) bool {
	for end := time.Now().Add(limit); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		r := c.call(ctx, "GET", "/api/executions:list?status=queued,running,waiting&pageSize=1", "", nil)
		if r.status == 200 && len(r.list()) == 0 {
			return true
		}
	}
	return false
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }
