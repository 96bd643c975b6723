package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/ui"
	"formrail/views/urls"
)

// nextShown is how many of the next times the panel shows.
const nextShown = 5

// nextTimes says when the open trigger starts next; nil when it does not follow the
// clock. Fixed times follow the draft, those of records are the planned ones.
func (e *editing) nextTimes(ctx context.Context) (*editor.Next, error) {
	up, timed, err := e.site.Engine.UpcomingSlots(ctx, e.state.Draft, nextShown)
	if err != nil || !timed {
		return nil, err
	}
	n := &editor.Next{Zone: up.Zone.String(), Reset: up.Limit > 0 && e.w.LiveVersion != 0 && e.access.Can("workflow.publish")}
	if up.Dated {
		return n, e.nextOfRecords(ctx, up.Zone, n)
	}
	for _, at := range up.Times {
		n.Times = append(n.Times, at.In(up.Zone).Format(timeShown))
	}
	switch {
	case len(n.Times) == 0:
		n.Note = text.T(ctx, "editor.next_none", "No more times by these settings.")
	case !e.w.Enabled:
		n.Note = text.T(ctx, "editor.next_off", "The workflow is switched off: these times are recorded as skipped.")
	}
	if e.w.LiveVersion == 0 {
		n.Note = text.T(ctx, "editor.next_draft", "They count once the workflow is published and switched on.")
	}
	return n, nil
}

// timeShown is how a time of a schedule is written: the weekday matters.
const timeShown = "Mon 2 Jan 2006, 15:04:05"

// nextOfRecords lists the next planned times of records, and how far existing ones are
// planned.
func (e *editing) nextOfRecords(ctx context.Context, zone *time.Location, n *editor.Next) error {
	plan, err := models.ScheduleByWorkflow(ctx, e.site.DB.Read(), e.w.ID)
	if err != nil {
		return err
	}
	if plan == nil {
		n.Note = text.T(ctx, "editor.next_records", "Each record gets its times once the workflow is published and switched on.")
		return nil
	}
	if plan.Filling {
		n.Filled, n.Fill = int(plan.FillDone), max(int(plan.FillTotal), 1)
	}
	planned, err := models.PlannedOf(ctx, e.site.DB.Read(), e.w.ID, nextShown)
	if err != nil {
		return err
	}
	on, known := e.cat.Collection(e.def.listens().Collection)
	for _, s := range planned {
		line := s.At.Time().In(zone).Format(timeShown)
		if known {
			line += " · " + subtitle(on, s.RecordID)
		}
		n.Times = append(n.Times, line)
	}
	if len(n.Times) == 0 && !plan.Filling {
		n.Note = text.T(ctx, "editor.next_no_record", "No record has a time that lies ahead.")
	}
	return nil
}

// resetCount makes the limit of a schedule count from now on.
func (s *site) resetCount(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	key := route.Param(c, "key")
	if err := s.Engine.ResetCount(c.UserContext(), v.access, key); err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(c.UserContext(), "editor.count_reset", "The count starts anew")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowOpen(key, triggerKey))
}
