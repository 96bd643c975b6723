package enginetest

import (
	"context"
	"regexp"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// Script stands in for the child process. It understands three statements, one a
// line: return of a name or a sum of names, console.log and throw of a fixed text.
type Script struct{ Requests []node.ScriptRequest }

var (
	logStatement   = regexp.MustCompile(`^console\.log\("([^"]*)"\)$`)
	throwStatement = regexp.MustCompile(`^throw new Error\("([^"]*)"\)$`)
)

// Run executes the statements in order.
func (s *Script) Run(_ context.Context, r node.ScriptRequest) (node.ScriptResult, error) {
	s.Requests = append(s.Requests, r)
	var out node.ScriptResult
	for line := range strings.Lines(r.Code) {
		line = strings.TrimSuffix(strings.TrimSpace(line), ";")
		if m := logStatement.FindStringSubmatch(line); m != nil {
			out.Log = append(out.Log, m[1])
		} else if m := throwStatement.FindStringSubmatch(line); m != nil {
			return out, node.Broken("SCRIPT_ERROR", text.Verbatim(m[1]))
		} else if names, ok := strings.CutPrefix(line, "return "); ok {
			out.Value = sum(r.Inputs, strings.Split(names, " + "))
			return out, nil
		} else {
			return out, node.Broken("SCRIPT_ERROR", text.Verbatim("enginetest.Script does not understand: "+line))
		}
	}
	return out, nil
}

func sum(inputs map[string]any, names []string) any {
	if len(names) == 1 {
		return inputs[names[0]]
	}
	var total field.Decimal
	for _, name := range names {
		d, ok := field.AsDecimal(inputs[name])
		if !ok {
			return nil
		}
		total = total.Add(d)
	}
	if n, ok := total.Int64(); ok {
		return n
	}
	return total
}
