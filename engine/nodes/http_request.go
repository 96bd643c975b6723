package nodes

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type httpConfig struct {
	Method         string       `json:"method"`
	URL            string       `json:"url"`
	Params         []httpPair   `json:"params"`
	Headers        []httpPair   `json:"headers"`
	Body           string       `json:"body"`
	JSON           any          `json:"json"`
	Form           []httpPair   `json:"form"`
	Text           string       `json:"text"`
	Timeout        elapsed      `json:"timeout"`
	Success        statusRanges `json:"success"`
	Response       string       `json:"response"`
	OnlyData       bool         `json:"onlyData"`
	Redirects      int          `json:"redirects"`
	Idempotent     string       `json:"idempotent"`
	AllowedTargets string       `json:"allowedTargets"`

	Pagination string `json:"pagination"`
	PageParam  string `json:"pageParam"`
	PageStart  *int   `json:"pageStart"`
	PageSize   int    `json:"pageSize"`
	NextPath   string `json:"nextPath"`
	ItemsPath  string `json:"itemsPath"`
	Stop       string `json:"stop"`
	MaxPages   int    `json:"maxPages"`
}

// httpPair is a name with a value: a query parameter, a header, a field of a form.
type httpPair struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// httpRequest calls another system and waits for its answer.
var httpRequest = node.Define(node.Spec[httpConfig]{
	Key: "http_request", Group: node.Connect, Icon: "globe", Title: "HTTP request",
	Summary:  "Call another system and use its answer",
	Synonyms: []string{"api", "call", "webhook", "rest", "url", "fetch", "get", "post"},
	Help: "Calls an address and gives its answer. A status outside the expected ones fails the step with `HTTP_STATUS`, a slow answer with `TIMEOUT`, " +
		"a lost connection with `NETWORK_ERROR`. These are tried again when that is harmless: with `GET`, `HEAD`, `PUT` and `DELETE`, or when you say that the " +
		"other side recognises repeats. Each attempt carries the same `Idempotency-Key`.\n\n" +
		"Addresses inside the own network are refused with `EGRESS_BLOCKED` unless an administrator listed them for the server. " +
		"When the host comes from a variable, list the hosts that may be called.\n\n" +
		"Headers and texts can be read by everybody who may see this workflow, and with the values of its executions by everybody who may see these.",
	Config: httpForm(),
	Effect: node.External, Unknown: node.RetryUnknown,
	Right:   "node.http",
	Check:   checkHTTP,
	Policy:  httpPolicy,
	Outputs: httpShape,
	Line: func(c httpConfig, _ node.Catalog) string {
		_, rest, found := strings.Cut(c.URL, "://")
		if !found {
			rest = c.URL
		}
		return shorten(strings.TrimSpace(c.Method+" "+rest), 60)
	},
	Run:      runHTTP,
	Examples: httpExamples(),
})

func httpForm() []field.Field {
	paged := func(modes ...string) *field.When { return &field.When{Field: "pagination", Values: modes} }
	body := func(kinds ...string) *field.When { return &field.When{Field: "body", Values: kinds} }
	return []field.Field{
		{
			Name: "method", Kind: field.Select, Label: "Method", Default: "POST",
			Options: field.Choices("GET", "GET", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "DELETE", "HEAD", "HEAD"),
		},
		{Name: "url", Kind: field.Template, Label: "Address", Required: true, Help: "Begins with https:// or http://."},
		{Name: "params", Kind: field.Inputs, Label: "Query parameters"},
		{Name: "headers", Kind: field.Inputs, Label: "Headers", Help: "Everybody who may see this workflow can read them."},
		{
			Name: "body", Kind: field.Select, Label: "Body", Default: "json",
			Options: field.Choices("none", "None", "json", "JSON", "form", "Form", "multipart", "Form in parts", "xml", "XML", "text", "Text"),
		},
		{Name: "json", Kind: field.JSON, Label: "JSON", When: body("json"), Help: "Variables stand in quotes and keep their type."},
		{Name: "form", Kind: field.Inputs, Label: "Form fields", When: body("form", "multipart")},
		{Name: "text", Kind: field.Template, Label: "Content", When: body("xml", "text")},
		{Name: "timeout", Kind: field.Duration, Label: "Wait at most", Default: "10s", Help: "For one call. Up to 10 minutes."},
		{Name: "success", Kind: field.Text, Label: "Expected status", Default: "200-299", Help: "Such as 200-299, 404. Any other fails the step."},
		{
			Name: "response", Kind: field.Select, Label: "Answer", Default: "auto",
			Options: field.Choices("auto", "As its content type says", "json", "JSON", "text", "Text"),
		},
		{Name: "onlyData", Kind: field.Boolean, Label: "Give only the data of the answer", Default: false},
		{Name: "redirects", Kind: field.Integer, Label: "Follow redirects", Default: 0, Min: field.Bound("0"), Max: field.Bound("3"), Help: "Up to 3. Headers stay behind when the host changes."},
		{
			Name: "idempotent", Kind: field.Select, Label: "May be repeated", Default: "method",
			Help:    "A call that may not be repeated is tried once. If the server stops meanwhile, a person is asked whether it happened.",
			Options: field.Choices("method", "As the method says", "yes", "Yes", "no", "No"),
		},
		{Name: "allowedTargets", Kind: field.Text, Label: "Allowed hosts", Help: "Needed when the host comes from a variable. Such as api.example.com, *.example.org."},
		{
			Name: "pagination", Kind: field.Select, Label: "Pages", Default: "none",
			Options: field.Choices("none", "One answer", "page", "Number of the page", "offset", "Number of the first item", "cursor", "Cursor from the answer", "link", "Link header", "next_url", "Address from the answer"),
		},
		{Name: "pageParam", Kind: field.Text, Label: "Page parameter", When: paged("page", "offset", "cursor"), Help: "Without a name: page, offset or cursor."},
		{Name: "pageStart", Kind: field.Integer, Label: "First value", When: paged("page", "offset"), Help: "Without a value: page 1 or offset 0.", Min: field.Bound("0"), Max: field.Bound("1000000")},
		{Name: "pageSize", Kind: field.Integer, Label: "Items on a page", When: paged("page", "offset"), Min: field.Bound("1"), Max: field.Bound("10000")},
		{Name: "nextPath", Kind: field.Text, Label: "Where the next one stands", When: paged("cursor", "next_url"), Help: "In the answer, such as meta.next."},
		{Name: "itemsPath", Kind: field.Text, Label: "Where the items stand", When: paged("page", "offset", "cursor", "link", "next_url"), Help: "In the answer, such as data.items. Without it, the answer is the list."},
		{
			Name: "stop", Kind: field.Select, Label: "Last page", Default: "empty", When: paged("page", "offset"),
			Options: field.Choices("empty", "Is empty", "short", "Has fewer items"),
		},
		{
			Name: "maxPages", Kind: field.Integer, Label: "Pages at most", Default: 20, Min: field.Bound("1"), Max: field.Bound("100"),
			When: paged("page", "offset", "cursor", "link", "next_url"),
		},
	}
}

const (
	maxHTTPTime   = 10 * time.Minute
	maxHTTPBytes  = 10 << 20 // of all pages together
	maxHTTPItems  = 10_000
	keyHeader     = "Idempotency-Key"
	contentHeader = "Content-Type"
)

// repeatable reports whether a second call does no harm.
func (c httpConfig) repeatable() bool {
	if c.Idempotent == "method" {
		return slices.Contains([]string{"GET", "HEAD", "PUT", "DELETE"}, c.Method)
	}
	return c.Idempotent == "yes"
}

func (c httpConfig) paged() bool { return c.Pagination != "" && c.Pagination != "none" }

// httpPolicy gives one attempt the time of all its calls, with a second to say who was
// too slow.
func httpPolicy(c httpConfig) node.Policy {
	whole := time.Duration(c.Timeout)
	if c.paged() {
		whole *= time.Duration(max(c.MaxPages, 1))
	}
	return node.Policy{Timeout: min(whole+time.Second, maxHTTPTime), Once: !c.repeatable()}
}

func httpShape(c httpConfig, _ node.Catalog) field.Shape {
	data := field.Any("Data")
	switch {
	case c.paged():
		data.List = true
	case c.Response == "text":
		data = field.Shape{Kind: field.Text, Label: "Data"}
	}
	if c.OnlyData {
		return data
	}
	return field.Object("Answer",
		field.Named{Name: "status", Shape: field.Shape{Kind: field.Integer, Label: "Status"}},
		field.Named{Name: "statusText", Shape: field.Shape{Kind: field.Text, Label: "Status in words"}},
		field.Named{Name: "headers", Shape: field.Any("Headers")},
		field.Named{Name: "data", Shape: data},
		field.Named{Name: "ms", Shape: field.Shape{Kind: field.Integer, Label: "Milliseconds"}},
		field.Named{Name: "pages", Shape: field.Shape{Kind: field.Integer, Label: "Pages"}})
}

func runHTTP(ctx context.Context, call node.Call, c httpConfig) (node.Result, error) {
	r, err := c.request(call.Key)
	if err != nil {
		return node.Result{}, err
	}
	e := &exchange{call: call, config: c, left: maxHTTPBytes}
	if c.paged() {
		err = e.allPages(ctx, r)
	} else {
		err = e.one(ctx, r)
	}
	if err != nil {
		return node.Result{}, err
	}
	return e.result(), nil
}

// request builds the call, or the first one of several.
func (c httpConfig) request(key string) (node.HTTPRequest, error) {
	u, err := url.Parse(strings.TrimSpace(c.URL))
	if err != nil {
		return node.HTTPRequest{}, node.Broken("INVALID_URL", text.M("node.http_url", "This is no address that can be called. It begins with http:// or https:// and names a host."))
	}
	u.RawQuery = withParams(u.RawQuery, texts(c.Params))
	r := node.HTTPRequest{
		Method: c.Method, URL: u.String(), Timeout: time.Duration(c.Timeout), Redirects: c.Redirects, Hosts: hosts(c.AllowedTargets),
		Headers: []node.HTTPHeader{{Name: keyHeader, Value: key}},
	}
	body, contentType, err := c.encoded(key)
	if err != nil {
		return node.HTTPRequest{}, err
	}
	own := false
	for _, h := range texts(c.Headers) {
		isType := strings.EqualFold(h.Name, contentHeader)
		if isType && c.Body == "multipart" {
			continue // the parts are found by our boundary only
		}
		own = own || isType
		r.Headers = append(r.Headers, h)
	}
	if r.Body = body; len(body) > 0 && !own {
		r.Headers = append(r.Headers, node.HTTPHeader{Name: contentHeader, Value: contentType})
	}
	return r, nil
}

// withParams appends parameters to a query, in their order.
func withParams(query string, params []node.HTTPHeader) string {
	for _, p := range params {
		if query != "" {
			query += "&"
		}
		query += url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value)
	}
	return query
}

func hosts(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == ';' })
}
