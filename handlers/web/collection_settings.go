package web

import (
	"context"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
)

// maxTrashDays is how long a trash may keep records.
const maxTrashDays = 3650

// settingsPage says what the page of settings shows beside them.
type settingsPage struct {
	status int
	sent   bind.Form // what was typed; nil at first
	why    *models.Error
	dialog *collections.Dialog
}

// showSettings draws the settings of a collection.
func (s *site) showSettings(c *fiber.Ctx) error {
	v, err := s.changeable(c)
	if err != nil {
		return err
	}
	return v.drawSettings(c, settingsPage{status: fiber.StatusOK})
}

func (v collectionView) drawSettings(c *fiber.Ctx, show settingsPage) error {
	ctx := c.UserContext()
	p := collections.SettingsProps{Dialog: show.dialog, Trash: v.on.SoftDelete, IDType: text.T(ctx, "collections.id_integer", "1, 2, 3 …")}
	if v.on.IDType == models.UUIDID {
		p.IDType = text.T(ctx, "collections.id_uuid", "Random, cannot be guessed")
	}
	for _, d := range v.settings(ctx) {
		value := canonical(v.on.Definition()[d.Name])
		if show.sent != nil {
			value = show.sent.Get(d.Name)
		}
		p.Settings = append(p.Settings, settingProps(ctx, d, value, show.why))
	}
	p.Icon = collections.IconChoice{Icons: v.icons(), Value: v.site.collectionIcon(v.on)}
	if show.sent != nil {
		p.Icon.Value = show.sent.Get("icon")
	}
	p.Problems = problemList(ctx, append([]fields.Props{}, p.Settings...), show.why)
	var err error
	if p.Head, err = v.head(ctx); err != nil {
		return err
	}
	if err := v.usableBy(ctx, &p); err != nil {
		return err
	}
	used, err := v.site.Records.Usages(ctx, v.on.Name, "")
	if err != nil {
		return err
	}
	if p.UsedBy, err = v.usages(ctx, used); err != nil {
		return err
	}
	v.flash = v.site.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, show.status, collections.Settings(p), nil)
}

// settings lists what can be changed of the collection without touching its table.
func (v collectionView) settings(ctx context.Context) []field.Field {
	out := []field.Field{
		titleSetting(ctx),
		{Name: "titlePlural", Kind: field.Text, Label: text.T(ctx, "collections.title_plural", "Title of several"), MaxLength: 80},
		{Name: "description", Kind: field.LongText, Label: text.T(ctx, "collections.description", "Description"), MaxLength: 500},
		{Name: "titleField", Kind: field.Select, Label: text.T(ctx, "collections.title_field", "Field that names a record"), Required: true, Options: v.titleFields()},
	}
	if v.on.SoftDelete {
		least, most := field.DecimalFromInt(0), field.DecimalFromInt(maxTrashDays)
		out = append(out, field.Field{
			Name: "trashDays", Kind: field.Integer, Label: text.T(ctx, "collections.trash_days", "Days in the trash"), Required: true, Min: &least, Max: &most,
			Help: text.T(ctx, "collections.trash_days_hint", "Then a record is deleted for good. 0 keeps it for ever."),
		})
	}
	return append(out, historySetting(ctx))
}

// iconSetting is the icon; it is drawn in its own way.
func (v collectionView) iconSetting(ctx context.Context) field.Field {
	out := field.Field{Name: "icon", Kind: field.Select, Label: text.T(ctx, "collections.icon", "Icon")}
	for _, name := range v.icons() {
		out.Options = append(out.Options, field.Option{Value: name, Label: name})
	}
	return out
}

func (v collectionView) titleFields() []field.Option {
	var out []field.Option
	for _, f := range v.on.Fields {
		if f.Name == models.IDField || !f.Preset && f.Kind == field.Text {
			out = append(out, field.Option{Value: f.Name, Label: f.Title()})
		}
	}
	return out
}

// icons are the icons to choose from, with the one the collection has.
func (v collectionView) icons() []string {
	list := []string{
		"database", "receipt", "inbox", "users", "user", "building-2", "plane", "file-text", "calendar", "circle-dollar-sign", "list-checks", "flag", "globe", "mail",
		"phone", "paperclip", "image", "shield", "stamp", "clock", "hash", "table",
	}
	if now := v.site.collectionIcon(v.on); !slices.Contains(list, now) {
		list = append(list, now)
	}
	return list
}

// saveSettings takes new settings of a collection.
func (s *site) saveSettings(c *fiber.Ctx) error {
	v, err := s.changeable(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	patch, problems := v.patch(ctx, form)
	if e := models.Problems(problems); e != nil {
		return v.drawSettings(c, settingsPage{status: fiber.StatusUnprocessableEntity, sent: form, why: e})
	}
	err = s.Records.UpdateCollection(ctx, v.call(""), patch)
	if e := refusal(err); e != nil {
		return v.drawSettings(c, settingsPage{status: fiber.StatusUnprocessableEntity, sent: form, why: e})
	}
	if err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "collections.settings_saved", "Settings saved")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.CollectionSettings(v.on.Name))
}

// patch reads the form of the settings. Those that are empty are taken away.
func (v collectionView) patch(ctx context.Context, form bind.Form) (records.CollectionPatch, field.Problems) {
	values, problems := settingValues(form, append(v.settings(ctx), v.iconSetting(ctx)))
	said := func(name string) *string {
		s := canonical(values[name])
		return &s
	}
	history := values["history"] == true
	p := records.CollectionPatch{
		Title: said("title"), TitlePlural: said("titlePlural"), Description: said("description"), Icon: said("icon"), TitleField: said("titleField"), History: &history,
	}
	if days, err := strconv.Atoi(*said("trashDays")); err == nil {
		p.TrashDays = &days
	}
	return p, problems
}
