// Package live tells open pages that something they show has changed. An event
// carries a topic and a version and nothing else: the page asks again with an
// ordinary request, so rights are checked there and a lost event does no harm.
package live

import "sync"

// Event says that a topic changed.
type Event struct {
	Topic   string
	Version uint64 // grows with every change of any topic
}

// Hub fans events out to subscribers. It is safe for concurrent use and never
// blocks a publisher: a slow reader gets one joined event for each topic.
type Hub struct {
	mu      sync.Mutex
	version uint64
	subs    map[*Subscription]struct{}
	closed  bool
	forward func(topic string) // tells other processes; nil = there are none
}

// New makes a hub.
func New() *Hub { return &Hub{subs: map[*Subscription]struct{}{}} }

// Subscription receives the events of its topics.
type Subscription struct {
	hub     *Hub
	topics  map[string]bool
	pending map[string]uint64
	wake    chan struct{} // capacity 1: something is pending, or the hub closed
}

// Subscribe starts listening to topics.
func (h *Hub) Subscribe(topics ...string) *Subscription {
	s := &Subscription{hub: h, topics: map[string]bool{}, pending: map[string]uint64{}, wake: make(chan struct{}, 1)}
	for _, t := range topics {
		s.topics[t] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.signal()
		return s
	}
	h.subs[s] = struct{}{}
	return s
}

// Forward registers who tells other processes of what is published here. It is called
// before anything is; fn must not block.
func (h *Hub) Forward(fn func(topic string)) { h.forward = fn }

// Publish tells everybody who listens to topic, in other processes as well.
func (h *Hub) Publish(topic string) {
	if h.forward != nil {
		h.forward(topic)
	}
	h.Hear(topic)
}

// HearAll tells everybody that anything may have changed, as when it is not known what
// other processes have published.
func (h *Hub) HearAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.version++
	for s := range h.subs {
		for topic := range s.topics {
			s.pending[topic] = h.version
		}
		s.signal()
	}
}

// Hear tells everybody in this process who listens to topic.
func (h *Hub) Hear(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.version++
	for s := range h.subs {
		if s.topics[topic] {
			s.pending[topic] = h.version
			s.signal()
		}
	}
}

// Close ends all streams: their Take reports it.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.signal()
	}
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wake is signalled when Take has something to say.
func (s *Subscription) Wake() <-chan struct{} { return s.wake }

// Take gives the events since the last call, one for each topic. open is false
// once the hub has closed.
func (s *Subscription) Take() (events []Event, open bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for topic, version := range s.pending {
		events = append(events, Event{Topic: topic, Version: version})
	}
	clear(s.pending)
	return events, !s.hub.closed
}

// Close stops listening.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.subs, s)
}
