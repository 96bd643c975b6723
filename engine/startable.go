package engine

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
)

// Startable lists the workflows with a usable live version by title, and what each
// listens to: whatever may be bound to a button or starts from all of them.
func (e *Engine) Startable(ctx context.Context) ([]models.Startable, error) {
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]models.Startable, 0, len(ix.byKey))
	for key, l := range ix.byKey {
		if l.version == nil || l.broken != nil {
			continue
		}
		listens := l.version.Listens
		out = append(out, models.Startable{
			Key: key, Title: l.workflow.Title, Type: l.workflow.Type, Sync: l.workflow.Sync, Enabled: l.workflow.Enabled,
			Collection: listens.Collection, Global: listens.Global, Actions: listens.Actions,
		})
	}
	slices.SortFunc(out, func(a, b models.Startable) int {
		if d := strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out, nil
}
