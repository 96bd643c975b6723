package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser_CallsAnotherWorkflow makes a workflow that takes input and gives something
// back, calls it from another one, and follows the call in the history.
//
//nolint:paralleltest // loads the machine
func TestBrowser_CallsAnotherWorkflow(t *testing.T) {
	enter := demoPeople(t)
	b := enter("designer")
	child, parent := word("Half"), word("Asks for half")
	amount := 100 + 2*rand.IntN(300)

	b.visit("/new-workflow")
	b.fill("Name", child)
	b.click("sub-workflow", `document.querySelector("dialog[open] input[value=subworkflow], form input[value=subworkflow]")`)
	b.picture("workflows-new-types")
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.click("an input", `document.querySelector("#step-form button[value='input.add']")`)
	b.becomes("the input is there", `document.querySelector("#step-form [name='set.input.0.name']")`)
	b.input("set.input.0.name", "amount")
	b.input("set.input.0.label", "Full price")
	b.input("set.input.0.type", "decimal")
	b.becomes("numbers have bounds", `document.querySelector("#step-form [name='set.input.0.min']")`)
	b.picture("editor-subworkflow")
	b.add(0, "return")
	b.opened("Output")
	b.input("set.value", "{{ trigger.input.amount / 2 }}")
	b.sees("No problems")
	b.picture("editor-subworkflow-output")
	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Version 1 is live")

	b.visit("/new-workflow")
	b.fill("Name", parent)
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.input("set.collection", "reimbursements")
	b.click("global", `document.querySelector("#step-form [name='set.mode'][value=global]")`)
	b.becomes("actions are offered", `document.querySelector("#step-form [name='set.actions'][value=create]")`)
	b.click("after create", `document.querySelector("#step-form [name='set.actions'][value=create]")`)
	b.saved()
	b.add(0, "call")
	b.opened("Call workflow")
	b.becomes("the workflow is offered", fmt.Sprintf(`(() => {
		const select = document.querySelector("[name='set.workflow']");
		const at = [...select.options].findIndex((o) => o.textContent === %q);
		if (at < 0) return false;
		select.selectedIndex = at;
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, child))
	b.becomes("its input is offered", `document.querySelector("[name='set.input.+'] option[value=amount]")`)
	b.input("set.input.+", "amount")
	b.becomes("it can be given", `document.querySelector("#step-form [name='set.input.amount']")`)
	b.input("set.input.amount", "{{ trigger.data.amount }}")
	b.sees("No problems")
	b.drawnAsAnew()
	b.picture("editor-subflow")
	require.Equal(t, []string{"Post-action event", "Call workflow"}, b.steps())
	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.click("switch it on", `document.querySelector("dialog[open] input[name=enable]:not(:checked)") ?? document.querySelector("dialog[open] h2")`)
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Version 1 is live")

	enter("employee").request("Oslo", fmt.Sprint(amount))
	b.visit("/executions?q=" + child)
	b.becomes("the called one has succeeded", fmt.Sprintf(`(() => {
		const row = [...document.querySelectorAll("main tr, main li")].find((e) => e.textContent.includes(%q) && e.textContent.includes("Succeeded"));
		row?.querySelector("a")?.click();
		return Boolean(row);
	})()`, child))
	b.arrives("/executions/*")
	b.sees("Called by")
	b.picture("execution-called")
	b.click("who called it", fmt.Sprintf(`[...document.querySelectorAll(".xmeta a")].find((a) => a.textContent.includes(%q))`, parent))
	b.arrives("/executions/*")
	b.click("the call", `[...document.querySelectorAll(".canvas .node")].find((n) => n.querySelector("b")?.textContent === "Call workflow")?.querySelector("a")`)
	b.becomes("it has the answer", fmt.Sprintf(`document.querySelector("#panel, .panel")?.textContent.includes(%q)`, fmt.Sprint(amount/2)))
	b.becomes("it leads to the called one", fmt.Sprintf(`[...document.querySelectorAll(".panel a, #panel a")].some((a) => a.textContent.includes(%q))`, child))
	b.picture("execution-call")
}
