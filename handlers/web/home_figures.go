package web

import (
	"context"
	"strconv"
	"time"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/home"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Bounds of the figures of the first page.
const (
	homeDays    = 7
	homePeople  = 4
	homeEdited  = 3
	homeCounted = 5_000 // executions whose durations are looked at, at most
)

// homeFigures counts the executions of the last days, lists what failed, and draws how
// many there were over a range of time.
func (v *viewer) homeFigures(ctx context.Context, p *home.HomeProps, chosen string) error {
	spans := v.spans(chosen)
	since := min(models.At(spans.starts[0]), models.At(v.day(1-2*homeDays)))
	hours, err := models.ExecutionHours(ctx, v.site.DB.Read(), since)
	if err != nil {
		return err
	}
	times, err := models.ExecutionTimes(ctx, v.site.DB.Read(), models.At(v.day(1-homeDays)), homeCounted)
	if err != nil {
		return err
	}
	waiting, err := models.WaitForPeople(ctx, v.site.DB.Read(), homePeople)
	if err != nil {
		return err
	}
	if p.Stats, err = v.stats(ctx, hours, times, waiting); err != nil {
		return err
	}
	p.Chart = v.chart(ctx, hours, spans)
	for _, h := range hours {
		if h.Hour >= models.At(v.day(-1)) {
			p.Failed += int(h.Failed)
		}
	}
	p.Failures, err = v.homeFailures(ctx)
	return err
}

// homeFailures lists what went wrong last.
func (v *viewer) homeFailures(ctx context.Context) ([]home.Failure, error) {
	q := v.site.DB.Read()
	failed, err := models.Executions(ctx, q, models.ExecutionFilter{Statuses: []models.Status{models.Failed, models.TimedOut}, Limit: homeFailures})
	if err != nil {
		return nil, err
	}
	var out []home.Failure
	for _, row := range failed {
		x, err := models.ExecutionByID(ctx, q, row.ID)
		if err != nil {
			return nil, err
		}
		values, err := v.seesValues(ctx, x)
		if err != nil {
			return nil, err
		}
		out = append(out, home.Failure{
			ID: x.ID, Workflow: row.WorkflowTitle, Sentence: reasonSentence(ctx, x, values), When: v.since(row.EndedAt), Number: "#" + strconv.FormatInt(row.Number, 10),
		})
	}
	return out, nil
}

// day is the begin of a day in the zone of the viewer: 0 is today, -1 yesterday.
func (v *viewer) day(offset int) time.Time {
	y, m, d := v.now.Date()
	return time.Date(y, m, d+offset, 0, 0, 0, 0, v.now.Location())
}

// spans are equal parts of a range of time, each with its begin.
type spans struct {
	name   string
	starts []time.Time
	layout string // of the begin of one
}

// spans reads the range that was chosen: the hours of a day, or days.
func (v *viewer) spans(chosen string) spans {
	s := spans{name: chosen, layout: "2 Jan"}
	days := 28
	switch chosen {
	case "24h":
		s.layout = "15:04"
		for i := -23; i <= 0; i++ {
			s.starts = append(s.starts, v.now.Truncate(time.Hour).Add(time.Duration(i)*time.Hour))
		}
		return s
	case "90d":
		days = 90
	default:
		s.name = "28d"
	}
	for i := 1 - days; i <= 0; i++ {
		s.starts = append(s.starts, v.day(i))
	}
	return s
}

// part is the span that a time falls into; -1 before the first one.
func (s spans) part(at models.Millis) int {
	for i := len(s.starts) - 1; i >= 0; i-- {
		if at >= models.At(s.starts[i]) {
			return i
		}
	}
	return -1
}

// chart counts executions that succeeded and that failed over the parts of a range.
func (v *viewer) chart(ctx context.Context, hours []models.ExecutionHour, s spans) *home.Chart {
	last := len(s.starts) - 1
	out := &home.Chart{Range: s.name, From: s.starts[0].Format(s.layout), To: s.starts[last].Format(s.layout)}
	out.Bars = ui.BarsProps{
		Good: text.T(ctx, "home.succeeded", "Succeeded"), Bad: text.T(ctx, "home.failed", "Failed"), Bars: make([]ui.Bar, len(s.starts)),
		Label: text.T(ctx, "home.chart", "Executions from %s to %s, failures in red", out.From, out.To),
	}
	for i, start := range s.starts {
		out.Bars.Bars[i].Label = start.Format(s.layout)
	}
	for _, h := range hours {
		if i := s.part(h.Hour); i >= 0 {
			out.Bars.Bars[i].Good += int(h.Succeeded)
			out.Bars.Bars[i].Bad += int(h.Failed)
		}
	}
	return out
}

// week is what the figures of some days are made of, the oldest day first.
type week struct {
	total, succeeded, failed [homeDays]int
	took                     [homeDays][]time.Duration
}

func sum(days [homeDays]int) int {
	n := 0
	for _, day := range days {
		n += day
	}
	return n
}

// weeks sorts executions into the last days and those before. An hour belongs to the day
// in which it begins.
func (v *viewer) weeks(hours []models.ExecutionHour, times []models.ExecutionTime) (now week, before int) {
	days := spans{}
	for i := 1 - homeDays; i <= 0; i++ {
		days.starts = append(days.starts, v.day(i))
	}
	for _, h := range hours {
		i := days.part(h.Hour)
		if i < 0 {
			if h.Hour >= models.At(v.day(1-2*homeDays)) {
				before += int(h.Started)
			}
			continue
		}
		now.total[i] += int(h.Started)
		now.succeeded[i] += int(h.Succeeded)
		now.failed[i] += int(h.Failed)
	}
	for _, x := range times {
		if i := days.part(x.CreatedAt); i >= 0 && x.Status == models.Succeeded {
			now.took[i] = append(now.took[i], x.EndedAt.Time().Sub(x.StartedAt.Time()))
		}
	}
	return now, before
}

// stats are the key figures of the last days.
func (v *viewer) stats(ctx context.Context, hours []models.ExecutionHour, times []models.ExecutionTime, waiting models.WaitingForPeople) ([]home.Stat, error) {
	w, before := v.weeks(hours, times)
	all := home.Stat{Label: text.T(ctx, "home.executions", "Executions, 7 days"), Value: ui.Number(strconv.Itoa(sum(w.total)), 0), Note: compared(ctx, sum(w.total), before)}
	succeeded, failed := sum(w.succeeded), sum(w.failed)
	good := home.Stat{Label: text.T(ctx, "home.succeeded", "Succeeded"), Value: share(succeeded, succeeded+failed), Note: text.T(ctx, "home.failed_n", "%d failed", failed)}
	middle := home.Stat{Label: text.T(ctx, "home.median", "Median duration"), Note: text.T(ctx, "home.median_note", "Of those that succeeded")}
	var spans []time.Duration
	for i := range homeDays {
		all.Spark.Points = append(all.Spark.Points, float64(w.total[i]))
		if ended := w.succeeded[i] + w.failed[i]; ended > 0 {
			good.Spark.Points = append(good.Spark.Points, float64(w.succeeded[i])/float64(ended))
		}
		if len(w.took[i]) > 0 {
			spans = append(spans, w.took[i]...)
			middle.Spark.Points = append(middle.Spark.Points, float64(middleOf(w.took[i])))
		}
	}
	middle.Value = median(spans)
	all.Spark.Label = text.T(ctx, "home.executions_line", "Executions on each of 7 days")
	good.Spark.Label = text.T(ctx, "home.succeeded_line", "Share that succeeded, by day")
	middle.Spark.Label = text.T(ctx, "home.median_line", "Median duration, by day")
	people, err := v.waitingStat(ctx, waiting)
	return []home.Stat{all, good, middle, people}, err
}

// compared says how a number differs from the one of the week before; nothing when there
// was none.
func compared(ctx context.Context, now, before int) string {
	switch {
	case before == 0:
		return ""
	case now > before:
		return text.T(ctx, "home.more", "%d%% more than the week before", (now-before)*100/before)
	case now < before:
		return text.T(ctx, "home.fewer", "%d%% fewer than the week before", (before-now)*100/before)
	}
	return text.T(ctx, "home.as_many", "As many as the week before")
}

// waitingStat says how many executions wait for a decision, and for whom.
func (v *viewer) waitingStat(ctx context.Context, w models.WaitingForPeople) (home.Stat, error) {
	out := home.Stat{Label: text.T(ctx, "home.waiting", "Waiting for people"), Value: ui.Number(strconv.FormatInt(w.Executions, 10), 0)}
	if w.Oldest == 0 {
		out.Note = text.T(ctx, "home.none_waits", "Nobody is asked")
		return out, nil
	}
	out.Note = text.T(ctx, "home.oldest", "Oldest since %s", v.since(w.Oldest).Short(ctx))
	for _, id := range w.People {
		who, err := v.names.person(ctx, id)
		if err != nil {
			return out, err
		}
		out.People = append(out.People, who)
	}
	return out, nil
}

// homeEdited lists the workflows that were changed last, for those who see workflows.
func (v *viewer) homeEdited(ctx context.Context) ([]home.Edited, error) {
	if !v.access.Can("workflow.view") {
		return nil, nil
	}
	list, err := models.WorkflowsEdited(ctx, v.site.DB.Read(), homeEdited)
	if err != nil {
		return nil, err
	}
	var out []home.Edited
	for _, w := range list {
		one := home.Edited{Title: w.Title, Href: urls.Workflow(w.Key), Icon: v.site.types.triggerIcon(w.Type), Note: text.T(ctx, "home.never_live", "Draft"), When: v.since(w.UpdatedAt)}
		if w.LiveVersion != 0 {
			live, err := models.VersionByID(ctx, v.site.DB.Read(), w.LiveVersion)
			if err != nil {
				return nil, err
			}
			one.Note = text.T(ctx, "home.version", "Version %d", live.Number)
		}
		out = append(out, one)
	}
	return out, nil
}

// homeSummary says in one or two sentences what waits and what failed.
func homeSummary(ctx context.Context, p home.HomeProps) string {
	said := ""
	switch p.Open {
	case 0:
		said = text.T(ctx, "home.none_wait", "Nothing waits for you.")
	case 1:
		said = text.T(ctx, "home.one_waits", "One task waits for you.")
	default:
		said = text.T(ctx, "home.some_wait", "%d tasks wait for you.", p.Open)
	}
	switch p.Failed {
	case 0:
		return said
	case 1:
		return said + " " + text.T(ctx, "home.one_failed", "One execution failed since yesterday.")
	}
	return said + " " + text.T(ctx, "home.some_failed", "%d executions failed since yesterday.", p.Failed)
}
