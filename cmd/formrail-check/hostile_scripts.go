package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// hostileScript is a script that means harm.
type hostileScript struct {
	name string
	code string
	ends []string // codes it may end with, "" for success; nil = any of the script codes, and success
}

// How a script may end.
var (
	endsKilled  = []string{"SCRIPT_KILLED"}                                                           //nolint:gochecknoglobals // a constant
	endsFailed  = []string{"SCRIPT_ERROR"}                                                            //nolint:gochecknoglobals // a constant
	endsNoGood  = []string{"SCRIPT_KILLED", "SCRIPT_ERROR"}                                           //nolint:gochecknoglobals // a constant
	endsAnyhow  = []string{"", "SCRIPT_KILLED", "SCRIPT_ERROR", "SCRIPT_PENDING", "OUTPUT_TOO_LARGE"} //nolint:gochecknoglobals // a constant
	endsPending = []string{"SCRIPT_PENDING"}                                                          //nolint:gochecknoglobals // a constant
)

// scriptTime is the time that each script is given, and scriptSlack how much longer it may
// last by the promise, with what a busy machine needs to start a process and to answer.
const (
	scriptTime    = time.Second
	scriptSlack   = 500*time.Millisecond + 2*time.Second
	scriptsBeside = 2 // as many as the pool has children: none waits for another one
)

// scripts runs each script as a workflow of its own and judges how it ended, and when.
func (h *hostile) scripts(ctx context.Context, list []hostileScript, r *report) int {
	var (
		took  latencies
		wait  sync.WaitGroup
		next  = make(chan int)
		ended int
		mu    sync.Mutex
	)
	for range scriptsBeside {
		wait.Go(func() {
			for i := range next {
				if h.script(ctx, fmt.Sprintf("script_%d", i), list[i], &took) {
					mu.Lock()
					ended++
					mu.Unlock()
				}
			}
		})
	}
	for i := range list {
		if ctx.Err() != nil || !h.alive("during "+list[max(0, i-1)].name) {
			break
		}
		next <- i
	}
	close(next)
	wait.Wait()
	if ended != len(list) {
		h.wrong("%d of %d scripts came to an end", ended, len(list))
	}
	r.ScriptEnds = took.said()
	return ended
}

// script runs one; it is true when it came to an end, or was refused before it could run.
func (h *hostile) script(ctx context.Context, key string, s hostileScript, took *latencies) bool {
	refused := h.publish(ctx, map[string]any{
		"key": key, "title": key, "type": "webhook", "config": answersID(),
		"nodes": []any{map[string]any{"key": "js", "type": "javascript", "config": map[string]any{"code": s.code, "timeout": "1s", "inputs": []any{map[string]any{"name": "n", "value": 7}}}}},
	})
	if refused != "" {
		if !strings.Contains(refused, "SCRIPT_INVALID") && !strings.Contains(refused, "DEFINITION_INVALID") && !strings.Contains(refused, "SCRIPT_KILLED") {
			h.wrong("script %s was refused: %.200s", s.name, refused)
		}
		if s.ends != nil && !slices.Equal(s.ends, endsAnyhow) {
			h.wrong("script %s cannot be published: %.200s", s.name, refused)
		}
		return true
	}
	begun := time.Now()
	id := h.start(ctx, key, map[string]any{})
	if id == "" {
		h.wrong("script %s was not started", s.name)
		return false
	}
	o, ok := h.awaited(ctx, id, 30*time.Second)
	if !ok {
		h.wrong("script %s had not ended after 30 s", s.name)
		return false
	}
	d := time.Since(begun)
	took.add(d)
	if d > scriptTime+scriptSlack {
		h.wrong("script %s ended after %s", s.name, d.Round(time.Millisecond))
	}
	ends := s.ends
	if ends == nil {
		ends = endsAnyhow
	}
	if !slices.Contains(ends, o.code) || o.status != "succeeded" && o.status != "failed" {
		h.wrong("script %s ended %s with %q: %.100s", s.name, o.status, o.code, o.says)
	}
	return true
}

// hostileScripts gives n scripts: the fixed ones first, then variations that chance makes.
func hostileScripts(random *rand.Rand, n int) []hostileScript {
	list := slices.Clone(fixedScripts())
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for len(list) < n {
		list = append(list, randomScript(random, len(list)))
	}
	return list[:n]
}

// randomScript wraps what never ends, or eats memory, into something that looks harmless.
func randomScript(random *rand.Rand, n int) hostileScript {
	bodies := []struct {
		name, code string
		ends       []string
	}{
		{"endless", "for (let i = 0; ; i++) { if (i < 0) break }", endsKilled},
		{"endless with work", fmt.Sprintf("let s = ''; for (;;) { s = (s + Math.random()).slice(-%d) }", 1+random.IntN(1000)), endsKilled},
		{"endless objects", fmt.Sprintf("const keep = []; for (;;) { keep.push({a: new Array(%d)}) }", 1+random.IntN(5000)), endsNoGood},
		{"doubling text", fmt.Sprintf("let s = %q; for (;;) s += s; return s.length", strings.Repeat("x", 1+random.IntN(50))), endsNoGood},
		{"recursion", fmt.Sprintf("function f(a%s) { return f(a + 1) + 1 } return f(0)", strings.Repeat(", b", 0)), endsNoGood},
		{"recursion through sort", "function f() { return [3, 2, 1].sort(f) } return f()", endsNoGood},
		{"recursion through replace", "function f(m) { return 'a'.replace(/a/, f) } return f()", endsNoGood},
		{"slow expression", fmt.Sprintf("return /^(%s)+\\1?$/.test('%s!')", []string{"a|aa", "a+", "(?:a|a)*", "a?a?a?"}[random.IntN(4)], strings.Repeat("a", 28+random.IntN(30))), endsAnyhow},
		{"large result", fmt.Sprintf("return 'x'.repeat(%d)", 1<<20+random.IntN(8<<20)), endsAnyhow},
		{"many values", fmt.Sprintf("return Array.from({length: %d}, (_, i) => i)", 200_000+random.IntN(800_000)), endsAnyhow},
		{"deep result", fmt.Sprintf("let o = {}; for (let i = 0; i < %d; i++) o = {o}; return o", 65+random.IntN(20_000)), endsAnyhow},
		{"large number", fmt.Sprintf("return String(%dn ** %dn).length", 2+random.IntN(9), 1_000_000+random.IntN(90_000_000)), endsAnyhow},
		{"many words", fmt.Sprintf("for (let i = 0; i < %d; i++) console.log('x'.repeat(%d))", 1+random.IntN(2_000_000), random.IntN(3000)), endsAnyhow},
	}
	wraps := []string{
		"%s", "return (() => { %s })()", "return await (async () => { %s })()", "try { %s } catch (e) { throw e }",
		"return [1].map(() => { %s })[0]", "const o = { get x() { %s } }; return o.x", "return new Promise((yes) => { yes((() => { %s })()) })",
		"class A { static m() { %s } } return A.m()", "return JSON.parse('[1]', () => { %s })",
	}
	b := bodies[random.IntN(len(bodies))]
	w := random.IntN(len(wraps))
	return hostileScript{name: fmt.Sprintf("%d: %s in form %d", n, b.name, w), code: fmt.Sprintf(wraps[w], b.code), ends: b.ends}
}
