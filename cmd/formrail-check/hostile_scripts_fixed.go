package main

import (
	"slices"
	"strings"
)

// fixedScripts are scripts that other products fell over, or that reach for what they must
// not have. Each is given a second.
func fixedScripts() []hostileScript {
	return slices.Concat(costlyScripts(), oddScripts())
}

// costlyScripts want all of the time, or all of the memory.
func costlyScripts() []hostileScript {
	return []hostileScript{
		// Never at an end.
		{"empty loop", "for(;;){}", endsKilled},
		{"loop that catches all", "for(;;) { try { for(;;){} } catch (e) {} finally { continue } }", endsKilled},
		{"loop of promises", "async function f() { for (;;) await 0 } await f()", endsKilled},
		{"promises that make promises", "const f = () => Promise.resolve().then(f); await f()", nil},
		{"endless generator", "function* g() { for (;;) yield 1 } for (const x of g()) {} ", endsKilled},
		{"endless spread", "function* g() { for (;;) yield 1 } return [...g()].length", endsNoGood},
		{"endless getter", "return {get x() { for (;;) {} }}", endsNoGood},
		{"endless toJSON", "return {toJSON() { for (;;) {} }}", endsNoGood},
		{"endless message", "throw {get message() { for (;;) {} }, toString() { for (;;) {} }}", endsNoGood},
		{"endless stack", "const e = new Error('x'); Object.defineProperty(e, 'stack', {get() { for (;;) {} }}); throw e", endsNoGood},
		{"endless comparison", "return [2, 1].sort(() => { for (;;) {} })", endsKilled},
		{"endless proxy", "const p = new Proxy({}, {ownKeys() { for (;;) {} }}); return Object.keys(p)", endsKilled},
		{"native that takes long", "return new Array(1e8).join('x').split('').sort().length", endsNoGood},
		{"sum of very many", "let a = new Array(5e7).fill(1); return a.reduce((x, y) => x + y)", nil},

		// Greedy.
		{"array of everything", "return new Array(4294967295).fill(0).length", endsNoGood},
		{"buffers", "const a = []; for (;;) a.push(new ArrayBuffer(1 << 28))", endsNoGood},
		{"one buffer", "return new Uint8Array(2 ** 33).length", endsNoGood},
		{"text of a gigabyte", "return 'x'.repeat(2 ** 30).length", nil},
		{"padding", "return 'x'.padEnd(2 ** 31).length", nil},
		{"great number", "let b = 2n; for (;;) b = b * b", endsNoGood},
		{"great power", "return String(9n ** (9n ** 9n)).length", endsNoGood},
		{"maps", "const m = new Map(); for (let i = 0; ; i++) m.set({i}, new Map(m))", endsNoGood},
		{"keeps all it matches", "let s = 'ab'.repeat(1 << 20); const k = []; for (;;) k.push(s.match(/a/g))", endsNoGood},

		// Deep.
		{"calls itself", "function f() { return f() } return f()", endsFailed},
		{"calls itself by getter", "const o = {get o() { return this.o }}; return o.o", endsNoGood},
		{"calls itself by toString", "const o = {toString() { return '' + o }}; return '' + o", endsNoGood},
		{"deep brackets", "return " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), nil},
		{"deep brackets of round", "return " + strings.Repeat("(", 30_000) + "1" + strings.Repeat(")", 30_000), nil},
		{"deep operators", "return " + strings.Repeat("!", 60_000) + "1", nil},
		{"deep JSON", "return JSON.parse('['.repeat(1e6) + ']'.repeat(1e6))", nil},
		{"deep result", "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a", endsNoGood},

		// Regular expressions that take for ever.
		{"nested plus", "return /^(a+)+$/.test('a'.repeat(60) + '!')", nil},
		{"nested plus, looking back", `return /^(a+)+\1$/.test('a'.repeat(60) + '!')`, nil},
		{"nested plus, looking ahead", "return /^(?=(a+)+$)b/.test('a'.repeat(60) + '!')", nil},
		{"very many choices", "return new RegExp('(a?){5000}a{5000}').test('a'.repeat(5000))", nil},
		{"large repeat", "return new RegExp('((a{1000}){1000}){1000}').test('a')", nil},
		{"source of an expression", "return new RegExp('('.repeat(1e5)).test('a')", nil},
	}
}

// oddScripts give what cannot be given, or reach for what belongs to the house.
func oddScripts() []hostileScript {
	return []hostileScript{
		// Results that cannot be given.
		{"large text", "return 'x'.repeat(2 << 20)", endsFailed},
		{"large list", "return new Array(1e6).fill('0123456789')", endsNoGood},
		{"circle", "const o = {}; o.o = o; return o", endsFailed},
		{"function", "return () => 1", nil},
		{"symbol", "return Symbol('x')", nil},
		{"large whole number", "return 10n ** 40n", nil},
		{"no number", "return {a: NaN, b: Infinity, c: -0, d: undefined}", nil},
		{"half a character", `return '\ud800'`, nil},
		{"a name with half a character", `return {['\udfff' + '\u0000']: 1}`, nil},
		{"no date", "return new Date(NaN)", nil},
		{"never settled", "await new Promise(() => {})", endsPending},
		{"proxy that throws", "return new Proxy({}, {get() { throw 1 }, ownKeys() { throw 2 }})", endsNoGood},
		{"many keys", "const o = {}; for (let i = 0; i < 5e5; i++) o['k' + i] = i; return o", endsNoGood},
		{"line breaks", `return 'a\n{"json":"forged"}\n'`, []string{""}},

		// What is thrown, and what is said.
		{"throws nothing", "throw undefined", endsFailed},
		{"throws a text of megabytes", "throw 'x'.repeat(1 << 22)", endsFailed},
		{"throws a proxy", "throw new Proxy({}, {get() { throw 1 }})", endsFailed},
		{"says very much", "for (let i = 0; i < 1e7; i++) console.log('x'.repeat(1e4))", nil},
		{"says a circle", "const o = {}; o.o = o; console.log(o, [o], new Map([[o, o]]))", []string{""}},

		// What belongs to the house.
		{"new JSON", "JSON.stringify = () => '{\"x\":1}\\n{}'; JSON.parse = null; return 1", nil},
		{"new promises", "Promise.prototype.then = function() { for (;;) {} }; return 1", nil},
		{"new prototypes", "Object.prototype.toJSON = () => 'x'.repeat(1e7); Array.prototype.map = null; return [{}]", nil},
		{"setters of everybody", "Object.defineProperty(Object.prototype, 'json', {set() { for (;;) {} }}); return {json: 1}", nil},
		{"the constructor of functions", "return (() => {}).constructor('return 1')()", nil},
		{"out of the function", "}); for (;;) {} (() => {", nil},
		{"out of the comment", "/* ", nil},
		{"a map of the source", "return 1\n//# sourceMappingURL=/etc/passwd", []string{""}},
		{"no process", "return [typeof process, typeof require, typeof fetch, typeof setTimeout, typeof Deno].join()", []string{""}},
		{"source that is too long", "return 1 // " + strings.Repeat("x", 70_000), nil},
	}
}
