package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"formrail/engine/node"
	"formrail/engine/script"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// stepSpace is the namespace of idempotency keys of steps.
var stepSpace = uuid.MustParse("7a1f6a3e-5b0c-4f5e-9d6e-1c2b3a4d5e6f") //nolint:gochecknoglobals // a constant

// CallKey is the key that all attempts of a step carry: a version 5 UUID over
// execution, node and path.
func CallKey(step *models.Step) string {
	return uuid.NewSHA1(stepSpace, []byte(step.ExecutionID+"\x00"+step.Node+"\x00"+step.Path)).String()
}

// call gives a node what it may use.
func (s *stretch) call(ctx context.Context, tx *models.Tx, st *state, cur cursor, step *models.Step, vars scope, now time.Time) node.Call {
	c := node.Call{
		Key: CallKey(step), Attempt: step.Attempt, Now: now, Seed: seedOf(step), Vars: vars, Zone: time.UTC,
		Node: node.Self{Key: step.Node, Title: step.Title, Execution: s.exec.ID, Workflow: s.version.Key, Sync: s.exec.Sync, Began: s.exec.CreatedAt.Time(), Answered: st.answered, Filled: cur.node.filled},
		Log:  slog.New(slog.DiscardHandler),
	}
	if step.State != "" {
		c.State = []byte(step.State)
	}
	if cur.node.typ.Loops() {
		c.Inside = s.inside(ctx, st, cur.node, step, vars)
	}
	switch cur.node.typ.Effect {
	case node.Local:
		if tx != nil {
			env := &local{s: s, tx: tx, st: st, step: step}
			c.Records, c.Tasks, c.Notify = recordsCap{env}, tasksCap{env}, notifyCap{env}
			c.Flows, c.Events = flowsCap{env}, eventsCap{env}
		}
	case node.Slow:
		c.Script = scripts{pool: s.e.scripts, cancel: s.cancel}
	case node.External:
		c.HTTP = outside{client: s.e.out, held: s.e.held, cancel: s.cancel, trace: s.exec.Cause.Trace, mayLeave: s.mayLeave}
	case node.Pure:
	}
	return c
}

// local is what the capabilities of a local node share.
type local struct {
	s    *stretch
	tx   *models.Tx
	st   *state
	step *models.Step
}

// lineage is the chain that what this step writes belongs to.
func (l *local) lineage() models.Lineage {
	x := l.s.exec
	return models.Lineage{
		ExecutionID: x.ID, StepID: l.step.ID, RootID: x.RootID, Depth: x.Depth, Chain: x.Chain, Cause: l.s.causeFor(l.step.Node),
	}
}

// recordsCap writes and reads records with the rights of the step.
type recordsCap struct{ *local }

func (r recordsCap) access(actor node.Actor) models.Access {
	a := r.s.accessFor(r.step.Node)
	switch {
	case actor.Nobody:
		a.Actor = 0
	case actor.User != 0:
		a.Actor = actor.User
	}
	return a
}

func (r recordsCap) operation(collection string, action models.Action, actor node.Actor) *records.Operation {
	return &records.Operation{
		Access: r.access(actor), Collection: collection, Action: action, Lineage: r.lineage(),
		Origin: models.Origin{Kind: "workflow", RequestID: r.s.exec.RequestID, Trace: r.s.trace(), Execution: r.s.exec.ID, Node: r.step.Node},
	}
}

// write runs an operation inside the stretch's transaction and counts its rows
// of the change log.
func (r recordsCap) write(ctx context.Context, op *records.Operation) (*records.Result, error) {
	result, err := r.s.e.records.WriteIn(ctx, r.tx, op)
	if err != nil {
		return nil, recordFailure(err)
	}
	for _, c := range result.Changes {
		if c.EventUUID != "" {
			r.step.Effects++
		}
	}
	return result, nil
}

// Create makes one record.
func (r recordsCap) Create(ctx context.Context, in node.CreateRecord) (map[string]any, error) {
	op := r.operation(in.Collection, models.Create, in.Actor)
	op.Values, op.Silent = in.Values, in.Silent
	result, err := r.write(ctx, op)
	if err != nil {
		return nil, err
	}
	return result.Changes[0].After, nil
}

// Update changes all records that a filter matches.
func (r recordsCap) Update(ctx context.Context, in node.UpdateRecords) (node.UpdateResult, error) {
	op := r.operation(in.Collection, models.Update, in.Actor)
	op.Values, op.Silent, op.Filter, op.MaxRecords = in.Values, in.Silent, in.Filter, in.MaxRecords
	if in.All {
		op.Filter = map[string]any{"id": map[string]any{"$notEmpty": true}}
	}
	result, err := r.write(ctx, op)
	if err != nil {
		return node.UpdateResult{}, err
	}
	out := node.UpdateResult{Count: len(result.Changes), IDs: []any{}}
	for _, c := range result.Changes {
		if len(c.Changed) > 0 {
			out.Changed++
		}
		if len(out.IDs) < 1000 {
			out.IDs = append(out.IDs, c.Key())
		}
	}
	return out, nil
}

// Query reads records; it sees what the transaction has written.
func (r recordsCap) Query(ctx context.Context, in node.QueryRecords) ([]map[string]any, error) {
	trash := records.WithoutTrash
	if in.Deleted {
		trash = records.WithTrash
	}
	page, err := r.s.e.records.ListIn(ctx, r.tx, records.Query{
		Access: r.access(node.Actor{}), Collection: in.Collection, Filter: in.Filter, Sort: in.Sort, Page: in.Page, PageSize: in.Size,
		Fields: in.Fields, Appends: in.Preload, Trash: trash,
	})
	if err != nil {
		return nil, recordFailure(err)
	}
	return page.Records, nil
}

// recordFailure turns an error of models into the failure of a data node. What
// says that the database is away ends the stretch instead, to be done again.
func recordFailure(err error) error {
	e := models.AsError(err)
	switch e.Kind {
	case models.KindUnavailable:
		return err
	case models.KindInternal:
		return node.AsFailure(err)
	default:
	}
	f := node.Broken(e.Code, e.Message).Because(err)
	if len(e.Fields) > 0 {
		details := make([]any, 0, len(e.Fields))
		for _, fe := range e.Fields {
			details = append(details, map[string]any{"field": fe.Field, "code": fe.Code, "message": fe.Message.String()})
		}
		f = f.With(details)
		f.Message = e.Fields[0].Message
		if e.Kind == models.KindInvalid && e.Code != "NOT_UNIQUE" {
			f.Code = "VALIDATION_FAILED"
		}
		return f
	}
	if len(e.Data) > 0 {
		f = f.With(e.Data)
	}
	return f
}

// notifyCap writes in-app notifications.
type notifyCap struct{ *local }

// InApp tells people something inside the product.
func (n notifyCap) InApp(ctx context.Context, in node.Notification) ([]node.Delivery, error) {
	people, err := n.people(ctx, in.To)
	if err != nil {
		return nil, err
	}
	var out []node.Delivery
	for _, p := range people.list {
		row := &models.Notification{
			ID: models.NewID(), UserID: p.id, Kind: "workflow", Title: in.Title, Body: in.Body, Link: in.Link, Level: in.Level,
			Cause: CallKey(n.step), ExecutionID: n.s.exec.ID,
		}
		if err := models.InsertNotification(ctx, n.tx, row); err != nil {
			return nil, err
		}
		out = append(out, node.Delivery{To: p.id, Status: "sent", ID: row.ID})
	}
	n.tx.AfterCommit(func() { n.s.e.live.Publish("bell") })
	return out, nil
}

// scripts runs JavaScript in the pool of child processes.
type scripts struct {
	pool   *script.Pool
	cancel <-chan struct{}
}

// Run runs a function body; a cancelled execution ends it.
func (s scripts) Run(ctx context.Context, in node.ScriptRequest) (node.ScriptResult, error) {
	if s.pool == nil {
		return node.ScriptResult{}, node.Broken("SCRIPT_BUSY", text.M("script.none", "Scripts are switched off on this server."))
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-s.cancel:
			stop()
		case <-ctx.Done():
		}
	}()
	var (
		out script.Result
		err error
	)
	models.Resting(ctx, func() {
		out, err = s.pool.Run(ctx, script.Request{Code: in.Code, Inputs: in.Inputs, Timeout: in.Timeout, Now: in.Now, Seed: in.Seed})
	})
	if err != nil {
		return node.ScriptResult{}, scriptFailure(err)
	}
	lines := make([]string, 0, len(out.Log))
	for _, l := range out.Log {
		lines = append(lines, l.Level+": "+l.Text)
	}
	return node.ScriptResult{Value: out.Value, Log: lines, Warnings: out.Warnings}, nil
}

// scriptFailure turns an error of the script pool into a failure of the step.
func scriptFailure(err error) error {
	var e *script.Error
	if !errors.As(err, &e) {
		return err
	}
	f := node.Broken(e.Code, e.Message)
	if e.Line > 0 {
		f = f.With(map[string]any{"line": int64(e.Line)})
	}
	return f
}
