package text_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the repository as seen from this folder.
const root = "../.."

// messageID is what message ids look like.
var messageID = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

// call is one use of text.M or text.T.
type call struct {
	at      string
	id      string
	english string
	args    int
	open    bool // args come as a slice
}

// shouting finds an exclamation mark at the end of a sentence.
var shouting = regexp.MustCompile(`\w!(\s|$)`)

// verbs finds the verbs that a sentence formats its arguments with.
var verbs = regexp.MustCompile(`%[-+# 0]*[0-9*]*(\.[0-9*]+)?[a-zA-Z]`)

func TestMessages_AreConstantNamedAndUnique(t *testing.T) {
	t.Parallel()
	calls := collect(t)
	require.Greater(t, len(calls), 100, "so few texts that the walk must be broken")
	var found []string
	first := map[string]call{}
	for _, c := range calls {
		if !messageID.MatchString(c.id) || c.english == "" {
			found = append(found, fmt.Sprintf("%s: id %q and text %q must be constants, the id lower case and dotted", c.at, c.id, c.english))
		}
		known, ok := first[c.id]
		if !ok {
			first[c.id] = c
		} else if known.english != c.english {
			found = append(found, fmt.Sprintf("%s: %s says %q, but %q in %s", c.at, c.id, c.english, known.english, known.at))
		}
	}
	require.Empty(t, found, strings.Join(found, "\n"))
}

func TestMessages_FillTheirSentences(t *testing.T) {
	t.Parallel()
	var found []string
	for _, c := range collect(t) {
		want := len(verbs.FindAllString(strings.ReplaceAll(c.english, "%%", ""), -1))
		switch {
		case want != c.args && !c.open:
			found = append(found, fmt.Sprintf("%s: %s: %q has %d verbs for %d values", c.at, c.id, c.english, want, c.args))
		case shouting.MatchString(c.english):
			found = append(found, fmt.Sprintf("%s: %s: %q shouts", c.at, c.id, c.english))
		case strings.TrimSpace(c.english) != c.english && !strings.Contains(c.at, "/cmd/"): // a terminal has no layout but spaces
			found = append(found, fmt.Sprintf("%s: %s: %q begins or ends with a space", c.at, c.id, c.english))
		}
	}
	require.Empty(t, found, strings.Join(found, "\n"))
}

// collect finds every text of the tree, generated views included.
func collect(t *testing.T) []call {
	t.Helper()
	var out []call
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		out = append(out, callsOf(positions, file)...)
		return nil
	})
	require.NoError(t, err)
	return out
}

func callsOf(positions *token.FileSet, file *ast.File) []call {
	var out []call
	ast.Inspect(file, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		skip := -1 // arguments before the id
		if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "text" {
				switch sel.Sel.Name {
				case "M":
					skip = 0
				case "T":
					skip = 1
				}
			}
		}
		if skip < 0 || len(c.Args) < skip+2 {
			return true
		}
		place := positions.Position(c.Pos())
		out = append(out, call{
			at: fmt.Sprintf("%s:%d", place.Filename, place.Line), id: constant(c.Args[skip]), english: constant(c.Args[skip+1]),
			args: len(c.Args) - skip - 2, open: c.Ellipsis.IsValid(),
		})
		return true
	})
	return out
}

// constant is the value of a string literal or of a sum of them; "" for anything else.
func constant(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return s
		}
	case *ast.BinaryExpr:
		left, right := constant(e.X), constant(e.Y)
		if e.Op == token.ADD && left != "" && right != "" {
			return left + right
		}
	case *ast.ParenExpr:
		return constant(e.X)
	}
	return ""
}
