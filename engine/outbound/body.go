package outbound

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

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

// read gives the whole body, unpacked, or an error once it is larger than limit.
func read(resp *http.Response, limit int64) ([]byte, error) {
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
	out, err := collect(from, limit, func(n int) bool { return packed && n > ratioFrom && int64(n) > maxRatio*received.n })
	if packed && err != nil && received.err == nil {
		err = unreadable(err)
	}
	return out, err
}

// collect reads up to limit bytes. It grows with what arrives, never with what is
// announced.
func collect(from io.Reader, limit int64, swollen func(n int) bool) ([]byte, error) {
	var out []byte
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
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
