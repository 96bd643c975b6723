package main_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the repository as seen from this folder.
const root = "../.."

// module is how our own import paths begin.
const module = "formrail/"

// source is one Go file of the repository.
type source struct {
	path      string // from the root, with slashes
	folder    string
	text      []byte
	positions *token.FileSet
	syntax    *ast.File
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") || support(s.folder) }

func (s *source) generated() bool { return ast.IsGenerated(s.syntax) }

// at names a place for people.
func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.positions.Position(n.Pos()).Line)
}

// imports lists the imported paths.
func (s *source) imports() []string {
	var out []string
	for _, spec := range s.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// imported gives the name under which the file knows a package, "" when it does
// not import it.
func (s *source) imported(pkg string) string {
	for _, spec := range s.syntax.Imports {
		if spec.Path.Value != strconv.Quote(pkg) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

// functions gives the functions of the file, methods included.
func (s *source) functions() []*ast.FuncDecl {
	var out []*ast.FuncDecl
	for _, d := range s.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			out = append(out, fn)
		}
	}
	return out
}

// eachCall calls fn for every call in the file.
func (s *source) eachCall(fn func(*ast.CallExpr)) {
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			fn(call)
		}
		return true
	})
}

// uses reports the places where the file names one thing of a package, such as
// time.Now, whether it calls it or hands it on.
func (s *source) uses(pkg string, names ...string) []string {
	local := s.imported(pkg)
	if local == "" {
		return nil
	}
	var out []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		for _, name := range names {
			if ok && x.Name == local && sel.Sel.Name == name {
				out = append(out, s.at(sel)+" uses "+local+"."+name)
			}
		}
		return true
	})
	return out
}

// support reports a folder of importable test support: modelstest, viewstest.
func support(folder string) bool { return strings.HasSuffix(folder, "test") }

// sources reads the whole tree. It opens the files itself, so that the test is
// run again when one of them has changed.
var sources = sync.OnceValues(func() ([]*source, error) {
	var out []*source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "bin" || base == "dist") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		s, err := read(name)
		out = append(out, s)
		return err
	})
	return out, err
})

func read(name string) (*source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return nil, err
	}
	s := &source{path: filepath.ToSlash(relative), text: text, positions: token.NewFileSet()}
	s.folder = path.Dir(s.path)
	s.syntax, err = parser.ParseFile(s.positions, s.path, text, parser.ParseComments)
	return s, err
}

// tree gives all Go files, or the ones that keep.
func tree(t *testing.T, keep func(*source) bool) []*source {
	t.Helper()
	all, err := sources()
	require.NoError(t, err)
	var out []*source
	for _, s := range all {
		if keep == nil || keep(s) {
			out = append(out, s)
		}
	}
	require.NotEmpty(t, out, "no file to look at: the walk is broken")
	return out
}

// mutant reports a file of a deliberately broken build, which shows that the
// tests would notice.
func (s *source) mutant() bool { return strings.HasSuffix(s.path, "_mutant.go") }

// production keeps what is shipped and written by hand.
func production(s *source) bool { return !s.test() && !s.generated() && !s.mutant() }

// lines counts the lines of a file.
func (s *source) lines() int { return bytes.Count(s.text, []byte("\n")) }

// none fails the test with everything that was found.
func none(t *testing.T, found []string, why string) {
	t.Helper()
	require.Empty(t, found, "%s\n%s", why, strings.Join(found, "\n"))
}
