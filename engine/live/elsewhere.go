package live

import (
	"encoding/json"
	"time"
)

// forgetAfter is how long another process is believed that says nothing more of a topic.
// It says so at each heartbeat of its streams.
const forgetAfter = 40 * time.Second

// others are the other processes: how to tell them, and what they have said.
type others struct {
	self  string
	now   func() time.Time
	tell  func(text string)
	seats map[string]map[string]heard // topic → process
}

// heard is what one process has said of a topic.
type heard struct {
	people []Present
	until  time.Time
}

// said is what a process says: who has a window on a topic there, or that somebody whose
// window is elsewhere looks at another part.
type said struct {
	Process string    `json:"process,omitempty"`
	Topic   string    `json:"topic"`
	People  []Present `json:"people,omitempty"`
	Look    *Present  `json:"look,omitempty"`
}

// Share connects the presences of several processes. self names this one; tell tells the
// others and must not block. It is called before anybody is present.
func (p *Presence) Share(self string, now func() time.Time, tell func(text string)) {
	p.others = &others{self: self, now: now, tell: tell, seats: map[string]map[string]heard{}}
}

// Still tells other processes who has a window on a topic here. It is called at each
// heartbeat of a stream; without that they forget it.
func (p *Presence) Still(topic string) {
	if p.others == nil {
		return
	}
	p.mu.Lock()
	people := p.here(topic)
	p.mu.Unlock()
	p.tell(said{Process: p.others.self, Topic: topic, People: people})
}

func (p *Presence) tell(what said) {
	if p.others == nil {
		return
	}
	if text, err := json.Marshal(what); err == nil {
		p.others.tell(string(text))
	}
}

// Hear takes in what another process said.
func (p *Presence) Hear(text string) {
	var what said
	if p.others == nil || json.Unmarshal([]byte(text), &what) != nil {
		return
	}
	if what.Look != nil {
		p.look(what.Topic, what.Look.UserID, what.Look.Place)
		return
	}
	p.mu.Lock()
	seats := p.others.seats[what.Topic]
	if seats == nil {
		seats = map[string]heard{}
		p.others.seats[what.Topic] = seats
	}
	if len(what.People) == 0 {
		delete(seats, what.Process)
	} else {
		seats[what.Process] = heard{people: what.People, until: p.others.now().Add(forgetAfter)}
	}
	if len(seats) == 0 {
		delete(p.others.seats, what.Topic)
	}
	p.mu.Unlock()
	p.hub.Hear(what.Topic)
}

// elsewhere lists the people with windows of other processes. The lock is held.
func (p *Presence) elsewhere(topic string) []Present {
	if p.others == nil {
		return nil
	}
	var out []Present
	for process, h := range p.others.seats[topic] {
		if p.others.now().After(h.until) {
			delete(p.others.seats[topic], process)
			continue
		}
		out = append(out, h.people...)
	}
	return out
}
