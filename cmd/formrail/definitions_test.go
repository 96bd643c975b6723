package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

// demoFolder is a demo installation that no server runs on.
func demoFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	start(t, dir, "--demo").stop()
	return dir
}

// edited rewrites a file.
func edited(t *testing.T, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(data), from)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(data), from, to, 1)), 0o600))
}

func TestDefinitions_GoOutAndComeBack(t *testing.T) {
	t.Parallel()
	dir, folder := demoFolder(t), t.TempDir()
	file := filepath.Join(folder, "reimb_approval.json")
	require.Equal(t, file+"\n", requireOK(t, "export", "--all", "--out", folder, "--data", dir))
	exported, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(exported), requireOK(t, "export", "reimb_approval", "--data", dir), "the same content is the same bytes")
	require.Equal(t, "Nothing differs.\n", requireOK(t, "diff", folder, "--data", dir))
	require.Contains(t, requireOK(t, "check", folder, "--data", dir), "1 workflow files have no problems.")
	require.Contains(t, requireOK(t, "import", folder, "--publish", "--data", dir), "nothing differs")

	edited(t, file, `"right": 500`, `"right": 750`)
	edited(t, file, `"title": "Manager review"`, `"title": "Review"`)
	different := formrail("diff", folder, "--data", dir)
	require.Equal(t, exitDifferent, different.code)
	require.Contains(t, different.out, "reimb_approval: “More than 500?”, Yes when: ")
	require.Contains(t, different.out, "reimb_approval: “Review”, title: Manager review → Review")
	require.Equal(t, 2, strings.Count(different.out, "\n"))

	requireOK(t, "import", folder, "--dry-run", "--publish", "--data", dir)
	require.Equal(t, exitDifferent, formrail("diff", folder, "--data", dir).code, "a dry run changes nothing")
	require.Contains(t, requireOK(t, "import", folder, "--publish", "--data", dir), "published as version 2")
	require.Equal(t, "Nothing differs.\n", requireOK(t, "diff", folder, "--data", dir))
	w, err := models.WorkflowByKey(t.Context(), opened(t, dir).Read(), "reimb_approval")
	require.NoError(t, err)
	require.True(t, w.Enabled)
	require.False(t, w.DraftDirty)
}

func TestImport_TakesNothingWhileAFileHasProblems(t *testing.T) {
	t.Parallel()
	dir, folder := demoFolder(t), t.TempDir()
	requireOK(t, "export", "--all", "--out", folder, "--data", dir)
	file := filepath.Join(folder, "reimb_approval.json")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	fresh := filepath.Join(folder, "second.json")
	require.NoError(t, os.WriteFile(fresh, data, 0o600))
	for name, c := range map[string][3]string{
		"a key twice":         {`"kind"`, `"kind"`, "is used by"},
		"an unknown member":   {`"key": "reimb_approval"`, `"key": "second", "colour": 1`, "colour is not known here."},
		"no format":           {`"formrail": 1`, `"formrail": 2`, "This is no workflow file of format 1"},
		"a missing setting":   {`"collection": "payments",`, ``, "error at c5d1"},
		"another type":        {`"type": "post_action"`, `"type": "webhook"`, "Type and sync"},
		"an unknown variable": {`{{ trigger.data.projectName }}`, `{{ trigger.data.colour }}`, "names nothing"},
	} {
		require.NoError(t, os.WriteFile(fresh, data, 0o600))
		if name != "a key twice" && name != "another type" {
			edited(t, fresh, `"key": "reimb_approval"`, `"key": "second"`)
			if name == "an unknown member" {
				c[0], c[1] = `"key": "second"`, `"key": "second", "colour": 1`
			}
		}
		if name == "another type" {
			require.NoError(t, os.Remove(file))
		}
		edited(t, fresh, c[0], c[1])
		got := formrail("import", folder, "--data", dir)
		require.Equal(t, exitProblems, got.code, "%s: %v", name, got)
		require.Contains(t, got.out, c[2], name)
		require.NoError(t, os.WriteFile(file, data, 0o600))
	}
	list, err := models.Workflows(t.Context(), opened(t, dir).Read())
	require.NoError(t, err)
	require.Len(t, list, 1)

	require.NoError(t, os.WriteFile(fresh, data, 0o600))
	edited(t, fresh, `"key": "reimb_approval"`, `"key": "second"`)
	require.Contains(t, requireOK(t, "import", folder, "--data", dir), "second: new")
	w, err := models.WorkflowByKey(t.Context(), opened(t, dir).Read(), "second")
	require.NoError(t, err)
	require.False(t, w.Enabled, "what comes from a file starts nothing")
	require.Zero(t, w.LiveVersion)
	none := formrail("check", t.TempDir(), "--data", dir)
	require.Equal(t, exitFailed, none.code)
	broken := formrail("diff", t.TempDir(), "--data", dir)
	require.Equal(t, exitDiffFailed, broken.code)
}
