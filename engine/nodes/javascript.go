package nodes

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type javascriptConfig struct {
	Inputs  []scriptInput `json:"inputs"`
	Code    string        `json:"code"`
	Timeout elapsed       `json:"timeout"`
}

// scriptInput is one value a script sees under a name.
type scriptInput struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

func (c javascriptConfig) names() []string {
	names := make([]string, len(c.Inputs))
	for i, in := range c.Inputs {
		names[i] = in.Name
	}
	return names
}

// javascript runs a function body that a designer wrote, in a child process.
var javascript = node.Define(node.Spec[javascriptConfig]{
	Key: "javascript", Group: node.Compute, Icon: "square-function", Title: "JavaScript",
	Summary:  "Compute something in a script",
	Synonyms: []string{"script", "code", "js"},
	Help: "Write the body of a function and `return` its result. Inputs are variables of the script, also as `input.name`. " +
		"`console.log` writes to the log of the step.\n\n" +
		"A script has no network, no files and no timers. An error fails the step with `SCRIPT_ERROR`, too much time or memory with `SCRIPT_KILLED`.",
	Config: []field.Field{
		{Name: "inputs", Kind: field.Inputs, Label: "Inputs"},
		{Name: "code", Kind: field.Code, Label: "Script", Required: true, Help: "At most 64 KiB."},
		{Name: "timeout", Kind: field.Duration, Label: "At most", Default: "5s", Help: "Up to 60 seconds."},
	},
	Effect: node.Slow,
	Right:  "node.script",
	Check:  checkScript,
	Source: func(c javascriptConfig) node.Source {
		return node.Source{Field: "code", Code: c.Code, Inputs: c.names()}
	},
	Outputs: func(javascriptConfig, node.Catalog) field.Shape { return field.Any("Result") },
	Line: func(c javascriptConfig, _ node.Catalog) string {
		return shorten(strings.Join(c.names(), ", "), 60)
	},
	Run: func(ctx context.Context, call node.Call, c javascriptConfig) (node.Result, error) {
		inputs := make(map[string]any, len(c.Inputs))
		for _, in := range c.Inputs {
			inputs[in.Name] = in.Value
		}
		done, err := call.Script.Run(ctx, node.ScriptRequest{
			Code: c.Code, Inputs: inputs, Timeout: time.Duration(c.Timeout), Now: call.Now, Seed: call.Seed,
		})
		if err != nil {
			return node.Result{}, err
		}
		result := node.Done(done.Value).Printed(done.Log)
		for _, w := range done.Warnings {
			result = result.Warn(text.Verbatim(w))
		}
		return result, nil
	},
	Examples: []node.Example[javascriptConfig]{
		{
			Title:  "Add two amounts",
			Config: map[string]any{"inputs": []any{map[string]any{"name": "net", "value": "{{ trigger.data.net }}"}, map[string]any{"name": "tax", "value": int64(19)}}, "code": "return net + tax"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"net": int64(100)}}},
			Want:   node.Want{Output: int64(119)},
		},
		{
			Title:  "A script without result gives nothing",
			Config: map[string]any{"code": `console.log("checked")`},
			Want:   node.Want{},
		},
		{
			Title:  "The script throws",
			Config: map[string]any{"code": `throw new Error("No rate for this day")`},
			Want:   node.Want{Code: "SCRIPT_ERROR"},
		},
	},
})

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// reserved are the words of JavaScript that cannot name a variable, and the name
// under which a script sees all its inputs.
var reserved = strings.Fields("input arguments await break case catch class const continue debugger default delete do else enum eval " +
	"export extends false finally for function if implements import in instanceof interface let new null package private protected " +
	"public return static super switch this throw true try typeof undefined var void while with yield")

const (
	maxCode   = 64 << 10
	maxScript = time.Minute
)

func checkScript(c javascriptConfig, _ node.Catalog) (p field.Problems) {
	seen := map[string]bool{}
	for _, in := range c.Inputs {
		switch {
		case !identifier.MatchString(in.Name) || slices.Contains(reserved, in.Name):
			p.Add("inputs", invalid, text.M("node.input_name", "%q cannot be the name of an input. Use letters, digits and _, with a letter first.", in.Name))
		case seen[in.Name]:
			p.Add("inputs", invalid, text.M("node.input_twice", "Two inputs have the name %s. Rename one of them.", in.Name))
		}
		seen[in.Name] = true
	}
	if len(c.Code) > maxCode {
		p.Add("code", invalid, text.M("node.code_size", "The script is longer than 64 KiB. Shorten it."))
	}
	if t := time.Duration(c.Timeout); t <= 0 || t > maxScript {
		p.Add("timeout", invalid, text.M("node.script_timeout", "A script may take between 1 and 60 seconds."))
	}
	return p
}

// elapsed is a length of time written as "5s", "15m" or "2h".
type elapsed time.Duration

var errElapsed = errors.New(`enter a time such as "5s" or "2m"`)

// UnmarshalJSON reads a duration.
func (e *elapsed) UnmarshalJSON(raw []byte) error {
	v, err := field.ParseJSON(raw)
	if err != nil {
		return errElapsed
	}
	s, _ := v.(string)
	span, err := field.ParseDuration(s)
	if err != nil {
		return errElapsed
	}
	*e = elapsed(span.Approximate())
	return nil
}
