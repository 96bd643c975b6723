package ui

import (
	"context"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// Marked writes a sentence with its marks: what stands between back-ticks is code, what
// stands between stars is emphasised. A mark without its other half is a letter like any
// other, and so is everything inside code.
func Marked(sentence string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range marks(sentence) {
			said := templ.EscapeString(p.text)
			if p.tag != "" {
				said = "<" + p.tag + ">" + said + "</" + p.tag + ">"
			}
			b.WriteString(said)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// marked is a piece of a sentence and the element it stands in; empty for none.
type marked struct{ tag, text string }

// marks takes a sentence apart.
func marks(s string) []marked {
	var out []marked
	begin := 0
	for at := 0; at < len(s); {
		tag, length := markAt(s, at)
		if tag == "" {
			at++
			continue
		}
		if at > begin {
			out = append(out, marked{text: s[begin:at]})
		}
		out = append(out, marked{tag, s[at+1 : at+1+length]})
		at += length + 2
		begin = at
	}
	if begin < len(s) {
		out = append(out, marked{text: s[begin:]})
	}
	return out
}

// markAt reports which mark opens at a place and how much it encloses.
func markAt(s string, at int) (tag string, length int) {
	switch s[at] {
	case '`':
		if n := strings.IndexByte(s[at+1:], '`'); n > 0 {
			return "code", n
		}
	case '*':
		n := strings.IndexAny(s[at+1:], "*`\n")
		if n > 0 && s[at+1+n] == '*' && !letterBefore(s, at) && encloses(s[at+1:at+1+n]) && !letterAfter(s, at+n+2) {
			return "em", n
		}
	}
	return "", 0
}

// encloses reports whether a text touches the stars around it: "2 * 3 * 4" has none.
func encloses(s string) bool { return strings.TrimSpace(s) == s }

func letterBefore(s string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:at])
	return at > 0 && isWord(r)
}

func letterAfter(s string, at int) bool {
	r, _ := utf8.DecodeRuneInString(s[at:])
	return at < len(s) && isWord(r)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '*' }
