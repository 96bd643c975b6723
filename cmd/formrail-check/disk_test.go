package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlend_LosesOrKeepsWhatWasNotSyncedBySectors(t *testing.T) {
	t.Parallel()
	of := func(letters string, last int) []byte {
		var out []byte
		for _, l := range letters {
			out = append(out, bytes.Repeat([]byte(string(l)), sector)...)
		}
		return append(out, bytes.Repeat([]byte("z"), last)...)
	}
	for name, c := range map[string]struct {
		kept, now []byte
		written   int // sectors that differ
	}{
		"nothing was written":    {of("abc", 0), of("abc", 0), 0},
		"parts were overwritten": {of("abc", 0), of("aXc", 0), 1},
		"it has grown":           {of("ab", 0), of("abc", 7), 2},
		"it was cut off":         {of("abcd", 0), of("ab", 0), 2},
		"it was emptied":         {of("ab", 0), []byte{}, 2},
		"it is new":              {[]byte{}, of("ab", 9), 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left, lost := blend(c.kept, c.now, newRandom(1), 0)
			require.Equal(t, c.kept, left, "nothing survives")
			require.Equal(t, c.written, lost)
			left, lost = blend(c.kept, c.now, newRandom(1), 1)
			require.Equal(t, c.now, left, "everything survives")
			require.Zero(t, lost)
			for seed := range uint64(50) {
				left, _ = blend(c.kept, c.now, newRandom(seed), 0.5)
				for at := 0; at < len(left); at += sector {
					is := part(left, at)
					require.True(t, bytes.Equal(is, part(c.kept, at)) || bytes.Equal(is, part(c.now, at)) || bytes.Equal(is, make([]byte, len(is))))
				}
			}
		})
	}
}
