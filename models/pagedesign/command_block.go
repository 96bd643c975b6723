package pagedesign

import (
	"fmt"
	"maps"
	"slices"

	"formrail/models"
)

// pageWidth is how wide a column is that stands alone.
const pageWidth = 12

func (c *change) addBlock(args arguments) (string, error) {
	given, err := args.object("block")
	if err != nil {
		return "", err
	}
	definition := maps.Clone(given)
	definition["id"] = args.text("id")
	if definition["id"] == "" {
		definition["id"] = c.freeID()
	}
	b, problems := models.ReadBlock(definition)
	if found := models.Problems(problems); found != nil {
		return "", found
	}
	c.touch(b.ID)
	if popup, _ := args["popup"].(bool); popup {
		c.p.Popups = append(c.p.Popups, b)
	} else {
		c.p.Rows = append(c.p.Rows, alone(b))
	}
	return "Added " + nameOf(b), nil
}

// alone is a row with one block.
func alone(b *models.Block) models.PageRow {
	return models.PageRow{Columns: []models.PageColumn{{Width: pageWidth, Blocks: []*models.Block{b}}}}
}

func (c *change) setBlock(args arguments) (string, error) {
	b, err := c.block(args.text("block"))
	if err != nil {
		return "", err
	}
	values, err := args.object("values")
	if err != nil {
		return "", err
	}
	definition, err := merged(b.Definition(), values, "title", "fields", "filter", "sort", "pageSize")
	if err != nil {
		return "", err
	}
	made, problems := models.ReadBlock(definition)
	if found := models.Problems(problems); found != nil {
		return "", found
	}
	*b = *made
	return "Changed " + nameOf(b), nil
}

func (c *change) moveBlock(args arguments) (string, error) {
	b, err := c.block(args.text("block"))
	if err != nil {
		return "", err
	}
	by, err := args.direction()
	if err != nil {
		return "", err
	}
	c.touch(wholePage)
	if i := slices.Index(c.p.Popups, b); i >= 0 {
		swap(c.p.Popups, i, i+by)
		return "Moved " + nameOf(b), nil
	}
	c.moveInRows(b, by)
	return "Moved " + nameOf(b), nil
}

// swap exchanges two elements; at an end nothing moves.
func swap[T any](list []T, i, j int) {
	if j >= 0 && j < len(list) {
		list[i], list[j] = list[j], list[i]
	}
}

// moveInRows moves a block within its column. At the end of a column it leaves the
// row; a block that is a row of its own changes places with the row beside it.
func (c *change) moveInRows(b *models.Block, by int) {
	for r, row := range c.p.Rows {
		for k, column := range row.Columns {
			i := slices.Index(column.Blocks, b)
			switch {
			case i < 0:
				continue
			case i+by >= 0 && i+by < len(column.Blocks):
				swap(column.Blocks, i, i+by)
			case len(row.Columns) == 1 && len(column.Blocks) == 1:
				swap(c.p.Rows, r, r+by)
			default:
				c.p.Rows[r].Columns[k].Blocks = slices.Delete(column.Blocks, i, i+1)
				c.p.Rows = slices.Insert(c.p.Rows, r+max(by, 0), alone(b))
				c.tidy()
			}
			return
		}
	}
}

// tidy drops columns and rows without blocks; a column that is left alone becomes
// as wide as the page.
func (c *change) tidy() {
	for r := range c.p.Rows {
		row := &c.p.Rows[r]
		before := len(row.Columns)
		row.Columns = slices.DeleteFunc(row.Columns, func(column models.PageColumn) bool { return len(column.Blocks) == 0 })
		if len(row.Columns) == 1 && before > 1 {
			row.Columns[0].Width = pageWidth
		}
	}
	c.p.Rows = slices.DeleteFunc(c.p.Rows, func(row models.PageRow) bool { return len(row.Columns) == 0 })
}

// deleteBlock takes a block away, with the buttons that open it.
func (c *change) deleteBlock(args arguments) (string, error) {
	gone, err := c.block(args.text("block"))
	if err != nil {
		return "", err
	}
	is := func(b *models.Block) bool { return b == gone }
	c.p.Popups = slices.DeleteFunc(c.p.Popups, is)
	for r := range c.p.Rows {
		for k := range c.p.Rows[r].Columns {
			column := &c.p.Rows[r].Columns[k]
			column.Blocks = slices.DeleteFunc(column.Blocks, is)
		}
	}
	c.tidy()
	buttons := 0
	for _, b := range c.p.Blocks() {
		before := len(b.Actions)
		b.Actions = slices.DeleteFunc(b.Actions, func(a *models.PageAction) bool { return a.Block == gone.ID })
		buttons += before - len(b.Actions)
		for _, a := range b.Actions {
			a.After.Refresh = slices.DeleteFunc(a.After.Refresh, func(id string) bool { return id == gone.ID })
		}
	}
	if buttons > 0 {
		return fmt.Sprintf("Deleted %s and what opens it", nameOf(gone)), nil
	}
	return "Deleted " + nameOf(gone), nil
}
