package settings

import (
	"strconv"
	"strings"

	"formrail/models/field"
)

// several reads values that are written with commas between them. A value that holds a
// comma stands in double quotes.
func several(written string, kind field.Kind) []any {
	list := []any{}
	for _, one := range parts(written) {
		one = strings.TrimSpace(one)
		if text, err := strconv.Unquote(one); err == nil && strings.HasPrefix(one, `"`) {
			list = append(list, text)
		} else if v := heard(one, kind); v != nil {
			list = append(list, v)
		}
	}
	return list
}

// parts cuts a text at the commas outside of double quotes. A quote that is not closed
// is a letter like any other.
func parts(written string) []string {
	var out []string
	begin, quoted := 0, false
	for i := 0; i < len(written); i++ {
		switch c := written[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && (quoted || strings.TrimSpace(written[begin:i]) == "" && strings.Contains(written[i+1:], `"`)):
			quoted = !quoted
		case c == ',' && !quoted:
			out, begin = append(out, written[begin:i]), i+1
		}
	}
	return append(out, written[begin:])
}

// enumerated writes values with commas between them, so that [several] reads the same.
func enumerated(list []any, kind field.Kind) string {
	words := make([]string, len(list))
	for i, one := range list {
		words[i] = spoken(one, kind)
		if _, isText := one.(string); isText && strings.ContainsAny(words[i], "\",\n") {
			words[i] = strconv.Quote(words[i])
		}
	}
	return strings.Join(words, ", ")
}
