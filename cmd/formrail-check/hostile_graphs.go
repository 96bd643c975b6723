package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Workflows that would go on for ever, each with the limit that stops it.
//
// Through data: a record makes a record that makes a record. What workflows write starts no
// workflow, so these end where they begin.
const (
	selfFlow   = `{"key":"self","title":"Self","type":"post_action","config":{"collection":"loops","mode":"global","actions":["create"]},"nodes":[{"key":"again","type":"create_record","config":{"collection":"loops","values":{"mark":"{{ trigger.data.mark }}"}}}]}`
	deepFlow   = `{"key":"deep","title":"Deep","type":"post_action","options":{"reentryLimit":20},"config":{"collection":"shafts","mode":"global","actions":["create"]},"nodes":[{"key":"again","type":"create_record","config":{"collection":"shafts","values":{"mark":"{{ trigger.data.mark }}"}}}]}`
	pingFlow   = `{"key":"ping","title":"Ping","type":"post_action","config":{"collection":"pings","mode":"global","actions":["create"]},"nodes":[{"key":"other","type":"create_record","config":{"collection":"pongs","values":{"mark":"{{ trigger.data.mark }}"}}}]}`
	pongFlow   = `{"key":"pong","title":"Pong","type":"post_action","config":{"collection":"pongs","mode":"global","actions":["create"]},"nodes":[{"key":"other","type":"create_record","config":{"collection":"pings","values":{"mark":"{{ trigger.data.mark }}"}}}]}`
	fannedFlow = `{"key":"fanned","title":"Fanned","type":"post_action","config":{"collection":"fans","mode":"global","actions":["create"]},"nodes":[]}`
	fanFlow    = `{"key":"fan","title":"Fan","type":"webhook","config":%s,"nodes":[{"key":"l","type":"loop","config":{"source":"count","count":150},"branches":[{"key":"body","nodes":[{"key":"c","type":"create_record","config":{"collection":"fans","values":{"mark":"x"}}}]}]}]}`
)

// Through calls: a ring, a chain, and very many at once.
const (
	leafFlow   = `{"key":"leaf","title":"Leaf","type":"subworkflow","nodes":[]}`
	calledFlow = `{"key":%q,"title":%q,"type":"subworkflow","nodes":[{"key":"c","type":"subflow","config":{"workflow":%q}}]}`
	ringFlow   = `{"key":"ring","title":"Ring","type":"webhook","config":%s,"nodes":[{"key":"c","type":"subflow","config":{"workflow":"ring_b"}}]}`
	chainFlow  = `{"key":"chain","title":"Chain","type":"webhook","config":%s,"nodes":[{"key":"c","type":"subflow","config":{"workflow":"call_11"}}]}`
	wideFlow   = `{"key":"wide","title":"Wide","type":"webhook","config":%s,"nodes":[{"key":"l","type":"loop","config":{"source":"count","count":150},"branches":[{"key":"body","nodes":[{"key":"c","type":"subflow","config":{"workflow":"leaf","wait":false}}]}]}]}`
	whileFlow  = `{"key":"forever","title":"Forever","type":"webhook","config":%s,"nodes":[{"key":"l","type":"loop","config":{"source":"while","while":{"all":[{"left":1,"op":"equal","right":1}]}},"branches":[{"key":"body","nodes":[{"key":"c","type":"calculation","config":{"expression":"loop.number"}}]}]}]}`
	longFlow   = `{"key":"long","title":"Long","type":"webhook","config":%s,"nodes":[{"key":"l","type":"loop","config":{"source":"count","count":3000},"branches":[{"key":"body","nodes":[{"key":"c","type":"calculation","config":{"expression":"loop.number * 2"}}]}]}]}`
	outFlow    = `{"key":"outward","title":"Outward","type":"webhook","config":%s,"nodes":[{"key":"call","type":"http_request","timeout":"5s","retry":{"attempts":1},"config":{"method":"GET","url":"%s/{{ trigger.body.path }}","body":"none","timeout":"2s","redirects":3}}]}`
)

// graph is one way to go on for ever, and what must be seen of its end.
type graph struct {
	name    string
	start   func(ctx context.Context) bool
	limited string // key of the workflow that is refused in the end; empty when none is
	says    string // what the trigger log says then
	reached string // counts what was started until then
	want    int
}

// prepareGraphs makes the collections and workflows.
func (h *hostile) prepareGraphs(ctx context.Context, r *receivers) error {
	for _, name := range []string{"loops", "shafts", "pings", "pongs", "fans"} {
		text := fmt.Sprintf(`{"name":%q,"title":%q,"fields":[{"name":"mark","type":"text","title":"Mark"}]}`, name, name)
		if _, err := h.c.must(ctx, "POST", "/api/collections:create", encodedText(text)); err != nil {
			return err
		}
	}
	config := string(encoded(answersID()))
	texts := []string{selfFlow, deepFlow, pingFlow, pongFlow, fannedFlow, leafFlow}
	for i := range 12 {
		texts = append(texts, fmt.Sprintf(calledFlow, fmt.Sprintf("call_%d", i), fmt.Sprintf("Call %d", i), map[bool]string{true: "leaf", false: fmt.Sprintf("call_%d", i-1)}[i == 0]))
	}
	texts = append(texts, `{"key":"ring_b","title":"Ring b","type":"subworkflow","nodes":[]}`, fmt.Sprintf(calledFlow, "ring_a", "Ring a", "ring_b"))
	for _, text := range []string{fanFlow, ringFlow, chainFlow, wideFlow, whileFlow, longFlow} {
		texts = append(texts, fmt.Sprintf(text, config))
	}
	texts = append(texts, fmt.Sprintf(outFlow, config, r.base))
	for _, text := range texts {
		if err := publish(ctx, h.c, text); err != nil {
			return fmt.Errorf("make %.60s: %w", text, err)
		}
	}
	return h.closeRing(ctx)
}

// closeRing makes ring_b call ring_a, which calls it: each was published before the other.
func (h *hostile) closeRing(ctx context.Context) error {
	const call = `{"id":"close-the-ring","commands":[{"command":"add_node","args":{"type":"subflow","at":{"parent":"","branch":"","index":0},"config":{"workflow":"ring_a"}}}]}`
	if _, err := h.c.must(ctx, "POST", "/api/workflows:commands/ring_b", encodedText(call)); err != nil {
		return err
	}
	_, err := h.c.must(ctx, "POST", "/api/workflows:publish/ring_b", map[string]any{})
	return err
}

// graphs starts everything that would never end, at once, with what calls other systems,
// and judges how it ended. It gives how many there were.
func (h *hostile) graphs(ctx context.Context) int {
	record := func(collection string) func(context.Context) bool {
		return func(ctx context.Context) bool {
			return h.patiently(ctx, "POST", "/api/"+collection+":create", map[string]any{"mark": "first"}).status < 300
		}
	}
	hook := func(key string) func(context.Context) bool {
		return func(ctx context.Context) bool { return h.start(ctx, key, map[string]any{}) != "" }
	}
	list := []graph{
		{"a record that makes itself", record("loops"), "", "", "loops", 2},
		{"a record that makes itself twenty times", record("shafts"), "", "", "shafts", 2},
		{"two that make each other", record("pings"), "", "", "pings", 1},
		{"one that makes very many", hook("fan"), "", "", "fans", 150},
		{"a ring of calls", hook("ring"), "ring_b", "may occur 1 time", "", 0},
		{"a chain of calls", hook("chain"), "call_4", "at most 8 executions", "", 0},
		{"very many calls", hook("wide"), "leaf", "at most 100 others", "", 0},
	}
	var wait sync.WaitGroup
	for _, g := range list {
		if !g.start(ctx) {
			h.wrong("%s was not started", g.name)
			continue
		}
		if g.limited != "" {
			wait.Go(func() { h.endsVisibly(ctx, g) })
		}
	}
	n := len(list) + h.calls(ctx, &wait) + h.loopsAndFormulas(ctx, &wait) + h.definitions(ctx)
	wait.Wait()
	if !calm(ctx, h.c, restBound) {
		h.wrong("graphs still run after %s", restBound)
	}
	for _, g := range list {
		h.reached(ctx, g)
	}
	return n
}

// endsVisibly waits until the trigger log names the limit that ended a chain.
func (h *hostile) endsVisibly(ctx context.Context, g graph) {
	var said []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		said = nil
		for _, line := range h.c.call(ctx, "GET", "/api/triggerLog:list?outcome=not_started&workflow="+g.limited, "", nil).list() {
			m, _ := line.(map[string]any)
			if m["reason"] == "recursion_guard" && strings.Contains(fmt.Sprint(m["explanation"]), g.says) {
				return
			}
			said = append(said, fmt.Sprintf("%v: %v", m["reason"], m["explanation"]))
		}
	}
	h.wrong("%s did not end by a limit that says %q, but: %.300s", g.name, g.says, strings.Join(said, "; "))
}

// reached compares how far a chain came.
func (h *hostile) reached(ctx context.Context, g graph) {
	if g.reached == "" {
		return
	}
	r := h.c.call(ctx, "GET", "/api/"+g.reached+":list?pageSize=1", "", nil)
	meta, _ := r.body["meta"].(map[string]any)
	if n := number(meta["count"]); n != int64(g.want) {
		h.wrong("%s made %d records, not %d", g.name, n, g.want)
	}
}

// loopsAndFormulas starts loops that are too long and formulas that cost too much.
func (h *hostile) loopsAndFormulas(ctx context.Context, wait *sync.WaitGroup) int {
	await := func(name, key string, ends ...string) {
		id := h.start(ctx, key, map[string]any{"text": strings.Repeat("ab", 1<<15)})
		if id == "" {
			h.wrong("%s was not started", name)
			return
		}
		wait.Go(func() {
			o, ok := h.awaited(ctx, id, restBound)
			if !ok || !slices.Contains(ends, o.code) {
				h.wrong("%s ended %s with %q: %.200s", name, o.status, o.code, o.says)
			}
		})
	}
	await("a loop for ever", "forever", "LIMIT_EXCEEDED")
	await("a long loop", "long", "")
	formulas := []string{
		`repeat("x", 1000000000)`, `range(0, 1000000000)`, `map(1..1000000, map(1..1000000, #))`, `9.99 ** 999999999`, `trigger.body.text matches "(a+)+$"`,
		`reduce(1..1000000, #acc + "xxxxxxxxxx", "")`, `replace(trigger.body.text, "", trigger.body.text)`, `split(trigger.body.text, "")`, `join(map(1..60000, trigger.body.text), "")`,
		strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000), strings.Repeat("-", 3000) + "1", strings.Repeat("1+", 1900) + "1", `round(1, 999999999)`, `date("9999-12-31") + duration("999999h")`,
	}
	n := 0
	for i, f := range formulas {
		key := fmt.Sprintf("formula_%d", i)
		refused := h.publish(ctx, map[string]any{
			"key": key, "title": key, "type": "webhook", "config": answersID(), "nodes": []any{map[string]any{"key": "c", "type": "calculation", "config": map[string]any{"expression": f}}},
		})
		if refused == "" {
			await("formula "+f[:min(40, len(f))], key, "", "LIMIT_EXCEEDED", "EXPRESSION_ERROR", "NUMBER_OVERFLOW", "TYPE_MISMATCH", "OUTPUT_TOO_LARGE", "TIMEOUT")
		}
		n++
	}
	return n + 2
}

// definitions sends workflows that are too deep, too wide or too long. Each is taken or
// refused, and soon.
func (h *hostile) definitions(ctx context.Context) int {
	node := func(i int) string {
		return fmt.Sprintf(`{"key":"n%d","type":"calculation","config":{"expression":"%d"}}`, i, i)
	}
	var wide []string
	for i := range 3000 {
		wide = append(wide, node(i))
	}
	deep := "[]"
	for i := range 400 {
		deep = fmt.Sprintf(`[{"key":"d%d","type":"condition","config":{"mode":"branch","when":{"all":[]}},"branches":[{"key":"yes","nodes":%s}]}]`, i, deep)
	}
	condition := `{"left":1,"op":"equal","right":1}`
	for range 400 {
		condition = `{"all":[` + condition + `]}`
	}
	for name, nodes := range map[string]string{
		"wide": "[" + strings.Join(wide, ",") + "]", "tall": deep, "same": "[" + node(1) + "," + node(1) + "]",
		"tangled": `[{"key":"c","type":"condition","config":{"mode":"branch","when":` + condition + `}}]`,
		"branchy": `[{"key":"p","type":"parallel","config":{"branches":[` + strings.TrimSuffix(strings.Repeat(`{"key":"b","title":"B"},`, 5000), ",") + `]}}]`,
	} {
		begun := time.Now()
		h.publish(ctx, map[string]any{"key": name + "_graph", "title": name, "type": "webhook", "config": map[string]any{}, "nodes": encodedText(nodes)})
		if took := time.Since(begun); took > 10*time.Second {
			h.wrong("the definition %s took %s", name, took.Round(time.Millisecond))
		}
	}
	return 5
}
