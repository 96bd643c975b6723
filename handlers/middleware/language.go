package middleware

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"formrail/models/text"
)

// maxLanguages is how many languages of a header are looked at.
const maxLanguages = 20

// language chooses the language of messages: the one that a caller asks for or, when
// that does not exist, the best of those that the program behind him accepts.
func language(asked, accepted string) string {
	if found := text.Choose(asked); found != "" {
		return found
	}
	type weighed struct {
		locale string
		weight float64
	}
	var list []weighed
	for one := range strings.SplitSeq(accepted, ",") {
		locale, parameter, _ := strings.Cut(one, ";")
		weight, isNumber := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		if !isNumber {
			q, err = 1, nil
		}
		if err == nil && q > 0 && len(list) < maxLanguages {
			list = append(list, weighed{strings.TrimSpace(locale), q})
		}
	}
	slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	wanted := make([]string, len(list))
	for i, one := range list {
		wanted[i] = one.locale
	}
	return text.Choose(wanted...)
}
