package middleware

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrace_KeepsWhatIsWrittenRightly(t *testing.T) {
	t.Parallel()
	const id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	const good = "00-" + id + "-" + parent + "-01"
	for sent, kept := range map[string]string{
		good:                                    good,
		"cc-" + id + "-" + parent + "-01-later": good,
		"cc-" + id + "-" + parent + "-01":       good,
		"":                                      "",
		good + "-more":                          "",
		"ff" + good[2:]:                         "",
		good[:len(good)-1]:                      "",
		"00-00000000000000000000000000000000-" + parent + "-01": "",
		"00-" + id + "-0000000000000000-01":                     "",
		"00-0AF7651916CD43DD8448EB211C80319C-" + parent + "-01": "",
		good + "\n": "",
	} {
		require.Equal(t, kept, trace(sent), sent)
	}
}

func TestLanguage_IsTheOneAskedForOrTheBestThatIsAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"en-GB", "xx", "en"},
		{"xx", "yy, en;q=0.1", "en"},
		{"", "en;q=0", ""},
		{"", "en;q=odd", ""},
		{"", "yy;q=0.9,*;q=0.1", ""},
		{"", "", ""},
	} {
		require.Equal(t, c[2], language(c[0], c[1]), "%q", c)
	}
}
