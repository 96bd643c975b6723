package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/views/fields"
	"formrail/views/urls"
)

// maxChoices is how many records an input offers at once.
const maxChoices = 200

// The parameters of a search for what a link of a form may point to.
const (
	chooseParam = "choose" // name of the field
	wordsParam  = "words"
)

// choosing is the address at which a form finds more options of a link.
func (f formView) choosing(name string) string {
	return urls.Form(f.page.Key, f.block.ID, f.id()) + "?" + chooseParam + "=" + name
}

// offer answers with the options of one link of the form that fit the words.
func (f formView) offer(c *fiber.Ctx, query bind.Form) error {
	for _, b := range f.inputs(f.block, f.on) {
		if b.field.Name != query.Get(chooseParam) || !b.field.IsLink() {
			continue
		}
		list, err := f.found(c.UserContext(), b.field, query.Get(wordsParam))
		if err != nil {
			return err
		}
		return reply.Fragment(c, fiber.StatusOK, fields.LinkOptions(fields.Props{Field: b.shape(), Options: list}))
	}
	return models.NotFound()
}

// choices lists what a link may point to: the records the viewer may see, by title.
// The one that is chosen is always among them.
func (v *viewer) choices(ctx context.Context, f *models.CollectionField, chosen string) ([]fields.Choice, error) {
	out, err := v.found(ctx, f, "")
	if err != nil || chosen == "" {
		return out, err
	}
	for _, c := range out {
		if c.Value == chosen {
			return out, nil
		}
	}
	on, ok := v.cat.Collection(f.LinkTarget())
	if !ok {
		return out, nil
	}
	r, err := v.site.Records.Get(ctx, records.Query{Access: v.access, Collection: on.Name}, chosen)
	if models.IsKind(err, models.KindNotFound) {
		return out, nil
	}
	return append(out, fields.Choice{Value: chosen, Label: records.TitleOf(on, r)}), err
}

// found lists the records the viewer may see whose title holds the words, by title;
// people only while they are active.
func (v *viewer) found(ctx context.Context, f *models.CollectionField, words string) ([]fields.Choice, error) {
	on, ok := v.cat.Collection(f.LinkTarget())
	if !ok {
		return nil, nil
	}
	q := records.Query{Access: v.access, Collection: on.Name, PageSize: maxChoices, Sort: []string{on.TitleField}}
	var all []any
	if status, ok := on.Field("status"); ok && on.Name == models.UsersCollection && mayView(v.access, on.Name, status) {
		all = append(all, map[string]any{"status": "active"})
	}
	if title, ok := on.Field(on.TitleField); ok && strings.TrimSpace(words) != "" && holdsText(title.Kind) && mayView(v.access, on.Name, title) {
		all = append(all, map[string]any{title.Name: map[string]any{"$includes": strings.TrimSpace(words)}})
	}
	if len(all) > 0 {
		q.Filter = map[string]any{"$and": all}
	}
	page, err := v.site.Records.List(ctx, q)
	if models.IsCode(err, "FIELD_NOT_ALLOWED") { // neither sorted nor searched by what may not be seen everywhere
		q.Sort, q.Filter = nil, nil
		page, err = v.site.Records.List(ctx, q)
	}
	if err != nil {
		return nil, err
	}
	out := make([]fields.Choice, 0, len(page.Records)+1)
	for _, r := range page.Records {
		out = append(out, fields.Choice{Value: records.IDText(r[models.IDField]), Label: records.TitleOf(on, r)})
	}
	return out, nil
}

// holdsText reports whether values of a kind can be searched for words.
func holdsText(k field.Kind) bool { return k == field.Text || k == field.LongText }
