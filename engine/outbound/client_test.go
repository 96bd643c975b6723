package outbound_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/outbound"
)

type clock struct{}

func (clock) Now() time.Time { return time.Now() }

// client may call what the given listening addresses name, and nothing else inside.
func client(t *testing.T, listed ...string) *outbound.Client {
	t.Helper()
	e, err := outbound.ParseEgress(strings.Join(listed, ","))
	require.NoError(t, err)
	return outbound.New(outbound.Options{Egress: e, Clock: clock{}})
}

func code(err error) string {
	var e *outbound.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// serve starts a server and gives its address.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// raw starts a server that does with each connection what it is told, once the head of
// a request was read.
func raw(t *testing.T, do func(c net.Conn, gone <-chan struct{})) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := make(chan struct{})
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					do(c, gone)
				}
			})
		}
	})
	t.Cleanup(func() {
		close(gone)
		require.NoError(t, l.Close())
		open.Wait()
	})
	return l.Addr().String()
}

// whole is the body of a request.
func whole(r *http.Request) []byte {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return []byte(err.Error())
	}
	return body
}

func get(t *testing.T, c *outbound.Client, addr string, more ...func(*outbound.Request)) (*outbound.Response, error) {
	t.Helper()
	r := outbound.Request{Method: "GET", URL: "http://" + addr + "/", Timeout: 2 * time.Second}
	for _, f := range more {
		f(&r)
	}
	return c.Do(t.Context(), r)
}

func within(d time.Duration) func(*outbound.Request) {
	return func(r *outbound.Request) { r.Timeout = d }
}

func TestDo_SendsWhatItIsToldAndGivesTheAnswer(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := whole(r)
		w.Header().Add("X-Two", "1")
		w.Header().Add("X-Two", "2")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, r.Method, " ", r.URL, " ", string(body), " ", r.Header.Values("X-A"), " ", r.Header.Get("Idempotency-Key"), " ", r.ContentLength)
	})
	a, err := client(t, addr).Do(t.Context(), outbound.Request{
		Method: "POST", URL: "http://" + addr + "/a%2Fb?q=1#part", Body: []byte("hi"),
		Headers: []outbound.Header{{"X-A", "1"}, {"x-a", "2\r\n"}, {"Idempotency-Key", "k1"}},
	})
	require.NoError(t, err)
	require.Equal(t, 201, a.Status)
	require.Equal(t, "Created", a.StatusText)
	require.Equal(t, []string{"1", "2"}, a.Header["x-two"])
	require.Equal(t, "POST /a%2Fb?q=1 hi [1 2] k1 2", string(a.Body))
	require.Equal(t, "http://"+addr+"/a%2Fb", a.URL)
	require.Positive(t, a.Took)
	a, err = get(t, client(t, addr), addr, func(r *outbound.Request) { r.URL += "ä b?q=ä b HTTP/1.1" })
	require.NoError(t, err)
	require.Contains(t, string(a.Body), "GET /%C3%A4%20b?q=%C3%A4%20b%20HTTP/1.1 ")
}

func TestDo_RefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	c := client(t)
	for _, u := range []string{
		"", "example.com", "//example.com/", "ftp://example.com", "file:///etc/passwd", "http://", "http:///x", "http:example.com", "https://user:secret@example.com",
		"http://example.com:0/", "http://example.com:/", "http://example.com:99999/", "http://exa mple.com", "http://a\nb/", "http://[::1", "gopher://x", "javascript:1",
		"http://example.com/" + strings.Repeat("a", 9000),
	} {
		_, err := c.Do(t.Context(), outbound.Request{Method: "GET", URL: u})
		require.Equal(t, outbound.CodeURL, code(err), "%.80q", u)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, h := range []outbound.Header{{"", "x"}, {"a b", "x"}, {"a:", "x"}, {"Host", "x"}, {"content-length", "1"}, {"Transfer-Encoding", "chunked"}, {"Connection", "x"}, {"X", "a\r\nY: b"}, {"X", "a\x00"}, {"ä", "x"}} {
		_, err := c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://example.com", Headers: []outbound.Header{h}})
		require.Equal(t, outbound.CodeHeader, code(err), "%q", h)
	}
	_, err := c.Do(t.Context(), outbound.Request{Method: "GET X", URL: "http://example.com"})
	require.Equal(t, outbound.CodeURL, code(err))
}

func TestDo_EndsWithWhoeverHangs(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(net.Conn, <-chan struct{}){
		"before the headers": func(_ net.Conn, gone <-chan struct{}) { <-gone },
		"within the headers": func(c net.Conn, gone <-chan struct{}) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX-A: b\r\n")
			<-gone
		},
		"within the body": func(c net.Conn, gone <-chan struct{}) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
			<-gone
		},
		"drop by drop": func(c net.Conn, gone <-chan struct{}) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
			for tick := time.NewTicker(10 * time.Millisecond); ; {
				select {
				case <-gone:
					return
				case <-tick.C:
					if _, err := fmt.Fprint(c, "x"); err != nil {
						return
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := raw(t, do)
			begun := time.Now()
			_, err := get(t, client(t, addr), addr, within(300*time.Millisecond))
			require.Equal(t, outbound.CodeTimeout, code(err), "%v", err)
			require.Less(t, time.Since(begun), 5*time.Second)
		})
	}
}

func TestDo_EndsWhenItsCallerDoes(t *testing.T) {
	t.Parallel()
	addr := raw(t, func(_ net.Conn, gone <-chan struct{}) { <-gone })
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, stop)
	_, err := client(t, addr).Do(ctx, outbound.Request{Method: "GET", URL: "http://" + addr})
	require.Equal(t, outbound.CodeNetwork, code(err))
	require.ErrorIs(t, err, context.Canceled)
}

func TestDo_SaysWhenTheConnectionIsCut(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"at once":               "",
		"in the headers":        "HTTP/1.1 200 OK\r\nX-A",
		"in the body":           "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		"in a chunk":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"no HTTP":               "SSH-2.0-x\r\n\r\n",
		"another protocol":      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
		"two different lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			addr := raw(t, func(c net.Conn, _ <-chan struct{}) {
				calls.Add(1)
				fmt.Fprint(c, answer)
			})
			_, err := get(t, client(t, addr), addr, func(r *outbound.Request) {
				r.Method, r.Body, r.Headers = "POST", []byte("x"), []outbound.Header{{"Idempotency-Key", "k"}}
			})
			require.Equal(t, outbound.CodeNetwork, code(err), "%v", err)
			require.EqualValues(t, 1, calls.Load(), "nothing is sent a second time by itself")
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = get(t, client(t, l.Addr().String()), l.Addr().String())
	require.Equal(t, outbound.CodeNetwork, code(err))
	require.Contains(t, err.Error(), "refused")
}

func TestDo_ReadsNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	pour := func(c io.Writer) {
		block := bytes.Repeat([]byte("x"), 64<<10)
		for sent.Load() < 10<<30 {
			n, err := c.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
	for name, head := range map[string]string{
		"without a length":  "HTTP/1.1 200 OK\r\n\r\n",
		"announced":         "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n",
		"in one long chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n280000000\r\n",
	} {
		sent.Store(0)
		addr := raw(t, func(c net.Conn, _ <-chan struct{}) {
			fmt.Fprint(c, head)
			pour(c)
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := get(t, client(t, addr), addr, within(30*time.Second))
		runtime.ReadMemStats(&after)
		require.Equal(t, outbound.CodeTooLarge, code(err), "%s: %v", name, err)
		require.Less(t, sent.Load(), int64(64<<20), name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(96<<20), "%s: memory is bounded", name)
	}
	addr := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "12345") })
	limit := func(n int64) func(*outbound.Request) { return func(r *outbound.Request) { r.MaxBytes = n } }
	_, err := get(t, client(t, addr), addr, limit(4))
	require.Equal(t, outbound.CodeTooLarge, code(err))
	a, err := get(t, client(t, addr), addr, limit(5))
	require.NoError(t, err)
	require.Equal(t, "12345", string(a.Body))
	a, err = get(t, client(t, addr), addr, limit(1), func(r *outbound.Request) { r.Method = "HEAD" })
	require.NoError(t, err, "a HEAD has no body")
	require.Empty(t, a.Body)
}

func TestDo_ReadsNoEndlessHeaders(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"one long line":   strings.Repeat("x", 4096),
		"many lines":      "X-A: " + strings.Repeat("x", 1000) + "\r\n",
		"interim answers": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			addr := raw(t, func(c net.Conn, _ <-chan struct{}) {
				piece := line
				if piece == "" {
					piece = "HTTP/1.1 103 Early Hints\r\nLink: " + strings.Repeat("x", 1000) + "\r\n\r\n"
				} else {
					fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX-B: ")
				}
				for sent.Load() < 1<<30 {
					n, err := fmt.Fprint(c, piece)
					sent.Add(int64(n))
					if err != nil {
						return
					}
				}
			})
			_, err := get(t, client(t, addr), addr, within(20*time.Second))
			require.Equal(t, outbound.CodeTooLarge, code(err), "%v", err)
			require.Less(t, sent.Load(), int64(16<<20))
		})
	}
}

func TestDo_UnpacksWithinBounds(t *testing.T) {
	t.Parallel()
	packed := func(n int) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		zeros := make([]byte, 1<<20)
		for n > 0 {
			part := min(n, len(zeros))
			_, err := z.Write(zeros[:part])
			require.NoError(t, err)
			n -= part
		}
		require.NoError(t, z.Close())
		return b.Bytes()
	}
	small, bomb := packed(1000), packed(1<<30)
	answers := map[string][]byte{"/small": small, "/bomb": bomb, "/three": packed(3 << 20), "/cut": small[:len(small)-9], "/torn": []byte("no gzip"), "/none": nil}
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/br" {
			w.Header().Set("Content-Encoding", "br")
		}
		fmt.Fprint(w, string(answers[r.URL.Path]))
	})
	at := func(path string) func(*outbound.Request) {
		return func(r *outbound.Request) { r.URL, r.Timeout = "http://"+addr+path, 20*time.Second }
	}
	c := client(t, addr)
	a, err := get(t, c, addr, at("/small"))
	require.NoError(t, err)
	require.Len(t, a.Body, 1000)
	a, err = get(t, c, addr, at("/none"))
	require.NoError(t, err)
	require.Empty(t, a.Body)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = get(t, c, addr, at("/bomb"))
	runtime.ReadMemStats(&after)
	require.Equal(t, outbound.CodeTooLarge, code(err))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
	_, err = get(t, c, addr, at("/three"))
	require.Equal(t, outbound.CodeTooLarge, code(err), "a ratio of 1,000 is a bomb below the limit, too")
	for _, path := range []string{"/cut", "/torn", "/br"} {
		_, err = get(t, c, addr, at(path))
		require.Equal(t, outbound.CodeEncoding, code(err), path)
	}
}

func TestDo_FollowsAsManyRedirectsAsItMay(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body := whole(r)
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/see":
			http.Redirect(w, r, "/end", http.StatusSeeOther)
		case "/keep":
			http.Redirect(w, r, "end", http.StatusTemporaryRedirect)
		case "/bad":
			w.Header().Set("Location", "ftp://example.com/")
			w.WriteHeader(http.StatusFound)
		case "/nowhere":
			w.WriteHeader(http.StatusFound)
		default:
			fmt.Fprint(w, r.Method, " ", string(body), " ", r.Header.Get("X-Token"), r.Header.Get("Authorization"))
		}
	})
	c := client(t, addr)
	call := func(path string, redirects int) (*outbound.Response, error) {
		return get(t, c, addr, func(r *outbound.Request) {
			r.Method, r.URL, r.Body, r.Redirects = "POST", "http://"+addr+path, []byte("data"), redirects
			r.Headers = []outbound.Header{{"X-Token", "s1"}, {"Authorization", "s2"}}
		})
	}
	a, err := call("/see", 0)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, a.Status, "without leave the redirect is the answer")
	a, err = call("/see", 1)
	require.NoError(t, err)
	require.Equal(t, "GET  s1s2", string(a.Body))
	a, err = call("/keep", 3)
	require.NoError(t, err)
	require.Equal(t, "POST data s1s2", string(a.Body))
	a, err = call("/nowhere", 3)
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, a.Status)
	_, err = call("/bad", 1)
	require.Equal(t, outbound.CodeURL, code(err))
	calls.Store(0)
	a, err = call("/loop", 1000)
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, a.Status)
	require.EqualValues(t, 1+outbound.MaxRedirects, calls.Load())
}

func TestDo_LeavesSecretsBehindWhenTheOriginChanges(t *testing.T) {
	t.Parallel()
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "Cookie", "X-Acme-Key", "Accept", "Idempotency-Key", "Content-Type"} {
			fmt.Fprintf(w, "%s=%s ", name, r.Header.Get(name))
		}
	})
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+other+"/", http.StatusPermanentRedirect)
	})
	all := []outbound.Header{{"Authorization", "s"}, {"Cookie", "s"}, {"x-acme-key", "s"}, {"accept", "text/plain"}, {"Idempotency-Key", "k"}, {"content-type", "text/plain"}}
	follow := func(r *outbound.Request) { r.Method, r.Body, r.Redirects, r.Headers = "POST", []byte("x"), 1, all }
	a, err := get(t, client(t, addr, other), addr, follow)
	require.NoError(t, err)
	require.Equal(t, "Authorization= Cookie= X-Acme-Key= Accept=text/plain Idempotency-Key=k Content-Type=text/plain ", string(a.Body))
	_, err = get(t, client(t, addr), addr, follow)
	require.Equal(t, outbound.CodeBlocked, code(err), "a redirect passes the same guard")
	_, err = get(t, client(t, addr, other), addr, follow, func(r *outbound.Request) { r.Hosts = []string{addr} })
	require.Equal(t, outbound.CodeBlocked, code(err), "a redirect stays within the hosts of the call")
}

func TestDo_TrustsOnlyKnownCertificates(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	s.Config.ErrorLog = discard()
	s.StartTLS()
	t.Cleanup(s.Close)
	addr := s.Listener.Addr().String()
	call := outbound.Request{Method: "GET", URL: "https://" + addr}
	_, err := client(t, addr).Do(t.Context(), call)
	require.Equal(t, outbound.CodeNetwork, code(err))
	require.Contains(t, err.Error(), "certificate")
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	e, err := outbound.ParseEgress(addr)
	require.NoError(t, err)
	a, err := outbound.New(outbound.Options{Egress: e, Clock: clock{}, Roots: roots}).Do(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, "ok", string(a.Body))
}

func TestDo_AsksNoProxy(t *testing.T) { //nolint:paralleltest // it changes the environment
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	addr := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	d := &dialer{to: addr}
	c := outbound.New(outbound.Options{Clock: clock{}, Dialer: d, Resolver: names{"api.example.com": {{"93.184.216.34"}}}})
	a, err := c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://api.example.com/"})
	require.NoError(t, err)
	require.Equal(t, "ok", string(a.Body))
	require.Equal(t, []string{"93.184.216.34:80"}, d.dialled())
}

func TestDo_BoundsTheCallsToOneHost(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	gate := make(chan struct{})
	addr := serve(t, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-gate
	})
	c := client(t, addr)
	var calls sync.WaitGroup
	for range 40 {
		calls.Go(func() {
			_, err := c.Do(context.Background(), outbound.Request{Method: "GET", URL: "http://" + addr, Timeout: 20 * time.Second})
			require.NoError(t, err)
		})
	}
	require.Eventually(t, func() bool { return now.Load() == 16 }, 10*time.Second, time.Millisecond)
	close(gate)
	calls.Wait()
	require.EqualValues(t, 16, most.Load())
}

// dialer leads every address to one place and keeps which it was asked for.
type dialer struct {
	to    string
	mu    sync.Mutex
	asked []string
}

func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	d.asked = append(d.asked, address)
	d.mu.Unlock()
	if d.to == "" {
		return nil, errors.New("nobody there")
	}
	var real net.Dialer
	return real.DialContext(ctx, network, d.to)
}

func (d *dialer) dialled() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

// names is a resolver: the n-th look-up of a name gives the n-th list.
type names map[string][][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	lists := n[host]
	if len(lists) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(lists) > 1 {
		n[host] = lists[1:]
	}
	var out []netip.Addr
	for _, s := range lists[0] {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

func TestHostIn_ComparesHostsAndPorts(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"https://api.example.com/x": true, "https://API.example.com./": true, "https://api.example.com:8443/": true,
		"https://erp.lan:8080": true, "https://erp.lan": false, "https://evil.com/?api.example.com": false, "https://api.example.com.evil.com": false,
		"https://a.shop.org": true, "https://a.b.shop.org": true, "https://shop.org": false, "https://myshop.org": false,
	} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, want, outbound.HostIn(u, []string{"api.example.com", " erp.lan:8080", "*.shop.org", ""}), raw)
	}
}
