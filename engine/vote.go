package engine

import "formrail/models"

// ballot is the rule of an approval step with the answers so far.
type ballot struct {
	rule        string // any or all
	firstAnswer bool   // any: the first answer decides, also a rejection
	hearAll     bool   // all: everybody is heard before a rejection counts
	seats       int
	approved    int
	rejected    int
}

// outcome says whether the step is decided: approved, rejected, or empty while
// answers are missing. Exactly one of the first two can be true, and with no seat
// open one must be.
func (b ballot) outcome() models.Status {
	open := b.seats - b.approved - b.rejected
	if b.rule == "all" {
		switch {
		case b.approved == b.seats:
			return models.Approved
		case b.rejected >= 1 && (!b.hearAll || open == 0):
			return models.Rejected
		}
		return ""
	}
	switch {
	case b.approved >= 1:
		return models.Approved
	case b.rejected == b.seats, b.firstAnswer && b.rejected >= 1:
		return models.Rejected
	}
	return ""
}
