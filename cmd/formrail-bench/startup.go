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
func startUp(ctx context.Context, o options) (figures []figure, err error) {
	folder, err := os.MkdirTemp("", "formrail-start-")
	if err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	// The first start migrates; what is timed is an installation that exists.
	setup := exec.CommandContext(ctx, o.binary, "user", "create", "--email", "root@example.com", "--name", "Root", "--role", "root", "--data", folder)
	setup.Stdin = strings.NewReader("a bench nobody sits on 7")
	if out, err := setup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("set up: %w: %s", err, out)
	}
	return startsOn(ctx, o.binary, folder, "")
}

// startsOn times the binary on an installation that exists, and reads its memory when
// idle. what the installation holds goes into the names.
func startsOn(ctx context.Context, binary, folder, what string) ([]figure, error) {
	var took []time.Duration
	var memory []float64
	for range starts {
		d, kib, err := oneStart(ctx, binary, folder)
		if err != nil {
			return nil, err
		}
		took, memory = append(took, d), append(memory, kib/1024)
	}
	slices.Sort(took)
	slices.Sort(memory)
	return []figure{
		{Workload: "W4 start to first answer" + what, Database: "SQLite", Way: "product", Unit: "milliseconds", Value: milliseconds(took[starts/2]), Target: "<= 150 ms, 1 M past <= 500 ms"},
		{Workload: "W4 memory idle" + what, Database: "SQLite", Way: "product", Unit: "MiB", Value: memory[starts/2], Target: "<= 60 MB, 10,000 waiting <= 80 MB"},
	}, nil
}

func oneStart(ctx context.Context, binary, folder string) (took time.Duration, kib float64, err error) {
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
