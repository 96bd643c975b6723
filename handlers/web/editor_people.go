package web

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/urls"
)

// showEditors answers with who has the editor of a workflow open and who edits. When
// the page shows another draft than there is now, it is told to ask for that.
func (s *site) showEditors(c *fiber.Ctx) error {
	key, ctx := route.Param(c, "key"), c.UserContext()
	if !reply.Wants(c) {
		return reply.Redirect(c, urls.Workflow(key))
	}
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	e := &editing{viewer: v}
	if e.w, err = models.WorkflowByKey(ctx, s.DB.Read(), key); err != nil {
		return err
	}
	if e.state, err = s.Engine.DraftBrief(ctx, e.access, e.w); err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	s.Present.Look(e.topic(), e.user.ID, query.Get("step"))
	p := editor.Props{Key: e.w.Key}
	p.Session.CSRF = e.csrf
	if err := e.editors(ctx, &p); err != nil {
		return err
	}
	if query.Get("seen") != strconv.FormatInt(e.w.DraftRevision, 10) || query.Has("editing") != e.mayEdit() {
		c.Set("HX-Trigger", "draft:changed")
	}
	return reply.Fragment(c, fiber.StatusOK, editor.PeopleParts(p))
}

// changeEditor asks for the right to edit, hands it over, keeps it, or takes it.
func (s *site) changeEditor(c *fiber.Ctx) error {
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, access, key := c.UserContext(), route.CallerOf(c).Access, route.Param(c, "key")
	switch form.Get("do") {
	case "ask":
		err = s.Engine.AskToEdit(ctx, access, key)
	case "hand":
		err = s.Engine.AnswerEditor(ctx, access, key, true)
	case "keep":
		err = s.Engine.AnswerEditor(ctx, access, key, false)
	case "take":
		err = s.Engine.TakeOver(ctx, access, key)
	default:
		err = models.Invalid("BAD_PARAMETER", text.M("editor.lock_verb", "Ask, hand over, keep or take over."))
	}
	if err != nil {
		return err
	}
	return reply.Redirect(c, urls.Workflow(key))
}

// topic is what live updates of the draft are called.
func (e *editing) topic() string { return "workflow:" + e.w.Key }

// locked reports whether another person edits the draft.
func (e *editing) locked() bool {
	holder := e.state.Holder.UserID
	return holder != 0 && holder != e.user.ID
}

// editors say who else is here and who may edit.
func (e *editing) editors(ctx context.Context, p *editor.Props) error {
	for _, one := range e.site.Present.Who(e.topic()) {
		if one.UserID == e.user.ID {
			continue
		}
		person, err := e.names.person(ctx, one.UserID)
		if err != nil {
			return err
		}
		name := text.T(ctx, "editor.looks", "%s is looking", person.Name)
		if one.UserID == e.state.Holder.UserID {
			name = text.T(ctx, "editor.edits", "%s is editing", person.Name)
		}
		p.People = append(p.People, editor.Present{Person: person, Name: name, Step: one.Place})
	}
	if e.version == nil && e.access.Can("workflow.edit") {
		return e.lock(ctx, p)
	}
	return nil
}

func (e *editing) lock(ctx context.Context, p *editor.Props) error {
	state := e.state.Holder
	switch {
	case e.locked():
		holder, err := e.names.person(ctx, state.UserID)
		if err != nil {
			return err
		}
		p.Lock = &editor.Lock{
			Text:  text.T(ctx, "editor.locked", "%s is editing this workflow. You see every change.", holder.Name),
			Asked: state.Asker == e.user.ID, CanTake: e.access.Can("workflow.publish"),
			Sure: text.T(ctx, "editor.take_sure", "Take over from %s?", holder.Name),
		}
		if e.state.Undo != "" {
			p.Lock.Sure = text.T(ctx, "editor.take_sure_after", "Take over from %s, whose last edit is “%s”?", holder.Name, e.state.Undo)
		}
		if p.Lock.Asked {
			p.Lock.Text = text.T(ctx, "editor.asked", "You asked %s to hand over. Without an answer you can edit within a minute.", holder.Name)
		}
	case state.Asker != 0 && state.Asker != e.user.ID:
		asker, err := e.names.person(ctx, state.Asker)
		if err != nil {
			return err
		}
		p.Lock = &editor.Lock{Text: text.T(ctx, "editor.asks", "%s would like to edit. Without an answer the editor goes over in a minute.", asker.Name), Holds: true}
	}
	return nil
}
