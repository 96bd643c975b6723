package models_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// manyTasks stores tasks of two workflows for user 1: "a" to "e" are open, "f" is done,
// "g" is paused; "h" is of somebody else.
func manyTasks(t *testing.T, db *models.DB) {
	t.Helper()
	err := db.Write(t.Context(), "test.tasks", func(tx *models.Tx) error {
		rows := []string{
			`INSERT INTO workflows (id, wf_key, title, type, draft, created_at, updated_at) VALUES (71, 'travel', 'Travel request', 'post_action', '{}', 1, 1),
				(72, 'vendors', 'Vendor check', 'post_action', '{}', 1, 2), (73, 'others', 'Others', 'post_action', '{}', 1, 3)`,
			`INSERT INTO applications (id, number, workflow_id, applicant_id, title, status, created_at, updated_at) VALUES ('app', '1', 71, 902, 'x', 'submitted', 1, 1)`,
		}
		for _, id := range []int{901, 902} {
			rows = append(rows, fmt.Sprintf(`INSERT INTO users (id, username, email, nickname, created_at, updated_at) VALUES (%d, 'u%d', 'u%d@example.org', '%s', 1, 1)`, id, id, id, map[int]string{901: "Mara", 902: "Zoë Ångström"}[id]))
		}
		add := func(id, title, status string, workflow, due, paused, user int) {
			app := ""
			if id == "a" {
				app = "app"
			}
			rows = append(rows,
				fmt.Sprintf(`INSERT INTO tasks (id, kind, status, execution_id, step_id, node, workflow_id, title, due_at, opened_at, paused, application_id)
					VALUES ('%s', 'approval', '%s', 'x%s', 's', 'n', %d, '%s', %d, 1, %d, '%s')`, id, status, id, workflow, title, due, paused, app),
				fmt.Sprintf(`INSERT INTO task_candidates (task_id, user_id, status, due_at) VALUES ('%s', %d, '%s', %d)`, id, user, status, due))
		}
		add("a", "Oslo", "open", 71, 0, 0, 901)
		add("b", "100% off", "open", 71, 3000, 0, 901)
		add("c", "Lisbon", "open", 72, 1000, 0, 901)
		add("d", "Malmö", "open", 72, 3000, 0, 901)
		add("e", "Oslo again", "open", 71, 0, 0, 901)
		add("f", "Oslo before", "approved", 72, 0, 0, 901)
		add("g", "Oslo paused", "open", 71, 0, 1, 901)
		add("h", "Oslo of another", "open", 73, 0, 0, 902)
		for _, sql := range rows {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

func TestTasksFor_NarrowsAndOrders(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		manyTasks(t, db)
		for name, c := range map[string]struct {
			list models.TaskList
			want []string
		}{
			"by deadline, those without one last": {models.TaskList{}, []string{"c", "b", "d", "a", "e"}},
			"what is done":                        {models.TaskList{Tab: "done"}, []string{"f"}},
			"the title in another case":           {models.TaskList{Search: "OSLO"}, []string{"a", "e"}},
			"a sign of patterns is a sign":        {models.TaskList{Search: "%"}, []string{"b"}},
			"the workflow's title":                {models.TaskList{Search: "vendor"}, []string{"c", "d"}},
			"the applicant's name":                {models.TaskList{Search: "ångström"}, []string{"a"}},
			"nothing":                             {models.TaskList{Search: "paused"}, nil},
			"a workflow":                          {models.TaskList{WorkflowID: 71}, []string{"b", "a", "e"}},
			"a workflow that asked others":        {models.TaskList{WorkflowID: 73}, nil},
			"what was due":                        {models.TaskList{DueBefore: 2000}, []string{"c"}},
			"a span":                              {models.TaskList{DueFrom: 1001, DueBefore: 3001}, []string{"b", "d"}},
			"without a deadline":                  {models.TaskList{NoDue: true}, []string{"a", "e"}},
			"what was there":                      {models.TaskList{Until: "b"}, []string{"b", "a"}},
			"what came since":                     {models.TaskList{Since: "b"}, []string{"c", "d", "e"}},
			"behind one with an equal deadline":   {models.TaskList{Before: "b"}, []string{"d", "a", "e"}},
			"behind one that is closed by now":    {models.TaskList{Before: "f"}, nil},
			"behind one without a deadline":       {models.TaskList{Before: "a"}, []string{"e"}},
			"behind one that never was":           {models.TaskList{Before: "zz"}, nil},
			"the words of the database":           {models.TaskList{Search: `' OR 1 = 1 --`}, nil},
		} {
			c.list.UserID = 901
			list, err := models.TasksFor(t.Context(), db.Read(), c.list)
			require.NoError(t, err, name)
			var got []string
			for _, task := range list {
				got = append(got, task.ID)
			}
			require.Equal(t, c.want, got, name)
			if c.list.Before == "" {
				n, err := models.CountTaskList(t.Context(), db.Read(), c.list)
				require.NoError(t, err, name)
				require.Equal(t, int64(len(c.want)), n, name)
			}
		}
	})
}

func TestTaskWorkflows_AreThoseThatAskedHim(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		manyTasks(t, db)
		for tab, want := range map[string][]string{"todo": {"travel", "vendors"}, "done": {"vendors"}} {
			list, err := models.TaskWorkflows(t.Context(), db.Read(), 901, tab)
			require.NoError(t, err)
			var got []string
			for _, w := range list {
				got = append(got, w.Key)
			}
			require.Equal(t, want, got, tab)
		}
	})
}

func TestWaitForPeople_CountsExecutionsAndNamesWhoIsAskedMost(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		none, err := models.WaitForPeople(t.Context(), db.Read(), 4)
		require.NoError(t, err)
		require.Equal(t, models.WaitingForPeople{}, none)
		manyTasks(t, db)
		w, err := models.WaitForPeople(t.Context(), db.Read(), 1)
		require.NoError(t, err)
		require.Equal(t, models.WaitingForPeople{Executions: 7, Oldest: 1, People: []int64{901}}, w)
	})
}

func TestWorkflows_ByNameAndByLastChange(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		manyTasks(t, db)
		keys := func(list []*models.Workflow, err error) []string {
			require.NoError(t, err)
			var out []string
			for _, w := range list {
				out = append(out, w.Key)
			}
			return out
		}
		for words, want := range map[string][]string{"VENDOR": {"vendors"}, "other": {"others"}, "%": nil, "e": {"others", "travel"}} {
			require.Equal(t, want, keys(models.WorkflowsNamed(t.Context(), db.Read(), words, 2)), words)
		}
		require.Equal(t, []string{"others", "vendors"}, keys(models.WorkflowsEdited(t.Context(), db.Read(), 2)))
	})
}

func TestExecutionTimes_LookAtTheNewestOnly(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		manyExecutions(t, db)
		all, err := models.ExecutionTimes(t.Context(), db.Read(), 0, 10)
		require.NoError(t, err)
		require.Len(t, all, 4)
		at := all[0].CreatedAt // of each: they were made in one transaction
		for _, c := range []struct {
			since        models.Millis
			newest, want int
		}{{0, 3, 3}, {at + 1, 10, 0}, {at, 1, 1}} {
			list, err := models.ExecutionTimes(t.Context(), db.Read(), c.since, c.newest)
			require.NoError(t, err)
			require.Len(t, list, c.want)
		}
	})
}
