package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser_LimitsAreSetAndWorkflowsPaused sets limits by clicking, pauses a workflow,
// sees why an execution waits, and lets it go.
//
//nolint:paralleltest // loads the machine
func TestBrowser_LimitsAreSetAndWorkflowsPaused(t *testing.T) {
	enter := demoPeople(t)
	designer, employee := enter("designer"), enter("employee")
	designer.listen()
	shows := func(address, name string) {
		t.Helper()
		for _, is := range []look{{1440, "light"}, {390, "dark"}, {1440, "dark"}, {390, "light"}} {
			require.Empty(t, designer.faults(is, address), "%s %d %s", address, is.width, is.theme)
			if is.theme == "light" && is.width == 1440 || is.theme == "dark" && is.width == 390 {
				designer.picture(name + "-" + is.theme)
			}
		}
	}
	shows("/workflows/reimb_approval/settings", "limits-settings")
	designer.fill("At most at a time", "5")
	designer.fill("One after another for each", "trigger.data.id")
	designer.press("Save")
	designer.sees("At most 5 at a time, one per trigger.data.id")
	designer.press("Pause")
	designer.sees("Paused by")
	employee.visit("/pages/reimbursements/forms/f3q8")
	employee.fill("Project name", "Offsite")
	employee.fill("Amount", "1250")
	employee.press("Submit")
	employee.sees("Offsite")
	shows("/workflows/reimb_approval/versions", "limits-paused")
	designer.visit("/executions")
	designer.sees("Waits: the workflow is paused")
	designer.visit(designer.first(`^/executions/[0-9a-z]+`))
	designer.sees("Waits: the workflow is paused")
	designer.picture("limits-held")
	shows("/limits", "limits-workspace")
	designer.visit("/workflows/reimb_approval/versions")
	designer.press("Resume")
	designer.sees("what was kept starts")
}
