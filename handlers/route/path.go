package route

import (
	"strings"
	"unicode/utf8"

	"formrail/models"
	"formrail/models/text"
)

// maxPath bounds the length of an address without its parameters.
const maxPath = 2_048

// apiRoot is the first part of all addresses of the JSON API.
const apiRoot = "api"

// Path is an address in its parts. In the API an action is a part of its own that
// begins with a colon: "/api/posts:get/7" is api, posts, :get, 7.
type Path struct {
	Parts []string
	Query string // after the question mark, as sent
}

// API reports whether the address lies below /api.
func (p Path) API() bool { return len(p.Parts) > 0 && p.Parts[0] == apiRoot }

// ParsePath takes the target of a request apart. An address that can be written in
// a second way is refused: encoded slashes, dots or letters, double slashes,
// parameters behind a semicolon. The one exception is %3A before an action.
func ParsePath(target string) (Path, error) {
	raw, query, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(raw, "/") || len(raw) > maxPath {
		return Path{}, badPath()
	}
	p := Path{Query: query}
	if raw == "/" {
		return p, nil
	}
	segments := strings.Split(raw[1:], "/")
	for i, s := range segments {
		if s == "" && i < len(segments)-1 || s == "." || s == ".." {
			return Path{}, badPath()
		}
		if segments[0] == apiRoot {
			s = plainColon(s)
		}
		decoded, ok := decode(s)
		if !ok {
			return Path{}, badPath()
		}
		name, action, isAction := strings.Cut(decoded, ":")
		if segments[0] == apiRoot && isAction {
			p.Parts = append(p.Parts, name, ":"+action)
			continue
		}
		p.Parts = append(p.Parts, decoded)
	}
	return p, nil
}

func badPath() *models.Error {
	return models.Invalid("BAD_PARAMETER", text.M("request.path", "This address is not written the way this server writes its addresses."))
}

// plainColon writes the encoded colon before an action as it is.
func plainColon(s string) string {
	for _, code := range []string{"%3A", "%3a"} {
		if strings.Count(s, code) == 1 && !strings.Contains(s, ":") {
			return strings.Replace(s, code, ":", 1)
		}
	}
	return s
}

// decode reads percent encodings. What need not be encoded may not be, so that
// each address has one spelling.
func decode(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`;\"<>#`, c) >= 0 {
			return "", false
		}
		if c != '%' {
			b.WriteByte(c)
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := unhex(s[i+1]), unhex(s[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		d := byte(high<<4 | low) //nolint:gosec // two hexadecimal digits
		if d < ' ' || d == 0x7f || strings.IndexByte(`-._~/\;:%?#`, d) >= 0 || isAlphanumeric(d) {
			return "", false
		}
		b.WriteByte(d)
		i += 2
	}
	return b.String(), utf8.ValidString(b.String())
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
