// The tests of this folder that are about the whole repository: who may import
// whom, what may be used where, and whether the documents still tell the truth.
package main_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leaf is what every folder may import: the sentences shown to people.
const leaf = "models/text"

// mayImport is the import rule: a folder may import itself, its row, the leaf,
// and nothing else of ours. A folder without a row belongs to its nearest parent
// that has one.
func mayImport() map[string][]string {
	return map[string][]string{
		"static": {}, "models/text": {}, "models/fault": {}, "models/migrations": {}, "models/field": {}, "models/secret": {}, "models/metrics": {}, "models/room": {}, "engine/live": {}, "engine/tracing": {},
		"engine/cluster":     {"models", "models/fault"},
		"models":             {"models/field", "models/fault", "models/metrics", "models/migrations", "models/secret"},
		"models/records":     {"models", "models/field", "models/fault"},
		"models/pagedesign":  {"models", "models/records", "models/field"},
		"engine/node":        {"engine/inbound", "models/field"},
		"engine/inbound":     {"engine/expr", "models/field"},
		"engine/trigger":     {"engine/inbound", "engine/slots", "models/field"},
		"engine/expr":        {"models/field"},
		"engine/script":      {"models/field", "models/fault", "models/metrics"},
		"engine/outbound":    {"models/fault", "models/metrics"},
		"engine/queue":       {"models", "models/fault"},
		"engine/form":        {"models/field"},
		"engine/eventfilter": {"models/field"},
		"engine/nodes":       {"engine/node", "engine/inbound", "engine/expr", "engine/form", "engine/eventfilter", "models/field"},
		"engine/slots":       {"models/field"},
		"engine/triggers":    {"engine/trigger", "engine/inbound", "engine/slots", "engine/expr", "engine/form", "models/field"},
		"engine": {
			"engine/node", "engine/trigger", "engine/inbound", "engine/slots", "engine/eventfilter", "engine/expr", "engine/live", "engine/script", "engine/outbound", "engine/queue",
			"engine/cluster", "engine/tracing", "models", "models/records", "models/field", "models/fault", "models/metrics", "models/room", "models/secret",
		},
		"views": {"models/field", "static"},
		"handlers": {
			"views", "engine", "engine/expr", "engine/node", "engine/trigger", "engine/inbound", "engine/live", "engine/tracing", "models", "models/records",
			"models/metrics", "models/pagedesign", "models/room", "models/field", "static",
		},
		"cmd": {
			"handlers", "views", "engine", "engine/nodes", "engine/triggers", "engine/script", "engine/outbound", "engine/queue",
			"engine/cluster", "engine/live", "engine/tracing", "models", "models/records", "models/field", "models/metrics", "models/secret", "static",
		},
	}
}

// packages says where packages from elsewhere may be imported at all, tests
// included. A package that is not listed may not be used: each one is a decision.
// Rows end at a slash or at the end of the path.
func packages() map[string][]string {
	return map[string][]string{
		// the standard library: what leaves the process
		"net/http":     {"cmd", "engine/outbound"},
		"os/exec":      {"engine/script", "cmd/formrail-bench", "cmd/formrail-check"},
		"database/sql": {"models", "models/records", "cmd/formrail-check"},
		"unsafe":       {},
		"plugin":       {},

		"github.com/a-h/templ":          {"views", "handlers"},
		"github.com/dop251/goja":        {"engine/script"},
		"github.com/evanw/esbuild":      {"cmd/vendor-assets"},
		"github.com/expr-lang/expr":     {"engine/expr"},
		"github.com/gofiber/fiber":      {"handlers"},
		"github.com/google/uuid":        {"models", "models/records", "engine"},
		"github.com/jackc/pgx":          {"models", "engine/queue/river", "cmd/formrail-bench", "cmd/formrail-check"},
		"github.com/klauspost/compress": {"models"},
		"github.com/mattn/go-sqlite3":   {"models"},
		"github.com/pressly/goose":      {"models"},
		"github.com/prometheus":         {"models/metrics", "cmd"},
		"github.com/riverqueue/river":   {"engine/queue/river"},
		"github.com/robfig/cron":        {"engine/slots"},
		"github.com/shopspring/decimal": {"models/field"},

		"github.com/santhosh-tekuri/jsonschema": {"engine/nodes"},

		"github.com/valyala/fasthttp": {"handlers", "cmd/formrail-bench"},
		"go.opentelemetry.io/otel":    {"engine/tracing", "cmd"},
		"golang.org/x/crypto":         {"models"},
		"golang.org/x/sys":            {"models", "engine/script"},
		"golang.org/x/text":           {"models", "models/field", "models/records", "engine/nodes"},
		"gorm.io":                     {"models"},
	}
}

// testPackages may be imported by tests and test support anywhere, by nothing else.
func testPackages() []string {
	return []string{
		"github.com/chromedp", "github.com/santhosh-tekuri/jsonschema", "github.com/stretchr/testify", "golang.org/x/net/html", "pgregory.net/rapid", "go.opentelemetry.io/proto", "google.golang.org/protobuf",
		"net/http", "os/exec", "database/sql",
	}
}

func TestImports_PointOneWay(t *testing.T) {
	t.Parallel()
	rows := mayImport()
	var found []string
	for _, s := range tree(t, func(s *source) bool { return !s.test() }) {
		from := row(rows, s.folder)
		require.NotEmpty(t, from, "%s belongs to no row", s.path)
		for _, p := range s.imports() {
			target, ours := strings.CutPrefix(p, module)
			if !ours || target == leaf {
				continue
			}
			to := row(rows, target)
			if support(target) || (to != from && !slices.Contains(rows[from], to)) {
				found = append(found, fmt.Sprintf("%s imports %s; %s may import %v", s.path, target, from, rows[from]))
			}
		}
	}
	none(t, found, "the import rule (mayImport) forbids:")
}

func TestImports_OthersPackagesHavePlaces(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range tree(t, nil) {
		for _, p := range s.imports() {
			if strings.HasPrefix(p, module) || allowed(s, p) {
				continue
			}
			found = append(found, s.path+" imports "+p)
		}
	}
	none(t, found, "packages() does not list these places:")
}

func TestImports_RowsNameWhatExists(t *testing.T) {
	t.Parallel()
	rows := mayImport()
	for from, list := range rows {
		for _, folder := range append(slices.Clone(list), from) {
			info, err := os.Stat(filepath.Join(root, folder))
			require.NoError(t, err, "a row names a folder that is gone")
			require.True(t, info.IsDir())
			require.Contains(t, rows, folder, "a row may only name folders that have one")
		}
	}
}

// row gives the nearest folder with a row, "" when there is none.
func row(rows map[string][]string, folder string) string {
	for folder != "." {
		if _, ok := rows[folder]; ok {
			return folder
		}
		folder = path.Dir(folder)
	}
	return ""
}

// allowed reports whether a file may import a package that is not ours.
func allowed(s *source, p string) bool {
	under := func(prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }
	if s.test() && slices.ContainsFunc(testPackages(), under) {
		return true
	}
	for prefix, places := range packages() {
		if !under(prefix) {
			continue
		}
		return slices.ContainsFunc(places, func(place string) bool {
			return s.folder == place || (path.Dir(s.folder) == place && s.test()) || within(place, s.folder)
		})
	}
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".") // the standard library
}

// within reports whether a folder lies anywhere below a place whose rule covers
// its folders: handlers, views and cmd do, models and engine name theirs.
func within(place, folder string) bool {
	return place != "models" && place != "engine" && strings.HasPrefix(folder, place+"/")
}
