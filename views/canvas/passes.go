package canvas

import (
	"context"

	"formrail/models/text"
)

// says is which pass is shown, in words.
func (p Passes) says(ctx context.Context) string {
	said := text.T(ctx, "passes.now", "Pass %d of %d", p.Number, p.Last)
	switch {
	case p.Fails:
		return said + " · " + text.T(ctx, "passes.fails", "failed")
	case p.Empty:
		return said + " · " + text.T(ctx, "passes.empty", "passed over")
	}
	return said
}
