package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/records"
	"formrail/views/executions"
	"formrail/views/ui"
)

// How many people, and newest records of each collection, the words of a search may
// mean: a search that means more is too wide to be of help.
const (
	searchedPeople  = 20
	searchedRecords = 100
)

// executionFilter brings what was chosen to a filter, and adds the choices to p.
func (v *viewer) executionFilter(ctx context.Context, p *executions.ListProps) (models.ExecutionFilter, error) {
	var f models.ExecutionFilter
	watches := v.access.Can("execution.view")
	if !watches {
		f.UserID = v.user.ID
	}
	if err := v.chooseWorkflow(ctx, p, &f); err != nil {
		return f, err
	}
	v.chooseTime(p, &f)
	if !watches {
		p.Workflows, p.Versions, p.By = nil, nil, "" // names of workflows and people are for those who watch them
	} else if err := v.choosePerson(ctx, p, &f); err != nil {
		return f, err
	}
	return f, v.searchExecutions(ctx, p.Search, &f)
}

// chooseTime narrows f to what started in the last hours or days; what is no choice
// is left out.
func (v *viewer) chooseTime(p *executions.ListProps, f *models.ExecutionFilter) {
	length, ok := executions.Times()[p.Time]
	if !ok {
		p.Time = ""
		return
	}
	f.From = models.At(v.now.Add(-length))
	if length > time.Hour { // longer ones begin with the hour, as what is counted does
		f.From = models.HourOf(f.From)
	}
}

// mostStarters is how many people the filter by who started offers.
const mostStarters = 100

// choosePerson narrows f to the person who was chosen, and offers the others.
func (v *viewer) choosePerson(ctx context.Context, p *executions.ListProps, f *models.ExecutionFilter) error {
	people, err := models.Users(ctx, v.site.DB.Read(), models.UserQuery{Limit: mostStarters})
	if err != nil {
		return err
	}
	for _, who := range people {
		p.People = append(p.People, ui.Choice{Value: strconv.FormatInt(who.ID, 10), Label: who.Nickname})
	}
	if p.By == executions.NoPerson {
		f.NoUser = true
		return nil
	}
	if f.UserID, err = strconv.ParseInt(p.By, 10, 64); err != nil || f.UserID < 1 {
		p.By, f.UserID = "", 0
	}
	return nil
}

// chooseWorkflow narrows f to the workflow and the version of it that were chosen.
func (v *viewer) chooseWorkflow(ctx context.Context, p *executions.ListProps, f *models.ExecutionFilter) error {
	all, err := models.Workflows(ctx, v.site.DB.Read())
	if err != nil {
		return err
	}
	for _, w := range all {
		p.Workflows = append(p.Workflows, ui.Choice{Value: w.Key, Label: w.Title})
		if w.Key == p.Workflow {
			f.WorkflowID = w.ID
		}
	}
	wanted := p.Version
	p.Version = "" // a version that another workflow had is no choice any more
	if p.Workflow == "" {
		return nil
	}
	if f.WorkflowID == 0 {
		f.WorkflowID = -1 // an unknown workflow has no executions
		return nil
	}
	versions, err := models.Versions(ctx, v.site.DB.Read(), f.WorkflowID)
	if err != nil {
		return err
	}
	for _, one := range versions {
		number := strconv.FormatInt(one.Number, 10)
		p.Versions = append(p.Versions, ui.Choice{Value: number, Label: "v" + number})
		if number == wanted {
			f.VersionID, p.Version = one.ID, wanted
		}
	}
	return nil
}

// searchExecutions narrows f to what the words of a search may mean: the number of an
// execution, or else a workflow, who started it, or the record it is about.
func (v *viewer) searchExecutions(ctx context.Context, words string, f *models.ExecutionFilter) error {
	if n, err := strconv.ParseInt(strings.TrimPrefix(words, "#"), 10, 64); err == nil && n > 0 {
		f.Number = n
		return nil
	}
	if words == "" {
		return nil
	}
	f.Search = words
	if v.access.Can("execution.view") {
		people, err := models.Users(ctx, v.site.DB.Read(), models.UserQuery{Search: words, Limit: searchedPeople})
		if err != nil {
			return err
		}
		for _, who := range people {
			f.SearchUsers = append(f.SearchUsers, who.ID)
		}
	}
	for _, on := range v.cat.Collections() {
		if on.System {
			continue
		}
		found, err := v.recordsNamed(ctx, on, words)
		if err != nil {
			return err
		}
		f.SearchRecords = append(f.SearchRecords, found...)
	}
	return nil
}

// recordsNamed finds the records of a collection that words may name: one by its
// number, as lists of executions write it, or those whose title holds the words.
//
// Security: titles are searched with the rights of the viewer. That a record has a
// number is no secret: whoever sees an execution is told which record it is about.
func (v *viewer) recordsNamed(ctx context.Context, on *models.Collection, words string) ([]models.RecordRef, error) {
	var out []models.RecordRef
	if name, id, ok := cutLast(words); ok && isCalled(on, name) {
		out = append(out, models.RecordRef{Collection: on.Name, ID: id})
	}
	if !v.access.MayTouch(on.Name, models.View) {
		return out, nil
	}
	page, err := v.site.Records.List(ctx, records.Query{
		Access: v.access, Collection: on.Name, Search: words, Sort: []string{"-id"}, PageSize: searchedRecords, Fields: []string{models.IDField},
	})
	if models.IsKind(err, models.KindForbidden) || models.IsKind(err, models.KindInvalid) {
		return out, nil // he may not read the titles, or the words are too few
	}
	if err != nil {
		return nil, err
	}
	for _, r := range page.Records {
		out = append(out, models.RecordRef{Collection: on.Name, ID: records.IDText(r[models.IDField])})
	}
	return out, nil
}

// isCalled reports whether a name is one of a collection, whatever its case.
func isCalled(on *models.Collection, name string) bool {
	return slices.ContainsFunc([]string{on.Title, on.TitlePlural, on.Name}, func(s string) bool { return strings.EqualFold(s, name) })
}

// cutLast splits "Travel request #12" into the name of the collection and the id.
func cutLast(words string) (name, id string, ok bool) {
	at := strings.LastIndexByte(words, ' ')
	if at < 0 {
		return "", "", false
	}
	return strings.TrimSpace(words[:at]), strings.TrimPrefix(words[at+1:], "#"), true
}
