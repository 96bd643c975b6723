package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/engine"
	"formrail/handlers/handlerstest"
	"formrail/models"
)

// ways are the labels of the branches of a drawn execution, with what is read for them
// and whether they are lit or faint.
func ways(page *html.Node) (out []string) {
	for _, n := range handlerstest.All(page, "span") {
		class := strings.Fields(handlerstest.Attr(n, "class"))
		if len(class) > 0 && class[0] == "branch__label" {
			out = append(out, handlerstest.Text(n)+" "+strings.Join(class[1:], " "))
		}
	}
	return out
}

func TestExecution_ShowsWhichConditionsWereMet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		second, onNoMatch string
		ways              []string
	}{
		"the second is met": {"trigger.data.amount > 500", "continue", []string{"1 · Huge not met off", "2 · Large taken on", "3 · Small not evaluated off", "Otherwise off"}},
		"none is met":       {"trigger.data.amount > 5000", "continue", []string{"1 · Huge not met off", "2 · Large not met off", "3 · Small not met off", "Otherwise taken on"}},
		"none, and it fails": {
			"trigger.data.amount > 5000", "fail",
			[]string{"1 · Huge not met off", "2 · Large not met off", "3 · Small not met off", "Otherwise taken on"},
		},
		"the second breaks": {"trigger.data.projectName", "continue", []string{"1 · Huge not met off", "2 · Large could not be evaluated branch__label--no", "3 · Small not evaluated off", "Otherwise not evaluated off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			access, err := w.DB.AccessOf(context.Background(), models.Person(w.Root.ID, ""))
			require.NoError(t, err)
			when := func(key, title, expression string) any {
				return map[string]any{"key": key, "title": title, "when": map[string]any{"engine": "expr", "expression": expression}}
			}
			config := map[string]any{"onNoMatch": c.onNoMatch, "cases": []any{
				when("c1", "Huge", "trigger.data.amount > 10000"), when("c2", "Large", c.second), when("c3", "Small", "trigger.data.amount < 0"),
			}}
			_, err = w.Engine.Commands(context.Background(), access, "reimb_approval", engine.CommandBatch{Commands: []engine.Command{
				{Name: "add_node", Args: map[string]any{"type": "multi_condition", "key": "m", "at": map[string]any{"index": int64(0)}, "config": config}},
			}})
			require.NoError(t, err)
			_, err = w.Engine.Publish(context.Background(), access, "reimb_approval", engine.Publish{})
			require.NoError(t, err)
			w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
			page := w.Browser(w.Root).Get("/executions/" + w.execution(t)).Want(200).Page()
			require.Equal(t, c.ways, ways(page)[:4])
		})
	}
}
