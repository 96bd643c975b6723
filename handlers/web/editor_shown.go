package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/views/canvas"
	"formrail/views/editor"
)

// drawnHeader is what scripts send back of a page: the step that is open in its drawing,
// and the print of that.
const drawnHeader = "Canvas-Drawn"

// leave finds out what a page need not be sent again, because it shows it already.
func (e *editing) leave(c *fiber.Ctx, p *editor.Props) {
	if drawing := p.Canvas.Print(); drawing != "" {
		p.Drawn = e.open + "." + drawing
	}
	p.Stage, p.Map = true, true
	if !reply.Wants(c) {
		return
	}
	if shown, ok := e.shown(c.UserContext(), c.Get(drawnHeader)); ok {
		p.Map = p.Canvas.MapDiffers(shown)
		p.Stage = p.Canvas.Keep(shown)
	}
}

// shown draws the canvas as a page says that it shows it. It is not ok when the page
// shows anything else: an older draft, other names of collections, places for a step
// that is moved.
func (e *editing) shown(ctx context.Context, says string) (p canvas.Props, ok bool) {
	step, drawing, ok := strings.Cut(says, ".")
	if !ok {
		return p, false
	}
	before := *e
	if e.was != nil {
		before = *e.was
	}
	before.open, before.moving, before.paste, before.picking, before.picked = step, nil, nil, false, nil
	p = before.canvas(ctx)
	return p, p.Print() == drawing
}
