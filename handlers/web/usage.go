package web

import (
	"context"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/urls"
)

// usedBy counts what uses the collection: "2 workflows", "1 page".
func (v collectionView) usedBy(ctx context.Context) ([]string, error) {
	list, err := v.site.Records.Usages(ctx, v.on.Name, "")
	if err != nil {
		return nil, err
	}
	kinds := map[string]map[string]bool{}
	for _, u := range list {
		if kinds[u.Kind] == nil {
			kinds[u.Kind] = map[string]bool{}
		}
		kinds[u.Kind][u.Key] = true
	}
	var out []string
	switch n := len(kinds["workflow"]); n {
	case 0:
	case 1:
		out = append(out, text.T(ctx, "collections.one_workflow", "1 workflow"))
	default:
		out = append(out, text.T(ctx, "collections.n_workflows", "%d workflows", n))
	}
	switch n := len(kinds["page"]); n {
	case 0:
	case 1:
		out = append(out, text.T(ctx, "collections.one_page", "1 page"))
	default:
		out = append(out, text.T(ctx, "collections.n_pages", "%d pages", n))
	}
	return out, nil
}

// usages draws the places that use something. What the viewer may not see keeps its
// place in the list, but not its name.
func (v *viewer) usages(ctx context.Context, list []models.Usage) ([]collections.Usage, error) {
	var out []collections.Usage
	for _, u := range list {
		line := collections.Usage{Title: u.Title, Place: u.Place, Live: u.Live}
		switch u.Kind {
		case "workflow":
			line.Href = urls.Workflow(u.Key)
			if !v.access.Can("workflow.view") {
				line = collections.Usage{Title: text.T(ctx, "collections.hidden_workflow", "A workflow that you may not see"), Live: u.Live}
			}
		case "page":
			line.Place, line.Live = text.T(ctx, "collections.page", "page"), false
			if _, err := v.page(ctx, u.Key); models.IsKind(err, models.KindNotFound) {
				line.Title = text.T(ctx, "collections.hidden_page", "A page that you may not see")
			} else if err != nil {
				return nil, err
			} else {
				line.Href = urls.Page(u.Key)
			}
		}
		out = append(out, line)
	}
	return out, nil
}
