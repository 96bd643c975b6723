package main

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestBrowser_AColleagueIsAddedByClicking adds somebody with a manager, hands his link
// over, and takes the manager away again.
//
//nolint:paralleltest // loads the machine
func TestBrowser_AColleagueIsAddedByClicking(t *testing.T) {
	enter := demoPeople(t)
	owner := enter("designer")
	owner.press("People")
	owner.arrives("/settings/people")
	owner.press("Add person")
	owner.sees("You get a link to hand over")
	owner.fill("Name", "Jun Tanaka")
	owner.fill("Email", "jun@demo.example")
	manager := `document.getElementById("person-manager")`
	chosen := `document.getElementById("person-manager-value").selectedOptions[0].text`
	focus := `(` + manager + `?.focus(), document.activeElement?.role === "combobox")`
	owner.becomes("the manager has the focus", focus)
	owner.keys("Nobody At All" + kb.Tab)
	owner.sees("“Nobody At All” is not in the list")
	owner.inDialog("Add person")
	owner.becomes("the form is not sent", manager+`.value === "Nobody At All" && document.activeElement === `+manager)
	owner.picture("people-unknown-manager")
	owner.becomes("the manager has the focus", focus)
	owner.keys("mara" + kb.Tab)
	owner.becomes("what can mean one person is that person", chosen+`.startsWith("Mara Manager") && !document.querySelector("[role=alert].err")`)
	owner.fill("Email", "jun@")
	owner.becomes("the manager has the focus", focus)
	owner.keys("mara" + kb.Enter)
	owner.becomes("the manager is chosen", chosen+`.startsWith("Mara Manager")`)
	owner.tick("Approver")
	owner.inDialog("Add person")
	owner.sees("Enter one email address")
	owner.becomes("what was typed is kept", manager+`.value === "Mara Manager" && document.getElementById("person-name").value === "Jun Tanaka" && document.activeElement.id === "person-email"`)
	owner.fill("Email", "jun@demo.example")
	owner.inDialog("Add person")
	owner.sees("is shown only now")
	owner.picture("people-link")
	link, err := chromedp.Run(owner.ctx, chromedp.Evaluate[string](`document.getElementById("person-link").value`))
	require.NoError(t, err)
	owner.inDialog("Done")
	owner.becomes("the link is gone", `!document.getElementById("person-link")`)
	owner.sees("Invited")

	at, err := url.Parse(link)
	require.NoError(t, err)
	jun := enter("employee") // the link takes the place of whoever was signed in
	jun.visit(at.RequestURI())
	jun.sees("Welcome, Jun Tanaka")
	jun.fill("Password", "seven quiet umbrellas")
	jun.press("Set password and sign in")
	jun.arrives("/")
	jun.sees("Jun Tanaka")
	jun.visit(at.RequestURI())
	jun.sees("This link has ended")

	owner.press("Jun Tanaka")
	owner.becomes("the form is open", `document.querySelector("#person[open]")`)
	owner.fill("Manager", "")
	owner.becomes("the manager is emptied", chosen+` === "No manager"`)
	owner.inDialog("Save")
	owner.sees("Jun Tanaka is saved")
	owner.becomes("no manager is listed", `[...document.querySelectorAll("tbody tr")].some((row) => row.textContent.includes("jun@demo.example") && !row.textContent.includes("Mara Manager"))`)
}
