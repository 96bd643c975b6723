package web

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/text"
)

// begins says that a field of a new record has a value by itself and that workflows
// change it later, such as a status: whoever fills in a form does not choose it.
func begins(f *models.CollectionField, decided map[string][]string) bool {
	return f.Default != nil && len(decided[f.Name]) > 0
}

// decidedNote says of a form for new records which of the fields that workflows set
// it leaves to them, and which it lets people choose. Each is a sentence; none when
// no workflow sets a field that has a default.
func decidedNote(ctx context.Context, shown []string, on *models.Collection, decided map[string][]string) string {
	var said []string
	for _, f := range on.Fields {
		if !begins(f, decided) {
			continue
		}
		by := strings.Join(decided[f.Name], ", ")
		if len(shown) == 0 || slices.Contains(shown, f.Name) {
			said = append(said, text.T(ctx, "design.decided_shown", "“%s” is set by a workflow (%s). Remove it here unless people may choose it themselves.", f.Title(), by))
			continue
		}
		said = append(said, text.T(ctx, "design.decided_left", "“%s” is left out: it starts with its default, and a workflow (%s) sets it.", f.Title(), by))
	}
	return strings.Join(said, " ")
}
