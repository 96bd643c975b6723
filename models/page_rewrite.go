package models

import (
	"context"
	"fmt"

	"formrail/models/field"
)

// RewriteBlocks lets rewrite change every block of every page and draft, as a
// change of the schema does with names, and stores those that differ. Such a page is
// not checked again: the catalogue it must fit is the one this transaction makes.
func RewriteBlocks(ctx context.Context, tx *Tx, by Access, rewrite func(*Block)) error {
	drafts, err := PageDrafts(ctx, tx)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if err := rewriteDraft(ctx, tx, d, rewrite); err != nil {
			return err
		}
	}
	pages, err := pagesIn(ctx, tx)
	if err != nil {
		return err
	}
	for _, p := range pages {
		before, err := field.MarshalJSON(p.document())
		if err != nil {
			return err
		}
		for _, b := range p.Blocks() {
			rewrite(b)
		}
		after, err := field.MarshalJSON(p.document())
		if err != nil {
			return err
		}
		if string(before) == string(after) {
			continue
		}
		p.Revision++
		if err := p.record(ctx, tx, by, "page.update", ResourceUpdated); err != nil {
			return fmt.Errorf("rewrite page %s: %w", p.Key, err)
		}
	}
	return nil
}
