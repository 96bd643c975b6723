//go:build reliability

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReliability is what takes longer than a test run before each change may: builds that
// are broken on purpose, which the checks of several servers, of backups and of power cuts
// must notice, and more rounds of what TestBreaking does.
//
//nolint:paralleltest // each part loads the machine
func TestReliability(t *testing.T) {
	t.Run("mutant_no_fencing is caught", func(t *testing.T) {
		binary := build(t, "mutant_no_fencing")
		for range 3 { // chance decides what comes first after a freeze
			r, err := clusterMode(t.Context(), settings{binary: binary, database: emptyPostgres(t), cycles: 1, seed: seed(t), out: os.Stdout})
			require.NoError(t, err)
			require.NoError(t, os.RemoveAll(r.Folder))
			if !r.ok() {
				t.Logf("broken: %s", strings.Join(r.Broken, "; "))
				return
			}
		}
		require.Fail(t, "a build without the fencing token passes: the check proves nothing")
	})
	t.Run("mutant_copy_backup is caught", func(t *testing.T) {
		r, err := backupMode(t.Context(), settings{binary: build(t, "mutant_copy_backup"), cycles: 3, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(r.Folder))
		require.False(t, r.ok(), "a build that is broken on purpose passes: the check proves nothing")
		t.Logf("lost %d, broken %v", r.Lost, r.Broken)
	})
	killsCatch(t, "mutant_answer_early", func(r report) bool { return r.Lost > 0 })
	killsCatch(t, "mutant_intent_late", func(r report) bool { return r.Doubled > 0 })
	killsCatch(t, "mutant_timer_in_memory", func(r report) bool { return r.Stuck > 0 })
	t.Run("mutant_sync_normal is caught", func(t *testing.T) {
		r, err := powercutMode(t.Context(), settings{binary: build(t, "mutant_sync_normal"), cycles: 12, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(r.Folder))
		require.Positive(t, r.Lost, "a build that syncs now and then only loses nothing: the cuts cut nothing")
		t.Logf("acknowledged %d requests, lost %d records and effects", r.Acknowledged, r.Lost)
	})
	t.Run("60 power cuts lose nothing that was acknowledged", func(t *testing.T) {
		r, err := powercutMode(t.Context(), settings{binary: build(t), cycles: 60, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.GreaterOrEqual(t, 2*r.InFlight, r.Cuts)
	})
	t.Run("a disk that is full three times is refused in order", func(t *testing.T) {
		r, err := diskfullMode(t.Context(), settings{binary: build(t), cycles: 3, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Equal(t, 3, r.Fills)
	})
}
