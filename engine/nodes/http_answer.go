package nodes

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// exchange is the calls of one attempt.
type exchange struct {
	call   node.Call
	config httpConfig
	left   int // bytes that answers may still have

	answer   node.HTTPResponse // the last one
	data     any
	took     time.Duration
	pages    int
	warnings []text.Message
}

// one makes a call and reads its answer.
func (e *exchange) one(ctx context.Context, r node.HTTPRequest) error {
	r.MaxBytes = max(e.left, 1)
	answer, err := e.call.HTTP.Do(ctx, r)
	if err != nil {
		return err
	}
	e.answer, e.pages, e.took, e.left = answer, e.pages+1, e.took+answer.Took, e.left-len(answer.Body)
	if !e.config.Success.holds(answer.Status) {
		return e.unexpected()
	}
	e.data, err = e.read(e.config.Response)
	return err
}

func (e *exchange) result() node.Result {
	out := e.data
	if !e.config.OnlyData {
		out = map[string]any{
			"status": int64(e.answer.Status), "statusText": e.answer.StatusText, "headers": headersOf(e.answer), "data": e.data,
			"ms": e.took.Milliseconds(), "pages": int64(e.pages),
		}
	}
	return node.Done(out).Because(e.said()).Warn(e.warnings...)
}

// said is the status as people say it.
func (e *exchange) said() string {
	return strings.TrimSpace(strconv.Itoa(e.answer.Status) + " " + e.answer.StatusText)
}

func headersOf(a node.HTTPResponse) map[string]any {
	out := make(map[string]any, len(a.Header))
	for name, values := range a.Header {
		between := ", "
		if name == "set-cookie" {
			between = "\n"
		}
		out[name] = strings.ToValidUTF8(strings.Join(values, between), "\uFFFD")
	}
	return out
}

// maxErrorData is how much of an unexpected answer is kept with the failure.
const maxErrorData = 64 << 10

// unexpected is the failure of a status that was not expected. A busy or broken server
// may be asked again, not before it says so.
func (e *exchange) unexpected() error {
	a := e.answer
	if len(a.Body) > maxErrorData {
		e.answer.Body, e.answer.Header = a.Body[:maxErrorData], nil
	}
	data, err := e.read("auto")
	if err != nil {
		data = nil
	}
	f := node.Broken("HTTP_STATUS", text.M("node.http_status", "The answer was %s.", e.said())).
		With(map[string]any{"status": int64(a.Status), "statusText": a.StatusText, "data": data})
	switch {
	case a.Status == 429:
		f.Class = "http_429"
	case a.Status >= 500:
		f.Class = "http_5xx"
	}
	if f.Class != "" {
		f.After = retryAfter(a.Header["retry-after"], e.call.Now)
	}
	return f
}

// retryAfter reads how long the other side wants to be left alone: seconds, or a time.
func retryAfter(values []string, now time.Time) time.Duration {
	if len(values) == 0 {
		return 0
	}
	v := strings.TrimSpace(values[0])
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, v); err == nil {
			return max(at.Sub(now), 0)
		}
	}
	return 0
}

// read gives the data of the answer as it is wanted.
func (e *exchange) read(as string) (any, error) {
	body := e.answer.Body
	if len(body) == 0 {
		return nil, nil //nolint:nilnil // no data is an ordinary answer
	}
	kind, params := e.contentType()
	if as == "json" || as == "auto" && isJSON(kind) {
		if field.Weight(body) > field.MaxWeight {
			return nil, node.Broken("OUTPUT_TOO_LARGE", text.M("node.http_values", "The answer holds too many values."))
		}
		v, err := field.ParseJSON(body)
		if err == nil {
			return v, nil
		}
		if as == "json" {
			return nil, node.Broken("ANSWER_UNREADABLE", text.M("node.http_json", "The answer is not valid JSON: %s.", err))
		}
		e.warnings = append(e.warnings, text.M("node.http_as_text", "The answer calls itself JSON and is none, so it is kept as text."))
	}
	if as == "auto" && !isText(kind, body) {
		e.warnings = append(e.warnings, text.M("node.http_binary", "The answer is a file of type %s. Files are not kept yet.", kind))
		return nil, nil //nolint:nilnil // as above
	}
	return decodeText(body, params["charset"]), nil
}

func (e *exchange) contentType() (string, map[string]string) {
	values := e.answer.Header["content-type"]
	if len(values) == 0 {
		return "", nil
	}
	kind, params, err := mime.ParseMediaType(values[0])
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", nil
	}
	return kind, params
}

func isJSON(kind string) bool {
	return kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}

func isText(kind string, body []byte) bool {
	switch {
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "+xml"), isJSON(kind):
		return true
	case kind == "application/xml", kind == "application/x-www-form-urlencoded", kind == "application/javascript":
		return true
	}
	return (kind == "" || kind == "application/octet-stream") && utf8.Valid(body) && !strings.ContainsRune(string(body), 0)
}

// decodeText reads UTF-8, and the one other set that is common. What cannot be read
// becomes a mark.
func decodeText(body []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1":
		runes := make([]rune, len(body))
		for i, b := range body {
			runes[i] = rune(b)
		}
		return string(runes)
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}

// statusRanges are the statuses that are expected, written as "200-299, 404".
type statusRanges [][2]int

var errStatus = errors.New(`enter statuses such as "200-299, 404"`)

// UnmarshalJSON reads them.
func (s *statusRanges) UnmarshalJSON(raw []byte) error {
	v, err := field.ParseJSON(raw)
	if err != nil {
		return errStatus
	}
	var out statusRanges
	for _, part := range strings.Split(fmt.Sprint(v), ",") {
		low, high, found := strings.Cut(strings.ReplaceAll(part, "–", "-"), "-")
		if !found {
			high = low
		}
		from, err := strconv.Atoi(strings.TrimSpace(low))
		to, err2 := strconv.Atoi(strings.TrimSpace(high))
		if errors.Join(err, err2) != nil || from < 100 || to > 599 || from > to {
			return errStatus
		}
		out = append(out, [2]int{from, to})
	}
	*s = out
	return nil
}

func (s statusRanges) holds(status int) bool {
	for _, r := range s {
		if r[0] <= status && status <= r[1] {
			return true
		}
	}
	return false
}
