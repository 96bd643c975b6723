package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
)

// firstField is the setting of a new collection that names its first field, which
// names its records.
const firstField = "firstField"

// newCollection draws the form of a new collection; with a title, the key that the
// title suggests.
func (s *site) newCollection(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if reply.Wants(c) && query.Has("title") {
		return reply.Status(c, fiber.StatusOK, nil, collections.Key(followed(query, "collection", v.freeCollection)))
	}
	return v.drawNewCollection(c, fiber.StatusOK, bind.Form{firstField: {text.T(c.UserContext(), "collections.first_field", "Title")}, "idType": {models.IntegerID}, "softDelete": {"true"}, "history": {"true"}}, nil)
}

// followed is the key of a form whose title has changed: the suggestion, unless
// somebody typed another key.
func followed(sent bind.Form, otherwise string, fits func(string) bool) collections.KeyProps {
	key, before := strings.TrimSpace(sent.Get("name")), sent.Get(collections.SuggestedName)
	p := collections.KeyProps{Value: key}
	if title := strings.TrimSpace(sent.Get("title")); title != "" {
		p.Suggested = models.SuggestName(title, otherwise, fits)
	}
	if key == before {
		p.Value = p.Suggested
	}
	return p
}

// freeCollection reports whether a name may be given to a new collection.
func (v *viewer) freeCollection(name string) bool {
	_, taken := v.cat.Collection(name)
	return !taken && models.CheckCollectionName(name).IsZero()
}

func (v *viewer) drawNewCollection(c *fiber.Ctx, status int, sent bind.Form, e *models.Error) error {
	ctx := c.UserContext()
	title := settingProps(ctx, titleSetting(ctx), sent.Get("title"), e)
	p := collections.NewProps{Title: title, Key: collections.KeyProps{Value: sent.Get("name"), Suggested: sent.Get(collections.SuggestedName), Problem: problemOf(ctx, "name", e)}}
	all := []fields.Props{title, {Field: field.Field{Name: "name", Label: text.T(ctx, "collections.key", "Key")}, ID: "setting-name", Problem: p.Key.Problem}}
	for _, d := range v.newCollectionSettings(ctx) {
		p.Settings = append(p.Settings, settingProps(ctx, d, sent.Get(d.Name), e))
	}
	p.Problems = problemList(ctx, append(all, p.Settings...), e)
	var err error
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, collections.New(p), nil)
}

// newCollectionSettings are the settings of a new collection beside title and key.
func (v *viewer) newCollectionSettings(ctx context.Context) []field.Field {
	var list []field.Field
	if v.access.Can("role.manage") {
		list = append(list, field.Field{
			Name: accessSetting, Kind: field.Select, Label: text.T(ctx, "collections.access", "Who may use the records"), Required: true,
			Help: text.T(ctx, "collections.access_hint", "With everybody, each person sees all records and changes their own. Roles may be given more or less later."),
			Options: field.Choices(accessAdmins, text.T(ctx, "collections.access_admins", "Only administrators"),
				accessEveryone, text.T(ctx, "collections.access_everyone", "Everybody who is signed in")),
		})
	}
	return append(list, []field.Field{
		{Name: "description", Kind: field.LongText, Label: text.T(ctx, "collections.description", "Description"), MaxLength: 500},
		{
			Name: firstField, Kind: field.Text, Label: text.T(ctx, "collections.first_field_label", "First field"), MaxLength: 80,
			Help: text.T(ctx, "collections.first_field_hint", "A line of text that names each record. Leave it empty to begin without fields."),
		},
		{Name: "idType", Kind: field.Select, Label: text.T(ctx, "collections.id_type", "How records are numbered"), Required: true, Options: field.Choices(
			models.IntegerID, text.T(ctx, "collections.id_integer", "1, 2, 3 …"), models.UUIDID, text.T(ctx, "collections.id_uuid", "Random, cannot be guessed"))},
		softDeleteSetting(ctx), historySetting(ctx),
	}...)
}

// accessSetting is the setting of a new collection that says who may use its records.
const (
	accessSetting  = "access"
	accessAdmins   = "admins"
	accessEveryone = "everyone"
)

// openToEveryone lets every person view the records of a collection, create some, and
// change and delete those he created.
func (s *site) openToEveryone(ctx context.Context, access models.Access, collection string) error {
	return s.DB.Write(ctx, "collection.open", func(tx *models.Tx) error {
		for action, scope := range map[models.Action]models.ScopeKind{
			models.View: models.ScopeAll, models.Create: models.ScopeAll, models.Update: models.ScopeOwn, models.Delete: models.ScopeOwn,
		} {
			grant := models.RoleGrant{Role: models.RoleMember, Grant: models.Grant{Collection: collection, Action: action, Scope: scope}}
			if _, err := models.AddGrant(ctx, tx, access, grant); err != nil {
				return err
			}
		}
		return nil
	})
}

func softDeleteSetting(ctx context.Context) field.Field {
	return field.Field{
		Name: "softDelete", Kind: field.Boolean, Label: text.T(ctx, "collections.soft_delete", "Keep deleted records in the trash"),
		Help: text.T(ctx, "collections.soft_delete_hint", "They can be restored. This cannot be changed later."),
	}
}

func historySetting(ctx context.Context) field.Field {
	return field.Field{
		Name: "history", Kind: field.Boolean, Label: text.T(ctx, "collections.history", "Keep the history of each record"),
		Help: text.T(ctx, "collections.history_hint", "Who changed what, and when."),
	}
}

// createCollection makes a collection with its first field.
func (s *site) createCollection(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	wanted, problems := v.wantedCollection(ctx, form)
	if e := models.Problems(problems); e != nil {
		return v.drawNewCollection(c, fiber.StatusUnprocessableEntity, form, e)
	}
	made, err := s.Records.CreateCollection(ctx, records.SchemaCall{Access: v.access, Collection: wanted.Name}, wanted)
	if e := refusal(err); e != nil {
		return v.drawNewCollection(c, fiber.StatusUnprocessableEntity, form, e)
	}
	if err != nil {
		return err
	}
	if form.Get(accessSetting) == accessEveryone && v.access.Can("role.manage") {
		if err := s.openToEveryone(ctx, v.access, made.Name); err != nil {
			return err
		}
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "collections.created", "“%s” is created", made.Title)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Collection(made.Name))
}

// wantedCollection reads the form of a new collection.
func (v *viewer) wantedCollection(ctx context.Context, form bind.Form) (*models.Collection, field.Problems) {
	if !form.Has(accessSetting) {
		form[accessSetting] = []string{accessAdmins}
	}
	definition, problems := settingValues(form, append(v.newCollectionSettings(ctx), titleSetting(ctx)))
	first, _ := definition[firstField].(string)
	delete(definition, firstField)
	delete(definition, accessSetting)
	definition["name"] = followed(form, "collection", v.freeCollection).Value
	for _, flag := range []string{"softDelete", "history"} { // on unless somebody says no
		if definition[flag] == nil {
			definition[flag] = false
		}
	}
	if first != "" {
		key := models.SuggestName(first, "field", func(name string) bool { return models.CheckFieldName(name).IsZero() })
		definition["fields"] = []any{map[string]any{"name": key, "type": string(field.Text), "title": first, "required": true}}
	}
	wanted, found := models.ReadCollection(definition)
	return wanted, append(problems, found...)
}
