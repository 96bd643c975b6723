package inbound

import (
	"net/netip"
	"strings"

	"formrail/models/text"
)

// maxNetworks bounds a list of networks.
const maxNetworks = 200

// Networks are the addresses that requests may come from. No networks mean all.
type Networks []netip.Prefix

// ParseNetworks reads a list such as "203.0.113.7, 10.0.0.0/8, 2001:db8::/32". wrong is
// the first entry that cannot be read, empty when there is none.
func ParseNetworks(list string) (n Networks, wrong string) {
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(", ;\n\r\t", r) }) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			ip, err := netip.ParseAddr(s)
			if err != nil || ip.Zone() != "" {
				return nil, s
			}
			ip = ip.Unmap()
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, s
		}
		if n = append(n, p.Masked()); len(n) > maxNetworks {
			return nil, s
		}
	}
	return n, ""
}

// Check refuses an address that is not in the list.
func (n Networks) Check(address string) error {
	if len(n) == 0 {
		return nil
	}
	ip, err := netip.ParseAddr(address)
	if err == nil {
		ip = ip.Unmap().WithZone("")
		for _, p := range n {
			if p.Contains(ip) {
				return nil
			}
		}
	}
	return problem(AddressRefused, text.M("inbound.address", "Requests from this address are not taken."))
}
