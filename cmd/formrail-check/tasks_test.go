package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// is reports whether a script is true of the open page right now.
func (b *browser) is(script string) bool {
	b.t.Helper()
	yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script))
	require.NoError(b.t, err)
	return yes
}

// request submits the form of the demo with a project and an amount.
func (b *browser) request(project, amount string) {
	b.t.Helper()
	b.visit("/pages/reimbursements/forms/f3q8")
	b.fill("Project name", project)
	b.fill("Amount", amount)
	b.press("Submit")
	b.sees(project)
}

// open waits until a task is open, with all that its page needs.
func (b *browser) open(title string) {
	b.t.Helper()
	b.becomes(title+" is open", fmt.Sprintf(`document.readyState === "complete" && document.querySelector("h1").textContent === %q`, title))
}

// TestBrowser_TasksByKeyboard empties an inbox without a pointer, while new tasks come in
// and somebody else decides.
//
//nolint:paralleltest // loads the machine
func TestBrowser_TasksByKeyboard(t *testing.T) {
	enter := demoPeople(t)
	employee, manager := enter("employee"), enter("manager")
	employee.request("Oslo", "640")
	employee.request("Lisbon", "700")
	manager.visit("/")
	manager.keys("gt")
	manager.arrives("/tasks")
	manager.becomes("the stream is open", `document.body["htmx-internal-data"]?.sseEventSource?.readyState === 1`)

	// What comes in is announced, and changes only the numbers.
	employee.request("Rome", "900")
	manager.sees("1 new task")
	manager.becomes("the title counts", `document.title.startsWith("(3) Tasks")`)
	manager.becomes("the sidebar counts", `document.querySelector("#nav-tasks").textContent.startsWith("3")`)
	require.True(t, manager.is(`document.querySelectorAll(".inbox__item").length === 2`), "the list stays as it was")
	manager.press("1 new task")
	manager.becomes("all are there", `document.querySelectorAll(".inbox__item").length === 3`)

	// J and Enter open the first, J goes on beside the list, A and R ask for a decision.
	manager.visit("/tasks")
	manager.keys("j")
	manager.becomes("the first has the focus", `document.activeElement.matches(".inbox__item") && document.activeElement.textContent.includes("Oslo")`)
	manager.keys(kb.Enter)
	manager.arrives("/tasks/*")
	manager.keys("j")
	manager.open("Lisbon")
	manager.keys("k")
	manager.open("Oslo")
	manager.keys("m")
	manager.keys("Within the budget")
	require.True(t, manager.is(`document.activeElement.value.endsWith("Within the budget")`), "letters in a field are letters")
	require.True(t, manager.is(`document.activeElement.blur() === undefined`))
	manager.keys("a")
	manager.becomes("the comment goes on in the dialog", `document.querySelector("#approve-dialog").open && document.querySelector("#approve-comment").value.includes("Within the budget")`)
	require.True(t, manager.is(`(window.stays = true)`))
	manager.click("Approve", `document.querySelector("#approve-dialog button[type=submit]")`)
	manager.sees("Approved “Oslo”")
	manager.open("Lisbon")
	manager.becomes("the page was not left", `window.stays && !document.querySelector("dialog:modal") && document.activeElement.matches("h1")`)
	manager.becomes("all around it is of the next task", `document.querySelector(".crumbs [aria-current]").textContent === "Lisbon" && document.querySelectorAll(".inbox__item").length === 2 && document.querySelector(".inbox__item[aria-current]").textContent.includes("Lisbon")`)
	lisbon := manager.path()
	manager.picture("task-next")

	// A refusal opens the dialog again.
	manager.keys("r")
	manager.becomes("it asks", `document.querySelector("#reject-dialog").open`)
	require.True(t, manager.is(`(document.querySelector("#reject-form").noValidate = true)`)) // as a browser that does not check
	manager.fill("Comment", "")
	manager.click("Reject", `document.querySelector("#reject-dialog button[type=submit]")`)
	manager.becomes("it asks again", `window.stays && document.querySelector("#reject-dialog").matches(":modal") && document.querySelector("#reject-comment").ariaInvalid === "true"`)
	manager.fill("Comment", "Too far away")
	manager.click("Reject", `document.querySelector("#reject-dialog button[type=submit]")`)
	manager.sees("Rejected “Lisbon”")
	manager.open("Rome")
	manager.keys("a")
	manager.becomes("it asks", `document.querySelector("#approve-dialog").open`)
	manager.click("Approve", `document.querySelector("#approve-dialog button[type=submit]")`)
	manager.arrives("/tasks")
	manager.sees("You have handled every task.")
	require.True(t, manager.is(`window.stays === true`))
	manager.visit(lisbon)
	manager.sees("Too far away")
	manager.keys(kb.Escape)
	manager.arrives("/tasks/done")
}

// TestBrowser_JumpByKeyboard goes to what was typed.
//
//nolint:paralleltest // loads the machine
func TestBrowser_JumpByKeyboard(t *testing.T) {
	enter := demoPeople(t)
	employee, designer := enter("employee"), enter("designer")
	employee.request("Oslo", "640")
	designer.visit("/")
	marked := `document.querySelector("#jump-results .is-active")`
	open := func() {
		designer.do(chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		designer.becomes("the dialog is open", `document.querySelector("#jump").open`)
	}
	open()
	designer.becomes("what is near is offered", marked+` !== null`)
	designer.keys("reimb")
	designer.becomes("the answer is there", `document.querySelector("#jump-results").dataset.jumpFor === "reimb" && `+marked+`?.textContent.includes("Reimbursement approval")`)
	require.True(t, designer.is(`document.activeElement.getAttribute("aria-activedescendant") === `+marked+`.id`))
	designer.keys(kb.ArrowDown)
	designer.becomes("the second is marked", marked+`.getAttribute("href") === "/collections/reimbursements"`)
	designer.keys(kb.Enter)
	designer.arrives("/collections/reimbursements")

	open()
	designer.keys("oslo" + kb.Enter) // before the answer is there
	designer.arrives("/pages/reimbursements/records/*/*")

	open()
	designer.keys("no such thing")
	designer.sees("Nothing you may open is called “no such thing”.")
}
