package web

import (
	"context"

	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/fields"
)

// Settings of collections and fields are declared as inputs whose names are those of
// the definition, so that one list draws the form, reads it, and takes the findings.

func titleSetting(ctx context.Context) field.Field {
	return field.Field{Name: "title", Kind: field.Text, Label: text.T(ctx, "collections.setting_title", "Title"), Required: true, MaxLength: 80}
}

// settingProps draws one setting with a text and what is wrong with it.
func settingProps(ctx context.Context, d field.Field, value string, e *models.Error) fields.Props {
	return fields.Props{Field: d, ID: "setting-" + d.Name, Value: value, Checked: value == "true", Problem: problemOf(ctx, d.Name, e)}
}

// problemOf is what is wrong with one setting; empty for nothing.
func problemOf(ctx context.Context, name string, e *models.Error) string {
	if e == nil {
		return ""
	}
	for _, p := range e.Fields {
		if p.Field == name {
			return p.Message.In(ctx)
		}
	}
	return ""
}

// settingValues reads what was typed into settings as values of a definition. Empty
// ones are left out; those that cannot be read, or are missing, are findings.
func settingValues(form bind.Form, list []field.Field) (map[string]any, field.Problems) {
	out := map[string]any{}
	var problems field.Problems
	for _, d := range list {
		v, found := d.Parse(form.Get(d.Name), field.ParseContext{FromForm: true})
		problems = append(problems, found...)
		switch {
		case v != nil:
			out[d.Name] = settingValue(v)
		case d.Required && len(found) == 0:
			problems.Add(d.Name, "REQUIRED", text.M("collections.setting_missing", "Fill in “%s”.", d.Label))
		}
	}
	return out, problems
}

// settingValue writes a value as definitions hold it: days are text.
func settingValue(v any) any {
	if day, ok := v.(field.Date); ok {
		return string(day)
	}
	return v
}
