// Package outbound holds the one client for all calls that leave the instance.
//
// Every dial goes through one guard: the name is resolved once, each address it has is
// judged, and the judged address itself is dialled, so neither a name that changes its
// address nor a redirect leads to the inside. What the operator lists may be dialled
// although the guard would refuse it, see [ParseEgress].
//
// A call has bounds for everything the other side decides: time until the connection,
// the headers and the end, bytes of headers, and bytes of the answer after it was
// unpacked. Each call has a connection of its own, so that the transport never sends a
// request a second time by itself. The environment is not asked for a proxy.
package outbound
