package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/ui"
	"formrail/views/urls"
)

// collections are the pages of people who design data. Names of collections hold no
// dash, so new-collection is none.
func (s *site) collections() []route.Route {
	design := route.Right("collection.design")
	both := func(pattern string, show, take fiber.Handler) []route.Route {
		return []route.Route{page(pattern, design, show), change(pattern, design, take)}
	}
	return slices.Concat(
		[]route.Route{
			page("/collections", design, s.listCollections),
			page("/new-collection", design, s.newCollection),
			change("/collections", design, s.createCollection),
			page("/collections/{name}", design, s.showFields),
			change("/collections/{name}/restore", design, s.restoreCollection),
			change("/collections/{name}/open", design, s.openCollection),
			change("/collections/{name}/fields/{field}/restore", design, s.restoreField),
			change("/collections/{name}/fields/{field}/move", design, s.moveField),
		},
		both("/collections/{name}/settings", s.showSettings, s.saveSettings),
		both("/collections/{name}/rename", s.askCollection(renameCollection), s.answerCollection(renameCollection)),
		both("/collections/{name}/delete", s.askCollection(dropCollection), s.answerCollection(dropCollection)),
		both("/collections/{name}/new-field/{type}", s.newField, s.addField),
		both("/collections/{name}/fields/{field}", s.showField, s.saveField),
		both("/collections/{name}/fields/{field}/rename", s.askField(renameField), s.answerField(renameField)),
		both("/collections/{name}/fields/{field}/delete", s.askField(dropField), s.answerField(dropField)),
	)
}

// collectionView is one collection as somebody who designs it looks at it.
type collectionView struct {
	*viewer
	on *models.Collection
}

// collection finds the collection of the address. A former name leads to it, too.
func (s *site) collection(c *fiber.Ctx) (collectionView, error) {
	v, err := s.visit(c)
	if err != nil {
		return collectionView{}, err
	}
	on, ok := v.cat.Collection(route.Param(c, "name"))
	if !ok {
		return collectionView{}, models.NotFound()
	}
	return collectionView{v, on}, nil
}

// field finds the field of the address. Fields that the server makes have no page.
func (v collectionView) field(c *fiber.Ctx) (*models.CollectionField, error) {
	f, ok := v.on.Field(route.Param(c, "field"))
	if !ok || f.Preset {
		return nil, models.NotFound()
	}
	return f, nil
}

// call says what of the collection is changed; field may be empty.
func (v collectionView) call(field string) records.SchemaCall {
	return records.SchemaCall{Access: v.access, Collection: v.on.Name, Field: field}
}

// listCollections draws all collections, or those whose name holds what is searched
// for.
func (s *site) listCollections(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	return v.drawCollections(c, fiber.StatusOK, collections.ListProps{Search: strings.TrimSpace(query.Get("search"))})
}

func (v *viewer) drawCollections(c *fiber.Ctx, status int, p collections.ListProps) error {
	ctx := c.UserContext()
	for _, on := range v.cat.Collections() {
		if !found(p.Search, on.Title, on.Name) {
			continue
		}
		row, err := collectionView{v, on}.row(ctx)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	if reply.Wants(c) {
		return reply.Status(c, status, nil, collections.Table(p))
	}
	gone, err := v.site.Records.DroppedCollections(ctx, v.access)
	if err != nil {
		return err
	}
	for _, d := range gone {
		p.Dropped = append(p.Dropped, collections.Dropped{Name: d.Name, Title: d.Title, At: v.since(d.At), Restore: urls.CollectionRestore(d.Name)})
	}
	v.flash = v.site.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, collections.List(p), nil)
}

func (v collectionView) row(ctx context.Context) (collections.Row, error) {
	own := 0
	for _, f := range v.on.Fields {
		if !f.Preset || v.on.System {
			own++
		}
	}
	row := collections.Row{
		Name: v.on.Name, Title: v.on.Title, Icon: v.site.collectionIcon(v.on), Description: v.on.Description, Fields: strconv.Itoa(own), BuiltIn: v.on.System,
	}
	var err error
	if row.Records, err = v.recordCount(ctx); err != nil {
		return row, err
	}
	if row.RecordsHref, err = v.recordsHref(ctx); err != nil {
		return row, err
	}
	row.UsedBy, err = v.usedBy(ctx)
	return row, err
}

// collectionIcon is the icon of a collection, or the usual one when the sprite lacks it.
func (s *site) collectionIcon(on *models.Collection) string {
	if on.Icon == "" || !strings.Contains(s.sprite, `id="`+on.Icon+`"`) {
		return "database"
	}
	return on.Icon
}

// recordCount counts the records that the viewer may see; empty when he sees none.
func (v collectionView) recordCount(ctx context.Context) (string, error) {
	if !v.access.MayTouch(v.on.Name, models.View) {
		return "", nil
	}
	n, exact, err := v.site.Records.CountIn(ctx, v.site.DB.Read(), records.Query{Access: v.access, Collection: v.on.Name})
	if err != nil {
		return "", err
	}
	count := ui.Number(strconv.Itoa(n), 0)
	if !exact {
		count += "+"
	}
	return count, nil
}

// recordsHref is the first page of the viewer with a table of the collection; empty
// when there is none.
func (v collectionView) recordsHref(ctx context.Context) (string, error) {
	if !v.access.MayTouch(v.on.Name, models.View) {
		return "", nil
	}
	pages, err := v.pages(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range pages {
		for _, b := range p.Blocks() {
			if b.Type == models.TableBlock && models.Snake(b.Collection) == models.Snake(v.on.Name) {
				return urls.Page(p.Key), nil
			}
		}
	}
	return "", nil
}

// head is what all pages of the collection show of it.
func (v collectionView) head(ctx context.Context) (collections.Head, error) {
	href, err := v.recordsHref(ctx)
	return collections.Head{Name: v.on.Name, Title: v.on.Title, RecordsHref: href, BuiltIn: v.on.System}, err
}

// restoreCollection brings back a collection that was deleted.
func (s *site) restoreCollection(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx, name := c.UserContext(), route.Param(c, "name")
	err = s.Records.RestoreCollection(ctx, records.SchemaCall{Access: v.access, Collection: name})
	if e := refusal(err); e != nil {
		return v.drawCollections(c, reply.StatusOf(e), collections.ListProps{Problem: e.Message.In(ctx)})
	}
	if err != nil {
		return err
	}
	on, err := s.Records.Collection(ctx, name)
	if err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "collections.restored", "“%s” is restored", on.Title)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Collection(on.Name))
}

// refusal is the error of a change that was refused for a reason the person can do
// something about; nil for all others.
func refusal(err error) *models.Error {
	if models.IsKind(err, models.KindInvalid) || models.IsKind(err, models.KindConflict) {
		return models.AsError(err)
	}
	return nil
}
