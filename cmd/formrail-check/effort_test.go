package main

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chromedp/chromedp"
)

// Times of a person's acts, in the keystroke-level model of Card, Moran and Newell
// ("The keystroke-level model for user performance time with interactive systems",
// Communications of the ACM 23(7), 1980): a key of an average typist, pointing at
// something, pressing and releasing the button, moving a hand between keyboard and mouse,
// and making up one's mind before an act. Reading is silent reading of prose, 238 words a
// minute (Brysbaert, Journal of Memory and Language 109, 2019); of the words of a page
// people read at most 28 % (Nielsen, "How little do users read?", 2008).
const (
	oneKey   = 280 * time.Millisecond
	pointing = 1100 * time.Millisecond
	pressing = 200 * time.Millisecond
	homing   = 400 * time.Millisecond
	deciding = 1350 * time.Millisecond
	oneWord  = time.Minute / 238
	readPart = 28 // percent of the words
)

// effort counts what somebody does and everything there is to read on the way, and
// estimates from that how long a newcomer takes. It is a model, not a stop-watch: it
// keeps the job from growing unseen.
type effort struct {
	presses, keys, choices, words int
	lines                         map[string]bool
}

// reads counts the words of a page's lines that were not there before.
func (e *effort) reads(page string) {
	for line := range strings.SplitSeq(page, "\n") {
		if line = strings.TrimSpace(line); line == "" || e.lines[line] {
			continue
		}
		e.lines[line] = true
		e.words += len(strings.Fields(line))
	}
}

// acts is how long the hands and the decisions between take.
func (e *effort) acts() time.Duration {
	press := deciding + pointing + pressing
	return time.Duration(e.presses+2*e.choices)*press + time.Duration(e.keys)*oneKey + time.Duration(e.presses)*homing
}

// reading is how long each line takes that is read once, by somebody who reads all.
func (e *effort) reading() time.Duration { return time.Duration(e.words) * oneWord }

// usual is how long somebody takes who reads as much as people do.
func (e *effort) usual() time.Duration { return e.acts() + e.reading()*readPart/100 }

// readable is a script for the lines that are seen: in front, not only for screen
// readers, not the entries of lists that are closed.
const readable = `(() => {
	const walk = document.createTreeWalker([...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body ?? document, NodeFilter.SHOW_TEXT), lines = [];
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, box = e?.getBoundingClientRect();
		if (e && !e.closest("select, script, style, template") && e.checkVisibility({visibilityProperty: true}) && box.width > 2 && box.height > 2) lines.push(walk.currentNode.data.trim());
	}
	return lines.join("\n");
})()`

// pressed counts a press after what stands on the page was read.
func (b *browser) pressed() {
	if b.effort == nil {
		return
	}
	page, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](readable))
	if err == nil { // else the page is being left for another one
		b.effort.reads(page)
	}
	b.effort.presses++
}

// typed counts keys.
func (b *browser) typed(text string) {
	if b.effort != nil {
		b.effort.keys += utf8.RuneCountInString(text)
	}
}

// chose counts a choice from a list: opening it and pointing at an entry.
func (b *browser) chose() {
	if b.effort != nil {
		b.effort.choices++
	}
}
