package main_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// document reads a file of the repository.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}

// documents lists the hand-written documents with the number of lines each may have.
func documents(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{
		"README.md": 150, "CHANGELOG.md": 1000, "docs/architecture.md": 300, "docs/contributing.md": 300, "docs/glossary.md": 300,
		"docs/state_machine.md": 300,
	}
	records, err := filepath.Glob(filepath.Join(root, "docs/adr/*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, records)
	for _, name := range records {
		out["docs/adr/"+filepath.Base(name)] = 60
	}
	return out
}

func TestDocuments_AreShort(t *testing.T) {
	t.Parallel()
	for name, limit := range documents(t) {
		require.LessOrEqual(t, strings.Count(document(t, name), "\n"), limit, name)
	}
}

var (
	quoted = regexp.MustCompile("`([^`\n]+)`")
	link   = regexp.MustCompile(`\]\(([^)#\s]+)`)
	target = regexp.MustCompile(`\bmake ([a-z0-9-]+)\b`)
	// pathLike is a file or folder, optionally with a function in it: engine/start.go: RecordChanged
	pathLike = regexp.MustCompile(`^(\.?[\w*-]+(?:/[\w.*-]+)+/?|[\w-]+\.(?:go|md|yml|mod|sum))(?:: (\w+))?$`)
)

func TestArchitecture_NamesWhatExists(t *testing.T) {
	t.Parallel()
	n := 0
	for _, m := range quoted.FindAllStringSubmatch(document(t, "docs/architecture.md"), -1) {
		p := pathLike.FindStringSubmatch(m[1])
		if p == nil {
			continue
		}
		n++
		there, err := filepath.Glob(filepath.Join(root, p[1]))
		require.NoError(t, err)
		require.NotEmpty(t, there, "docs/architecture.md names %s, which does not exist", p[1])
		if p[2] != "" {
			require.Contains(t, declared(t, p[1]), p[2], "docs/architecture.md names a function that %s does not have", p[1])
		}
	}
	require.Greater(t, n, 50, "the document names so few paths that this test hardly reads it")
}

// declared lists the functions, methods, types and variables of a file.
func declared(t *testing.T, file string) []string {
	t.Helper()
	var out []string
	for _, s := range tree(t, func(s *source) bool { return s.path == file }) {
		for _, fn := range s.functions() {
			out = append(out, fn.Name.Name)
		}
		for name, object := range s.syntax.Scope.Objects {
			if object.Kind == ast.Typ || object.Kind == ast.Var {
				out = append(out, name)
			}
		}
	}
	return out
}

func TestArchitecture_NamesEveryPackage(t *testing.T) {
	t.Parallel()
	text := document(t, "docs/architecture.md")
	var missing []string
	for _, s := range tree(t, func(s *source) bool { return !strings.HasSuffix(s.path, "_test.go") }) {
		if !strings.Contains(text, "`"+s.folder+"`") && !slices.Contains(missing, s.folder) {
			missing = append(missing, s.folder)
		}
	}
	none(t, missing, "docs/architecture.md does not say what these packages are for:")
}

func TestDocuments_LinkToWhatExists(t *testing.T) {
	t.Parallel()
	for name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(document(t, name), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			require.FileExists(t, filepath.Join(root, filepath.Dir(name), m[1]), name)
		}
	}
}

func TestDocuments_NameTargetsOfTheMakefile(t *testing.T) {
	t.Parallel()
	makefile := document(t, "Makefile")
	for name := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(document(t, name), -1) {
			for _, made := range target.FindAllStringSubmatch(m[1], -1) {
				require.Regexp(t, `(?m)^`+made[1]+`:`, makefile, "%s names a target that does not exist", name)
			}
		}
	}
}
