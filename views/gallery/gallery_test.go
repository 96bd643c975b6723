package gallery_test

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/views/gallery"
	"formrail/views/viewstest"
)

var update = flag.Bool("update", false, "write the expected trees instead of comparing them")

func TestSamples_LookAsExpected(t *testing.T) {
	t.Parallel()
	for _, s := range gallery.Samples() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			viewstest.Golden(t, viewstest.GoldenFile{Path: filepath.Join("testdata", s.Name+".tree"), Update: *update}, s.Component)
		})
	}
}

func TestSamples_KeepTheRules(t *testing.T) {
	t.Parallel()
	for _, s := range gallery.Samples() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			root := viewstest.Parse(t, viewstest.Render(t, s.Component))
			require.Empty(t, viewstest.Faults(root))
			if s.Page {
				require.Len(t, viewstest.All(root, viewstest.Tag("h1")), 1, "a page has one h1")
				require.Len(t, viewstest.All(root, viewstest.Tag("main")), 1, "a page has one main")
			}
		})
	}
}

func TestSamples_HaveDifferentNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range gallery.Samples() {
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
	}
	require.Greater(t, len(seen), 40)
}
