// Package viewstest helps tests of views: it renders components, turns HTML into a
// tree that can be compared without minding white space, and checks what every page
// has to keep.
package viewstest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// Render returns the HTML of a component.
func Render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, c.Render(context.Background(), &b))
	return b.String()
}

// Parse returns the document of some HTML.
func Parse(t *testing.T, source string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(source))
	require.NoError(t, err)
	return doc
}

// Tree writes HTML as an indented tree: one element or text a line, attributes in
// alphabetical order, white space joined, content hashes in addresses left out.
func Tree(t *testing.T, source string) string {
	t.Helper()
	var b strings.Builder
	writeTree(&b, Parse(t, source), 0)
	return regexp.MustCompile(`/static/[0-9a-f]{12}/`).ReplaceAllString(b.String(), "/static/-/")
}

func writeTree(b *strings.Builder, n *html.Node, depth int) {
	indent := strings.Repeat("  ", depth)
	switch n.Type {
	case html.TextNode:
		if s := strings.Join(strings.Fields(n.Data), " "); s != "" {
			b.WriteString(indent + `"` + s + "\"\n")
		}
	case html.ElementNode:
		b.WriteString(indent + "<" + n.Data + attributes(n) + ">\n")
		depth++
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		writeTree(b, c, depth)
	}
}

func attributes(n *html.Node) string {
	attrs := make([]string, 0, len(n.Attr))
	for _, a := range n.Attr {
		attrs = append(attrs, " "+a.Key+`="`+strings.Join(strings.Fields(a.Val), " ")+`"`)
	}
	slices.Sort(attrs)
	return strings.Join(attrs, "")
}

// GoldenFile says where an expected tree is kept.
type GoldenFile struct {
	Path   string
	Update bool // write the tree instead of comparing it
}

// Golden compares the tree of a component with the expected one.
func Golden(t *testing.T, file GoldenFile, c templ.Component) {
	t.Helper()
	got := Tree(t, Render(t, c))
	if file.Update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file.Path), 0o750))
		require.NoError(t, os.WriteFile(file.Path, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(file.Path)
	require.NoError(t, err, "no expected tree yet; run the test with -update and review the file")
	require.Equal(t, string(want), got)
}

// All returns every element for which ok holds, in document order.
func All(root *html.Node, ok func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && ok(n) {
			found = append(found, n)
		}
	}
	return found
}

// Tag selects elements by name.
func Tag(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(names, n.Data) }
}

// Attr returns the value of an attribute and whether the element has it.
func Attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// Text returns the text of an element with white space joined.
func Text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
