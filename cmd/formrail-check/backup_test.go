package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBackups runs one after another: each part loads the machine.
//
//nolint:paralleltest // see above
func TestBackups(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in short mode: runs real servers for minutes")
	}
	drill := func(t *testing.T, s settings) {
		t.Helper()
		s.seed, s.out = seed(t), os.Stdout
		r, err := backupMode(t.Context(), s)
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Equal(t, s.cycles, r.Backups)
		require.Equal(t, s.cycles, r.InFlight, "every backup was made while requests were under way")
	}
	t.Run("backups under load hold what was acknowledged, and send nothing", func(t *testing.T) {
		drill(t, settings{binary: build(t), cycles: 2})
	})
	t.Run("backups of PostgreSQL under load hold what was acknowledged, and send nothing", func(t *testing.T) {
		drill(t, settings{binary: build(t), cycles: 1, database: emptyPostgres(t)})
	})
	t.Run("a kill at any moment leaves no file that looks whole and is not", func(t *testing.T) {
		killedBackups(t, build(t, "faults"))
	})
}

// killedBackups kills the command at each of its points and looks at what is left.
func killedBackups(t *testing.T, binary string) {
	t.Helper()
	v := serve(t, settings{binary: binary, serve: []string{"--demo"}})
	run := func(fault string, words ...string) error {
		cmd := exec.CommandContext(t.Context(), binary, words...)
		cmd.Env = append(os.Environ(), "FORMRAIL_FAULT="+fault)
		text, err := cmd.CombinedOutput()
		if err != nil && fault == "" {
			t.Logf("%v: %s", words, text)
		}
		return err
	}
	file := filepath.Join(t.TempDir(), "backup")
	for _, point := range []string{"backup.write.before", "backup.copied", "backup.synced", "backup.verified", "backup.named", "backup.write.after"} {
		require.Error(t, run(point+":kill:1", "backup", file, "--data", v.folder), "%s is passed", point)
		if _, err := os.Stat(file); err == nil {
			require.Contains(t, []string{"backup.named", "backup.write.after"}, point)
			require.NoError(t, run("", "doctor", "--backup", file), point)
			require.NoError(t, os.Remove(file))
		}
	}
	require.NoError(t, run("", "backup", file, "--data", v.folder), "what a kill left is in nobody's way")
	require.NoFileExists(t, file+".part")

	folder := filepath.Join(t.TempDir(), "data")
	require.NoError(t, run("", "restore", file, "--data", folder))
	for _, point := range []string{"restore.unpacked", "restore.aside", "restore.named"} {
		require.Error(t, run(point+":kill:1", "restore", file, "--force", "--data", folder), "%s is passed", point)
		require.NoError(t, run("", "restore", file, "--force", "--data", folder), point)
		require.NoError(t, run("", "doctor", "--data", folder), point)
	}
}
