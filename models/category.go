package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// Category is a label of workflows. A workflow may carry several; to remove one
// takes the label off and changes nothing else.
type Category struct {
	ID     int64
	Title  string // 1 to 60 characters, unique whatever the case
	Colour string // one of [field.Colours]; empty = none
}

// maxCategories keeps the row of tabs readable.
const maxCategories = 50

// Categories lists all categories in the order people gave them.
func Categories(ctx context.Context, q Querier) ([]Category, error) {
	var out []Category
	rows, err := q.Query(ctx, "SELECT id, title, colour FROM workflow_categories ORDER BY position, id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		var c Category
		err := r.Scan(&c.ID, &c.Title, &c.Colour)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list categories: %w", err)
	}
	return out, nil
}

// categoryByID finds a category and its place in the order. Unknown ones are NotFound.
func categoryByID(ctx context.Context, q Querier, id int64) (all []Category, at int, err error) {
	if all, err = Categories(ctx, q); err != nil {
		return nil, 0, err
	}
	at = slices.IndexFunc(all, func(c Category) bool { return c.ID == id })
	if at < 0 {
		return nil, 0, NotFound()
	}
	return all, at, nil
}

// check trims a category and refuses what it may not be.
func (c *Category) check(all []Category) error {
	wrong := func(name, code string, m text.Message) error {
		return InvalidFields([]FieldError{{Field: name, Code: code, Message: m}})
	}
	c.Title = strings.TrimSpace(c.Title)
	if n := len([]rune(c.Title)); n == 0 || n > 60 {
		return wrong("title", "VALIDATION_FAILED", text.M("category.title", "A name has 1 to 60 characters."))
	}
	if slices.ContainsFunc(all, func(o Category) bool { return o.ID != c.ID && strings.EqualFold(o.Title, c.Title) }) {
		return wrong("title", "NOT_UNIQUE", text.M("category.title_taken", "Another category is called %s.", c.Title))
	}
	if c.Colour != "" && !slices.Contains(field.Colours(), c.Colour) {
		return wrong("colour", "VALIDATION_FAILED", text.M("category.colour", "%s is no colour. Choose one of the list.", c.Colour))
	}
	return nil
}

// InsertCategory adds a category after all others and sets its ID.
func InsertCategory(ctx context.Context, tx *Tx, c *Category) error {
	all, err := Categories(ctx, tx)
	if err != nil {
		return err
	}
	if len(all) >= maxCategories {
		return Conflict("LIMIT_REACHED", text.M("category.many", "There are %d categories already. Delete one first.", maxCategories))
	}
	if err := c.check(all); err != nil {
		return err
	}
	err = tx.QueryRow(ctx, `INSERT INTO workflow_categories (title, colour, position, created_at)
		VALUES (?, ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM workflow_categories), ?) RETURNING id`, c.Title, c.Colour, At(tx.Now())).Scan(&c.ID)
	if err != nil {
		return fmt.Errorf("insert category: %w", storageError(err))
	}
	return nil
}

// UpdateCategory saves title and colour.
func UpdateCategory(ctx context.Context, tx *Tx, c *Category) error {
	all, _, err := categoryByID(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if err := c.check(all); err != nil {
		return err
	}
	if err := tx.Queue(ctx, "UPDATE workflow_categories SET title = ?, colour = ? WHERE id = ?", c.Title, c.Colour, c.ID); err != nil {
		return fmt.Errorf("update category %d: %w", c.ID, err)
	}
	return nil
}

// MoveCategory moves a category by some places: −1 is one place to the front. At
// the end it stays.
func MoveCategory(ctx context.Context, tx *Tx, id int64, by int) error {
	all, at, err := categoryByID(ctx, tx, id)
	if err != nil {
		return err
	}
	moved := all[at]
	all = slices.Insert(slices.Delete(all, at, at+1), min(max(at+by, 0), len(all)-1), moved)
	for i, c := range all {
		if err := tx.Queue(ctx, "UPDATE workflow_categories SET position = ? WHERE id = ?", i+1, c.ID); err != nil {
			return fmt.Errorf("move category %d: %w", id, err)
		}
	}
	return nil
}

// DeleteCategory takes a label off all workflows and removes it.
func DeleteCategory(ctx context.Context, tx *Tx, id int64) (Category, error) {
	all, at, err := categoryByID(ctx, tx, id)
	if err != nil {
		return Category{}, err
	}
	for _, query := range []string{"DELETE FROM workflow_category_members WHERE category_id = ?", "DELETE FROM workflow_categories WHERE id = ?"} {
		if err := tx.Queue(ctx, query, id); err != nil {
			return Category{}, fmt.Errorf("delete category %d: %w", id, err)
		}
	}
	return all[at], nil
}

// CategoriesOfWorkflows gives the ids of the categories of every workflow that has
// some, each in the order of the categories.
func CategoriesOfWorkflows(ctx context.Context, q Querier) (map[int64][]int64, error) {
	out := map[int64][]int64{}
	rows, err := q.Query(ctx, `SELECT m.workflow_id, m.category_id FROM workflow_category_members m
		JOIN workflow_categories c ON c.id = m.category_id ORDER BY c.position, c.id`)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var workflow, category int64
		err := r.Scan(&workflow, &category)
		out[workflow] = append(out[workflow], category)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list categories of workflows: %w", err)
	}
	return out, nil
}

// CategoryNames lists the names of the categories of a workflow.
func CategoryNames(ctx context.Context, q Querier, workflow int64) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT c.title FROM workflow_category_members m JOIN workflow_categories c ON c.id = m.category_id
		WHERE m.workflow_id = ? ORDER BY c.position, c.id`, workflow)
	return ids(rows, err, "list categories of a workflow")
}

// SetCategories gives a workflow exactly these categories. An unknown one is a
// problem of the field categories.
func SetCategories(ctx context.Context, tx *Tx, workflow int64, categories []int64) error {
	all, err := Categories(ctx, tx)
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, "DELETE FROM workflow_category_members WHERE workflow_id = ?", workflow); err != nil {
		return fmt.Errorf("clear categories of workflow %d: %w", workflow, err)
	}
	slices.Sort(categories)
	for _, id := range slices.Compact(categories) {
		if !slices.ContainsFunc(all, func(c Category) bool { return c.ID == id }) {
			return InvalidFields([]FieldError{{Field: "categories", Code: "VALIDATION_FAILED", Message: text.M("category.unknown", "There is no category %d.", id)}})
		}
		if err := tx.Queue(ctx, "INSERT INTO workflow_category_members (category_id, workflow_id) VALUES (?, ?)", id, workflow); err != nil {
			return fmt.Errorf("set categories of workflow %d: %w", workflow, err)
		}
	}
	return nil
}
