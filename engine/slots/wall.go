package slots

import "time"

// A wall is what a clock on the wall shows: a calendar without zone, kept as a time
// in UTC. Walls are only compared with walls.
type wall = time.Time

// reach is longer than any offset from UTC and any clock change, also those that
// moved a place across the date line.
const reach = 50 * time.Hour

// wallAt is what the wall shows at an instant, in whole seconds.
func wallAt(t time.Time) wall {
	y, m, d := t.Date()
	return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// segment is a stretch of time with one offset: from its start to before its end.
// A zero bound is open.
type segment struct {
	start, end time.Time
	offset     time.Duration
}

func segmentAt(t time.Time) segment {
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	return segment{start, end, time.Duration(offset) * time.Second}
}

// shows gives the instant at which the segment shows w, as if it had no bounds.
func (s segment) shows(w wall, zone *time.Location) time.Time { return w.Add(-s.offset).In(zone) }

// reached is the first instant at which the wall in zone shows w or a later time.
func reached(w wall, zone *time.Location) time.Time {
	at := w.Add(-reach).In(zone)
	for {
		s := segmentAt(at)
		if t := s.shows(w, zone); s.end.IsZero() || t.Before(s.end) {
			if t.Before(s.start) { // jumped over when the segment began
				return s.start.In(zone)
			}
			return t
		}
		at = s.end.In(zone)
	}
}

// highest is the latest time the wall in zone has shown until t, t included. It is
// later than what the wall shows now while an hour repeats.
func highest(t time.Time, zone *time.Location) wall {
	t = t.In(zone)
	top := wallAt(t)
	for at := t.Add(-reach).In(zone); ; {
		s := segmentAt(at)
		if s.end.IsZero() || s.end.After(t) {
			return top
		}
		if last := wallAt(s.end.Add(-time.Second).UTC().Add(s.offset)); last.After(top) {
			top = last
		}
		at = s.end.In(zone)
	}
}
