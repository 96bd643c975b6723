package api

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
	"formrail/models/records"
	"formrail/models/text"
)

// fullReply is up to how many changed records are sent back whole.
const fullReply = 200

func filterRequired() *models.Error {
	return models.Invalid("FILTER_REQUIRED", text.M("record.filter_required", "Say which records: by filterByTk or by a filter."))
}

// writing is one write on its way through an action.
type writing struct {
	api    *api
	op     *records.Operation
	query  records.Query // how the reply shows records
	params *bind.Params
	only   []string // value names that count; nil for all
	never  []string // value names that do not
}

// begin reads what all writes share.
func (a *api) begin(c *fiber.Ctx, act models.Action) (*writing, error) {
	p, err := bind.ReadParams(c)
	if err != nil {
		return nil, err
	}
	w := &writing{api: a, params: p}
	if w.query, err = a.query(c, p); err != nil {
		return nil, err
	}
	r := route.Of(c)
	w.op = &records.Operation{
		Access: r.Caller.Access, Collection: w.query.Collection, Action: act, Zone: w.query.Zone,
		Origin: models.Origin{Kind: "api", RequestID: r.ID, Trace: models.RequestOf(c.UserContext()).Trace}, IgnoreUnknown: p.One("unknown", "refuse", "ignore") == "ignore",
	}
	w.only, w.never = p.List("whitelist"), p.List("blacklist")
	if err := w.names(c.UserContext()); err != nil {
		return nil, err
	}
	w.op.Version, err = ifMatch(c)
	return w, err
}

// ifMatch reads the version that a change is meant for.
func ifMatch(c *fiber.Ctx) (int64, error) {
	sent := c.Get(fiber.HeaderIfMatch)
	if sent == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(sent, "W/"), `"`), 10, 64)
	if err != nil || n <= 0 {
		return 0, models.Invalid("BAD_PARAMETER", text.M("request.if_match", "If-Match must be the ETag that came with the record."))
	}
	return n, nil
}

// run checks the parameters and writes. An error with data that is saved all the
// same says so.
func (w *writing) run(c *fiber.Ctx) (*records.Result, error) {
	if err := w.params.Only(); err != nil {
		return nil, err
	}
	if err := w.checkReply(c.UserContext()); err != nil {
		return nil, err
	}
	if w.op.Idempotency == nil {
		w.op.Idempotency = keyOf(c)
	}
	result, err := w.api.Records.Write(c.UserContext(), w.op)
	if err != nil && result != nil {
		return nil, afterSave(err, result.Messages)
	}
	return result, err
}

// checkReply refuses a reply that cannot be built before anything is written.
func (w *writing) checkReply(ctx context.Context) error {
	if len(w.query.Fields)+len(w.query.Appends) == 0 {
		return nil
	}
	_, err := w.api.Records.Get(ctx, w.query, "0") // there is no such record; what is asked of it is checked first
	if models.IsKind(err, models.KindInvalid) {
		return err
	}
	return nil
}

// afterSave puts the messages of earlier workflows before what the last one said.
func afterSave(err error, said []string) error {
	e := models.AsError(err)
	if e.Code != "WORKFLOW_STOPPED" || len(said) == 0 {
		return reply.After(err, said)
	}
	stopped := *e
	stopped.Fields = nil
	for _, m := range said {
		stopped.Fields = append(stopped.Fields, models.FieldError{Message: text.Verbatim(m)})
	}
	if len(e.Fields) == 0 {
		stopped.Fields = append(stopped.Fields, models.FieldError{Code: e.Code, Message: e.Message})
	}
	stopped.Fields = append(stopped.Fields, e.Fields...)
	return &stopped
}

// values takes what the caller may set out of a body.
func (w *writing) values(body map[string]any, dropped *[]string) records.Record {
	out := records.Record{}
	for name, v := range body {
		if w.only != nil && !slices.Contains(w.only, name) || slices.Contains(w.never, name) {
			*dropped = append(*dropped, name)
			continue
		}
		out[name] = v
	}
	return out
}

// answer says what a write did: its records as the caller may see them now.
func (w *writing) answer(c *fiber.Ctx, result *records.Result, dropped []string) (reply.Body, error) {
	body := reply.Body{Messages: result.Messages, Meta: map[string]any{"triggers": w.triggers(result.Triggers)}}
	if ignored := slices.Compact(slices.Sorted(slices.Values(append(dropped, result.Ignored...)))); len(ignored) > 0 {
		body.Meta["ignored"] = texts(ignored)
	}
	if result.Replayed {
		c.Set("Idempotent-Replayed", "true")
	}
	list, err := w.show(c.UserContext(), result.Changes)
	body.Data = list
	return body, err
}

// show reads changed records again with the caller's view right, in their order.
// What he may not see is its key only.
func (w *writing) show(ctx context.Context, changes []records.Change) ([]any, error) {
	out := make([]any, len(changes))
	for i, change := range changes {
		id := changeKey(change)
		if len(changes) > fullReply {
			out[i] = id
			continue
		}
		record, err := w.api.Records.Get(ctx, w.query, change.ID)
		switch {
		case models.IsKind(err, models.KindForbidden), models.IsKind(err, models.KindNotFound):
			out[i] = map[string]any{models.IDField: id}
		case err != nil:
			return nil, err
		default:
			out[i] = record
		}
	}
	return out, nil
}

// changeKey is the primary key of a changed record; of a replayed answer only its
// text is known.
func changeKey(change records.Change) any {
	if change.After != nil || change.Before != nil {
		return change.Key()
	}
	if n, err := strconv.ParseInt(change.ID, 10, 64); err == nil && change.Collection.IDType == models.IntegerID {
		return n
	}
	return change.ID
}

func (a *api) createRecords(c *fiber.Ctx) (reply.Body, error) {
	w, err := a.begin(c, models.Create)
	if err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.JSON(c)
	if err != nil {
		return reply.Body{}, err
	}
	var dropped []string
	switch v := sent.(type) {
	case map[string]any:
		w.op.Values = w.values(v, &dropped)
	case []any:
		w.op.Batch = []records.Record{}
		for _, one := range v {
			m, ok := one.(map[string]any)
			if !ok {
				return reply.Body{}, notValues()
			}
			w.op.Batch = append(w.op.Batch, w.values(m, &dropped))
		}
	default:
		return reply.Body{}, notValues()
	}
	result, err := w.run(c)
	if err != nil {
		return reply.Body{}, err
	}
	body, err := w.answer(c, result, dropped)
	if list, ok := body.Data.([]any); ok && w.op.Batch == nil && len(list) == 1 {
		body.Data = list[0]
	}
	return body, err
}

func notValues() *models.Error {
	return models.Invalid("BAD_JSON", text.M("record.values", "The body must be an object with the values of a record, or a list of such objects."))
}

// choose reads which records a write is about.
func (w *writing) choose(c *fiber.Ctx) error {
	w.op.IDs, w.op.Filter = w.params.List("filterByTk"), w.params.JSON("filter")
	if tk := route.Param(c, "tk"); tk != "" {
		w.op.IDs = []string{tk}
	}
	if err := w.params.Err(); err != nil {
		return err
	}
	if len(w.op.IDs) == 0 && w.op.Filter == nil {
		return filterRequired()
	}
	return nil
}

func (a *api) updateRecords(c *fiber.Ctx) (reply.Body, error) {
	w, err := a.begin(c, models.Update)
	if err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := w.choose(c); err != nil {
		return reply.Body{}, err
	}
	var dropped []string
	w.op.Values = w.values(sent, &dropped)
	result, err := w.run(c)
	if err != nil {
		return reply.Body{}, err
	}
	return w.answer(c, result, dropped)
}

func (a *api) destroyRecords(c *fiber.Ctx) (reply.Body, error) {
	w, err := a.begin(c, models.Delete)
	if err != nil {
		return reply.Body{}, err
	}
	if w.params.Flag("purge", false) {
		w.op.Action = models.Purge
	}
	if err := w.chooseByBody(c); err != nil {
		return reply.Body{}, err
	}
	result, err := w.run(c)
	if err != nil {
		return reply.Body{}, err
	}
	body := reply.Body{Data: len(result.Changes), Messages: result.Messages, Meta: map[string]any{"triggers": w.triggers(result.Triggers)}}
	if result.Replayed {
		c.Set("Idempotent-Replayed", "true")
	}
	return body, nil
}

func (a *api) restoreRecords(c *fiber.Ctx) (reply.Body, error) {
	w, err := a.begin(c, records.Restore)
	if err != nil {
		return reply.Body{}, err
	}
	if err := w.chooseByBody(c); err != nil {
		return reply.Body{}, err
	}
	result, err := w.run(c)
	if err != nil {
		return reply.Body{}, err
	}
	return w.answer(c, result, nil)
}

// chooseByBody is choose for actions without values, whose body may name the
// records as well.
func (w *writing) chooseByBody(c *fiber.Ctx) error {
	body, err := bind.ReadBody(c)
	if err != nil {
		return err
	}
	ids, filter := body.List("filterByTk"), body.JSON("filter")
	if err := body.Only(); err != nil {
		return err
	}
	if ids == nil && filter == nil {
		return w.choose(c)
	}
	w.op.IDs, w.op.Filter = ids, filter
	return nil
}
