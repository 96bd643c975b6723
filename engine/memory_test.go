package engine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemory_SeesItsOwnPassesAndTheLastOfOthers(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.put("a", "", "outside")
	m.put("b", "l#1", "first")
	m.put("b", "l#2", "second")
	m.put("c", "l#2/k#1", "deep")
	m.put("d", "p#1", "beside")
	for _, c := range []struct {
		node, from string
		want       any
	}{
		{"a", "l#2/k#1", "outside"},
		{"b", "l#1", "first"},
		{"b", "l#2/k#3", "second"},
		{"b", "l#3", nil}, // another pass has given nothing yet
		{"b", "", "second"},
		{"b", "p#1", "second"},
		{"c", "l#2", "deep"},
		{"c", "l#1", nil},
		{"d", "l#1", "beside"},
		{"x", "", nil},
	} {
		require.Equal(t, c.want, m.get(c.node, c.from), "%s from %q", c.node, c.from)
	}
	require.Equal(t, map[string]any{"a": "outside", "b": "first", "d": "beside"}, m.seen("l#1"))
	require.Equal(t, map[string]any{"a": "outside", "b": "second", "c": "deep", "d": "beside"}, m.seen(""))
}

func TestMemory_ForgetsPassesAndOrdersThemByNumber(t *testing.T) {
	t.Parallel()
	m := newMemory()
	for pass := range 100_000 {
		m.put("b", PassPath("o#1", "l", pass+1), pass)
		m.hold("b", PassPath("o#1", "l", pass+1), fmt.Sprint(pass))
		m.keepPasses("l", "o#1", func(p int) bool { return p == pass+1 })
		require.Len(t, m.deep["b"], 1)
		require.Len(t, m.held, 1)
	}
	m.put("b", "o#1/l#9", "nine")
	require.Equal(t, 99_999, m.get("b", "o#1"), "the latest pass counts, not the last that was kept")
	m.keepPasses("l", "o#2", func(int) bool { return false })
	require.Len(t, m.deep["b"], 2, "another pass around it is not touched")
	m.keepPasses("l", "o#1", func(int) bool { return false })
	require.Nil(t, m.get("b", "o#1"))
}

func TestMemory_ChangesAValueWhereItWasDeclared(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.put("v", "l#1", int64(1))
	m.hold("v", "l#1", "step-1")
	m.put("v", "l#2", int64(1))
	m.hold("v", "l#2", "step-2")
	c := m.copy()
	require.Equal(t, "step-2", c.assign("v", "l#2/k#7", int64(5)))
	require.Equal(t, int64(5), c.get("v", "l#2"))
	require.Equal(t, int64(1), c.get("v", "l#1"))
	require.Equal(t, int64(1), m.get("v", "l#2"), "a copy is independent")
	require.Empty(t, c.assign("other", "l#2", int64(5)))
}
