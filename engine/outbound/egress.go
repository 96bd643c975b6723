package outbound

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"formrail/models/text"
)

// Egress lists what may be dialled although the guard would refuse it. The zero value
// lists nothing.
type Egress struct{ rules []rule }

// rule is one entry: a name or a range, and the one port that is meant; 0 means the
// ports that are always allowed.
type rule struct {
	name string
	ips  netip.Prefix
	port uint16
}

// ParseEgress reads entries that are separated by commas: a name, an address or a
// range, each with a port if others than 80 and 443 are meant: "erp.lan:8080",
// "10.1.0.0/16", "[fd00::7]:8443". The error is an *Error with code EGRESS_INVALID.
func ParseEgress(list string) (Egress, error) {
	var e Egress
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		r, ok := parseRule(entry)
		if !ok {
			return Egress{}, &Error{Code: "EGRESS_INVALID", Message: text.M("outbound.egress",
				"%q is no host, address or range such as erp.lan:8080, 10.1.2.3 or 10.1.0.0/16.", entry)}
		}
		e.rules = append(e.rules, r)
	}
	return e, nil
}

func parseRule(entry string) (rule, bool) {
	host, port, ok := splitPort(entry)
	if !ok {
		return rule{}, false
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		return rule{ips: p.Masked(), port: port}, true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return rule{}, false
		}
		ip = ip.Unmap()
		return rule{ips: netip.PrefixFrom(ip, ip.BitLen()), port: port}, true
	}
	name := foldName(host)
	return rule{name: name, port: port}, isName(name)
}

// splitPort takes the port off an entry; 0 when there is none.
func splitPort(entry string) (host string, port uint16, ok bool) {
	host = entry
	if at := strings.LastIndexByte(entry, ':'); at >= 0 && (strings.Count(entry, ":") == 1 || strings.HasPrefix(entry, "[")) && entry[len(entry)-1] != ']' {
		n, err := strconv.ParseUint(entry[at+1:], 10, 16)
		if err != nil || n == 0 {
			return "", 0, false
		}
		host, port = entry[:at], uint16(n)
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	return host, port, true
}

// isName reports whether a text can be the name of a host: nothing but letters,
// digits, dots, hyphens and underscores, and no number in its last part, which a
// resolver might take for an address.
func isName(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	if s == "" || len(s) > 253 || last == "" || strings.Trim(last, "0123456789") == "" {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	})
}

// foldName is the one spelling of a name.
func foldName(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// lists reports whether an entry allows to dial an address and port that belong to
// host. An entry that names a host opens private addresses, but never those of the
// machine's surroundings: whoever answers for the name would choose them.
func (e Egress) lists(host string, ip netip.Addr, port uint16) bool {
	return slices.ContainsFunc(e.rules, func(r rule) bool {
		if r.port != port && (r.port != 0 || !usualPort(port)) {
			return false
		}
		if r.name != "" {
			return r.name == foldName(host) && !ip.IsLinkLocalUnicast() && !ip.IsMulticast() && !ip.IsUnspecified() && ip.Zone() == ""
		}
		return ip.Zone() == "" && r.ips.Contains(ip)
	})
}

// String lists the entries as they can be parsed again.
func (e Egress) String() string {
	var out []string
	for _, r := range e.rules {
		s := r.name
		if s == "" {
			if s = r.ips.String(); r.ips.IsSingleIP() {
				s = r.ips.Addr().String()
			}
		}
		if r.port != 0 {
			if s = net.JoinHostPort(s, strconv.Itoa(int(r.port))); !r.ips.IsSingleIP() {
				s = strings.NewReplacer("[", "", "]", "").Replace(s)
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, ",")
}
