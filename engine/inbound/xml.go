package inbound

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"formrail/models/text"
)

// Limits of XML bodies.
const (
	maxElements   = 10_000
	maxAttributes = 10_000
)

// readXML reads one document as an object with the root element: attributes are @name,
// text beside them is #text, elements that are repeated are a list, all names are as
// they are written, prefixes included. Document types and entities are refused, so
// nothing grows and nothing is fetched.
func readXML(body []byte) (map[string]any, error) {
	if countAttributes(body) > maxAttributes {
		return nil, tooManyElements()
	}
	r := &xmlReader{in: xml.NewDecoder(bytes.NewReader(body))}
	r.in.Entity = nil // beside the five that XML has
	root := &xmlElement{members: map[string]any{}}
	r.open = []*xmlElement{root}
	for {
		token, err := r.in.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, badXML()
		}
		if err := r.take(token); err != nil {
			return nil, err
		}
	}
	if len(r.open) != 1 || len(root.members) != 1 {
		return nil, badXML()
	}
	return root.members, nil
}

func badXML() *Problem {
	return problem(BadBody, text.M("inbound.xml", "The body is not well-formed XML."))
}

func tooManyElements() *Problem {
	return problem(BadBody, text.M("inbound.elements", "The XML has more than %d elements or attributes.", maxElements))
}

// countAttributes counts the attributes of a document without reading it: the decoder
// reads all of an element before anybody can say that it is too much.
func countAttributes(b []byte) int {
	n := 0
	for {
		start := bytes.IndexByte(b, '<')
		if start < 0 {
			return n
		}
		b = b[start:]
		if after, skipped := skipMarkup(b); skipped {
			b = after
			continue
		}
		quote, end := byte(0), len(b)
		for i, c := range b[1:] {
			if quote == 0 && c == '>' {
				end = i + 2
				break
			}
			switch {
			case quote == 0 && c == '=':
				n++
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote:
				quote = 0
			}
		}
		b = b[end:]
	}
}

// skipMarkup steps over what is no element: comments, raw text, instructions.
func skipMarkup(b []byte) ([]byte, bool) {
	for opening, closing := range map[string]string{"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"} {
		if rest, ok := bytes.CutPrefix(b, []byte(opening)); ok {
			_, after, _ := bytes.Cut(rest, []byte(closing))
			return after, true
		}
	}
	return nil, false
}

type xmlReader struct {
	in       *xml.Decoder
	open     []*xmlElement
	elements int
}

// xmlElement is an element that has not ended yet.
type xmlElement struct {
	name    string
	text    strings.Builder
	members map[string]any
	nested  bool // it has elements, so white space between them means nothing
}

func (r *xmlReader) take(token xml.Token) error {
	at := r.open[len(r.open)-1]
	top := len(r.open) == 1
	switch t := token.(type) {
	case xml.StartElement:
		return r.begin(t)
	case xml.EndElement:
		if top || at.name != rawName(t.Name) {
			return badXML()
		}
		r.open = r.open[:len(r.open)-1]
		r.open[len(r.open)-1].put(at.name, at.value())
	case xml.CharData:
		if top && len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\ufeff")))) > 0 {
			return badXML()
		}
		if !top {
			at.text.Write(t)
		}
	case xml.Directive:
		return problem(BadBody, text.M("inbound.dtd", "The XML has a document type. Send it without."))
	case xml.ProcInst:
		if t.Target == "xml" && (!top || r.elements > 0) {
			return badXML()
		}
	}
	return nil
}

func (r *xmlReader) begin(t xml.StartElement) error {
	r.elements++
	switch {
	case r.elements > maxElements:
		return tooManyElements()
	case len(r.open) > maxDepth:
		return problem(BadBody, text.M("inbound.xml_depth", "The XML is nested more than %d levels deep.", maxDepth))
	case len(r.open) == 1 && r.elements > 1:
		return badXML() // a second root
	}
	r.open[len(r.open)-1].nested = true
	e := &xmlElement{name: rawName(t.Name), members: map[string]any{}}
	for _, a := range t.Attr {
		name := "@" + rawName(a.Name)
		if _, twice := e.members[name]; twice {
			return badXML()
		}
		e.members[name] = a.Value
	}
	r.open = append(r.open, e)
	return nil
}

// put adds a member; one that is there already becomes a list.
func (e *xmlElement) put(name string, v any) {
	have, there := e.members[name]
	list, several := have.([]any)
	switch {
	case !there:
		e.members[name] = v
	case several:
		e.members[name] = append(list, v)
	default:
		e.members[name] = []any{have, v}
	}
}

// value is the text of an element that has nothing else.
func (e *xmlElement) value() any {
	s := e.text.String()
	if len(e.members) == 0 {
		return s
	}
	if e.nested {
		s = strings.TrimSpace(s)
	}
	if s != "" {
		e.members["#text"] = s
	}
	return e.members
}

func rawName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}
