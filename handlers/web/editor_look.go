package web

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/views/canvas"
	"formrail/views/urls"
)

// How a reader looks at canvases is kept in his browser, not with the draft: what he folded,
// whether he reads a list, and which types of steps he added last.
const (
	foldsCookie   = "folds"
	outlineCookie = "outline"
	recentCookie  = "recent"

	lookKept   = 180 * 24 * time.Hour
	mostFolds  = 50
	mostRecent = 5 // types that were added last
)

// keepLook keeps a list of keys in the browser, for the addresses below a path.
func (s *site) keepLook(c *fiber.Ctx, name, path string, keys []string) {
	c.Cookie(&fiber.Cookie{
		Name: name, Value: strings.Join(keys, "."), Path: path, MaxAge: int(lookKept.Seconds()), HTTPOnly: true,
		Secure: s.Base.Secure(), SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// look reads such a list.
func look(c *fiber.Ctx, name string) []string {
	return slices.DeleteFunc(strings.Split(strings.Clone(c.Cookies(name)), "."), func(key string) bool { return key == "" })
}

// outlineOf reports whether canvases are shown as lists; an address may ask for either.
func (s *site) outlineOf(c *fiber.Ctx, query bind.Form) string {
	asked := query.Get("as")
	if asked == canvas.AsOutline || asked == canvas.AsCanvas {
		s.keepLook(c, outlineCookie, "/", []string{asked})
		return asked
	}
	return strings.Join(look(c, outlineCookie), "")
}

// relook changes how the canvas is looked at, when the address asks for it. It reports
// whether the answer is written: without scripts the reader is led back.
func (e *editing) relook(c *fiber.Ctx, query bind.Form) (bool, error) {
	fold, unfold := query.Get("fold"), query.Get("unfold")
	if fold == "" && unfold == "" && query.Get("as") == "" {
		return false, nil
	}
	if fold != "" || unfold != "" {
		e.folds = slices.DeleteFunc(e.folds, func(key string) bool { return key == fold || key == unfold || nodeIn(e.def.Nodes, key) == nil })
		if nodeIn(e.def.Nodes, fold) != nil {
			e.folds = append(e.folds, fold)
		}
		e.folds = e.folds[max(0, len(e.folds)-mostFolds):]
		e.site.keepLook(c, foldsCookie, urls.Workflow(e.w.Key), e.folds)
	}
	if reply.Wants(c) {
		e.open, _, _ = strings.Cut(c.Get(drawnHeader), ".") // it stays open
		return false, nil
	}
	where := urls.Workflow(e.w.Key)
	if step := query.Get("step"); step != "" {
		where = urls.WorkflowOpen(e.w.Key, step)
	}
	return true, reply.Redirect(c, where)
}

// fold draws a step with branches: whole, or with a word about what is folded away. What
// holds the open step stays unfolded.
func (e *editing) fold(s *canvas.Step, of drawn) {
	if e.version != nil || of.part == nil {
		return
	}
	hidden := canvas.Inside(s.Branches)
	if hidden.Steps == 0 {
		return
	}
	folded := slices.Contains(e.folds, s.Key) && (e.open == s.Key || !slices.ContainsFunc(append(e.picked, e.open), func(key string) bool {
		return key != s.Key && nodeIn(branchesOf(of.part), key) != nil
	}))
	s.FoldHref = urls.WorkflowFold(e.w.Key, s.Key, !folded)
	if folded {
		s.Folded, s.Branches, s.Fork = &hidden, nil, false
	}
}

// noteRecent keeps the type of a step that was just added in front of the others.
func (e *editing) noteRecent(c *fiber.Ctx, typ string) {
	list := append([]string{typ}, slices.DeleteFunc(look(c, recentCookie), func(one string) bool { return one == typ })...)
	e.site.keepLook(c, recentCookie, urls.Workflows(), list[:min(len(list), mostRecent)])
}
