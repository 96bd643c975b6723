package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// How much one cycle of hostile mode holds.
const (
	scriptsPerCycle = 30
	inputsPerCycle  = 200
)

// Bounds of hostile mode. The promise for a workflow beside is one second; a machine that
// others use as well needs more.
const (
	canaryBound = 2 * time.Second
	restBound   = 60 * time.Second // until everything has come to rest
)

// The workflows that everything hostile is sent to, and a quiet one beside them.
const (
	quietFlow = `{"key":"quiet","title":"Quiet","type":"webhook","sync":true,"nodes":[{"key":"out","type":"output","config":{"value":"{{ trigger.body.n }}"}}]}`
	takeFlow  = `{"key":"take","title":"Take","type":"webhook","config":{"methods":["POST","PUT","PATCH","GET","DELETE"]},"nodes":[{"key":"keep","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.body.mark }}"}}}]}`
	echoFlow  = `{"key":"echo","title":"Echo","type":"webhook","sync":true,"config":{"methods":["POST","PUT"]},"nodes":[{"key":"out","type":"output","config":{"value":"{{ trigger.body }}"}}]}`
)

// hostile is one server under attack.
type hostile struct {
	s settings
	v *server
	c *client

	mu     sync.Mutex
	broken []string
}

func (h *hostile) wrong(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = append(h.broken, fmt.Sprintf(format, args...))
}

// alive reports whether the process that was started first still runs; it says so once.
func (h *hostile) alive(after string) bool {
	select {
	case <-h.v.ended():
		h.wrong("the server ended: %s", after)
		return false
	default:
		return true
	}
}

// hostileMode sends scripts, inputs, graphs and answers of other systems that mean harm to
// one running server. It must stay up, small and polite, and serve others meanwhile.
func hostileMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "hostile", Seed: s.seed}
	receivers, err := newReceivers()
	if err != nil {
		return r, err
	}
	defer receivers.close()
	s.serve = append(s.serve, "--egress-allow", receivers.address())
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	defer v.kill()
	c.http.Timeout = 40 * time.Second
	h := &hostile{s: s, v: v, c: c}
	for _, text := range []string{quietFlow, takeFlow, echoFlow} {
		if err := publish(ctx, c, text); err != nil {
			return r, err
		}
	}
	if err := h.prepareGraphs(ctx, receivers); err != nil {
		return r, err
	}
	quiet := h.quiet()
	singing, hush := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { quiet.sing(singing) })
	beside.Go(func() { h.neverEnding(ctx) })
	h.attack(ctx, &r)
	beside.Go(func() { hush() })
	beside.Wait()
	r.Canary = quiet.took.said()
	r.Broken = append(r.Broken, quiet.judge("the quiet workflow", canaryBound)...)
	return h.finish(ctx, r)
}

// attack makes all attacks, one kind after the other.
func (h *hostile) attack(ctx context.Context, r *report) {
	random := newRandom(h.s.seed)
	for _, part := range []struct {
		name string
		run  func() int
		into *int
	}{
		{"receivers and graphs", func() int { return h.graphs(ctx) }, &r.Graphs},
		{"scripts", func() int { return h.scripts(ctx, hostileScripts(random, scriptsPerCycle*h.s.cycles), r) }, &r.Scripts},
		{"inputs", func() int { return h.inputs(ctx, hostileInputs(random, inputsPerCycle*h.s.cycles)) }, &r.Inputs},
		{"bursts", func() int { return h.bursts(ctx) }, &r.Bursts},
	} {
		begun := time.Now()
		*part.into = part.run()
		fmt.Fprintf(h.s.out, "%s: %d in %s, peak %d MiB\n", part.name, *part.into, time.Since(begun).Round(100*time.Millisecond), memoryOf(h.v.pid(), "VmHWM"))
		if !h.alive("after " + part.name) {
			return
		}
	}
}

// quiet asks for the answer of a workflow that has nothing to do with the attack.
func (h *hostile) quiet() *canary {
	n := 0
	return &canary{rest: 50 * time.Millisecond, ask: func(ctx context.Context) error {
		n++
		r := h.c.call(ctx, "POST", "/hooks/quiet", "", map[string]any{"n": n})
		if r.status != 200 || number(r.body["data"]) != int64(n) {
			return fmt.Errorf("status %d, %v", r.status, r.body)
		}
		return nil
	}}
}

// patiently sends a request of the attack's set-up; it waits when the server asks for that.
// Any refusal is fine as long as it is orderly.
func (h *hostile) patiently(ctx context.Context, method, path string, body any) reply {
	for {
		r := h.c.call(ctx, method, path, "", body)
		if r.status != 429 || ctx.Err() != nil {
			h.orderly(method+" "+path, r)
			return r
		}
		pause(ctx, time.Second)
	}
}

// orderly notes an answer that is neither a success nor a clear refusal.
func (h *hostile) orderly(what string, r reply) bool {
	if r.status >= 200 && r.status < 500 || r.status == 503 {
		return true
	}
	h.wrong("%s was answered %d: %.200s", what, r.status, fmt.Sprint(r.body))
	return false
}

// publish makes a workflow, publishes it and switches it on, unless it is refused on the way.
func (h *hostile) publish(ctx context.Context, definition map[string]any) (refused string) {
	key := fmt.Sprint(definition["key"])
	for _, one := range []struct {
		path string
		body any
	}{
		{"/api/workflows:create", definition}, {"/api/workflows:publish/" + key, map[string]any{}}, {"/api/workflows:update/" + key, map[string]any{"enabled": true}},
	} {
		if r := h.patiently(ctx, "POST", one.path, one.body); r.status > 299 {
			return fmt.Sprint(r.body)
		}
	}
	return ""
}

// start starts an execution by a webhook that answers with its id; empty when it was refused.
func (h *hostile) start(ctx context.Context, key string, body any) string {
	r := h.patiently(ctx, "POST", "/hooks/"+key, body)
	id, _ := r.body["execution"].(string)
	return id
}

// answersID is what makes a webhook answer with the id of its execution.
func answersID() map[string]any {
	return map[string]any{"response": map[string]any{"body": `{"execution":"{{ system.execution.id }}"}`}}
}

// outcome is how an execution ended.
type outcome struct {
	status string
	code   string // of the first step that failed; empty for none
	says   string
	steps  int
}

// awaited waits for the end of an execution.
func (h *hostile) awaited(ctx context.Context, id string, limit time.Duration) (outcome, bool) {
	for end := time.Now().Add(limit); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 10*time.Millisecond) {
		r := h.c.call(ctx, "GET", "/api/executions:get/"+id, "", nil)
		if !h.orderly("an execution", r) {
			return outcome{}, false
		}
		d := r.data()
		status := fmt.Sprint(d["status"])
		if r.status != 200 || status == "queued" || status == "running" || status == "waiting" {
			continue
		}
		o := outcome{status: status}
		steps, _ := d["steps"].([]any)
		o.steps = len(steps)
		for _, step := range steps {
			m, _ := step.(map[string]any)
			if failure, ok := m["error"].(map[string]any); ok && o.code == "" {
				o.code, o.says = fmt.Sprint(failure["code"]), fmt.Sprint(failure["message"])
			}
		}
		return o, true
	}
	return outcome{}, false
}

// finish waits for rest, stops the server and judges what is left.
func (h *hostile) finish(ctx context.Context, r report) (report, error) {
	r.judgeMemory(h.v)
	if h.alive("at the end") {
		if !calm(ctx, h.c, restBound) {
			h.wrong("executions are still live after %s", restBound)
		}
		h.c.http.CloseIdleConnections() // the server waits for them when it stops
		r.Broken = append(r.Broken, stopped(h.v)...)
	}
	r.Broken = append(r.Broken, h.broken...)
	if err := judgeRest(ctx, h.v, time.Now(), &r); err != nil {
		return r, err
	}
	if !r.ok() {
		r.Folder = h.v.folder
		return r, nil
	}
	return r, os.RemoveAll(h.v.folder)
}

// stopped stops a server in an orderly way, and says what was wrong with that, or with its
// log.
func stopped(v *server) (broken []string) {
	if err := v.stop(); err != nil {
		broken = append(broken, err.Error())
	}
	for line := range strings.SplitSeq(v.log.String(), "\n") {
		if strings.Contains(line, "panic") {
			broken = append(broken, fmt.Sprintf("the log speaks of a panic: %.300s", line))
			break
		}
	}
	return broken
}

// encodedText is JSON that was written by hand.
func encodedText(s string) json.RawMessage { return json.RawMessage(s) }

// encoded is a value as JSON for a definition.
func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return raw
}
