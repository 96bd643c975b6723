package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Loops that are measured: one that inserts in each pass, and a long one that keeps
// nothing.
const (
	flowInserts = `{"key":"inserts","title":"Inserts","type":"post_action","config":{"collection":"orders"},"nodes":[{"key":"l","type":"loop","config":{"source":"count","count":1000},"branches":[{"key":"body","nodes":[` +
		`{"key":"i","type":"create_record","config":{"collection":"invoices","values":{"title":"Bill","amount":"{{ loop.number }}"}}}]}]}]}`
	flowLong = `{"key":"long","title":"Long","type":"post_action","config":{"collection":"orders"},"nodes":[{"key":"l","type":"loop","config":{"source":"count","count":100000,"maxIterations":100000},"branches":[{"key":"body","nodes":[` +
		`{"key":"x","type":"calculation","config":{"expression":"loop.number * 2"}}]}]}]}`
	loopRuns = 5
)

// loops measures W5: the time of 1,000 inserting passes, and by how much the heap in use
// grows during 100,000 passes.
func (in *instance) loops(ctx context.Context) ([]figure, error) {
	for _, text := range []string{flowInserts, flowLong} {
		if err := in.workflow(ctx, text); err != nil {
			return nil, err
		}
	}
	client := &fasthttp.Client{}
	run := func(key string) (float64, error) {
		began := time.Now()
		if problem := in.send(client, "/api/orders:create?triggerWorkflows="+key); problem != "" {
			return 0, errors.New(problem)
		}
		err := in.eng.WaitIdle(ctx)
		return milliseconds(time.Since(began)), err
	}
	var took []float64
	for range loopRuns {
		t, err := run("inserts")
		if err != nil {
			return nil, err
		}
		took = append(took, t)
	}
	if err := in.ended(ctx, "inserts", loopRuns, 1000); err != nil {
		return nil, err
	}
	before, high := heap(), atomic.Uint64{}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for watching.Err() == nil {
			if now := heap(); now > high.Load() {
				high.Store(now)
			}
			select {
			case <-tick.C:
			case <-watching.Done():
			}
		}
	}()
	long, err := run("long")
	if err != nil {
		return nil, err
	}
	if err := in.ended(ctx, "long", 1, 100_000); err != nil {
		return nil, err
	}
	grown := float64(max(high.Load(), before)-before) / (1 << 20)
	if err := in.sound(ctx); err != nil {
		return nil, fmt.Errorf("after loops: %w", err)
	}
	return []figure{
		median("W5 loop of 1,000 inserts", "ms", took, "<= 1,000 ms"),
		{Workload: "W5 loop of 100,000 passes", Unit: "ms", Value: long},
		{Workload: "W5 heap grown by it", Unit: "MiB", Value: grown, Target: "flat"},
	}, nil
}

// ended proves that a number of executions of a workflow have succeeded, each with as many
// steps in passes.
func (in *instance) ended(ctx context.Context, key string, executions, passes int) error {
	var good, steps int
	err := in.db.Read().QueryRow(ctx, `SELECT COUNT(DISTINCT e.id), COUNT(s.id) FROM executions e JOIN workflows w ON w.id = e.workflow_id
		JOIN steps s ON s.execution_id = e.id AND s.path <> '' AND s.status = 'done' WHERE w.wf_key = ? AND e.status = 'succeeded'`, key).Scan(&good, &steps)
	if err != nil {
		return fmt.Errorf("count passes: %w", err)
	}
	if good != executions || steps != executions*passes {
		return fmt.Errorf("%d executions of %s with %d passes have succeeded", good, key, steps)
	}
	return nil
}

// heap is how much memory is in use, without what waits to be collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
