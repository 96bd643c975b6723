package node

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"formrail/models/field"
)

// Call is everything a node may use: no database handle, no request. Each
// interface is small and declared here, by its consumer. Local capabilities are
// nil in pure and slow nodes, external ones in all but external nodes.
type Call struct {
	Key     string         // same for all attempts of this step
	Attempt int            // 1, 2, ...
	Now     time.Time      // the step's time; nodes never read a clock
	Zone    *time.Location // of calendar functions; UTC when nil
	Seed    int64          // the step's random seed
	State   []byte         // JSON that the previous Result kept; nil at first
	Vars    Vars           // trigger data and outputs of earlier nodes
	Inside  func(int) Vars // the same as seen at the end of a pass of the node's own branches
	Node    Self           // facts about the node itself

	Records Records // Local: collections, as the workflow's principal
	Tasks   Tasks   // Local: to-dos for people
	Notify  Notify  // Local: in-app notifications
	Flows   Flows   // Local: other workflows
	Events  Events  // Local: what happens elsewhere
	Script  Script  // Slow: a child process
	HTTP    HTTP    // External: calls to others
	Log     *slog.Logger
}

// Self are facts about the node and its execution that outputs and texts may name.
type Self struct {
	Key       string
	Title     string
	Execution string
	Workflow  string
	Sync      bool
	Began     time.Time // when the execution was started
	Answered  bool      // the request that the execution started from has its answer
	Filled    []string  // branches that hold steps
}

// Vars gives the roots of the variables: trigger, nodes, loop, loops, system,
// env. Values are canonical (models/field).
type Vars interface {
	Root(name string) (any, bool)
}

// Catalog is what checks and shapes may know about the instance.
type Catalog interface {
	Collection(name string) (CollectionInfo, bool)
	CollectionNames() []string
	CheckFilter(collection string, filter any) field.Problems // of a record filter whose values may be templates; each names its condition's path
	Workflow(key string) (WorkflowInfo, bool)
}

// WorkflowInfo describes a workflow to the checks of steps that call it.
type WorkflowInfo struct {
	Key      string
	Title    string
	Sync     bool
	Live     bool // it has a live version
	Callable bool // its trigger takes typed input
	Input    []field.Field
	Output   field.Shape
	Only     []string // keys of the workflows that may call it; empty = all
}

// AllowsCaller reports whether a workflow may call it.
func (w WorkflowInfo) AllowsCaller(key string) bool {
	return len(w.Only) == 0 || slices.Contains(w.Only, key)
}

// Namer is a catalogue that also knows what the variables of a workflow are called.
type Namer interface {
	// Called gives the title of what a path names, such as that of the field for
	// "trigger.data.amount"; ok is false when there is nothing of that name.
	Called(path string) (title string, ok bool)
}

// CollectionInfo describes a collection to checks.
type CollectionInfo struct {
	Name   string
	Title  string
	Fields []FieldInfo
	Today  func(former string) string // as [field.Shape] has it
}

// FieldInfo is one field of a collection.
type FieldInfo struct {
	field.Field
	ForeignKey string // for links: the name of the bare id
	ReadOnly   bool
	Hidden     bool
}

// Field finds a field by its name, its foreign key or a former name.
func (c CollectionInfo) Field(name string) (FieldInfo, bool) {
	for _, f := range c.Fields {
		if f.Name == name || (f.ForeignKey != "" && f.ForeignKey == name) {
			return f, true
		}
	}
	if today := c.Now(name); today != name {
		return c.Field(today)
	}
	return FieldInfo{}, false
}

// Now gives the present name of a field or foreign key of which name may be a
// former one.
func (c CollectionInfo) Now(name string) string {
	if c.Today != nil {
		if today := c.Today(name); today != "" {
			return today
		}
	}
	return name
}

// Shape is the shape of one record of the collection; links have the shape of
// their target's own fields up to depth further hops.
func (c CollectionInfo) Shape(cat Catalog, depth int) field.Shape {
	s := field.Shape{Label: c.Title, Target: c.Name, Today: c.Today}
	for _, f := range c.Fields {
		if f.Hidden {
			continue
		}
		prop := field.Shape{Kind: f.Kind, Label: f.Label, Target: f.Target}
		if target, ok := cat.Collection(f.Target); ok && f.Target != "" && depth > 0 {
			prop.Fields, prop.Today = target.Shape(cat, depth-1).Fields, target.Today
		}
		s.Fields = append(s.Fields, field.Named{Name: f.Name, Shape: prop})
		if f.ForeignKey != "" {
			s.Fields = append(s.Fields, field.Named{Name: f.ForeignKey, Shape: field.Shape{Kind: field.Integer, Label: f.Label}})
		}
	}
	return s
}

// Records reads and writes records inside the stretch's transaction, with the
// rights of the step. Every error is a [Failure].
type Records interface {
	Create(ctx context.Context, r CreateRecord) (map[string]any, error)
	Update(ctx context.Context, r UpdateRecords) (UpdateResult, error)
	Query(ctx context.Context, r QueryRecords) ([]map[string]any, error)
}

// CreateRecord asks for one new record.
type CreateRecord struct {
	Collection string
	Values     map[string]any
	Preload    []string
	Actor      Actor
	Silent     bool
}

// Actor says who is entered as creator or changer.
type Actor struct {
	Nobody bool
	User   int64 // 0 = the person who caused the execution
}

// UpdateRecords asks to change all records a filter matches.
type UpdateRecords struct {
	Collection string
	Filter     any
	All        bool // an empty filter is meant
	Values     map[string]any
	MaxRecords int
	Actor      Actor
	Silent     bool
}

// UpdateResult says what an update did.
type UpdateResult struct {
	Count   int   // matched and saved
	Changed int   // a stored value differs
	IDs     []any // at most 1,000
}

// QueryRecords asks for records.
type QueryRecords struct {
	Collection string
	Filter     any
	Sort       []string
	Page, Size int
	Fields     []string
	Preload    []string
	Deleted    bool
}

// Tasks opens to-dos for people inside the stretch's transaction.
type Tasks interface {
	// Approval opens the seats of an approval. It returns without tasks when
	// nobody has to be asked; Decided then says what a rule decided.
	Approval(ctx context.Context, a Approval) (Opened, error)
}

// Approval is one approval step as it opens.
type Approval struct {
	Assignees            any    // people, resolved settings
	Rule                 string // any, all
	FirstAnswer, HearAll bool
	Title                string            // of the tasks; empty = the node's
	Comment              map[string]string // action → off, optional, required
	Applicant            string            // skip, manager, allow
	OnNobody             string            // owner, fallback, approve, reject, fail
	Fallback             any
	Subject              any // record or data shown; nil = trigger data
	Requester            any // user or id; nil = trigger user
}

// Opened says what opening an approval did.
type Opened struct {
	Tasks   int
	Decided string         // approved or rejected, by rule; empty when people are asked
	Result  map[string]any // of the decision by rule
}

// Notify writes in-app notifications inside the stretch's transaction.
type Notify interface {
	InApp(ctx context.Context, n Notification) ([]Delivery, error)
}

// Notification is one message for people.
type Notification struct {
	To    any // people
	Title string
	Body  string
	Link  string
	Level string // info, warning
}

// Delivery is what became of a notification for one person.
type Delivery struct {
	To     int64
	Status string
	ID     string
}

// Flows starts other workflows inside the stretch's transaction.
type Flows interface {
	// Start starts a workflow with typed input and gives the id of its execution. When
	// waits, the step is resumed once that has ended.
	Start(ctx context.Context, c CallWorkflow) (execution string, err error)
	// Ended says how an execution ended that this step started; ok is false as long as it
	// goes on. What still goes on when the step fails is cancelled.
	Ended(ctx context.Context, execution string) (how CallEnded, ok bool, err error)
}

// Events lets a step wait for events and for calls to an address of its own. What the
// step waits for ends with it.
type Events interface {
	// Await waits for an event of the instance that the step's own execution did not cause.
	// It gives the first one that happened since an instant, if there was one; then nothing
	// is waited for. The step must be allowed to see records of the event's type.
	Await(ctx context.Context, w AwaitEvent) (envelope map[string]any, err error)
	// Open leaves out of an event the fields of its record that the step may not read.
	Open(ctx context.Context, envelope map[string]any) (map[string]any, error)
	// Calls lists what was sent to the address of the step so far, in order. When it is less
	// than times, the step waits for more until the deadline.
	Calls(ctx context.Context, times int, deadline time.Time) ([]ReceivedCall, error)
}

// AwaitEvent says which event a step waits for.
type AwaitEvent struct {
	Event  string         // pattern of the name
	Filter map[string]any // patterns of further properties
	Since  time.Time      // also of the past; zero = from now on
}

// ReceivedCall is one call to the address of a step.
type ReceivedCall struct {
	At   time.Time
	Body any
}

// CallWorkflow asks for one execution of another workflow.
type CallWorkflow struct {
	Workflow string // key
	Version  string // live or a number
	Input    map[string]any
	Waits    bool
}

// CallEnded is how a called execution ended.
type CallEnded struct {
	Outcome string // succeeded, failed, rejected, cancelled, timed_out
	Refused bool   // a rule its designer wrote said no
	Output  any
	Code    string // of the failure
	Message string // of the failure
	Node    string // title of the step that failed
}

// Script runs JavaScript in a child process.
type Script interface {
	Run(ctx context.Context, s ScriptRequest) (ScriptResult, error)
}

// ScriptRequest is one run of a function body.
type ScriptRequest struct {
	Code    string
	Inputs  map[string]any
	Timeout time.Duration
	Now     time.Time
	Seed    int64
}

// ScriptResult is what a script returned and printed.
type ScriptResult struct {
	Value    any
	Log      []string
	Warnings []string
}

// Reasons of a signal that tell of a branch. All others are reasons of a wake-up.
const (
	BranchEnded    = "branch"
	BranchFailed   = "failed"
	BranchRejected = "rejected" // a person's no inside; for types that hear of it
)

// WaitSkipped is the reason of a signal by which a person ends a wait for time; for types
// that say so.
const WaitSkipped = "skipped"

// HTTP makes calls to others. Every error is a [Failure] that says with its class
// whether another attempt may help.
type HTTP interface {
	Do(ctx context.Context, r HTTPRequest) (HTTPResponse, error)
}

// HTTPRequest is one call.
type HTTPRequest struct {
	Method    string
	URL       string
	Headers   []HTTPHeader
	Body      []byte
	Timeout   time.Duration // of the whole call, redirects included
	Redirects int           // how many are followed
	MaxBytes  int           // of the answer after it was unpacked; 0 = as many as an output may have
	Hosts     []string      // the only hosts that may be called; empty = all
}

// HTTPHeader is one line of a request's head.
type HTTPHeader struct{ Name, Value string }

// HTTPResponse is an answer, whatever its status.
type HTTPResponse struct {
	Status     int
	StatusText string
	Header     map[string][]string // names in lower case
	Body       []byte
	Took       time.Duration
}

// Signal is why a waiting step is resumed.
type Signal struct {
	Reason  string   // timer, task, callback, child, branch, failed, rejected
	Branch  string   // the one that ended, failed or was rejected
	Pass    int      // of that branch
	Output  any      // branch: what its last step gave
	Pending []string // branches that were entered and have not begun yet
	Data    any      // task, callback: what it brought, canonical JSON

	// Failure is set with reason "failed": something inside the container failed
	// and was not caught there. The container decides what that means.
	Failure *Failure
}
