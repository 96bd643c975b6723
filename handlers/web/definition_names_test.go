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

func TestSummaries_SayValuesByTheTitlesOfTheirVariables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	access, err := w.DB.AccessOf(ctx, models.Person(w.Root.ID, ""))
	require.NoError(t, err)
	start := rand.Int64N(900) + 100
	t.Logf("start %d", start)
	add := func(key, typ, title string, index int64, config map[string]any) engine.Command {
		return engine.Command{Name: "add_node", Args: map[string]any{"type": typ, "key": key, "title": title, "at": map[string]any{"index": index}, "config": config}}
	}
	_, err = w.Engine.Commands(ctx, access, "reimb_approval", engine.CommandBatch{Commands: []engine.Command{
		add("v1", "variable", "Total", 0, map[string]any{"mode": "declare", "value": start}),
		add("v2", "variable", "More", 1, map[string]any{"mode": "assign", "target": "v1", "op": "increment", "value": "{{ trigger.data.amount }}"}),
		add("o1", "output", "Give", 2, map[string]any{"value": "{{ nodes.v1 }}"}),
	}})
	require.NoError(t, err)
	_, err = w.Engine.Publish(ctx, access, "reimb_approval", engine.Publish{})
	require.NoError(t, err)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	for _, address := range []string{editorAddress, "/executions/" + w.execution(t)} {
		said := strings.Join(labels(w.Browser(w.Root).Get(address).Want(200).Page(), "a"), "\n")
		require.Contains(t, said, "More, Add Amount", address)
		require.Contains(t, said, "Give, Total", address)
		require.Contains(t, said, fmt.Sprintf("Total, %d", start), address)
	}
}
