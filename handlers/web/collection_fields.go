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
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/ui"
	"formrail/views/urls"
)

// fieldsPage says what the page of fields shows beside the list.
type fieldsPage struct {
	status  int
	panel   *collections.FieldForm
	dialog  *collections.Dialog
	current string // name of the field that all this is about
	problem string
}

// showFields draws the fields of a collection.
func (s *site) showFields(c *fiber.Ctx) error {
	v, err := s.collection(c)
	if err != nil {
		return err
	}
	return v.drawFields(c, fieldsPage{status: fiber.StatusOK})
}

func (v collectionView) drawFields(c *fiber.Ctx, show fieldsPage) error {
	ctx := c.UserContext()
	p := collections.FieldsProps{Fields: v.fieldRows(ctx, show.current), Types: typePalette(ctx), Panel: show.panel, Dialog: show.dialog, Problem: show.problem}
	var err error
	if p.Head, err = v.head(ctx); err != nil {
		return err
	}
	gone, err := v.site.Records.DroppedFields(ctx, v.access, v.on)
	if err != nil {
		return err
	}
	for _, d := range gone {
		p.Dropped = append(p.Dropped, collections.Dropped{Name: d.Name, Title: d.Title, At: v.since(d.At), Restore: urls.CollectionFieldRestore(v.on.Name, d.Name)})
	}
	p.Session.CSRF = v.csrf
	if reply.Wants(c) {
		return reply.Status(c, show.status, nil, collections.FieldsPart(p))
	}
	v.flash = v.site.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, show.status, collections.Fields(p), nil)
}

func (v collectionView) fieldRows(ctx context.Context, current string) []collections.FieldRow {
	var out []collections.FieldRow
	list := v.inOrder()
	for i, f := range list {
		typ := typeOf(f)
		out = append(out, collections.FieldRow{
			Name: f.Name, Title: f.Title(), Icon: typ.icon, Type: typ.title.In(ctx), Options: v.optionsLine(f), Rules: rulesLine(ctx, f), Locked: f.Preset,
			Current: f.Name == current, First: i == 0 || list[i-1].Preset, Last: i == len(list)-1 || list[i+1].Preset,
		})
	}
	return out
}

// inOrder lists the fields as people see them: the id, those of designers, and what
// else the server makes.
func (v collectionView) inOrder() []*models.CollectionField {
	rank := func(f *models.CollectionField) int {
		switch {
		case f.Name == models.IDField:
			return 0
		case !f.Preset:
			return 1
		}
		return 2
	}
	out := slices.Clone(v.on.Fields)
	slices.SortStableFunc(out, func(a, b *models.CollectionField) int { return rank(a) - rank(b) })
	return out
}

// optionsLine says what was chosen for the type of a field.
func (v collectionView) optionsLine(f *models.CollectionField) string {
	switch f.Kind {
	case field.Number:
		return f.Currency
	case field.ManyToOne:
		if to, ok := v.cat.Collection(f.Target); ok {
			return to.Title
		}
		return f.Target
	case field.Select:
		var labels []string
		for _, o := range f.Options {
			if !o.Archived {
				labels = append(labels, o.Label)
			}
		}
		const shown = 4
		if len(labels) > shown {
			labels = append(labels[:shown], "…")
		}
		return strings.Join(labels, ", ")
	}
	return ""
}

// rulesLine says what holds for the values of a field: "Required · at least 0.01".
func rulesLine(ctx context.Context, f *models.CollectionField) string {
	if f.Preset {
		return text.T(ctx, "collections.rule_system", "Set by the system")
	}
	var out []string
	for _, rule := range []struct {
		on   bool
		said string
	}{
		{f.Required, text.T(ctx, "collections.rule_required", "required")},
		{f.Unique, text.T(ctx, "collections.rule_unique", "unique")},
		{f.Index, text.T(ctx, "collections.rule_index", "indexed")},
		{f.ReadOnly, text.T(ctx, "collections.rule_read_only", "read only")},
		{f.Hidden, text.T(ctx, "collections.rule_hidden", "hidden")},
		{f.Min != nil || f.MinDate != "", text.T(ctx, "collections.rule_min", "at least %s", bound(f.Min, f.MinDate))},
		{f.Max != nil || f.MaxDate != "", text.T(ctx, "collections.rule_max", "at most %s", bound(f.Max, f.MaxDate))},
		{f.MinLength > 0, text.T(ctx, "collections.rule_min_length", "at least %d characters", f.MinLength)},
		{f.MaxLength > 0, text.T(ctx, "collections.rule_max_length", "at most %d characters", f.MaxLength)},
		{f.Default != nil, text.T(ctx, "collections.rule_default", "default: %s", defaultLabel(ctx, f))},
	} {
		if rule.on {
			out = append(out, rule.said)
		}
	}
	return upperFirst(strings.Join(out, " · "))
}

func bound(n *field.Decimal, day string) string {
	if n != nil {
		return n.String()
	}
	return day
}

// upperFirst begins a line with a capital letter.
func upperFirst(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// moveField moves a field up or down, or to a place in the list.
func (s *site) moveField(c *fiber.Ctx) error {
	v, err := s.collection(c)
	if err != nil {
		return err
	}
	f, err := v.field(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	by, known := map[string]int{"up": -1, "down": 1}[form.Get("direction")]
	if place, err := strconv.Atoi(form.Get("place")); err == nil && form.Has("place") {
		by, known = place-slices.Index(v.inOrder(), f), true
	}
	if !known {
		return models.Invalid("BAD_PARAMETER", text.M("collections.direction", "Say whether the field moves up or down."))
	}
	if err := s.Records.ShiftField(c.UserContext(), v.call(f.Name), by); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Collection(v.on.Name))
}

// restoreField brings back a field that was deleted.
func (s *site) restoreField(c *fiber.Ctx) error {
	v, err := s.collection(c)
	if err != nil {
		return err
	}
	ctx, name := c.UserContext(), route.Param(c, "field")
	err = s.Records.RestoreField(ctx, v.call(name))
	if e := refusal(err); e != nil {
		return v.drawFields(c, fieldsPage{status: reply.StatusOf(e), problem: sentence(ctx, e)})
	}
	if err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "collections.field_restored", "The field is restored with all its values")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Collection(v.on.Name))
}

// sentence is an error with its findings in one line.
func sentence(ctx context.Context, e *models.Error) string {
	out := []string{e.Message.In(ctx)}
	for _, f := range e.Fields {
		if said := f.Message.In(ctx); !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	if len(e.Fields) > 0 {
		out = out[1:]
	}
	return strings.Join(out, " ")
}
