package inbound

import (
	"slices"
	"strings"
)

// Header is one header line as it came.
type Header struct{ Name, Value string }

// Headers are all header lines of a request in their order.
type Headers []Header

// All gives the values of a header.
func (h Headers) All(name string) []string {
	var out []string
	for _, one := range h {
		if strings.EqualFold(one.Name, name) {
			out = append(out, one.Value)
		}
	}
	return out
}

// One gives the value of a header that was sent exactly once.
func (h Headers) One(name string) (string, bool) {
	all := h.All(name)
	if name == "" || len(all) != 1 {
		return "", false
	}
	return all[0], true
}

// Get gives the first value of a header, empty without one.
func (h Headers) Get(name string) string {
	if all := h.All(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Public gives the headers that may be kept, by their names in lower case, repeated ones
// joined by a comma. What proves who sent the request is left out: cookies, passwords,
// tokens, keys, signatures, and the headers named in secret.
func (h Headers) Public(secret ...string) map[string]any {
	out := make(map[string]any, len(h))
	for _, one := range h {
		name := strings.ToLower(one.Name)
		if proves(name) || slices.ContainsFunc(secret, func(s string) bool { return strings.EqualFold(s, name) }) {
			continue
		}
		value := strings.ToValidUTF8(one.Value, "\ufffd")
		if have, ok := out[name].(string); ok {
			value = have + ", " + value
		}
		out[name] = value
	}
	return out
}

// proves reports whether a header may carry a secret, by its name.
func proves(name string) bool {
	switch name {
	case "cookie", "set-cookie", "authorization", "proxy-authorization":
		return true
	}
	for _, part := range []string{"signature", "token", "secret", "password", "api-key", "apikey", "access-key", "hmac", "authorization", "credential"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
