package script

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"

	"formrail/models/text"
)

// inputName is the variable that holds all inputs.
const inputName = "input"

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// checkTimeout bounds the reading of one script.
const checkTimeout = 5 * time.Second

// Check compiles a script without running it. names are its inputs. A mistake is an
// *Error with CodeInvalid.
//
// It happens in a child, because some short sources keep the parser busy for years:
// it reads the parameters of an arrow function twice, those of one inside them four
// times, and so on.
func (p *Pool) Check(ctx context.Context, code string, names []string) error {
	if err := guard(code, names); err != nil {
		return err
	}
	q := Request{Code: code, Inputs: map[string]any{}, Timeout: checkTimeout, check: true}
	for _, name := range names {
		q.Inputs[name] = nil
	}
	_, err := p.Run(ctx, q)
	var failed *Error
	if errors.As(err, &failed) && failed.Code == CodeKilled {
		return &Error{Code: CodeInvalid, Message: text.M("script.complex", "The script is too complicated to be read.")}
	}
	return err
}

// compile wraps the code into an asynchronous function of the inputs. The first
// line of the code stays line 1.
func compile(code string, names []string) (*goja.Program, error) {
	if err := guard(code, names); err != nil {
		return nil, err
	}
	source := "(async function(" + strings.Join(append([]string{inputName}, names...), ",") + "){" + code + "\n})"
	// Security: without this option the parser would read source maps from files.
	tree, err := parser.ParseFile(nil, "script", source, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, invalid(err)
	}
	if !oneFunction(tree) {
		return nil, &Error{Code: CodeInvalid, Message: text.M("script.unbalanced", "The script has a } too many.")}
	}
	program, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, invalid(err)
	}
	return program, nil
}

// guard refuses what would make the parser itself expensive.
func guard(code string, names []string) error {
	refuse := func(m text.Message) error { return &Error{Code: CodeInvalid, Message: m} }
	if len(code) > maxSource {
		return refuse(text.M("script.long", "The script is longer than %d KiB.", maxSource>>10))
	}
	if !utf8.ValidString(code) {
		return refuse(text.M("script.utf8", "The script is not valid UTF-8."))
	}
	if nesting(code) > maxNesting {
		return refuse(text.M("script.nesting", "The script is nested more than %d levels deep.", maxNesting))
	}
	for i, name := range names {
		if len(name) > maxName || !identifier.MatchString(name) {
			return refuse(text.M("script.name", "%q cannot be the name of an input. Use letters, digits and _, a letter first.", name))
		}
		if name == inputName || slices.Contains(names[:i], name) {
			return refuse(text.M("script.name_twice", "There are two inputs called %s.", name))
		}
	}
	return nil
}

// nesting estimates how deeply the parser would recurse: open brackets, and chains
// of operators that nest to the right. It counts inside texts and comments too,
// where only a script made to be refused has so many.
func nesting(code string) int {
	depth, chain, most := 0, 0, 0
	for _, c := range []byte(code) {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth, chain = max(0, depth-1), 0
		case ';', ',', '\n':
			chain = 0
		case '!', '~', '?', '>', '*':
			chain++
		}
		most = max(most, depth+chain)
	}
	return most
}

func oneFunction(tree *ast.Program) bool {
	if len(tree.Body) != 1 {
		return false
	}
	statement, ok := tree.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return false
	}
	_, ok = statement.Expression.(*ast.FunctionLiteral)
	return ok
}

// position finds "script: Line 3:14 " in a message of the parser.
var position = regexp.MustCompile(`(?:\(anonymous\)|script): ?(?:Line )?(\d+):\d+:? ?`)

func invalid(err error) error {
	message, line := err.Error(), 0
	if at := position.FindStringSubmatch(message); at != nil {
		line, _ = strconv.Atoi(at[1]) //nolint:errcheck // digits only
		message = position.ReplaceAllString(message, "")
	}
	message, _, _ = strings.Cut(message, " (and ")
	return &Error{Code: CodeInvalid, Line: line, Message: text.M("script.syntax", "The script cannot be read: %s.", clean(message))}
}

// clean makes a message of the interpreter the end of a sentence.
func clean(message string) string {
	return strings.TrimRight(strings.TrimPrefix(strings.TrimSpace(message), "SyntaxError: "), ". ")
}
