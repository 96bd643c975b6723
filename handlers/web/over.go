package web

import (
	"slices"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/field"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// opensOver is where an action of a page opens what it opens; a drawer unless the
// designer wanted something else.
func opensOver(a *models.PageAction) pages.Over {
	switch a.Open {
	case "page":
		return ""
	case "dialog":
		return pages.OverDialog
	}
	return pages.OverDrawer
}

// openedOver is the dialog of a page that asks for what shall stand in it; empty when
// a page of its own is wanted.
func openedOver(c *fiber.Ctx) pages.Over {
	if !reply.Wants(c) {
		return ""
	}
	if o := pages.OverOf(c.Get("HX-Target")); o != pages.OverRow {
		return o
	}
	return ""
}

// overOnly is what a dialog of a page asks for; nothing when a page of its own is
// wanted.
func overOnly(over pages.Over, fragment templ.Component) templ.Component {
	if over == "" {
		return nil
	}
	return fragment
}

// next is what follows a press that succeeded.
type next struct {
	to    string // where the browser goes
	stays bool   // to is shown where the button was: over the page, when it stood there
}

// finish says what happened and goes on. A button that stood over a page closes what
// it stood in, or shows there what is next, and the page asks for its tables again.
func (p pressing) finish(c *fiber.Ctx, said flash, to next) error {
	over, closes := p.over(c), to.to == urls.Page(p.page.Key)
	if over == "" || !to.stays && !closes {
		if err := p.site.say(c, said); err != nil {
			return err
		}
		return reply.Redirect(c, to.to)
	}
	if err := tell(c, "record:saved", map[string]any{"close": closes, "refresh": anyTexts(p.refreshed())}); err != nil {
		return err
	}
	if closes {
		c.Set("HX-Reswap", "none")
		return reply.Fragment(c, fiber.StatusOK, ui.MoreToasts([]ui.ToastProps{said.toast()}))
	}
	if err := p.site.say(c, said); err != nil {
		return err
	}
	where, err := field.MarshalJSON(map[string]any{"path": to.to, "target": "#" + string(over), "swap": "innerHTML"})
	if err != nil {
		return err
	}
	c.Set("HX-Location", string(where))
	return c.SendStatus(fiber.StatusNoContent)
}

// over is where the form stands that was sent; empty when a page answers it.
func (p pressing) over(c *fiber.Ctx) pages.Over {
	if !reply.Wants(c) {
		return ""
	}
	return pages.OverOf(p.form.Get(pages.OverName))
}

// refused says beside the button why nothing happened; a page of its own says it where
// no page waits for the answer.
func (p pressing) refused(c *fiber.Ctx, e *models.Error) error {
	status := reply.StatusOf(e)
	switch {
	case p.over(c) == "" || e.Kind != models.KindInvalid && e.Kind != models.KindConflict && e.Kind != models.KindUnprocessable:
		return e
	case e.Kind == models.KindInvalid:
		status = fiber.StatusUnprocessableEntity
	}
	said := flash{Tone: ui.Bad, Title: saidOnce(c.UserContext(), e)[0].Message}
	c.Set("HX-Reswap", "none")
	return reply.Fragment(c, status, ui.MoreToasts([]ui.ToastProps{said.toast()}))
}

// refreshed lists the ids of the tables that ask for themselves after a press: those
// that the designer chose, else all that show what was changed.
func (p pressing) refreshed() []string {
	chosen := p.action.After.Refresh
	var out []string
	for _, b := range p.viewer.tables(p.page) {
		same := models.Snake(b.Collection) == models.Snake(p.on.Name)
		if len(chosen) == 0 && same || slices.Contains(chosen, b.ID) {
			out = append(out, pages.BlockRegion(b.ID))
		}
	}
	return out
}

// tell makes the page hear of an event; see static/js/over.js.
func tell(c *fiber.Ctx, event string, detail map[string]any) error {
	b, err := field.MarshalJSON(map[string]any{event: detail})
	if err == nil {
		c.Set("HX-Trigger", string(b))
	}
	return err
}
