package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// randomTexts puts texts of braces, variables and odd letters into a field with pills and
// gives those that came out as others: as the field keeps them after a change by hand, as
// they are copied, and as they are pasted.
const randomTexts = `(() => {
	const bits = ["{{trigger.data.amount}}", "{{ nodes.gone.x }}", "{{", "}}", "{", "x", " ", "  ", "\n", '"', "\u00a0", "é", "😀", '{{ 1 + "}}" }}', "{{a[0].b}}", "\u200b", "<b>", "&amp;", "\t", "/"];
	const host = document.querySelector("fr-token-input:has(textarea)");
	const {raw, line} = host;
	const wrong = [];
	const was = raw.value;
	for (let i = 0; i < 500; i++) {
		let text = "";
		for (let n = Math.random() * 8; n > 0; n--) text += bits[Math.floor(Math.random() * bits.length)];
		raw.value = text;
		raw.dispatchEvent(new Event("input"));
		line.focus();
		host.took();
		if (raw.value !== text) wrong.push(["shown", text, raw.value]);
		host.select(0, text.length);
		const copied = new DataTransfer();
		line.dispatchEvent(new ClipboardEvent("copy", {clipboardData: copied, cancelable: true}));
		if (text && copied.getData("text/plain") !== text) wrong.push(["copied", text, copied.getData("text/plain")]);
		host.set("", 0, false);
		const pasted = new DataTransfer();
		pasted.setData("text/plain", text);
		pasted.setData("text/html", "<img src=x onerror=alert(1)>" + text);
		line.dispatchEvent(new ClipboardEvent("paste", {clipboardData: pasted, cancelable: true}));
		if (raw.value !== text) wrong.push(["pasted", text, raw.value]);
		if (line.querySelector("img, b")) wrong.push(["became HTML", text, ""]);
	}
	raw.value = was;
	raw.dispatchEvent(new Event("input"));
	return JSON.stringify(wrong.slice(0, 5));
})()`

// TestBrowser_WritesVariablesAsPills types, deletes, undoes and picks variables in the
// panel of a step.
//
//nolint:paralleltest // loads the machine
func TestBrowser_WritesVariablesAsPills(t *testing.T) {
	b := demo(t)
	b.visit("/workflows/reimb_approval?step=n4q2")
	b.becomes("pills are there", `document.querySelector("#in-set\\.title-line .var")`)
	wrong, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](randomTexts))
	require.NoError(t, err)
	require.Equal(t, "[]", wrong)

	title := `document.querySelector("[name='set.title']").value`
	holds := func(what, want string) {
		b.becomes(what, fmt.Sprintf(`%s === %q`, title, want))
	}
	b.becomes("the line has the focus", `(() => {
		const label = [...document.querySelectorAll("#step-form label")].find((e) => e.htmlFor === "in-set.title");
		label.click();
		return document.activeElement.id === "in-set.title-line" && document.activeElement.ariaLabelledByElements?.[0] === label || document.activeElement.getAttribute("aria-labelledby") === label.id;
	})()`)
	stored := "{{ trigger.data.projectName }} was rejected"
	holds("it is stored as before", stored)
	b.becomes("the pill speaks", `document.querySelector("#in-set\\.title-line .var").textContent === "Trigger/Project name"`)
	b.keys(kb.Home + kb.ArrowRight + "x")
	holds("the arrow steps over the pill", "{{ trigger.data.projectName }}x was rejected")
	b.keys(kb.Backspace + kb.Backspace)
	holds("a pill is deleted whole", " was rejected")
	b.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(2)))
	holds("undo brings it back", stored)
	b.keys(kb.End + " /")
	b.becomes("the picker is open", `document.activeElement?.matches("[data-var-search]") && document.querySelector("#vars").textContent.includes("Texts first")`)
	b.picture("editor-variables-text")
	b.keys("note")
	b.click("the note", `document.querySelector("#vars [data-path='trigger.data.decisionNote']")`)
	holds("the variable stands for the slash", stored+" {{ trigger.data.decisionNote }}")
	b.becomes("the caret is behind it", `document.activeElement.id === "in-set.title-line"`)
	b.keys(".")
	holds("typing goes on", stored+" {{ trigger.data.decisionNote }}.")
	b.keys(" {{ nodes.gone.x }}")
	b.becomes("the picker opens on braces", `document.activeElement?.matches("[data-var-search]")`)
	b.keys(kb.Escape)
	b.input("set.title", "{{ nodes.gone.x }} is gone")
	b.becomes("what is gone is red and says so", `document.querySelector("#in-set\\.title-line .var--bad")?.title.includes("nothing of that name")`)
	b.input("set.title", stored)
	b.becomes("it is well again", `!document.querySelector("#in-set\\.title-line .var--bad")`)
}

// TestBrowser_WritesCode types a script with a mistake and leaves the editor by keyboard.
//
//nolint:paralleltest // loads the machine
func TestBrowser_WritesCode(t *testing.T) {
	b := demo(t)
	b.visit("/workflows/reimb_approval")
	b.becomes("the canvas is live", `document.querySelector(".canvas.is-live")`)
	none, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`!performance.getEntriesByType("resource").some((r) => r.name.includes("codemirror"))`))
	require.NoError(t, err)
	require.True(t, none, "the code editor is loaded when a code field opens")
	b.add(0, "javascript")
	b.opened("JavaScript")
	b.becomes("the editor is ready", `(() => { const code = document.querySelector("fr-code.is-ready"); code?.focus(); return document.activeElement === code && code; })()`)
	b.keys("let b = ;")
	b.becomes("it is sent as it is", `document.querySelector("[name='set.code']").value === "let b = ;"`)
	b.becomes("the mistake is marked in its line", `document.querySelector("fr-code").shadowRoot.querySelector(".cm-lintRange-error")?.textContent === "let b = ;"`)
	b.picture("editor-code")
	b.keys(kb.Tab)
	b.becomes("a tab indents", `document.activeElement?.localName === "fr-code" && document.querySelector("[name='set.code']").value.includes("  let b")`)
	b.keys(kb.Escape + kb.Tab)
	b.becomes("after Esc it leads on", `document.activeElement?.localName !== "fr-code"`)
	b.becomes("the canvas was not zoomed", `document.querySelector("[data-zoom-label]").textContent.trim() === "100%"`)
}
