package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"formrail/models/text"
)

// remote is a server that a command talks to.
type remote struct {
	url   string
	token string
	http  *http.Client
}

// maxReply bounds what is read of an answer.
const maxReply = 16 << 20

// remoteFlags makes the options of a command that talks to a server.
func (c *cli) remoteFlags(name string) (*flags, *remote) {
	f := c.flags(name)
	r := &remote{token: c.env("FORMRAIL_TOKEN"), http: &http.Client{Timeout: 60 * time.Second}}
	f.StringVar(&r.url, "url", "http://localhost:8080", "address of the server")
	return f, r
}

// envelope is how the API answers.
type envelope struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
}

// call sends a request with the token and gives the data of the answer.
func (r *remote) call(ctx context.Context, method, path string, body []byte) (json.RawMessage, error) {
	if r.token == "" {
		return nil, usageError{text.M("remote.token", "Set FORMRAIL_TOKEN to an API token. formrail token create makes one.").String()}
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.url, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("address %s: %w", r.url, err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Accept", "application/json")
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reach the server: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, errors.New(text.M("remote.no_api", "%s does not answer like Formrail (status %d).", r.url, resp.StatusCode).String())
	}
	if resp.StatusCode >= http.StatusBadRequest {
		if len(e.Errors) == 0 {
			return nil, errors.New(text.M("remote.status", "The server answered with status %d.", resp.StatusCode).String())
		}
		return nil, fmt.Errorf("%s (%s)", e.Errors[0].Message, e.Errors[0].Code)
	}
	return e.Data, nil
}

// print shows an answer as indented JSON.
func (c *cli) print(data json.RawMessage) error {
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	c.say(text.Verbatim(out.String()))
	return nil
}

// runWorkflow starts a workflow by hand and prints the execution.
func (c *cli) runWorkflow(ctx context.Context, args []string) error {
	f, r := c.remoteFlags("run")
	input := f.String("input", "", "file with the trigger's variables as JSON; - for the standard input")
	wait := f.Int("wait", 0, "seconds to wait for the end, at most 30")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	body := []byte("{}")
	switch *input {
	case "":
	case "-":
		body, err = io.ReadAll(io.LimitReader(c.in, maxReply))
	default:
		body, err = os.ReadFile(*input)
	}
	if err != nil {
		return fmt.Errorf("read input: %w", err)
	}
	data, err := r.call(ctx, http.MethodPost, "/api/workflows:execute/"+url.PathEscape(words[0])+"?wait="+strconv.Itoa(*wait), body)
	if err != nil {
		return err
	}
	return c.print(data)
}

// executions prints the newest executions.
func (c *cli) executions(ctx context.Context, args []string) error {
	f, r := c.remoteFlags("executions")
	workflow := f.String("workflow", "", "only those of this workflow")
	status := f.String("status", "", "only those with this status")
	asJSON := f.Bool("json", false, "print JSON")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	query := url.Values{}
	for name, v := range map[string]string{"workflow": *workflow, "status": *status} {
		if v != "" {
			query.Set(name, v)
		}
	}
	data, err := r.call(ctx, http.MethodGet, strings.TrimRight("/api/executions:list?"+query.Encode(), "?"), nil)
	if err != nil {
		return err
	}
	if *asJSON {
		return c.print(data)
	}
	var rows []struct {
		ID       string `json:"id"`
		Number   int64  `json:"number"`
		Status   string `json:"status"`
		Workflow any    `json:"workflow"`
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	for _, row := range rows {
		c.say(text.M("remote.execution", "#%-8d %-10s %-28s %v", row.Number, row.Status, row.ID, keyOf(row.Workflow)))
	}
	return nil
}

// keyOf is the key of a workflow that an answer names by key or as an object.
func keyOf(workflow any) any {
	if m, ok := workflow.(map[string]any); ok {
		return m["key"]
	}
	return workflow
}

// retry starts an execution again with the same version and input. Finished steps
// run again as well: taking them over is not available yet.
func (c *cli) retry(ctx context.Context, args []string) error {
	f, r := c.remoteFlags("retry")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	data, err := r.call(ctx, http.MethodPost, "/api/executions:rerun/"+url.PathEscape(words[0]), []byte("{}"))
	if err != nil {
		return err
	}
	c.say(text.M("remote.rerun", "All steps run again, those that had succeeded too."))
	return c.print(data)
}

// cancel ends an execution.
func (c *cli) cancel(ctx context.Context, args []string) error {
	f, r := c.remoteFlags("cancel")
	reason := f.String("reason", "", "why, for the history")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"reason": *reason})
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	if _, err := r.call(ctx, http.MethodPost, "/api/executions:cancel/"+url.PathEscape(words[0]), body); err != nil {
		return err
	}
	c.say(text.M("remote.cancelled", "The execution is cancelled."))
	return nil
}
