package river

import "time"

// busyFrom is how many wake-ups of a workflow within a second make it a busy one: its jobs
// come after those of quiet workflows.
const busyFrom = 32

// busy counts the wake-ups of each workflow in this second and the one before. River knows
// no workflows, so this is how one that floods the queue is told from one that hardly uses
// it. The lock of the queue guards it.
type busy struct {
	second int64
	now    map[int64]int
	before map[int64]int
}

// count notes one wake-up and says whether its workflow is busy.
func (b *busy) count(workflow int64, at time.Time) bool {
	b.turn(at)
	b.now[workflow]++
	return b.of(workflow) > busyFrom
}

// of is how many wake-ups there were lately.
func (b *busy) of(workflow int64) int { return b.now[workflow] + b.before[workflow] }

// turn begins a new second when it is time.
func (b *busy) turn(at time.Time) {
	switch second := at.Unix(); {
	case second == b.second && b.now != nil:
		return
	case second == b.second+1:
		b.second, b.before, b.now = second, b.now, map[int64]int{}
	default:
		b.second, b.before, b.now = second, nil, map[int64]int{}
	}
}
