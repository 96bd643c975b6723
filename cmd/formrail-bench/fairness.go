package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// flowQuiet is a workflow of which one execution runs now and then, beside a flood of
// another one.
const flowQuiet = `{"key":"quiet","title":"Quiet","type":"post_action","config":{"collection":"orders"},"nodes":[` + bigEnough + `,` + makeInvoice + `,` + endNode + `]}`

// What one measurement of fairness is.
const (
	fairPairs  = 5
	quietRuns  = 40
	quietPause = 10 * time.Millisecond
	floodDepth = 6_000 // executions that are started at once
)

// fairness measures how long an execution of a quiet workflow takes, from the write that
// starts it to its end, alone and while thousands of executions of another workflow wait.
// The two are measured in turns.
func (in *instance) fairness(ctx context.Context) ([]figure, error) {
	if err := in.workflow(ctx, flowQuiet); err != nil {
		return nil, err
	}
	var alone, beside, growth []float64
	for range fairPairs {
		a, err := in.quiet(ctx)
		if err != nil {
			return nil, err
		}
		if err := in.flood(ctx); err != nil {
			return nil, err
		}
		b, err := in.quiet(ctx)
		if err != nil {
			return nil, err
		}
		if in.eng.QueueStats().Waiting == 0 {
			return nil, errors.New("the flood ended before the quiet executions did")
		}
		if err := in.eng.WaitIdle(ctx); err != nil {
			return nil, err
		}
		alone, beside, growth = append(alone, middle(a)), append(beside, middle(b)), append(growth, (middle(b)/middle(a)-1)*100)
		fmt.Printf("pair: alone %.2f ms, beside a flood %.2f ms\n", middle(a), middle(b))
	}
	return []figure{
		median("W9 quiet execution alone, medians of five", "ms", alone, ""),
		median("W9 quiet execution beside a flood", "ms", beside, ""),
		median("W9 growth", "percent", growth, "<= 10 %"),
	}, in.sound(ctx)
}

func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// quiet runs executions one after another and gives how long each took, in milliseconds.
func (in *instance) quiet(ctx context.Context) ([]float64, error) {
	var out []float64
	for range quietRuns {
		<-time.After(quietPause)
		began := time.Now()
		r, err := in.order(ctx, "quiet", 1)
		if err != nil {
			return nil, err
		}
		status, err := in.eng.Settled(ctx, r.Triggers[0].ExecutionID, 30*time.Second)
		if err != nil {
			return nil, err
		}
		if status != models.Succeeded {
			return nil, fmt.Errorf("the quiet execution is %s", status)
		}
		out = append(out, milliseconds(time.Since(began)))
	}
	return out, nil
}

// order writes orders that start executions of a workflow.
func (in *instance) order(ctx context.Context, workflow string, n int) (*records.Result, error) {
	tree, err := field.ParseJSON([]byte(orderPayload))
	if err != nil {
		return nil, fmt.Errorf("read order: %w", err)
	}
	values, _ := tree.(map[string]any)
	op := &records.Operation{
		Access: in.access, Collection: "orders", Action: models.Create, Origin: models.Origin{Kind: "api"}, Bindings: []models.Binding{{Key: workflow}},
	}
	for range n {
		op.Batch = append(op.Batch, maps.Clone(values))
	}
	return in.recs.Write(ctx, op)
}

// flood starts thousands of executions of another workflow faster than they end.
func (in *instance) flood(ctx context.Context) error {
	for range floodDepth / 100 {
		if _, err := in.order(ctx, "without", 100); err != nil {
			return err
		}
	}
	if waiting := in.eng.QueueStats().Waiting; waiting < floodDepth/4 {
		return fmt.Errorf("no flood: %d executions wait", waiting)
	}
	return nil
}
