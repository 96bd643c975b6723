package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/ui"
	"formrail/views/urls"
)

// How many executions a question shows, operations a list, and outcomes an operation.
const (
	bulkSample     = 5
	operationsSeen = 30
	outcomesSeen   = 50
)

// bulkKindOf says what is meant by a word of the list.
func bulkKindOf(do string) string {
	return map[string]string{executions.CancelAll: engine.BulkCancel, executions.RetryAll: engine.BulkRetry, executions.RerunAll: engine.BulkRerun}[do]
}

// bulkOf reads what is to be done with which executions: the filters of the list.
func (v *viewer) bulkOf(ctx context.Context, q url.Values) (engine.Bulk, executions.ListProps, error) {
	p := executions.ListProps{
		Status: q.Get("status"), Time: q.Get("time"), By: q.Get("by"), Workflow: q.Get("workflow"), Version: q.Get("version"), Search: strings.TrimSpace(q.Get("search")),
	}
	b := engine.Bulk{Kind: bulkKindOf(q.Get("do")), Reason: strings.TrimSpace(q.Get("reason"))}
	if b.Kind == "" {
		return b, p, models.NotFound()
	}
	if rate := strings.TrimSpace(q.Get("rate")); rate != "" {
		n, err := strconv.Atoi(rate)
		if err != nil || n < 1 || n > 1000 {
			return b, p, models.Invalid("BAD_PARAMETER", text.M("bulk.bad_rate", "A rate is a whole number from 1 to 1,000."))
		}
		b.Rate = n
	}
	var err error
	b.Filter, err = v.executionFilter(ctx, &p)
	narrow(&b.Filter, p.Status)
	return b, p, err
}

// askOperation shows what would be done before it is started.
func (s *site) askOperation(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	return v.drawBulk(c, fiber.StatusOK, url.Values(query), "")
}

func (v *viewer) drawBulk(c *fiber.Ctx, status int, q url.Values, problem string) error {
	ctx := c.UserContext()
	rate := q.Get("rate")
	if problem != "" {
		q.Del("rate") // it is shown, not read again
	}
	b, list, err := v.bulkOf(ctx, q)
	if err != nil {
		return err
	}
	count, rows, err := v.site.Engine.Matching(ctx, v.access, b, bulkSample)
	if err != nil {
		return err
	}
	p := executions.BulkProps{
		Do: q.Get("do"), Count: count, Filter: list.Chosen(), Back: list.Address(), Reason: b.Reason, Rate: rate, Problem: problem, Key: models.NewID(),
	}
	number := ui.Number(strconv.FormatInt(count, 10), 0)
	switch {
	case count == 0:
		p.Title, p.Note = text.T(ctx, "bulk.nothing", "Nothing to do"), text.T(ctx, "bulk.none", "No execution matches, so there is nothing to do.")
	case b.Kind == engine.BulkCancel:
		p.Title, p.Button = text.T(ctx, "bulk.cancel_question", "Cancel %s executions?", number), text.T(ctx, "bulk.cancel_it", "Cancel %s executions", number)
		p.Note = text.T(ctx, "execution.cancel_note", "No further step runs. Open tasks are closed. What already happened stays.")
	case b.Kind == engine.BulkRetry:
		p.Title, p.Button = text.T(ctx, "bulk.retry_question", "Retry %s executions?", number), text.T(ctx, "bulk.retry_it", "Retry %s executions", number)
		p.Note = text.T(ctx, "bulk.retry_note", "Each goes on from the step that failed, as a new execution. What already happened does not happen again.")
	default:
		p.Title, p.Button = text.T(ctx, "bulk.rerun_question", "Run %s executions again?", number), text.T(ctx, "bulk.rerun_it", "Run %s executions again", number)
		p.Note = text.T(ctx, "bulk.rerun_note", "Each starts from the beginning with the same input, and all of its effects happen again.")
	}
	for _, x := range rows {
		row, err := v.executionRow(ctx, x)
		if err != nil {
			return err
		}
		p.Sample = append(p.Sample, row)
	}
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, executions.Bulk(p), nil)
}

// startOperation starts what was asked about.
func (s *site) startOperation(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	b, _, err := v.bulkOf(c.UserContext(), url.Values(form))
	if err == nil {
		var o *models.Operation
		if o, err = s.Engine.StartBulk(c.UserContext(), v.access, b); err == nil {
			return reply.Redirect(c, urls.Operation(o.ID))
		}
	}
	if e := models.AsError(err); e.Kind == models.KindInvalid {
		return v.drawBulk(c, reply.StatusOf(e), url.Values(form), e.Message.In(c.UserContext()))
	}
	return err
}

// listOperations shows what somebody started and how far it has come.
func (s *site) listOperations(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	list, err := models.Operations(c.UserContext(), s.DB.Read(), v.user.ID, operationsSeen)
	if err != nil {
		return err
	}
	return v.drawOperations(c, executions.OperationsProps{}, list)
}

// showOperation shows one operation, with what did not do as asked.
func (s *site) showOperation(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	o, err := s.Engine.Operation(c.UserContext(), v.access, route.Param(c, "id"))
	if err != nil {
		return err
	}
	return v.drawOperations(c, executions.OperationsProps{One: true}, []*models.Operation{o})
}

func (v *viewer) drawOperations(c *fiber.Ctx, p executions.OperationsProps, list []*models.Operation) error {
	ctx := c.UserContext()
	for _, o := range list {
		one, err := v.operation(ctx, o, p.One)
		if err != nil {
			return err
		}
		p.List = append(p.List, one)
	}
	if reply.Wants(c) {
		p.Session.CSRF = v.csrf
		return reply.View(c, nil, executions.OperationList(p))
	}
	v.flash = v.site.heard(c)
	var err error
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, executions.Operations(p), nil)
}

func (v *viewer) operation(ctx context.Context, o *models.Operation, whole bool) (executions.Operation, error) {
	out := executions.Operation{
		ID: o.ID, Title: operationTitle(ctx, o.Kind), Look: operationLook(ctx, o), Started: v.since(o.CreatedAt), Total: max(o.Total, o.Behind()), Behind: o.Behind(), Result: o.Result,
		Pauses: !o.Ended() && o.State != models.Paused, Resumes: o.State == models.Paused,
	}
	by, err := v.names.person(ctx, o.StartedBy)
	if err != nil {
		return out, err
	}
	out.By = by.Name
	var said []string
	if o.Skipped > 0 {
		said = append(said, text.T(ctx, "operation.skipped", "%d left alone", o.Skipped))
	}
	if o.Failed > 0 {
		said = append(said, text.T(ctx, "operation.failed", "%d went wrong", o.Failed))
	}
	out.Counts = strings.Join(said, ", ")
	if o.State == models.Running && o.Behind() > 0 {
		each := v.now.Sub(o.BegunAt.Time()) / time.Duration(o.Behind())
		out.Left = text.T(ctx, "operation.left", "about %s left", ui.Duration(each*time.Duration(max(o.Total-o.Behind(), 0))))
	}
	if !whole {
		return out, nil
	}
	for _, outcome := range []string{models.ItemFailed, models.ItemSkipped} {
		items, err := models.OutcomesOf(ctx, v.site.DB.Read(), o.ID, outcome, outcomesSeen)
		if err != nil {
			return out, err
		}
		for _, i := range items {
			out.Items = append(out.Items, executions.OperationItem{ID: i.Item, Detail: i.Detail})
		}
	}
	return out, nil
}

func operationTitle(ctx context.Context, kind string) string {
	switch kind {
	case engine.BulkCancel:
		return text.T(ctx, "operation.cancel", "Cancel executions")
	case engine.BulkRetry:
		return text.T(ctx, "operation.retry", "Retry executions")
	case engine.BulkRerun:
		return text.T(ctx, "operation.rerun", "Run executions again")
	case engine.BulkRemove:
		return text.T(ctx, "operation.remove", "Delete executions")
	}
	return kind
}

func operationLook(ctx context.Context, o *models.Operation) ui.StatusProps {
	switch {
	case o.Wanted != "" && o.State == models.Running:
		return ui.StatusProps{Label: text.T(ctx, "operation.stopping", "Stops after what is under way"), Tone: ui.Info, Icon: "loader-circle"}
	case o.State == models.Paused:
		return ui.StatusProps{Label: text.T(ctx, "operation.paused", "Paused"), Tone: ui.Idle, Icon: "pause"}
	case o.State == models.Done:
		return ui.StatusProps{Label: text.T(ctx, "operation.done", "Done"), Tone: ui.OK, Icon: "check"}
	}
	return executions.Look(ctx, string(o.State))
}

// changeOperation pauses an operation, stops it, or lets it go on.
func (s *site) changeOperation(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	want, ok := map[string]string{"pause": models.WantPause, "cancel": models.WantCancel, "resume": ""}[form.Get("want")]
	if !ok {
		return models.NotFound()
	}
	ctx, id := c.UserContext(), route.Param(c, "id")
	if err := s.Engine.ChangeOperation(ctx, v.access, id, want); err != nil && !models.IsCode(err, "OPERATION_ENDED") {
		return err
	}
	return reply.Redirect(c, urls.Operation(id))
}
