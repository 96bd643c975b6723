package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"formrail/models/fault"
)

// errDeadline says that a child was killed because its time was up.
var errDeadline = errors.New("deadline passed")

// child is one process as its parent sees it. One run uses it at a time.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said *tail // standard error
	runs int
	base int64 // memory after the first run

	mu   sync.Mutex // guards the process against being killed after it was released
	gone bool
}

// death is how a process ended without an answer.
type death struct {
	state  string
	output string
}

func (d *death) Error() string { return "process ended: " + d.state }

// outOfMemory tells from the last words of the Go runtime.
func (d *death) outOfMemory() bool {
	for _, words := range []string{"out of memory", "cannot allocate memory", "pthread_create failed", "errno=12"} {
		if strings.Contains(d.output, words) {
			return true
		}
	}
	return false
}

func newChild(opts Options, isolated bool) (*child, error) {
	cmd := exec.Command(opts.Command[0], opts.Command[1:]...) //nolint:gosec,noctx // our own program; it outlives a request
	cmd.Env = []string{"GOMAXPROCS=1", "GOGC=400", "GOTRACEBACK=none", "TZ=UTC", "GOMEMLIMIT=" + strconv.Itoa(opts.MemoryMiB) + "MiB"}
	cmd.Dir = "/"
	c := &child{cmd: cmd, said: &tail{}}
	cmd.Stderr = c.said
	confine(cmd, isolated)
	var err error
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("open pipe: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe: %w", err)
	}
	c.out = bufio.NewReaderSize(out, 64<<10)
	first, err := limits{memoryMiB: int64(opts.MemoryMiB), cpuSeconds: cpuSeconds}.line()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Command[0], err)
	}
	if _, err := c.in.Write(first); err != nil {
		c.end()
		return nil, fmt.Errorf("send limits: %w", err)
	}
	return c, nil
}

// alive asks for a trivial run.
func (c *child) alive() bool {
	line, err := Request{Code: "return 1", Timeout: defaultTimeout}.line()
	if err != nil {
		return false
	}
	a, err := c.ask(context.Background(), line, defaultTimeout)
	return err == nil && a.failure == nil
}

// ask hands over one run and waits for its answer. After an error the child must be
// ended.
func (c *child) ask(ctx context.Context, line []byte, timeout time.Duration) (answer, error) {
	if err := fault.Hit("script.ask.before"); err != nil {
		return answer{}, err
	}
	deadline := time.AfterFunc(timeout+grace, c.kill)
	stop := context.AfterFunc(ctx, c.kill)
	b, err := c.exchange(line)
	inTime, wanted := deadline.Stop(), stop()
	switch {
	case !wanted:
		return answer{}, ctx.Err()
	case !inTime:
		return answer{}, errDeadline
	case errors.Is(err, errTooLong):
		return answer{}, err
	case err != nil:
		return answer{}, c.death()
	}
	if err := fault.Hit("script.ask.after"); err != nil {
		return answer{}, err
	}
	c.runs++
	return readAnswer(b)
}

var errTooLong = errors.New("answer is too long")

func (c *child) exchange(line []byte) ([]byte, error) {
	if _, err := c.in.Write(line); err != nil {
		return nil, err
	}
	var out []byte
	for {
		part, err := c.out.ReadSlice('\n')
		if err == nil && out == nil {
			return part, nil
		}
		out = append(out, part...)
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(out) > maxAnswer:
			return nil, errTooLong
		}
	}
}

// worn reports whether the child has done enough.
func (c *child) worn(a answer) bool {
	if c.base == 0 {
		c.base = a.memory
	}
	return c.runs >= maxRuns || a.memory-c.base > maxGrowth || a.cpu > cpuRetire.Milliseconds()
}

func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		kill(c.cmd.Process)
	}
}

// death waits for the process, which has closed its pipe, and reads its last words.
func (c *child) death() error {
	c.end()
	return &death{state: c.cmd.ProcessState.String(), output: c.said.String()}
}

// end kills the process if it still runs and releases it. It may be called twice.
func (c *child) end() {
	c.kill()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return
	}
	c.gone = true
	_ = c.in.Close() // a pipe to a process that no longer reads
	_ = c.cmd.Wait() //nolint:errcheck // says that it was killed
}

// tail keeps the beginning of what a process writes to standard error.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[:min(len(b), most-min(len(t.buf), most))]...)
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
