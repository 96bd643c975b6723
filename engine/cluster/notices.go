package cluster

import (
	"context"
	"strings"
	"time"

	"formrail/models"
)

// Kind is what a notice is about.
type Kind string

// Kinds of notices. All of them only save time: what they speak of stands in the database,
// or is of no weight.
const (
	Changed Kind = "changed" // a topic of open pages
	Ended   Kind = "ended"   // an execution was ended from outside
	Planned Kind = "planned" // a slot of a schedule is due at an instant
	Present Kind = "present" // who looks at what
	Sampled Kind = "sampled" // a workflow waits for a sample until an instant, or no longer
)

type notice struct {
	kind Kind
	text string
}

// everything stands for more notices than are worth telling.
const everything = "everything"

// maxWaiting is how many notices are told one by one.
const maxWaiting = 500

// Hear registers what happens with the notices of a kind that other processes tell. It is
// called before Start; fn must not block for long.
func (m *Member) Hear(kind Kind, fn func(text string)) { m.heard[kind] = fn }

// HearAgain registers what happens when notices may have been missed. It is called
// before Start.
func (m *Member) HearAgain(fn func()) { m.again = append(m.again, fn) }

// Tell tells the other processes soon. It never blocks; text must hold no line break.
func (m *Member) Tell(kind Kind, text string) {
	if !m.Shared() {
		return
	}
	m.mu.Lock()
	if len(m.waiting) < maxWaiting {
		m.waiting[notice{kind, text}] = true
	} else {
		m.many = true
	}
	m.mu.Unlock()
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// tell sends what waits, joined.
func (m *Member) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.kick:
		}
		for _, text := range m.take() {
			if err := m.db.Notify(ctx, text); err != nil && ctx.Err() == nil {
				m.log.Warn("tell other processes", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellEvery):
		}
	}
}

// take gives what waits as texts of one notification each: the sender, then a line for
// each notice.
func (m *Member) take() []string {
	m.mu.Lock()
	waiting, many := m.waiting, m.many
	m.waiting, m.many = map[notice]bool{}, false
	m.mu.Unlock()
	if many {
		return []string{m.id + "\n" + everything}
	}
	var (
		out []string
		b   strings.Builder
	)
	for n := range waiting {
		line := "\n" + string(n.kind) + " " + n.text
		if b.Len() > 0 && b.Len()+len(line) > models.MaxNotice {
			out = append(out, b.String())
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteString(m.id)
		}
		b.WriteString(line)
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

// hear takes in one notification.
func (m *Member) hear(text string) {
	sender, rest, _ := strings.Cut(text, "\n")
	if sender == m.id {
		return
	}
	for line := range strings.SplitSeq(rest, "\n") {
		if line == everything {
			m.begin()
			continue
		}
		kind, about, _ := strings.Cut(line, " ")
		if fn := m.heard[Kind(kind)]; fn != nil {
			fn(about)
		}
	}
}

// begin says to all who hear that something may have been missed.
func (m *Member) begin() {
	for _, fn := range m.again {
		fn()
	}
}
