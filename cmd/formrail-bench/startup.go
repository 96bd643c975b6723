package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// starts is how often the start-up is timed; the median counts.
const starts = 5

// startUp times the real binary from its start to its first answer, on an empty
// installation, and reads its memory when idle.
func startUp(ctx context.Context, o options) ([]figure, error) {
	var took []time.Duration
	var memory []float64
	for range starts {
		d, kib, err := oneStart(ctx, o.binary)
		if err != nil {
			return nil, err
		}
		took, memory = append(took, d), append(memory, kib/1024)
	}
	slices.Sort(took)
	slices.Sort(memory)
	return []figure{
		{Workload: "W4 start to first answer", Database: "SQLite", Way: "product", Unit: "milliseconds", Value: milliseconds(took[starts/2]), Target: "<= 150 ms"},
		{Workload: "W4 memory idle", Database: "SQLite", Way: "product", Unit: "MiB", Value: memory[starts/2], Target: "<= 60 MB"},
	}, nil
}

func oneStart(ctx context.Context, binary string) (took time.Duration, kib float64, err error) {
	folder, err := os.MkdirTemp("", "formrail-start-")
	if err != nil {
		return 0, 0, fmt.Errorf("make data folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	// The first start migrates; what is timed is an installation that exists.
	setup := exec.CommandContext(ctx, binary, "user", "create", "--email", "root@example.com", "--name", "Root", "--role", "root", "--data", folder)
	setup.Stdin = strings.NewReader("a bench nobody sits on 7")
	if out, err := setup.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("set up: %w: %s", err, out)
	}
	cmd := exec.CommandContext(ctx, binary, "serve", "--addr", "127.0.0.1:0", "--data", folder)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, fmt.Errorf("open output: %w", err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, fmt.Errorf("start: %w", err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready") {
			took = time.Since(began)
			break
		}
	}
	kib, err = resident(cmd.Process.Pid)
	return took, kib, errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
}

// resident reads the memory of a process in KiB.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		if n, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil && n == 1 {
			return kib, nil
		}
	}
	return 0, errors.New("the memory of the process is not known")
}

// forget empties a PostgreSQL database, so that the next way starts on an empty one.
func forget(ctx context.Context, database string) error {
	if database == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return fmt.Errorf("empty the database: %w", err)
	}
	_, err = conn.Exec(ctx, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	return errors.Join(err, conn.Close(ctx))
}
