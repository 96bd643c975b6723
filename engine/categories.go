package engine

import (
	"context"
	"fmt"
	"strconv"

	"formrail/models"
)

// SaveCategory adds a category of workflows, or changes title and colour of the one
// with its ID. It needs the right workflow.edit, as all changes of categories do.
func (e *Engine) SaveCategory(ctx context.Context, access models.Access, c models.Category) (models.Category, error) {
	var saved models.Category
	err := e.changeCategories(ctx, access, "category.save", func(tx *models.Tx) (models.Category, error) {
		saved = c
		save := models.UpdateCategory
		if c.ID == 0 {
			save = models.InsertCategory
		}
		err := save(ctx, tx, &saved)
		return saved, err
	})
	return saved, err
}

// MoveCategory moves a category by some places among the others: −1 is one place to
// the front.
func (e *Engine) MoveCategory(ctx context.Context, access models.Access, id int64, by int) error {
	return e.changeCategories(ctx, access, "category.move", func(tx *models.Tx) (models.Category, error) {
		return models.Category{ID: id}, models.MoveCategory(ctx, tx, id, by)
	})
}

// DeleteCategory removes a category. The workflows that carry it only lose the label.
func (e *Engine) DeleteCategory(ctx context.Context, access models.Access, id int64) error {
	return e.changeCategories(ctx, access, "category.delete", func(tx *models.Tx) (models.Category, error) {
		return models.DeleteCategory(ctx, tx, id)
	})
}

// changeCategories makes one audited change of the categories.
func (e *Engine) changeCategories(ctx context.Context, access models.Access, action string, fn func(*models.Tx) (models.Category, error)) error {
	if err := access.Require("workflow.edit"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.categories", func(tx *models.Tx) error {
		c, err := fn(tx)
		if err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: action, ObjectType: "category", ObjectID: strconv.FormatInt(c.ID, 10), Title: c.Title})
	})
	if err != nil {
		return fmt.Errorf("change categories: %w", err)
	}
	return nil
}
