package enginetest

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"formrail/engine/node"
	"formrail/models/text"
)

// HTTP stands in for other systems. Answer gives the answers; without it they are those
// of a sample system at erp.example.com.
type HTTP struct {
	Requests []node.HTTPRequest
	Answer   func(n int, r node.HTTPRequest) (node.HTTPResponse, error) // n counts from 1
}

// Do keeps the request and answers it.
func (h *HTTP) Do(_ context.Context, r node.HTTPRequest) (node.HTTPResponse, error) {
	h.Requests = append(h.Requests, r)
	if h.Answer != nil {
		return h.Answer(len(h.Requests), r)
	}
	return sampleAnswer(r)
}

// JSONAnswer is an answer with a JSON body.
func JSONAnswer(status int, body string) node.HTTPResponse {
	return node.HTTPResponse{
		Status: status, StatusText: map[int]string{200: "OK", 201: "Created", 429: "Too Many Requests", 503: "Service Unavailable"}[status],
		Header: map[string][]string{"content-type": {"application/json"}}, Body: []byte(body), Took: 41 * time.Millisecond,
	}
}

// sampleAnswer is what the sample system says.
func sampleAnswer(r node.HTTPRequest) (node.HTTPResponse, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Hostname() != "erp.example.com" {
		return node.HTTPResponse{}, node.Broken("EGRESS_BLOCKED", text.Verbatim("Calls to this host are not allowed from here."))
	}
	switch r.Method + " " + u.Path {
	case "POST /invoices":
		body := r.Body
		if !json.Valid(body) {
			body = []byte("null")
		}
		return JSONAnswer(201, `{"number": "R-7", "body": `+string(body)+`}`), nil
	case "GET /customers":
		name, err := json.Marshal(u.Query().Get("name"))
		return JSONAnswer(200, `{"name": `+string(name)+`, "city": "Bremen"}`), err
	case "GET /items":
		if strings.Contains(u.RawQuery, "cursor=b") {
			return JSONAnswer(200, `{"items": [3], "next": null}`), nil
		}
		return JSONAnswer(200, `{"items": [1, 2], "next": "b"}`), nil
	}
	return node.HTTPResponse{
		Status: 404, StatusText: "Not Found", Header: map[string][]string{"content-type": {"text/plain; charset=utf-8"}}, Body: []byte("Not here"), Took: 3 * time.Millisecond,
	}, nil
}
