package web

import (
	"context"
	"slices"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/urls"
)

// unusable finds blocks that nobody of those who see the page may use. They would meet
// an empty page.
func (d designing) unusable(ctx context.Context) ([]design.Finding, error) {
	roles, err := d.site.DB.Roles(ctx)
	if err != nil {
		return nil, err
	}
	audience := d.state.Page.Audience
	if len(audience) == 0 {
		audience = []string{models.RoleMember}
	}
	may := func(collection string, action models.Action) bool {
		return slices.ContainsFunc(roles, func(r models.Role) bool {
			return slices.Contains(audience, r.Name) && len(r.Effective().On(collection, action)) > 0
		})
	}
	var out []design.Finding
	for _, b := range d.state.Page.Blocks() {
		on, ok := d.cat.Collection(b.Collection)
		if !ok {
			continue
		}
		action, message := models.View, text.T(ctx, "design.may_not_view", "Those who see this page may not see records of “%s”, so its table or details stay away from them.", on.Title)
		if b.Type == models.CreateFormBlock {
			action, message = models.Create, text.T(ctx, "design.may_not_create", "Those who see this page may not add records of “%s”, so its form stays away from them.", on.Title)
		}
		if may(on.Name, action) || slices.ContainsFunc(out, func(f design.Finding) bool { return f.Message == message }) {
			continue
		}
		one := design.Finding{Message: message, Warning: true}
		if d.access.Can("collection.design") && d.access.Can("role.manage") && !on.System {
			one.Label, one.Href = text.T(ctx, "collections.access", "Who may use the records"), urls.CollectionSettings(on.Name)+"#access"
		}
		out = append(out, one)
	}
	return out, nil
}
