package executions

import (
	"cmp"
	"context"
	"slices"
	"time"

	"formrail/models/text"
	"formrail/views/ui"
)

// Use is what a step did with its time.
type Use string

// Uses of time.
const (
	Working    Use = "working"
	ForPeople  Use = "people" // waited for somebody
	ForTime    Use = "time"   // waited for an instant, or for an answer from outside
	Containing Use = "steps"  // ran other steps, which have bars of their own
	Starting   Use = "start"  // the trigger: it is an instant
)

// Span is when a step ran, since the start of the execution.
type Span struct {
	From, To time.Duration
	Use      Use
	Who      string // for whom it waited
}

func (s Span) length() time.Duration { return s.To - s.From }

// scale brings instants of an execution to places on the axis of its timeline.
type scale struct {
	total  time.Duration // length of the axis
	counts []Span        // the only times that count, apart and in order; nil = all time
}

// realScale is the scale of the clock.
func realScale(total time.Duration) scale { return scale{total: total} }

// workScale is a scale on which time passes only while some step works.
func workScale(spans []Span) scale {
	counts := union(spans, Working)
	return scale{total: sum(counts), counts: counts}
}

// at is how much of the axis lies before an instant.
func (s scale) at(t time.Duration) time.Duration {
	if s.counts == nil {
		return t
	}
	var before time.Duration
	for _, c := range s.counts {
		before += max(0, min(t, c.To)-c.From)
	}
	return before
}

// thinnest is the percent of the axis that even the shortest step gets, to be seen.
const thinnest = 0.5

// place is where a span lies, in percent of the axis. It stays on the axis.
func (s scale) place(span Span) (x, width float64) {
	if s.total <= 0 {
		return 0, thinnest
	}
	share := func(t time.Duration) float64 { return 100 * float64(min(max(t, 0), s.total)) / float64(s.total) }
	from, to := share(s.at(span.From)), share(s.at(span.To))
	width = max(to-from, thinnest)
	return min(from, 100-width), width
}

// union joins the spans of one use where they overlap or touch.
func union(spans []Span, use Use) []Span {
	out := []Span{}
	list := slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return s.Use != use })
	slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	for _, s := range list {
		if last := len(out) - 1; last >= 0 && s.From <= out[last].To {
			out[last].To = max(out[last].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

func sum(spans []Span) time.Duration {
	var all time.Duration
	for _, s := range spans {
		all += s.length()
	}
	return all
}

// ticks is how many words stand on the axis.
const ticks = 6

// clock writes the axis of the real time that began at start, as fine as its length asks for.
func (s scale) clock(start ui.Moment) []string {
	format := "2 Jan 15:04"
	switch {
	case s.total < ticks*time.Second:
		return s.lengths()
	case s.total < ticks*time.Minute:
		format = "15:04:05"
	case s.total < 24*time.Hour:
		format = "15:04"
	}
	out := make([]string, ticks)
	for i := range out {
		out[i] = start.At.Add(s.total * time.Duration(i) / ticks).In(start.Now.Location()).Format(format)
	}
	return out
}

// lengths writes the axis as time since its start. A word that would say the same as
// the one before it is left out: an axis may be shorter than its ticks are long.
func (s scale) lengths() []string {
	out, last := make([]string, ticks), ""
	for i := range out {
		if word := ui.Duration(s.total * time.Duration(i) / ticks); word != last {
			out[i], last = word, word
		}
	}
	return out
}

// words say how long a span was, and for whom it waited.
func (s Span) words(ctx context.Context) string {
	switch {
	case s.Use == Starting:
		return text.T(ctx, "timeline.start", "Start")
	case s.Who != "":
		return text.T(ctx, "timeline.for_whom", "%s, %s", ui.Duration(s.length()), s.Who)
	}
	return ui.Duration(s.length())
}
