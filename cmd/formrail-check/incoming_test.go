package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// makesWebhook makes a workflow that other programs start, publishes it, and gives its
// address.
func (b *browser) makesWebhook(name, key string) string {
	b.t.Helper()
	b.visit("/new-workflow")
	b.click("the webhook", `document.querySelector("input[name=type][value=webhook]")`)
	b.fill("Name", name)
	b.press("Mode, category and key")
	b.fill("Key", key)
	b.press("Create workflow")
	b.arrives("/workflows/" + key)
	b.sees("Anybody who knows the address")
	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.becomes("it is enabled", `document.querySelector(".editor__bar input[name=enabled]")?.checked`)
	return b.base + "/hooks/" + key
}

// send sends JSON to an address as a program does.
func send(t *testing.T, address, user, password, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(got)
}

// TestBrowser_AWebhookIsSetUpAndWatched sets a webhook up by hand: address, password,
// values from a sample, requests in the log.
//
//nolint:paralleltest // loads the machine
func TestBrowser_AWebhookIsSetUpAndWatched(t *testing.T) {
	b := demoPeople(t)("designer")
	address := b.makesWebhook("Shop orders", "shop_orders")
	b.visit("/workflows/shop_orders?step=trigger")
	b.opened("Starts the workflow")
	b.sees(address)
	b.picture("webhook-new")
	status, _ := send(t, address, "", "", `{"order":{"no":12}}`)
	require.Equal(t, 200, status)

	b.click("the sample", `[...document.querySelectorAll("#panel summary")].find((e) => e.textContent.includes("sample"))`)
	b.fill("Sample", `{"order":{"no":12,"lines":[{"sku":"a"}]}}`)
	b.press("Use the sample")
	b.becomes("rows are there", `document.querySelector("[name='set.body.1.path']")?.value === "order.lines"`)
	b.becomes("with their types", `document.querySelector("[name='set.body.1.type']")?.value === "list" && document.querySelector("[name='set.body.3.path']")?.value === "order.no"`)
	b.picture("webhook-sample")
	b.input("set.auth.basic.user", "shop")
	b.input("set.auth.basic.password", "canary-password")
	b.visit("/workflows/shop_orders?step=trigger")
	b.opened("Starts the workflow")
	b.becomes("the password is kept and not shown", `document.querySelector("[name='set.auth.basic.password']").placeholder.startsWith("Kept") && !document.documentElement.outerHTML.includes("canary")`)
	b.becomes("nothing is open any more", `!document.body.innerText.includes("Anybody who knows the address")`)
	b.picture("webhook-protected")
	b.click("publish", `document.querySelector("#editor-publish a")`)
	b.arrives("/workflows/*/publish")
	b.sees("Publish version 2?")
	b.click("confirm", `document.querySelector("dialog[open] button[form=publish-form]")`)
	b.arrives("/workflows/*")
	b.sees("Same as version 2")
	status, _ = send(t, address, "", "", `{}`)
	require.Equal(t, 401, status)
	status, said := send(t, address, "shop", "canary-password", `{"order":{"no":13}}`)
	require.Equal(t, 200, status, said)

	b.visit("/workflows/shop_orders/requests")
	b.sees("Latest requests")
	b.becomes("two requests", `document.querySelectorAll("details.request").length === 2`)
	b.click("the newest", `document.querySelector("details.request summary")`)
	b.sees("Send again")
	b.picture("webhook-requests")
	b.press("Send again")
	b.sees("The request was taken again")
	b.becomes("three requests", `document.querySelectorAll("details.request").length === 3`)

	b.visit("/workflows/shop_orders")
	b.add(0, "callback")
	b.click("a call", `document.querySelector("#palette input[value=callback]")`)
	b.click("add it", `document.querySelector("#palette .palette__asks button[type=submit]")`)
	b.opened("Wait for event")
	b.input("set.auth.bearer.token", "canary-token")
	b.saved()
	at := b.first(`/workflows/shop_orders\?step=[a-z0-9]{4}$`)
	b.visit(at)
	b.opened("Wait for event")
	b.becomes("the token is kept and not shown", `document.querySelector("[name='set.auth.bearer.token']").placeholder.startsWith("Kept") && !document.documentElement.outerHTML.includes("canary")`)
	b.picture("callback-protected")

	b.do(chromedp.EmulateViewport(390, 844), prefers("dark"))
	b.visit("/workflows/shop_orders/requests")
	b.click("the newest", `document.querySelector("details.request summary")`)
	b.sees("sent again by a person")
	b.picture("webhook-requests-narrow")
	b.visit("/workflows/shop_orders?step=trigger")
	b.opened("Starts the workflow")
	b.picture("webhook-narrow")
	b.visit("/workflows/shop_orders/versions")
	b.sees("the requests did not prove who sent them")
}
