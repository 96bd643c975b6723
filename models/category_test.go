package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func titlesOf(list []models.Category) (out []string) {
	for _, c := range list {
		out = append(out, c.Title)
	}
	return out
}

func TestCategory_IsMadeChangedMovedAndDeleted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		write := func(fn func(tx *models.Tx) error) error {
			return db.Write(t.Context(), "test.category", func(tx *models.Tx) error { return fn(tx) })
		}
		made := map[string]int64{}
		for _, title := range []string{"Finance", "People", "Vendors"} {
			c := models.Category{Title: " " + title + " ", Colour: "green"}
			require.NoError(t, write(func(tx *models.Tx) error { return models.InsertCategory(t.Context(), tx, &c) }))
			made[title] = c.ID
		}
		list := func() []string {
			all, err := models.Categories(t.Context(), db.Read())
			require.NoError(t, err)
			return titlesOf(all)
		}
		require.Equal(t, []string{"Finance", "People", "Vendors"}, list())
		move := func(title string, by int) error {
			return write(func(tx *models.Tx) error { return models.MoveCategory(t.Context(), tx, made[title], by) })
		}
		require.NoError(t, move("Vendors", -1))
		require.Equal(t, []string{"Finance", "Vendors", "People"}, list())
		require.NoError(t, move("Finance", -5))
		require.NoError(t, move("Finance", 99))
		require.Equal(t, []string{"Vendors", "People", "Finance"}, list())
		for _, bad := range []models.Category{{Title: " "}, {Title: "pEOPLE"}, {Title: "New", Colour: "url(x)"}, {Title: string(make([]rune, 61))}} {
			err := write(func(tx *models.Tx) error { return models.InsertCategory(t.Context(), tx, &bad) })
			require.True(t, models.IsKind(err, models.KindInvalid), "%q: %v", bad.Title, err)
		}
		renamed := models.Category{ID: made["People"], Title: "Staff"}
		require.NoError(t, write(func(tx *models.Tx) error { return models.UpdateCategory(t.Context(), tx, &renamed) }))
		require.NoError(t, write(func(tx *models.Tx) error {
			_, err := models.DeleteCategory(t.Context(), tx, made["Vendors"])
			return err
		}))
		require.Equal(t, []string{"Staff", "Finance"}, list())
		require.True(t, models.IsKind(move("Vendors", 1), models.KindNotFound))
	})
}

func TestCategory_DeletingItTakesOnlyTheLabelOff(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		w := &models.Workflow{Key: "approval", Title: "Approval", Type: "post_action", Draft: "{}"}
		one, two := models.Category{Title: "One"}, models.Category{Title: "Two"}
		require.NoError(t, db.Write(t.Context(), "test.make", func(tx *models.Tx) error {
			for _, c := range []*models.Category{&one, &two} {
				*c = models.Category{Title: c.Title}
				if err := models.InsertCategory(t.Context(), tx, c); err != nil {
					return err
				}
			}
			if err := models.InsertWorkflow(t.Context(), tx, w); err != nil {
				return err
			}
			return models.SetCategories(t.Context(), tx, w.ID, []int64{two.ID, one.ID, two.ID})
		}))
		carried := func() []int64 {
			of, err := models.CategoriesOfWorkflows(t.Context(), db.Read())
			require.NoError(t, err)
			return of[w.ID]
		}
		require.Equal(t, []int64{one.ID, two.ID}, carried(), "in the order of the categories, each once")
		err := db.Write(t.Context(), "test.unknown", func(tx *models.Tx) error { return models.SetCategories(t.Context(), tx, w.ID, []int64{99}) })
		require.True(t, models.IsKind(err, models.KindInvalid))
		require.Len(t, carried(), 2, "nothing is kept of what was refused")
		require.NoError(t, db.Write(t.Context(), "test.delete", func(tx *models.Tx) error {
			_, err := models.DeleteCategory(t.Context(), tx, one.ID)
			return err
		}))
		require.Equal(t, []int64{two.ID}, carried())
		_, err = models.WorkflowByKey(context.Background(), db.Read(), "approval")
		require.NoError(t, err)
	})
}
