package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"formrail/engine/cluster"
	"formrail/models"
)

// sampleWait is how long a workflow waits for a request that serves as a sample.
const sampleWait = 10 * time.Minute

// samples knows which workflows wait for a sample. A restart forgets it.
type samples struct {
	mu    sync.Mutex
	until map[int64]time.Time
}

func (s *samples) wait(workflowID int64, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil {
		s.until = map[int64]time.Time{}
	}
	s.until[workflowID] = until
}

func (s *samples) waits(workflowID int64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.until[workflowID])
}

// take reports whether a request is the sample; the next one is not.
func (s *samples) take(workflowID int64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.until[workflowID]
	delete(s.until, workflowID)
	return ok && now.Before(until)
}

// AwaitSample makes a workflow keep the next request within ten minutes as a sample: it
// starts nothing and is answered 202, also while the workflow is switched off or was
// never published.
func (e *Engine) AwaitSample(access models.Access, w *models.Workflow) error {
	if err := access.Require("workflow.edit"); err != nil {
		return err
	}
	until := e.clock.Now().Add(sampleWait)
	e.samples.wait(w.ID, until)
	e.member.Tell(cluster.Sampled, fmt.Sprintf("%d %d", w.ID, until.UnixMilli()))
	return nil
}

// hearSample takes in what another process says of a sample: that one is waited for, or
// that it has come.
func (e *Engine) hearSample(text string) {
	var id, until int64
	if _, err := fmt.Sscan(text, &id, &until); err == nil {
		e.samples.wait(id, time.UnixMilli(until))
	}
}

// takeSample reports whether a request is the sample; the next one is not.
func (e *Engine) takeSample(workflowID int64) bool {
	taken := e.samples.take(workflowID, e.clock.Now())
	if taken {
		e.member.Tell(cluster.Sampled, fmt.Sprintf("%d 0", workflowID))
	}
	return taken
}

// AwaitsSample reports whether a workflow waits for a sample.
func (e *Engine) AwaitsSample(workflowID int64) bool {
	return e.samples.waits(workflowID, e.clock.Now())
}

// sampling makes a workflow that is switched off ready to take its sample, with the
// settings of its draft: who sends it must prove it as he will have to later.
func (e *Engine) sampling(ctx context.Context, l *listener) (*Served, error) {
	d, err := ReadDefinition(l.workflow.Draft)
	if err != nil {
		return nil, fmt.Errorf("read draft of %s: %w", l.workflow.Key, err)
	}
	t := e.registry.triggers[l.workflow.Type]
	settings, problems := t.Decode(d.Trigger.Config)
	if len(problems) > 0 {
		return nil, models.NotFound()
	}
	s, err := e.serveWith(ctx, l, t.Serve(settings))
	if err != nil {
		return nil, models.NotFound()
	}
	return s, nil
}

// sampled keeps a request as a sample.
func (t *taking) sampled() (Reply, error) {
	t.reason = "sample"
	reply := dataReply(202, nil, nil)
	entry, keep := t.entry(reply, nil)
	t.e.requests.add(entry, max(keep, 1))
	return reply, nil
}
