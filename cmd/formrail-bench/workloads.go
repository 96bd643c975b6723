package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"formrail/models"
)

// workload is a stream of requests to one address.
type workload struct {
	name    string
	path    string
	clients int
	target  string
	settle  bool // measured to the last commit of what it started
}

func workloads() []workload {
	return []workload{
		{name: "W1 create", path: "/api/orders:create", clients: 64, target: ">= 10,000/s"},
		{name: "W2 flow with script", path: "/api/orders:create?triggerWorkflows=with_script", clients: 64, target: ">= 3,000/s, PostgreSQL >= 1,200/s", settle: true},
		{name: "W2 flow without script", path: "/api/orders:create?triggerWorkflows=without", clients: 64, target: ">= 6,000/s on SQLite", settle: true},
		{name: "W3 synchronous webhook", path: "/hooks/answer", clients: 16, target: ">= 5,000/s, p50 <= 3 ms, p99 <= 15 ms"},
		{name: "W3 synchronous webhook, 64 connections", path: "/hooks/answer", clients: 64, target: ">= 5,000/s"},
		{name: "W3 asynchronous webhook, 64 connections", path: "/hooks/later", clients: 64, settle: true},
		{name: "W3 synchronous form", path: "/api/orders:create?triggerWorkflows=answer_form", clients: 16},
	}
}

// measure runs all workloads on a fresh instance.
func measure(ctx context.Context, o options, database string, w way) (figures []figure, err error) {
	in, err := open(ctx, database, w)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.close(), forget(ctx, database)) }()
	name := "SQLite"
	if database != "" {
		name = "PostgreSQL"
	}
	for _, load := range workloads() {
		if !o.wants(load.name) {
			continue
		}
		stop, err := o.record(load.name + " " + name + " " + w.name)
		if err != nil {
			return nil, err
		}
		list, err := in.driven(ctx, load, time.Duration(o.seconds)*time.Second, w.batch == 0)
		stop()
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", load.name, name, err)
		}
		for _, f := range list {
			f.Database, f.Way = name, w.name
			figures = append(figures, f)
		}
	}
	if w.batch != 0 {
		return figures, nil // what follows has one way
	}
	for _, part := range []struct {
		name string
		run  func(context.Context) ([]figure, error)
	}{{"W7 editor", in.editor}, {"W5 loops", in.loops}, {"W8 timers", in.timers}, {"W9 fairness", in.fairness}} {
		if !o.wants(part.name) {
			continue
		}
		stop, err := o.record(part.name + " " + name)
		if err != nil {
			return nil, err
		}
		more, err := part.run(ctx)
		stop()
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", part.name, name, err)
		}
		for _, f := range more {
			f.Database, f.Way = name, w.name
			figures = append(figures, f)
		}
	}
	return figures, nil
}

// wants reports whether a workload is to be measured.
func (o options) wants(name string) bool { return strings.HasPrefix(name, o.only) }

// record writes a CPU profile of what runs until the returned function is called.
func (o options) record(name string) (func(), error) {
	if o.profile == "" {
		return func() {}, nil
	}
	f, err := os.Create(filepath.Join(o.profile, strings.ReplaceAll(name, " ", "_")+".pprof"))
	if err != nil {
		return nil, fmt.Errorf("create profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("start profile: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close profile:", err)
		}
	}, nil
}

// driven drives a workload and says what each request of it cost, if wanted.
func (in *instance) driven(ctx context.Context, load workload, length time.Duration, cost bool) ([]figure, error) {
	before, err := costsNow(in.metrics)
	if err != nil {
		return nil, err
	}
	f, n, err := in.drive(ctx, load, length)
	if err != nil || !cost {
		return []figure{f}, err
	}
	after, err := costsNow(in.metrics)
	return append([]figure{f}, after.perUnit(load.name, before, float64(n))...), err
}

// drive sends requests from a number of clients for a while. With settle the clock
// runs until the last execution has ended.
func (in *instance) drive(ctx context.Context, load workload, length time.Duration) (f figure, requests int64, err error) {
	var (
		count  atomic.Int64
		failed atomic.Pointer[string]
		mu     sync.Mutex
		took   []time.Duration
		wait   sync.WaitGroup
	)
	client := &fasthttp.Client{MaxConnsPerHost: load.clients}
	started := time.Now()
	for range load.clients {
		wait.Go(func() {
			var mine []time.Duration
			for time.Since(started) < length && ctx.Err() == nil {
				began := time.Now()
				if problem := in.send(client, load.path); problem != "" {
					failed.Store(&problem)
					break
				}
				mine = append(mine, time.Since(began))
				count.Add(1)
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	wait.Wait()
	if problem := failed.Load(); problem != nil {
		return f, 0, errors.New(*problem)
	}
	if load.settle {
		if err := in.eng.WaitIdle(ctx); err != nil {
			return f, 0, err
		}
	}
	elapsed := time.Since(started)
	slices.Sort(took)
	at := func(share float64) float64 {
		if len(took) == 0 {
			return 0
		}
		return milliseconds(took[min(len(took)-1, int(share*float64(len(took))))])
	}
	return figure{
		Workload: load.name, Unit: "per second", Value: float64(count.Load()) / elapsed.Seconds(), P50: at(0.5), P99: at(0.99), Target: load.target,
	}, count.Load(), in.sound(ctx)
}

// sound proves that what was measured is right: a fast wrong answer counts nothing.
func (in *instance) sound(ctx context.Context) error {
	breaches, err := models.CheckInvariants(ctx, in.db.Read(), models.Watchdog, in.db.Now())
	if err != nil {
		return err
	}
	if len(breaches) > 0 {
		return fmt.Errorf("%s: %s", breaches[0].Says, breaches[0].Row)
	}
	return nil
}

// send makes one request and gives what is wrong with its answer.
func (in *instance) send(client *fasthttp.Client, path string) string {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(in.base + path)
	req.Header.SetMethod("POST")
	req.Header.SetContentType("application/json")
	req.Header.Set("Authorization", "Bearer "+in.token)
	req.SetBodyString(orderPayload)
	if err := client.Do(req, res); err != nil {
		return err.Error()
	}
	if res.StatusCode() != fasthttp.StatusOK {
		return fmt.Sprintf("%s answered %d: %s", path, res.StatusCode(), res.Body())
	}
	return ""
}
