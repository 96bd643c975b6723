package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
)

// maxDepth is how long a causal chain may be, whatever a workflow allows itself.
const maxDepth = 8

// guard decides whether one more execution of a workflow may join a chain. The
// sentence says which limit was hit, with the whole chain.
func (e *Engine) guard(ctx context.Context, tx *models.Tx, w *models.Workflow, l models.Lineage) (sentence string, err error) {
	if l.ExecutionID == "" {
		return "", nil
	}
	limit := max(w.Options.ReentryLimit, 1)
	seen := 0
	for _, id := range l.Chain {
		if id == w.ID {
			seen++
		}
	}
	chain := e.chainSentence(ctx, slices.Concat(l.Chain, []int64{w.ID}))
	switch {
	case seen+1 > limit:
		return fmt.Sprintf("The workflow may occur %d time(s) in one chain: %s.", limit, chain), nil
	case l.Depth+1 > maxDepth:
		return fmt.Sprintf("A chain has at most %d executions: %s.", maxDepth, chain), nil
	}
	n, err := models.CountDescendants(ctx, tx, l.RootID, maxDescendants)
	if err != nil {
		return "", err
	}
	if n >= maxDescendants {
		return fmt.Sprintf("One execution may lead to at most %d others: %s.", maxDescendants, chain), nil
	}
	return "", nil
}

// chainSentence names the workflows of a chain.
func (e *Engine) chainSentence(ctx context.Context, chain []int64) string {
	ix, err := e.listeners(ctx)
	if err != nil {
		return fmt.Sprint(chain)
	}
	titles := make([]string, 0, len(chain))
	for _, id := range chain {
		title := fmt.Sprintf("workflow %d", id)
		if l := ix.byID[id]; l != nil {
			title = l.workflow.Title
		}
		titles = append(titles, title)
	}
	return strings.Join(titles, " → ")
}
