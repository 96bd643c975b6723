package web

import (
	"context"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/fields"
	"formrail/views/urls"
)

// panel draws the panel of the field. e is why it was not saved; nil for nothing.
func (d fieldDraft) panel(ctx context.Context, e *models.Error) (collections.FieldForm, error) {
	settings := d.settings(ctx)
	p := collections.FieldForm{
		CSRF: d.csrf, Icon: d.typ.icon, Close: urls.Collection(d.on.Name),
		First: settingProps(ctx, titleSetting(ctx), d.title(), e),
		Main:  d.props(ctx, settings.main, e), Rules: d.props(ctx, settings.rules, e), More: d.props(ctx, settings.more, e),
	}
	if d.typ.kind == field.Select {
		p.Options = &collections.Options{Rows: d.options, Problem: problemOf(ctx, "options", e), Focus: d.focus}
	}
	if e != nil && e.Code == "IMPACT_CONFIRMATION_REQUIRED" {
		p.Impact, p.Confirm = impactLines(ctx, e)
	} else {
		p.Problems = problemList(ctx, d.inputs(ctx, p, e), e)
	}
	if d.old == nil {
		p.Title, p.Note = text.T(ctx, "collections.new_field", "New field"), d.typ.title.In(ctx)
		p.Address = urls.CollectionNewField(d.on.Name, d.typ.key)
		p.Key = collections.KeyProps{Value: d.value("name"), Suggested: d.value(collections.SuggestedName), Problem: problemOf(ctx, "name", e)}
		return p, nil
	}
	p.Title, p.Note, p.Name = d.old.Title(), d.typ.title.In(ctx)+" · "+d.old.Name, d.old.Name
	p.Address = urls.CollectionField(d.on.Name, d.old.Name)
	p.Rename, p.Delete = urls.CollectionFieldRename(d.on.Name, d.old.Name), urls.CollectionFieldDelete(d.on.Name, d.old.Name)
	used, err := d.site.Records.Usages(ctx, d.on.Name, d.old.Name)
	if err != nil {
		return p, err
	}
	p.UsedBy, err = d.usages(ctx, used)
	return p, err
}

// title is the title that the panel shows: the name, for a field without one.
func (d fieldDraft) title() string {
	if d.sent == nil && d.old != nil {
		return d.old.Title()
	}
	return d.value("title")
}

// inputs are all inputs of the panel, for the summary of what is wrong.
func (d fieldDraft) inputs(ctx context.Context, p collections.FieldForm, e *models.Error) []fields.Props {
	all := []fields.Props{p.First, settingProps(ctx, field.Field{Name: "name", Label: text.T(ctx, "collections.key", "Key")}, "", e)}
	all = append(all, p.Main...)
	if p.Options != nil {
		all = append(all, settingProps(ctx, field.Field{Name: "options", Label: text.T(ctx, "collections.options", "Options")}, "", e))
	}
	return append(append(all, p.Rules...), p.More...)
}

// impactLines says which records new settings would touch, with the hash that
// accepts it.
func impactLines(ctx context.Context, e *models.Error) (lines []string, confirm string) {
	found, _ := e.Data["usages"].([]models.Usage)
	for _, u := range found {
		lines = append(lines, text.T(ctx, "collections.impact_line", "%s. %s", u.Title, u.Place))
	}
	confirm, _ = e.Data["confirm"].(string)
	return lines, confirm
}
