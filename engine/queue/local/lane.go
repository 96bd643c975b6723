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

// taken is an execution that a worker takes.
type taken struct {
	execution string
	workflow  int64
	more      bool // others of its workflow wait
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
// more says that others of that workflow wait.
func (l *lane) pop(may func(workflow int64) bool) (t taken, ok bool) {
	if l.size == 0 {
		return t, false
	}
	for i, f := range l.fresh {
		if may(f.workflow) {
			l.fresh = slices.Delete(l.fresh, i, i+1)
			return l.next(f), true
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
			return l.next(f), true
		default:
			i++
		}
	}
	return t, false
}

// next takes one of a workflow, which is then the last of those that take turns.
func (l *lane) next(f *flow) taken {
	t := taken{execution: f.waiting[0], workflow: f.workflow, more: len(f.waiting) > 1}
	f.waiting = f.waiting[1:]
	l.turns = append(l.turns, f)
	l.size--
	return t
}
