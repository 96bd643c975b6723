package script

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChild_IsConfined(t *testing.T) {
	t.Parallel()
	c, err := newChild(Options{Command: []string{os.Args[0], "script-worker"}, MemoryMiB: 128}, false)
	require.NoError(t, err)
	defer c.end()
	require.True(t, c.alive())
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(c.cmd.Process.Pid), name))
		require.NoError(t, err)
		return string(b)
	}
	limits := read("limits")
	require.Regexp(t, `Max open files +16 +16`, limits)
	require.Regexp(t, `Max file size +0 +0`, limits)
	require.Regexp(t, `Max core file size +0 +0`, limits)
	require.Regexp(t, `Max cpu time +150 +150`, limits)
	require.Regexp(t, `Max data size +\d+ +\d+`, limits)
	require.Contains(t, read("status"), "NoNewPrivs:\t1")
	stat := strings.Fields(read("stat"))
	require.Equal(t, "19", stat[18], "the lowest priority")
	require.Equal(t, fmt.Sprint(c.cmd.Process.Pid), stat[4], "its own process group")
}

func TestChild_IsReplacedWhenItGrows(t *testing.T) {
	t.Parallel()
	c := &child{}
	require.False(t, c.worn(answer{memory: 10 << 20}))
	require.False(t, c.worn(answer{memory: 70 << 20}))
	require.True(t, c.worn(answer{memory: 75 << 20}))
	require.True(t, (&child{}).worn(answer{cpu: 61_000}))
	require.True(t, (&child{runs: 500}).worn(answer{}))
}

func TestChild_MayBeEndedTwice(t *testing.T) {
	t.Parallel()
	c, err := newChild(Options{Command: []string{os.Args[0], "script-worker"}, MemoryMiB: 128}, false)
	require.NoError(t, err)
	c.end()
	c.end()
	_, err = c.ask(context.Background(), []byte("{}\n"), defaultTimeout)
	require.Error(t, err)
}
