package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestBrowser_FoldsAndReadsAnOutline folds the branches of a step by a key, and edits the
// workflow as a list.
//
//nolint:paralleltest // loads the machine
func TestBrowser_FoldsAndReadsAnOutline(t *testing.T) {
	b := demoPeople(t)("designer")
	b.visit("/workflows/reimb_approval")
	b.becomes("the canvas is alive", `document.querySelector(".canvas.is-live")`)
	all := b.steps()
	first := `document.querySelector(".node__fold")`
	b.becomes("a step with branches has the focus", `(() => { const hit = `+first+`?.closest(".node").querySelector(".node__hit"); hit?.focus(); return hit && document.activeElement === hit; })()`)
	b.do(chromedp.KeyEvent("z"))
	b.becomes("its branches are folded", `document.querySelector(".node__folded") && !document.querySelector(".htmx-request")`)
	require.Less(t, len(b.steps()), len(all))
	b.picture("editor-folded")
	b.visit("/workflows/reimb_approval")
	b.becomes("they still are", `document.querySelector(".canvas.is-live .node__folded")`)
	b.click("unfold", `document.querySelector(".node__folded")`)
	b.becomes("all is drawn", `!document.querySelector(".node__folded") && !document.querySelector(".htmx-request")`)
	require.Equal(t, all, b.steps())

	b.do(chromedp.KeyEvent("o"))
	b.becomes("it is a list", `document.readyState === "complete" && document.querySelector(".canvas.is-outline.is-live")`)
	require.Equal(t, all, b.steps())
	b.becomes("nothing is wider than the window, and branches are indented", `(() => {
		const left = (e) => e.getBoundingClientRect().left;
		const inner = document.querySelector(".branches .node"), outer = document.querySelector(".flow > .node");
		const canvas = document.querySelector(".canvas");
		return left(inner) > left(outer) && canvas.scrollWidth <= canvas.clientWidth;
	})()`)
	b.picture("editor-outline")
	b.add(1, "return")
	b.opened("Output")
	b.becomes("it is in the list", `document.querySelector(".is-outline .node.is-sel b")?.textContent === "Output"`)
	require.Len(t, b.steps(), len(all)+1)
	b.picture("editor-outline-step")
	b.do(chromedp.EmulateViewport(320, 700))
	b.visit("/workflows/reimb_approval?as=canvas")
	b.becomes("who chose the canvas has it", `document.querySelector(".canvas.is-live:not(.is-outline)")`)
}
