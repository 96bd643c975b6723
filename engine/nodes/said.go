package nodes

import (
	"regexp"
	"strings"

	"formrail/engine/node"
)

// templates are the places in a text where a value is put in.
var templates = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// paths are what expressions read of variables: "trigger.data.amount", "loops.l1.item".
var paths = regexp.MustCompile(`\b(?:trigger|nodes|loops?|system|env)(?:\.\w+|\[\d+\])+`)

// said says a setting in one line with the titles of the variables in it: a text as it is
// written, anything else as JSON.
func said(v any, cat node.Catalog) string {
	return templates.ReplaceAllStringFunc(brief(v), func(t string) string {
		return saidExpression(strings.TrimSpace(strings.Trim(t, "{}")), cat)
	})
}

// saidExpression says an expression with the titles of its variables. Texts in it stay as
// they are.
func saidExpression(source string, cat node.Catalog) string {
	var b strings.Builder
	for source != "" {
		at := strings.IndexAny(source, "\"'`")
		if at < 0 {
			at = len(source)
		}
		b.WriteString(paths.ReplaceAllStringFunc(source[:at], func(path string) string {
			return operandName("{{"+path+"}}", cat)
		}))
		source = source[at:]
		if source == "" {
			break
		}
		end := strings.IndexByte(source[1:], source[0]) + 2
		if end < 2 { // never closed
			end = len(source)
		}
		b.WriteString(source[:end])
		source = source[end:]
	}
	return b.String()
}
