package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// judge compares what was taken with what was done, and looks how quiet executions started.
func (f *flood) judge(ctx context.Context, r *report) error {
	db, err := openWitness(ctx, f.v)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	done, err := countByMark(ctx, db, "SELECT mark, COUNT(*) FROM c_effects GROUP BY mark")
	if err != nil {
		return err
	}
	for _, e := range f.j.list() {
		switch {
		case e.acked:
			r.Acknowledged++
			tally(r, true, done[e.mark], 1)
		case e.status != 0 && done[e.mark] > 0:
			r.Broken = append(r.Broken, fmt.Sprintf("%s was refused with %d and done", e.mark, e.status))
		}
	}
	f.mu.Lock()
	r.Refused = f.refused[http.StatusTooManyRequests] + f.refused[http.StatusServiceUnavailable]
	if f.refused[http.StatusTooManyRequests] == 0 {
		r.Broken = append(r.Broken, "the workflow with a rate refused nothing")
	}
	r.Floods = append(r.Floods, fmt.Sprintf("refused: %d by a rate (429), %d for want of room (503)", f.refused[http.StatusTooManyRequests], f.refused[http.StatusServiceUnavailable]))
	f.mu.Unlock()
	return f.judgeQuiet(ctx, r)
}

// judgeQuiet looks how long quiet executions waited for their start, and behind how many of
// others that came before or after them.
func (f *flood) judgeQuiet(ctx context.Context, r *report) error {
	db, err := openWitness(ctx, f.v)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	const of = " FROM executions e JOIN workflows w ON w.id = e.workflow_id WHERE w.wf_key "
	created, err := countByMark(ctx, db, "SELECT e.id, e.created_at"+of+"= 'calm'")
	if err != nil {
		return err
	}
	started, err := countByMark(ctx, db, "SELECT e.id, e.started_at"+of+"= 'calm'")
	if err != nil {
		return err
	}
	loud, err := countByMark(ctx, db, "SELECT e.id, e.started_at"+of+"<> 'calm'")
	if err != nil {
		return err
	}
	others := slices.Sorted(maps.Values(loud))
	var delay, ahead latencies
	for id, at := range created {
		from, _ := slices.BinarySearch(others, at+1)
		to, _ := slices.BinarySearch(others, started[id])
		delay.add(millis(started[id] - at))
		ahead.add(millis(max(0, to-from)))
	}
	line := fmt.Sprintf("quiet executions: start after %s; executions of others before one: %d in the middle, %d at most", delay.said(), ahead.at(50).Milliseconds(), ahead.at(100).Milliseconds())
	r.Floods = append(r.Floods, line)
	if delay.count() == 0 {
		r.Broken = append(r.Broken, "no quiet execution was started")
	}
	if late := delay.at(99); late > quietBound {
		r.Broken = append(r.Broken, fmt.Sprintf("quiet executions started after %s (p99), more than %s", late, quietBound))
	}
	if n := ahead.at(99).Milliseconds(); n > aheadBound {
		r.Broken = append(r.Broken, fmt.Sprintf("%d executions of others started before a quiet one (p99), more than %d", n, aheadBound))
	}
	return nil
}

// post sends JSON; get asks for a page. Both give the status and the headers.
func (f *flood) post(ctx context.Context, path, body string) (int, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.v.address()+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	return f.do(req)
}

func (f *flood) get(ctx context.Context, path string) (int, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.v.address()+path, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	return f.do(req)
}

func (f *flood) do(req *http.Request) (int, http.Header, error) {
	res, err := f.c.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, nil, fmt.Errorf("read answer: %w", err)
	}
	return res.StatusCode, res.Header, nil
}

// csrf finds the token in a page.
var csrf = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// setRoom signs in as a person does and sets how many executions may wait.
func setRoom(ctx context.Context, v *server, room int) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("make cookies: %w", err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, form := range []struct {
		page   string
		values url.Values
	}{
		{signInPath, url.Values{"email": {"root@example.com"}, "password": {rootPassword}}},
		{"/limits", url.Values{"queueRoom": {strconv.Itoa(room)}, "stormTen": {""}, "stormMinute": {""}}},
	} {
		if err := submit(ctx, browser, v.address()+form.page, form.values); err != nil {
			return err
		}
	}
	return nil
}

// submit opens a page and sends its form.
func submit(ctx context.Context, browser *http.Client, page string, values url.Values) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, err := http.NewRequestWithContext(ctx, method, page, strings.NewReader(values.Encode()))
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		} else {
			req.Body, req.ContentLength = nil, 0
		}
		status, text, err := pageOf(browser, req)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, page, err)
		}
		token := csrf.FindSubmatch(text)
		switch {
		case method == http.MethodPost && status != http.StatusSeeOther, method == http.MethodGet && token == nil:
			return fmt.Errorf("%s %s was answered %d", method, page, status)
		case token != nil:
			values.Set("_csrf", string(token[1]))
		}
	}
	return nil
}

// pageOf sends a request and reads its answer.
func pageOf(browser *http.Client, req *http.Request) (int, []byte, error) {
	res, err := browser.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, text, err
}
