package engine_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/script"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// TestMain turns the test binary into a child when a pool of scripts starts it.
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

func scripted(t *testing.T, db *models.DB, clock models.Clock) *worldtest.World {
	t.Helper()
	w := notesWorld(t, db, clock, &worldtest.Outside{})
	w.Scripts(os.Args[0], "script-worker")
	return w
}

func TestJavascript_ComputesForLaterSteps(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := scripted(t, db, clock)
		w.Workflow(flow("js", `[{"key":"j","type":"javascript","config":{"inputs":[{"name":"title","value":"{{ trigger.data.title }}"}],"code":"return {twice: title + title}"}},
		  {"key":"c","type":"create_record","config":{"collection":"notes","values":{"title":"{{ nodes.j.twice }}"}}}]`))
		id := start(t, w, "js")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status)
		require.Equal(t, "j:done c:done", path(steps))
		require.Contains(t, string(steps[1].Input), "aa")
		w.Sound()
	})
}

func TestPublish_RefusesAScriptThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := scripted(t, modelstest.New(t), modelstest.NewClock())
	w.Draft(flow("js", `[{"key":"good","type":"javascript","config":{"code":"return 1"}},{"key":"bad","type":"javascript","config":{"code":"let a = 1;\nlet b = ;"}}]`))
	findings, err := w.Engine.Validate(t.Context(), w.Access(w.Designer), "js")
	require.NoError(t, err)
	require.Len(t, engine.Errors(findings), 1)

	_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "js", engine.Publish{})
	require.True(t, models.IsCode(err, "DEFINITION_INVALID"), err)
	fields := models.AsError(err).Fields
	require.Len(t, fields, 1)
	require.Equal(t, "bad.code", fields[0].Field)
	require.Equal(t, "SCRIPT_INVALID", fields[0].Code)
	require.Contains(t, fields[0].Message.String(), "Line 2: ")
	now, err := models.WorkflowByKey(t.Context(), w.DB.Read(), "js")
	require.NoError(t, err)
	require.Zero(t, now.LiveVersion, "nothing was published")
}
