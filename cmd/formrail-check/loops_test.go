package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser_LoopsAndRunsBranchesSideBySide builds a workflow that adds up the numbers of
// a list and runs two branches, and looks at what it did.
//
//nolint:paralleltest // loads the machine
func TestBrowser_LoopsAndRunsBranchesSideBySide(t *testing.T) {
	enter := demoPeople(t)
	b := enter("designer")
	title, sum := word("Sums"), 0
	var numbers []string
	for range 2 + rand.IntN(3) {
		n := 1 + rand.IntN(50)
		sum += n
		numbers = append(numbers, strconv.Itoa(n))
	}
	t.Logf("numbers %v", numbers)
	b.visit("/new-workflow")
	b.fill("Name", title)
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.input("set.collection", "reimbursements")
	b.click("global", `document.querySelector("#step-form [name='set.mode'][value=global]")`)
	b.becomes("actions are offered", `document.querySelector("#step-form [name='set.actions'][value=create]")`)
	b.click("after create", `document.querySelector("#step-form [name='set.actions'][value=create]")`)
	b.saved()

	b.add(0, "counter")
	b.click("declare it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Variable")
	b.input("title", "Total")
	b.input("set.value", "0")
	b.add(1, "for each")
	b.opened("Loop")
	b.input("set.items", "["+strings.Join(numbers, ", ")+"]")
	b.click("a place in the body", `document.querySelector(".add[aria-label*='first in branch']")`)
	b.becomes("the palette is open", `document.activeElement?.matches("#palette input[type=search]") && !document.querySelector(".htmx-request")`)
	b.keys("assign\r")
	b.click("change one", `document.querySelector("#palette input[value=assign]")`)
	b.click("add it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Variable")
	b.input("title", "Add it")
	b.becomes("the variable is offered", `document.querySelector("[name='set.target'] option:nth-child(2)")?.textContent === "Total"`)
	b.becomes("it is chosen", `(() => {
		const select = document.querySelector("[name='set.target']");
		select.selectedIndex = 1;
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	b.saved()
	b.input("set.op", "increment")
	b.input("set.value", "{{ loop.item }}")
	b.drawnAsAnew()
	b.picture("editor-loop")

	b.click("the last place", `[...document.querySelectorAll(".canvas .add")].at(-1)`)
	b.becomes("the palette is open", `document.activeElement?.matches("#palette input[type=search]") && !document.querySelector(".htmx-request")`)
	b.keys("fork\r")
	b.opened("Parallel")
	b.click("the last place", `[...document.querySelectorAll(".canvas .add")].at(-1)`)
	b.becomes("the palette is open", `document.activeElement?.matches("#palette input[type=search]") && !document.querySelector(".htmx-request")`)
	b.keys("return\r")
	b.opened("Output")
	key := b.path()
	b.becomes("the total is given", fmt.Sprintf(`(() => {
		const total = [...document.querySelectorAll(".canvas .node[data-key]")].find((n) => n.querySelector("b").textContent === "Total").dataset.key;
		const input = document.querySelector("#step-form [name='set.value']");
		if (!input || !%q) return false;
		input.focus();
		input.value = "{{ nodes." + total + " }}";
		input.dispatchEvent(new Event("input", {bubbles: true}));
		input.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, key))
	b.saved()
	b.sees("No problems")
	require.Equal(t, []string{"Post-action event", "Total", "Loop", "Add it", "Parallel", "Output"}, b.steps())
	b.picture("editor-parallel")

	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.click("switch it on", `document.querySelector("dialog[open] input[name=enable]:not(:checked)") ?? document.querySelector("dialog[open] h2")`)
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Version 1 is live")

	enter("employee").request("Oslo", "640")
	b.visit("/executions?q=" + strings.ReplaceAll(title, " ", "+"))
	b.becomes("it has succeeded", fmt.Sprintf(`(() => {
		const row = [...document.querySelectorAll("main tr, main li")].find((e) => e.textContent.includes(%q) && e.textContent.includes("Succeeded"));
		row?.querySelector("a")?.click();
		return Boolean(row);
	})()`, title))
	b.arrives("/executions/*")
	b.sees("Add it")
	b.picture("execution-loop")
	b.choosesPasses(len(numbers))
	b.click("the last step", `[...document.querySelectorAll(".canvas .node")].find((n) => n.querySelector("b")?.textContent === "Output")?.querySelector("a")`)
	b.becomes("the total is given", fmt.Sprintf(`document.querySelector("#panel, .panel")?.textContent.includes(%q)`, strconv.Itoa(sum)))
	b.picture("execution-loop-step")
}

// choosesPasses goes from the last pass of the loop to the one before, and to the first by
// its number.
func (b *browser) choosesPasses(last int) {
	b.t.Helper()
	now := func(pass int) {
		b.t.Helper()
		b.becomes(fmt.Sprintf("pass %d is shown", pass), fmt.Sprintf(`document.readyState === "complete" && document.querySelector(".canvas.is-live .passes__now")?.textContent.trim() === "Pass %d of %d"`, pass, last))
	}
	now(last)
	b.click("the pass before", `document.querySelector(".canvas.is-live a[aria-label='Previous pass of Loop']")`)
	now(last - 1)
	b.click("all passes", `document.querySelector(".passes__now")`)
	b.becomes("the choice is open", `(() => {
		const input = document.querySelector(".passes__pop:popover-open input[name=pass]");
		input?.select();
		return Boolean(input);
	})()`)
	b.picture("execution-passes")
	b.keys("1\r")
	now(1)
	b.click("the step in the loop", `[...document.querySelectorAll(".canvas.is-live .node")].find((n) => n.querySelector("b")?.textContent === "Add it")?.querySelector("a")`)
	b.becomes("the panel is of that pass", fmt.Sprintf(`document.querySelector("aside .passes__row")?.textContent.includes("Pass 1 of %d") && document.querySelector("aside").textContent.includes("Add it")`, last))
	b.picture("execution-pass-of-a-step")
	b.click("the last pass", `[...document.querySelectorAll("aside .passes__row a")].find((a) => a.textContent === "Last")`)
	now(last)
	b.becomes("the step is still open", `document.querySelector("aside .passes__row") && document.querySelector("aside").textContent.includes("Add it")`)
	b.press("Outline")
	b.becomes("it is a list", `document.readyState === "complete" && document.querySelector(".canvas.is-outline.is-live")`)
	now(last)
	b.picture("execution-outline")
	b.click("the canvas", `document.querySelector(".canvas__as a")`)
	b.becomes("it is a canvas", `document.readyState === "complete" && document.querySelector(".canvas.is-live:not(.is-outline)")`)
}
