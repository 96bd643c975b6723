// Package urls makes every address the pages link to, so that a route is written
// in the route table and here, and nowhere else. Forms post to these addresses.
package urls

import (
	"net/url"
	"strconv"
)

// Home is the first page of a signed-in person.
func Home() string { return "/" }

// HomeRange is the first page with its chart over another range of time: 24h, 28d or 90d.
func HomeRange(name string) string { return Home() + "?" + url.Values{"range": {name}}.Encode() }

// Jump searches for what the reader may go to; without words it lists what is near.
func Jump(search string) string {
	if search == "" {
		return "/jump"
	}
	return "/jump?" + url.Values{"search": {search}}.Encode()
}

// SignIn shows and takes the sign-in form.
func SignIn() string { return "/sign-in" }

// SignOut ends the session; POST.
func SignOut() string { return "/sign-out" }

// Setup shows and takes the form for the first administrator.
func Setup() string { return "/setup" }

// Release lets an installation that came out of a backup act again; POST.
func Release() string { return "/instance/release" }

// Queue shows what waits for the server.
func Queue() string { return "/queue" }

// Watchdog shows what the checks of every minute have found.
func Watchdog() string { return "/watchdog" }

// Live is the event stream of the given topics.
func Live(topics string) string { return "/live?" + url.Values{"topics": {topics}}.Encode() }

// Tasks is one list of tasks: "" (to do), "done" or "started".
func Tasks(tab string) string {
	if tab == "" {
		return "/tasks"
	}
	return "/tasks/" + url.PathEscape(tab)
}

// TaskCount is how many tasks wait for the reader, for the navigation.
func TaskCount() string { return Tasks("") + "?part=count" }

// TaskState is what changes of a task while somebody reads it.
func TaskState(id string) string { return Task(id) + "?part=state" }

// Task is one task.
func Task(id string) string { return "/tasks/" + url.PathEscape(id) }

// TaskAction takes a decision or a comment: approve, reject, comment; POST.
func TaskAction(id, action string) string { return Task(id) + "/" + url.PathEscape(action) }

// Executions is the list; its filters are status, workflow, search and cursor.
func Executions() string { return "/executions" }

// ExecutionsOf is the list of one workflow's executions.
func ExecutionsOf(workflow string) string {
	return Executions() + "?" + url.Values{"workflow": {workflow}}.Encode()
}

// Execution is one execution.
func Execution(id string) string { return "/executions/" + url.PathEscape(id) }

// ExecutionStep is one execution with a step chosen.
func ExecutionStep(id, step string) string {
	return Execution(id) + "?" + url.Values{"step": {step}}.Encode()
}

// ExecutionView is what is seen on the canvas of an execution.
type ExecutionView struct {
	Step     string // chosen step; empty for none
	Path     string // chosen passes of loops: "l1#2/k3#4"
	Folds    string // steps whose branches are folded away: "a,b"
	As       string // list or canvas, from now on
	Settings bool   // of the step, instead of how it went
	Whole    bool   // large values of the step, too
}

// With gives the same with another step chosen.
func (v ExecutionView) With(step string) ExecutionView {
	v.Step = step
	return v
}

// ExecutionSeen is the canvas of one execution.
func ExecutionSeen(id string, seen ExecutionView) string {
	q := url.Values{}
	if seen.Step != "" {
		q.Set("step", seen.Step)
	}
	if seen.Path != "" {
		q.Set("path", seen.Path)
	}
	if seen.Folds != "" {
		q.Set("folds", seen.Folds)
	}
	if seen.As != "" {
		q.Set("as", seen.As)
	}
	if seen.Settings {
		q.Set("view", "settings")
	}
	if seen.Whole {
		q.Set("values", "all")
	}
	if len(q) == 0 {
		return Execution(id)
	}
	return Execution(id) + "?" + q.Encode()
}

// ExecutionTab is one execution seen another way than on the canvas.
func ExecutionTab(id, tab string) string {
	return Execution(id) + "?" + url.Values{"tab": {tab}}.Encode()
}

// ExecutionTimeline is the timeline of one execution on another scale.
func ExecutionTimeline(id, scale string) string {
	return Execution(id) + "?" + url.Values{"tab": {"timeline"}, "scale": {scale}}.Encode()
}

// ExecutionValue is the file of a value of a step: "input" or "output".
func ExecutionValue(id, step, of string) string {
	return Execution(id) + "/values/" + url.PathEscape(step) + "/" + of
}

// Operations is the list of long work; POST starts some.
func Operations() string { return "/operations" }

// Operation is one of them.
func Operation(id string) string { return Operations() + "/" + url.PathEscape(id) }

// OperationChange pauses, stops or resumes one; POST.
func OperationChange(id string) string { return Operation(id) + "/change" }

// NewOperation asks about something that would be done with all executions that match.
func NewOperation(do string, filter url.Values) string {
	q := url.Values{"do": {do}}
	for name, values := range filter {
		q[name] = values
	}
	return "/new-operation?" + q.Encode()
}

// ExecutionCancel stops an execution; POST.
func ExecutionCancel(id string) string { return Execution(id) + "/cancel" }

// ExecutionRerun starts a new execution with the same input; POST.
func ExecutionRerun(id string) string { return Execution(id) + "/rerun" }

// ExecutionRetry goes on from the step that failed, or from a chosen one; POST.
func ExecutionRetry(id string) string { return Execution(id) + "/retry" }

// ExecutionSkipWait lets a step that waits for time go on now; POST.
func ExecutionSkipWait(id string) string { return Execution(id) + "/skip-wait" }

// Workflows is the list.
func Workflows() string { return "/workflows" }

// Workflow is one workflow.
func Workflow(key string) string { return "/workflows/" + url.PathEscape(key) }

// WorkflowVersion is one version, read only.
func WorkflowVersion(key string, number int) string {
	return Workflow(key) + "/versions/" + strconv.Itoa(number)
}

// WorkflowPublish makes the draft the live version; POST.
func WorkflowPublish(key string) string { return Workflow(key) + "/publish" }

// WorkflowSettings is what holds for all versions of a workflow.
func WorkflowSettings(key string) string { return Workflow(key) + "/settings" }

// WorkflowPause keeps the starts of a workflow; POST.
func WorkflowPause(key string) string { return Workflow(key) + "/pause" }

// WorkflowResume ends that, by the value kept; POST.
func WorkflowResume(key string) string { return Workflow(key) + "/resume" }

// Limits is what bounds all workflows.
func Limits() string { return "/limits" }

// LimitsPause pauses all workflows or ends that, by the value on; POST.
func LimitsPause() string { return Limits() + "/pause" }

// WorkflowEnable switches a workflow on or off by the value enabled; POST.
func WorkflowEnable(key string) string { return Workflow(key) + "/enable" }

// WorkflowResetCount makes the limit of a schedule count from now on; POST.
func WorkflowResetCount(key string) string { return Workflow(key) + "/reset-count" }

// Page is a page that a designer made.
func Page(key string) string { return "/pages/" + url.PathEscape(key) }

// Form shows a form of a page and takes it; with a record it edits that record.
func Form(page, block, record string) string {
	to := Page(page) + "/forms/" + url.PathEscape(block)
	if record != "" {
		to += "/" + url.PathEscape(record)
	}
	return to
}

// Record shows one record through a block of a page.
func Record(page, block, record string) string {
	return Page(page) + "/records/" + url.PathEscape(block) + "/" + url.PathEscape(record)
}

// RecordAction runs an action of a page on one record; POST.
func RecordAction(page, block, record, action string) string {
	return Record(page, block, record) + "/" + url.PathEscape(action)
}

// Profile is the person's own page: sessions, tokens, theme.
func Profile() string { return "/profile" }

// ProfileTheme stores the theme by the value theme: light, dark or empty; POST.
func ProfileTheme() string { return "/profile/theme" }

// ProfileTokens creates a token; POST.
func ProfileTokens() string { return "/profile/tokens" }

// TokenRevoke ends a token; POST.
func TokenRevoke(id string) string { return ProfileTokens() + "/" + url.PathEscape(id) + "/revoke" }

// SessionRevoke ends a session; POST.
func SessionRevoke(id string) string {
	return Profile() + "/sessions/" + url.PathEscape(id) + "/revoke"
}

// WorkflowStep is the panel of one step; POST changes its settings.
func WorkflowStep(key, step string) string { return Workflow(key) + "/steps/" + url.PathEscape(step) }

// WorkflowOpen is the editor with a step open.
func WorkflowOpen(key, step string) string {
	return Workflow(key) + "?" + url.Values{"step": {step}}.Encode()
}

// WorkflowFold is the editor with the branches of one more step folded away, or no longer.
func WorkflowFold(key, step string, fold bool) string {
	what := "unfold"
	if fold {
		what = "fold"
	}
	return Workflow(key) + "?" + url.Values{what: {step}}.Encode()
}

// WorkflowAs is the editor drawn as a list or as a canvas from now on.
func WorkflowAs(key, open, as string) string {
	q := url.Values{"as": {as}}
	if open != "" {
		q.Set("step", open)
	}
	return Workflow(key) + "?" + q.Encode()
}

// WorkflowSelect is the editor while some steps are selected: "a,b".
func WorkflowSelect(key, steps string) string {
	return Workflow(key) + "?" + url.Values{"select": {steps}}.Encode()
}

// WorkflowPick is the same with one step more, or less.
func WorkflowPick(key, steps, step string) string {
	return Workflow(key) + "?" + url.Values{"select": {steps}, "toggle": {step}}.Encode()
}

// WorkflowMove is the editor while steps are moved: "a,b".
func WorkflowMove(key, step string) string {
	return Workflow(key) + "?" + url.Values{"move": {step}}.Encode()
}

// WorkflowCopy is the editor while a place for a copy of a step is chosen.
func WorkflowCopy(key, step string) string {
	return Workflow(key) + "?" + url.Values{"copy": {step}}.Encode()
}

// WorkflowFragment is a step as text for the clipboard.
func WorkflowFragment(key, step string) string { return WorkflowStep(key, step) + "/fragment" }

// WorkflowPaste is the editor while a place for the steps of a clipboard is chosen; POST.
func WorkflowPaste(key string) string { return Workflow(key) + "/paste" }

// WorkflowAdd is the palette at a place; with a type it is what is asked about it.
func WorkflowAdd(key, parent, branch string, index int, typ string) string {
	q := url.Values{"add": {strconv.Itoa(index)}}
	for name, value := range map[string]string{"parent": parent, "branch": branch, "type": typ} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return Workflow(key) + "?" + q.Encode()
}

// WorkflowCommands takes one edit of the draft; POST.
func WorkflowCommands(key string) string { return Workflow(key) + "/commands" }

// WorkflowPeople says who has the editor open and who edits.
func WorkflowPeople(key string) string { return Workflow(key) + "/people" }

// WorkflowLock asks for, hands over, keeps or takes the right to edit; POST.
func WorkflowLock(key string) string { return Workflow(key) + "/lock" }

// WorkflowTitle gives a workflow another title; POST.
func WorkflowTitle(key string) string { return Workflow(key) + "/title" }

// WorkflowEdits lists the edits of a draft.
func WorkflowEdits(key string) string { return Workflow(key) + "/edits" }

// WorkflowEditsTo asks whether to go back to one of them; a POST to [WorkflowEdits] with the
// same value to does it.
func WorkflowEditsTo(key, id string) string { return WorkflowEdits(key) + "?to=" + url.QueryEscape(id) }

// WorkflowUndo takes the last edit back; POST.
func WorkflowUndo(key string) string { return Workflow(key) + "/undo" }

// WorkflowRedo repeats the edit that was taken back; POST.
func WorkflowRedo(key string) string { return Workflow(key) + "/redo" }

// WorkflowDiscard makes the draft equal to what is live; POST.
func WorkflowDiscard(key string) string { return Workflow(key) + "/discard" }

// WorkflowRequests are the latest requests that other programs sent to a workflow.
func WorkflowRequests(key string) string { return Workflow(key) + "/requests" }

// WorkflowRequestsBefore are those that came before one of them.
func WorkflowRequestsBefore(key, id string) string {
	return WorkflowRequests(key) + "?" + url.Values{"before": {id}}.Encode()
}

// WorkflowRequestAgain takes a request once more; POST.
func WorkflowRequestAgain(key, id string) string {
	return WorkflowRequests(key) + "/" + url.PathEscape(id) + "/again"
}

// WorkflowAddress makes the secret part of the address of a workflow anew; POST.
func WorkflowAddress(key string) string { return Workflow(key) + "/address" }

// WorkflowVersions is the list of versions with settings and trigger log.
func WorkflowVersions(key string) string { return Workflow(key) + "/versions" }

// TriggerLogID is the id of the trigger log on the page of a workflow's versions.
const TriggerLogID = "trigger-log"

// WorkflowLog is the trigger log of a workflow.
func WorkflowLog(key string) string { return WorkflowVersions(key) + "#" + TriggerLogID }

// WorkflowRestore makes an old version the draft; POST.
func WorkflowRestore(key string, number int) string { return WorkflowVersion(key, number) + "/restore" }

// WorkflowVariables is the tree of variables that a step may use.
func WorkflowVariables(key string) string { return Workflow(key) + "/variables" }

// WorkflowEvaluate says what the settings of a step would give; POST.
func WorkflowEvaluate(key string) string { return Workflow(key) + "/evaluate" }

// NewWorkflow is the dialog that makes a workflow; POST makes it.
func NewWorkflow() string { return "/new-workflow" }

// WorkflowDuplicate copies a workflow; POST.
func WorkflowDuplicate(key string) string { return Workflow(key) + "/duplicate" }

// WorkflowsIn is the list of the workflows of a category: its id, none, or [Bin].
func WorkflowsIn(category string) string {
	return Workflows() + "?" + url.Values{"category": {category}}.Encode()
}

// Bin stands for a category of the list: what was deleted.
const Bin = "bin"

// WorkflowChanges asks before several workflows are changed; POST changes them.
func WorkflowChanges() string { return "/workflow-changes" }

// WorkflowChange asks before one workflow is changed.
func WorkflowChange(action, key string) string {
	return WorkflowChanges() + "?" + url.Values{"_action": {action}, "record": {key}}.Encode()
}

// WorkflowRevive brings a workflow back from the bin; POST.
func WorkflowRevive(id string) string { return "/workflow-bin/" + url.PathEscape(id) + "/restore" }

// Categories is the list of the categories of workflows; POST adds one.
func Categories() string { return "/workflow-categories" }

// Category changes title and colour of a category; POST.
func Category(id string) string { return Categories() + "/" + url.PathEscape(id) }

// CategoryMove moves a category by the value direction: up or down; POST.
func CategoryMove(id string) string { return Category(id) + "/move" }

// CategoryDelete takes a category off all workflows and removes it; POST.
func CategoryDelete(id string) string { return Category(id) + "/delete" }
