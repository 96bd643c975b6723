package ui

import (
	"slices"
	"strconv"
	"strings"
)

const (
	sparkEdge = 2.0 // keeps the line of a curve inside
	barsLine  = 1.0 // between the two parts of a bar
)

// extent is the size of a drawing in its own units, and the gap between two bars.
type extent struct{ width, height, gap float64 }

func (e extent) box() string { return "0 0 " + whole(e.width) + " " + whole(e.height) }

func whole(f float64) string { return strconv.Itoa(int(f)) }

// SparkProps describes how a number moved: the oldest value first.
type SparkProps struct {
	Label  string // says in words what the line shows
	Points []float64
	Small  bool // for the row of a table; begins at zero
}

func (p SparkProps) extent() extent {
	if p.Small {
		return extent{width: 64, height: 20}
	}
	return extent{width: 96, height: 32}
}

// moves reports whether there is something to draw.
func (p SparkProps) moves() bool {
	return len(p.Points) > 1 && (p.Small || slices.Min(p.Points) != slices.Max(p.Points))
}

// line is the path through all points, from the lowest at the bottom to the highest on top.
func (p SparkProps) line() string {
	size := p.extent()
	least, most := slices.Min(p.Points), slices.Max(p.Points)
	if p.Small {
		least, most = min(least, 0), max(most, 1)
	}
	parts := make([]string, len(p.Points))
	for i, value := range p.Points {
		x := size.width * float64(i) / float64(len(p.Points)-1)
		y := sparkEdge + (size.height-2*sparkEdge)*(most-value)/(most-least)
		parts[i] = tenth(x) + " " + tenth(y)
	}
	return "M" + strings.Join(parts, "L")
}

func (p SparkProps) area() string {
	size := p.extent()
	return p.line() + "L" + whole(size.width) + " " + whole(size.height) + "L0 " + whole(size.height) + "Z"
}

// Bar is one bar: a part that went well, and one on top that did not.
type Bar struct {
	Label string // what it counts: "22 Nov"
	Good  int
	Bad   int
}

// BarsProps describes how often something happened over time, the oldest first.
type BarsProps struct {
	Label string // says in words what the bars show
	Good  string // heads of the same numbers as a table
	Bad   string
	Bars  []Bar
	Small bool // for a strip above a list
}

func (p BarsProps) extent() extent {
	if p.Small {
		return extent{width: 1200, height: 36, gap: 3}
	}
	return extent{width: 860, height: 120, gap: 5}
}

// rect is the place of one rectangle.
type rect struct{ x, y, width, height string }

// rects places both parts of a bar; a part without height is left out.
func (p BarsProps) rects(i int) (good, bad *rect) {
	size := p.extent()
	most := 1
	for _, b := range p.Bars {
		most = max(most, b.Good+b.Bad)
	}
	n := float64(len(p.Bars))
	width := (size.width - size.gap*(n-1)) / n
	place := func(value int, above float64) *rect {
		if value == 0 {
			return nil
		}
		height := size.height * float64(value) / float64(most)
		return &rect{x: tenth(float64(i) * (width + size.gap)), y: tenth(size.height - above - height), width: tenth(width), height: tenth(height)}
	}
	b := p.Bars[i]
	below := size.height * float64(b.Good) / float64(most)
	if b.Good > 0 && b.Bad > 0 {
		below += barsLine
	}
	return place(b.Good, 0), place(b.Bad, below)
}

func tenth(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
