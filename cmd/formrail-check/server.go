package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is the binary under test. It is started, killed and started again on
// one data folder.
type server struct {
	s      settings
	folder string
	env    []string // of the server, beside that of the command

	mu      sync.Mutex
	cmd     *exec.Cmd
	base    string
	died    chan struct{}
	log     *bytes.Buffer
	slowest time.Duration
	said    []string // lines of the current process before it was ready
}

func newServer(s settings) (*server, error) {
	folder, err := os.MkdirTemp("", "formrail-check-")
	if err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	return &server{s: s, folder: folder, log: &bytes.Buffer{}}, nil
}

func (v *server) args(command ...string) []string {
	args := append(command, "--data", v.folder)
	if v.s.database != "" {
		args = append(args, "--database-url", v.s.database)
	}
	return args
}

// command runs one of the binary's other commands to its end.
func (v *server) command(ctx context.Context, input string, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, v.s.binary, v.args(command...)...)
	cmd.Stdin, cmd.Env = strings.NewReader(input), append(os.Environ(), v.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("formrail %s: %w: %s", strings.Join(command, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// readyLine is what serve prints when it answers.
var readyLine = regexp.MustCompile(`https?://[^\s]+:\d+`)

// errNotReady says that the process ended before it was ready, as it does at a
// crash point during the start.
var errNotReady = errors.New("the server ended before it was ready")

// serve is the command that runs the server.
func (v *server) serve(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, v.s.binary, v.args(append([]string{"serve", "--addr", "127.0.0.1:0"}, v.s.serve...)...)...)
	cmd.Env = append(os.Environ(), v.env...)
	return cmd
}

// start starts the server and waits until it answers. fault is the value of
// FORMRAIL_FAULT; empty = none.
func (v *server) start(ctx context.Context, fault string) error {
	cmd := v.serve(ctx)
	if fault != "" {
		cmd.Env = append(cmd.Env, "FORMRAIL_FAULT="+fault)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("open output: %w", err)
	}
	cmd.Stderr = v.log
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	ready, died := make(chan string, 1), make(chan struct{})
	go func() {
		lines := bufio.NewScanner(stdout)
		var said []string
		for lines.Scan() {
			said = append(said, lines.Text())
			v.mu.Lock()
			v.said = said
			v.mu.Unlock()
			if at := readyLine.FindString(lines.Text()); at != "" && strings.Contains(lines.Text(), "ready") {
				ready <- at
			}
		}
		_ = cmd.Wait() //nolint:errcheck // killed on purpose
		close(died)
	}()
	select {
	case base := <-ready:
		v.mu.Lock()
		defer v.mu.Unlock()
		v.cmd, v.base, v.died = cmd, base, died
		v.slowest = max(v.slowest, time.Since(started))
		return nil
	case <-died:
		return errNotReady
	case <-time.After(60 * time.Second):
		return errors.Join(errors.New("the server was not ready after a minute"), cmd.Process.Kill())
	}
}

// kill ends the server with SIGKILL and waits until it is gone.
func (v *server) kill() {
	v.mu.Lock()
	cmd, died := v.cmd, v.died
	v.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // may be gone already
	<-died
}

// terminate asks the server to end, and does not wait.
func (v *server) terminate() error {
	v.mu.Lock()
	cmd := v.cmd
	v.mu.Unlock()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	return nil
}

// stop ends the server in an orderly way.
func (v *server) stop() error {
	if err := v.terminate(); err != nil {
		return err
	}
	select {
	case <-v.ended():
		return nil
	case <-time.After(30 * time.Second):
		v.kill()
		return errors.New("the server did not stop within 30 seconds")
	}
}

// pid is the process's number and that of its group; 0 before the first start.
func (v *server) pid() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cmd == nil {
		return 0
	}
	return v.cmd.Process.Pid
}

func (v *server) address() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.base
}

// ended is closed once the current process is gone.
func (v *server) ended() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.died
}
