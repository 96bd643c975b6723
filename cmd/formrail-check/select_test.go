package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// card is a script that finds the link of a step on the canvas.
func card(title string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".canvas.is-live .node[data-key]")].find((n) => n.querySelector("b")?.textContent === %q)?.querySelector(".node__hit")`, title)
}

// presses presses a step with a key held down.
func (b *browser) presses(title, held string) {
	b.t.Helper()
	b.becomes("press "+title, `(() => {
		const hit = !document.querySelector(".htmx-request") && `+card(title)+`;
		if (!hit) return false;
		hit.focus();
		hit.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, `+held+`: true}));
		return true;
	})()`)
}

// selected waits until these steps are selected, and no others.
func (b *browser) selected(titles ...string) {
	b.t.Helper()
	b.becomes(fmt.Sprintf("selected are %v", titles), fmt.Sprintf(`!document.querySelector(".htmx-request") &&
		JSON.stringify([...document.querySelectorAll(".canvas .node.is-picked b")].map((e) => e.textContent)) === %q`, jsonOf(titles)))
}

func jsonOf(list []string) string {
	out := "["
	for i, one := range list {
		if i > 0 {
			out += ","
		}
		out += fmt.Sprintf("%q", one)
	}
	return out + "]"
}

// clipboard lets the page hear of a copy, a cut or a paste where the focus is.
func (b *browser) clipboard(what, text string) {
	b.t.Helper()
	b.becomes(what, fmt.Sprintf(`(() => {
		if (document.querySelector(".htmx-request")) return false;
		const clipboardData = new DataTransfer();
		clipboardData.setData("text/plain", %q);
		(document.activeElement ?? document.body).dispatchEvent(new ClipboardEvent(%q, {bubbles: true, cancelable: true, clipboardData}));
		return true;
	})()`, text, what))
}

// TestBrowser_SelectsSeveralSteps selects steps by mouse and by keys, and deletes, moves and
// duplicates them together.
//
//nolint:paralleltest // loads the machine
func TestBrowser_SelectsSeveralSteps(t *testing.T) {
	b := demoPeople(t)("designer")
	b.visit("/new-workflow")
	b.fill("Name", word("Row"))
	b.press("Create workflow")
	b.arrives("/workflows/*")
	n := 4 + rand.IntN(2)
	titles := make([]string, n)
	for i := range titles {
		titles[i] = fmt.Sprintf("Step %c", 'A'+i)
		b.add(i, "return")
		b.opened("Output")
		b.input("title", titles[i])
	}
	all := append([]string{"Post-action event"}, titles...)
	require.Equal(t, all, b.steps())

	b.presses(titles[1], "ctrlKey")
	b.selected(titles[1])
	b.presses(titles[3], "ctrlKey")
	b.selected(titles[1], titles[3])
	b.becomes("far steps cannot be moved together", `document.querySelector("#editor-picks button[value=delete_nodes]") && !document.querySelector("#editor-picks button[value=duplicate_nodes]")`)
	b.picture("editor-selected")
	b.presses(titles[3], "ctrlKey")
	b.presses(titles[0], "shiftKey")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.selected()

	b.presses(titles[0], "ctrlKey")
	b.presses(titles[2], "shiftKey")
	b.selected(titles[:3]...)
	b.do(chromedp.KeyEvent(kb.Delete))
	b.becomes("it is asked", `document.querySelector("dialog[open] h2")?.textContent === "Delete 3 steps?"`)
	b.picture("editor-delete-several")
	b.click("yes", `document.querySelector("dialog[open] button[name=sure]")`)
	b.becomes("they are gone", fmt.Sprintf(`document.querySelectorAll(".canvas .node[data-key]").length === %d && !document.querySelector(".picks form")`, n-2))
	b.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.becomes("all are back", fmt.Sprintf(`document.querySelectorAll(".canvas .node[data-key]").length === %d`, n+1))
	require.Equal(t, all, b.steps())

	b.becomes("a step has the focus", `!document.querySelector(".htmx-request") && (() => { const hit = `+card(titles[1])+`; hit?.focus(); return document.activeElement === hit; })()`)
	b.do(chromedp.KeyEvent(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierShift)))
	b.selected(titles[1:3]...)
	b.do(chromedp.KeyEvent("d"))
	b.selected(titles[1]+" copy", titles[2]+" copy")
	require.Len(t, b.steps(), n+3)
	b.clipboard("cut", "")
	b.becomes("it is asked", `document.querySelector("dialog[open] h2")?.textContent === "Delete 2 steps?"`)
	b.click("yes", `document.querySelector("dialog[open] button[name=sure]")`)
	b.becomes("the copies are gone", fmt.Sprintf(`document.querySelectorAll(".canvas .node[data-key]").length === %d && document.activeElement?.matches(".node__hit")`, n+1))
	b.clipboard("paste", titles[1]+" copy\n"+titles[2]+" copy")
	b.becomes("places are shown", `document.querySelectorAll(".canvas .drop").length > 2 && !document.querySelector(".htmx-request")`)
	b.click("the last place", `[...document.querySelectorAll(".canvas .drop")].at(-1)`)
	b.becomes("they are at the end", fmt.Sprintf(`JSON.stringify([...document.querySelectorAll(".canvas .node[data-key] b")].map((e) => e.textContent).slice(%d)) === %q`, n+1, jsonOf([]string{titles[1] + " copy", titles[2] + " copy"})))
	b.becomes("a step has the focus", `!document.querySelector(".htmx-request") && (() => { const hit = `+card(titles[0])+`; hit?.focus(); return document.activeElement === hit; })()`)
	b.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.selected(append(append([]string{}, titles...), titles[1]+" copy", titles[2]+" copy")...)
	b.do(chromedp.KeyEvent("s"))
	b.becomes("all are skipped", fmt.Sprintf(`document.querySelectorAll(".canvas .node.is-off").length === %d`, n+2))
}
