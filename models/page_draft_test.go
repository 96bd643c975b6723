package models_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestRewriteBlocks_FollowsIntoDraftsAndWhatUndoBringsBack(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		bound(t, db)
		p, _ := page(t, tickets)
		require.NoError(t, save(t, db, models.SystemAccess(), p))
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			d, err := models.PageDraftByKey(ctx, tx, "people")
			if err != nil {
				return err
			}
			before := d.Draft
			edited := *p
			edited.Title = "Staff"
			if err := models.SetPageDraft(ctx, tx, d, &edited); err != nil {
				return err
			}
			return models.PageEdits().Insert(ctx, tx, &models.DraftCommand{ID: "edit", OwnerID: d.ID, Revision: 1, Commands: "[]", Before: before, After: d.Draft})
		})
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.RewriteBlocks(ctx, tx, models.SystemAccess(), func(b *models.Block) {
				for i, f := range b.Fields {
					b.Fields[i].Field = strings.ReplaceAll(f.Field, "nickname", "callsign")
				}
			})
		})
		d, err := models.PageDraftByKey(t.Context(), db.Read(), "people")
		require.NoError(t, err)
		edit, err := models.PageEdits().Last(t.Context(), db.Read(), d.ID, "done")
		require.NoError(t, err)
		for name, definition := range map[string]string{"what others see": d.Live, "the draft": d.Draft, "what undo brings back": edit.Before, "what redo repeats": edit.After} {
			require.Contains(t, definition, `"callsign"`, name)
			require.NotContains(t, definition, `"field":"nickname"`, name)
		}
		require.True(t, d.Dirty())
		require.Contains(t, d.Draft, "Staff")
		require.Contains(t, d.Live, "People")
	})
}

func TestPageUsages_KnowWhatOnlyADraftShows(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		bound(t, db)
		p, _ := page(t, tickets)
		require.NoError(t, save(t, db, models.SystemAccess(), p))
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			d, err := models.PageDraftByKey(ctx, tx, "people")
			if err != nil {
				return err
			}
			edited, err := d.Page()
			if err != nil {
				return err
			}
			b, _ := edited.Block("b1")
			b.Fields = append(b.Fields, models.BlockField{Field: "locale"})
			return models.SetPageDraft(ctx, tx, d, edited)
		})
		usages, err := db.PageUsages(t.Context(), "users", "locale")
		require.NoError(t, err)
		require.Equal(t, []models.Usage{{Kind: "page", Key: "people", Title: "People", Place: "b1"}}, usages, "nobody else sees it")
		both, err := db.PageUsages(t.Context(), "users", "nickname")
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, u := range both {
			require.True(t, u.Live)
			require.False(t, seen[u.Place], "a block is named once")
			seen[u.Place] = true
		}
	})
}
