package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// client talks to the server under test.
type client struct {
	http  *http.Client
	at    func() string
	token string
	seen  func(method, path string, r reply) // hears of every answer; may be nil
}

func newClient(at func() string) *client {
	return &client{
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}},
		at:   at,
	}
}

// reply is an answer: status 0 means that none came.
type reply struct {
	status int
	retry  string // Retry-After
	body   map[string]any
}

func (r reply) data() map[string]any {
	m, _ := r.body["data"].(map[string]any)
	return m
}

// code is that of the first error; empty for a success.
func (r reply) code() string {
	list, _ := r.body["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	code, _ := first["code"].(string)
	return code
}

func (r reply) list() []any {
	l, _ := r.body["data"].([]any)
	return l
}

// call sends one request. key is the idempotency key; empty = none.
func (c *client) call(ctx context.Context, method, path, key string, body any) reply {
	r := c.ask(ctx, method, path, key, body)
	if c.seen != nil {
		c.seen(method, path, r)
	}
	return r
}

func (c *client) ask(ctx context.Context, method, path, key string, body any) reply {
	raw, err := json.Marshal(body)
	if err != nil {
		return reply{}
	}
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.at()+path, in)
	if err != nil {
		return reply{}
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return reply{}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}
	}
	r := parse(res.StatusCode, text)
	r.retry = res.Header.Get("Retry-After")
	return r
}

// parse reads an answer; a success that is no JSON counts as none.
func parse(status int, text []byte) reply {
	out := reply{status: status}
	if err := json.Unmarshal(text, &out.body); err != nil && status < 300 {
		return reply{}
	}
	return out
}

// must sends a request of the set-up, which has to succeed.
func (c *client) must(ctx context.Context, method, path string, body any) (reply, error) {
	r := c.call(ctx, method, path, "", body)
	if r.status < 200 || r.status > 299 {
		return r, fmt.Errorf("%s %s answered %d: %v", method, path, r.status, r.body)
	}
	return r, nil
}

func number(v any) int64 {
	f, _ := v.(float64)
	return int64(f)
}
