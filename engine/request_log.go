package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"formrail/models"
)

// requestLog collects what is to be written about requests and writes it a few times a
// second, so that no request waits for it. When the process dies, the last moments are
// missing in the log; executions never are.
type requestLog struct {
	mu      sync.Mutex
	waiting []models.LoggedRequest
	bytes   int
	keep    map[int64]int // requests to keep, by workflow
	refused map[refusedKind]int64
	flushMu sync.Mutex // one writer at a time, so that who waits for it sees all
}

// refusedKind are requests that are only counted.
type refusedKind struct {
	workflow int64
	key      string
	version  int64
	reason   string
}

// Bounds of what waits to be written.
const (
	maxWaiting   = 16 << 20 // bytes
	maxRefused   = 1_000
	requestPause = 250 * time.Millisecond
)

func (l *requestLog) add(r models.LoggedRequest, keep int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := len(r.Body) + len(r.Query) + 1_000
	if keep <= 0 || l.bytes+size > maxWaiting {
		return
	}
	if l.keep == nil {
		l.keep = map[int64]int{}
	}
	l.keep[r.WorkflowID] = keep
	l.waiting = append(l.waiting, r)
	l.bytes += size
}

func (l *requestLog) count(w *models.Workflow, reason string, _ time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused == nil {
		l.refused = map[refusedKind]int64{}
	}
	if k := (refusedKind{w.ID, w.Key, w.LiveVersion, reason}); len(l.refused) < maxRefused || l.refused[k] > 0 {
		l.refused[k]++
	}
}

func (l *requestLog) take() (list []models.LoggedRequest, keep map[int64]int, refused map[refusedKind]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, keep, refused = l.waiting, l.keep, l.refused
	l.waiting, l.keep, l.refused, l.bytes = nil, nil, nil, 0
	return list, keep, refused
}

// FlushRequests writes what waits to be written about requests.
func (e *Engine) FlushRequests(ctx context.Context) error {
	e.requests.flushMu.Lock()
	defer e.requests.flushMu.Unlock()
	list, keep, refused := e.requests.take()
	if len(list)+len(refused) == 0 {
		return nil
	}
	err := e.db.Write(ctx, "requests.log", func(tx *models.Tx) error {
		begun := map[int64]int{}
		for _, r := range slices.Backward(list) { // those that would be forgotten at once are not written
			if begun[r.WorkflowID]++; begun[r.WorkflowID] <= keep[r.WorkflowID] {
				if err := models.InsertRequest(ctx, tx, r); err != nil {
					return err
				}
			}
		}
		for id, n := range keep {
			if err := models.ForgetRequests(ctx, tx, id, n); err != nil {
				return err
			}
		}
		for k, n := range refused {
			err := models.CountRefusals(ctx, tx, models.TriggerEntry{WorkflowID: k.workflow, WorkflowKey: k.key, VersionID: k.version, Reason: k.reason, Count: n})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write request log: %w", err)
	}
	return nil
}

// logRequests writes what waits, again and again.
func (e *Engine) logRequests(ctx context.Context) {
	defer e.sweeper.Done()
	tick := time.NewTicker(requestPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			e.report("write request log", e.FlushRequests(context.WithoutCancel(ctx)))
			return
		case <-tick.C:
			e.report("write request log", e.FlushRequests(ctx))
		}
	}
}

// entry is what the log keeps of a request.
func (t *taking) entry(reply Reply, err error) (models.LoggedRequest, int) {
	status := reply.Status
	if err != nil {
		status = StatusOfKind(models.AsError(err).Kind)
		if t.reason == "" {
			t.reason = models.AsError(err).Code
		}
	}
	body, cut := t.in.Body, false
	if len(body) > models.MaxKeptBody {
		body, cut = body[:models.MaxKeptBody], true
	}
	kept := readable(string(body))
	cut = cut || kept != string(body)
	headers := t.in.Headers.Public(t.s.door.Secret()...)
	r := models.LoggedRequest{
		ID: models.NewID(), WorkflowID: t.s.l.workflow.ID, At: models.At(t.in.Begun), Method: t.in.Method, Address: t.in.Address, Status: status, Reason: t.reason,
		Took: t.e.clock.Now().Sub(t.in.Begun), Size: int64(len(t.in.Body)), ContentType: readable(t.in.Headers.Get("Content-Type")), Headers: headers, Query: readable(t.in.Query),
		Body: kept, Cut: cut, ExecutionID: t.started, RequestID: t.origin.RequestID, ReplayOf: t.in.ReplayOf,
	}
	for _, w := range t.reading.Warnings {
		r.Warnings = append(r.Warnings, w.String())
	}
	return r, t.s.door.Keep
}

// readable is a text as every database can keep it.
func readable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// StatusOfKind is the status code of a kind of errors as the log keeps it.
func StatusOfKind(k models.Kind) int {
	return map[models.Kind]int{
		models.KindInternal: 500, models.KindInvalid: 400, models.KindUnauthenticated: 401, models.KindForbidden: 403, models.KindNotFound: 404,
		models.KindMethodNotAllowed: 405, models.KindConflict: 409, models.KindGone: 410, models.KindTooLarge: 413, models.KindUnsupported: 415,
		models.KindMisdirected: 421, models.KindUnprocessable: 422, models.KindTooMany: 429, models.KindUnavailable: 503,
	}[k]
}

// Requests lists the latest requests to a workflow, newest first, behind the one named
// before. What they hold is shown to holders of the right execution.payload only.
func (e *Engine) Requests(ctx context.Context, access models.Access, w *models.Workflow, before string, limit int) ([]models.LoggedRequest, error) {
	if err := access.Require("execution.view"); err != nil {
		return nil, err
	}
	if err := e.FlushRequests(ctx); err != nil {
		e.log.LogAttrs(ctx, slog.LevelWarn, "write request log", slog.Any("error", err))
	}
	list, err := models.Requests(ctx, e.db.Read(), w.ID, before, limit)
	if err != nil || access.Can("execution.payload") {
		return list, err
	}
	for i := range list {
		list[i].Headers, list[i].Query, list[i].Body, list[i].Warnings = nil, "", "", nil
	}
	return list, nil
}
