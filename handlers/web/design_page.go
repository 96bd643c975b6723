package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/models/pagedesign"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
)

// pageParts are the settings of a page.
func (v *viewer) pageParts(ctx context.Context, in inputs) ([]design.Part, error) {
	roles, err := v.site.DB.Roles(ctx)
	if err != nil {
		return nil, err
	}
	choices := make([]ui.Choice, len(roles))
	for i, r := range roles {
		choices[i] = ui.Choice{Value: r.Name, Label: r.Title}
	}
	title := in.text("title", text.T(ctx, "design.page_title", "Title"), "")
	title.Field.Required = true
	return []design.Part{
		{Inputs: inputList(title, v.iconInput(ctx, in))},
		{Title: text.T(ctx, "design.audience", "Who sees it"), Note: text.T(ctx, "design.audience_note", "Without a choice everybody who is signed in. What they see in it follows their own rights."), Checks: in.checks("audience", choices)},
	}, nil
}

func (v *viewer) newPagePanel(ctx context.Context, p panel) (design.PanelProps, error) {
	in := inputs{p.form}
	parts, err := v.pageParts(ctx, in)
	if err != nil {
		return design.PanelProps{}, err
	}
	parts[0].Inputs = append(parts[0].Inputs, in.text("key", text.T(ctx, "design.page_key", "Key"), text.T(ctx, "design.page_key_help", "Part of its address and fixed afterwards. Leave it empty to take it from the title.")))
	return design.PanelProps{
		CSRF: v.csrf, Title: text.T(ctx, "design.new_page", "New page"), Address: urls.Pages(), Close: urls.Pages(),
		Submit: text.T(ctx, "design.create_page", "Create page"), Problems: saidOnce(ctx, p.problem), Parts: parts,
	}, nil
}

func (d designing) settingsPanel(ctx context.Context, p panel) (design.PanelProps, error) {
	if p.form == nil {
		now := d.state.Page
		p.form = bind.Form{"title": {now.Title}, "icon": {now.Icon}, "audience": now.Audience}
	}
	parts, err := d.pageParts(ctx, inputs{p.form})
	return design.PanelProps{
		Title: text.T(ctx, "design.settings", "Title, icon and audience"), Address: urls.DesignSettings(d.key()), Submit: text.T(ctx, "ui.save", "Save"), Parts: parts,
	}, err
}

func (s *site) savePageSettings(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	return d.edit(c, panel{name: "settings", form: form}, pagedesign.Command{Name: "set_page", Args: map[string]any{"values": map[string]any{
		"title": strings.TrimSpace(form.Get("title")), "icon": form.Get("icon"), "audience": anyTexts(form["audience"]),
	}}})
}

func anyTexts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// iconInput offers icons for the menu.
func (v *viewer) iconInput(ctx context.Context, in inputs) fields.Props {
	var icons []ui.Choice
	for _, name := range []string{
		"layout-list", "receipt", "plane", "building-2", "users", "calendar", "file-text", "inbox", "circle-dollar-sign", "bell", "database", in.form.Get("icon"),
	} {
		known := slices.ContainsFunc(icons, func(c ui.Choice) bool { return c.Value == name })
		if name != "" && !known && strings.Contains(v.site.sprite, `id="`+name+`"`) {
			icons = append(icons, ui.Choice{Value: name, Label: strings.ReplaceAll(name, "-", " ")})
		}
	}
	return in.option(text.T(ctx, "design.icon_usual", "The usual one"), in.choice("icon", text.T(ctx, "design.icon", "Icon"), icons))
}
