package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// coloured writes the tokens itself: a template would add space between them.
func coloured(source string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, t := range highlight(source) {
			if t.class == "" {
				b.WriteString(templ.EscapeString(t.text))
				continue
			}
			b.WriteString(`<span class="` + t.class + `">` + templ.EscapeString(t.text) + `</span>`)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// token is a piece of code and the class that colours it.
type token struct {
	class string // k key, s text, n number, b literal; empty for the rest
	text  string
}

// highlight splits JSON into coloured tokens, indented by two spaces. What is not
// JSON is one plain token, unchanged.
func highlight(source string) []token {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(source), "", "  "); err != nil {
		return []token{{text: source}}
	}
	dec := json.NewDecoder(bytes.NewReader(out.Bytes()))
	dec.UseNumber()
	pretty := out.String()
	var tokens []token
	var open []*container
	end := 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return []token{{text: source}}
		}
		next := int(dec.InputOffset())
		piece := pretty[end:next]
		end = next
		lead := len(piece) - len(strings.TrimLeft(piece, " \n\t,:"))
		tokens = append(tokens, token{text: piece[:lead]}, token{class: classOf(tok, &open), text: piece[lead:]})
	}
	return append(tokens, token{text: pretty[end:]})
}

// container is an object or array that is open; in an object, keys and values
// take turns.
type container struct {
	object bool
	key    bool // the next string is a key
}

func classOf(tok json.Token, open *[]*container) string {
	if delim, ok := tok.(json.Delim); ok {
		switch delim {
		case '{', '[':
			valueSeen(*open)
			*open = append(*open, &container{object: delim == '{', key: delim == '{'})
		default:
			*open = (*open)[:len(*open)-1]
		}
		return ""
	}
	if n := len(*open); n > 0 && (*open)[n-1].object && (*open)[n-1].key {
		(*open)[n-1].key = false
		return "k"
	}
	valueSeen(*open)
	switch tok.(type) {
	case string:
		return "s"
	case json.Number:
		return "n"
	}
	return "b"
}

func valueSeen(open []*container) {
	if n := len(open); n > 0 && open[n-1].object {
		open[n-1].key = true
	}
}
