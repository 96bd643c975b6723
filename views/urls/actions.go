package urls

import (
	"net/url"
)

// PageAction presses a button of a page; POST. The block says where the button
// stands, the record what it is about; empty for a new one.
func PageAction(page, action, block, record string) string {
	q := url.Values{}
	for name, value := range map[string]string{"block": block, "record": record} {
		if value != "" {
			q.Set(name, value)
		}
	}
	to := Page(page) + "/actions/" + url.PathEscape(action)
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// Submitted says what follows the submission of a form.
func Submitted(page, block, record string) string {
	return Page(page) + "/submitted/" + url.PathEscape(block) + "/" + url.PathEscape(record)
}

// DemoSignIn shows and takes a one-time link of a demonstration.
func DemoSignIn() string { return "/demo-sign-in" }

// ProfileRole narrows the session to the role by the value role, empty for all; POST.
func ProfileRole() string { return Profile() + "/role" }

// MessagesRead marks all messages of the person read; POST.
func MessagesRead() string { return "/messages/read" }

// APIDocs is the reference of the API.
func APIDocs() string { return "/api/docs" }

// APIDocument is the reference of the API as OpenAPI, for programs.
func APIDocument() string { return "/api/openapi.json" }
