package slots

import "time"

// Grace is how long after its time a slot may fire without being missed.
const Grace = 60 * time.Second

// Misfire says what becomes of missed slots.
type Misfire string

// The policies.
const (
	Latest Misfire = "latest" // the newest fires
	All    Misfire = "all"    // the newest up to a cap fire, oldest first
	None   Misfire = "none"   // none fires
)

// Missed reports whether a slot is missed when it has not fired until now.
func Missed(slot, now time.Time) bool { return now.Sub(slot) > Grace }

// A Backlog is what is due of a schedule at one moment. All lists are in their order.
type Backlog struct {
	Fire []time.Time // slots to fire
	Skip []time.Time // missed slots that do not fire
	More Run         // missed slots before those of Skip, too many to list

	Next time.Time // the first slot that is not decided: after now, or earlier when very many were due; zero = none
}

// A Run is a stretch of slots that are known by their ends and their number.
type Run struct {
	First, Last time.Time
	Count       int
}

// listed is how many skipped slots a backlog lists one by one, counted one below
// the other; what is older is a run.
const listed = 1000

// counted is how many missed slots one look counts: a schedule of seconds has thirty million
// in a year, and others wait for the transaction that decides them.
const counted = 100_000

// Due sorts what is due at now, from a slot on that has not fired. Missed slots
// follow the policy; those within the grace all fire.
func (s Schedule) Due(from, now time.Time, policy Misfire, limit int) Backlog {
	var b Backlog
	missed := newRing(listed + limit)
	slot := from
	for ; !slot.IsZero() && !slot.After(now); slot = s.Next(slot) {
		if Missed(slot, now) {
			if missed.add(slot); missed.count >= counted {
				return missed.cut()
			}
		} else {
			b.Fire = append(b.Fire, slot)
		}
	}
	b.Next = slot
	late, more := missed.list()
	keep := 0
	switch policy {
	case Latest:
		keep = 1
	case All:
		keep = limit
	case None:
	}
	cut := max(0, len(late)-keep)
	b.Skip, b.Fire, b.More = late[:cut], append(late[cut:len(late):len(late)], b.Fire...), more
	return b
}

// Passed sorts all slots from one on that were due until a time as skipped: nothing of
// them fires, missed or not.
func (s Schedule) Passed(from, until time.Time) Backlog {
	passed := newRing(listed)
	slot := from
	for ; !slot.IsZero() && !slot.After(until); slot = s.Next(slot) {
		if passed.add(slot); passed.count >= counted {
			return passed.cut()
		}
	}
	list, more := passed.list()
	return Backlog{Skip: list, More: more, Next: slot}
}

// ring keeps the newest of many instants.
type ring struct {
	kept  []time.Time
	size  int
	count int
	first time.Time
	last  time.Time // the newest that is no longer kept
}

func newRing(size int) *ring { return &ring{size: max(size, 1)} }

func (r *ring) add(t time.Time) {
	if len(r.kept) < r.size {
		r.kept = append(r.kept, t)
	} else {
		at := r.count % r.size
		if r.first.IsZero() {
			r.first = r.kept[at]
		}
		r.last, r.kept[at] = r.kept[at], t
	}
	r.count++
}

// cut ends a look early: what is no longer kept is a run of skipped slots, and the rest is
// looked at again from the first that is kept. So the newest stay for the policy.
func (r *ring) cut() Backlog {
	kept, more := r.list()
	return Backlog{More: more, Next: kept[0]}
}

// list gives what is kept in its order, and what came before.
func (r *ring) list() ([]time.Time, Run) {
	if r.count <= r.size {
		return r.kept, Run{}
	}
	at := r.count % r.size
	out := make([]time.Time, 0, r.size)
	out = append(append(out, r.kept[at:]...), r.kept[:at]...)
	return out, Run{First: r.first, Last: r.last, Count: r.count - r.size}
}
