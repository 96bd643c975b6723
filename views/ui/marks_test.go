package ui

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarked_WritesCodeAndEmphasis(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]string{
		"":                       "",
		"Nothing here.":          "Nothing here.",
		"A `value` is read.":     "A <code>value</code> is read.",
		"`a` and `b`":            "<code>a</code> and <code>b</code>",
		"*Any one* is approved.": "<em>Any one</em> is approved.",
		"(*Yes*), *No*.":         "(<em>Yes</em>), <em>No</em>.",
		"2 * 3 * 4":              "2 * 3 * 4",
		"a*b*c":                  "a*b*c",
		"**":                     "**",
		"a `half":                "a `half",
		"a *half":                "a *half",
		"`2 * 3` and *x `y*` z":  "<code>2 * 3</code> and *x <code>y*</code> z",
		"`<b>` & *<i>*":          "<code>&lt;b&gt;</code> &amp; <em>&lt;i&gt;</em>",
		"é*ü*":                   "é*ü*",
		"``":                     "``",
		"`{\"reject\": 1}` asks; “*Größe*”.": "<code>{&#34;reject&#34;: 1}</code> asks; “<em>Größe</em>”.",
	} {
		var out bytes.Buffer
		require.NoError(t, Marked(sentence).Render(t.Context(), &out))
		require.Equal(t, want, out.String(), "%s", sentence)
	}
}
