package executions

import (
	"context"
	"net/url"
	"time"

	"formrail/models/text"
	"formrail/views/ui"
)

// NoPerson stands for a person who started something: a schedule, another system.
const NoPerson = "none"

// Times are the choices of how far back the list looks.
func Times() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{"1h": time.Hour, "24h": day, "7d": 7 * day, "30d": 30 * day}
}

// kept are the filters that a search keeps: name and value.
func (p ListProps) kept() (out []ui.Choice) {
	for _, c := range []ui.Choice{{Value: "status", Label: p.Status}, {Value: "workflow", Label: p.Workflow}, {Value: "version", Label: p.Version}, {Value: "time", Label: p.Time}, {Value: "by", Label: p.By}} {
		if c.Label != "" {
			out = append(out, c)
		}
	}
	return out
}

// Chosen are all filters of the list with its search: name and value.
func (p ListProps) Chosen() []ui.Choice {
	out := p.kept()
	if p.Search != "" {
		out = append(out, ui.Choice{Value: "search", Label: p.Search})
	}
	return out
}

func (p ListProps) values() url.Values {
	q := url.Values{}
	for _, c := range p.Chosen() {
		q.Set(c.Value, c.Label)
	}
	return q
}

// Address is the list with its filters.
func (p ListProps) Address() string { return p.address("status", p.Status) }

// filters are the chips over the list. People and workflows are offered to those who
// may know them.
func (p ListProps) filters(ctx context.Context) (out []ui.FilterProps) {
	if len(p.Workflows) > 0 {
		out = append(out, p.filter("workflow", p.Workflow, ui.FilterProps{Name: text.T(ctx, "executions.workflow", "Workflow"), Any: text.T(ctx, "executions.every_workflow", "Every workflow")}, p.Workflows))
	}
	if len(p.Versions) > 0 {
		out = append(out, p.filter("version", p.Version, ui.FilterProps{Name: text.T(ctx, "executions.version", "Version"), Any: text.T(ctx, "executions.every_version", "Every version")}, p.Versions))
	}
	out = append(out, p.filter("time", p.Time, ui.FilterProps{Name: text.T(ctx, "executions.time", "Time"), Any: text.T(ctx, "executions.all_time", "All time")}, []ui.Choice{
		{Value: "1h", Label: text.T(ctx, "executions.last_hour", "Last hour")},
		{Value: "24h", Label: text.T(ctx, "executions.last_day", "Last 24 hours")},
		{Value: "7d", Label: text.T(ctx, "executions.last_week", "Last 7 days")},
		{Value: "30d", Label: text.T(ctx, "executions.last_month", "Last 30 days")},
	}))
	if len(p.People) > 0 {
		people := append([]ui.Choice{{Value: NoPerson, Label: text.T(ctx, "execution.by_system", "The system")}}, p.People...)
		out = append(out, p.filter("by", p.By, ui.FilterProps{Name: text.T(ctx, "executions.started_by", "Started by"), Any: text.T(ctx, "executions.anybody", "Anybody")}, people))
	}
	return out
}

func (p ListProps) filter(name, value string, f ui.FilterProps, choices []ui.Choice) ui.FilterProps {
	f.ID, f.Clear = "filter-"+name, p.address(name, "")
	for _, c := range choices {
		item := ui.MenuItem{Label: c.Label, Href: p.address(name, c.Value)}
		if c.Value == value && value != "" {
			f.Value, item.Icon = c.Label, "check"
		}
		f.Items = append(f.Items, item)
	}
	return f
}
