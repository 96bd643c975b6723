package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestBrowser_TwoPeopleEditOneWorkflow lets two designers open the same workflow: one
// edits, the other sees every change and who makes it, asks, and edits after that.
//
//nolint:paralleltest // loads the machine
func TestBrowser_TwoPeopleEditOneWorkflow(t *testing.T) {
	v := serve(t, settings{})
	j := newJob()
	owner, other := stranger(t, v, "owner"), stranger(t, v, "other")
	owner.setUp(j, strings.Join(v.said, "\n"))
	other.joins(owner.adds(j.boss, "", "Designer"), j.boss)

	owner.press("Workflows")
	owner.arrives("/workflows")
	owner.press("New workflow")
	owner.arrives("/new-workflow")
	owner.fill("Name", j.flow)
	owner.press("Create workflow")
	owner.arrives("/workflows/*")
	owner.opened("Starts")
	owner.add(0, "formula")
	owner.opened("Calculation")
	first, second := word("First"), word("Second")
	owner.input("title", first)

	other.visit(owner.path())
	other.sees(first)
	other.sees(j.owner + " is editing this workflow.")
	other.becomes("nothing can be added", `!document.querySelector(".canvas .add")`)
	owner.becomes("the other is seen", fmt.Sprintf(`document.querySelector("#editor-people")?.textContent.includes(%q)`, j.boss))
	owner.picture("together-owner")
	owner.input("title", second)
	other.sees(second)
	other.becomes("the open step is ringed", fmt.Sprintf(`document.querySelector(".node.is-watched")?.dataset.watched === %q`, j.owner+" is editing"))
	other.picture("together-other")

	other.press("Ask to edit")
	other.sees("You asked " + j.owner)
	owner.sees(j.boss + " would like to edit.")
	owner.press("Hand over")
	owner.sees(j.boss + " is editing this workflow.")
	other.becomes("it can be edited", `document.readyState === "complete" && document.querySelector(".canvas.is-live .add")`)
	other.click("the step", `document.querySelector(".canvas .node[data-key]:not(.node--trigger) .node__hit")`)
	other.opened("Calculation")
	other.becomes("the panel is alive", `document.readyState === "complete" && document.querySelector(".canvas.is-live")`)
	third := word("Third")
	other.input("title", third)
	owner.sees(third)
}
