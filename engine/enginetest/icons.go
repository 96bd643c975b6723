package enginetest

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var symbol = regexp.MustCompile(`<symbol id="(?:i-)?([^"]+)"`)

// Icons lists the names in an icon sprite.
func Icons(t testing.TB, sprite string) []string {
	t.Helper()
	svg, err := os.ReadFile(sprite)
	require.NoError(t, err)
	var names []string
	for _, m := range symbol.FindAllSubmatch(svg, -1) {
		names = append(names, string(m[1]))
	}
	require.NotEmpty(t, names, "the sprite has symbols")
	return names
}
