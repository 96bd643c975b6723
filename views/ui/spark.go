package ui

import (
	"strconv"
	"strings"
)

// size of a sparkline in its own units; the line stays clear of the edge.
const (
	sparkWidth  = 64.0
	sparkHeight = 20.0
	sparkInset  = 2.0
)

// line draws values from left to right as the path of an SVG.
func (p SparkProps) line() string {
	var top int64
	for _, v := range p.Values {
		top = max(top, v)
	}
	var b strings.Builder
	for i, v := range p.Values {
		x, y := 0.0, sparkHeight-sparkInset
		if len(p.Values) > 1 {
			x = sparkWidth * float64(i) / float64(len(p.Values)-1)
		}
		if top > 0 {
			y -= (sparkHeight - 2*sparkInset) * float64(v) / float64(top)
		}
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(units(x) + " " + units(y))
	}
	return b.String()
}

// area is the line closed along the bottom.
func (p SparkProps) area() string {
	return p.line() + "L" + units(sparkWidth) + " " + units(sparkHeight) + "L0 " + units(sparkHeight) + "Z"
}

func units(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// size of a row of bars in its own units, and the gap between two of them.
const (
	barsWidth  = 1200.0
	barsHeight = 36.0
	barsGap    = 3.0
)

// drawn is one bar, or the red top of one, ready for an SVG.
type drawn struct {
	x, y, width, height string
	bad                 bool
}

// drawn gives the bars with their heights against the tallest one.
func (p BarsProps) drawn() []drawn {
	var top int64
	for _, b := range p.Bars {
		top = max(top, b.All)
	}
	if top == 0 {
		return nil
	}
	step := barsWidth / float64(len(p.Bars))
	var out []drawn
	for i, b := range p.Bars {
		at := func(from, count int64, bad bool) {
			height := barsHeight * float64(count) / float64(top)
			out = append(out, drawn{
				x: units(step * float64(i)), width: units(step - barsGap), height: units(height),
				y: units(barsHeight*(1-float64(from)/float64(top)) - height), bad: bad,
			})
		}
		if good := b.All - b.Bad; good > 0 {
			at(0, good, false)
		}
		if b.Bad > 0 {
			at(b.All-b.Bad, b.Bad, true)
		}
	}
	return out
}
