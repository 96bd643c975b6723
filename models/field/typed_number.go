package field

import (
	"regexp"
	"strings"
)

// grouped is a number whose digits stand in groups of three, as pages show it.
var grouped = regexp.MustCompile(`^[+-]?[0-9]{1,3}([,.])[0-9]{3}(?:[,.][0-9]{3})*$`)

// typedNumber is a number as [ParseDecimal] reads it, of one that a person typed: with
// groups of three digits as pages show them, or with a comma before the decimals. One
// comma before exactly three digits closes a group, as in 1,200. What can be read in no
// way stays as it is.
func typedNumber(s string) string {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "").Replace(strings.TrimSpace(s))
	comma, dot := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	switch {
	case comma < 0 && strings.Count(s, ".") < 2:
		return s
	case comma < 0 || dot < 0: // one kind of sign
		sign := "."
		if comma >= 0 {
			sign = ","
		}
		if grouped.MatchString(s) {
			return strings.ReplaceAll(s, sign, "")
		}
		if sign == "," && strings.Count(s, ",") == 1 {
			return strings.Replace(s, ",", ".", 1)
		}
		return s
	}
	at := max(comma, dot) // the last sign stands before the decimals, the other one groups
	whole, decimals := s[:at], s[at+1:]
	if !grouped.MatchString(whole) || strings.IndexByte(whole, s[at]) >= 0 {
		return s
	}
	return strings.NewReplacer(",", "", ".", "").Replace(whole) + "." + decimals
}
