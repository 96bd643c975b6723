package canvas

import "slices"

// Size of the minimap in pixels.
const (
	mapWidth  = 168.0
	mapHeight = 120.0
)

// mark is one step on the minimap.
type mark struct {
	x, y, w, h float64
	class      string
}

// minimap is the whole tree drawn small.
type minimap struct {
	scale float64 // pixels of the map for one of the canvas
	marks []mark
}

// MapDiffers reports whether the minimap of a drawing is another than that of a second.
func (p Props) MapDiffers(other Props) bool {
	a, b := p.minimap(), other.minimap()
	return a.scale != b.scale || !slices.Equal(a.marks, b.marks)
}

// minimap draws the tree of a canvas.
func (p Props) minimap() minimap {
	m := p.measure()
	w, h := width(p.Steps), nodeHeight+m.column(p.Steps)+endHeight
	draw := &drawing{measure: m, minimap: minimap{scale: min(mapWidth/w, mapHeight/h)}, middle: mapWidth / 2}
	draw.card(p.Trigger, 0, 0)
	foot := draw.steps(p.Steps, 0, nodeHeight+m.edge)
	if !ends(p.Steps) {
		draw.add(0, foot, endWidth, endHeight, "")
	}
	return draw.minimap
}

type drawing struct {
	measure
	minimap
	middle float64 // of the map
}

// steps draws a list whose middle is at x and which begins at y, and gives where the
// next thing stands.
func (d *drawing) steps(list []Step, x, y float64) float64 {
	for _, s := range list {
		d.card(s, x, y)
		if len(s.Branches) > 0 {
			at := offsets(s.Branches)
			for i, b := range s.Branches {
				d.branch(b, x-at[i], y+nodeHeight)
			}
		}
		y += d.step(s) + d.edge
	}
	return y
}

func (d *drawing) branch(b Branch, x, y float64) {
	foot := d.steps(b.Steps, x, y+b.head()+d.edge)
	if b.Ends != "" {
		d.add(x, foot, endWidth, endHeight, "")
	}
}

func (d *drawing) card(s Step, x, y float64) {
	class := ""
	switch {
	case s.Selected:
		class = "mm-on"
	case s.Problem != "" || s.State != nil && s.State.Tone == "bad":
		class = "mm-bad"
	}
	if s.Ends {
		d.add(x, y, endWidth, endHeight, class)
		return
	}
	d.add(x, y, nodeWidth, nodeHeight, class)
}

func (d *drawing) add(x, y, w, h float64, class string) {
	k := d.scale
	d.marks = append(d.marks, mark{x: d.middle + (x-w/2)*k, y: y * k, w: w * k, h: h * k, class: class})
}
