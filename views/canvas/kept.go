package canvas

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/a-h/templ"
)

// Keep compares a drawing with the one that a page shows. Of the parts that are alike
// only their places are drawn then: the page leaves these as they are. It reports whether
// anything is left to draw.
func (p *Props) Keep(shown Props) (differs bool) {
	if p.Drop != nil || shown.Drop != nil || p.mode() != shown.mode() {
		return true // every line offers something else
	}
	k := keeper{steps: map[string]Step{}, lines: map[Place]line{}, kept: map[string]bool{}}
	k.remember(shown.trunk(), shown.tail())
	k.steps[shown.Trigger.Key] = shown.Trigger
	same := k.step(p.Trigger)
	same = k.list(p.trunk(), shown.Steps, p.tail()) && same
	p.kept, p.from = k.kept, shown.Print()
	return !same || !reflect.DeepEqual(p.Foot, shown.Foot)
}

// Print is the fingerprint of a drawing: two that have the same are drawn alike. It is
// empty while a step is moved.
func (p Props) Print() string {
	if p.Drop != nil {
		return ""
	}
	b := said(nil, p.mode())
	b = prints(b, append([]Step{p.Trigger}, p.Steps...))
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// mode is what a drawing says besides its steps.
func (p Props) mode() string {
	return fmt.Sprintf("%q %q %t %t %t", p.ID, p.Label, p.Ran, p.AddHref != nil, p.Menu != nil)
}

// said adds texts that cannot be taken for others.
func said(b []byte, texts ...string) []byte {
	for _, one := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(one))), one...)
	}
	return b
}

func marked(b []byte, marks ...bool) []byte {
	for _, on := range marks {
		b = strconv.AppendBool(b, on)
	}
	return b
}

func prints(b []byte, steps []Step) []byte {
	b = binary.AppendUvarint(b, uint64(len(steps)))
	for _, s := range steps {
		b = said(b, s.Key, s.Title, s.Summary, s.Icon, s.Kind, s.Href, s.FoldHref, s.Problem, s.Note, s.Duration, strconv.Itoa(s.Tries))
		b = marked(b, s.Selected, s.Picked, s.Folded != nil, s.Ends, s.Fork, s.Skipped, s.Elevated, s.Reached, s.State != nil)
		if s.State != nil {
			b = said(b, fmt.Sprint(*s.State))
		}
		if s.Folded != nil {
			b = said(b, fmt.Sprint(*s.Folded))
		}
		b = binary.AppendUvarint(b, uint64(len(s.Branches)))
		for _, one := range s.Branches {
			b = said(b, one.Key, one.Label, one.Says, one.Ends, string(one.Answer))
			b = marked(b, one.Taken, one.Left, one.Edit != nil)
			if one.Edit != nil {
				b = said(b, one.Edit.Name, one.Edit.Rename, strconv.Itoa(one.Edit.Place), strconv.Itoa(one.Edit.Places))
				b = marked(b, one.Edit.Delete)
			}
			b = prints(b, one.Steps)
		}
	}
	return b
}

// keeper finds the parts of a drawing that a page has.
type keeper struct {
	steps map[string]Step // that the page shows
	lines map[Place]line
	kept  map[string]bool // ids of the parts that are alike
}

// remember notes what the page shows of a list.
func (k keeper) remember(l list, tail *line) {
	for i, s := range l.steps {
		k.lines[l.place(i)] = l.above(i)
		k.steps[s.Key] = s
		for at := range s.Branches {
			k.remember(s.way(at), s.tail(at))
		}
	}
	if tail != nil {
		k.lines[l.place(len(l.steps))] = *tail
	}
}

// keep marks a part as kept when it is.
func (k keeper) keep(id string, same bool) bool {
	if same {
		k.kept[id] = true
	}
	return same
}

func (k keeper) list(l list, was []Step, tail *line) bool {
	same := slices.EqualFunc(l.steps, was, func(a, b Step) bool { return a.Key == b.Key })
	for i, s := range l.steps {
		same = k.line(l.place(i), l.above(i)) && same
		same = k.step(s) && same
	}
	if tail != nil {
		same = k.line(l.place(len(l.steps)), *tail) && same
	}
	return same
}

func (k keeper) line(at Place, l line) bool {
	was, known := k.lines[at]
	return k.keep(at.id(), known && was == l)
}

func (k keeper) step(s Step) bool {
	was, known := k.steps[s.Key]
	a, b := s, was
	a.Branches, b.Branches = nil, nil
	same := k.keep(NodeID(s.Key), known && reflect.DeepEqual(a, b))
	if len(s.Branches) == 0 {
		return same && len(was.Branches) == 0
	}
	now, before := offsets(s.Branches), offsets(was.Branches)
	whole := s.Title == was.Title && s.Fork == was.Fork && slices.Equal(now, before)
	all := whole
	for i := range s.Branches {
		all = k.way(s, was, i, whole) && all
	}
	return k.keep(branchesID(s.Key), all) && same
}

// way compares one branch; whole says that all branches stand where they stood.
func (k keeper) way(s, was Step, at int, whole bool) bool {
	b, before := s.Branches[at], Branch{}
	if i := slices.IndexFunc(was.Branches, func(o Branch) bool { return o.Key == b.Key }); i >= 0 {
		before, whole = was.Branches[i], whole && i == at
	}
	same := k.list(s.way(at), before.Steps, s.tail(at))
	b.Steps, before.Steps = nil, nil
	return k.keep(wayID(s.Key, b.Key), same && whole && reflect.DeepEqual(b, before))
}

func branchesID(step string) string { return "branches-" + step }

func wayID(step, branch string) string { return "way-" + step + "-" + branch }

// basis says what the page must show for the kept parts to be right.
func (p Props) basis() templ.Attributes {
	if p.from == "" {
		return nil
	}
	return templ.Attributes{"data-basis": p.from}
}

// has reports whether the page has a part already.
func (p Props) has(id string) bool { return p.kept[id] }
