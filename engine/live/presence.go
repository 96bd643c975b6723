package live

import (
	"cmp"
	"slices"
	"sync"
)

// Presence knows who looks at what, from the event streams of this process and what
// others say of theirs. It tells the listeners of a topic when somebody comes, goes, or
// looks at another part of it.
type Presence struct {
	hub    *Hub
	mu     sync.Mutex
	people map[string]map[int64]*seat
	others *others // nil = there are no other processes
}

// seat is one person at a topic.
type seat struct {
	windows int
	place   string
}

// Present is somebody who looks at a topic.
type Present struct {
	UserID int64  `json:"user"`
	Place  string `json:"place,omitempty"` // part of it, such as the key of an open step; empty = none
}

// NewPresence makes a presence that speaks through a hub.
func NewPresence(hub *Hub) *Presence {
	return &Presence{hub: hub, people: map[string]map[int64]*seat{}}
}

// Enter notes that somebody opened a window on a topic. Call leave once, when it is
// closed.
func (p *Presence) Enter(topic string, userID int64) (leave func()) {
	p.mu.Lock()
	if p.people[topic] == nil {
		p.people[topic] = map[int64]*seat{}
	}
	if p.people[topic][userID] == nil {
		p.people[topic][userID] = &seat{}
	}
	p.people[topic][userID].windows++
	p.mu.Unlock()
	p.Still(topic)
	p.hub.Publish(topic)
	return func() { p.leave(topic, userID) }
}

func (p *Presence) leave(topic string, userID int64) {
	p.mu.Lock()
	if s := p.people[topic][userID]; s != nil {
		if s.windows--; s.windows == 0 {
			delete(p.people[topic], userID)
		}
		if len(p.people[topic]) == 0 {
			delete(p.people, topic)
		}
	}
	p.mu.Unlock()
	p.Still(topic)
	p.hub.Publish(topic)
}

// Look notes at which part of a topic somebody looks who has a window on it, here or in
// another process.
func (p *Presence) Look(topic string, userID int64, place string) {
	if !p.look(topic, userID, place) {
		p.tell(said{Topic: topic, Look: &Present{UserID: userID, Place: place}})
	}
}

// look is Look for windows of this process. It is false when there is none.
func (p *Presence) look(topic string, userID int64, place string) bool {
	p.mu.Lock()
	s := p.people[topic][userID]
	changed := s != nil && s.place != place
	if changed {
		s.place = place
	}
	p.mu.Unlock()
	if changed {
		p.Still(topic)
		p.hub.Publish(topic)
	}
	return s != nil
}

// here lists the people with windows of this process. The lock is held.
func (p *Presence) here(topic string) []Present {
	out := make([]Present, 0, len(p.people[topic]))
	for id, s := range p.people[topic] {
		out = append(out, Present{UserID: id, Place: s.place})
	}
	return out
}

// Who lists the people at a topic, by id.
func (p *Presence) Who(topic string) []Present {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.here(topic)
	for _, one := range p.elsewhere(topic) {
		if !slices.ContainsFunc(out, func(known Present) bool { return known.UserID == one.UserID }) {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b Present) int { return cmp.Compare(a.UserID, b.UserID) })
	return out
}
