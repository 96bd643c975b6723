package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

func TestRestart_BetweenEveryTwoCommitsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, approve := range []bool{true, false} {
		name := "rejected"
		if approve {
			name = "approved"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				w := reimbursementWorld(t, db, clock)
				w.Steps = &worldtest.StepQueue{}
				w.Restart()
				big := w.Submit(w.Employee, "reimbursements", `{"projectName":"Offsite","amount":1250}`, "reimb_approval")
				require.GreaterOrEqual(t, w.StepThrough(), 2)
				x, _ := w.Execution(big.Triggers[0].ExecutionID)
				require.Equal(t, models.Waiting, x.Status, x.Error)

				_, err := w.Engine.Decide(t.Context(), w.Access(w.Manager), engine.Decision{Task: w.Tasks(w.Manager)[0].ID, Approve: approve, Comment: "So it is.", Channel: "api"})
				require.NoError(t, err)
				require.GreaterOrEqual(t, w.StepThrough(), 2)

				x, steps := w.Execution(big.Triggers[0].ExecutionID)
				nodes := make([]string, 0, len(steps))
				for _, s := range steps {
					require.Equal(t, models.Done, s.Status, s.Node)
					nodes = append(nodes, s.Node)
				}
				if approve {
					require.Equal(t, models.Succeeded, x.Status, x.Error)
					require.Equal(t, []string{"big", "ask", "ok1", "pay1"}, nodes)
					require.Len(t, w.List("payments"), 1)
				} else {
					require.Equal(t, models.Rejected, x.Status, x.Error)
					require.Equal(t, []string{"big", "ask", "no1", "tell"}, nodes)
					require.Empty(t, w.List("payments"))
				}
			})
		})
	}
}
