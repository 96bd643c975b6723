// Package worldtest gives tests a database with an engine, people, collections and
// workflows on it.
package worldtest

import (
	"context"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/engine/node"
	"formrail/engine/nodes"
	"formrail/engine/outbound"
	"formrail/engine/queue"
	"formrail/engine/queue/local"
	"formrail/engine/script"
	"formrail/engine/triggers"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// World is a database with an engine on it and three people: a designer who may
// everything, a manager, and an employee whose manager he is.
type World struct {
	T        testing.TB
	DB       *models.DB
	Records  *records.Service
	Engine   *engine.Engine
	Designer models.User
	Manager  models.User
	Employee models.User

	// Steps holds deliveries back until Step is called, and commits after each node.
	Steps *StepQueue

	clock   models.Clock
	scripts *script.Pool
	out     *outbound.Client
	extra   []*node.Type
}

// noPassword is the hash of nothing: nobody signs in with it.
const noPassword = "$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// NewWorld seeds the roles and people and starts an engine with the built-in node
// types and the given ones.
func NewWorld(t testing.TB, db *models.DB, clock models.Clock, extra ...*node.Type) *World {
	t.Helper()
	w := &World{T: t, DB: db, clock: clock, extra: extra}
	require.NoError(t, db.EnsureSeed(t.Context()))
	require.NoError(t, db.Write(t.Context(), "test.people", func(tx *models.Tx) error {
		var err error
		if w.Designer, err = models.CreateRoot(t.Context(), tx, models.NewUser{Email: "dora@example.com", Nickname: "Dora", Password: noPassword}); err != nil {
			return err
		}
		by := models.SystemAccess()
		if w.Manager, err = models.CreateUser(t.Context(), tx, by, models.NewUser{Email: "mara@example.com", Nickname: "Mara", Password: noPassword}); err != nil {
			return err
		}
		if w.Employee, err = models.CreateUser(t.Context(), tx, by, models.NewUser{Email: "jun@example.com", Nickname: "Jun", ManagerID: w.Manager.ID, Password: noPassword}); err != nil {
			return err
		}
		return nil
	}))
	w.Restart()
	t.Cleanup(func() { w.Stop() })
	return w
}

// Scripts starts a script pool with the given command; the engine uses it from
// the next restart on.
func (w *World) Scripts(command ...string) {
	w.scripts = script.NewPool(script.Options{Command: command, Size: 2, Logger: slog.New(slog.DiscardHandler)})
	w.T.Cleanup(func() { w.scripts.Close() })
	w.Restart()
}

// Outbound lets steps call the given addresses, besides the public internet; the engine
// does so from the next restart on.
func (w *World) Outbound(egress string) {
	listed, err := outbound.ParseEgress(egress)
	require.NoError(w.T, err)
	w.out = outbound.New(outbound.Options{Egress: listed, Clock: w.clock})
	w.Restart()
}

// Restart stops the engine and starts a new one on the same database, as after
// the death of the process.
func (w *World) Restart() {
	w.T.Helper()
	w.Stop()
	w.Records = records.New(w.DB)
	var q queue.Queue = local.New(local.Options{DB: w.DB, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Workers: 8, Scan: 50 * time.Millisecond})
	if w.Steps != nil {
		w.Steps = &StepQueue{db: w.DB, clock: w.clock}
		q = w.Steps
	}
	w.Engine = engine.New(engine.Deps{
		DB: w.DB, Records: w.Records, Queue: q, FlushPerNode: w.Steps != nil, Scripts: w.scripts, Out: w.out, Live: live.New(), Clock: w.clock, Log: w.DB.Log(),
		Nodes: append(nodes.All(), w.extra...), Triggers: triggers.All(),
	})
	w.Records.SetHooks(w.Engine.Hooks())
	require.NoError(w.T, w.Engine.Start(context.WithoutCancel(w.T.Context())))
}

// Second starts another engine on the same database, as another process would have it.
// It stops with the test.
func (w *World) Second() *engine.Engine {
	w.T.Helper()
	e := engine.New(engine.Deps{
		DB: w.DB, Records: records.New(w.DB), Queue: local.New(local.Options{DB: w.DB, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Workers: 2}),
		Live: live.New(), Clock: w.clock, Log: w.DB.Log(), Nodes: append(nodes.All(), w.extra...), Triggers: triggers.All(),
	})
	w.T.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), 20*time.Second)
		defer done()
		require.NoError(w.T, e.Stop(ctx))
	})
	return e
}

// Stop stops the engine, if one runs.
func (w *World) Stop() {
	if w.Engine == nil {
		return
	}
	ctx, done := context.WithTimeout(context.Background(), 20*time.Second)
	defer done()
	require.NoError(w.T, w.Engine.Stop(ctx))
	w.Engine = nil
}

// Clock is the clock of the world, when it can be moved.
func (w *World) Clock() *modelstest.Clock {
	w.T.Helper()
	c, ok := w.clock.(*modelstest.Clock)
	require.True(w.T, ok, "the world runs on the real clock")
	return c
}

// Access gives the rights of a person.
func (w *World) Access(u models.User) models.Access {
	w.T.Helper()
	a, err := w.DB.AccessOf(w.T.Context(), models.Person(u.ID, ""))
	require.NoError(w.T, err)
	return a
}

// JSON reads a JSON text into canonical values.
func JSON(t testing.TB, text string) any {
	t.Helper()
	v, err := field.ParseJSON([]byte(text))
	require.NoError(t, err)
	return v
}

// Collection creates a collection from its JSON definition.
func (w *World) Collection(definition string) {
	w.T.Helper()
	c, problems := models.ReadCollection(JSON(w.T, definition))
	require.Empty(w.T, problems)
	_, err := w.Records.CreateCollection(w.T.Context(), records.SchemaCall{Access: w.Access(w.Designer)}, c)
	require.NoError(w.T, err)
}

// Grant gives everybody a right on a collection.
func (w *World) Grant(role string, grants ...models.Grant) {
	w.T.Helper()
	require.NoError(w.T, w.DB.Write(w.T.Context(), "test.grant", func(tx *models.Tx) error {
		for _, g := range grants {
			if _, err := models.AddGrant(w.T.Context(), tx, w.Access(w.Designer), models.RoleGrant{Role: role, Grant: g}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Workflow creates, publishes and enables a workflow from its JSON: the top level
// of workflows:create.
func (w *World) Workflow(definition string, publish ...engine.Publish) *models.Workflow {
	w.T.Helper()
	made := w.Draft(definition)
	p := engine.Publish{}
	if len(publish) > 0 {
		p = publish[0]
	}
	_, err := w.Engine.Publish(w.T.Context(), w.Access(w.Designer), made.Key, p)
	require.NoError(w.T, err)
	on := true
	made, err = w.Engine.UpdateWorkflow(w.T.Context(), w.Access(w.Designer), made.Key, engine.WorkflowChange{Enabled: &on})
	require.NoError(w.T, err)
	return made
}

// Draft creates a workflow without publishing it.
func (w *World) Draft(definition string) *models.Workflow {
	w.T.Helper()
	m, ok := JSON(w.T, definition).(map[string]any)
	require.True(w.T, ok)
	in := engine.NewWorkflow{Config: m["config"], Nodes: m["nodes"]}
	in.Key, _ = m["key"].(string)
	in.Title, _ = m["title"].(string)
	in.Type, _ = m["type"].(string)
	in.Sync, _ = m["sync"].(bool)
	made, _, err := w.Engine.CreateWorkflow(w.T.Context(), w.Access(w.Designer), in)
	require.NoError(w.T, err)
	return made
}

// Submit creates a record as a person does with a form whose button binds the
// named workflows.
func (w *World) Submit(u models.User, collection, values string, keys ...string) *records.Result {
	w.T.Helper()
	result, err := w.TrySubmit(u, collection, values, keys...)
	require.NoError(w.T, err)
	return result
}

// TrySubmit is Submit that may fail.
func (w *World) TrySubmit(u models.User, collection, values string, keys ...string) (*records.Result, error) {
	w.T.Helper()
	m, ok := JSON(w.T, values).(map[string]any)
	require.True(w.T, ok)
	op := &records.Operation{
		Access: w.Access(u), Collection: collection, Action: models.Create, Values: m,
		Origin: models.Origin{Kind: "form", RequestID: "test"},
	}
	for _, k := range keys {
		op.Bindings = append(op.Bindings, models.Binding{Key: k})
	}
	return w.Records.Write(w.T.Context(), op)
}

// Idle waits until nothing is due.
func (w *World) Idle() {
	w.T.Helper()
	ctx, done := context.WithTimeout(w.T.Context(), 30*time.Second)
	defer done()
	require.NoError(w.T, w.Engine.WaitIdle(ctx))
}

// Execution loads an execution with its steps.
func (w *World) Execution(id string) (*models.Execution, []*models.Step) {
	w.T.Helper()
	x, err := models.ExecutionByID(w.T.Context(), w.DB.Read(), id)
	require.NoError(w.T, err)
	steps, err := models.StepsOf(w.T.Context(), w.DB.Read(), id)
	require.NoError(w.T, err)
	require.NoError(w.T, models.LoadValues(w.T.Context(), w.DB.Read(), steps, math.MaxInt))
	return x, steps
}

// Tasks lists the open tasks of a person.
func (w *World) Tasks(u models.User) []*models.Task {
	w.T.Helper()
	tasks, err := models.TasksFor(w.T.Context(), w.DB.Read(), models.TaskList{UserID: u.ID})
	require.NoError(w.T, err)
	return tasks
}

// List reads all records of a collection, as the product itself.
func (w *World) List(collection string) []records.Record {
	w.T.Helper()
	page, err := w.Records.List(w.T.Context(), records.Query{Access: models.SystemAccess(), Collection: collection, PageSize: 500})
	require.NoError(w.T, err)
	return page.Records
}

// Sound checks every invariant of the database.
func (w *World) Sound() {
	w.T.Helper()
	breaches, err := models.CheckInvariants(w.T.Context(), w.DB.Read(), models.All, w.DB.Now())
	require.NoError(w.T, err)
	require.Empty(w.T, breaches)
}
