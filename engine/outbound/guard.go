package outbound

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"formrail/models/text"
)

// dialTime bounds the look-up of a name and the connection together.
const dialTime = 5 * time.Second

// Resolver finds the addresses of a name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Dialer connects to a numeric address; *net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// refused are ranges that are not the public internet: own, private, shared, reserved,
// for documentation and measurements, several receivers, and forms of IPv6 that carry
// an IPv4 address. The last one of IPv4 is how one provider's machines reach what
// configures them.
var refused = prefixes( //nolint:gochecknoglobals // never changed
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is the part of IPv6 that is given to the public internet. What lies outside
// is refused: own and private addresses, and all that translate to IPv4.
var global = netip.MustParsePrefix("2000::/3") //nolint:gochecknoglobals // a constant

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public reports whether an address belongs to the public internet. IPv4 inside IPv6
// never does.
func Public(ip netip.Addr) bool {
	if !ip.IsValid() || ip.Zone() != "" || ip.Is4In6() {
		return false
	}
	if slices.ContainsFunc(refused, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return false
	}
	return ip.Is4() || global.Contains(ip)
}

func usualPort(port uint16) bool { return port == 80 || port == 443 }

// guard resolves names, judges what they lead to, and dials what it has judged.
type guard struct {
	resolver Resolver
	dialer   Dialer
	egress   Egress
}

func newGuard(o Options) *guard {
	g := &guard{resolver: o.Resolver, dialer: o.Dialer, egress: o.Egress}
	if g.resolver == nil {
		g.resolver = &net.Resolver{PreferGo: true}
	}
	if g.dialer == nil {
		// Security: the address is judged once more, as the number the system gets.
		g.dialer = &net.Dialer{Timeout: dialTime, ControlContext: func(ctx context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			host, _ := ctx.Value(hostKey{}).(string)
			return g.judge(host, to.Addr(), to.Port())
		}}
	}
	return g
}

// hostKey carries the name that an address was resolved from.
type hostKey struct{}

// judge refuses an address that may not be dialled.
func (g *guard) judge(host string, ip netip.Addr, port uint16) error {
	if usualPort(port) && Public(ip) || g.egress.lists(host, ip, port) {
		return nil
	}
	return &Error{Code: CodeBlocked, Message: text.M("outbound.blocked",
		"Calls to %s are not allowed from here. An administrator can list it for the server.", net.JoinHostPort(host, strconv.Itoa(int(port))))}
}

// dial connects to the first address of a host that may be dialled and answers.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, invalidURL(err)
	}
	n, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, invalidURL(err)
	}
	port := uint16(n)
	ctx, done := context.WithTimeout(context.WithValue(ctx, hostKey{}, host), dialTime)
	defer done()
	ips, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var refused, failed error
	for i, ip := range ips {
		if err := g.judge(host, ip, port); err != nil {
			refused = err
			continue
		}
		conn, err := g.connect(ctx, network, netip.AddrPortFrom(ip, port), len(ips)-i)
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	if failed == nil {
		failed = refused
	}
	return nil, failed
}

// connect dials one address within its share of the time that is left.
func (g *guard) connect(ctx context.Context, network string, to netip.AddrPort, left int) (net.Conn, error) {
	ctx, done := context.WithTimeout(ctx, dialTime/time.Duration(min(left, 3)))
	defer done()
	conn, err := g.dialer.DialContext(ctx, network, to.String())
	if err != nil {
		return nil, err
	}
	return &counted{Conn: conn}, nil
}

// resolve gives the addresses of a host, each in its shortest form. A literal that
// hides IPv4 in IPv6 stays as it is and is refused.
func (g *guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	ips, err := g.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(ips) == 0 {
		err = errNoAddress
	}
	if err != nil {
		return nil, err
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	return ips, nil
}

var errNoAddress = errors.New("the name has no address")

// counted counts what was received on a connection, and forgets nothing: each call
// has a connection of its own.
type counted struct {
	net.Conn
	received atomic.Int64
}

// Read counts.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(int64(n))
	return n, err
}
