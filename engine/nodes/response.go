package nodes

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type responseConfig struct {
	Status   int        `json:"status"`
	Headers  []httpPair `json:"headers"`
	Body     string     `json:"body"`
	JSON     any        `json:"json"`
	Text     string     `json:"text"`
	Type     string     `json:"type"`
	Continue bool       `json:"continue"`
}

// answerHeaders may not be set by an answer.
var answerHeaders = strings.Fields("set-cookie content-length transfer-encoding connection host")

var mediaType = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; *charset=[A-Za-z0-9-]+)?$`)

// response answers the request that started the workflow.
var response = node.Define(node.Spec[responseConfig]{
	Key: "response", Group: node.Connect, Icon: "reply", Title: "Response",
	Summary:  "Answer the request that started the workflow",
	Synonyms: []string{"answer", "reply", "return", "status", "webhook"},
	Help: "Says what the caller of a webhook or HTTP request gets. Normally the execution ends with it.\n\n" +
		"With *Answer and go on* the caller is answered at once, and what follows runs in the background. There, steps may also wait for people and time; " +
		"if they fail, the caller no longer hears of it.",
	Config: []field.Field{
		{Name: "status", Kind: field.Integer, Label: "Status", Default: 200, Min: field.Bound("200"), Max: field.Bound("599")},
		{Name: "headers", Kind: field.Inputs, Label: "Headers"},
		{Name: "body", Kind: field.Select, Label: "Body", Default: "json", Options: field.Choices("json", "JSON", "text", "Text", "none", "None")},
		{Name: "json", Kind: field.JSON, Label: "JSON", When: &field.When{Field: "body", Values: []string{"json"}}, Help: "Variables stand in quotes and keep their type."},
		{Name: "text", Kind: field.Template, Label: "Text", When: &field.When{Field: "body", Values: []string{"text"}}},
		{Name: "type", Kind: field.Text, Label: "Content type", When: &field.When{Field: "body", Values: []string{"text"}}, Default: "text/plain; charset=utf-8"},
		{Name: "continue", Kind: field.Boolean, Label: "Answer and go on", Default: false},
	},
	Effect:  node.Pure,
	Answers: func(c responseConfig) bool { return c.Continue },
	Check:   checkResponse,
	Outputs: func(responseConfig, node.Catalog) field.Shape {
		return field.Object("Answer",
			field.Named{Name: "status", Shape: field.Shape{Kind: field.Integer, Label: "Status"}},
			field.Named{Name: "headers", Shape: field.Any("Headers")},
			field.Named{Name: "body", Shape: field.Any("Body")},
			field.Named{Name: "type", Shape: field.Shape{Kind: field.Text, Label: "Content type"}})
	},
	Line: func(c responseConfig, _ node.Catalog) string {
		line := strconv.Itoa(c.Status)
		if c.Continue {
			line += " · " + text.M("node.goes_on", "then goes on").String()
		}
		return line
	},
	Run: runResponse,
	Examples: []node.Example[responseConfig]{
		{
			Title:  "Answer with the number of an order and end",
			Config: map[string]any{"status": int64(201), "json": map[string]any{"id": "{{ trigger.body.id }}"}},
			Vars:   map[string]any{"trigger": map[string]any{"body": map[string]any{"id": int64(7)}}},
			Want:   node.Want{Ends: node.Succeeded},
		},
		{
			Title:  "Answer at once with text, then go on",
			Config: map[string]any{"status": int64(202), "body": "text", "text": "queued", "continue": true},
			Want: node.Want{Output: map[string]any{
				"status": int64(202), "headers": map[string]any{}, "body": "queued", "type": "text/plain; charset=utf-8",
			}},
		},
		{
			Title:  "A header with a line break is refused",
			Config: map[string]any{"headers": []any{map[string]any{"name": "X-Name", "value": "{{ trigger.body.name }}"}}},
			Vars:   map[string]any{"trigger": map[string]any{"body": map[string]any{"name": "a\r\nSet-Cookie: b"}}},
			Want:   node.Want{Code: "INVALID_HEADER"},
		},
	},
})

func checkResponse(c responseConfig, _ node.Catalog) (p field.Problems) {
	for i, h := range c.Headers {
		at := "headers." + strconv.Itoa(i)
		switch {
		case h.Name != "" && !headerName.MatchString(h.Name):
			p.Add(at, invalid, text.M("node.http_header", "%q cannot be the name of a header.", h.Name))
		case slices.Contains(answerHeaders, strings.ToLower(h.Name)):
			p.Add(at, invalid, text.M("node.http_reserved", "The header %s is written by the server. Remove it.", h.Name))
		}
	}
	if c.Body == "text" && !mediaType.MatchString(c.Type) {
		p.Add("type", invalid, text.M("node.media_type", "Enter a content type such as text/plain."))
	}
	if s, ok := c.JSON.(string); ok && c.Body == "json" && !whole(s) && (field.HasTemplate(s) || strings.ContainsAny(s[:min(1, len(s))], "{[")) {
		p.Add("json", invalid, text.M("node.http_body", "This is not valid JSON. Put variables in quotes."))
	}
	return p
}

// runResponse answers the first time; later nobody listens.
func runResponse(_ context.Context, call node.Call, c responseConfig) (node.Result, error) {
	if call.Node.Answered {
		return node.Skipped().Because(text.M("node.answered", "The request has been answered already.").String()), nil
	}
	headers := map[string]any{}
	for _, h := range texts(c.Headers) {
		if h.Name == "" {
			continue
		}
		value := strings.TrimSpace(h.Value)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return node.Result{}, node.Broken("INVALID_HEADER", text.M("node.header_value", "The value of the header %s has characters that no header may have.", h.Name))
		}
		headers[h.Name] = value
	}
	out := map[string]any{"status": int64(c.Status), "headers": headers}
	switch c.Body {
	case "text":
		out["body"], out["type"] = c.Text, c.Type
	case "json":
		out["body"], out["type"] = c.JSON, "application/json; charset=utf-8"
	}
	if c.Continue {
		return node.Done(out).Answers(), nil
	}
	return node.End(node.Succeeded, "response", out), nil
}
