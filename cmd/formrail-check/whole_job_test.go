package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// job is the main job with names that no other run has.
type job struct {
	thing, subject, cost, status string // the collection and its fields
	flow, page                   string
	large, small                 string // labels of the branches
	owner, boss, worker          string
	limit                        int
}

func newJob() job {
	return job{
		thing: word("Purchase"), subject: word("Subject"), cost: word("Cost"), status: word("Progress"), flow: word("Approval"), page: word("Buying"),
		large: word("Large"), small: word("Small"), owner: word("Olga"), boss: word("Boris"), worker: word("Wanda"), limit: 100 + rand.IntN(800),
	}
}

// mail is an address for a name.
func mail(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com"
}

// TestBrowser_WholeJobFromAnEmptyFolder is the product as three people meet it: one
// sets it up, adds the others, makes a collection, a workflow and a page, and binds
// them; one submits; one decides. All by clicking and typing.
//
//nolint:paralleltest // loads the machine
func TestBrowser_WholeJobFromAnEmptyFolder(t *testing.T) {
	v := serve(t, settings{})
	j := newJob()
	began := time.Now()
	owner := stranger(t, v, "owner")
	owner.effort = &effort{lines: map[string]bool{}}
	owner.setUp(j, strings.Join(v.said, "\n"))
	boss, worker := stranger(t, v, "boss"), stranger(t, v, "worker")
	boss.effort, worker.effort = owner.effort, owner.effort
	boss.joins(owner.adds(j.boss, "", "Approver"), j.boss)
	worker.joins(owner.adds(j.worker, j.boss), j.worker)

	owner.makesCollection(j)
	owner.makesWorkflow(j)
	owner.makesPage(j)
	t.Log("from an empty folder to a bound button, typed by a machine:", time.Since(began).Round(time.Second))

	worker.submits(j, "Standing desk", j.limit+1)
	worker.finds(j, "Standing desk", "Waiting")
	worker.becomes("mark the page", `window.stays = true`)
	boss.decides(j, "Standing desk")
	worker.becomes("the row follows without another page", `window.stays && [...document.querySelectorAll("main tbody tr")].some((e) => e.textContent.includes("Standing desk") && e.textContent.includes("Approved"))`)
	done := owner.effort
	t.Logf("up to the decision, three people together: %d presses, %d choices, %d keys, %d words to read; estimated %s of acts, %s of reading all, %s as people read",
		done.presses, done.choices, done.keys, done.words, done.acts().Round(time.Second), done.reading().Round(time.Second), done.usual().Round(time.Second))
	require.Less(t, done.usual(), 10*time.Minute, "a newcomer has the job done in ten minutes")
	worker.finds(j, "Standing desk", "Approved")
	worker.submits(j, "Pencils", j.limit-1)
	worker.finds(j, "Pencils", "Approved")
	boss.visit("/tasks")
	require.NotContains(t, boss.text(), "Pencils", "what is small asks nobody")
	owner.press("Executions")
	owner.arrives("/executions")
	owner.sees("Succeeded")
	owner.click("the execution that asked", fmt.Sprintf(`[...document.querySelectorAll("main tbody tr")].find((e) => e.textContent.includes("Standing desk") || e.textContent.includes(%q))?.querySelector("a")`, j.flow))
	owner.arrives("/executions/*")
	owner.sees(j.flow)
	owner.picture("whole-execution")
}

// setUp makes the first administrator with the link that the server printed.
func (b *browser) setUp(j job, said string) {
	b.t.Helper()
	link := regexp.MustCompile(`/setup\?token=\S+`).FindString(said)
	require.NotEmpty(b.t, link, said)
	b.visit(link)
	b.fill("Your name", j.owner)
	b.fill("Email", mail(j.owner))
	b.fill("Password", "nine boats in the harbour")
	b.press("Create administrator")
	b.arrives("/")
	b.sees("Home")
	b.picture("whole-home-empty")
}

// adds invites a person and gives the address of the invitation.
func (b *browser) adds(name, manager string, roles ...string) string {
	b.t.Helper()
	b.press("People")
	b.arrives("/settings/people")
	b.press("Add person")
	b.sees("You get a link to hand over")
	b.fill("Name", name)
	b.fill("Email", mail(name))
	if manager != "" {
		b.becomes("the manager has the focus", `(document.getElementById("person-manager")?.focus(), document.activeElement?.role === "combobox")`)
		b.keys(manager + kb.Enter)
		b.becomes("the manager is chosen", fmt.Sprintf(`document.getElementById("person-manager-value").selectedOptions[0].text.startsWith(%q)`, manager))
	}
	for _, role := range roles {
		b.tick(role)
	}
	b.inDialog("Add person")
	b.sees("is shown only now")
	link, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.getElementById("person-link").value`))
	require.NoError(b.t, err)
	b.inDialog("Done")
	at, err := url.Parse(link)
	require.NoError(b.t, err)
	return at.RequestURI()
}

// joins follows an invitation.
func (b *browser) joins(invitation, name string) {
	b.t.Helper()
	b.visit(invitation)
	b.sees("Welcome, " + name)
	b.fill("Password", "seven quiet umbrellas")
	b.press("Set password and sign in")
	b.arrives("/")
	b.sees(name)
}

// makesCollection makes the collection with its fields.
func (b *browser) makesCollection(j job) {
	b.t.Helper()
	b.press("Collections")
	b.arrives("/collections")
	b.press("New collection")
	b.arrives("/new-collection")
	b.fill("Title", j.thing)
	b.becomes("the key follows", `document.querySelector("#setting-name")?.value.startsWith("purchase")`)
	b.fill("First field", j.subject)
	b.choose("Who may use the records", "Everybody who is signed in")
	b.press("Create collection")
	b.arrives("/collections/*")
	b.sees("is created")
	at := strings.TrimPrefix(b.path(), "/collections/")
	b.addField("Money", j.cost)
	b.tick("Required")
	b.saveField(at, j.cost)
	b.addField("Single select", j.status)
	for i, option := range []string{"Waiting", "Approved", "Declined"} {
		if i > 0 {
			b.press("Add option")
		}
		b.becomes("type an option", fmt.Sprintf(`(() => { const e = document.querySelector("[aria-label='Option %d']"); e?.focus(); return e && document.activeElement === e; })()`, i+1))
		b.keys(option)
	}
	b.keys(kb.Tab)
	b.becomes("what was typed last is offered", `[...document.getElementById("setting-default").options].at(-1).text === "Declined"`)
	b.choose("Default", "Waiting")
	b.saveField(at, "Waiting, Approved, Declined")
	b.picture("whole-collection")
}

// path is where the browser is.
func (b *browser) path() string {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname"))
	require.NoError(b.t, err)
	return at
}

// named gives the value of the option with a text of a select in the panel.
func (b *browser) named(name, option string) {
	b.t.Helper()
	b.chose()
	b.becomes("choose "+option, fmt.Sprintf(`(() => {
		const select = document.querySelector('#step-form [name="%s"]');
		const wanted = select && [...select.options].find((o) => o.text.includes(%q));
		if (!wanted || document.querySelector(".htmx-request")) return false;
		select.value = wanted.value;
		select.dispatchEvent(new Event("input", {bubbles: true}));
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, name, option))
	b.saved()
}

// makesWorkflow draws the workflow: what is large asks the manager, what is small is
// approved at once.
func (b *browser) makesWorkflow(j job) {
	b.t.Helper()
	b.press("Workflows")
	b.arrives("/workflows")
	b.press("New workflow")
	b.arrives("/new-workflow")
	b.fill("Name", j.flow)
	b.press("Create workflow")
	b.arrives("/workflows/*")
	b.sees("Collection is missing.")
	b.named("set.collection", j.thing)

	b.add(0, "if")
	b.click("two branches", `document.querySelector("#palette input[value=branch]")`)
	b.click("add it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Condition")
	b.click("a rule", `document.querySelector("button[value='when.add']")`)
	b.picks("set.when.0.left", j.cost)
	b.named("set.when.0.op", "is greater than")
	b.input("set.when.0.right", fmt.Sprint(j.limit))
	b.input("branch.yes", j.large)
	b.input("branch.no", j.small)
	b.sees(j.large)
	b.sees(j.small)

	b.add(1, "approval")
	b.click("add it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Approval")
	b.click("people", `document.querySelector("button[value='assignees.add']")`)
	b.becomes("the manager is asked", `document.querySelector(".node.is-sel small")?.textContent === "Manager"`)

	b.click("the last place", `[...document.querySelectorAll(".canvas .add[data-parent='']")].at(-1)`)
	b.becomes("the palette is open", `document.activeElement?.matches("#palette input[type=search]") && !document.querySelector(".htmx-request")`)
	b.keys("update" + kb.Enter)
	b.opened("Update record")
	b.named("set.collection", j.thing)
	b.named("set.values.+", j.status)
	value := `document.querySelector("#step-form .assign [name^='set.values.']:not([name='set.values.+'])")`
	b.becomes("the field can be set", value)
	b.pressLine("the value", value)
	b.click("an option", `document.querySelector("#vars .tree__row[data-literal=approved]")`)
	b.becomes("the value is written", value+`.value === "approved"`)
	b.saved()
	b.picture("whole-value")
	b.click("a condition", `document.querySelector("button[value='filter.add']")`)
	b.becomes("a row is there", `document.querySelector("[name='set.filter.0.left']")`)
	b.named("set.filter.0.left", "ID")
	b.input("set.filter.0.right", "{{ trigger.data.id }}")
	b.sees("No problems")
	b.becomes("the value is kept", value+`.value === "approved"`)
	b.picture("whole-editor")

	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.sees("Publish version 1?")
	b.picture("whole-publish")
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Same as version 1")
	b.becomes("it is enabled", `document.querySelector(".editor__bar input[name=enabled]")?.checked`)
}

// picks chooses a variable for an input by its title.
func (b *browser) picks(input, title string) {
	b.t.Helper()
	b.becomes("a row is there", fmt.Sprintf(`document.querySelector("[name='%s']")`, input))
	b.pressLine("the empty line", fmt.Sprintf(`document.querySelector("[name='%s']")`, input))
	b.becomes("the search has the focus", `document.activeElement?.matches("[data-var-search]")`)
	b.keys(title + kb.Enter)
	b.becomes("the variable is written", fmt.Sprintf(`document.querySelector("[name='%s']").value.startsWith("{{ trigger.data.")`, input))
	b.saved()
}

// pressLine presses the empty line around an input, which opens what it may hold.
func (b *browser) pressLine(what, input string) {
	b.t.Helper()
	b.click(what, input+`.closest(".vinput").querySelector(".vinput__line")`)
	b.becomes("the picker is open", `document.activeElement?.matches("[data-var-search]")`)
}

// makesPage designs a page with a table and a form, and binds the workflow to the
// button of the form.
func (b *browser) makesPage(j job) {
	b.t.Helper()
	b.visit("/pages")
	b.press("New page")
	b.sees("Who sees it")
	b.fill("Title", j.page)
	b.inDialog("Create page")
	b.arrives("/pages/*/design")
	b.press("Add block")
	b.choose("Block", "Table")
	b.choose("Collection", j.thing)
	b.inDialog("Add block")
	b.sees("Settings of Table")
	b.save("Save")
	b.press("Add block")
	b.choose("Block", "Form")
	b.choose("Collection", j.thing)
	b.inDialog("Add block")
	b.sees("Settings of Form")
	b.sees("“" + j.status + "” is left out")
	b.picture("whole-form-settings")
	b.fill("Title", "Ask for it")
	b.save("Save")
	b.at("Ask for it", "Submit")
	b.press("Bind workflow")
	b.sees("Choose what starts after someone presses")
	b.becomes("the workflow has the focus", `(document.querySelector("fr-combobox input")?.focus(), document.activeElement?.role === "combobox")`)
	b.keys(j.flow + kb.Enter)
	b.becomes("the workflow is chosen", `document.querySelector("fr-combobox select").value !== ""`)
	b.picture("whole-bind")
	b.save("Save bindings")
	b.press("Publish page")
	b.sees("is published")
}

// submits fills in the form of the page.
func (b *browser) submits(j job, what string, cost int) {
	b.t.Helper()
	b.visit("/")
	b.press(j.page)
	b.arrives("/pages/*")
	b.sees("Ask for it")
	b.fill(j.subject, what)
	b.fill(j.cost, fmt.Sprint(cost))
	b.picture("whole-form")
	b.press("Submit")
	b.sees(what)
	if cost > j.limit {
		b.sees(j.boss + " was asked to decide.")
	}
	b.picture("whole-submitted")
}

// decides approves the task about something.
func (b *browser) decides(j job, what string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		b.visit("/tasks")
		return strings.Contains(b.text(), j.flow) || strings.Contains(b.text(), what)
	}, 20*time.Second, 200*time.Millisecond, "the manager has a task")
	b.press(what)
	b.arrives("/tasks/*")
	b.press("Approve")
	b.inDialog("Approve")
	b.sees("Approved")
	b.picture("whole-decided")
}

// finds waits until the record says how it stands.
func (b *browser) finds(j job, what, status string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		b.visit("/")
		b.press(j.page)
		b.arrives("/pages/*")
		return b.row(what) == status
	}, 20*time.Second, 300*time.Millisecond, "%s is %s", what, status)
}
