package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"formrail/engine"
	"formrail/engine/cluster"
	"formrail/engine/live"
	"formrail/engine/nodes"
	"formrail/engine/queue"
	"formrail/engine/queue/local"
	"formrail/engine/queue/river"
	"formrail/engine/script"
	"formrail/engine/triggers"
	"formrail/handlers"
	"formrail/handlers/route"
	"formrail/handlers/web"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/metrics"
	"formrail/models/records"
)

// instance is the whole product in this process, listening on a port of its own.
type instance struct {
	folder string
	db     *models.DB
	recs   *records.Service
	eng    *engine.Engine
	app    *handlers.App
	pool   *script.Pool
	base   string
	token  string
	access models.Access

	metrics *metrics.Set
}

// open wires the product like the server does.
func open(ctx context.Context, database string, w way) (*instance, error) {
	folder, err := os.MkdirTemp("", "formrail-bench-")
	if err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	log := slog.New(slog.DiscardHandler)
	var clock models.Clock = models.ClockFunc(time.Now)
	in := &instance{folder: folder, metrics: metrics.New("bench")}
	if in.db, err = models.Open(ctx, models.Options{Dir: folder, URL: database, Clock: clock, Log: log, Exclusive: database == "", Shared: database != "", BatchSize: w.batch, Metrics: in.metrics}); err != nil {
		return nil, err
	}
	clock = in.db.Clock()
	member := cluster.New(in.db, log)
	between, err := newQueue(ctx, in.db, database, log, member)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own binary: %w", err)
	}
	in.pool = script.NewPool(script.Options{Command: []string{self, "script-worker"}, Size: 2, Logger: log})
	in.recs = records.New(in.db)
	hub := live.New()
	in.eng = engine.New(engine.Deps{
		DB: in.db, Records: in.recs, Queue: between, Member: member, Scripts: in.pool, Live: hub,
		Clock: clock, Log: log, Metrics: in.metrics, Nodes: nodes.All(), Triggers: triggers.All(), FlushPerNode: w.flush,
	})
	in.recs.SetHooks(in.eng.Hooks())
	if err := errors.Join(in.people(ctx), in.eng.Start(ctx)); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	in.base = "http://" + listener.Addr().String()
	in.app, err = handlers.New(handlers.Deps{
		DB: in.db, Records: in.recs, Engine: in.eng, Live: hub, Log: log, Clock: clock,
		Config: handlers.Config{BaseURL: in.base},
		Pages: func(d route.Deps) route.Pages {
			return web.New(d, web.Declared{Nodes: nodes.All(), Triggers: triggers.All()})
		},
	})
	if err != nil {
		return nil, err
	}
	go func() {
		if err := in.app.Serve(listener); err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
		}
	}()
	return in, in.collections(ctx)
}

// newQueue makes the queue that the server has on the same database.
func newQueue(ctx context.Context, db *models.DB, database string, log *slog.Logger, member *cluster.Member) (queue.Queue, error) {
	if database == "" {
		return local.New(local.Options{DB: db, Clock: db.Clock(), Log: log}), nil
	}
	return river.New(ctx, river.Options{DB: db, URL: database, Clock: db.Clock(), Log: log, Leading: member.Leading})
}

func (in *instance) close() error { return errors.Join(in.shut(), os.RemoveAll(in.folder)) }

// shut stops everything and leaves the data folder.
func (in *instance) shut() error {
	ctx, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	err := errors.Join(in.app.Shutdown(ctx), in.eng.Stop(ctx), in.db.Close())
	in.pool.Close()
	return err
}

// people makes the first administrator with a token.
func (in *instance) people(ctx context.Context) error {
	if err := in.db.EnsureSeed(ctx); err != nil {
		return err
	}
	var root models.User
	err := in.db.Write(ctx, "bench.people", func(tx *models.Tx) error {
		var err error
		root, err = models.CreateRoot(ctx, tx, models.NewUser{Email: "root@example.com", Nickname: "Root", Password: "-"})
		return err
	})
	if err != nil {
		return err
	}
	if in.access, err = in.db.AccessOf(ctx, models.Person(root.ID, "")); err != nil {
		return err
	}
	return in.db.Write(ctx, "bench.token", func(tx *models.Tx) error {
		var err error
		in.token, _, err = models.CreateToken(ctx, tx, in.access, models.NewToken{UserID: root.ID, Name: "bench", Scopes: []string{"records:write:*"}})
		return err
	})
}

// The workflows that are measured.
const (
	collection   = `{"name":"orders","title":"Order","fields":[{"name":"title","type":"text","title":"Title"},{"name":"amount","type":"decimal","title":"Amount","scale":2},{"name":"status","type":"select","title":"Status","default":"open","options":[{"value":"open","label":"Open"},{"value":"done","label":"Done"}]}]}`
	invoices     = `{"name":"invoices","title":"Invoice","fields":[{"name":"title","type":"text","title":"Title"},{"name":"amount","type":"decimal","title":"Amount","scale":2}]}`
	bigEnough    = `{"key":"c","type":"condition","config":{"mode":"continue","when":{"all":[{"left":"{{ trigger.data.amount }}","op":"gt","right":500}]}}}`
	makeScript   = `{"key":"s","type":"javascript","config":{"inputs":[{"name":"amount","value":"{{ trigger.data.amount }}"}],"code":"return amount * 2"}}`
	makeInvoice  = `{"key":"i","type":"create_record","config":{"collection":"invoices","values":{"title":"{{ trigger.data.title }}","amount":"{{ trigger.data.amount }}"}}}`
	endNode      = `{"key":"e","type":"end"}`
	flowScript   = `{"key":"with_script","title":"With script","type":"post_action","config":{"collection":"orders"},"nodes":[` + bigEnough + `,` + makeScript + `,` + makeInvoice + `,` + endNode + `]}`
	flowPlain    = `{"key":"without","title":"Without script","type":"post_action","config":{"collection":"orders"},"nodes":[` + bigEnough + `,` + makeInvoice + `,` + endNode + `]}`
	flowSync     = `{"key":"answer_form","title":"Answer","type":"post_action","sync":true,"config":{"collection":"orders"},"nodes":[` + bigEnough + `,{"key":"x","type":"calculation","config":{"expression":"trigger.data.amount * 2"}},{"key":"m","type":"response_message","config":{"message":"Saved {{ nodes.x }}"}}]}`
	doubled      = `{"key":"x","type":"calculation","config":{"expression":"trigger.body.amount * 2"}},{"key":"y","type":"calculation","config":{"expression":"nodes.x + 1"}}`
	bigBody      = `{"key":"c","type":"condition","config":{"mode":"continue","when":{"all":[{"left":"{{ trigger.body.amount }}","op":"gt","right":500}]}}}`
	flowHook     = `{"key":"answer","title":"Hook","type":"webhook","sync":true,"config":{"auth":{"bearer":{"token":%q}}},"nodes":[` + bigBody + `,` + doubled + `,{"key":"r","type":"response","config":{"json":{"total":"{{ nodes.y }}"}}}]}`
	flowLater    = `{"key":"later","title":"Later","type":"webhook","config":{"auth":{"bearer":{"token":%q}}},"nodes":[` + bigBody + `,` + doubled + `]}`
	orderPayload = `{"title":"Team offsite","amount":1250.00}`
)

// collections makes the tables and workflows.
func (in *instance) collections(ctx context.Context) error {
	if err := in.tables(ctx, collection, invoices); err != nil {
		return err
	}
	for _, text := range []string{flowScript, flowPlain, flowSync, fmt.Sprintf(flowHook, in.token), fmt.Sprintf(flowLater, in.token)} {
		if err := in.workflow(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// tables makes collections from their definitions.
func (in *instance) tables(ctx context.Context, definitions ...string) error {
	for _, text := range definitions {
		tree, err := field.ParseJSON([]byte(text))
		if err != nil {
			return fmt.Errorf("read collection: %w", err)
		}
		c, problems := models.ReadCollection(tree)
		if err := models.Problems(problems); err != nil {
			return err
		}
		if _, err := in.recs.CreateCollection(ctx, records.SchemaCall{Access: in.access}, c); err != nil {
			return err
		}
	}
	return nil
}

func (in *instance) workflow(ctx context.Context, text string) error {
	tree, err := field.ParseJSON([]byte(text))
	if err != nil {
		return fmt.Errorf("read workflow: %w", err)
	}
	m, _ := tree.(map[string]any)
	made := engine.NewWorkflow{Config: m["config"], Nodes: m["nodes"]}
	made.Key, _ = m["key"].(string)
	made.Title, _ = m["title"].(string)
	made.Type, _ = m["type"].(string)
	made.Sync, _ = m["sync"].(bool)
	if _, _, err := in.eng.CreateWorkflow(ctx, in.access, made); err != nil {
		return err
	}
	if _, err := in.eng.Publish(ctx, in.access, made.Key, engine.Publish{}); err != nil {
		return err
	}
	on := true
	_, err = in.eng.UpdateWorkflow(ctx, in.access, made.Key, engine.WorkflowChange{Enabled: &on})
	return err
}
