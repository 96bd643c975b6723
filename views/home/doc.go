// Package home draws the first page of a signed-in person.
package home

import (
	"context"
	"strconv"

	"formrail/models/text"
)

// newFailures is the badge of the card of failures; empty when nothing is new.
func newFailures(ctx context.Context, n int) string {
	if n == 0 {
		return ""
	}
	return text.T(ctx, "home.new_failures", "%s new", strconv.Itoa(n))
}
