package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// submittedSteps says what happens with a record that was just submitted.
func (r recordView) submittedSteps(ctx context.Context) ([]ui.TimelineItem, error) {
	out := []ui.TimelineItem{{Icon: "check", Tone: ui.OK, Who: text.T(ctx, "submitted.title", "Submitted")}}
	list, err := models.Executions(ctx, r.site.DB.Read(), models.ExecutionFilter{ResourceType: r.on.Name, ResourceID: r.id, Limit: recordExecutions})
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if x.UserID != r.user.ID && !r.access.Can("execution.view") {
			continue
		}
		item := ui.TimelineItem{Icon: "workflow", Who: x.WorkflowTitle, What: executions.Look(ctx, shownStatus(x.Status, x.Reason)).Label, When: r.since(x.CreatedAt)}
		if x.Status == models.Waiting {
			item.Icon, item.Tone = "hourglass", ui.Warn
			if item.Detail, err = r.whoIsAsked(ctx, x.ID); err != nil {
				return nil, err
			}
		}
		out[0].When = r.since(x.CreatedAt) // the first stands last in the list
		out = append(out, item)
	}
	return out, nil
}

// whoIsAsked names the people an execution waits for.
func (v *viewer) whoIsAsked(ctx context.Context, id string) (string, error) {
	steps, err := models.OpenSteps(ctx, v.site.DB.Read(), id)
	if err != nil {
		return "", err
	}
	said := ""
	for _, s := range steps {
		var shown executions.Step
		if err := v.asked(ctx, s, &shown); err != nil {
			return "", err
		}
		var names []string
		for _, p := range shown.Waiting {
			names = append(names, p.Name)
		}
		if len(names) > 0 {
			said = joined(said, v.askedSentence(ctx, s, names))
		}
	}
	return said, nil
}

// askedSentence says who is asked by a step. One that has no title of its own is not
// named: the name of its type says nothing.
func (v *viewer) askedSentence(ctx context.Context, s *models.Step, names []string) string {
	who := strings.Join(names, ", ")
	if typ := v.site.types.nodes[s.Type]; typ != nil && s.Title == typ.Title {
		if len(names) == 1 {
			return text.T(ctx, "submitted.asked_to_decide", "%s was asked to decide.", who)
		}
		return text.T(ctx, "submitted.several_to_decide", "%s were asked to decide.", who)
	}
	if len(names) == 1 {
		return text.T(ctx, "submitted.asked", "%s: %s was asked.", s.Title, who)
	}
	return text.T(ctx, "submitted.asked_several", "%s: %s were asked.", s.Title, who)
}

// showSubmitted says what happens now with a record that the viewer has submitted.
func (s *site) showSubmitted(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	f, err := v.form(ctx, route.Param(c, "page"), route.Param(c, "block"), "")
	if err != nil {
		return err
	}
	r, _, err := v.recordFor(ctx, f.page.Key, f.block.ID, route.Param(c, "record"))
	if err != nil {
		return err
	}
	p := pages.SubmittedProps{
		Over: openedOver(c), Self: urls.Submitted(f.page.Key, f.block.ID, r.id),
		PageTitle: r.page.Title, PageHref: urls.Page(r.page.Key), Title: text.T(ctx, "submitted.title", "Submitted"),
		Sentence: text.T(ctx, "submitted.sentence", "%s is saved.", records.TitleOf(r.on, r.record)), AgainHref: urls.Form(r.page.Key, r.block.ID, ""),
	}
	for _, a := range f.buttons() {
		if a.After.Message != "" {
			if p.Sentence, err = v.sentence(ctx, a.After.Message, r.on, r.record); err != nil {
				return err
			}
			break
		}
	}
	if p.RecordHref, err = v.recordHref(ctx, r.on, r.id); err != nil {
		return err
	}
	if p.Steps, err = r.submittedSteps(ctx); err != nil {
		return err
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, pages.Submitted(p), overOnly(p.Over, pages.SubmittedOver(p)))
}
