package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestBrowser_OrdersBranches adds, names, moves and deletes branches on the canvas, by
// keyboard and by dragging.
//
//nolint:paralleltest // loads the machine
func TestBrowser_OrdersBranches(t *testing.T) {
	b := demo(t)
	b.visit("/new-workflow")
	b.fill("Name", word("Branches"))
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.input("set.collection", "reimbursements")
	b.add(0, "multi")
	b.opened("Multi-condition")

	// What is typed is sent half a second later: the page is at rest when no answer came for longer.
	b.becomes("answers are timed", `(document.addEventListener("htmx:afterRequest", () => { window.answered = performance.now(); }), true)`)
	are := func(want ...string) {
		b.becomes("the branches are "+strings.Join(want, ", "), fmt.Sprintf(`performance.now() - (window.answered ?? 0) > 700 && !document.querySelector(".htmx-request") && [...document.querySelectorAll(".branch__label")].map((e) => e.textContent.trim()).join() === %q`, strings.Join(want, ",")))
	}
	menu := func(branch string) {
		b.becomes("the label has the focus", fmt.Sprintf(`(() => {
			const label = [...document.querySelectorAll(".branch__label")].find((e) => e.textContent.includes(%q));
			label?.focus();
			return Boolean(label) && document.activeElement === label;
		})()`, branch))
		b.keys(kb.Enter)
		b.becomes("the menu is open", `document.activeElement?.closest("[popover]:popover-open")`)
	}
	are("1 · Branch 1", "2 · Branch 2", "Otherwise")
	menu("Branch 2")
	b.keys(kb.Enter) // rename
	b.becomes("its label has the focus", `document.activeElement?.name === "set.cases.1.title"`)
	b.keys("Large" + kb.Tab)
	are("1 · Branch 1", "2 · Large", "Otherwise")
	menu("Large")
	b.keys(kb.ArrowDown + kb.Enter) // move left
	are("1 · Large", "2 · Branch 1", "Otherwise")
	b.becomes("the focus stays on the branch", `document.activeElement?.textContent.includes("1 · Large")`)
	b.click("add a branch", `document.querySelector(".addbranch")`)
	are("1 · Large", "2 · Branch 1", "3 · Branch 3", "Otherwise")

	drag(b, "Large", "Branch 3")
	are("1 · Branch 1", "2 · Branch 3", "3 · Large", "Otherwise")
	b.drawnAsAnew()
	b.becomes("no menu is open", `!document.querySelector(".canvas :popover-open")`)

	b.click("a place in a branch", `document.querySelector(".add[aria-label*='first in branch'][aria-label*=Large]")`)
	b.becomes("the palette is open", `document.activeElement?.matches("#palette input[type=search]") && !document.querySelector(".htmx-request")`)
	b.keys("formula" + kb.Enter)
	b.opened("Calculation")
	menu("Large")
	b.keys(kb.End + kb.Enter)
	b.sees("There is 1 step in it.")
	b.picture("editor-branch-question")
	b.click("move its steps", `[...document.querySelectorAll("dialog[open] button")].find((e) => e.textContent === "Move its steps below")`)
	are("1 · Branch 1", "2 · Branch 3", "Otherwise")
	require.Equal(t, []string{"Post-action event", "Multi-condition", "Calculation"}, b.steps())
	b.drawnAsAnew()
	b.click("undo", `document.querySelector("[data-does=undo-2]")`)
	are("1 · Branch 1", "2 · Branch 3", "3 · Large", "Otherwise")

	b.click("open the step", `document.querySelector(".node__hit[aria-label^=Multi]")`)
	b.opened("Multi-condition")
	b.picture("editor-branches")
	address, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname`))
	require.NoError(t, err)
	b.listen()
	for _, is := range []look{{1440, "light"}, {1440, "dark"}, {390, "light"}, {390, "dark"}} {
		require.Empty(t, b.faults(is, address), "%d %s", is.width, is.theme)
	}
}

// drag takes the label of one branch and lets it go behind that of another.
func drag(b *browser, from, behind string) {
	b.t.Helper()
	at := func(label string) (x, y float64) {
		box, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`(() => {
			const box = [...document.querySelectorAll(".branch__label")].find((e) => e.textContent.includes(%q)).getBoundingClientRect();
			return [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
		})()`, label)))
		require.NoError(b.t, err)
		return box[0], box[1]
	}
	x, y := at(from)
	toX, toY := at(behind)
	b.do(
		chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseMoved, x+20, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, toX+20, toY, chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseReleased, toX+20, toY, chromedp.ButtonLeft),
	)
}
