package expr

import (
	"sync"

	"formrail/models/field"
	"formrail/models/text"
)

// function is one function of the language.
type function struct {
	name     string
	usage    string
	help     string
	min, max int  // number of arguments; max < 0 = any
	nulls    bool // wants to see nothing; otherwise nothing in gives nothing out, with a warning
	call     func(in *invocation) (any, error)
}

// functions is the language's table, by name.
//
//nolint:gochecknoglobals // built once, never changed
var functions = sync.OnceValue(func() map[string]function {
	out := map[string]function{}
	for _, group := range [][]function{textFunctions(), numberFunctions(), dateFunctions(), listFunctions(), otherFunctions()} {
		for _, f := range group {
			out[f.name] = f
		}
	}
	aliases := map[string]string{"string": "text", "float": "number", "mean": "avg", "unique": "uniq"}
	for alias, name := range aliases {
		f := out[name]
		f.name = alias
		f.help = "The same as " + name + "."
		out[alias] = f
	}
	return out
})

// invocation is one call with its evaluated arguments.
type invocation struct {
	*run
	fn   string
	pos  int
	args []any
}

// wrong is the fault of an argument of the wrong kind.
func (in *invocation) wrong(i int, need string) error {
	return in.run.fault(CodeTypeMismatch, in.pos, text.M("expr.argument", "%s needs %s, but got %s.", in.fn, need, kindOf(in.args[i])), in.args[i])
}

// failed is the fault of an argument of the right kind that cannot be used.
func (in *invocation) failed(m text.Message) error {
	return in.run.fault(CodeError, in.pos, m, in.args...)
}

func (in *invocation) has(i int) bool { return i < len(in.args) && in.args[i] != nil }

func (in *invocation) str(i int) (string, error) {
	s, ok := in.args[i].(string)
	if !ok {
		return "", in.wrong(i, "text")
	}
	return s, nil
}

// strOr is an optional text.
func (in *invocation) strOr(i int, otherwise string) (string, error) {
	if !in.has(i) {
		return otherwise, nil
	}
	return in.str(i)
}

func (in *invocation) num(i int) (field.Decimal, error) {
	d, ok := field.AsDecimal(in.args[i])
	if !ok {
		return d, in.wrong(i, "a number")
	}
	return d, nil
}

// integer is a whole number within limit; otherwise is used when it is absent.
func (in *invocation) integer(i int, otherwise int) (int, error) {
	const limit = 1 << 30
	if !in.has(i) {
		return otherwise, nil
	}
	n, ok := asIndex(in.args[i])
	if !ok {
		return 0, in.wrong(i, "a whole number")
	}
	return int(max(-limit, min(n, limit))), nil
}

func (in *invocation) list(i int) ([]any, error) {
	l, ok := in.args[i].([]any)
	if !ok {
		return nil, in.wrong(i, "a list")
	}
	return l, nil
}

func (in *invocation) object(i int) (map[string]any, error) {
	m, ok := in.args[i].(map[string]any)
	if !ok {
		return nil, in.wrong(i, "an object")
	}
	return m, nil
}

// values are the elements of the only argument, if it is a list, else all arguments.
func (in *invocation) values() []any {
	if len(in.args) == 1 {
		if l, ok := in.args[0].([]any); ok {
			return l
		}
	}
	return in.args
}

// given counts a new text.
func (in *invocation) given(s string) (any, error) {
	if err := in.alloc(len(s)); err != nil {
		return nil, err
	}
	return s, nil
}
