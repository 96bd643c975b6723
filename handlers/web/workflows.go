package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// workflowLog is how many lines of the trigger log a workflow shows.
const workflowLog = 20

// showVersions draws what stands around the definition of a workflow: what it is, its
// versions and the trigger log.
func (s *site) showVersions(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	w, err := models.WorkflowByKey(c.UserContext(), s.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return v.drawWorkflow(c, w, shownWorkflow{status: fiber.StatusOK})
}

// shownWorkflow says how a workflow is drawn.
type shownWorkflow struct {
	status  int
	problem string
}

func (v *viewer) drawWorkflow(c *fiber.Ctx, w *models.Workflow, show shownWorkflow) error {
	ctx := c.UserContext()
	p := workflows.ShowProps{
		Key: w.Key, Title: w.Title, Description: w.Description, Trigger: v.site.types.triggerTitle(w.Type), Sync: w.Sync, Enabled: w.Enabled,
		CanEnable: v.access.Can("workflow.publish") && (w.LiveVersion != 0 || w.Enabled), Problem: show.problem,
	}
	p.Limits, p.CanSet, p.CanPause = engine.LimitsSentence(ctx, w.Options), v.access.Can("workflow.edit"), v.access.Can("workflow.publish")
	var err error
	if p.Paused, err = v.pauseOf(ctx, w); err != nil {
		return err
	}
	versions, err := models.Versions(ctx, v.site.DB.Read(), w.ID)
	if err != nil {
		return err
	}
	if p.Versions, err = v.versions(ctx, w, versions, 0); err != nil {
		return err
	}
	if p.Bound, err = v.boundButtons(ctx, w.Key); err != nil {
		return err
	}
	log, err := models.TriggerLog(ctx, v.site.DB.Read(), models.TriggerFilter{WorkflowID: w.ID, Limit: workflowLog})
	if err != nil {
		return err
	}
	if p.Log, err = v.logEntries(ctx, log, v.loggedRecord); err != nil {
		return err
	}
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, show.status, workflows.Show(p), nil)
}

// versions lists the versions with how often each ran.
func (v *viewer) versions(ctx context.Context, w *models.Workflow, list []*models.Version, current int64) ([]workflows.Version, error) {
	var out []workflows.Version
	for _, one := range list {
		by, err := v.names.person(ctx, one.AuthorID)
		if err != nil {
			return nil, err
		}
		ran, err := models.CountOfVersion(ctx, v.site.DB.Read(), one)
		if err != nil {
			return nil, err
		}
		out = append(out, workflows.Version{
			Number: int(one.Number), Live: one.ID == w.LiveVersion, Note: one.Note, By: by, At: v.since(one.PublishedAt),
			Executions: executionsWord(ctx, ran),
		})
	}
	return out, nil
}

// executionsWord counts executions.
func executionsWord(ctx context.Context, n int64) string {
	if n == 1 {
		return text.T(ctx, "workflows.ran_once", "1 execution")
	}
	return text.T(ctx, "workflows.ran", "%s executions", ui.Number(strconv.FormatInt(n, 10), 0))
}

// enableWorkflow switches a workflow on or off.
func (s *site) enableWorkflow(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, on := c.UserContext(), form.Get("enabled") == "true"
	w, err := s.Engine.UpdateWorkflow(ctx, v.access, route.Param(c, "key"), engine.WorkflowChange{Enabled: &on})
	if err != nil {
		return v.refuseWorkflow(c, shownWorkflow{}, models.AsError(err))
	}
	said := flash{Tone: ui.OK, Title: text.T(ctx, "workflows.now_off", "“%s” is switched off", w.Title)}
	if on {
		said.Title = text.T(ctx, "workflows.now_on", "“%s” is switched on", w.Title)
	}
	if err := s.say(c, said); err != nil {
		return err
	}
	if from := cameFrom(c); strings.HasPrefix(from, urls.Workflows()) {
		return reply.Redirect(c, from)
	}
	return reply.Redirect(c, urls.Workflow(w.Key))
}

// refuseWorkflow draws the workflow with what kept something from being done.
func (v *viewer) refuseWorkflow(c *fiber.Ctx, show shownWorkflow, e *models.Error) error {
	if e.Kind != models.KindInvalid && e.Kind != models.KindConflict && e.Kind != models.KindForbidden {
		return e
	}
	w, err := models.WorkflowByKey(c.UserContext(), v.site.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return err
	}
	show.status, show.problem = reply.StatusOf(e), e.Message.In(c.UserContext())
	return v.drawWorkflow(c, w, show)
}
