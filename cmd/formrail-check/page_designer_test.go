package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// inDialog presses a button or link of the open dialog or drawer.
func (b *browser) inDialog(text string) {
	b.t.Helper()
	b.click(text, fmt.Sprintf(`[...document.querySelectorAll("dialog[open] button, dialog[open] a")].find((e) => e.checkVisibility() && e.textContent.trim() === %q)`, text))
}

// at presses a button or link of the frame around a block, by the heading in it.
func (b *browser) at(block, text string) {
	b.t.Helper()
	b.click(text, fmt.Sprintf(`(() => {
		const frame = [...document.querySelectorAll(".block--edit")].find((e) => e.textContent.includes(%q));
		return frame && [...frame.querySelectorAll("button, a")].find((e) => e.textContent.trim() === %q || e.getAttribute("aria-label")?.startsWith(%q));
	})()`, block, text, text))
}

// addForm adds a form on the page and gives it a title.
func (b *browser) addForm(title string) {
	b.t.Helper()
	b.press("Add block")
	b.choose("Block", "Form")
	b.choose("Collection", "Reimbursement")
	b.inDialog("Add block")
	b.sees("Settings of Form")
	b.fill("Title", title)
	b.save("Save")
}

// save presses a button of the open dialog and waits until the page is back.
func (b *browser) save(text string) {
	b.t.Helper()
	b.inDialog(text)
	b.becomes("back on the page after "+text, `document.readyState === "complete" && !location.search && !document.querySelector("dialog[open]")`)
}

// TestBrowser_BindsAWorkflowToOneOfTwoForms designs a page by clicking: a table and
// two forms, one of them bound. An employee then sends both.
//
//nolint:paralleltest // loads the machine
func TestBrowser_BindsAWorkflowToOneOfTwoForms(t *testing.T) {
	enter := demoPeople(t)

	designer := enter("designer")
	designer.visit("/pages")
	designer.press("New page")
	designer.sees("Who sees it")
	designer.fill("Title", "Travel money")
	designer.inDialog("Create page")
	designer.arrives("/pages/travel-money/design")
	designer.press("Add block")
	designer.choose("Block", "Table")
	designer.choose("Collection", "Reimbursement")
	designer.inDialog("Add block")
	designer.sees("Settings of Table")
	designer.save("Save")
	designer.addForm("Ask for money")
	designer.addForm("Only a note")

	designer.at("Only a note", "Submit")
	designer.press("Ask before submitting")
	designer.fill("Question", "Keep this note?")
	designer.save("Save")
	designer.at("Ask for money", "Submit")
	designer.picture("design-menu")
	designer.press("Bind workflow")
	designer.sees("Choose what starts after someone presses")
	designer.becomes("the workflow has the focus", `(document.querySelector("dialog[open] fr-combobox input")?.focus(), document.activeElement?.role === "combobox")`)
	designer.keys("approv" + kb.ArrowDown + kb.Enter)
	designer.becomes("the workflow is chosen", `document.querySelector("dialog[open] fr-combobox select").value === "reimb_approval"`)
	designer.click("another row", `[...document.querySelectorAll("dialog[open] button")].find((e) => e.textContent.trim() === "Add workflow")`)
	designer.click("the second row", `document.querySelectorAll("dialog[open] fr-combobox input")[1]`)
	designer.picture("design-bind")
	designer.inDialog("Save bindings")
	designer.sees("Choose a workflow, or remove this row.")
	designer.click("the bin of row 2", `document.querySelector("dialog[open] button[aria-label='Remove row 2']")`)
	designer.click("the one row", `document.querySelectorAll("dialog[open] fr-combobox").length === 1 && document.querySelector("dialog[open] fr-combobox input")`)
	designer.save("Save bindings")
	designer.press("Publish page")
	designer.sees("is published")
	designer.picture("design-published")

	employee := enter("employee")
	send := func(form, project string) {
		employee.visit("/pages/travel-money")
		employee.sees(form)
		filled, err := chromedp.Run(employee.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
			const form = [...document.querySelectorAll("form")].find((e) => e.textContent.includes(%q));
			form.elements.projectName.value = %q;
			form.elements.amount.value = "90";
			setTimeout(() => form.querySelector("button[name=_action]").click());
			return true;
		})()`, form, project)))
		require.NoError(t, err)
		require.True(t, filled)
	}
	send("Ask for money", "Night train")
	employee.sees("Night train")
	send("Only a note", "Coffee beans")
	employee.sees("Keep this note?")
	employee.picture("design-question")
	employee.inDialog("Submit")
	employee.sees("Coffee beans")
	employee.sees("Starts Reimbursement approval")
	employee.picture("design-used")
	require.Eventually(t, func() bool {
		employee.visit("/pages/travel-money")
		bound := employee.row("Night train")
		return bound != "" && bound != employee.row("Coffee beans")
	}, 20*time.Second, 200*time.Millisecond, "the bound form starts its workflow")
	require.Contains(t, employee.row("Coffee beans"), "Draft", "the other form starts nothing")
}

// row is the state of the record in a table with a name.
func (b *browser) row(name string) string {
	b.t.Helper()
	said, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(
		`[...document.querySelectorAll("tbody tr")].find((e) => e.textContent.includes(%q))?.querySelector(".badge, .st")?.textContent.trim() || ""`, name)))
	require.NoError(b.t, err)
	return said
}
