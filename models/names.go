package models

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"formrail/models/field"
	"formrail/models/text"
)

// reservedCollections are names the product uses itself, in snake_case.
const reservedCollections = " api applications attachments audit auth calendars callback cc collections connectors credentials" +
	" departments deputies docs events executions fields files groups health http menus notifications openapi operations pages" +
	" permissions roles sessions settings steps tasks templates tokens users webhook webhooks workflow_categories workflows api_tokens api_keys" +
	" audit_log trigger_log user_workflow_tasks "

// reservedFields are preset names and the words of the expression language.
const reservedFields = " id created_at created_by created_by_id updated_at updated_by updated_by_id deleted_at deleted_by deleted_by_id sort" +
	" constructor prototype and or not in let if else true false nil null matches contains starts_with ends_with "

const maxTitle = 80

func nameForm(name string) bool {
	return regexp.MustCompile(`^[a-z][A-Za-z0-9_]{0,47}$`).MatchString(name)
}

// CheckCollectionName says why a name cannot be given to a collection; the zero
// message when it can. Whether it is free is not looked at.
func CheckCollectionName(name string) text.Message {
	if !nameForm(name) {
		return text.M("collection.name", "A collection name has 1 to 48 letters, digits and underscores and starts with a small letter.")
	}
	snake := Snake(name)
	if strings.Contains(reservedCollections, " "+snake+" ") {
		return text.M("collection.name_reserved", "The name %s is used by the product. Choose another one.", name)
	}
	for _, prefix := range []string{"sys", "fr_", "sqlite_", "pg_"} {
		if strings.HasPrefix(snake, prefix) {
			return text.M("collection.name_prefix", "A collection name must not start with %s.", prefix)
		}
	}
	return text.Message{}
}

// CheckFieldName says why a name cannot be given to a field; the zero message
// when it can.
func CheckFieldName(name string) text.Message {
	if !nameForm(name) {
		return text.M("field.name", "A field name has 1 to 48 letters, digits and underscores and starts with a small letter.")
	}
	if strings.Contains(reservedFields, " "+Snake(name)+" ") {
		return text.M("field.name_reserved", "The name %s is used by the product. Choose another one.", name)
	}
	return text.Message{}
}

// Check reports what is wrong with the definition of one field in itself. Names
// in problems start with at.
func (f *CollectionField) Check(at string) field.Problems {
	c := fieldCheck{f: f, at: at}
	if m := CheckFieldName(f.Name); !m.IsZero() {
		c.add("name", m)
	}
	if f.ForeignKey != "" && !nameForm(f.ForeignKey) {
		c.add("foreignKey", text.M("field.name", "A field name has 1 to 48 letters, digits and underscores and starts with a small letter."))
	}
	if utf8.RuneCountInString(f.Label) > maxTitle {
		c.add("title", text.M("definition.title_long", "A title has at most %d characters.", maxTitle))
	}
	if f.IsLink() && f.Target == "" {
		c.add("target", text.M("field.target_missing", "Say which collection the link points to."))
	}
	if !f.IsLink() && f.Target != "" {
		c.add("target", text.M("field.target_extra", "Only links have a target."))
	}
	if f.Unique && (f.Kind == field.Boolean || f.Kind == field.LongText) {
		c.add("unique", text.M("field.unique_kind", "A field of this type cannot be unique."))
	}
	c.bounds()
	c.options()
	return c.found
}

type fieldCheck struct {
	f     *CollectionField
	at    string
	found field.Problems
}

func (c *fieldCheck) add(name string, m text.Message) { c.found.Add(c.at+name, "BAD_PARAMETER", m) }

func (c *fieldCheck) bounds() {
	f := c.f
	if _, err := regexp.Compile(f.Pattern); err != nil {
		c.add("pattern", text.M("field.pattern_bad", "The pattern is not a regular expression."))
	}
	if f.MaxLength > 0 && f.MinLength > f.MaxLength {
		c.add("minLength", text.M("field.bounds_swapped", "The lower limit is above the upper one."))
	}
	if f.Min != nil && f.Max != nil && f.Min.Cmp(*f.Max) > 0 {
		c.add("min", text.M("field.bounds_swapped", "The lower limit is above the upper one."))
	}
	for name, day := range map[string]string{"min": f.MinDate, "max": f.MaxDate} {
		if day == "" {
			continue
		}
		if _, found := (field.Field{Kind: field.DateTime}).Parse(day, field.ParseContext{}); found != nil {
			c.add(name, text.M("definition.day", "%s must be a date such as 2026-11-22.", name))
		}
	}
}

func (c *fieldCheck) options() {
	f := c.f
	if f.Kind != field.Select {
		if len(f.Options) > 0 {
			c.add("options", text.M("field.options_extra", "Only a select has options."))
		}
		return
	}
	if len(f.Options) == 0 || len(f.Options) > 500 {
		c.add("options", text.M("field.options_count", "A select has 1 to 500 options."))
	}
	seen := map[string]bool{}
	for _, o := range f.Options {
		n := utf8.RuneCountInString(o.Value)
		switch {
		case n == 0 || n > 64 || strings.TrimSpace(o.Value) != o.Value:
			c.add("options", text.M("field.option_value", "The value of an option has 1 to 64 characters, without spaces at its ends."))
		case seen[o.Value]:
			c.add("options", text.M("field.option_twice", "The option %s is listed twice.", o.Value))
		case o.Colour != "" && !slices.Contains(field.Colours(), o.Colour):
			c.add("options", text.M("field.option_colour", "%s is not a colour of the palette.", o.Colour))
		}
		seen[o.Value] = true
	}
}
