package canvas

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// card is a step without branches.
func plain(key string) Step { return Step{Key: key, Title: key, Icon: "split", Kind: "flow"} }

func TestOffsets_PutTheBranchesAroundTheMiddleOfTheirStep(t *testing.T) {
	t.Parallel()
	narrow := []Branch{{Key: "yes"}, {Key: "no", Steps: []Step{plain("a")}}}
	require.Equal(t, []float64{144, -144}, offsets(narrow))
	nested := []Branch{{Key: "yes", Steps: []Step{{Key: "b", Branches: narrow}}}, {Key: "no"}}
	require.Equal(t, []float64{144, -288}, offsets(nested))
	require.InDelta(t, 256+32+256+32+256, branchesWidth(nested), 0)
	require.Equal(t, []float64{0}, offsets([]Branch{{Key: "only"}}))
}

func TestLines_BendOnceEachWay(t *testing.T) {
	t.Parallel()
	require.Equal(t, "M144 0V6Q144 18 132 18H12Q0 18 0 30V36", fork(144))
	require.Equal(t, "M-288 0V6Q-288 18 -276 18H-12Q0 18 0 30V36", fork(-288))
	require.Equal(t, "M0 0V6Q0 18 12 18H132Q144 18 144 30V36", merge(144))
	require.Equal(t, "M0 0V36", fork(0))
	require.Equal(t, "M8 0V14Q8 18 4 18H4Q0 18 0 22V36", fork(8), "a short way has a small bend")
}

// tree draws any steps.
func tree(t *rapid.T, depth int, next *int) []Step {
	out := make([]Step, rapid.IntRange(0, 3).Draw(t, "steps"))
	for i := range out {
		*next++
		out[i] = plain(fmt.Sprintf("s%d", *next))
		if depth == 0 || !rapid.Bool().Draw(t, "branches") {
			continue
		}
		for b := range rapid.IntRange(1, 5).Draw(t, "ways") {
			way := Branch{Key: fmt.Sprintf("b%d", b), Label: "way", Steps: tree(t, depth-1, next)}
			if rapid.Bool().Draw(t, "says") {
				way.Says = "Amount is greater than 500"
			}
			if rapid.Bool().Draw(t, "ends") {
				way.Ends = "End as rejected"
			}
			out[i].Branches = append(out[i].Branches, way)
		}
	}
	return out
}

func TestGeometry_HoldsForAnyTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := 0
		p := Props{Trigger: plain("trigger"), Steps: tree(t, 4, &n), AddHref: func(Place) string { return "#" }, Foot: &Foot{Label: "End"}}
		check(t, p.Steps)

		m := p.minimap()
		for i, a := range m.marks {
			require.True(t, a.x > -0.01 && a.x+a.w < mapWidth+0.01 && a.y > -0.01 && a.y+a.h < mapHeight+0.01, "inside the map: %v", a)
			for _, b := range m.marks[i+1:] {
				apart := a.x+a.w < b.x+0.001 || b.x+b.w < a.x+0.001 || a.y+a.h < b.y+0.001 || b.y+b.h < a.y+0.001
				require.True(t, apart, "%v lies over %v", a, b)
			}
		}

		var html strings.Builder
		require.NoError(t, Stage(p, nil).Render(context.Background(), &html))
		require.Equal(t, n+1, strings.Count(html.String(), `data-key="`), "every step is drawn once")
		require.Equal(t, places(p.Steps), strings.Count(html.String(), `class="add"`), "every place can be added at")
	})
}

// check holds the widths against each other: branches stand side by side, gaps apart.
func check(t *rapid.T, steps []Step) {
	for _, s := range steps {
		at := offsets(s.Branches)
		for i, b := range s.Branches {
			if i > 0 {
				gap := (at[i-1] - width(s.Branches[i-1].Steps)/2) - (at[i] + width(b.Steps)/2)
				require.InDelta(t, branchGap, gap, 1e-9)
			}
			check(t, b.Steps)
		}
		if n := len(at); n > 0 {
			left, right := at[0]+width(s.Branches[0].Steps)/2, at[n-1]-width(s.Branches[n-1].Steps)/2
			require.InDelta(t, 0, left+right, 1e-9, "the branches stand evenly around their step")
		}
	}
}

func places(steps []Step) int {
	n := len(steps) + 1
	for _, s := range steps {
		for _, b := range s.Branches {
			n += places(b.Steps)
		}
	}
	return n
}

func TestStage_DrawsNoPlaceBehindAnEnd(t *testing.T) {
	t.Parallel()
	p := Props{Trigger: plain("trigger"), Steps: []Step{plain("a"), {Key: "e", Title: "Stop here", Ends: true}}, AddHref: func(Place) string { return "#" }, Foot: &Foot{Label: "End"}}
	var html strings.Builder
	require.NoError(t, Stage(p, nil).Render(context.Background(), &html))
	require.Equal(t, 2, strings.Count(html.String(), `class="add"`))
	require.NotContains(t, html.String(), "<span>End</span>")
}

func TestStage_SaysProblemsAndStatesInWords(t *testing.T) {
	t.Parallel()
	broken := plain("a")
	broken.Problem, broken.Href = "Choose a collection.", "/a"
	skipped := plain("b")
	skipped.Skipped, skipped.Href = true, "/b"
	var html strings.Builder
	require.NoError(t, Stage(Props{Trigger: plain("trigger"), Steps: []Step{broken, skipped}}, nil).Render(context.Background(), &html))
	require.Contains(t, html.String(), `aria-label="a, Choose a collection., has a problem"`)
	require.Contains(t, html.String(), `aria-label="b, skipped"`)
}
