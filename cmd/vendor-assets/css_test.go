package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStyles_CommittedFileEqualsItsSources(t *testing.T) {
	t.Parallel()
	want, err := joinStyles("../../static/css")
	require.NoError(t, err)
	got, err := os.ReadFile("../../static/app.css")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go run ./cmd/vendor-assets css")
}

func TestShapes(t *testing.T) {
	t.Parallel()
	shapes, err := shapesOf("<!-- note -->\n<svg width=\"24\">\n  <path d=\"M1 2\" />\n  <path d=\"M3 4\" />\n</svg>\n")
	require.NoError(t, err)
	require.Equal(t, `<path d="M1 2"/><path d="M3 4"/>`, shapes)
	_, err = shapesOf("nothing")
	require.Error(t, err)
}
