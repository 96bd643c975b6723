package outbound_test

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/outbound"
)

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

// inside are addresses that must never be dialled unless listed.
func inside() []string {
	return []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1",
		"255.255.255.255", "168.63.129.16",
		"::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:0:7f00:1::1", "::ffff:0:7f00:1",
	}
}

func TestGuard_RefusesTheInsideInEveryForm(t *testing.T) {
	t.Parallel()
	for _, ip := range inside() {
		require.False(t, outbound.Public(netip.MustParseAddr(ip)), ip)
		d := &dialer{}
		c := outbound.New(outbound.Options{Clock: clock{}, Dialer: d, Resolver: names{"evil.example.com": {{ip}}}})
		host := ip
		if strings.Contains(ip, ":") {
			host = "[" + ip + "]"
		}
		_, err := c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://" + host + "/"})
		require.Equal(t, outbound.CodeBlocked, code(err), "as a literal: %s", ip)
		if ip != "::ffff:8.8.8.8" { // an answer of a resolver: the same address in another spelling
			_, err = c.Do(t.Context(), outbound.Request{Method: "GET", URL: "https://evil.example.com/"})
			require.Equal(t, outbound.CodeBlocked, code(err), "behind a name: %s", ip)
		}
		require.Empty(t, d.dialled(), ip)
	}
	for _, ip := range []string{"8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"} {
		require.True(t, outbound.Public(netip.MustParseAddr(ip)), ip)
	}
	require.False(t, outbound.Public(netip.Addr{}))
}

func TestGuard_RefusesOddSpellingsOfAddresses(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.1", "0x7f.0.0.1", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.1.", "[fe80::1%25eth0]", "[::1%25lo]", "localhost", "LOCALHOST", "localhost.", "①②⑦.⓪.⓪.①"} {
		d := &dialer{}
		_, err := outbound.New(outbound.Options{Clock: clock{}, Dialer: d}).Do(t.Context(), outbound.Request{Method: "GET", URL: "http://" + host + "/", Timeout: 4 * time.Second})
		require.Error(t, err, host)
		require.Empty(t, d.dialled(), host)
	}
}

func TestGuard_AllowsOnlyTheUsualPorts(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"22", "25", "6379", "8080", "81", "65535"} {
		_, err := outbound.New(outbound.Options{Clock: clock{}, Dialer: &dialer{}}).Do(t.Context(), outbound.Request{Method: "GET", URL: "http://93.184.216.34:" + port + "/"})
		require.Equal(t, outbound.CodeBlocked, code(err), port)
	}
	_, err := outbound.New(outbound.Options{Clock: clock{}, Dialer: &dialer{}}).Do(t.Context(), outbound.Request{Method: "GET", URL: "http://93.184.216.34:443/"})
	require.Equal(t, outbound.CodeNetwork, code(err), "allowed, though nobody is there")
}

func TestGuard_DialsTheAddressItJudged(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	d := &dialer{to: addr}
	rebinding := names{"evil.example.com": {{"93.184.216.34"}, {"127.0.0.1"}}, "mixed.example.com": {{"127.0.0.1", "10.0.0.1", "::ffff:93.184.216.35"}}}
	c := outbound.New(outbound.Options{Clock: clock{}, Dialer: d, Resolver: rebinding})
	call := outbound.Request{Method: "GET", URL: "http://evil.example.com/"}
	_, err := c.Do(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, []string{"93.184.216.34:80"}, d.dialled(), "the name is looked up once")
	_, err = c.Do(t.Context(), call)
	require.Equal(t, outbound.CodeBlocked, code(err), "no connection is left over from before")
	_, err = c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://mixed.example.com/"})
	require.NoError(t, err)
	require.Equal(t, []string{"93.184.216.34:80", "93.184.216.35:80"}, d.dialled())
	_, err = c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://nowhere.example.com/"})
	require.Equal(t, outbound.CodeNetwork, code(err))
	require.Contains(t, err.Error(), "leads nowhere")
}

func TestGuard_RebindingBetweenRedirectsIsSeen(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	d := &dialer{to: addr}
	c := outbound.New(outbound.Options{Clock: clock{}, Dialer: d, Resolver: names{"evil.example.com": {{"93.184.216.34"}, {"169.254.169.254"}}}})
	_, err := c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://evil.example.com/", Redirects: 3})
	require.Equal(t, outbound.CodeBlocked, code(err))
	require.Len(t, d.dialled(), 1)
}

func TestGuard_RefusesRedirectsToTheInside(t *testing.T) {
	t.Parallel()
	secret := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "inside") })
	for _, to := range []string{"http://" + secret, "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "https://10.0.0.1/", "//127.0.0.1/"} {
		addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
		_, err := get(t, client(t, addr), addr, func(r *outbound.Request) { r.Redirects = 3 })
		require.Equal(t, outbound.CodeBlocked, code(err), to)
	}
}

// TestGuard_SystemDialerJudgesAgain uses the dialer of the system: what it connects to
// is judged as the number the system gets.
func TestGuard_SystemDialerJudgesAgain(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	e, err := outbound.ParseEgress("erp.lan:" + port)
	require.NoError(t, err)
	resolver := names{"erp.lan": {{"127.0.0.1"}}, "other.lan": {{"127.0.0.1"}}}
	c := outbound.New(outbound.Options{Clock: clock{}, Egress: e, Resolver: resolver})
	a, err := c.Do(t.Context(), outbound.Request{Method: "GET", URL: "http://erp.lan:" + port})
	require.NoError(t, err)
	require.Equal(t, "ok", string(a.Body))
	for _, u := range []string{"http://other.lan:" + port, "http://erp.lan", "http://" + addr} {
		_, err = c.Do(t.Context(), outbound.Request{Method: "GET", URL: u})
		require.Equal(t, outbound.CodeBlocked, code(err), u)
	}
}

func TestEgress_ReadsAndMatches(t *testing.T) {
	t.Parallel()
	e, err := outbound.ParseEgress(" ERP.lan:8080, 10.1.0.0/16 ,10.2.3.4:9000,[fd00::7]:8443,fd01::/16,::1, 10.3.0.0/24:8000, 169.254.169.254,intranet")
	require.NoError(t, err)
	require.Equal(t, "erp.lan:8080,10.1.0.0/16,10.2.3.4:9000,[fd00::7]:8443,fd01::/16,::1,10.3.0.0/24:8000,169.254.169.254,intranet", e.String())
	resolver := names{"erp.lan": {{"192.168.0.9"}}, "a.lan": {{"10.1.9.9"}}, "intranet": {{"169.254.169.254"}}, "meta.lan": {{"169.254.1.1"}}}
	for target, allowed := range map[string]bool{
		"erp.lan:8080": true, "erp.lan.:8080": true, "erp.lan": false, "erp.lan:8081": false, "192.168.0.9:8080": false, "10.1.2.3": true, "10.1.2.3:443": true, "10.1.2.3:8080": false,
		"10.2.3.4:9000": true, "10.2.3.4": false, "[fd00::7]:8443": true, "[fd00::7]": false, "[fd01::9]": true, "[::1]": true, "10.3.0.7:8000": true, "10.3.0.7": false, "a.lan": true, "11.0.0.1:8000": false,
		"[::ffff:10.1.2.3]": false, "169.254.169.254": true, "intranet": true,
	} {
		d := &dialer{}
		_, err := outbound.New(outbound.Options{Clock: clock{}, Egress: e, Dialer: d, Resolver: resolver}).Do(t.Context(), outbound.Request{Method: "GET", URL: "http://" + target + "/"})
		require.Error(t, err)
		require.Equal(t, allowed, code(err) == outbound.CodeNetwork, "%s: %v", target, err)
	}
	e, err = outbound.ParseEgress("meta.lan")
	require.NoError(t, err)
	_, err = outbound.New(outbound.Options{Clock: clock{}, Egress: e, Dialer: &dialer{}, Resolver: resolver}).Do(t.Context(), outbound.Request{Method: "GET", URL: "http://meta.lan/"})
	require.Equal(t, outbound.CodeBlocked, code(err), "a name never opens link-local addresses")
	for _, bad := range []string{"http://erp.lan", "erp.lan:0", "erp.lan:x", "10.1.0.0/40", "*", "a b", "10.1", "fe80::1%eth0", "erp.lan:70000", "[::1]x"} {
		_, err := outbound.ParseEgress(bad)
		require.Equal(t, "EGRESS_INVALID", code(err), bad)
	}
	e, err = outbound.ParseEgress(" , ")
	require.NoError(t, err)
	require.Empty(t, e.String())
}

// TestPublic_AgreesWithASecondReading compares with the classes of the standard library
// and a list of bits, on random addresses of every region.
func TestPublic_AgreesWithASecondReading(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 200_000 {
		var b [16]byte
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		ip := netip.AddrFrom4([4]byte(b[:4]))
		require.Equal(t, publicFour(b[:4]), outbound.Public(ip), "%s", ip)
		if random.IntN(2) == 0 {
			b[0], b[1] = 0x20|b[0]&0x1f, []byte{0x00, 0x01, 0x02, 0xff, b[1]}[random.IntN(5)]
		}
		if random.IntN(4) == 0 {
			b[2], b[3] = []byte{0, 1, 0x0d}[random.IntN(3)], []byte{0, 0xb8, b[3]}[random.IntN(3)]
		}
		ip = netip.AddrFrom16(b)
		require.Equal(t, publicSix(b), outbound.Public(ip), "%s", ip)
		require.False(t, outbound.Public(ip.WithZone("eth0")))
	}
}

func publicFour(b []byte) bool {
	ip := net.IP(b)
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || b[0] == 0 || b[0] >= 224 {
		return false
	}
	two, three := int(b[0])<<8|int(b[1]), int(b[0])<<16|int(b[1])<<8|int(b[2])
	switch {
	case b[0] == 100 && b[1]&0xc0 == 64, two == 198<<8|18, two == 198<<8|19, three == 198<<16|51<<8|100:
		return false
	case three == 203<<16|113, three == 192<<16, three == 192<<16|2, three == 192<<16|88<<8|99:
		return false
	case string(b) == string([]byte{168, 63, 129, 16}):
		return false
	}
	return true
}

func publicSix(b [16]byte) bool {
	two := int(b[0])<<8 | int(b[1])
	switch {
	case b[0]&0xe0 != 0x20, two == 0x2002, two == 0x3fff && b[2]&0xf0 == 0:
		return false
	case two == 0x2001 && b[2]&0xfe == 0, two == 0x2001 && b[2] == 0x0d && b[3] == 0xb8:
		return false
	}
	return true
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"http://example.com", "https://a:1/x?y#z", "http://[::1]:80", "HTTP://Ex.com.", "http://a@b", "//x", "http://%41"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := outbound.ParseURL(raw)
		if err != nil {
			require.Equal(t, outbound.CodeURL, code(err))
			return
		}
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.NotEmpty(t, u.Hostname())
		require.Nil(t, u.User)
		again, err := outbound.ParseURL(u.String())
		require.NoError(t, err)
		require.True(t, outbound.SameOrigin(u, again), "%s and %s", u, again)
	})
}
