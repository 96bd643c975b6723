package ui

import (
	"slices"
	"strconv"
	"strings"
)

// Sizes of curves and bars, in the units of their drawings.
const (
	sparkWidth, sparkHeight = 96.0, 32.0
	sparkEdge               = 2.0 // keeps the line inside
	barsWidth, barsHeight   = 860.0, 120.0
	barsGap                 = 5.0
	barsLine                = 1.0 // between the two parts of a bar
)

// SparkProps describes how a number moved: the oldest value first.
type SparkProps struct {
	Label  string // says in words what the line shows
	Points []float64
}

// moves reports whether there is something to draw.
func (p SparkProps) moves() bool {
	return len(p.Points) > 1 && slices.Min(p.Points) != slices.Max(p.Points)
}

// line is the path through all points, from the lowest at the bottom to the highest on top.
func (p SparkProps) line() string {
	least, most := slices.Min(p.Points), slices.Max(p.Points)
	parts := make([]string, len(p.Points))
	for i, value := range p.Points {
		x := sparkWidth * float64(i) / float64(len(p.Points)-1)
		y := sparkEdge + (sparkHeight-2*sparkEdge)*(most-value)/(most-least)
		parts[i] = tenth(x) + " " + tenth(y)
	}
	return "M" + strings.Join(parts, "L")
}

func (p SparkProps) area() string { return p.line() + "L96 32L0 32Z" }

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
}

// rect is the place of one rectangle.
type rect struct{ x, y, width, height string }

// rects places both parts of a bar; a part without height is left out.
func (p BarsProps) rects(i int) (good, bad *rect) {
	most := 1
	for _, b := range p.Bars {
		most = max(most, b.Good+b.Bad)
	}
	n := float64(len(p.Bars))
	width := (barsWidth - barsGap*(n-1)) / n
	place := func(value int, above float64) *rect {
		if value == 0 {
			return nil
		}
		height := barsHeight * float64(value) / float64(most)
		return &rect{x: tenth(float64(i) * (width + barsGap)), y: tenth(barsHeight - above - height), width: tenth(width), height: tenth(height)}
	}
	b := p.Bars[i]
	below := barsHeight * float64(b.Good) / float64(most)
	if b.Good > 0 && b.Bad > 0 {
		below += barsLine
	}
	return place(b.Good, 0), place(b.Bad, below)
}

func tenth(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
