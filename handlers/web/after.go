package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
)

// behind says what went wrong behind a save.
func behind(ctx context.Context, e *models.Error) flash {
	title := text.T(ctx, "form.saved_only", "Saved, but a workflow failed")
	if e.Kind == models.KindUnavailable {
		title = text.T(ctx, "form.saved_first", "Saved, but not finished yet")
	}
	return flash{Tone: ui.Bad, Title: title, Text: e.Message.In(ctx)}
}

// savedOnly goes on as after a success, but says what went wrong behind it.
func (p pressing) savedOnly(c *fiber.Ctx, f formView, result *records.Result, e *models.Error) error {
	ctx := c.UserContext()
	said := behind(ctx, e)
	if id, ok := e.Data["executionId"].(string); ok && p.access.Can("execution.view") {
		said.Label, said.Href = text.T(ctx, "log.open", "Open execution"), urls.Execution(id)
	}
	to, err := p.next(ctx, f, result)
	if err != nil {
		return err
	}
	return p.finish(c, said, to)
}

// succeeded says what the designer wanted to be said, and goes where he wanted.
func (p pressing) succeeded(c *fiber.Ctx, f formView, result *records.Result) error {
	ctx := c.UserContext()
	said, err := p.message(ctx, f, result)
	if err != nil {
		return err
	}
	to, err := p.next(ctx, f, result)
	if err != nil {
		return err
	}
	if err := p.follows(ctx, result, &said); err != nil {
		return err
	}
	return p.finish(c, said, to)
}

// Bounds of what is looked at before a press is answered.
const (
	asksFor  = 3                      // executions
	asksTime = 250 * time.Millisecond // for each of them to come to a person
)

// follows says who is asked now by what the press started, with the way to where the rest
// is told. What takes longer is told there.
func (p pressing) follows(ctx context.Context, result *records.Result, said *flash) error {
	begun := slices.DeleteFunc(slices.Clone(result.Triggers), func(t models.TriggerOutcome) bool { return !t.Started || t.Sync || t.ExecutionID == "" })
	if len(begun) == 0 || len(result.Changes) != 1 {
		return nil
	}
	for _, t := range begun[:min(len(begun), asksFor)] {
		if _, err := p.site.Engine.Settled(ctx, t.ExecutionID, asksTime); err != nil {
			return err
		}
		asked, err := p.whoIsAsked(ctx, t.ExecutionID)
		if err != nil {
			return err
		}
		said.Text = strings.TrimSpace(said.Text + " " + asked)
	}
	if p.block.Type == models.CreateFormBlock && p.access.MayTouch(p.on.Name, models.View) {
		said.Label, said.Href = text.T(ctx, "form.follows", "What happens next"), urls.Submitted(p.page.Key, p.block.ID, result.Changes[0].ID)
	}
	return nil
}

// message is what is said after a success: messages of synchronous workflows, then
// the button's own.
func (p pressing) message(ctx context.Context, f formView, result *records.Result) (flash, error) {
	out := flash{Tone: ui.OK, Title: text.T(ctx, "form.saved", "Saved"), Text: strings.Join(result.Messages, " ")}
	if p.action.After.Message == "" {
		return out, nil
	}
	record, err := p.saved(ctx, result)
	if err != nil {
		return out, err
	}
	out.Title, err = p.sentence(ctx, p.action.After.Message, p.on, record)
	return out, err
}

// saved reads what was saved as the viewer may see it; nothing when he may not.
func (p pressing) saved(ctx context.Context, result *records.Result) (records.Record, error) {
	if len(result.Changes) == 0 {
		return records.Record{}, nil
	}
	q := records.Query{Access: p.access, Collection: p.on.Name, Appends: links(p.on.Fields)}
	record, err := p.site.Records.Get(ctx, q, result.Changes[0].ID)
	if models.IsKind(err, models.KindNotFound) || models.IsKind(err, models.KindForbidden) {
		return records.Record{}, nil
	}
	return record, err
}

// next is where to go after a save.
func (p pressing) next(ctx context.Context, f formView, result *records.Result) (next, error) {
	after, id := p.action.After, f.id()
	if len(result.Changes) > 0 {
		id = result.Changes[0].ID
	}
	switch {
	case after.Redirect != "":
		return next{to: p.redirect(after.Redirect, id)}, nil
	case after.Next == "record":
		return p.opened(ctx, id)
	case after.Next == "clear" && !p.inline():
		return next{urls.Form(p.page.Key, p.block.ID, ""), true}, nil
	case after.Close:
	case p.action.Type == models.SaveAction:
		if block := p.editForm(); block != "" {
			return next{urls.Form(p.page.Key, block, id), true}, nil
		}
	case f.record == nil && !p.inline() && p.access.MayTouch(p.on.Name, models.View):
		return next{urls.Submitted(p.page.Key, p.block.ID, id), true}, nil
	case f.record != nil:
		return p.opened(ctx, id)
	}
	return next{to: urls.Page(p.page.Key)}, nil
}

// opened shows a record, or the page when nothing of it shows the record.
func (p pressing) opened(ctx context.Context, id string) (next, error) {
	to, err := p.recordHref(ctx, p.on, id)
	if to == "" {
		to = urls.Page(p.page.Key)
	}
	return next{to, true}, err
}

// redirect fills the variables of a local path, each one encoded.
func (p pressing) redirect(to, id string) string {
	to = strings.ReplaceAll(to, "{{ record.id }}", url.PathEscape(id))
	if !localPath(to) {
		return urls.Page(p.page.Key)
	}
	return to
}

// inline reports whether the form stands on its page among other blocks.
func (p pressing) inline() bool {
	return !slices.ContainsFunc(p.page.Popups, func(b *models.Block) bool { return b.ID == p.block.ID })
}

// editForm is the form that changes records of the collection, to keep open what was
// saved; empty when the page has none the viewer may use.
func (p pressing) editForm() string {
	if p.block.Type == models.EditFormBlock {
		return p.block.ID
	}
	for _, b := range p.page.Blocks() {
		if b.Type == models.EditFormBlock && models.Snake(b.Collection) == models.Snake(p.on.Name) && p.access.MayTouch(p.on.Name, models.Update) {
			return b.ID
		}
	}
	return ""
}
