package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// uncategorised stands for a category: workflows that carry none.
const uncategorised = "none"

// Names of the filters of the list of workflows in its address.
const (
	byCategory = "category"
	byTrigger  = "trigger"
	byMode     = "mode"
	byEnabled  = "enabled"
	byDraft    = "draft"
	byProblem  = "problems"
)

// workflowListing is what the address of the list of workflows says.
type workflowListing struct{ url.Values }

// readListing reads it; what the list does not know is left out.
func readListing(query bind.Form) workflowListing {
	l := workflowListing{url.Values{}}
	for _, name := range []string{byCategory, byTrigger, byMode, byEnabled, byDraft, byProblem, "search", "sort", "page"} {
		if value := strings.TrimSpace(query.Get(name)); value != "" {
			l.Set(name, value)
		}
	}
	return l
}

// at is the address of the list with one part changed. Another list begins on its
// first page.
func (l workflowListing) at(name, value string) string {
	q := url.Values{}
	for part := range l.Values {
		if part != "page" {
			q.Set(part, l.Get(part))
		}
	}
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return urls.Workflows()
	}
	return urls.Workflows() + "?" + q.Encode()
}

// narrowed reports whether something beside category and search narrows the list.
func (l workflowListing) narrowed() bool {
	return slices.ContainsFunc([]string{byTrigger, byMode, byEnabled, byDraft, byProblem, byCategory}, l.Has)
}

// kept are the parts that a search keeps.
func (l workflowListing) kept() (out []ui.Choice) {
	for name := range l.Values {
		if name != "search" && name != "page" {
			out = append(out, ui.Choice{Value: name, Label: l.Get(name)})
		}
	}
	slices.SortFunc(out, func(a, b ui.Choice) int { return strings.Compare(a.Value, b.Value) })
	return out
}

// listedWorkflow is one workflow with what the list says about it.
type listedWorkflow struct {
	*models.Workflow
	categories []int64
	stats      models.WorkflowStats
	recent     models.RecentStats
	version    int64  // number of the live version; 0 = none
	problem    string // of the live version
	paused     string // since when its starts are kept; empty when they are not
}

// success is the share of executions that ended well, in thousandths; −1 when none
// has ended.
func (w *listedWorkflow) success() int64 {
	ended := w.recent.Succeeded + w.recent.Failed
	if ended == 0 {
		return -1
	}
	return w.recent.Succeeded * 1000 / ended
}

// inCategory reports whether a workflow stands under a tab.
func (w *listedWorkflow) inCategory(tab string) bool {
	switch tab {
	case "":
		return true
	case uncategorised:
		return len(w.categories) == 0
	}
	id, err := strconv.ParseInt(tab, 10, 64)
	return err == nil && slices.Contains(w.categories, id)
}

// matches reports whether all filters but the category let a workflow through.
func (l workflowListing) matches(w *listedWorkflow) bool {
	is := func(name string, value bool, yes, no string) bool {
		wanted := l.Get(name)
		return wanted == "" || wanted == yes && value || wanted == no && !value
	}
	return found(l.Get("search"), w.Title, w.Key, w.Description) && (!l.Has(byTrigger) || w.Type == l.Get(byTrigger)) &&
		is(byMode, w.Sync, "sync", "async") && is(byEnabled, w.Enabled, "true", "false") && is(byDraft, w.DraftDirty, "true", "") &&
		is(byProblem, w.problem != "", "true", "")
}

// found reports whether one of the texts holds the search, whatever its case.
func found(search string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), strings.ToLower(search)) {
			return true
		}
	}
	return false
}

// newestFirst is the order of the list when nobody chose one.
const newestFirst = "-" + workflows.ByLast

// order sorts the list as its address says; workflows that are equal there by title.
func (l workflowListing) order(list []*listedWorkflow, kind func(string) string) {
	name, down := strings.CutPrefix(cmp.Or(l.Get("sort"), newestFirst), "-")
	number := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	by := map[string]func(a, b *listedWorkflow) int{
		workflows.ByName:       func(_, _ *listedWorkflow) int { return 0 },
		workflows.ByTrigger:    func(a, b *listedWorkflow) int { return strings.Compare(kind(a.Type), kind(b.Type)) },
		workflows.ByMode:       func(a, b *listedWorkflow) int { return number(a.Sync) - number(b.Sync) },
		workflows.ByEnabled:    func(a, b *listedWorkflow) int { return number(a.Enabled) - number(b.Enabled) },
		workflows.ByVersion:    func(a, b *listedWorkflow) int { return cmp.Compare(a.version, b.version) },
		workflows.ByExecutions: func(a, b *listedWorkflow) int { return cmp.Compare(a.stats.Total, b.stats.Total) },
		workflows.BySuccess:    func(a, b *listedWorkflow) int { return cmp.Compare(a.success(), b.success()) },
		workflows.ByLast:       func(a, b *listedWorkflow) int { return cmp.Compare(a.stats.LastAt, b.stats.LastAt) },
	}[name]
	title := func(a, b *listedWorkflow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.ID, b.ID))
	}
	slices.SortStableFunc(list, func(a, b *listedWorkflow) int {
		if by == nil {
			return title(a, b)
		}
		if down {
			a, b = b, a
		}
		if c := by(a, b); c != 0 {
			return c
		}
		if name == workflows.ByName {
			return title(a, b)
		}
		if down {
			a, b = b, a
		}
		return title(a, b)
	})
}

// columns are the heads that sort. The first press on numbers and times shows the
// largest first.
func (l workflowListing) columns() map[string]workflows.Column {
	out, now := map[string]workflows.Column{}, cmp.Or(l.Get("sort"), newestFirst)
	for _, name := range []string{
		workflows.ByName, workflows.ByTrigger, workflows.ByMode, workflows.ByEnabled, workflows.ByVersion, workflows.ByExecutions, workflows.BySuccess, workflows.ByLast,
	} {
		numbers := slices.Contains([]string{workflows.ByEnabled, workflows.ByVersion, workflows.ByExecutions, workflows.BySuccess, workflows.ByLast}, name)
		next, sort := name, ui.Unsorted
		if numbers {
			next = "-" + name
		}
		switch now {
		case name:
			next, sort = "-"+name, ui.Ascending
		case "-" + name:
			next, sort = name, ui.Descending
		}
		out[name] = workflows.Column{Href: l.at("sort", next), Sort: sort}
	}
	return out
}

// filters are the chips of the list.
func (l workflowListing) filters(ctx context.Context, t types) []ui.FilterProps {
	var kinds []ui.Choice
	for _, one := range t.starts {
		kinds = append(kinds, ui.Choice{Value: one.Key, Label: one.Title})
	}
	return []ui.FilterProps{
		l.filter(byTrigger, text.T(ctx, "workflows.trigger", "Trigger"), text.T(ctx, "workflows.any_trigger", "Any trigger"), kinds),
		l.filter(byEnabled, text.T(ctx, "workflows.status", "Status"), text.T(ctx, "workflows.any_status", "Any status"), []ui.Choice{
			{Value: "true", Label: text.T(ctx, "workflows.is_on", "Enabled")}, {Value: "false", Label: text.T(ctx, "workflows.is_off", "Disabled")},
		}),
		l.filter(byMode, text.T(ctx, "workflows.mode", "Mode"), text.T(ctx, "workflows.any_mode", "Any mode"), []ui.Choice{
			{Value: "async", Label: text.T(ctx, "workflows.async", "Async")}, {Value: "sync", Label: text.T(ctx, "workflows.sync", "Sync")},
		}),
	}
}

func (l workflowListing) filter(name, label, anyOf string, choices []ui.Choice) ui.FilterProps {
	f := ui.FilterProps{ID: "filter-" + name, Name: label, Any: anyOf, Clear: l.at(name, "")}
	for _, c := range choices {
		item := ui.MenuItem{Label: c.Label, Href: l.at(name, c.Value)}
		if c.Value == l.Get(name) {
			f.Value, item.Icon = label+": "+c.Label, "check"
		}
		f.Items = append(f.Items, item)
	}
	return f
}

// marks are the filters that are only on or off.
func (l workflowListing) marks(ctx context.Context) (out []ui.ChipProps) {
	for _, m := range []ui.Choice{{Value: byDraft, Label: text.T(ctx, "workflows.has_draft", "Has draft")}, {Value: byProblem, Label: text.T(ctx, "workflows.has_problems", "Has problems")}} {
		on := l.Get(m.Value) == "true"
		to := "true"
		if on {
			to = ""
		}
		out = append(out, ui.ChipProps{Label: m.Label, On: on, Href: l.at(m.Value, to)})
	}
	return out
}
