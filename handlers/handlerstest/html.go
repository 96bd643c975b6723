package handlerstest

import (
	"os"
	"strings"

	"golang.org/x/net/html"
)

// All lists the elements below n with a tag (any for an empty one) and with
// attributes, given as name, value pairs.
func All(n *html.Node, tag string, attrs ...string) []*html.Node {
	var out []*html.Node
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && (tag == "" || c.Data == tag) && has(c, attrs) {
			out = append(out, c)
		}
	}
	return out
}

// First is the first of [All]; nil when there is none.
func First(n *html.Node, tag string, attrs ...string) *html.Node {
	if all := All(n, tag, attrs...); len(all) > 0 {
		return all[0]
	}
	return nil
}

func has(n *html.Node, attrs []string) bool {
	for i := 0; i+1 < len(attrs); i += 2 {
		if Attr(n, attrs[i]) != attrs[i+1] {
			return false
		}
	}
	return true
}

// Attr gives the value of an attribute; empty when it is missing.
func Attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// Text is what a person reads below n, with single spaces.
func Text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// mustTemp makes a folder for a database of a moment.
func mustTemp() string {
	dir, err := os.MkdirTemp("", "formrail-hash")
	if err != nil {
		panic(err)
	}
	return dir
}
