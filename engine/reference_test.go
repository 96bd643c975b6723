package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// reference is a small interpreter of definitions, made from the rules of the node
// types and without any of the engine's code: no database, no commits, no resuming. It
// knows the types that trees draws.
type reference struct {
	count  int64 // trigger.data.count
	early  []earlyCall
	now    int64   // in seconds
	ready  []*task // in front is next
	open   []waits
	timers []*task
	steps  []string // node@path status output
	rows   []string
	calls  int
	undone int // rows that a transaction has taken back
	status string
	output any
}

// task is something to do, now or at a time, unless what it belongs to has ended.
type task struct {
	due   int64
	of    *frame
	first *container // set when it begins a branch
	key   string     // of that branch
	do    func()
}

// waits is a node that waits in a frame.
type waits struct {
	f   *frame
	key string
}

// frame is one pass through a branch.
type frame struct {
	path  string
	outer *frame
	of    *container
	vals  map[string]any
	loop  map[string]any // variables of the innermost loop
}

// container is a node that has entered branches.
type container struct {
	over bool
}

func (f *frame) alive() bool {
	for at := f; at != nil; at = at.outer {
		if at.of != nil && at.of.over {
			return false
		}
	}
	return true
}

func (f *frame) get(key string) any {
	for at := f; at != nil; at = at.outer {
		if v, ok := at.vals[key]; ok {
			return v
		}
	}
	return nil
}

// assign changes the value of a variable where it was declared.
func (f *frame) assign(key string, v any) {
	for at := f; at != nil; at = at.outer {
		if _, ok := at.vals[key]; ok {
			at.vals[key] = v
			return
		}
	}
}

func (f *frame) inside(c *container, key string, pass int, loop map[string]any) *frame {
	if loop == nil {
		loop = f.loop
	}
	return &frame{path: strings.TrimPrefix(fmt.Sprintf("%s/%s#%d", f.path, key, pass), "/"), outer: f, of: c, vals: map[string]any{}, loop: loop}
}

// refEnd is how a node or a list of nodes ended.
type refEnd struct {
	kind string // ok, failed, rejected
	code string
	last any // output of the last step
}

type after func(refEnd)

func runReference(nodes []any, count int64, early ...earlyCall) *reference {
	r := &reference{count: count, early: early}
	root := &frame{vals: map[string]any{}}
	r.list(root, nodes, refEnd{kind: "ok"}, func(e refEnd) {
		if r.status == "" {
			for _, w := range r.open {
				r.step(w.f, w.key, "failed", nil)
			}
			r.status = map[string]string{"ok": "succeeded", "failed": "failed", "rejected": "rejected"}[e.kind]
		}
	})
	for r.status == "" {
		for len(r.ready) > 0 && r.status == "" {
			t := r.ready[0]
			r.ready = r.ready[1:]
			if t.of.alive() {
				t.do()
			}
		}
		if r.status != "" || len(r.timers) == 0 {
			break
		}
		sort.SliceStable(r.timers, func(i, j int) bool { return r.timers[i].due < r.timers[j].due })
		t := r.timers[0]
		r.timers = r.timers[1:]
		if t.of.alive() {
			r.now = max(r.now, t.due)
			r.ready = append(r.ready, t)
		}
	}
	return r
}

func (r *reference) step(f *frame, key, status string, output any) {
	r.steps = append(r.steps, fmt.Sprintf("%s@%s %s %s", key, f.path, status, shown(output)))
}

// shown writes a value with its keys in order; times are left out.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case map[string]any:
		switch {
		case v["resumedAt"] != nil:
			return "time"
		case v["execution"] != nil:
			return "started"
		case v["received"] != nil:
			return fmt.Sprint("received ", v["received"], " ", shown(v["body"]))
		}
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+":"+shown(v[k]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, shown(one))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprint(v)
}

func (r *reference) list(f *frame, nodes []any, before refEnd, then after) {
	if len(nodes) == 0 {
		then(before)
		return
	}
	n := nodes[0].(map[string]any)
	r.node(f, n, func(e refEnd) {
		if e.kind != "ok" {
			then(e)
			return
		}
		r.list(f, nodes[1:], e, then)
	})
}

func branchOf(n map[string]any, key string) []any {
	list, _ := n["branches"].([]any)
	for _, one := range list {
		if b := one.(map[string]any); b["key"] == key {
			nodes, _ := b["nodes"].([]any)
			return nodes
		}
	}
	return nil
}

// node runs one node, and what its error policy says when it fails.
func (r *reference) node(f *frame, n map[string]any, then after) {
	key := n["key"].(string)
	config, _ := n["config"].(map[string]any)
	done := func(v any) {
		r.step(f, key, "done", v)
		f.vals[key] = v
		then(refEnd{kind: "ok", last: v})
	}
	fail := func(code string) { r.failed(f, n, code, then) }
	switch n["type"] {
	case "calculation":
		switch e := config["expression"].(string); {
		case e == "1 / 0":
			fail("DIVISION_BY_ZERO")
		case strings.HasPrefix(e, "nodes."):
			done(f.get(strings.TrimPrefix(e, "nodes.")))
		case e == "loop.number":
			done(f.loop["number"])
		default:
			done(r.count + number(strings.TrimPrefix(e, "trigger.data.count + ")))
		}
	case "create_record":
		r.rows = append(r.rows, key)
		r.step(f, key, "done", "record")
		f.vals[key] = "record"
		then(refEnd{kind: "ok", last: "record"})
	case "delay":
		seconds := number(strings.TrimSuffix(config["for"].(string), "s"))
		r.wait(f, key, true)
		r.timers = append(r.timers, &task{due: r.now + seconds, of: f, do: func() {
			r.wait(f, key, false)
			done(map[string]any{"resumedAt": true})
		}})
	case "wait_event":
		if slices.ContainsFunc(r.early, func(c earlyCall) bool { return c.node == key }) {
			done(map[string]any{"received": true, "body": map[string]any{"v": int64(7)}})
			return
		}
		r.wait(f, key, true)
		r.timers = append(r.timers, &task{due: r.now + number(strings.TrimSuffix(config["deadline"].(string), "s")), of: f, do: func() {
			r.wait(f, key, false)
			late := map[string]any{"received": false}
			switch config["onDeadline"] {
			case "continue":
				done(late)
			case "branch":
				r.step(f, key, "done", late)
				f.vals[key] = late
				r.list(f, branchOf(n, "deadline"), refEnd{kind: "ok", last: late}, r.catching(f, n, then))
			default:
				fail("DEADLINE")
			}
		}})
	case "subflow":
		amount := config["input"].(map[string]any)["amount"]
		switch workflow := config["workflow"]; {
		case config["wait"] == false:
			done(map[string]any{"execution": "one"})
		case workflow == "breaks":
			fail("CHILD_FAILED")
		case workflow == "refuses":
			fail("CHILD_REFUSED")
		case workflow == "slow":
			r.wait(f, key, true)
			r.timers = append(r.timers, &task{due: r.now + 3, of: f, do: func() {
				r.wait(f, key, false)
				done(amount)
			}})
		default:
			done(amount)
		}
	case "test_call":
		r.calls++
		done(map[string]any{"attempt": int64(1), "value": config["value"]})
	case "test_reject":
		r.step(f, key, "done", "no")
		then(refEnd{kind: "rejected"})
	case "variable":
		if config["mode"] == "assign" {
			target := config["target"].(string)
			had, _ := f.get(target).(int64)
			v := had + config["value"].(int64)
			f.assign(target, v)
			done(v)
			return
		}
		done(config["value"])
	case "output":
		r.output = config["value"]
		done(config["value"])
	case "condition":
		yes := r.holds(f, config["when"])
		r.step(f, key, "done", yes)
		f.vals[key] = yes
		r.list(f, branchOf(n, map[bool]string{true: "yes", false: "no"}[yes]), refEnd{kind: "ok", last: yes}, then)
	case "loop":
		r.loop(f, n, done, then)
	case "parallel":
		r.parallel(f, n, done, then)
	case "transaction":
		r.transaction(f, n, done, then)
	default:
		panic(fmt.Sprint("the reference does not know ", n["type"]))
	}
}

// catching is then, behind what the error policy of a node says of failures in its branch.
func (r *reference) catching(f *frame, n map[string]any, then after) after {
	return func(e refEnd) {
		switch {
		case e.kind == "failed" && n["onError"] == "continue":
			then(refEnd{kind: "ok"})
		case e.kind == "failed" && n["onError"] == "branch":
			r.list(f, branchOf(n, "error"), refEnd{kind: "ok"}, then)
		default:
			then(e)
		}
	}
}

// wait notes that a node waits in a frame, or that it does no longer.
func (r *reference) wait(f *frame, key string, on bool) {
	r.open = slices.DeleteFunc(r.open, func(w waits) bool { return w == waits{f, key} })
	if on {
		r.open = append(r.open, waits{f, key})
	}
}

func (r *reference) failed(f *frame, n map[string]any, code string, then after) {
	key := n["key"].(string)
	handled := map[string]any{"error": code}
	switch n["onError"] {
	case "continue":
		r.step(f, key, "failed", handled)
		f.vals[key] = handled
		then(refEnd{kind: "ok", last: handled})
	case "branch":
		r.step(f, key, "failed", handled)
		f.vals[key] = handled
		r.list(f, branchOf(n, "error"), refEnd{kind: "ok", last: handled}, then)
	default:
		r.step(f, key, "failed", nil)
		then(refEnd{kind: "failed", code: code})
	}
}

// holds decides the conditions that trees draws: one comparison.
func (r *reference) holds(f *frame, when any) bool {
	row := when.(map[string]any)["all"].([]any)[0].(map[string]any)
	left := r.count
	switch name := strings.Trim(row["left"].(string), "{} "); {
	case name == "loop.number":
		left, _ = f.loop["number"].(int64)
	case strings.HasPrefix(name, "nodes."):
		left, _ = f.get(strings.TrimPrefix(name, "nodes.")).(int64)
	}
	right := row["right"].(int64)
	switch row["op"] {
	case "gt":
		return left > right
	case "lt":
		return left < right
	}
	return left == right
}

// close ends a container: what waits inside has failed.
func (r *reference) close(c *container) {
	c.over = true
	r.open = slices.DeleteFunc(r.open, func(w waits) bool {
		if w.f.alive() {
			return false
		}
		r.step(w.f, w.key, "failed", nil)
		return true
	})
}

// start puts the beginning of a branch behind those of the same container that have not
// begun, and otherwise in front.
func (r *reference) start(c *container, f *frame, key string, do func()) {
	t := &task{of: f, first: c, key: key, do: do}
	at := 0
	for i, one := range r.ready {
		if one.first == c {
			at = i + 1
		}
	}
	r.ready = slices.Insert(r.ready, at, t)
}

func loopVarsOf(config map[string]any, pass int) (map[string]any, int) {
	length := -1
	var item any
	switch config["source"] {
	case "count":
		length, item = max(0, int(config["count"].(int64))), int64(pass-1)
	case "while":
	default:
		list := config["items"].([]any)
		length = len(list)
		if pass <= length {
			item = list[pass-1]
		}
	}
	return map[string]any{"number": int64(pass), "item": item}, length
}

func (r *reference) loop(f *frame, n map[string]any, done func(any), then after) {
	key, config := n["key"].(string), n["config"].(map[string]any)
	c := &container{}
	parallelism, _ := config["parallelism"].(int64)
	var frames []*frame
	var at, begun, finished, failures int
	var going []int
	type pair struct {
		pass int
		v    any
	}
	var collected []pair
	broken := false
	last := f
	export := func() {
		if len(frames) > 0 {
			top := slices.MaxFunc(frames, func(a, b *frame) int { return passNumber(a) - passNumber(b) })
			maps.Copy(f.vals, top.vals)
		}
	}
	finish := func() {
		r.close(c)
		export()
		out := map[string]any{"looped": int64(begun), "done": int64(finished), "failed": int64(failures)}
		if broken {
			out["broken"] = true
		}
		if config["collect"] != nil {
			slices.SortStableFunc(collected, func(a, b pair) int { return a.pass - b.pass })
			items := []any{}
			for _, p := range collected {
				items = append(items, p.v)
			}
			out["items"] = items
		}
		r.wait(f, key, false)
		done(out)
	}
	if len(branchOf(n, "body")) == 0 {
		finish()
		return
	}
	r.wait(f, key, true)
	check := func(in *frame) bool { return r.holds(in, config["checkWhen"]) }
	var more func()
	passEnded := func(pass int, in *frame) after {
		return func(e refEnd) {
			if c.over {
				return
			}
			going = slices.DeleteFunc(going, func(p int) bool { return p == pass })
			switch {
			case e.kind == "rejected":
				r.close(c)
				export()
				r.wait(f, key, false)
				r.step(f, key, "failed", nil)
				then(e)
				return
			case e.kind == "failed" && (config["onItemFailure"] == nil || config["onItemFailure"] == "stop"):
				r.close(c)
				export()
				r.wait(f, key, false)
				r.failed(f, n, e.code, then)
				return
			case e.kind == "failed":
				failures++
				if config["onItemFailure"] == "break" {
					broken = true
				} else {
					finished++
				}
			default:
				finished++
				if config["collect"] != nil {
					collected = append(collected, pair{pass, int64(pass) * 2})
				}
				if config["checkAt"] == "after" && !check(in) && config["checkOnFalse"] == "break" {
					broken = true
				}
			}
			more()
		}
	}
	more = func() {
		over := broken
		for !over && len(going) < int(max(parallelism, 1)) {
			vars, length := loopVarsOf(config, at+1)
			if length >= 0 && at >= length || config["source"] == "while" && !r.holds(last, config["while"]) {
				over = true
				break
			}
			in := f.inside(c, key, at+1, vars)
			if config["checkAt"] == "before" && !check(in) {
				at++
				if config["checkOnFalse"] == "break" {
					broken, over = true, true
					if at == 1 {
						begun++
					}
				} else {
					begun++
				}
				continue
			}
			at++
			begun++
			going = append(going, at)
			frames = append(frames, in)
			last = in
			pass := at
			r.start(c, in, "body", func() { r.list(in, branchOf(n, "body"), refEnd{kind: "ok"}, passEnded(pass, in)) })
		}
		if broken || over && len(going) == 0 {
			finish()
		}
	}
	more()
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func passNumber(f *frame) int {
	return int(number(f.path[strings.LastIndex(f.path, "#")+1:]))
}

func (r *reference) parallel(f *frame, n map[string]any, done func(any), then after) {
	key, config := n["key"].(string), n["config"].(map[string]any)
	c := &container{}
	in := f.inside(c, key, 1, nil)
	mode, _ := config["mode"].(string)
	limit := 10
	if m, ok := config["maxConcurrent"].(int64); ok {
		limit = int(m)
	}
	var keys []string
	for _, one := range config["branches"].([]any) {
		keys = append(keys, one.(map[string]any)["key"].(string))
	}
	status, outputs := map[string]string{}, map[string]any{}
	count := func(states ...string) (k int) {
		for _, b := range keys {
			if slices.Contains(states, status[b]) {
				k++
			}
		}
		return k
	}
	r.wait(f, key, true)
	var more func()
	ended := func(b string) after {
		return func(e refEnd) {
			if c.over {
				return
			}
			switch e.kind {
			case "ok":
				status[b], outputs[b] = "succeeded", e.last
			default:
				status[b] = e.kind
			}
			decided := e.kind != "ok"
			switch mode {
			case "any":
				decided = e.kind == "ok"
			case "race":
				decided = true
			case "allSettled":
				decided = false
			}
			if !decided && count("", "running") > 0 {
				more()
				return
			}
			pending := map[string]bool{}
			for _, t := range r.ready {
				if t.first == c {
					pending[t.key] = true
				}
			}
			var list []any
			for _, k := range keys {
				switch {
				case status[k] == "" || status[k] == "running" && pending[k]:
					status[k] = "not_started"
				case status[k] == "running":
					status[k] = "cancelled"
				}
				list = append(list, map[string]any{"key": k, "status": status[k], "output": outputs[k]})
			}
			out := map[string]any{"winner": nil, "branches": list}
			if decided {
				out["winner"] = b
			}
			r.close(c)
			maps.Copy(f.vals, in.vals)
			r.wait(f, key, false)
			reject := func() {
				r.step(f, key, "done", out)
				then(refEnd{kind: "rejected"})
			}
			switch {
			case mode == "allSettled":
				done(out)
			case mode == "any" && !decided && count("rejected") == len(keys):
				reject()
			case mode == "any" && !decided:
				r.failed(f, n, "ALL_BRANCHES_FAILED", then)
			case decided && e.kind == "rejected":
				reject()
			case decided && e.kind == "failed":
				r.failed(f, n, e.code, then)
			default:
				done(out)
			}
		}
	}
	more = func() {
		for _, k := range keys {
			if status[k] == "" && count("running") < limit {
				status[k] = "running"
				branch := branchOf(n, k)
				at := func() { r.list(in, branch, refEnd{kind: "ok"}, ended(k)) }
				r.start(c, in, k, at)
			}
		}
	}
	more()
}

func (r *reference) transaction(f *frame, n map[string]any, done func(any), then after) {
	key, config := n["key"].(string), n["config"].(map[string]any)
	before := len(r.rows)
	run, undone := &container{}, &container{}
	in, behind := f.inside(run, key, 1, nil), f.inside(undone, key, 1, nil)
	over := func(c *container) {
		r.close(c)
		maps.Copy(f.vals, in.vals)
		maps.Copy(f.vals, behind.vals)
		r.wait(f, key, false)
	}
	undo := func() {
		r.undone += len(r.rows) - before
		r.rows = r.rows[:before]
	}
	rejected := func(c *container, e refEnd) {
		over(c)
		r.step(f, key, "failed", nil)
		then(e)
	}
	r.wait(f, key, true)
	r.list(in, branchOf(n, "run"), refEnd{kind: "ok"}, func(e refEnd) {
		switch e.kind {
		case "ok":
			over(run)
			done(map[string]any{"committed": true, "failure": nil})
			return
		case "rejected":
			undo()
			rejected(run, e)
			return
		}
		undo()
		r.close(run)
		r.list(behind, branchOf(n, "rolled_back"), refEnd{kind: "ok"}, func(later refEnd) {
			switch {
			case later.kind == "rejected":
				rejected(undone, later)
			case later.kind == "failed":
				over(undone)
				r.failed(f, n, later.code, then)
			case config["continueAfterRollback"] == true:
				over(undone)
				done(map[string]any{"committed": false, "failure": e.code})
			default:
				over(undone)
				r.failed(f, n, e.code, then)
			}
		})
	})
}
