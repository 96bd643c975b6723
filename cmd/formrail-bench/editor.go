package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"formrail/models"
)

// The workflow that the editor is measured with.
const (
	canvasSteps  = 200
	canvasEdits  = 200
	canvasKey    = "wide"
	canvasTarget = "page <= 30 ms, edit <= 15 ms, edit <= 15 KiB"
)

// canvas is a workflow of conditions and calculations, in branches and below each
// other.
func canvas() string {
	var b strings.Builder
	b.WriteString(`{"key":"` + canvasKey + `","title":"Wide","type":"post_action","config":{"collection":"orders"},"nodes":[`)
	for i := range canvasSteps / 4 {
		if i > 0 {
			b.WriteString(",")
		}
		n := strconv.Itoa(i)
		b.WriteString(`{"key":"c` + n + `","type":"condition","title":"Is order ` + n + ` large?","config":{"mode":"branch","when":{"all":[{"left":"{{ trigger.data.amount }}","op":"gt","right":` + n + `}]}},"branches":[` +
			`{"key":"yes","nodes":[{"key":"y` + n + `","type":"calculation","title":"Compute ` + n + `","config":{"expression":"trigger.data.amount * ` + n + `"}}]},` +
			`{"key":"no","nodes":[{"key":"n` + n + `","type":"create_record","config":{"collection":"invoices","values":{"title":"{{ trigger.data.title }}"}}}]}]},` +
			`{"key":"q` + n + `","type":"query_records","config":{"collection":"invoices"}}`)
	}
	b.WriteString(`]}`)
	return b.String()
}

// editor measures the page of a large workflow and one edit of it, as the browser
// asks for them: W7.
func (in *instance) editor(ctx context.Context) ([]figure, error) {
	if err := in.workflow(ctx, canvas()); err != nil {
		return nil, err
	}
	b, token, err := in.visitor(ctx)
	if err != nil {
		return nil, err
	}
	var page, edit, sizes []float64
	revision := regexp.MustCompile(`data-revision="(\d+)" data-drawn="([^"]*)"`)
	for i := range canvasEdits {
		took, body, _, err := b.ask("GET", "/workflows/"+canvasKey, "", nil)
		if err != nil {
			return nil, err
		}
		page = append(page, took)
		found := revision.FindStringSubmatch(body)
		if found == nil {
			return nil, fmt.Errorf("the page of the editor names no revision")
		}
		took, body, size, err := b.ask("POST", "/workflows/"+canvasKey+"/commands", found[2], url.Values{
			"_csrf": {token}, "base": {found[1]}, "command": {"set_skip"}, "step": {"y" + strconv.Itoa(i%(canvasSteps/4))}, "value": {strconv.FormatBool(i%2 == 0)},
		})
		if err != nil {
			return nil, err
		}
		if !strings.Contains(body, "Saved") {
			return nil, fmt.Errorf("the edit was not saved: %.300s", body)
		}
		edit, sizes = append(edit, took), append(sizes, size)
	}
	return []figure{
		median("W7 page of 200 steps", "ms", page, canvasTarget), median("W7 edit of 200 steps", "ms", edit, canvasTarget),
		median("W7 answer to an edit", "KiB compressed", sizes, canvasTarget),
	}, nil
}

// median sums up what was measured several times.
func median(name, unit string, list []float64, target string) figure {
	slices.Sort(list)
	return figure{Workload: name, Unit: unit, Value: list[len(list)/2], P50: list[len(list)/2], P99: list[len(list)*99/100], Target: target}
}

// visitor is a browser that is signed in.
type visitor struct {
	base, cookie string
	client       *fasthttp.Client
}

// visitor signs the administrator in, and gives the token that his forms carry.
func (in *instance) visitor(ctx context.Context) (b *visitor, token string, err error) {
	var started models.Started
	err = in.db.Write(ctx, "bench.session", func(tx *models.Tx) (err error) {
		started, err = models.StartSession(ctx, tx, models.NewSession{UserID: in.access.Principal.UserID, Kind: models.BrowserSession})
		return err
	})
	if err != nil {
		return nil, "", err
	}
	token, err = in.db.CSRFToken(ctx, started.Session)
	return &visitor{base: in.base, cookie: started.Secret, client: &fasthttp.Client{ReadBufferSize: 16 << 10}}, token, err
}

// ask sends one request, with what the page shows of the canvas, and gives how long it took in milliseconds, the answer, and
// how large that was on its way in KiB.
func (v *visitor) ask(method, path, drawn string, form url.Values) (took float64, body string, size float64, err error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(v.base + path)
	req.Header.SetMethod(method)
	req.Header.SetCookie("session", v.cookie)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept", "text/html")
	if form != nil {
		req.Header.Set("HX-Request", "true")
		req.Header.Set("Canvas-Drawn", drawn)
		req.Header.SetContentType("application/x-www-form-urlencoded")
		req.SetBodyString(form.Encode())
	}
	began := time.Now()
	if err := v.client.Do(req, res); err != nil {
		return 0, "", 0, fmt.Errorf("ask for %s: %w", path, err)
	}
	took = milliseconds(time.Since(began))
	plain, err := res.BodyGunzip()
	if err != nil {
		return 0, "", 0, fmt.Errorf("read answer of %s: %w", path, err)
	}
	if res.StatusCode() != fasthttp.StatusOK {
		return 0, "", 0, fmt.Errorf("%s %s answered %d: %.300s", method, path, res.StatusCode(), plain)
	}
	return took, string(plain), float64(len(res.Body())) / 1024, nil
}
