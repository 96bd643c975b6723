package pagedesign

import (
	"fmt"
	"maps"
	"slices"

	"formrail/models"
	"formrail/models/text"
)

func (c *change) addAction(args arguments) (string, error) {
	b, err := c.block(args.text("block"))
	if err != nil {
		return "", err
	}
	given, err := args.object("action")
	if err != nil {
		return "", err
	}
	definition := maps.Clone(given)
	definition["id"] = args.text("id")
	if definition["id"] == "" {
		definition["id"] = c.freeID()
	}
	a, problems := models.ReadPageAction(definition)
	if found := models.Problems(problems); found != nil {
		return "", found
	}
	if err := c.bindable(b, a, nil); err != nil {
		return "", err
	}
	c.touch(a.ID)
	b.Actions = append(b.Actions, a)
	return fmt.Sprintf("Added %s to %s", labelOf(a), nameOf(b)), nil
}

func (c *change) setAction(args arguments) (string, error) {
	a, _, err := c.action(args.text("action"))
	if err != nil {
		return "", err
	}
	values, err := args.object("values")
	if err != nil {
		return "", err
	}
	definition, err := merged(a.Definition(), values, "title", "style", "open", "block", "confirm", "values", "link", "after")
	if err != nil {
		return "", err
	}
	made, problems := models.ReadPageAction(definition)
	if found := models.Problems(problems); found != nil {
		return "", found
	}
	*a = *made
	return "Changed " + labelOf(a), nil
}

func (c *change) moveAction(args arguments) (string, error) {
	a, b, err := c.action(args.text("action"))
	if err != nil {
		return "", err
	}
	by, err := args.direction()
	if err != nil {
		return "", err
	}
	c.touch(b.ID)
	i := slices.Index(b.Actions, a)
	swap(b.Actions, i, i+by)
	return "Moved " + labelOf(a), nil
}

func (c *change) deleteAction(args arguments) (string, error) {
	a, b, err := c.action(args.text("action"))
	if err != nil {
		return "", err
	}
	b.Actions = slices.DeleteFunc(b.Actions, func(one *models.PageAction) bool { return one == a })
	return fmt.Sprintf("Removed %s from %s", labelOf(a), nameOf(b)), nil
}

// setBindings says what a button starts. A binding that is there already stays even
// if its workflow fits no more.
func (c *change) setBindings(args arguments) (string, error) {
	a, b, err := c.action(args.text("action"))
	if err != nil {
		return "", err
	}
	list, ok := args["bindings"].([]any)
	if !ok {
		return "", refused(text.M("page.command_bindings", "bindings must be a list of objects with workflow and path."))
	}
	definition, before := a.Definition(), a.Bindings
	definition["bindings"] = list
	made, problems := models.ReadPageAction(definition)
	if found := models.Problems(problems); found != nil {
		return "", found
	}
	for i := range made.Bindings {
		made.Bindings[i].Order = i + 1
	}
	if err := c.bindable(b, made, before); err != nil {
		return "", err
	}
	*a = *made
	return fmt.Sprintf("Bound %d workflows to %s", len(a.Bindings), labelOf(a)), nil
}

// bindable refuses bindings that would be skipped, all of them at once, and what
// stands twice or too often in the list.
func (c *change) bindable(b *models.Block, a *models.PageAction, before []models.PageBinding) error {
	var wrong []models.FieldError
	add := func(i int, m text.Message) {
		wrong = append(wrong, models.FieldError{Field: fmt.Sprintf("bindings[%d].workflow", i), Code: "BAD_PARAMETER", Message: m})
	}
	if len(a.Bindings) > models.MaxBindings {
		add(models.MaxBindings, text.M("binding.many", "At most %d workflows can be bound to one button.", models.MaxBindings))
	}
	same := func(g models.PageBinding) func(models.PageBinding) bool {
		return func(o models.PageBinding) bool { return o.Workflow == g.Workflow && o.Path == g.Path }
	}
	for i, g := range a.Bindings {
		if g.Workflow == "" {
			add(i, text.M("binding.choose", "Choose a workflow, or remove this row."))
			continue
		}
		if slices.ContainsFunc(a.Bindings[:i], same(g)) {
			add(i, text.M("binding.twice", "This workflow stands twice with the same data. Choose other data, or remove one row."))
		}
		if slices.ContainsFunc(before, same(g)) {
			continue
		}
		if why, ok := c.misfit(b, a, g); ok {
			add(i, why)
		}
	}
	if len(wrong) > 0 {
		return models.InvalidFields(wrong)
	}
	return nil
}
