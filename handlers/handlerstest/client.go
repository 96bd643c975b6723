package handlerstest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/models"
)

// Client sends requests with the headers it has.
type Client struct {
	app    *App
	http   *http.Client
	Header http.Header // sent with every request
	csrf   string
}

// Anonymous sends requests without any identity.
func (a *App) Anonymous() *Client {
	return &Client{
		app: a, Header: http.Header{},
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// API sends requests with a bearer token.
func (a *App) API(token string) *Client {
	c := a.Anonymous()
	c.Header.Set("Authorization", "Bearer "+token)
	return c
}

// As sends API requests with the token of a sign-in of somebody.
func (a *App) As(u models.User) *Client {
	a.t.Helper()
	return a.API(a.SignInToken(u))
}

// Browser sends requests with the session cookie of somebody, from pages of the
// application.
func (a *App) Browser(u models.User) *Client {
	a.t.Helper()
	s := a.session(u, models.BrowserSession)
	c := a.Visitor()
	at, err := url.Parse(a.URL)
	require.NoError(a.t, err)
	c.http.Jar.SetCookies(at, []*http.Cookie{{Name: "session", Value: s.Secret, Path: "/"}})
	c.csrf, err = a.DB.CSRFToken(context.Background(), s.Session)
	require.NoError(a.t, err)
	return c
}

// Visitor is a browser in which nobody has signed in.
func (a *App) Visitor() *Client {
	a.t.Helper()
	c := a.Anonymous()
	jar, err := cookiejar.New(nil)
	require.NoError(a.t, err)
	c.http.Jar = jar
	c.Header.Set("Accept", "text/html")
	c.Header.Set("Origin", a.URL)
	c.Header.Set("Sec-Fetch-Site", "same-origin")
	return c
}

// With gives a client that sends one more header.
func (c *Client) With(name, value string) *Client {
	out := *c
	out.Header = c.Header.Clone()
	out.Header.Set(name, value)
	return &out
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	t testing.TB
}

// Get reads an address.
func (c *Client) Get(path string) *Answer { return c.Send("GET", path, "", "") }

// Post sends JSON text.
func (c *Client) Post(path, body string) *Answer {
	return c.Send("POST", path, "application/json", body)
}

// Submit sends a form with the token of the session.
func (c *Client) Submit(path string, form url.Values) *Answer {
	sent := url.Values{"_csrf": {c.csrf}}
	for name, list := range form {
		sent[name] = list
	}
	return c.Send("POST", path, "application/x-www-form-urlencoded", sent.Encode())
}

// Send sends any request.
func (c *Client) Send(method, path, contentType, body string) *Answer {
	t := c.app.t
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, c.app.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header = c.Header.Clone()
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	for tries := 0; err != nil && len(body) > 1<<16 && tries < 25; tries++ {
		// A body that is refused unread may be cut before its refusal is read.
		req.Body = io.NopCloser(strings.NewReader(body))
		resp, err = c.http.Do(req)
	}
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: got, t: t}
}

// Want fails the test unless the answer has a status, and shows the answer.
func (r *Answer) Want(status int) *Answer {
	r.t.Helper()
	require.Equal(r.t, status, r.Status, "%s", r.Body)
	return r
}

// WantCode is Want for refusals: the first entry has a code.
func (r *Answer) WantCode(status int, code string) *Answer {
	r.t.Helper()
	r.Want(status)
	require.Equal(r.t, code, r.Code(), "%s", r.Body)
	return r
}

// JSON is the whole envelope. Numbers keep their digits.
func (r *Answer) JSON() map[string]any {
	r.t.Helper()
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber()
	var out map[string]any
	require.NoError(r.t, dec.Decode(&out), "%s", r.Body)
	return out
}

// Data is the data of the envelope as an object.
func (r *Answer) Data() map[string]any {
	r.t.Helper()
	out, ok := r.JSON()["data"].(map[string]any)
	require.True(r.t, ok, "data is no object: %s", r.Body)
	return out
}

// List is the data of the envelope as a list of objects.
func (r *Answer) List() []map[string]any {
	r.t.Helper()
	list, ok := r.JSON()["data"].([]any)
	require.True(r.t, ok, "data is no list: %s", r.Body)
	out := make([]map[string]any, len(list))
	for i, e := range list {
		if m, ok := e.(map[string]any); ok {
			out[i] = m
		}
	}
	return out
}

// Meta is the meta of the envelope.
func (r *Answer) Meta() map[string]any {
	r.t.Helper()
	out, _ := r.JSON()["meta"].(map[string]any)
	return out
}

// Errors are the entries of a refusal.
func (r *Answer) Errors() []map[string]any {
	r.t.Helper()
	list, _ := r.JSON()["errors"].([]any)
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	require.NotEmpty(r.t, out, "a refusal says why: %s", r.Body)
	return out
}

// Code is the code of the first entry of a refusal; empty when it has none.
func (r *Answer) Code() string {
	r.t.Helper()
	code, _ := r.Errors()[0]["code"].(string)
	return code
}

// Page parses the answer as HTML.
func (r *Answer) Page() *html.Node {
	r.t.Helper()
	n, err := html.Parse(bytes.NewReader(r.Body))
	require.NoError(r.t, err)
	return n
}

// Without gives a client that does not send one header.
func (c *Client) Without(name string) *Client {
	out := *c
	out.Header = c.Header.Clone()
	out.Header.Del(name)
	return &out
}

// Token is the token that the forms of the client's session carry.
func (c *Client) Token() string { return c.csrf }

// Cookie is the value of a cookie of the client.
func (c *Client) Cookie(name string) string {
	at, err := url.Parse(c.app.URL)
	require.NoError(c.app.t, err)
	for _, one := range c.http.Jar.Cookies(at) {
		if one.Name == name {
			return one.Value
		}
	}
	return ""
}
