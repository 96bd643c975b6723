package outbound

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"formrail/models/text"
)

// A packed answer may grow to maxRatio times its size; below ratioFrom bytes it does
// not matter.
const (
	maxRatio  = 100
	ratioFrom = 1 << 20
)

func tooLarge(limit int64) error {
	return &Error{Code: CodeTooLarge, Message: text.M("outbound.too_large", "The answer is larger than %s.", size(limit))}
}

func size(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// reading is how an answer is read.
type reading struct {
	headers time.Duration // until the headers are there
	limit   int64         // bytes of the body after it was unpacked
	large   func(ctx context.Context) error
}

// read gives the whole body, unpacked, or an error once it is larger than limit.
func (r reading) read(ctx context.Context, resp *http.Response) ([]byte, error) {
	limit := r.limit
	if resp.Request.Method == http.MethodHead {
		return nil, nil // its length is that of an answer nobody asked for
	}
	if resp.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	received := &tally{from: resp.Body}
	var from io.Reader = received
	packed := false
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unpack, err := gzip.NewReader(received)
		if errors.Is(err, io.EOF) && received.n == 0 {
			return nil, nil // nothing at all, as with status 204
		}
		if err != nil {
			return nil, unreadable(err)
		}
		from, packed = unpack, true
	default:
		return nil, unreadable(fmt.Errorf("encoding %q", encoding))
	}
	ask := func() error {
		if r.large == nil {
			return nil
		}
		return r.large(ctx)
	}
	out, err := collect(from, limit, ask, func(n int) bool { return packed && n > ratioFrom && int64(n) > maxRatio*received.n })
	if packed && err != nil && received.err == nil && ctx.Err() == nil {
		err = unreadable(err)
	}
	return out, err
}

// collect reads up to limit bytes. It grows with what arrives, never with what is
// announced.
func collect(from io.Reader, limit int64, large func() error, swollen func(n int) bool) ([]byte, error) {
	var out []byte
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
		if before := len(out); before <= LargeFrom && before+n > LargeFrom {
			if err := large(); err != nil {
				return nil, err
			}
		}
		out = append(out, chunk[:n]...)
		if int64(len(out)) > limit || swollen(len(out)) {
			return nil, tooLarge(limit)
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func unreadable(cause error) error {
	var known *Error
	if errors.As(cause, &known) {
		return cause
	}
	return &Error{Code: CodeEncoding, Message: text.M("outbound.unreadable", "The answer is packed in a way that cannot be unpacked."), cause: cause}
}

// tally counts what was received, and keeps why receiving ended.
type tally struct {
	from io.Reader
	n    int64
	err  error
}

// Read counts.
func (t *tally) Read(b []byte) (int, error) {
	n, err := t.from.Read(b)
	t.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}
