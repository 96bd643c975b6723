package models

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxName is how many characters the name of a collection or field has at most.
const maxName = 48

// spelled writes out letters that do not come apart into a Latin letter and a mark.
func spelled(s string) string {
	return strings.NewReplacer("ß", "ss", "æ", "ae", "Æ", "Ae", "œ", "oe", "Œ", "Oe", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L",
		"đ", "d", "Đ", "D", "ð", "d", "Ð", "D", "þ", "th", "Þ", "Th", "ı", "i").Replace(s)
}

// SuggestName makes a name from a title: "Team offsite" gives teamOffsite. fits
// reports whether a name may be used and is free; a number is added until one is.
// A title without Latin letters gives otherwise.
func SuggestName(title, otherwise string, fits func(name string) bool) string {
	base := camel(title)
	if base == "" {
		base = otherwise
	}
	name := base
	for n := 2; !fits(name) && n <= MaxFields+MaxCollections; n++ {
		tail := strconv.Itoa(n)
		name = base[:min(len(base), maxName-len(tail))] + tail
	}
	return name
}

// camel writes the words of a title together, without anything but letters and
// digits of ASCII.
func camel(title string) string {
	var b strings.Builder
	upper := false
	for _, r := range norm.NFD.String(spelled(title)) {
		switch {
		case b.Len() == maxName:
			return b.String()
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			continue
		case r >= '0' && r <= '9' && b.Len() > 0, isLatin(r) && upper && b.Len() > 0:
			b.WriteRune(unicode.ToUpper(r))
			upper = false
		case isLatin(r) && b.Len() == 0:
			b.WriteRune(unicode.ToLower(r))
			upper = false
		case isLatin(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			upper = true
		}
	}
	return b.String()
}

func isLatin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
