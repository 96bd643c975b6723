package static_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/static"
)

func TestVersions_ListExactlyTheVendoredFiles(t *testing.T) {
	t.Parallel()
	list, err := static.FS.ReadFile("vendor/VERSIONS")
	require.NoError(t, err)
	listed := map[string]bool{"VERSIONS": true}
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		col := strings.Split(strings.TrimSpace(line), "\t")
		require.Len(t, col, 5, line)
		listed[col[0]] = true
		data, err := static.FS.ReadFile("vendor/" + col[0])
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		require.Equal(t, col[3], hex.EncodeToString(sum[:]), "%s was edited by hand", col[0])
		require.Equal(t, col[4], strconv.Itoa(len(data)), col[0])
	}
	require.NoError(t, fs.WalkDir(static.FS, "vendor", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			require.True(t, listed[strings.TrimPrefix(name, "vendor/")], "%s is missing in VERSIONS", name)
		}
		return err
	}))
}

func TestURL_OpensTheFileItNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"app.css":          "text/css; charset=utf-8",
		"js/app.js":        "text/javascript; charset=utf-8",
		"vendor/icons.svg": "image/svg+xml",
	} {
		url := static.URL(name)
		require.Regexp(t, `^/static/[0-9a-f]{12}/`+regexp.QuoteMeta(name)+`$`, url)
		data, contentType, ok := static.Open(strings.TrimPrefix(url, static.Prefix))
		require.True(t, ok, name)
		require.Equal(t, want, contentType)
		require.NotEmpty(t, data)
	}
}

func TestOpen_RefusesWhatItDoesNotServe(t *testing.T) {
	t.Parallel()
	hash := strings.Split(static.URL("app.css"), "/")[2]
	for _, path := range []string{
		"", hash, hash + "/", hash + "/nothing.css", hash + "/vendor/VERSIONS", hash + "/../embed.go", hash + "/css/base.css",
		"000000000000/app.css",
	} {
		_, _, ok := static.Open(path)
		require.False(t, ok, path)
	}
}

func TestStyles_ReferToEmbeddedFilesOnly(t *testing.T) {
	t.Parallel()
	css, err := static.FS.ReadFile("app.css")
	require.NoError(t, err)
	refs := regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(string(css), -1)
	require.NotEmpty(t, refs)
	for _, ref := range refs {
		_, err := static.FS.ReadFile(strings.Trim(ref[1], `"'`))
		require.NoError(t, err, ref[0])
	}
}

func TestStyles_WriteColoursInTheTokensLayerOnly(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("css/*.css")
	require.NoError(t, err)
	require.Len(t, files, 8)
	hex := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b`)
	for _, file := range files {
		css, err := os.ReadFile(file)
		require.NoError(t, err)
		if file != filepath.Join("css", "tokens.css") {
			require.Empty(t, hex.FindAllString(string(css), -1), file)
		}
	}
}

func TestModules_StaySmall(t *testing.T) {
	t.Parallel()
	entries, err := static.FS.ReadDir("js")
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		data, err := static.FS.ReadFile("js/" + entry.Name())
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(data), "\n"), 150, entry.Name())
	}
}

// TestModules_WeighLittle bounds what the heaviest page, the editor of workflows, loads of
// scripts before somebody edits code.
func TestModules_WeighLittle(t *testing.T) {
	t.Parallel()
	const most = 60 << 10
	total := 0
	require.NoError(t, fs.WalkDir(static.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		later := []string{"vendor/codemirror.min.js", "js/code.js", "vendor/sortable.min.js", "js/over.js", "js/table.js", "js/filter.js", "js/sort.js", "js/combobox.js", "js/combobox-option.js", "js/combobox-left.js"}
		if err != nil || path.Ext(name) != ".js" || slices.Contains(later, name) {
			return err
		}
		data, err := static.FS.ReadFile(name)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		total += packed.Len()
		return nil
	}))
	require.LessOrEqual(t, total, most)
}

// A class that no style sheet knows is a slip: the page looks as if it were not there.
func TestStyles_KnowEveryClassOfTheViews(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, file := range glob(t, "css", ".css") {
		for _, m := range regexp.MustCompile(`\.([a-zA-Z][\w-]*)`).FindAllStringSubmatch(file.text, -1) {
			known[m[1]] = true
		}
	}
	for _, file := range glob(t, "js", ".js") { // some only mark what a script finds
		for _, m := range regexp.MustCompile(`["'`+"`"+` ]\.([a-zA-Z][\w-]*)`).FindAllStringSubmatch(file.text, -1) {
			known[m[1]] = true
		}
	}
	used := 0
	for _, file := range glob(t, "../views", ".templ") {
		for _, m := range regexp.MustCompile(`class="([^"{]*)"`).FindAllStringSubmatch(file.text, -1) {
			for class := range strings.FieldsSeq(m[1]) {
				used++
				require.True(t, known[class], "%s uses the class %s", file.name, class)
			}
		}
	}
	require.Greater(t, used, 1000, "the search is broken")
}

type textFile struct{ name, text string }

// glob reads the files below a folder whose names end in some way.
func glob(t *testing.T, folder, ending string) (out []textFile) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ending) {
			return err
		}
		text, err := os.ReadFile(name)
		out = append(out, textFile{name, string(text)})
		return err
	}))
	return out
}
