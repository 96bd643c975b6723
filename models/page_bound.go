package models

import "context"

// BoundButton is a button of a page to which a workflow is bound.
type BoundButton struct {
	Page   *Page
	Block  *Block
	Action *PageAction
	Path   string // association to the data that the workflow gets; empty for the record
}

// BoundTo lists the buttons that start a workflow, in the order of the pages. A
// workflow that is bound twice to a button is listed twice.
func (db *DB) BoundTo(ctx context.Context, workflow string) ([]BoundButton, error) {
	pages, err := db.Pages(ctx)
	if err != nil {
		return nil, err
	}
	var out []BoundButton
	for _, p := range pages {
		for _, b := range p.Blocks() {
			for _, a := range b.Actions {
				for _, bound := range a.Started() {
					if bound.Key == workflow {
						out = append(out, BoundButton{Page: p, Block: b, Action: a, Path: bound.Path})
					}
				}
			}
		}
	}
	return out, nil
}
