package engine

import (
	"formrail/engine/node"
	"formrail/models"
)

// keepTime lets the time limit of an execution stand while it waits for nothing but
// people, where its workflow says so: it remembers since when, and adds what has passed
// with the next commit.
func (s *stretch) keepTime(tx *models.Tx, st *state, p *models.Progress) {
	st.peopleSince, st.granted = 0, 0
	now := models.At(tx.Now())
	if s.exec.PeopleSince > 0 {
		st.granted = max(now-s.exec.PeopleSince, 0)
	}
	if s.exec.Pauses && s.exec.ExpiresAt > 0 && p.Status == models.Waiting && s.onlyPeople(st) {
		st.peopleSince = now
	}
	p.PeopleSince, p.Granted = st.peopleSince, st.granted
}

// onlyPeople reports that every step which waits, and not for a step inside it, has asked
// people.
func (s *stretch) onlyPeople(st *state) bool {
	around := map[string]bool{}
	for _, step := range st.open {
		around[step.ParentID] = true
	}
	for id, step := range st.open {
		if around[id] || step.Status == models.Unknown { // somebody was asked what became of it
			continue
		}
		n := s.version.Compiled.byKey[step.Node]
		if step.Status != models.Waiting || n == nil || n.typ.Group != node.People {
			return false
		}
	}
	return len(st.open) > 0
}
