package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// newSchedule makes a workflow that follows the clock and opens its trigger.
func (b *browser) newSchedule(title string) {
	b.t.Helper()
	b.visit("/new-workflow")
	b.click("follow the clock", `document.querySelector("dialog[open] input[name=type][value=schedule]")`)
	b.fill("Name", title)
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.becomes("the trigger is open", triggerOpen)
}

// triggerOpen is a script that says whether the trigger is open in the panel.
const triggerOpen = `document.querySelector(".canvas.is-live") && document.querySelector("#panel .panel__head h2")?.textContent === "Schedule" && !document.querySelector(".htmx-request")`

// publishes makes the draft live and switches it on.
func (b *browser) publishes() {
	b.t.Helper()
	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.click("switch it on", `document.querySelector("dialog[open] input[name=enable]:not(:checked)") ?? document.querySelector("dialog[open] h2")`)
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Version 1 is live")
}

// TestBrowser_SetsSchedules sets times by cron, by steps and by a date of a record, sees
// when they come next, and finds the executions they started.
//
//nolint:paralleltest // loads the machine
func TestBrowser_SetsSchedules(t *testing.T) {
	enter := demoPeople(t)
	b := enter("designer")
	shown := func() int {
		b.t.Helper()
		n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](`document.querySelectorAll("#next-times li").length`))
		require.NoError(t, err)
		return n
	}
	title := word("Clockwork")
	b.newSchedule(title)
	b.sees("Enter the first time, or a cron expression.")
	b.click("by cron", `document.querySelector("#step-form input[name='set.repeat.as'][value=cron]")`)
	b.becomes("it asks for an expression", `document.querySelector("#step-form [name='set.repeat.cron']")`)
	b.becomes("type what is none", `(() => {
		const input = document.querySelector("#step-form [name='set.repeat.cron']");
		input.value = "0 0 9 * * 7";
		input.dispatchEvent(new Event("input", {bubbles: true}));
		return true;
	})()`)
	b.becomes("it says so beside it", `document.querySelector("#problem-repeat")?.textContent.includes("Sunday is 0")`)
	b.becomes("what was typed stays", `document.querySelector("#step-form [name='set.repeat.cron']").value === "0 0 9 * * 7" && document.querySelector("#panel-saved").textContent.includes("Not saved")`)
	b.picture("schedule-wrong")
	b.input("set.repeat.cron", "30 2 * * MON-FRI")
	b.becomes("five times come next", `document.querySelectorAll("#next-times li").length === 5 && document.querySelector("#next-times").textContent.includes("02:30:00")`)
	b.becomes("no weekend is among them", `!/Sat|Sun/.test(document.querySelector("#next-times ol").textContent)`)
	b.becomes("a zone is chosen", `(() => {
		const select = document.querySelector("#step-form [name='set.timezone']");
		select.value = "America/New_York";
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	b.becomes("the zone is named", `document.querySelector("#next-times").textContent.includes("America/New_York")`)
	b.picture("schedule-cron")
	address := b.path() + "?step=trigger"
	b.listen()
	for _, is := range []look{{1440, "dark"}, {390, "light"}, {390, "dark"}, {1440, "light"}} {
		require.Empty(t, b.faults(is, address), "%d %s", is.width, is.theme)
		b.picture(fmt.Sprintf("schedule-%d-%s", is.width, is.theme))
	}
	b.becomes("the trigger is open", triggerOpen)
	b.click("in steps", `document.querySelector("#step-form input[name='set.repeat.as'][value=every]")`)
	b.becomes("it asks for a number", `document.querySelector("#step-form [name='set.repeat.amount']")`)
	b.becomes("seconds are chosen", `(() => {
		const select = document.querySelector("#step-form [name='set.repeat.unit']");
		select.value = "s";
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	b.input("set.repeat.amount", "1")
	b.input("set.startsOn.at", "2026-01-01T00:00")
	b.becomes("five times come next", `document.querySelectorAll("#next-times li").length === 5`)
	b.publishes()
	b.visit("/executions?q=" + title)
	b.becomes("it runs", `document.querySelectorAll("main a[href^='/executions/']").length > 2 || (setTimeout(() => location.reload(), 300), false)`)
	b.click("one of them", `document.querySelector("main a[href^='/executions/']")`)
	b.arrives("/executions/*")
	b.sees("The schedule, for")
	b.picture("schedule-execution")

	b.newSchedule(word("Reminder"))
	b.click("by a date", `document.querySelector("#step-form input[name='set.basis'][value=date_field]")`)
	b.becomes("a collection is offered", `document.querySelector("#step-form [name='set.collection']")`)
	b.becomes("it is chosen", `(() => {
		const select = document.querySelector("#step-form [name='set.collection']");
		select.value = "reimbursements";
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	b.becomes("its dates are offered", `document.querySelector("#step-form [name='set.startsOn.field'] option:nth-child(2)")`)
	b.becomes("one is chosen", `(() => {
		const select = document.querySelector("#step-form [name='set.startsOn.field']");
		select.value = "createdAt";
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	b.becomes("it can be before or after", `document.querySelector("#step-form [name='set.startsOn.sign']")`)
	b.becomes("after", `(() => {
		const select = document.querySelector("#step-form [name='set.startsOn.sign']");
		select.value = "+";
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
	b.becomes("how long", `document.querySelector("#step-form [name='set.startsOn.amount']")`)
	b.input("set.startsOn.amount", "3")
	b.sees("3d after")
	b.publishes()
	b.click("open the trigger", `document.querySelector(".node__hit")`)
	b.becomes("the trigger is open", triggerOpen)
	b.becomes("times of records are listed", `document.querySelectorAll("#next-times li").length > 0`)
	require.Positive(t, shown())
	b.picture("schedule-dated")
	for _, is := range []look{{390, "light"}, {1440, "dark"}} {
		require.Empty(t, b.faults(is, b.path()+"?step=trigger"), "%d %s", is.width, is.theme)
		b.picture(fmt.Sprintf("schedule-dated-%d-%s", is.width, is.theme))
	}
}
