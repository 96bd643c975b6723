package local

import "slices"

// Ahead is how many stretches of each other workflow are handed over before one that waits
// in the same lane, at most. Of a workflow that has been quiet nothing is ahead but what
// came of other quiet ones.
const Ahead = 1

// lane is the executions that wait in one lane, fair to their workflows: those that have
// been quiet come first, the others take turns.
//
// Source of the idea: the flow queues of RFC 8290, section 4.
type lane struct {
	flows map[int64]*flow
	fresh []*flow // of workflows of which nothing was handed over lately
	turns []*flow // the others, the next one first; some may have become empty
	size  int
}

// flow is what waits of one workflow.
type flow struct {
	workflow int64
	waiting  []string
}

func (l *lane) push(workflow int64, execution string) {
	f := l.flows[workflow]
	if f == nil {
		f = &flow{workflow: workflow}
		l.flows[workflow] = f
		l.fresh = append(l.fresh, f)
	}
	f.waiting = append(f.waiting, execution)
	l.size++
}

// pop takes the next execution of a workflow that may have one more worker.
func (l *lane) pop(may func(workflow int64) bool) (execution string, workflow int64, ok bool) {
	if l.size == 0 {
		return "", 0, false
	}
	for i, f := range l.fresh {
		if may(f.workflow) {
			l.fresh = slices.Delete(l.fresh, i, i+1)
			return l.next(f), f.workflow, true
		}
	}
	for i := 0; i < len(l.turns); {
		f := l.turns[i]
		switch {
		case len(f.waiting) == 0: // it has been quiet for a whole round
			delete(l.flows, f.workflow)
			l.turns = slices.Delete(l.turns, i, i+1)
		case may(f.workflow):
			l.turns = slices.Delete(l.turns, i, i+1)
			return l.next(f), f.workflow, true
		default:
			i++
		}
	}
	return "", 0, false
}

// next takes one of a workflow, which is then the last of those that take turns.
func (l *lane) next(f *flow) string {
	id := f.waiting[0]
	f.waiting = f.waiting[1:]
	l.turns = append(l.turns, f)
	l.size--
	return id
}
