package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"formrail/models/metrics"
)

// costs is what the process has used so far.
type costs struct {
	cpu     time.Duration
	written float64 // bytes handed to the system
	calls   float64 // calls to the system that write
	commits float64 // physical commits
}

// costsNow reads what the process has used. Where the system does not tell what was written
// these stay 0.
func costsNow(set *metrics.Set) (costs, error) {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return costs{}, fmt.Errorf("read CPU time: %w", err)
	}
	c := costs{cpu: time.Duration(use.Utime.Nano() + use.Stime.Nano())}
	if text, err := os.ReadFile("/proc/self/io"); err == nil {
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return costs{}, fmt.Errorf("read what was written: %w", err)
			}
			switch name {
			case "wchar":
				c.written = n
			case "syscw":
				c.calls = n
			}
		}
	}
	families, err := set.Gatherer().Gather()
	if err != nil {
		return costs{}, fmt.Errorf("read metrics: %w", err)
	}
	for _, f := range families {
		if f.GetName() == "formrail_write_batch_size" {
			c.commits = float64(f.GetMetric()[0].GetHistogram().GetSampleCount())
		}
	}
	return c, nil
}

// perUnit gives what each of n requests with all that followed from it has cost since an
// earlier reading. The client's part is in it; what PostgreSQL does in its own processes is
// not.
func (c costs) perUnit(workload string, before costs, n float64) []figure {
	if n == 0 {
		return nil
	}
	of := func(what, unit string, value float64) figure {
		return figure{Workload: workload + ": " + what, Unit: unit, Value: value / n}
	}
	list := []figure{of("CPU", "us each", float64((c.cpu - before.cpu).Microseconds())), of("physical commits", "per 1,000", (c.commits-before.commits)*1000)}
	if c.calls > 0 {
		list = append(list, of("written", "bytes each", c.written-before.written), of("calls that write", "per 1,000", (c.calls-before.calls)*1000))
	}
	return list
}
