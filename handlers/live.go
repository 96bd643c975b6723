package handlers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/handlers/bind"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// Bounds of event streams.
const (
	heartbeat    = 15 * time.Second
	recheck      = 5 * time.Second        // how long a lost right may go unnoticed
	joinEvents   = 250 * time.Millisecond // events of a topic within this time are one
	maxStreams   = 8                      // of one person
	maxTopics    = 20
	flushTimeout = 10 * time.Second // a reader that takes nothing for so long is cut off
)

// liveStreams are the open event streams of this process.
type liveStreams struct {
	deps     route.Deps
	stopping <-chan struct{}
	mu       sync.Mutex
	streams  map[int64]int // streams by person
}

func newLiveStreams(deps route.Deps, stopping <-chan struct{}) *liveStreams {
	return &liveStreams{deps: deps, stopping: stopping, streams: map[int64]int{}}
}

// open answers with the events of the topics that the person may know about. An
// event says only that something changed: the page asks for it again.
func (l *liveStreams) open(c *fiber.Ctx) error {
	r := route.Of(c)
	query, err := bind.ReadQuery(r.Path.Query)
	if err != nil {
		return err
	}
	topics := strings.FieldsFunc(strings.Join(query["topics"], ","), func(r rune) bool { return r == ',' })
	if len(topics) == 0 || len(topics) > maxTopics {
		return models.Invalid("BAD_PARAMETER", text.M("live.topics", "Name 1 to %d topics.", maxTopics))
	}
	caller := r.Caller
	for _, topic := range topics {
		if err := l.mayHear(c.UserContext(), caller.Access, topic); err != nil {
			return err
		}
	}
	if !l.enter(caller.UserID()) {
		e := models.NewError(models.KindTooMany, "RATE_LIMITED", text.M("live.streams", "Too many windows are open. Close some of them."))
		e.RetryAfter = heartbeat
		return e
	}
	s := &stream{
		l: l, ctx: c.UserContext(), caller: caller, topics: topics,
		conn: c.Context().Conn(), sub: l.deps.Live.Subscribe(topics...), gone: make(chan struct{}),
	}
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetConnectionClose()
	c.Context().SetBodyStreamWriter(s.run)
	return nil
}

func (l *liveStreams) enter(userID int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams[userID] >= maxStreams {
		return false
	}
	l.streams[userID]++
	return true
}

func (l *liveStreams) leave(userID int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams[userID]--; l.streams[userID] <= 0 {
		delete(l.streams, userID)
	}
}

// mayHear refuses topics about what the person may not see.
func (l *liveStreams) mayHear(ctx context.Context, access models.Access, topic string) error {
	kind, id, _ := strings.Cut(topic, ":")
	switch kind {
	case "tasks", "bell", "operations":
		if id == "" {
			return nil
		}
	case "executions", "execs", "watchdog":
		return access.Require("execution.view")
	case "exec":
		exec, err := models.ExecutionByID(ctx, l.deps.DB.Read(), id)
		if err != nil {
			return err
		}
		if exec.UserID == access.Principal.UserID {
			return nil
		}
		if err := access.Require("execution.view"); err != nil {
			return models.NotFound()
		}
		return nil
	case "workflow":
		return access.Require("workflow.view")
	case "records":
		if access.MayTouch(id, models.View) {
			return nil
		}
	case "task":
		task, err := models.TaskByID(ctx, l.deps.DB.Read(), id)
		if err != nil {
			return err
		}
		return engine.MaySeeTask(ctx, l.deps.DB.Read(), access, task)
	}
	return models.NotFound()
}

// stream is one open event stream.
type stream struct {
	l      *liveStreams
	ctx    context.Context //nolint:containedctx // of the request, which is as long as the stream
	caller route.Caller
	topics []string
	conn   net.Conn
	sub    *live.Subscription
	gone   chan struct{} // closed when the reader has closed the connection
}

// run writes events until the reader goes away, loses his rights, or the server
// stops.
func (s *stream) run(w *bufio.Writer) {
	defer s.l.leave(s.caller.UserID())
	defer s.sub.Close()
	if s.write(w, ": open\n\n") != nil {
		return
	}
	go s.listen()
	for _, topic := range s.topics {
		if _, ok := workflowOf(topic); ok {
			defer s.l.deps.Present.Enter(topic, s.caller.UserID())()
		}
	}
	beat, check := time.NewTicker(heartbeat), time.NewTicker(recheck)
	defer beat.Stop()
	defer check.Stop()
	for {
		var err error
		select {
		case <-s.l.stopping:
			return
		case <-s.gone:
			return
		case <-beat.C:
			if err = s.renew(); err == nil {
				err = s.write(w, ": alive\n\n")
			}
		case <-check.C:
			err = s.allowed()
		case <-s.sub.Wake():
			err = s.tell(w)
		}
		if err != nil {
			return
		}
	}
}

// listen waits until the reader closes the connection. A browser sends nothing more
// on it: what comes is the end.
func (s *stream) listen() {
	defer close(s.gone)
	if s.conn.SetReadDeadline(time.Time{}) != nil {
		return
	}
	var b [1]byte
	_, _ = s.conn.Read(b[:]) //nolint:errcheck // whatever it says, the stream is over
}

// workflowOf is the key of the workflow that a topic is about.
func workflowOf(topic string) (string, bool) { return strings.CutPrefix(topic, "workflow:") }

// renew keeps the right to edit of somebody who has the editor open.
func (s *stream) renew() error {
	for _, topic := range s.topics {
		if key, ok := workflowOf(topic); ok {
			s.l.deps.Present.Still(topic)
			if err := s.l.deps.Engine.StillEditing(s.ctx, s.caller.UserID(), key); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell sends what has changed since the last time.
func (s *stream) tell(w *bufio.Writer) error {
	select {
	case <-time.After(joinEvents):
	case <-s.l.stopping:
	}
	if err := s.allowed(); err != nil {
		return err
	}
	events, open := s.sub.Take()
	if !open {
		return net.ErrClosed
	}
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "event: %s\ndata: %d\n\n", e.Topic, e.Version)
	}
	return s.write(w, b.String())
}

// allowed looks again whether the session lives and all topics may be heard.
func (s *stream) allowed() error {
	living, err := s.l.deps.DB.Sessions(s.ctx, s.caller.UserID()) // does not count as use, as SessionBy would
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(living, func(other models.Session) bool { return other.Hash == s.caller.Session.Hash }) {
		return net.ErrClosed
	}
	access, err := s.l.deps.DB.AccessOf(s.ctx, s.caller.Principal)
	if err != nil {
		return err
	}
	for _, topic := range s.topics {
		if err := s.l.mayHear(s.ctx, access, topic); err != nil {
			return err
		}
	}
	return nil
}

// write sends text at once. A reader that takes nothing loses the connection.
func (s *stream) write(w *bufio.Writer, text string) error {
	// The server's own limit covers the whole answer; here each flush has one.
	if err := s.conn.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	late := time.AfterFunc(flushTimeout, func() { _ = s.conn.Close() }) // what ends the stream is the failed flush
	defer late.Stop()
	if _, err := w.WriteString(text); err != nil {
		return err
	}
	return w.Flush()
}
