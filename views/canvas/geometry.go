package canvas

import (
	"fmt"
	"strconv"
)

// Sizes in pixels, as the style sheet has them.
const (
	nodeWidth   = 256.0
	nodeHeight  = 64.0
	endWidth    = 80.0
	endHeight   = 32.0
	branchGap   = 32.0
	edgeEditing = 64.0
	edgeReading = 40.0
	elbowHeight = 36.0
	labelHeight = 24.0
	saysHeight  = 18.0 // of the condition in words below a label
	fillHeight  = 24.0 // the least of the line that stretches to the longest branch
	bend        = 12.0
)

// width of a list of steps: that of the widest.
func width(steps []Step) float64 {
	w := nodeWidth
	for _, s := range steps {
		if len(s.Branches) > 0 {
			w = max(w, branchesWidth(s.Branches))
		}
	}
	return w
}

func branchesWidth(list []Branch) float64 {
	w := branchGap * float64(len(list)-1)
	for _, b := range list {
		w += width(b.Steps)
	}
	return w
}

// offsets gives for each branch the way from its middle to the middle of its step;
// positive to the right.
func offsets(list []Branch) []float64 {
	total := branchesWidth(list)
	out, x := make([]float64, len(list)), 0.0
	for i, b := range list {
		w := width(b.Steps)
		out[i] = total/2 - (x + w/2)
		x += w + branchGap
	}
	return out
}

// fork is the line from the middle of a step at (dx, 0) down to its branch at (0, 36).
func fork(dx float64) string {
	if dx > -1 && dx < 1 {
		return "M0 0V" + num(elbowHeight)
	}
	side, reach := sideOf(dx)
	r, middle := min(bend, reach/2), elbowHeight/2
	return fmt.Sprintf("M%s 0V%sQ%s %s %s %sH%sQ0 %s 0 %sV%s", num(dx), num(middle-r), num(dx), num(middle),
		num(dx-side*r), num(middle), num(side*r), num(middle), num(middle+r), num(elbowHeight))
}

// merge is fork turned over: from a branch at (0, 0) down to the line below its step.
func merge(dx float64) string {
	if dx > -1 && dx < 1 {
		return "M0 0V" + num(elbowHeight)
	}
	side, reach := sideOf(dx)
	r, middle := min(bend, reach/2), elbowHeight/2
	return fmt.Sprintf("M0 0V%sQ0 %s %s %sH%sQ%s %s %s %sV%s", num(middle-r), num(middle), num(side*r), num(middle),
		num(dx-side*r), num(dx), num(middle), num(dx), num(middle+r), num(elbowHeight))
}

func sideOf(dx float64) (side, reach float64) {
	if dx < 0 {
		return -1, -dx
	}
	return 1, dx
}

func num(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// ends reports whether nothing can follow a list of steps.
func ends(steps []Step) bool { return len(steps) > 0 && steps[len(steps)-1].Ends }

// joins reports whether a branch comes together with its neighbours below.
func (b Branch) joins() bool { return b.Ends == "" && !ends(b.Steps) }

// measure computes heights; edge is the height of one line.
type measure struct{ edge float64 }

func (p Props) measure() measure {
	if p.AddHref != nil {
		return measure{edgeEditing}
	}
	return measure{edgeReading}
}

// column is the height of steps with a line above and below each.
func (m measure) column(steps []Step) float64 {
	h := m.edge
	for _, s := range steps {
		h += m.step(s) + m.edge
	}
	if ends(steps) {
		h -= m.edge
	}
	return h
}

func (m measure) step(s Step) float64 {
	if s.Ends {
		return endHeight
	}
	h := nodeHeight
	if len(s.Branches) > 0 {
		h += m.branches(s.Branches)
	}
	return h
}

func (m measure) branches(list []Branch) float64 {
	h := 0.0
	for _, b := range list {
		h = max(h, m.branch(b))
	}
	return h
}

// head is the height of what stands above the first line of a branch.
func (b Branch) head() float64 {
	if b.Says != "" {
		return elbowHeight + labelHeight + saysHeight
	}
	return elbowHeight + labelHeight
}

func (m measure) branch(b Branch) float64 {
	h := b.head() + m.column(b.Steps)
	switch {
	case b.Ends != "":
		return h + endHeight
	case b.joins():
		return h + fillHeight + elbowHeight
	}
	return h
}
