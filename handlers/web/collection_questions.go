package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/ui"
	"formrail/views/urls"
)

// question is a change that somebody is asked about before it is made, with the
// places that use what is changed.
type question struct {
	action records.SchemaAction
	dialog collections.Dialog        // its words
	note   func(count string) string // the consequence with the number of records; nil: the words say it
	repeat string                    // what must be typed to confirm; empty when the input is the new key
	apply  func(ctx context.Context, call records.SchemaCall, typed string) error
	said   func(typed string) string // after it was made
	next   func(typed string) string // where it leads
}

// askCollection draws a question about the collection of the address.
func (s *site) askCollection(q func(context.Context, collectionView) question) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := s.changeable(c)
		if err != nil {
			return err
		}
		asked := q(c.UserContext(), v)
		if err := v.findUses(c.UserContext(), &asked, ""); err != nil {
			return err
		}
		return v.drawSettings(c, settingsPage{status: fiber.StatusOK, dialog: &asked.dialog})
	}
}

// answerCollection makes the change that was asked about.
func (s *site) answerCollection(q func(context.Context, collectionView) question) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := s.changeable(c)
		if err != nil {
			return err
		}
		return v.answer(c, q(c.UserContext(), v), "", func(status int, d *collections.Dialog) error {
			return v.drawSettings(c, settingsPage{status: status, dialog: d})
		})
	}
}

// askField draws a question about the field of the address.
func (s *site) askField(q func(context.Context, collectionView, *models.CollectionField) question) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, f, err := s.changeableField(c)
		if err != nil {
			return err
		}
		asked := q(c.UserContext(), v, f)
		if err := v.findUses(c.UserContext(), &asked, f.Name); err != nil {
			return err
		}
		return v.drawFields(c, fieldsPage{status: fiber.StatusOK, dialog: &asked.dialog, current: f.Name})
	}
}

// answerField makes the change that was asked about.
func (s *site) answerField(q func(context.Context, collectionView, *models.CollectionField) question) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, f, err := s.changeableField(c)
		if err != nil {
			return err
		}
		return v.answer(c, q(c.UserContext(), v, f), f.Name, func(status int, d *collections.Dialog) error {
			return v.drawFields(c, fieldsPage{status: status, dialog: d, current: f.Name})
		})
	}
}

// changeable finds the collection of the address; built-in ones have no such page.
func (s *site) changeable(c *fiber.Ctx) (collectionView, error) {
	v, err := s.collection(c)
	if err == nil && v.on.System {
		err = models.NotFound()
	}
	return v, err
}

func (s *site) changeableField(c *fiber.Ctx) (collectionView, *models.CollectionField, error) {
	v, err := s.changeable(c)
	if err != nil {
		return v, nil, err
	}
	f, err := v.field(c)
	return v, f, err
}

// findUses completes a question with what uses its subject and the hash that accepts it.
func (v collectionView) findUses(ctx context.Context, q *question, field string) error {
	found, err := v.site.Records.Preview(ctx, v.call(field), q.action)
	if err != nil {
		return err
	}
	q.dialog.CSRF, q.dialog.Confirm = v.csrf, found.Confirm
	if q.note != nil {
		count, err := v.recordCount(ctx)
		if err != nil {
			return err
		}
		q.dialog.Note = q.note(count)
	}
	q.dialog.Usages, err = v.usages(ctx, found.Usages)
	return err
}

// answer makes the change, or asks again with what is wrong.
func (v collectionView) answer(c *fiber.Ctx, q question, field string, again func(int, *collections.Dialog) error) error {
	ctx := c.UserContext()
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(form.Get(collections.InputName))
	if q.repeat != "" && typed != q.repeat {
		q.dialog.Input.Value, q.dialog.Input.Problem = typed, text.T(ctx, "collections.type_key", "Type %s exactly as it is written here.", q.repeat)
		if err := v.findUses(ctx, &q, field); err != nil {
			return err
		}
		return again(fiber.StatusUnprocessableEntity, &q.dialog)
	}
	call := v.call(field)
	call.Confirm = form.Get("confirm")
	err = q.apply(ctx, call, typed)
	if e := refusal(err); e != nil {
		return v.askAgain(ctx, q, refused{field: field, typed: typed, why: e}, again)
	}
	if err != nil {
		return err
	}
	if err := v.site.say(c, flash{Tone: ui.OK, Title: q.said(typed)}); err != nil {
		return err
	}
	return reply.Redirect(c, q.next(typed))
}

// refused is an answer that could not be carried out.
type refused struct {
	field string
	typed string
	why   *models.Error
}

func (v collectionView) askAgain(ctx context.Context, q question, r refused, again func(int, *collections.Dialog) error) error {
	q.dialog.Input.Value = r.typed
	status := fiber.StatusUnprocessableEntity
	switch {
	case r.why.Code == "IMPACT_CONFIRMATION_REQUIRED":
		status, q.dialog.Problem = fiber.StatusConflict, text.T(ctx, "collections.uses_moved", "What uses it has changed meanwhile. Look at the places below and confirm again.")
	case r.why.Kind == models.KindConflict:
		status, q.dialog.Problem = fiber.StatusConflict, r.why.Message.In(ctx)
	default:
		q.dialog.Input.Problem = sentence(ctx, r.why)
	}
	if err := v.findUses(ctx, &q, r.field); err != nil {
		return err
	}
	return again(status, &q.dialog)
}

func renameField(ctx context.Context, v collectionView, f *models.CollectionField) question {
	q := renaming(ctx, f.Title(), f.Name)
	q.action, q.apply = records.RenameFieldAction, v.site.Records.RenameField
	q.dialog.Address, q.dialog.Cancel = urls.CollectionFieldRename(v.on.Name, f.Name), urls.CollectionField(v.on.Name, f.Name)
	q.next = func(name string) string { return urls.CollectionField(v.on.Name, name) }
	return q
}

func renameCollection(ctx context.Context, v collectionView) question {
	q := renaming(ctx, v.on.Title, v.on.Name)
	q.action, q.apply = records.RenameCollectionAction, v.site.Records.RenameCollection
	q.dialog.Address, q.dialog.Cancel = urls.CollectionRename(v.on.Name), urls.CollectionSettings(v.on.Name)
	q.next = urls.CollectionSettings
	return q
}

func renaming(ctx context.Context, title, name string) question {
	return question{
		dialog: collections.Dialog{
			Title: text.T(ctx, "collections.rename_question", "Change the key of “%s”?", title), Submit: text.T(ctx, "collections.rename", "Change key"),
			Note:  text.T(ctx, "collections.rename_note", "Drafts and pages follow. Live workflows and the API go on with the old key as well."),
			Input: collections.DialogInput{Value: name},
		},
		said: func(name string) string { return text.T(ctx, "collections.renamed", "The key is now %s", name) },
	}
}

func dropField(ctx context.Context, v collectionView, f *models.CollectionField) question {
	q := dropping(ctx, f.Title(), f.Name)
	q.action = records.DropFieldAction
	q.apply = func(ctx context.Context, call records.SchemaCall, _ string) error {
		return v.site.Records.DropField(ctx, call)
	}
	q.dialog.Note = text.T(ctx, "collections.drop_field_note", "Its values are kept aside, and come back when it is restored.")
	q.dialog.Submit = text.T(ctx, "collections.drop_field", "Delete field")
	q.dialog.Address, q.dialog.Cancel = urls.CollectionFieldDelete(v.on.Name, f.Name), urls.CollectionField(v.on.Name, f.Name)
	q.next = func(string) string { return urls.Collection(v.on.Name) }
	return q
}

func dropCollection(ctx context.Context, v collectionView) question {
	q := dropping(ctx, v.on.Title, v.on.Name)
	q.action = records.DropCollectionAction
	q.apply = func(ctx context.Context, call records.SchemaCall, _ string) error {
		return v.site.Records.DropCollection(ctx, call)
	}
	q.note = func(count string) string {
		if count == "" {
			return text.T(ctx, "collections.delete_note", "Its records are kept aside, and come back when it is restored.")
		}
		return text.T(ctx, "collections.delete_count", "Its records (%s) are kept aside, and come back when it is restored.", count)
	}
	q.dialog.Submit = text.T(ctx, "collections.delete_collection", "Delete collection")
	q.dialog.Address, q.dialog.Cancel = urls.CollectionDelete(v.on.Name), urls.CollectionSettings(v.on.Name)
	q.next = func(string) string { return urls.Collections() }
	for _, link := range v.cat.LinksTo(v.on.Name) {
		if link.From != v.on {
			q.dialog.Blocked = text.T(ctx, "collections.linked", "“%s” of %s links to this collection. Delete that field first.", link.Field.Title(), link.From.Title)
		}
	}
	return q
}

func dropping(ctx context.Context, title, name string) question {
	return question{
		repeat: name,
		dialog: collections.Dialog{
			Danger: true, Title: text.T(ctx, "collections.drop_question", "Delete “%s”?", title),
			Input: collections.DialogInput{Repeat: name},
		},
		said: func(string) string { return text.T(ctx, "collections.dropped_one", "“%s” is deleted", title) },
	}
}
