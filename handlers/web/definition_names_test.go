package web_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/models"
)

func TestSummaries_NameFieldsByTheirTitles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limit := rand.Int64N(900) + 100
	t.Logf("limit %d", limit)
	access, err := w.DB.AccessOf(context.Background(), models.Person(w.Root.ID, ""))
	require.NoError(t, err)
	row := func(left string) map[string]any { return map[string]any{"left": left, "op": "gt", "right": limit} }
	says := func(when map[string]any) []string {
		_, err := w.Engine.Commands(context.Background(), access, "reimb_approval", engine.CommandBatch{Commands: []engine.Command{
			{Name: "set_config", Args: map[string]any{"key": "big", "field": "when", "value": when}},
		}})
		require.NoError(t, err)
		return labels(w.Browser(w.Root).Get(editorAddress).Want(200).Page(), "a")
	}
	one := func(left string) map[string]any { return map[string]any{"all": []any{row(left)}} }
	require.Contains(t, says(one("{{ trigger.data.projectName }}")), fmt.Sprintf("More than 500?, Project name is greater than %d", limit))
	require.Contains(t, strings.Join(says(one("{{ system.now }}")), "\n"), fmt.Sprintf("Now is greater than %d", limit), "what is no field is called as it is written")
	require.Contains(t, says(map[string]any{"any": []any{row("{{ trigger.data.projectName }}"), row("{{ trigger.data.amount }}")}}), "More than 500?, Depends on Project name, Amount")
}
