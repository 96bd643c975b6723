package text_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models/text"
)

func TestChoose_TakesTheFirstLanguageThatExists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wanted []string
		want   string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"xx", "-", "--", "*"}, ""},
		{[]string{"en"}, "en"},
		{[]string{"EN-gb"}, "en"},
		{[]string{"xx-en", "en-Latn-GB-x-odd"}, "en"},
		{[]string{"english"}, ""},
	} {
		require.Equal(t, c.want, text.Choose(c.wanted...), "%q", c.wanted)
	}
}
