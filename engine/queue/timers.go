package queue

import (
	"container/heap"
	"time"

	"formrail/models"
)

// Timers keep wake-ups until they are due. They are not safe for concurrent use.
type Timers struct {
	heap  timerHeap
	known map[string]time.Time // earliest known due time of each execution
}

// Add keeps a wake-up unless an earlier one of the same execution is known. It reports
// whether it is the next one due.
func (t *Timers) Add(w models.PendingWakeup) (first bool) {
	if known, ok := t.known[w.ExecutionID]; ok && !w.DueAt.Before(known) {
		return false
	}
	if t.known == nil {
		t.known = map[string]time.Time{}
	}
	t.known[w.ExecutionID] = w.DueAt
	heap.Push(&t.heap, w)
	return t.heap[0].ExecutionID == w.ExecutionID
}

// Due takes out what is due and says how long nothing more will be, at most longest.
func (t *Timers) Due(now time.Time, longest time.Duration) (due []models.PendingWakeup, pause time.Duration) {
	for len(t.heap) > 0 {
		next := t.heap[0]
		if pause := next.DueAt.Sub(now); pause > 0 {
			return due, min(pause, longest)
		}
		heap.Pop(&t.heap)
		if t.known[next.ExecutionID].Equal(next.DueAt) {
			delete(t.known, next.ExecutionID)
		}
		due = append(due, next)
	}
	return due, longest
}

// Len is how many executions wait for their time.
func (t *Timers) Len() int { return len(t.known) }

// timerHeap orders wake-ups by due time.
type timerHeap []models.PendingWakeup

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].DueAt.Before(h[j].DueAt) }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *timerHeap) Push(x any) {
	if w, ok := x.(models.PendingWakeup); ok {
		*h = append(*h, w)
	}
}

// Pop is for container/heap.
func (h *timerHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
