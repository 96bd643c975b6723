package outbound

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"formrail/models/text"
)

// Bounds of a call.
const (
	DefaultTimeout = 30 * time.Second
	MaxTimeout     = 10 * time.Minute
	MaxRedirects   = 3
	MaxAnswer      = 10 << 20 // bytes of an answer after it was unpacked

	LargeFrom = 128 << 10

	headerTime = 15 * time.Second // until the headers of the answer, connection included
	tlsTime    = 5 * time.Second
	maxHeaders = 256 << 10
	maxURL     = 8 << 10
)

// Header is one line of a request's head.
type Header struct{ Name, Value string }

// Request is one call.
type Request struct {
	Method  string
	URL     string
	Headers []Header // several of one name are sent in their order
	Body    []byte

	Timeout   time.Duration                   // of the whole call, redirects included; DefaultTimeout when 0, at most MaxTimeout
	Redirects int                             // how many are followed, at most MaxRedirects
	MaxBytes  int64                           // of the answer; MaxAnswer when 0 or above it
	Large     func(ctx context.Context) error // asked before more than LargeFrom bytes of an answer are kept; nil = nobody
	Hosts     []string                        // the only hosts that may be called, see [HostIn]; empty = all
}

// Response is an answer, whatever its status.
type Response struct {
	Status     int
	StatusText string
	Header     map[string][]string // names in lower case
	Body       []byte              // unpacked
	URL        string              // that answered, after redirects
	Took       time.Duration
}

// ours are headers that the client writes itself.
var ours = []string{ //nolint:gochecknoglobals // a constant
	"host", "content-length", "transfer-encoding", "connection", "proxy-connection", "keep-alive", "te", "trailer", "upgrade",
	"accept-encoding", "expect", "proxy-authorization",
}

// CheckHeader reports what is wrong with a header; nil when it can be sent. The error
// is an *Error.
func CheckHeader(h Header) error {
	if h.Name == "" || strings.ContainsFunc(h.Name, notToken) {
		return &Error{Code: CodeHeader, Message: text.M("outbound.header_name", "%q cannot be the name of a header.", h.Name)}
	}
	if slices.Contains(ours, strings.ToLower(h.Name)) {
		return &Error{Code: CodeHeader, Message: text.M("outbound.header_ours", "The header %s is written by the server and cannot be set.", h.Name)}
	}
	if strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return &Error{Code: CodeHeader, Message: text.M("outbound.header_value", "The value of the header %s has a line break or another control character.", h.Name)}
	}
	return nil
}

func notToken(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// ParseURL reads an address that may be called: http or https, a host, no name or
// password. The error is an *Error with code INVALID_URL.
func ParseURL(raw string) (*url.URL, error) {
	raw = strings.Trim(raw, " \t\r\n")
	if len(raw) > maxURL {
		return nil, invalidURL(errors.New("too long"))
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, invalidURL(errors.Unwrap(err)) // without the text, which may hold a secret
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" || u.Hostname() == "" {
		return nil, invalidURL(nil)
	}
	if u.User != nil {
		return nil, &Error{Code: CodeURL, Message: text.M("outbound.url_user", "An address must not hold a name or password. Use a header.")}
	}
	if p := u.Port(); p != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, invalidURL(err)
		}
	}
	u.Fragment, u.RawFragment = "", ""
	u.RawQuery = plainQuery(u.RawQuery)
	return u, nil
}

// plainQuery encodes what would end a request line or may not stand in one.
func plainQuery(q string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(q) {
		if b := q[i]; b <= ' ' || b >= 0x7f || b == '"' || b == '<' || b == '>' || b == '`' {
			out.WriteString(string([]byte{'%', hex[b>>4], hex[b&15]}))
			continue
		}
		out.WriteByte(q[i])
	}
	return out.String()
}

// HostIn reports whether the host of an address is in a list. An entry is a host, a
// host with its port, or "*." and a domain for everything below it.
func HostIn(u *url.URL, list []string) bool {
	host, port := foldName(u.Hostname()), portOf(u)
	return slices.ContainsFunc(list, func(entry string) bool {
		want, wantPort, ok := splitPort(strings.TrimSpace(entry))
		if !ok || wantPort != 0 && strconv.Itoa(int(wantPort)) != port {
			return false
		}
		want = foldName(want)
		if below, wild := strings.CutPrefix(want, "*."); wild {
			return strings.HasSuffix(host, "."+below)
		}
		return want == host
	})
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// hop is one request on the wire: the first, or one that a redirect asks for.
type hop struct {
	method string
	to     *url.URL
	header http.Header
	body   []byte
}

// first makes the first hop of a request.
func (r Request) first() (*hop, error) {
	u, err := ParseURL(r.URL)
	if err != nil {
		return nil, err
	}
	if r.Method == "" || strings.ContainsFunc(r.Method, notToken) {
		return nil, invalidURL(errors.New("no method"))
	}
	h := &hop{method: r.Method, to: u, header: http.Header{}, body: r.Body}
	for _, one := range r.Headers {
		one.Value = strings.Trim(one.Value, " \t\r\n")
		if err := CheckHeader(one); err != nil {
			return nil, err
		}
		h.header.Add(one.Name, one.Value)
	}
	for name, value := range map[string]string{"User-Agent": "Formrail", "Accept": "*/*"} {
		if h.header.Get(name) == "" {
			h.header.Set(name, value)
		}
	}
	h.header.Set("Accept-Encoding", "gzip")
	return h, nil
}

// harmless are headers that go on to another origin: they say how to answer and which
// call this is, and cannot hold a secret. All others stay behind, because a header that
// authenticates may have any name.
var harmless = []string{"Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Content-Language", "Idempotency-Key", "User-Agent"} //nolint:gochecknoglobals // a constant

// redirected gives the hop that an answer asks for; nil when it asks for none.
func (h *hop) redirected(status int, location string) (*hop, error) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil //nolint:nilnil // no redirect is an ordinary answer
	}
	if location == "" {
		return nil, nil //nolint:nilnil // as above
	}
	ref, err := url.Parse(location)
	if err != nil {
		return nil, invalidURL(errors.Unwrap(err))
	}
	to, err := ParseURL(h.to.ResolveReference(ref).String())
	if err != nil {
		return nil, err
	}
	next := &hop{method: h.method, to: to, header: h.header.Clone(), body: h.body}
	if status < http.StatusTemporaryRedirect && h.method != http.MethodGet && h.method != http.MethodHead {
		next.method, next.body = http.MethodGet, nil
		next.header.Del("Content-Type")
	}
	if !SameOrigin(h.to, to) {
		for name := range next.header {
			if !slices.Contains(harmless, name) {
				next.header.Del(name)
			}
		}
	}
	return next, nil
}

// SameOrigin reports whether two addresses have the same scheme, host and port.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && foldName(a.Hostname()) == foldName(b.Hostname()) && portOf(a) == portOf(b)
}
