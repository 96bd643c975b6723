package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// word is a title that no other run has.
func word(what string) string { return fmt.Sprintf("%s %d", what, rand.IntN(1e6)) }

// input types into the field with that name in the panel, and waits until it is saved.
func (b *browser) input(name, value string) {
	b.t.Helper()
	b.pressed()
	b.typed(value)
	b.becomes("type into "+name, fmt.Sprintf(`(() => {
		const input = document.querySelector('#step-form [name="%s"]');
		if (!input) return false;
		input.focus();
		input.value = %q;
		input.dispatchEvent(new Event("input", {bubbles: true}));
		input.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, name, value))
	b.saved()
}

// saved waits until no request of the panel is under way.
func (b *browser) saved() {
	b.t.Helper()
	b.becomes("it is saved", `document.querySelector("#panel-saved")?.textContent.includes("Saved") && !document.querySelector(".htmx-request")`)
}

// add adds a step of a type at the n-th place of the canvas.
func (b *browser) add(place int, search string) {
	b.t.Helper()
	b.becomes("the canvas is alive", `document.querySelector(".canvas.is-live")`)
	b.click("a place to add", fmt.Sprintf(`document.querySelectorAll(".canvas .add")[%d]`, place))
	b.becomes("the palette is open", `document.activeElement?.matches("#palette input[type=search]") && !document.querySelector(".htmx-request")`)
	b.keys(search + kb.Enter)
}

// opened waits until a step of a type is open in the panel.
func (b *browser) opened(kind string) {
	b.t.Helper()
	b.becomes(kind+" is open", fmt.Sprintf(`document.querySelector("#panel .panel__head p")?.textContent.startsWith(%q) && !document.querySelector(".htmx-request")`, kind))
}

// steps are the titles on the canvas from top to bottom.
func (b *browser) steps() []string {
	b.t.Helper()
	all, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".canvas .node[data-key] b")].map((e) => e.textContent)`))
	require.NoError(b.t, err)
	return all
}

// drawnAsAnew waits until the canvas is what a page that is asked for anew would draw.
func (b *browser) drawnAsAnew() {
	b.t.Helper()
	b.becomes("the canvas is what a fresh page draws", `(() => {
		const request = new XMLHttpRequest();
		request.open("GET", location.href, false);
		request.send();
		const plain = (page, id) => {
			const part = page.getElementById(id).cloneNode(true);
			[part, ...part.querySelectorAll("*")].forEach((e) => {
				["style", "data-basis", "aria-expanded", "hidden"].forEach((name) => e.removeAttribute(name));
				e.classList.remove("is-far", "htmx-settling", "htmx-added", "mm-view");
				e.classList.length || e.removeAttribute("class");
			});
			part.querySelectorAll("[rx='4']").forEach((e) => e.remove());
			part.normalize();
			return part;
		};
		const anew = new DOMParser().parseFromString(request.responseText, "text/html");
		return ["canvas-stage", "canvas-map"].every((id) => plain(document, id).isEqualNode(plain(anew, id)));
	})()`)
}

// TestBrowser_BuildsAWorkflow makes a workflow from nothing with the mouse and publishes it.
//
//nolint:paralleltest // loads the machine
func TestBrowser_BuildsAWorkflow(t *testing.T) {
	b := demo(t)
	title, question, limit := word("Review"), word("Is it much"), 100+rand.IntN(800)
	b.press("Workflows")
	b.arrives("/workflows")
	b.press("New workflow")
	b.arrives("/new-workflow")
	b.picture("workflow-new")
	b.fill("Name", title)
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.sees("Collection is missing.")
	b.input("set.collection", "reimbursements")
	b.sees("Reimbursement · local mode")

	b.add(0, "if")
	b.click("two branches", `document.querySelector("#palette input[value=branch]")`)
	b.click("add it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Condition")
	b.input("title", question)
	b.click("a rule", `document.querySelector("button[value='when.add']")`)
	b.becomes("a row is there", `document.querySelector("[name='set.when.0.left']")`)
	b.click("the picker", `document.querySelector("[name='set.when.0.left']").closest(".vinput").querySelector("[data-vars]")`)
	b.becomes("the search has the focus", `document.activeElement?.matches("[data-var-search]")`)
	b.picture("editor-variables")
	b.keys("amount" + kb.Enter)
	b.becomes("the variable is written", `document.querySelector("[name='set.when.0.left']").value === "{{ trigger.data.amount }}"`)
	b.saved()
	b.input("set.when.0.op", "gt")
	b.input("set.when.0.right", fmt.Sprint(limit))
	b.sees(fmt.Sprintf("Amount is greater than %d", limit))
	b.picture("editor-condition")

	b.add(1, "approval")
	b.click("add it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Approval")
	b.click("people", `document.querySelector("button[value='assignees.add']")`)
	b.becomes("the manager is asked", `document.querySelector(".node.is-sel small")?.textContent === "Manager"`)

	b.add(3, "update")
	b.opened("Update record")
	b.input("set.collection", "reimbursements")
	b.becomes("fields are offered", `document.querySelector("[name='set.values.+'] option[value=status]")`)
	b.input("set.values.+", "status")
	b.becomes("status can be set", `document.querySelector("[name='set.values.status']")`)
	b.input("set.values.status", "approved")
	b.click("a condition", `document.querySelector("button[value='filter.add']")`)
	b.becomes("a row is there", `document.querySelector("[name='set.filter.0.left']")`)
	b.input("set.filter.0.left", "id")
	b.input("set.filter.0.right", "{{ trigger.data.id }}")
	b.sees("No problems")
	require.Equal(t, []string{"Post-action event", question, "Approval", "Update record"}, b.steps())

	b.click("delete", `document.querySelector(".panel__foot .btn--danger")`)
	b.becomes("the step is gone", `document.querySelectorAll(".canvas .node[data-key]").length === 3`)
	b.drawnAsAnew()
	b.click("undo", `document.querySelector("[data-does=undo-2]")`)
	b.becomes("the step is back", `document.querySelectorAll(".canvas .node[data-key]").length === 4`)
	b.drawnAsAnew()
	b.picture("editor")

	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.sees("Publish version 1?")
	b.picture("editor-publish")
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Version 1 is live")
	b.sees("Same as version 1")
	b.visit("/workflows")
	b.sees(title)
}
