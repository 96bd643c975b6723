package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// childMark makes the test binary behave like the program.
const childMark = "FORMRAIL_TEST_CHILD"

// TestMain turns the test binary into the program when a test, or the script pool
// of a server in a test, starts it.
func TestMain(m *testing.M) {
	if os.Getenv(childMark) != "" || len(os.Args) > 1 && os.Args[1] == "script-worker" {
		main()
		return
	}
	os.Exit(m.Run())
}

// said is what a command printed, and how it ended.
type said struct {
	code        int
	out, errors string
}

// input is what a command gets beside its arguments.
type input struct {
	stdin string
	env   map[string]string
}

func formrail(args ...string) said { return formrailWith(input{}, args...) }

// formrailWith runs a command in this process.
func formrailWith(in input, args ...string) said {
	var out, errors bytes.Buffer
	c := &cli{in: strings.NewReader(in.stdin), out: &out, errors: &errors, clock: wallClock{}, env: func(name string) string { return in.env[name] }}
	code := c.run(context.Background(), args)
	return said{code, out.String(), errors.String()}
}

// requireOK runs a command that has to work and gives what it printed.
func requireOK(t *testing.T, args ...string) string {
	t.Helper()
	return okWith(t, input{}, args...)
}

func okWith(t *testing.T, in input, args ...string) string {
	t.Helper()
	got := formrailWith(in, args...)
	require.Zero(t, got.code, "%v: %s%s", args, got.out, got.errors)
	return got.out
}

// installation makes a data folder with an owner.
func installation(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	okWith(t, input{stdin: "nine grey otters knit\n"},
		"user", "create", "--data", dir, "--email", "robin@example.com", "--name", "Robin", "--role", "root")
	return dir
}

// process is a server in a process of its own.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     *bufio.Reader
	log     *written
	url     string
	welcome []string // lines before the one that says it is ready
}

// written is what a process has written so far. It is safe for concurrent use.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it.
func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

// String gives all of it.
func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// startTime is how long a server may take to be ready.
const startTime = time.Minute

// start starts a server on a free port and waits until it says it is ready.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	p := &process{t: t, log: &written{}}
	p.cmd = exec.CommandContext(ctx, os.Args[0], append([]string{"serve", "--data", dir, "--addr", "localhost:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), childMark+"=1", "DATABASE_URL=")
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			require.NoError(t, p.cmd.Process.Kill())
			_ = p.cmd.Wait() //nolint:errcheck // it was killed
		}
	})
	overdue := time.AfterFunc(startTime, cancel)
	defer overdue.Stop()
	for {
		line, err := p.out.ReadString('\n')
		require.NoError(t, err, "the server ended before it was ready: %v\n%s", p.welcome, p.log)
		if address, ready := strings.CutPrefix(strings.TrimSpace(line), "Formrail is ready on "); ready {
			p.url = address
			return p
		}
		p.welcome = append(p.welcome, strings.TrimSpace(line))
	}
}

// stop asks the server to end and requires that it does so in order.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	_, err := io.Copy(io.Discard, p.out)
	require.NoError(p.t, err)
	require.NoError(p.t, p.cmd.Wait(), "%s", p.log)
}
