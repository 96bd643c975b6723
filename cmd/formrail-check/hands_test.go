package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// hands are somebody who has only a keyboard: nothing here points, presses an element by
// a script or gives one the focus.
type hands struct {
	*browser
	strokes int // keys pressed so far
}

// types presses keys one after another. A letter is one event, as from a real keyboard:
// what opens because of it comes too late to get it as text.
func (h *hands) types(keys string, held ...chromedp.Modifier) {
	h.t.Helper()
	h.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range keys {
			h.strokes++
			events := kb.Encode(r)
			down := *events[0]
			if len(held) == 0 && len(events) > 2 {
				down.Text = events[1].Text
			}
			for _, m := range held {
				down.Modifiers |= int64(m)
			}
			up := down
			up.Type, up.Text = kb.KeyUp, ""
			for _, event := range []input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, event); err != nil {
					return err //nolint:wrapcheck // the test says what it did
				}
			}
		}
		return nil
	}))
}

// reach is how many keys somebody presses to get to something before he gives up.
const reach = 25

// at describes what has the focus, for failures.
const at = `((e) => e ? e.localName + " " + (e.getAttribute("aria-label") || e.name || e.textContent).trim().slice(0, 40) : "")(document.activeElement)`

// goes presses a key until what has the focus fulfils a script about e.
func (h *hands) goes(key, what, fulfils string, held ...chromedp.Modifier) {
	h.t.Helper()
	var trail []string
	for range reach {
		if h.has(fulfils) {
			return
		}
		h.types(key, held...)
		now, err := chromedp.Run(h.ctx, chromedp.Evaluate[string](at))
		require.NoError(h.t, err)
		trail = append(trail, now)
	}
	require.Fail(h.t, "out of reach: "+what, strings.Join(trail, "\n"))
}

// has reports whether what has the focus fulfils a script about e.
func (h *hands) has(fulfils string) bool {
	h.t.Helper()
	return h.is(`((e) => Boolean(` + fulfils + `))(document.activeElement)`)
}

// finds waits until the focus is on something, without a key.
func (h *hands) finds(what, fulfils string) {
	h.t.Helper()
	h.becomes("the focus is on "+what, `!document.querySelector(".htmx-request") && ((e) => `+fulfils+`)(document.activeElement)`)
}

// tabs goes on with Tab.
func (h *hands) tabs(what, fulfils string) {
	h.t.Helper()
	h.goes(kb.Tab, what, fulfils)
}

// step is a script that is true on the card of a step.
func step(title string) string {
	return fmt.Sprintf(`e.matches(".canvas.is-live .node__hit") && (e.closest(".node").querySelector("b") ?? e.closest(".node").querySelector("span")).textContent === %q`, title)
}

// settles waits until nothing is under way and all is saved.
func (h *hands) settles() {
	h.t.Helper()
	h.becomes("it is at rest", `!document.querySelector(".htmx-request") && document.querySelector("#editor-state [data-word]")?.textContent === "Saved"`)
}

// picksFromList types the beginning of an option while a list has the focus.
func (h *hands) picksFromList(option string) {
	h.t.Helper()
	require.True(h.t, h.has(`e.matches("select")`))
	h.types(option)
	h.becomes(option+" is chosen", fmt.Sprintf(`document.activeElement.matches("select") && document.activeElement.selectedOptions[0].text.startsWith(%q)`, option))
}

// enters waits until the focus is in the panel of the step that was opened.
func (h *hands) enters() {
	h.t.Helper()
	h.finds("the first setting", `e.matches("#panel :is(input, select)")`)
}

// chooses puts a variable into the line that has the focus, by its title.
func (h *hands) chooses(title string) {
	h.t.Helper()
	h.types("/")
	h.finds("the search for variables", `e.matches("[data-var-search]")`)
	h.types(title + kb.Enter)
	h.finds("the line", `e.matches(".vinput__line") && e.querySelector(".var")`)
	h.settles()
}

// summaries are the second lines of the steps on the canvas from top to bottom.
func (b *browser) summaries() []string {
	b.t.Helper()
	all, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".canvas .node[data-key] small")].map((e) => e.textContent)`))
	require.NoError(b.t, err)
	return all
}

// on goes to a step by arrows, from the trigger down.
func (h *hands) on(title string) {
	h.t.Helper()
	h.settles()
	h.goes(kb.ArrowUp, "the trigger", `e.matches(".canvas.is-live .node--trigger .node__hit")`)
	h.goes(kb.ArrowDown, title, step(title))
}
