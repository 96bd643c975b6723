package main_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Bounds of what somebody reads in one go.
const (
	maxFile     = 500 // lines
	maxFunction = 80
)

func TestSources_AreSmall(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range tree(t, production) {
		if n := s.lines(); n > maxFile {
			found = append(found, fmt.Sprintf("%s has %d lines", s.path, n))
		}
		for _, fn := range s.functions() {
			if n := s.positions.Position(fn.End()).Line - s.positions.Position(fn.Pos()).Line + 1; n > maxFunction {
				found = append(found, fmt.Sprintf("%s: %s has %d lines", s.at(fn), fn.Name.Name, n))
			}
		}
	}
	none(t, found, fmt.Sprintf("at most %d lines a file and %d a function:", maxFile, maxFunction))
}

func TestSources_HaveNoInit(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range tree(t, nil) {
		for _, fn := range s.functions() {
			if fn.Name.Name == "init" && fn.Recv == nil {
				found = append(found, s.at(fn))
			}
		}
	}
	none(t, found, "nothing happens because of an import; wire it in cmd:")
}

func TestSources_EveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	commented := map[string]bool{}
	for _, s := range tree(t, nil) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		commented[s.folder] = commented[s.folder] || (s.syntax.Doc != nil && !s.generated())
	}
	var found []string
	for folder, ok := range commented {
		if !ok {
			found = append(found, folder)
		}
	}
	none(t, found, "these packages do not say what they promise:")
}

// place is one thing of the standard library that may be used in some folders only.
type place struct {
	pkg   string
	names []string
	where func(*source) bool
	why   string
}

func places() []place {
	outermost := func(s *source) bool { return strings.HasPrefix(s.folder, "cmd/") || s.test() }
	return []place{
		{"time", []string{"Now", "Since", "Until"}, outermost, "the clock is passed in"},
		{"time", []string{"Sleep"}, func(*source) bool { return false }, "wait for a signal"},
		{"os", []string{"Getenv", "LookupEnv"}, func(s *source) bool {
			return outermost(s) || s.path == "models/fault/on.go"
		}, "only cmd reads the environment"},
		{"os", []string{"Exit"}, func(s *source) bool {
			return outermost(s) || s.path == "engine/script/worker.go"
		}, "only cmd and the child of the script pool end the process; return the error"},
		{
			"net",
			[]string{"Dial", "DialTimeout", "Dialer", "Resolver", "LookupHost", "LookupIP"},
			func(s *source) bool {
				return s.test() || s.folder == "engine/outbound" || s.folder == "cmd/formrail-check" // which calls as strangers do
			},
			"calls to others belong in engine/outbound",
		},
	}
}

func TestSources_ClockEnvironmentAndNetworkHaveOnePlace(t *testing.T) {
	t.Parallel()
	var found []string
	for _, p := range places() {
		for _, s := range tree(t, nil) {
			if p.where(s) {
				continue
			}
			for _, use := range s.uses(p.pkg, p.names...) {
				found = append(found, use+": "+p.why)
			}
		}
	}
	none(t, found, "these have one place each:")
}

// changing finds SQL that changes a table whose name is put in: the name is a
// verb of formatting, or follows the text.
var changing = regexp.MustCompile(`(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE TABLE)\s*("|%s|$)`)

// tableWriters may hold such SQL: the write path, the changes of the schema, and
// table.go, which keeps the text that the write path runs.
var tableWriters = regexp.MustCompile(`^models/records/((write|ddl)(_\w+)?|table)\.go$`)

func TestSQL_UserTablesAreChangedInOnePlace(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range tree(t, production) {
		if tableWriters.MatchString(s.path) {
			continue
		}
		for _, lit := range literals(s.syntax) {
			if changing.MatchString(strings.ReplaceAll(text(lit), "FOR UPDATE", "")) {
				found = append(found, s.at(lit)+": "+text(lit))
			}
		}
	}
	none(t, found, "only the write path of models/records changes user tables:")
}

func TestSQL_OnlyOneFunctionQuotesIdentifiers(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range tree(t, func(s *source) bool { return production(s) && s.folder == "models/records" }) {
		if s.path == "models/records/quote.go" {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			sum, ok := n.(*ast.BinaryExpr)
			if !ok || sum.Op != token.ADD {
				return true
			}
			for _, side := range []ast.Expr{sum.X, sum.Y} {
				if lit, ok := side.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Count(text(lit), `"`)%2 == 1 {
					found = append(found, s.at(lit)+": "+lit.Value)
				}
			}
			return true
		})
		for _, lit := range literals(s.syntax) {
			if strings.Contains(text(lit), `"%`) {
				found = append(found, s.at(lit)+": "+lit.Value)
			}
		}
	}
	none(t, found, "names become SQL in quote.go alone:")
}

func TestSQL_RowsAreReadCheckedAndClosedInOnePlace(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range tree(t, production) {
		if s.path == "models/db.go" || s.folder == "cmd/formrail-check" || s.imported("database/sql") == "" {
			continue
		}
		s.eachCall(func(call *ast.CallExpr) {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Next" && len(call.Args) == 0 {
				found = append(found, s.at(call))
			}
		})
	}
	none(t, found, "use models.Rows, which cannot forget the error or the closing:")
}

// literals gives the string literals below a node.
func literals(n ast.Node) []*ast.BasicLit {
	var out []*ast.BasicLit
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			out = append(out, lit)
		}
		return true
	})
	return out
}

// text is the value of a string literal; "" when the node is none.
func text(n ast.Node) string {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return value
}

// pointName is what writes and fault points are called.
var pointName = regexp.MustCompile(`^[a-z][a-z_]*(\.[a-z][a-z_]*)+$`)

// families are functions that give the name of a write out of a fixed list, for
// the one place that makes several kinds of them.
func families() map[string]string { return map[string]string{"models/records/write.go": "writeName"} }

func TestWrites_AreNamedOnceEach(t *testing.T) {
	t.Parallel()
	var found []string
	seen := map[string]string{}
	for _, s := range tree(t, production) {
		s.eachCall(func(call *ast.CallExpr) {
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || len(call.Args) != 3 || (sel.Sel.Name != "Write" && sel.Sel.Name != "WriteAlone") {
				return
			}
			name := call.Args[1]
			if inner, ok := name.(*ast.CallExpr); ok {
				if fn, ok := inner.Fun.(*ast.Ident); ok && families()[s.path] == fn.Name {
					return
				}
			}
			found = append(found, badPoint(s, name, seen)...)
		})
	}
	none(t, found, "a write has a constant, dotted name of its own, because its fault points and reports carry it:")
}

func TestFaultPoints_AreNamedOnceEach(t *testing.T) {
	t.Parallel()
	var found []string
	seen := map[string]string{}
	for _, s := range tree(t, func(s *source) bool { return production(s) && s.path != "models/writer.go" }) {
		s.eachCall(func(call *ast.CallExpr) {
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || len(call.Args) != 1 || sel.Sel.Name != "Hit" {
				return
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == s.imported(module+"models/fault") {
				found = append(found, badPoint(s, call.Args[0], seen)...)
			}
		})
	}
	none(t, found, "a fault point has a constant, dotted name of its own:")
}

// TestFaultPoints_StandAroundEveryCall finds what leaves the process without a point
// before and after it.
func TestFaultPoints_StandAroundEveryCall(t *testing.T) {
	t.Parallel()
	var found []string
	calls := 0
	for _, s := range tree(t, func(s *source) bool { return production(s) && s.folder == "engine/outbound" }) {
		for _, fn := range s.functions() {
			var order []string
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				switch {
				case !ok:
				case sel.Sel.Name == "RoundTrip" && fn.Name.Name != "exchange":
					found = append(found, s.at(call)+": only exchange sends")
				case sel.Sel.Name == "exchange":
					order = append(order, "call")
				case sel.Sel.Name == "Hit" && len(call.Args) == 1:
					order = append(order, text(call.Args[0]))
				}
				return true
			})
			if !slices.Contains(order, "call") {
				continue
			}
			calls++
			if len(order) != 3 || order[1] != "call" || !strings.HasSuffix(order[0], ".before") || !strings.HasSuffix(order[2], ".after") {
				found = append(found, fmt.Sprintf("%s: %s has %v", s.at(fn), fn.Name.Name, order))
			}
		}
	}
	none(t, found, "a call to others has a fault point before and after it:")
	require.Equal(t, 1, calls, "there is one place that sends")
}

// badPoint says what is wrong with a name, and remembers it.
func badPoint(s *source, n ast.Expr, seen map[string]string) []string {
	name, here := text(n), s.at(n)
	switch {
	case !pointName.MatchString(name):
		return []string{fmt.Sprintf("%s: %q", here, name)}
	case seen[name] != "":
		return []string{fmt.Sprintf("%s: %q is used in %s", here, name, seen[name])}
	}
	seen[name] = here
	return nil
}
