package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// becomes waits until a script is true on the page.
func (b *browser) becomes(what, script string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+script+")"))
		return err == nil && ok
	}, 20*time.Second, 50*time.Millisecond, "it does not come about: %s", what)
}

// keys types on the keyboard, into whatever has the focus.
func (b *browser) keys(typed string) {
	b.t.Helper()
	b.typed(typed)
	b.do(chromedp.KeyEvent(typed))
}

// choose chooses an option of the select with a label.
func (b *browser) choose(label, option string) {
	b.t.Helper()
	b.chose()
	b.becomes("choose "+option, fmt.Sprintf(`(() => {
		const select = [...document.querySelectorAll("select")].find((e) => (e.getAttribute("aria-label") || e.labels[0]?.textContent || "").trim().startsWith(%q));
		const wanted = select && [...select.options].find((o) => o.text === %q);
		if (!wanted) return false;
		select.value = wanted.value;
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, label, option))
}

// tick presses the check box with a label.
func (b *browser) tick(label string) {
	b.t.Helper()
	b.click(label, fmt.Sprintf(`[...document.querySelectorAll("label.check")].find((e) => e.textContent.trim().startsWith(%q))`, label))
}

// addField opens the panel of a new field of a type, and types its title.
func (b *browser) addField(kind, title string) {
	b.t.Helper()
	b.press("Add field")
	b.becomes("the types are open", `document.querySelector("#field-types").matches(":popover-open")`)
	b.becomes("the search has the focus", `document.activeElement?.type === "search"`)
	b.keys(kind + kb.Enter)
	b.arrives("/collections/*/new-field/*")
	b.becomes("the title has the focus", `document.activeElement?.name === "title"`)
	b.keys(title)
}

// key waits until the key of something new is what its title suggests.
func (b *browser) key(want string) {
	b.t.Helper()
	b.becomes("the key is "+want, fmt.Sprintf(`document.querySelector("#setting-name")?.value === %q`, want))
}

// saveField saves the open field and waits for the list.
func (b *browser) saveField(collection, seen string) {
	b.t.Helper()
	b.click("Save field", `document.querySelector("#field-panel .panel__foot button[type=submit]")`)
	b.arrives("/collections/" + collection)
	b.sees(seen)
}

// TestBrowser_DesignsACollection makes a collection with fields of several types as a
// designer does, changes them, and deletes what nobody needs.
//
//nolint:paralleltest // loads the machine
func TestBrowser_DesignsACollection(t *testing.T) {
	b := demo(t)
	b.press("Collections")
	b.arrives("/collections")
	b.sees("Reimbursement")
	b.picture("collections")

	makeTrips(b)
	editOptions(b)
	renameAndDelete(b)
}

func makeTrips(b *browser) {
	b.press("New collection")
	b.arrives("/new-collection")
	b.becomes("the title has the focus", `document.activeElement?.name === "title"`)
	b.keys("Business trip")
	b.key("businessTrip")
	b.keys(kb.Enter) // the form is sent by the keyboard alone, and asks for what is missing
	b.sees("Fill in “Who may use the records”")
	b.choose("Who may use the records", "Only administrators")
	b.press("Create collection")
	b.arrives("/collections/businessTrip")
	b.sees("“Business trip” is created")

	b.addField("Money", "Estimated cost")
	b.key("estimatedCost")
	b.choose("Currency", "SEK")
	b.fill("At least", "cheap")
	b.click("Save field", `document.querySelector("#field-panel .panel__foot button[type=submit]")`)
	b.sees("needs your attention")
	b.becomes("the problem has the focus", `document.activeElement?.hasAttribute("data-error-summary")`)
	b.picture("collection-field-invalid")
	b.fill("At least", "1")
	b.tick("Required")
	b.saveField("businessTrip", "Required · at least 1")
	b.addField("Person", "Traveller")
	b.choose("Default", "The person who creates the record")
	b.saveField("businessTrip", "Traveller")
	b.addField("Link to one", "Expense")
	b.choose("Linked collection", "Reimbursement")
	b.saveField("businessTrip", "Link to one")
	b.addField("Single select", "State")
	b.click("the first option", `document.querySelector("[aria-label='Option 1']")`)
	b.becomes("type the first option", `(() => { const e = document.querySelector("[aria-label='Option 1']"); e.focus(); return document.activeElement === e; })()`)
	b.keys("Planned")
	b.click("the colours of option 1", `document.querySelector("[aria-label='Colour of option 1'][popovertarget]")`)
	b.becomes("the colours have the focus", `document.activeElement?.closest("[popover]:popover-open")`)
	b.click("blue", `document.querySelector("[name='optionColour.0'][value=blue]")`)
	b.keys(kb.Escape)
	b.becomes("the colours are closed", `!document.querySelector(":popover-open") && !document.activeElement?.closest("[popover]")`)
	b.becomes("back to the first option", `(() => { const e = document.querySelector("[aria-label='Option 1']"); e.focus(); return document.activeElement === e; })()`)
	b.keys(kb.Enter) // goes on with another option, and does not save the field
	b.becomes("the new option has the focus", `document.activeElement?.getAttribute("aria-label") === "Option 2"`)
	b.keys("Booked")
	b.saveField("businessTrip", "Planned, Booked")
	b.picture("collection-fields")
}

func editOptions(b *browser) {
	b.becomes("mark the page", `window.stays = true`)
	b.press("State")
	b.arrives("/collections/businessTrip/fields/state")
	b.becomes("the panel opens without another page", `window.stays && document.querySelector("#field-panel h2")?.textContent === "State"`)
	b.labelled("Move option 2 up")
	b.becomes("the options are in another order", `document.querySelector("[aria-label='Option 1']")?.value === "Booked"`)
	b.labelled("Remove option 2")
	b.becomes("one option is left", `document.querySelectorAll("[name=optionLabel]").length === 1`)
	b.becomes("nothing was loaded again", `window.stays`)
	b.picture("collection-field-options")
	b.saveField("businessTrip", "Field saved")
	require.NotContains(b.t, b.text(), "Planned")
}

func renameAndDelete(b *browser) {
	b.labelled("Actions for State")
	b.press("Move up")
	b.becomes("the field is further up", `(() => {
		const names = [...document.querySelectorAll("main tbody tr")].map((e) => e.id);
		return document.readyState === "complete" && names.indexOf("field-row-state") < names.indexOf("field-row-expense");
	})()`)
	b.labelled("Actions for Estimated cost")
	b.press("Change key")
	b.asked("estimatedCost")
	b.fill("New key", "cost")
	b.keys(kb.Enter)
	b.arrives("/collections/businessTrip/fields/cost")
	b.sees("The key is now cost")
	b.press("Delete")
	b.asked("")
	b.keys("costs" + kb.Enter)
	b.sees("Type cost exactly")
	b.picture("collection-field-delete")
	b.asked("costs")
	b.fill("Type", "cost")
	b.keys(kb.Enter)
	b.arrives("/collections/businessTrip")
	b.sees("Deleted fields")
	b.press("Restore")
	b.sees("restored with all its values")
	require.Contains(b.t, b.text(), "Required · at least 1")
}

// labelled presses the button with an accessible name.
func (b *browser) labelled(name string) {
	b.t.Helper()
	b.click(name, fmt.Sprintf(`document.querySelector("button[aria-label='%s']:not(:disabled)")`, name))
}

// asked waits for a modal question whose input has the focus and a value.
func (b *browser) asked(value string) {
	b.t.Helper()
	b.becomes("a question with the focus in it", fmt.Sprintf(
		`document.querySelector("#question")?.matches(":modal") && document.activeElement?.id === "question-key" && document.activeElement.value === %q`, value))
}
