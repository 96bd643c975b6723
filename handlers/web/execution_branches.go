package web

import (
	"encoding/json"

	"formrail/models"
	"formrail/views/canvas"
)

// multiConditionType is the node type that tries the conditions of its branches.
const multiConditionType = "multi_condition"

// decision is what such a step found out: its output, what it waits or failed with.
type decision struct {
	Matched *string // key of the branch; nil = none
	Cases   []struct {
		Key    string
		Result *bool // nil = not tried
	}
	Case string // key of the branch whose condition broke
}

// decided reads what a step found out; false when it has not come so far.
func decided(s *models.Step) (decision, bool) {
	var d decision
	var failed struct{ Details json.RawMessage }
	kept := []byte(s.Output)
	switch {
	case s.Error != "" && json.Unmarshal([]byte(s.Error), &failed) == nil:
		kept = failed.Details
	case s.Status == models.Waiting:
		kept = []byte(s.State)
	}
	if len(kept) == 0 || json.Unmarshal(kept, &d) != nil {
		return d, false
	}
	return d, len(d.Cases) > 0 || d.Case != ""
}

// takeCases marks what became of the condition of each branch, and the branch that was
// taken; false when nobody knows.
func takeCases(n *canvas.Step, s *models.Step) bool {
	d, ok := decided(s)
	if !ok {
		return false
	}
	results := map[string]*bool{}
	for _, one := range d.Cases {
		results[one.Key] = one.Result
	}
	before := d.Case != ""
	for i := range n.Branches {
		b := &n.Branches[i]
		result, asked := results[b.Key]
		switch {
		case d.Case == b.Key:
			before, b.Answer = false, canvas.Broken
		case before: // a condition that broke was tried after those that were not met
			b.Answer = canvas.NotMet
		case d.Case != "" || asked && result == nil:
			b.Answer = canvas.NotTried
		case asked && *result:
			b.Answer, b.Taken = canvas.Met, true
		case asked:
			b.Answer = canvas.NotMet
		default: // the branch for which nothing is asked
			b.Taken = d.Matched == nil
		}
	}
	return true
}
