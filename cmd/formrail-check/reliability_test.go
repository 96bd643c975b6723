//go:build reliability

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReliability is what takes longer than a test run before each change may: builds that
// are broken on purpose, which the checks must notice, and a minute of load.
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
	for _, mutant := range []string{"mutant_script_in_process", "mutant_no_fan_out_limit"} {
		t.Run(mutant+" is caught", func(t *testing.T) {
			r, err := hostileMode(t.Context(), settings{binary: build(t, mutant), cycles: 1, quick: true, seed: seed(t), out: os.Stdout})
			if err != nil { // there is nobody left to judge
				t.Logf("broken: %v", err)
				return
			}
			require.NoError(t, os.RemoveAll(r.Folder))
			require.False(t, r.ok(), "a build that is broken on purpose passes: the check proves nothing")
			t.Logf("broken: %s", strings.Join(r.Broken, "; "))
		})
	}
	t.Run("a minute of the usual load leaves nothing behind", func(t *testing.T) {
		r, err := soakMode(t.Context(), settings{binary: build(t), cycles: 60, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
	})
}
