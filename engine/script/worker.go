package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"formrail/models/text"
)

// grace is how much longer than the script's own time-out the parent waits, and the
// child after that, before they end the process.
const grace = 250 * time.Millisecond

// Serve is the life of a child: it restricts its own process, then answers one
// request per line until in ends. It must only be called in a process that does
// nothing else.
func Serve(in io.Reader, out io.Writer) error {
	harden()
	lines := bufio.NewReaderSize(in, 64<<10)
	first, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read limits: %w", err)
	}
	l, err := readLimits(first)
	if err != nil {
		return fmt.Errorf("read limits: %w", err)
	}
	if err := l.apply(); err != nil {
		return fmt.Errorf("apply limits: %w", err)
	}
	w := worker{programs: map[string]*goja.Program{}}
	for {
		request, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		b, err := w.answer(request).line()
		if err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		w.prepare()
	}
}

// worker keeps what may outlive a run: compiled programs. next is a runtime that no
// script has seen yet, made while nobody waits.
type worker struct {
	programs map[string]*goja.Program
	next     *sandbox
}

func (w *worker) prepare() {
	if s, err := newSandbox(); err == nil { // the run tries again and reports
		w.next = s
	}
}

// sandbox gives a runtime away; each serves one run.
func (w *worker) sandbox(now time.Time, seed int64) (*sandbox, error) {
	s := w.next
	w.next = nil
	if s == nil {
		var err error
		if s, err = newSandbox(); err != nil {
			return nil, err
		}
	}
	s.set(now, seed)
	return s, nil
}

func (w *worker) answer(line []byte) answer {
	var a answer
	q, err := readRequest(line)
	if err != nil {
		a.failure = &Error{Code: CodeError, Message: text.M("script.inputs", "The inputs of the script cannot be read: %s.", err)}
	} else {
		a = w.run(q)
	}
	a.memory, a.cpu = memory(), cpu().Milliseconds()
	return a
}

// program compiles a script once for all runs with the same inputs.
func (w *worker) program(code string, names []string) (*goja.Program, error) {
	const most = 200
	key := strings.Join(names, ",") + "\n" + code
	if p, ok := w.programs[key]; ok {
		return p, nil
	}
	p, err := compile(code, names)
	if err != nil {
		return nil, err
	}
	if len(w.programs) >= most {
		clear(w.programs)
	}
	w.programs[key] = p
	return p, nil
}

func (w *worker) run(q Request) answer {
	names := make([]string, 0, len(q.Inputs))
	for name := range q.Inputs {
		names = append(names, name)
	}
	slices.Sort(names)
	// Neither the parser nor a native function that never returns sees an interrupt.
	end := time.AfterFunc(q.Timeout+2*grace, func() { os.Exit(3) })
	defer end.Stop()
	program, err := w.program(q.Code, names)
	if err != nil || q.check {
		return answer{json: "null", failure: asError(err)}
	}
	s, err := w.sandbox(q.Now, q.Seed)
	if err != nil {
		return answer{failure: asError(err)}
	}
	stop := time.AfterFunc(q.Timeout, func() { s.vm.Interrupt(context.DeadlineExceeded) })
	json, err := s.call(program, q.Inputs, names)
	stop.Stop()
	if s.cut {
		s.warn(fmt.Sprintf("The script wrote more than %d lines. The rest was left out.", maxLines))
	}
	a := answer{json: json, log: s.log, warnings: s.warnings}
	switch {
	case err != nil:
		a.failure = s.failure(err, q.Timeout)
	case len(json) > maxResult:
		a.json = ""
		a.failure = &Error{Code: CodeError, Message: text.M("script.result", "The result of the script is larger than %d MiB.", maxResult>>20)}
	}
	return a
}

// rejected is the reason a script's promise was rejected with.
type rejected struct{ reason goja.Value }

func (rejected) Error() string { return "rejected" }

var errPending = errors.New("promise is pending")

// call runs the script and gives its result as JSON.
func (s *sandbox) call(program *goja.Program, inputs map[string]any, names []string) (string, error) {
	f, err := s.vm.RunProgram(program)
	if err != nil {
		return "", err
	}
	call, ok := goja.AssertFunction(f)
	if !ok {
		return "", errPending
	}
	args := []goja.Value{s.object(inputs, inputName)}
	for _, name := range names {
		args = append(args, s.value(inputs[name], name))
	}
	v, err := call(goja.Undefined(), args...)
	if err != nil {
		return "", err
	}
	promise, ok := v.Export().(*goja.Promise)
	if !ok {
		return "", errPending
	}
	switch promise.State() {
	case goja.PromiseStateFulfilled:
		return s.json(promise.Result())
	case goja.PromiseStateRejected:
		return "", rejected{promise.Result()}
	}
	return "", errPending
}

// failure turns what ended a run into the sentence a designer reads.
func (s *sandbox) failure(err error, timeout time.Duration) *Error {
	var (
		interrupted *goja.InterruptedError
		overflow    *goja.StackOverflowError
		thrown      *goja.Exception
		reason      rejected
	)
	switch {
	case errors.As(err, &interrupted):
		return tooLong(timeout)
	case errors.As(err, &overflow):
		return &Error{Code: CodeError, Message: text.M("script.stack", "The script calls itself too often.")}
	case errors.Is(err, errPending):
		return &Error{Code: CodePending, Message: text.M("script.pending", "The script waits for a promise that nothing can settle.")}
	case errors.As(err, &reason):
		return s.thrown(reason.reason)
	case errors.As(err, &thrown):
		return s.thrown(thrown.Value())
	}
	return asError(err)
}

func tooLong(timeout time.Duration) *Error {
	return &Error{Code: CodeKilled, Message: text.M("script.timeout", "The script took longer than %s.", timeout)}
}

func asError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeError, Message: text.M("script.failed", "The script failed: %s.", clean(err.Error()))}
}

// frame finds the first line of the script in a stack.
var frame = regexp.MustCompile(`script:(\d+):`)

// thrown describes a value that was thrown. Reading it may run code of the script,
// so that may fail in turn.
func (s *sandbox) thrown(v goja.Value) *Error {
	out := &Error{Code: CodeError}
	said := "a value that cannot be shown"
	failed := s.vm.Try(func() {
		said = s.shown(v)
		o, ok := v.(*goja.Object)
		if !ok {
			return
		}
		if stack := o.Get("stack"); stack != nil {
			if at := frame.FindStringSubmatch(stack.String()); at != nil {
				out.Line, _ = strconv.Atoi(at[1]) //nolint:errcheck // digits only
			}
		}
	})
	if failed != nil {
		out.Line = 0
	}
	out.Message = text.M("script.thrown", "The script stopped with an error: %s.", clean(shorten(said, maxLine)))
	return out
}

// memory is what the process holds, without what it has given back.
func memory() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()) - int64(samples[1].Value.Uint64()) //nolint:gosec // far below the range
}
