package ui_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/views/ui"
	"formrail/views/viewstest"
)

func colours(t *testing.T, source string) (text string, spans []string) {
	t.Helper()
	root := viewstest.Parse(t, viewstest.Render(t, ui.Code(ui.CodeProps{Label: "Input", Source: source}, nil)))
	pre := viewstest.All(root, viewstest.Tag("pre"))[0]
	var b strings.Builder
	for n := range pre.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if class, ok := viewstest.Attr(n, "class"); ok {
			spans = append(spans, class+" "+viewstest.Text(n))
		}
	}
	return b.String(), spans
}

func TestCode_ColoursJSON(t *testing.T) {
	t.Parallel()
	text, spans := colours(t, `{"a":{"b":["x",1.50,null]},"c":"a: {b}, \"q\"","d":true}`)
	require.Equal(t, []string{`k "a"`, `k "b"`, `s "x"`, "n 1.50", "b null", `k "c"`, `s "a: {b}, \"q\""`, `k "d"`, "b true"}, spans)
	require.JSONEq(t, `{"a":{"b":["x",1.50,null]},"c":"a: {b}, \"q\"","d":true}`, text)
	require.Contains(t, text, "1.50", "digits are not changed")
}

func TestCode_ShowsAnythingElseAsItIs(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"", "plain <b>text</b>", `{"cut":`, "{} {}"} {
		text, spans := colours(t, source)
		require.Equal(t, source, text)
		require.Empty(t, spans)
	}
}

func FuzzCode(f *testing.F) {
	f.Add(`{"a":[1,{"b":"c"}]}`)
	f.Add(`"\u003cscript\u003e"`)
	f.Fuzz(func(t *testing.T, source string) {
		if strings.ContainsAny(source, "\x00\r") {
			t.Skip("an HTML parser replaces these")
		}
		text, _ := colours(t, source)
		if json.Valid([]byte(source)) {
			require.JSONEq(t, source, text)
		}
	})
}
