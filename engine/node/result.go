package node

import (
	"errors"
	"time"

	"formrail/models/text"
)

// Outcome is how an execution ends.
type Outcome string

// The outcomes an End may have.
const (
	Succeeded Outcome = "succeeded"
	Failed    Outcome = "failed"
	Rejected  Outcome = "rejected"
)

// Result is a node's decision. The engine buffers and commits it. Build one with
// [Done], [To], [Wait], [Enter], [Reject] or [End].
type Result struct {
	kind        resultKind
	output      any
	branches    []string
	entries     []Entry
	assigns     string
	returns     bool
	until       time.Time
	state       any
	outcome     Outcome
	reason      string
	explanation string
	warnings    []text.Message
	message     string
	log         []string
	answers     bool
	skipped     bool
}

type resultKind int

const (
	kindDone resultKind = iota
	kindTo
	kindWait
	kindEnter
	kindReject
	kindEnd
)

// Done goes on with the next node.
func Done(out any) Result { return Result{kind: kindDone, output: out} }

// To goes on along a branch of the node.
func To(branch string, out any) Result {
	return Result{kind: kindTo, output: out, branches: []string{branch}}
}

// Wait parks the step. It is resumed at until, or earlier by a person or a
// callback; the zero time means that no timer resumes it. state is kept as JSON.
func Wait(until time.Time, state any) Result {
	return Result{kind: kindWait, until: until, state: state}
}

// Entry is one way into a branch of a node. Pass tells the steps of one way from
// those of another: the number of the iteration, from 1.
type Entry struct {
	Branch string
	Pass   int
}

// Enter runs branches and resumes the node each time one of them has ended. Without
// entries the node goes on waiting for those that are under way. state is kept as JSON.
func Enter(state any, entries ...Entry) Result {
	return Result{kind: kindEnter, state: state, entries: entries}
}

// Reject says that a person's no decides. The step is done; what is around it hears of
// a rejection, and without anything that does, the execution ends as rejected.
func Reject(out any) Result { return Result{kind: kindReject, output: out, outcome: Rejected} }

// End finishes the whole execution here. reason is a stable word for the history.
func End(as Outcome, reason string, out any) Result {
	return Result{kind: kindEnd, outcome: as, reason: reason, output: out}
}

// Skipped says that there was nothing to do; the next node goes on.
func Skipped() Result { return Result{kind: kindDone, skipped: true} }

// Answers gives the output to the request that waits for the execution, which then goes
// on in the background.
func (r Result) Answers() Result {
	r.answers = true
	return r
}

// Because adds the sentence that explains the decision.
func (r Result) Because(explanation string) Result {
	r.explanation = explanation
	return r
}

// Warn adds warnings to the step.
func (r Result) Warn(warnings ...text.Message) Result {
	r.warnings = append(append([]text.Message(nil), r.warnings...), warnings...)
	return r
}

// Say appends a message to the answer of a synchronous request.
func (r Result) Say(message string) Result {
	r.message = message
	return r
}

// Printed adds lines to the step's log.
func (r Result) Printed(lines []string) Result {
	r.log = lines
	return r
}

// Assigns makes the output the value of an earlier node, too: a variable.
func (r Result) Assigns(node string) Result {
	r.assigns = node
	return r
}

// Returns makes the output that of the execution; the last one counts.
func (r Result) Returns() Result {
	r.returns = true
	return r
}

// View is a Result opened for the engine and for tests.
type View struct {
	Done, To, Wait, Enter, Reject, End bool

	Output      any
	Branches    []string
	Entries     []Entry
	Assigns     string
	Returns     bool
	Until       time.Time
	State       any
	Outcome     Outcome
	Reason      string
	Explanation string
	Warnings    []text.Message
	Message     string
	Log         []string
	Answers     bool
	Skipped     bool
}

// Open shows what a Result says.
func (r Result) Open() View {
	return View{
		Done: r.kind == kindDone, To: r.kind == kindTo, Wait: r.kind == kindWait, Enter: r.kind == kindEnter,
		Reject: r.kind == kindReject, End: r.kind == kindEnd,
		Output: r.output, Branches: r.branches, Entries: r.entries, Assigns: r.assigns, Returns: r.returns, Until: r.until, State: r.state, Outcome: r.outcome, Reason: r.reason,
		Explanation: r.explanation, Warnings: r.warnings, Message: r.message, Log: r.log,
		Answers: r.answers, Skipped: r.skipped,
	}
}

// FailureKind classifies why a step failed.
type FailureKind string

// The kinds of failures.
const (
	Refused FailureKind = "refused" // a rule the designer wrote said no
	Fault   FailureKind = "fault"   // something broke
	Timeout FailureKind = "timeout"
)

// Failure is why a step failed. Any other error a node returns becomes a fault
// with code INTERNAL.
type Failure struct {
	Kind    FailureKind
	Code    string // stable, upper case
	Message text.Message
	Details any           // JSON, shown to holders of the payload right
	Retry   bool          // another attempt may help
	Class   string        // of failures that a policy may list: network, timeout, http_429, http_5xx; it decides instead of Retry
	After   time.Duration // earliest time until that attempt; 0 = by policy
	cause   error
}

// Error gives code and sentence.
func (f *Failure) Error() string {
	s := f.Code + ": " + f.Message.String()
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.cause }

// Refuse says that a rule the designer wrote said no. It is never retried.
func Refuse(code string, m text.Message) *Failure {
	return &Failure{Kind: Refused, Code: code, Message: m}
}

// Broken says that something broke and another attempt would not help.
func Broken(code string, m text.Message) *Failure {
	return &Failure{Kind: Fault, Code: code, Message: m}
}

// Retry asks for another attempt within the node's policy, not before after.
func Retry(f *Failure, after time.Duration) *Failure {
	c := *f
	c.Retry, c.After = true, after
	return &c
}

// Because returns a copy that wraps cause for the log.
func (f *Failure) Because(cause error) *Failure {
	c := *f
	c.cause = cause
	return &c
}

// With returns a copy with details.
func (f *Failure) With(details any) *Failure {
	c := *f
	c.Details = details
	return &c
}

// Value gives the failure as JSON: kind, code, message, and details where there are any.
func (f *Failure) Value() map[string]any {
	m := map[string]any{"kind": string(f.Kind), "code": f.Code, "message": f.Message.String()}
	if f.Details != nil {
		m["details"] = f.Details
	}
	return m
}

// FailureFrom reads what [Failure.Value] gave; nil without a value.
func FailureFrom(m map[string]any) *Failure {
	if m == nil {
		return nil
	}
	kind, _ := m["kind"].(string)
	code, _ := m["code"].(string)
	message, _ := m["message"].(string)
	return &Failure{Kind: FailureKind(kind), Code: code, Message: text.Verbatim(message), Details: m["details"]}
}

// AsFailure gives the failure in a chain; anything else becomes a fault.
func AsFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return Broken("INTERNAL", text.M("node.internal", "The step broke. An administrator finds the reason in the log.")).Because(err)
}
