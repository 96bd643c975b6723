package inbound

import (
	"bytes"
	"errors"
	"mime"
	"strings"
	"unicode/utf8"

	"formrail/models/field"
	"formrail/models/text"
)

// maxValues bounds how many values a JSON body may hold, because an empty object takes
// two bytes on the wire and many in memory.
const maxValues = 500_000

// Body is a body as it came.
type Body struct {
	Type  string // the header Content-Type
	Bytes []byte
	Lists []string // paths that are always lists, for forms and XML
}

// Read gives the value of a body in its canonical form: JSON exactly, forms and XML as
// objects of text, plain text as text, nothing as nil. Values are never guessed from
// their looks. The error is a *[Problem] with the code UNSUPPORTED_MEDIA_TYPE, BAD_JSON
// or BAD_BODY.
func (b Body) Read() (any, error) {
	if len(b.Bytes) == 0 {
		return nil, nil
	}
	kind, params, err := mime.ParseMediaType(b.Type)
	if err != nil || !utf8Named(params["charset"]) {
		return nil, unsupported()
	}
	if kind != "multipart/form-data" && notUTF8Bytes(b.Bytes) {
		return nil, notUTF8()
	}
	var v any
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return readJSON(b.Bytes)
	case kind == "application/x-www-form-urlencoded":
		v, err = ReadQuery(string(b.Bytes))
	case kind == "multipart/form-data":
		v, err = readMultipart(b.Bytes, params["boundary"])
	case kind == "application/xml" || kind == "text/xml" || strings.HasSuffix(kind, "+xml"):
		v, err = readXML(b.Bytes)
	case strings.HasPrefix(kind, "text/"):
		return string(b.Bytes), nil
	default:
		return nil, unsupported()
	}
	if err != nil {
		return nil, err
	}
	for _, path := range b.Lists {
		v = forceList(v, splitPath(path))
	}
	return v, nil
}

// utf8Named reports whether the name of an alphabet is that of UTF-8 or a part of it.
func utf8Named(name string) bool {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii":
		return true
	}
	return false
}

func notUTF8Bytes(b []byte) bool { return !utf8.Valid(b) }

func notUTF8() *Problem {
	return problem(BadBody, text.M("inbound.utf8", "The body is not valid UTF-8."))
}

func unsupported() *Problem {
	return problem(Unsupported, text.M("inbound.type", "Send the body in UTF-8 as JSON, as a form, as XML or as text, and say which in Content-Type."))
}

func readJSON(b []byte) (any, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, nil
	}
	if countValues(b) > maxValues {
		return nil, problem(BadJSON, text.M("inbound.values", "The body holds more than %d values.", maxValues))
	}
	if field.Weight(b) > field.MaxWeight {
		return nil, problem(BadJSON, text.M("inbound.heavy", "The body holds too many values."))
	}
	v, err := field.ParseJSON(b)
	var found *field.JSONError
	if errors.As(err, &found) {
		return nil, problem(BadJSON, text.M("inbound.json", "The body is not valid JSON: %s.", found.Message()))
	}
	return v, err
}

// countValues counts the values of a JSON text, without reading it.
func countValues(b []byte) int {
	n, quoted := 1, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

// forceList makes the value at a path a list. Where its parent is there and it is not,
// it becomes an empty one.
func forceList(v any, path []string) any {
	if list, ok := v.([]any); ok {
		for i := range list {
			list[i] = forceList(list[i], path)
		}
		return list
	}
	m, ok := v.(map[string]any)
	if !ok || len(path) == 0 {
		return v
	}
	one, there := m[path[0]]
	if len(path) > 1 {
		if there {
			m[path[0]] = forceList(one, path[1:])
		}
		return m
	}
	switch one.(type) {
	case []any:
	case nil:
		m[path[0]] = []any{}
	default:
		m[path[0]] = []any{one}
	}
	return m
}

// PathOf gives the parts of a dotted path.
func PathOf(path string) []string { return splitPath(path) }

// splitPath splits a dotted path; a dot that belongs to a name is written \.
func splitPath(path string) []string {
	var out []string
	var part strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			part.WriteByte(path[i])
		case c == '.':
			out = append(out, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(out, part.String())
}

// joinPath is the reverse of splitPath.
func joinPath(parts []string) string {
	safe := make([]string, len(parts))
	for i, p := range parts {
		safe[i] = strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(p)
	}
	return strings.Join(safe, ".")
}
