package web

import (
	"context"
	"slices"
	"strings"

	"formrail/engine"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/urls"
)

// Kinds of things that use collections and fields.
const (
	workflowUse = "workflow"
	pageUse     = "page"
	roleUse     = "role"
)

// use is one thing that uses a collection or field, with all its places.
type use struct {
	models.Usage
	places []string
}

// together joins the places of one workflow or page, in their order.
func together(list []models.Usage) (out []*use) {
	known := map[[2]string]*use{}
	for _, u := range list {
		key := [2]string{u.Kind, u.Key}
		if known[key] == nil {
			known[key] = &use{Usage: u}
			out = append(out, known[key])
		}
		known[key].places = append(known[key].places, u.Place)
		known[key].Live = known[key].Live || u.Live
	}
	return out
}

// usedBy counts what uses the collection: "2 workflows", "1 page".
func (v collectionView) usedBy(ctx context.Context) ([]string, error) {
	list, err := v.site.Records.Usages(ctx, v.on.Name, "")
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, u := range together(list) {
		count[u.Kind]++
	}
	var out []string
	switch n := count[workflowUse]; n {
	case 0:
	case 1:
		out = append(out, text.T(ctx, "collections.one_workflow", "1 workflow"))
	default:
		out = append(out, text.T(ctx, "collections.n_workflows", "%d workflows", n))
	}
	switch n := count[pageUse]; n {
	case 0:
	case 1:
		out = append(out, text.T(ctx, "collections.one_page", "1 page"))
	default:
		out = append(out, text.T(ctx, "collections.n_pages", "%d pages", n))
	}
	return out, nil
}

// usages draws what uses something. What the viewer may not see keeps its line, but
// not its name.
func (v *viewer) usages(ctx context.Context, list []models.Usage) ([]collections.Usage, error) {
	var out []collections.Usage
	for _, u := range together(list) {
		line := collections.Usage{Title: u.Title, Places: strings.Join(u.places, ", "), Live: u.Live}
		var err error
		switch u.Kind {
		case workflowUse:
			line, err = v.workflowUsage(ctx, u)
		case pageUse:
			line, err = v.pageUsage(ctx, u)
		case roleUse:
			line.Places, line.Live = text.T(ctx, "collections.role_may", "role: %s", line.Places), false
		}
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

// workflowUsage names the steps of a workflow as people know them.
func (v *viewer) workflowUsage(ctx context.Context, u *use) (collections.Usage, error) {
	if !v.access.Can("workflow.view") {
		return collections.Usage{Title: text.T(ctx, "collections.hidden_workflow", "A workflow that you may not see"), Live: u.Live}, nil
	}
	w, err := models.WorkflowByKey(ctx, v.site.DB.Read(), u.Key)
	if err != nil {
		return collections.Usage{}, err
	}
	d, err := engine.ReadDefinition(w.Draft)
	if err != nil {
		return collections.Usage{}, err
	}
	var places []string
	for _, place := range u.places {
		if n := nodeIn(d.Nodes, place); n != nil && n.Title != "" {
			place = n.Title
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return collections.Usage{Title: u.Title, Places: strings.Join(places, ", "), Href: urls.Workflow(u.Key), Live: u.Live}, nil
}

func (v *viewer) pageUsage(ctx context.Context, u *use) (collections.Usage, error) {
	p, err := v.page(ctx, u.Key)
	if models.IsKind(err, models.KindNotFound) {
		return collections.Usage{Title: text.T(ctx, "collections.hidden_page", "A page that you may not see")}, nil
	}
	if err != nil {
		return collections.Usage{}, err
	}
	return collections.Usage{Title: p.Title, Places: text.T(ctx, "collections.page", "page"), Href: urls.Page(p.Key)}, nil
}
