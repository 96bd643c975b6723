package main

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"formrail/engine/nodes"
	"formrail/engine/triggers"
	"formrail/handlers/route"
	"formrail/handlers/web"
)

// axe finds faults of accessibility in a page.
//
//go:embed testdata/axe.min.js
var axe string

// faults runs axe on the open page, and looks for what makes any page bad: a complaint in
// the console, a sideways scroll, no title, another number of main headings than one.
const faults = `(async () => {
	const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
	const out = found.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " (" + (n.any[0]?.message ?? "") + ")").join(", "));
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) out.push("scrolls sideways: " + root.scrollWidth + " > " + root.clientWidth);
	if (document.querySelectorAll("h1").length !== 1) out.push("main headings: " + document.querySelectorAll("h1").length);
	out.push(...window.complaints);
	if (!document.title.replace("· Formrail", "").trim()) out.push("no title");
	return out;
})()`

// listens gathers what a page writes to the console as errors, throws, fails to load or
// is refused by its policy, from its first moment on. A live stream that was refused is
// left out: the test leaves pages faster than the server notices that their streams are
// closed, and a person may have eight.
const listens = `
	window.complaints = [];
	const complain = (what) => window.complaints.push("console: " + what);
	const write = console.error;
	console.error = (...said) => { if (said.join(" ") !== "[object Event]") complain(said.join(" ")); write(...said); };
	addEventListener("error", (event) => complain(event.message ?? "cannot load " + (event.target.src ?? event.target.href)), true);
	addEventListener("unhandledrejection", (event) => complain("rejected: " + event.reason));
	addEventListener("securitypolicyviolation", (event) => complain("policy " + event.violatedDirective));`

// look is a width and a theme that pages are looked at in.
type look struct {
	width int64
	theme string
}

// notHere stands for the address of a route that has no page in the demo: it answers with
// a file, or with what somebody has to start first. Tests of handlers/web ask for these.
const notHere = "not here"

// addresses are all pages of somebody who is signed in, with data of the demo in their
// patterns. A pattern with a parameter that is not known here fails the test.
func addresses(t *testing.T, known map[string]string) []string {
	t.Helper()
	pages := web.New(route.Deps{}, web.Declared{Nodes: nodes.All(), Triggers: triggers.All()})
	var out []string
	for _, r := range pages.Routes {
		if r.Method != route.GET || r.Auth != route.Session {
			continue
		}
		address, given := known[r.Pattern]
		if !given {
			address = r.Pattern
			for name, value := range known {
				address = strings.ReplaceAll(address, "{"+name+"}", value)
			}
		}
		require.NotContains(t, address, "{", "give %s an address", r.Pattern)
		if address == notHere {
			continue
		}
		out = append(out, address)
	}
	return out
}

// first is the first link of the open page whose address matches.
func (b *browser) first(pattern string) string {
	b.t.Helper()
	var found string
	b.becomes("a link to "+pattern, fmt.Sprintf(`[...document.querySelectorAll("main a")].some((e) => new RegExp(%q).test(e.getAttribute("href")))`, pattern))
	all, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("main a")].map((e) => e.getAttribute("href"))`))
	require.NoError(b.t, err)
	for _, href := range all {
		if found == "" && regexp.MustCompile(pattern).MatchString(href) {
			found = href
		}
	}
	return found
}

// TestBrowser_EveryPageIsAccessible opens every page of the route table with data, in
// both themes, wide and narrow, and finds no fault in any.
//
//nolint:paralleltest // loads the machine
func TestBrowser_EveryPageIsAccessible(t *testing.T) {
	enter := demoPeople(t)
	employee := enter("employee")
	employee.visit("/pages/reimbursements/forms/f3q8")
	employee.fill("Project name", "Offsite")
	employee.fill("Amount", "1250")
	employee.press("Submit")
	employee.sees("Offsite")
	employee.visit("/pages/reimbursements")
	record := employee.first(`/records/d6h1/\d+`)
	record = record[strings.LastIndex(record, "/")+1:]

	manager, designer := enter("manager"), enter("designer")
	for _, b := range []*browser{manager, designer} {
		b.listen()
	}
	designer.makesWebhook("Shop orders", "shop_orders")
	manager.visit("/tasks")
	task := manager.first(`^/tasks/[0-9a-z]+`)
	designer.visit("/executions")
	execution := designer.first(`^/executions/[0-9a-z]+`)
	known := map[string]string{
		"/operations/{id}": notHere, "/new-operation": "/new-operation?do=cancel&status=waiting", "/executions/{id}/values/{step}/{of}": notHere,
		"page": "reimbursements", "block": "f3q8", "record": record, "key": "reimb_approval", "number": "1", "name": "reimbursements", "field": "amount", "type": "text",
		"/tasks/{id}": task, "/executions/{id}": execution, "/workflow-changes": "/workflow-changes?_action=delete&record=reimb_approval",
		"/settings/people/{id}": "/settings/people/1", "step": "amount", "/workflows/{key}/requests": "/workflows/shop_orders/requests",
		"/pages/{page}/records/{block}/{record}": "/pages/reimbursements/records/d6h1/" + record,
		"/pages/{page}/forms/{block}/{record}":   "/pages/reimbursements/forms/e2j7/" + record,
	}
	list := append(addresses(t, known), "/workflows/reimb_approval?step=k3f9", "/workflows/reimb_approval?add=1", "/workflows/shop_orders?step=trigger", execution+"?step=trigger",
		"/workflow-changes?_action=categorise&record=reimb_approval", "/workflows?category=bin&mode=sync", "/executions?time=7d")
	for _, tab := range []string{"timeline", "changes", "variables", "log"} {
		list = append(list, execution+"?tab="+tab)
	}
	var bad []string
	for _, is := range []look{{1440, "light"}, {390, "dark"}, {1440, "dark"}, {390, "light"}} {
		for _, address := range list {
			b := designer
			if strings.HasPrefix(address, "/tasks/") && address == task {
				b = manager
			}
			for _, fault := range b.faults(is, address) {
				bad = append(bad, fmt.Sprintf("%s %d %s: %s", address, is.width, is.theme, fault))
			}
		}
	}
	require.Empty(t, bad, strings.Join(bad, "\n"))
}

// listen gathers the complaints of all pages that are opened from now on; [browser.faults]
// needs it.
func (b *browser) listen() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: listens})
		return err //nolint:wrapcheck // the test says what it did
	}))
}

// prefers makes the browser ask for a theme, as a person's system does.
func prefers(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err //nolint:wrapcheck // the test says what it did
	})
}

// faults opens a page in a look and lists what is wrong with it.
func (b *browser) faults(is look, address string) []string {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(is.width, 900), prefers(is.theme))
	b.visit(address)
	b.becomes(address+" is loaded", `document.readyState === "complete"`)
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](axe+"; true"))
	require.NoError(b.t, err)
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](faults, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, address)
	return found
}
