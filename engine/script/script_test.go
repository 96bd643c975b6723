package script_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/script"
	"formrail/models/field"
)

// TestMain turns the test binary into a child when a pool starts it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "script-worker" {
		if err := script.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func newPool(t testing.TB, size int) *script.Pool {
	p := script.NewPool(script.Options{Command: []string{os.Args[0], "script-worker"}, Size: size, MemoryMiB: memoryMiB, Wait: time.Minute, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(p.Close)
	return p
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func request(code string) script.Request {
	return script.Request{Code: code, Now: noon, Seed: 7, Timeout: time.Minute}
}

func run(t testing.TB, p *script.Pool, code string) script.Result {
	out, err := p.Run(t.Context(), request(code))
	require.NoError(t, err, code)
	return out
}

func failure(t testing.TB, p *script.Pool, q script.Request) *script.Error {
	_, err := p.Run(context.Background(), q)
	var failed *script.Error
	require.ErrorAs(t, err, &failed, q.Code)
	return failed
}

func dec(s string) field.Decimal { return *field.Bound(s) }

func TestRun_GivesResults(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	for code, want := range map[string]any{
		`return 1 + 1`:                      int64(2),
		`return 0.1 + 0.2`:                  dec("0.30000000000000004"),
		`return dec("0.1").add(dec("0.2"))`: dec("0.3"),
		`return {total: dec("12345678901234567890.12").mul(2), text: String(dec("1.50"))}`:                                                              map[string]any{"total": dec("24691357802469135780.24"), "text": "1.5"},
		`return [dec(7).div(2).toNumber(), dec("2.345").round(2).toFixed(3), dec(1).lt("1.5"), dec(-1).abs().cmp(1), dec("2.5").round(0,"even").eq(2)]`: []any{dec("3.5"), "2.350", true, int64(0), true},
		`return`:           nil,
		``:                 nil,
		`return undefined`: nil,
		`return [undefined, () => 1, Symbol("x")]`:                                []any{nil, nil, nil},
		`return {a: undefined, b: null}`:                                          map[string]any{"b": nil},
		`return new Date(0)`:                                                      "1970-01-01T00:00:00.000Z",
		`return new Date().toISOString()`:                                         "2026-11-22T12:00:00.000Z",
		`return new Date(2026, 0, 1).getTimezoneOffset()`:                         int64(0),
		`const x = await Promise.resolve(20); return x + await (async () => 1)()`: int64(21),
		`return Promise.all([1, Promise.resolve(2)])`:                             []any{int64(1), int64(2)},
		`// only a comment at the end`:                                            nil,
		"return `line\n${1}`":                                                     "line\n1",
		`try { null.x } catch (e) { return e.name }`:                              "TypeError",
		`return typeof eval + typeof Function + typeof require + typeof process + typeof setTimeout + typeof fetch`:                             strings.Repeat("undefined", 6),
		`return [(()=>1).constructor, (async()=>1).constructor, (function*(){}).constructor, console.log.constructor].every(c => c === Object)`: true,
		`return "\u{1F600}"`: "😀",
	} {
		require.Equal(t, want, run(t, p, code).Value, code)
	}
}

func TestRun_HandsInputsOver(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	q := request(`input.list.push(1); list[0].a = 2; Object.assign(input, {z: 1});
		return [input.n, n, big, exact, at, day, Object.keys(obj), obj.__proto__, obj.constructor, Object.getPrototypeOf(obj) === Object.prototype, list.length]`)
	q.Inputs = map[string]any{
		"n": int64(5), "big": int64(1<<53 + 1), "exact": dec("0.12345678901234567890"), "at": noon, "day": field.Date("2026-11-22"),
		"list": []any{map[string]any{"a": int64(1)}},
		"obj":  map[string]any{"b": int64(1), "a": dec("1.5"), "__proto__": "mine", "constructor": "too"},
	}
	out, err := p.Run(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, []any{
		int64(5), int64(5), "9007199254740993", "0.1234567890123456789", "2026-11-22T12:00:00.000Z", "2026-11-22",
		[]any{"__proto__", "a", "b", "constructor"},
		"mine", "too", true, int64(1),
	}, out.Value)
	require.Len(t, out.Warnings, 4, "each inexact number, as member of input and by its name")
	require.Contains(t, out.Warnings[0], "would lose digits")
	require.Equal(t, []any{map[string]any{"a": int64(1)}}, q.Inputs["list"], "the caller's values do not change")
}

func TestRun_CollectsTheLog(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	out := run(t, p, `console.log("a", 1, {b: [2]}, null, undefined); console.warn(new TypeError("no")); console.error(dec("1.5"));
		const ring = {}; ring.self = ring; console.debug(ring)`)
	require.Equal(t, []script.LogLine{{"info", `a 1 {"b":[2]} null undefined`}, {"warn", "TypeError: no"}, {"error", "1.5"}, {"debug", "[object Object]"}}, out.Log)
	out = run(t, p, `for (let i = 0; i < 1000; i++) console.log("x".repeat(5000))`)
	require.Len(t, out.Log, 200)
	require.Less(t, len(out.Log[0].Text), 2010)
	require.Equal(t, []string{"The script wrote more than 200 lines. The rest was left out."}, out.Warnings)
}

func TestRun_WarnsOfNumbersThatAreNotFinite(t *testing.T) {
	t.Parallel()
	out := run(t, newPool(t, 1), `return [0/0, 1/0, 1]`)
	require.Equal(t, []any{nil, nil, int64(1)}, out.Value)
	require.Len(t, out.Warnings, 1)
}

func TestRun_RepeatsClockAndRandomNumbers(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	const code = `return [Math.random(), Math.random(), Date.now(), Object.keys(console)]`
	first := run(t, p, code).Value
	require.Equal(t, first, run(t, p, code).Value)
	other := request(code)
	other.Seed = 8
	out, err := p.Run(t.Context(), other)
	require.NoError(t, err)
	require.NotEqual(t, first, out.Value)
}

func TestRun_DescribesFailures(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	for _, tt := range []struct {
		code, want, message string
		line                int
	}{
		{"let a = 1;\nthrow new Error('no stock')", script.CodeError, "The script stopped with an error: Error: no stock.", 2},
		{"\n\nlet a; a.x", script.CodeError, "Cannot read property 'x' of undefined", 3},
		{"await Promise.reject(new RangeError('far'))", script.CodeError, "RangeError: far", 1},
		{"throw 'plain'", script.CodeError, "an error: plain.", 0},
		{"throw {code: 7}", script.CodeError, `{"code":7}`, 0},
		{"throw {get stack() { throw 1 }, toJSON() { throw 2 }, toString() { throw 3 }}", script.CodeError, "cannot be shown", 0},
		{"await new Promise(() => {})", script.CodePending, "waits for a promise", 0},
		{"function f() { return f() + 1 }\nreturn f()", script.CodeError, "calls itself too often", 0},
		{"return 10n", script.CodeError, "BigInt", 0},
		{"const a = []; a.push(a); return a", script.CodeError, "circular", 0},
		{"return 'x'.repeat(2 << 20)", script.CodeError, "larger than 1 MiB", 0},
		{"return dec('one')", script.CodeError, "not a number: one", 1},
		{"return dec(1) + 1", script.CodeError, "no operators", 0},
		{"return dec(1).div(0)", script.CodeError, "division by zero", 1},
		{"let x = ;", script.CodeInvalid, "Unexpected token", 1},
		{"let deep = 0; for (let i = 0; i < 100; i++) deep = [deep]; return deep", script.CodeError, "cannot be stored", 0},
		{`return "\ud800"`, script.CodeError, "cannot be stored", 0},
	} {
		got := failure(t, p, request(tt.code))
		require.Equal(t, tt.want, got.Code, tt.code)
		require.Contains(t, got.Message.String(), tt.message)
		if tt.line > 0 {
			require.Equal(t, tt.line, got.Line, "%s: %s", tt.code, got.Message)
		}
	}
	require.Equal(t, int64(1), run(t, p, "return 1").Value, "the pool goes on")
}

func TestRun_LeavesNothingBehindForTheNextRun(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	run(t, p, `Array.prototype.map = () => "poisoned"; Object.prototype.x = 1; globalThis.leak = 1; JSON.stringify = () => "1"; Promise.prototype.then = null;
		input.constructor.prototype.y = 1; dec(1).constructor.z = 1`)
	require.Equal(t, []any{[]any{int64(2)}, nil, true, nil, nil},
		run(t, p, `return [[1].map(x => x + 1), {}.x, typeof leak === "undefined", {}.y, Object.z]`).Value)
}

func TestRun_SurvivesPoisonedBuiltins(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	require.Equal(t, map[string]any{"a": int64(1)}, run(t, p, `JSON.stringify = () => "2"; Object.prototype.toJSON = undefined; return {a: 1}`).Value)
}

func TestRun_EndsHostileScripts(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"endless loop":             `for (;;) {}`,
		"endless microtasks":       `const f = () => Promise.resolve().then(f); await f()`,
		"array fill":               `new Array(2**27).fill(0)`,
		"doubling text":            `let s = "x"; for (;;) s += s`,
		"repeated text":            `const a = []; for (;;) a.push("x".repeat(2**28))`,
		"impossible text":          `"x".repeat(2**36)`,
		"objects":                  `const a = []; for (;;) a.push({a: [1,2,3]})`,
		"endless regex":            `/(.*)*\1x/.test("a".repeat(40))`,
		"big sort":                 `const a = []; for (let i = 0; i < 3e6; i++) a.push({i}); for (;;) a.sort((x, y) => 0.5 - Math.random())`,
		"typed array":              `const a = []; for (;;) a.push(new Uint8Array(2**30))`,
		"bigint":                   `let x = 3n; for (;;) x *= x`,
		"deep recursion in native": `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return JSON.stringify(a).length`,
		"join":                     `const a = new Array(2**31); a.join("xxxxxxxxxx")`,
		"getter on the result":     `return {get a() { for (;;) {} }}`,
		"hostile error":            `throw {toString() { for (;;) {} }, toJSON() { for (;;) {} }}`,
		"flood of output":          `for (;;) console.log({toJSON() { return "x".repeat(1e6) }})`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, 1)
			q := request(code)
			q.Timeout = time.Second
			got := failure(t, p, q)
			require.Contains(t, []string{script.CodeKilled, script.CodeError}, got.Code)
			require.Equal(t, int64(1), run(t, p, "return 1").Value, "the pool goes on")
		})
	}
}

func TestRun_TellsMemoryFromTime(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	got := failure(t, p, request(`const a = []; for (;;) a.push(new Uint8Array(1 << 20))`))
	require.Equal(t, script.CodeKilled, got.Code)
	if !raceDetector { // it reports in its own words
		require.Equal(t, "The script used more than 128 MB.", got.Message.String())
	}
	q := request(`for (;;) {}`)
	q.Timeout = 50 * time.Millisecond
	got = failure(t, p, q)
	require.Equal(t, script.CodeKilled, got.Code)
	require.Equal(t, "The script took longer than 50ms.", got.Message.String())
}

func TestRun_AllowsOrdinaryWork(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	require.Equal(t, int64(19999900000), run(t, p, `const a = []; for (let i = 0; i < 2e5; i++) a.push(i); return a.reduce((x, y) => x + y)`).Value)
	q := request(`return Object.keys(input.doc).length`)
	doc := map[string]any{}
	for i := range 20_000 {
		doc[fmt.Sprint("key", i)] = []any{int64(i), "some text that is a little longer"}
	}
	q.Inputs = map[string]any{"doc": doc}
	out, err := p.Run(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, int64(20_000), out.Value)
}

func TestCheck_FindsMistakesBeforeRunning(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	require.NoError(t, p.Check(t.Context(), "const {a} = input; return a ?? b", []string{"b", "_c", "$d"}))
	require.NoError(t, p.Check(t.Context(), "", nil))
	require.NoError(t, p.Check(t.Context(), "return "+strings.Repeat("1+", 2000)+"1", nil))
	for _, tt := range []struct {
		code  string
		names []string
		want  string
		line  int
	}{
		{"let a = 1;\nlet b = ;", nil, "Unexpected token ;", 2},
		{"return (", nil, "Unexpected token", 0},
		{"let a; let a", nil, "already been declared", 0},
		{"}); evil(); (async function(){", nil, "a } too many", 0},
		{"return 1 })(); (function(){", nil, "a } too many", 0},
		{strings.Repeat(" ", 70<<10), nil, "longer than 64 KiB", 0},
		{strings.Repeat("(", 60_000), nil, "nested more than", 0},
		{"return " + strings.Repeat("!", 60_000) + "1", nil, "nested more than", 0},
		{strings.Repeat("a=>", 20_000) + "1", nil, "nested more than", 0},
		{"return 1", []string{"a b"}, "cannot be the name", 0},
		{"return 1", []string{"a){"}, "cannot be the name", 0},
		{"return 1", []string{"class"}, "Unexpected token", 0},
		{"return 1", []string{"a", "a"}, "two inputs called a", 0},
		{"return 1", []string{"input"}, "two inputs called input", 0},
		{"import x from 'y'", nil, "Unexpected", 0},
		{"return " + strings.Repeat("(a=", 40) + "1" + strings.Repeat(")=>1", 40), nil, "too complicated", 0},
	} {
		err := p.Check(t.Context(), tt.code, tt.names)
		var refused *script.Error
		require.ErrorAs(t, err, &refused, tt.want)
		require.Equal(t, script.CodeInvalid, refused.Code)
		require.ErrorContains(t, err, tt.want)
		if tt.line > 0 {
			require.Equal(t, tt.line, refused.Line)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	p := newPool(b, 1)
	q := request(`return input.lines.map(l => l.price * l.count).reduce((a, b) => a + b, 0)`)
	q.Inputs = map[string]any{"lines": []any{
		map[string]any{"price": dec("99.5"), "count": int64(2), "sku": "A-1", "text": "a little text"},
		map[string]any{"price": dec("0.1"), "count": int64(3), "sku": "B-2", "text": "a little text"},
	}, "title": "Laptop for Priya"}
	_, err := p.Run(b.Context(), q)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := p.Run(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
