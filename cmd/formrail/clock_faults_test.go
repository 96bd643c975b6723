//go:build faults

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMovedClock_ShowsWhatItsFileSays(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	shown, err := moved("2026-11-27T09:59:50Z 2028-02-29T00:00:00Z 60\n", at)
	require.NoError(t, err)
	require.Equal(t, time.Date(2028, 2, 29, 0, 10, 0, 0, time.UTC), shown)
	for _, bad := range []string{"", "2026-11-27T09:59:50Z", "x 2028-02-29T00:00:00Z 1", "2026-11-27T09:59:50Z x 1", "2026-11-27T09:59:50Z 2028-02-29T00:00:00Z -1"} {
		_, err := moved(bad, at)
		require.Error(t, err, bad)
	}
	file := filepath.Join(t.TempDir(), "clock")
	env := func(string) string { return file }
	require.Panics(t, func() { machineClock(env).Now() }, "a file that is not there")
	require.NoError(t, os.WriteFile(file, []byte("2000-01-01T00:00:00Z 1990-01-01T00:00:00Z 0"), 0o600))
	require.Equal(t, 1990, machineClock(env).Now().Year())
	require.Equal(t, wallClock{}, machineClock(func(string) string { return "" }))
}
