package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is one person in front of a screen.
type browser struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp keeps the tab in it
	base string
	shot string // folder for pictures; empty = none are kept

	effort *effort // what the person does; nil = not counted
}

// chromium finds the browser, or skips loudly.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if strings.Contains(os.Getenv("FORMRAIL_REQUIRE"), "chromium") {
		require.Fail(t, "Chromium is required here, but none is installed")
	}
	t.Skip("SKIPPED in the browser: Chromium is not installed")
	return ""
}

func open(t *testing.T, base string) *browser {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1440, 900))
	for _, flag := range []string{"disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	ctx, over := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(func() { over(); leave(); stop() })
	return &browser{t: t, ctx: ctx, base: base, shot: os.Getenv("FORMRAIL_SCREENSHOTS")}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// front is a script that finds what can be used now: the dialog in front of the page,
// else the page.
const front = `([...document.querySelectorAll("dialog:modal")].at(-1) ?? document)`

// press presses the first visible link or button with a text, once there is one.
func (b *browser) press(text string) {
	b.t.Helper()
	b.click(text, fmt.Sprintf(`(() => {
		const shown = (e) => e.checkVisibility && e.checkVisibility();
		const all = [...`+front+`.querySelectorAll("a, button, summary")].filter((e) => shown(e) && e.textContent.trim().includes(%q));
		return all.find((e) => e.textContent.trim() === %q) || all[0];
	})()`, text, text))
}

// click presses the element that a script finds. The press follows the answer, since
// it may leave the page.
func (b *browser) click(what, find string) {
	b.t.Helper()
	b.pressed()
	require.Eventually(b.t, func() bool {
		clicked, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(() => { const e = `+find+`; if (e) setTimeout(() => e.click()); return Boolean(e); })()`))
		return err == nil && clicked
	}, 20*time.Second, 50*time.Millisecond, "nothing to press on the page: %s", what)
}

// arrives waits until a page of an address is loaded whole; * stands for a key.
func (b *browser) arrives(path string) {
	b.t.Helper()
	want := "^" + strings.ReplaceAll(regexp.QuoteMeta(path), `\*`, "[^/]+") + "$"
	require.Eventually(b.t, func() bool {
		there, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(
			`document.readyState === "complete" && new RegExp(%q).test(location.pathname)`, want)))
		return err == nil && there
	}, 20*time.Second, 50*time.Millisecond, "the browser does not come to %s", path)
}

// fill types into the input with a label, once there is one.
func (b *browser) fill(label, value string) {
	b.t.Helper()
	b.pressed()
	b.typed(value)
	require.Eventually(b.t, func() bool {
		filled, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
			const label = [...`+front+`.querySelectorAll("label")].find((e) => e.textContent.trim().startsWith(%q) && document.getElementById(e.htmlFor));
			if (!label) return false;
			const input = document.getElementById(label.htmlFor);
			input.focus();
			input.value = %q;
			input.dispatchEvent(new Event("input", {bubbles: true}));
			return true;
		})()`, label, value)))
		return err == nil && filled
	}, 20*time.Second, 50*time.Millisecond, "no input is labelled %q", label)
}

// text is what the page says; nothing while it is being left for another one.
func (b *browser) text() string {
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
	if err != nil {
		return ""
	}
	return s
}

// sees waits until the page shows a text.
func (b *browser) sees(text string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return strings.Contains(b.text(), text) }, 20*time.Second, 50*time.Millisecond, "the page does not say %q", text)
}

// picture keeps a screenshot when a folder is named.
func (b *browser) picture(name string) {
	b.t.Helper()
	if b.shot == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(b.shot, name+".png"), png, 0o600))
}

// signInLinks finds the one-time links of the demo's people in what serve printed.
func signInLinks(v *server) map[string]string {
	out := map[string]string{}
	link := regexp.MustCompile(`https?://\S+token=\S+`)
	for _, line := range v.said {
		for _, who := range []string{"designer", "manager", "employee"} {
			if at := link.FindString(line); at != "" && strings.Contains(strings.ToLower(line), who) {
				out[who] = at
			}
		}
	}
	return out
}

// TestBrowser_MainJobByClicking is the example as people live it: an employee
// fills in the form, the manager decides, both see what happened.
//
//nolint:paralleltest // loads the machine
func TestBrowser_MainJobByClicking(t *testing.T) {
	enter := demoPeople(t)
	employee := enter("employee")
	employee.sees("Home")
	employee.picture("home")
	employee.press("Reimbursements")
	employee.arrives("/pages/reimbursements")
	employee.sees("Project name")
	employee.picture("records")
	employee.press("Add new")
	employee.becomes("the form is open", `document.querySelector("#drawer:modal form")`)
	employee.arrives("/pages/reimbursements/forms/*")
	project := fmt.Sprintf("Offsite %d", time.Now().UnixNano()%1e6)
	employee.fill("Project name", project)
	employee.fill("Amount", "-3")
	employee.press("Submit")
	employee.sees("at least 0.01")
	employee.picture("form-invalid")
	employee.fill("Amount", "1250")
	employee.press("Submit")
	employee.becomes("the form is closed", `!document.querySelector("#drawer").open`)
	employee.arrives("/pages/reimbursements")
	employee.becomes("the table shows it", fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].some((e) => e.textContent.includes(%q))`, project))
	employee.picture("submitted")

	manager := enter("manager")
	manager.press("Tasks")
	manager.arrives("/tasks")
	manager.sees(project)
	manager.picture("tasks")
	manager.press(project)
	manager.arrives("/tasks/*")
	manager.sees("Approve")
	manager.picture("task-detail")
	manager.press("Approve")
	manager.picture("task-approve")
	manager.click("the dialog's button", `[...document.querySelectorAll("dialog[open] button")].find((e) => e.textContent.trim() === "Approve")`)
	manager.sees("Approved")
	manager.picture("task-decided")

	designer := enter("designer")
	designer.press("Executions")
	designer.arrives("/executions")
	designer.sees("Succeeded")
	designer.picture("executions")
	designer.click("an execution", `document.querySelector("main table tbody a")`)
	designer.arrives("/executions/*")
	designer.sees("Create")
	designer.picture("execution")
	designer.visit("/workflows")
	designer.sees("reimb_approval")
	designer.picture("workflows")

	require.Eventually(t, func() bool {
		employee.visit("/pages/reimbursements")
		_, row, found := strings.Cut(employee.text(), project)
		return found && strings.Contains(row, "Approved")
	}, 20*time.Second, 200*time.Millisecond)
	employee.picture("records-after")
}
