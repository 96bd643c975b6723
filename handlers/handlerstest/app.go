// Package handlerstest starts the application on a database of the test's own and
// speaks to it as browsers and programs do: over a socket.
package handlerstest

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/engine/nodes"
	"formrail/engine/queue/local"
	"formrail/engine/script"
	"formrail/engine/triggers"
	"formrail/handlers"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// App is a running application with everything behind it.
type App struct {
	*handlers.App
	URL     string // without a slash at its end
	Host    string
	DB      *models.DB
	Records *records.Service
	Engine  *engine.Engine
	Clock   *modelstest.Clock
	Root    models.User // the owner; zero on a fresh instance
	Log     *LogBook

	t testing.TB
}

// Options say how an application differs from the usual one.
type Options struct {
	Pages   func(route.Deps) route.Pages // HTML pages; nil for none
	Scripts *script.Pool                 // nil: script nodes fail
	Fresh   bool                         // nobody has set the instance up
	Held    bool                         // the instance came out of a backup and was not released
	BaseURL string                       // of the application; empty: the address of the socket
	Config  handlers.Config              // BaseURL in it does not count
}

// Start starts an application with an owner, and an engine that runs.
func Start(t testing.TB) *App {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith is [Start] with options.
func StartWith(t testing.TB, o Options) *App {
	t.Helper()
	a := &App{t: t, Clock: modelstest.NewClock(), Log: &LogBook{}}
	a.DB = modelstest.NewAt(t, a.Clock)
	a.Records = records.New(a.DB)
	log := slog.New(slog.NewTextHandler(a.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hub := live.New()
	a.Engine = engine.New(engine.Deps{
		DB: a.DB, Records: a.Records, Queue: local.New(local.Options{DB: a.DB, Clock: a.Clock, Log: log, Workers: 4}), Scripts: o.Scripts,
		Live: hub, Clock: a.Clock, Log: log, Nodes: nodes.All(), Triggers: triggers.All(),
	})
	a.Records.SetHooks(a.Engine.Hooks())
	a.Records.OnUsage(a.Engine.Usages)
	a.Records.OnUsage(a.DB.PageUsages)
	a.Records.OnUsage(a.DB.GrantUsages)
	ctx := context.Background()
	require.NoError(t, a.DB.EnsureSeed(ctx))
	if o.Held {
		a.Write(func(ctx context.Context, tx *models.Tx) error {
			return tx.SetMeta(ctx, models.RestoredAt, a.Clock.Now().Format(time.RFC3339))
		})
	}
	require.NoError(t, a.Engine.Start(ctx))
	t.Cleanup(func() { require.NoError(t, a.Engine.Stop(ctx)) })
	a.serve(o, hub, log)
	if !o.Fresh {
		a.Root = a.createRoot()
	}
	return a
}

func (a *App) serve(o Options, hub *live.Hub, log *slog.Logger) {
	a.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(a.t, err)
	a.Host = l.Addr().String()
	a.URL = "http://" + a.Host
	o.Config.BaseURL = o.BaseURL
	if o.BaseURL == "" {
		o.Config.BaseURL = a.URL
	}
	a.App, err = handlers.New(handlers.Deps{
		DB: a.DB, Records: a.Records, Engine: a.Engine, Live: hub, Log: log, Clock: a.Clock, Config: o.Config, Pages: o.Pages,
	})
	require.NoError(a.t, err)
	done := make(chan error, 1)
	go func() { done <- a.Serve(l) }()
	a.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := a.Shutdown(ctx); err != nil {
			a.t.Log("shut down:", err)
		}
		require.NoError(a.t, <-done)
	})
}

// Password is the password of everybody in tests.
const Password = "a long walk by the harbour"

// hash is computed once: it is meant to take long.
var hash = sync.OnceValues(func() (models.PasswordHash, error) {
	db, err := models.Open(context.Background(), models.Options{Dir: mustTemp(), Clock: modelstest.NewClock(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }() //nolint:errcheck // a database of nothing
	return models.NewPasswords(db).Hash(context.Background(), Password)
})

func (a *App) createRoot() (u models.User) {
	a.t.Helper()
	h, err := hash()
	require.NoError(a.t, err)
	a.Write(func(ctx context.Context, tx *models.Tx) error {
		u, err = models.CreateRoot(ctx, tx, models.NewUser{Email: "root@example.com", Nickname: "Robin Root", Password: h})
		return err
	})
	return u
}

// Write changes the database beside all rights.
func (a *App) Write(fn func(ctx context.Context, tx *models.Tx) error) {
	a.t.Helper()
	ctx := context.Background()
	require.NoError(a.t, a.DB.Write(ctx, "test", func(tx *models.Tx) error { return fn(ctx, tx) }))
}

// Person creates an active person with roles; his address is his name at
// example.com.
func (a *App) Person(name string, roles ...string) (u models.User) {
	a.t.Helper()
	h, err := hash()
	require.NoError(a.t, err)
	a.Write(func(ctx context.Context, tx *models.Tx) error {
		u, err = models.CreateUser(ctx, tx, models.SystemAccess(), models.NewUser{Email: name + "@example.com", Nickname: name, Password: h, Roles: roles})
		return err
	})
	return u
}

// Role creates a role with system rights and grants.
func (a *App) Role(name string, rights []string, grants ...models.Grant) {
	a.t.Helper()
	a.Write(func(ctx context.Context, tx *models.Tx) error {
		if err := models.CreateRole(ctx, tx, models.SystemAccess(), models.NewRole{Name: name, Title: name, Rights: rights}); err != nil {
			return err
		}
		for _, g := range grants {
			if _, err := models.AddGrant(ctx, tx, models.SystemAccess(), models.RoleGrant{Role: name, Grant: g}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Token gives the secret of an API token of somebody.
func (a *App) Token(u models.User, scopes ...string) (secret string) {
	a.t.Helper()
	a.Write(func(ctx context.Context, tx *models.Tx) (err error) {
		secret, _, err = models.CreateToken(ctx, tx, models.SystemAccess(), models.NewToken{UserID: u.ID, Name: "test", Scopes: scopes})
		return err
	})
	return secret
}

// SignInToken gives the bearer token of a sign-in of somebody.
func (a *App) SignInToken(u models.User) string {
	a.t.Helper()
	return a.session(u, models.APISession).Secret
}

func (a *App) session(u models.User, kind models.SessionKind) (s models.Started) {
	a.t.Helper()
	a.Write(func(ctx context.Context, tx *models.Tx) (err error) {
		s, err = models.StartSession(ctx, tx, models.NewSession{UserID: u.ID, Kind: kind})
		return err
	})
	return s
}

// Collection creates a collection from its JSON definition.
func (a *App) Collection(definition string) *models.Collection {
	a.t.Helper()
	v, err := field.ParseJSON([]byte(definition))
	require.NoError(a.t, err)
	c, problems := models.ReadCollection(v)
	require.Empty(a.t, problems)
	made, err := a.Records.CreateCollection(context.Background(), records.SchemaCall{Access: models.SystemAccess()}, c)
	require.NoError(a.t, err)
	return made
}

// Workflow is a workflow to create, with the JSON of its trigger's settings and of
// its nodes.
type Workflow struct {
	Key, Config, Nodes string
	Type               string // of the trigger; empty = post_action
	Sync               bool
	Disabled           bool // published, but not switched on
}

// Workflow creates a workflow, publishes it and switches it on.
func (a *App) Workflow(w Workflow) {
	a.t.Helper()
	ctx := context.Background()
	config, err := field.ParseJSON([]byte(w.Config))
	require.NoError(a.t, err)
	nodes, err := field.ParseJSON([]byte(w.Nodes))
	require.NoError(a.t, err)
	access, err := a.DB.AccessOf(ctx, models.Person(a.Root.ID, ""))
	require.NoError(a.t, err)
	_, _, err = a.Engine.CreateWorkflow(ctx, access, engine.NewWorkflow{
		Key: w.Key, Title: w.Key, Type: cmp.Or(w.Type, "post_action"), Sync: w.Sync, Config: config, Nodes: nodes,
	})
	require.NoError(a.t, err)
	_, err = a.Engine.Publish(ctx, access, w.Key, engine.Publish{})
	require.NoError(a.t, err)
	on := !w.Disabled
	_, err = a.Engine.UpdateWorkflow(ctx, access, w.Key, engine.WorkflowChange{Enabled: &on})
	require.NoError(a.t, err)
}

// Idle waits until the engine has nothing to do.
func (a *App) Idle() {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(a.t, a.Engine.WaitIdle(ctx))
}

// LogBook keeps what was logged.
type LogBook struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps one line.
func (l *LogBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

// String is everything that was logged so far.
func (l *LogBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
