package middleware

import (
	"regexp"
	"strings"
)

var traceForm = regexp.MustCompile(`^([0-9a-f]{2})(-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2})(-.*)?$`)

// trace keeps the traceparent of a caller, written as version 00; empty when it has
// not the form that the W3C gave it. Later versions may only add to the end.
func trace(sent string) string {
	found := traceForm.FindStringSubmatch(sent)
	if found == nil {
		return ""
	}
	version, rest, id, parent, more := found[1], found[2], found[3], found[4], found[5]
	if version == "ff" || version == "00" && more != "" || strings.Trim(id, "0") == "" || strings.Trim(parent, "0") == "" {
		return ""
	}
	return "00" + rest
}
