package inbound

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"formrail/models/text"
)

// Limits of parameters and form fields.
const (
	maxParams  = 500
	maxParts   = 16    // of one key
	maxIndex   = 1_000 // of a list
	maxPadding = 5_000 // entries that exist only because a later index was given
)

// ReadQuery reads name=value&name=value. A name may say where its value belongs: a[] and
// a repeated a are lists, a[0].b and a[b] are places in lists and objects; any other
// name is taken as it is. All values are text. The error is a *[Problem].
func ReadQuery(s string) (map[string]any, error) {
	f := newForm()
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, badParameters()
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, badParameters()
		}
		if err := f.add(name, value); err != nil {
			return nil, err
		}
	}
	return f.value()
}

func badParameters() *Problem {
	return problem(BadBody, text.M("inbound.parameters", "The parameters cannot be read. Write them in UTF-8, percent-encoded, with & in between."))
}

// form collects parameters in the order in which they were sent.
type form struct {
	root  *entry
	count int
}

func newForm() *form { return &form{root: &entry{}} }

// entry is one place. It holds texts, members or items, never two kinds of these.
type entry struct {
	texts []string
	list  bool // written with [], so one text is a list, too
	names map[string]*entry
	items map[int]*entry
	next  int // index of the next item that is added with []
}

// add puts one value at its place.
func (f *form) add(name, value string) error {
	if f.count++; f.count > maxParams {
		return problem(BadBody, text.M("inbound.many", "There are more than %d parameters.", maxParams))
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return notUTF8()
	}
	parts := keyParts(name)
	if len(parts) > maxParts {
		return problem(BadBody, text.M("inbound.key_depth", "A parameter is nested more than %d levels deep.", maxParts))
	}
	at := f.root
	for i, part := range parts {
		last := i == len(parts)-1
		if i > 0 && part == "" && last { // a[]
			at.list = true
			break
		}
		next, err := at.child(part, i == 0)
		if err != nil {
			return err
		}
		at = next
	}
	if at.names != nil || at.items != nil {
		return conflicting(name)
	}
	at.texts = append(at.texts, value)
	return nil
}

// child gives a place below another one.
func (e *entry) child(part string, top bool) (*entry, error) {
	index := -1
	if !top {
		if part == "" {
			index = e.next
		} else if n, err := strconv.Atoi(part); err == nil && strconv.Itoa(n) == part && n >= 0 {
			index = n
		}
	}
	if index > maxIndex {
		return nil, problem(BadBody, text.M("inbound.index", "A list has at most %d entries here.", maxIndex))
	}
	if len(e.texts) > 0 || index >= 0 && e.names != nil || index < 0 && e.items != nil {
		return nil, conflicting(part)
	}
	if index < 0 {
		if e.names == nil {
			e.names = map[string]*entry{}
		}
		if e.names[part] == nil {
			e.names[part] = &entry{}
		}
		return e.names[part], nil
	}
	if e.items == nil {
		e.items = map[int]*entry{}
	}
	if e.items[index] == nil {
		e.items[index] = &entry{}
	}
	e.next = max(e.next, index+1)
	return e.items[index], nil
}

func conflicting(name string) *Problem {
	return &Problem{Code: BadBody, Field: name, Message: text.M("inbound.conflict", "The parameter %s is given as text and as an object or a list.", name)}
}

// value gives all that was collected.
func (f *form) value() (map[string]any, error) {
	padding := 0
	out := make(map[string]any, len(f.root.names))
	for name, e := range f.root.names {
		out[name] = e.value(&padding)
	}
	if padding > maxPadding {
		return nil, problem(BadBody, text.M("inbound.gaps", "The lists have more than %d empty entries.", maxPadding))
	}
	return out, nil
}

// value gives what stands at a place. Once too many entries are empty, none is made any
// more.
func (e *entry) value(padding *int) any {
	switch {
	case e.items != nil:
		if *padding += e.next - len(e.items); *padding > maxPadding {
			return nil
		}
		out := make([]any, e.next)
		for i, item := range e.items {
			out[i] = item.value(padding)
		}
		return out
	case e.names != nil:
		out := make(map[string]any, len(e.names))
		for name, one := range e.names {
			out[name] = one.value(padding)
		}
		return out
	case len(e.texts) == 1 && !e.list:
		return e.texts[0]
	}
	out := make([]any, len(e.texts))
	for i, s := range e.texts {
		out[i] = s
	}
	return out
}

// keyParts splits a[0].b into a, 0, b. A dot separates only behind a bracket; a name
// that is not written this way is one part.
func keyParts(name string) []string {
	open := strings.IndexByte(name, '[')
	if open <= 0 {
		return []string{name}
	}
	parts, rest := []string{name[:open]}, name[open:]
	for rest != "" {
		switch rest[0] {
		case '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 || strings.IndexByte(rest[1:end], '[') >= 0 {
				return []string{name}
			}
			parts, rest = append(parts, rest[1:end]), rest[end+1:]
		case '.':
			end := strings.IndexAny(rest[1:], "[.")
			if end < 0 {
				end = len(rest) - 1
			}
			if end == 0 {
				return []string{name}
			}
			parts, rest = append(parts, rest[1:1+end]), rest[1+end:]
		default:
			return []string{name}
		}
		if len(parts) > maxParts {
			return parts
		}
	}
	return parts
}
