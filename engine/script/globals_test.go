package script

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// walk lists everything a script can reach by names of properties and prototypes,
// each object once, by the shortest path.
const walk = `(function(dec) {
	const seen = new Map(), found = [], queue = [["globalThis", globalThis], ["(function)", function(){}], ["(async)", async function(){}],
		["(generator)", function*(){}], ["(arrow)", () => 1], ["(class)", class {}], ["(regexp)", /x/], ["(array)", []], ["(promise)", Promise.resolve()],
		["(error)", new Error("x")], ["(dec)", dec("1")], ["(arguments)", (function() { return arguments })()], ["(iterator)", [][Symbol.iterator]()],
		["(bigint)", Object(1n)], ["(proxy)", new Proxy({}, {})], ["(date)", new Date()], ["(map)", new Map().entries()], ["(matches)", "x".matchAll(/x/g)]];
	while (queue.length) {
		const [path, o] = queue.shift();
		if (seen.has(o)) continue;
		seen.set(o, path);
		found.push(path + (typeof o === "function" ? "()" : ""));
		for (const key of Reflect.ownKeys(o)) {
			const d = Object.getOwnPropertyDescriptor(o, key);
			const name = typeof key === "symbol" ? "[" + key.description + "]" : "." + key;
			for (const v of [d.value, d.get, d.set]) if (v !== null && (typeof v === "object" || typeof v === "function")) queue.push([path + name, v]);
			if (!("value" in d) || (typeof d.value !== "object" && typeof d.value !== "function")) found.push(path + name);
		}
		const proto = Object.getPrototypeOf(o);
		if (proto) queue.push([path + ".(prototype)", proto]);
	}
	return found.sort().join("\n") + "\n";
})`

// TestGlobals_AreTheListedOnes fails when an update of the interpreter, or a change
// here, lets scripts reach something new. Read what is new before accepting it with
// UPDATE_GLOBALS=1.
func TestGlobals_AreTheListedOnes(t *testing.T) {
	t.Parallel()
	s, err := newSandbox()
	require.NoError(t, err)
	f, err := s.vm.RunString(walk + "(dec)")
	require.NoError(t, err)
	const list = "testdata/globals.txt"
	if os.Getenv("UPDATE_GLOBALS") != "" {
		require.NoError(t, os.WriteFile(list, []byte(f.String()), 0o600))
	}
	want, err := os.ReadFile(list)
	require.NoError(t, err)
	require.Equal(t, strings.Split(string(want), "\n"), strings.Split(f.String(), "\n"))
	for _, path := range strings.Split(f.String(), "\n") {
		last := path[strings.LastIndex(path, ".")+1:]
		require.False(t, slices.Contains([]string{"eval()", "Function()", "AsyncFunction()", "GeneratorFunction()", "require()", "process", "GoError()"}, last), path)
	}
}

func TestConsole_CountsCharactersOfWholeRunes(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ää…", shorten("äää", 5))
	require.Equal(t, "äää", shorten("äää", 6))
}
