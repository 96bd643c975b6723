package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// outcomes gives key and reason of each decision, a start as "started".
func outcomes(list []models.TriggerOutcome) []string {
	out := []string{}
	for _, o := range list {
		word := o.Reason
		if o.Started {
			word = "started"
		}
		out = append(out, o.Key+" "+word)
	}
	return out
}

func TestTrigger_SaysWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Collection(`{"name":"others","title":"Other","fields":[{"name":"title","type":"text","title":"Title"}]}`)
		w.Workflow(flow("good", `[]`))
		off := w.Workflow(flow("off", `[]`))
		disabled := false
		_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), off.Key, engine.WorkflowChange{Enabled: &disabled})
		require.NoError(t, err)
		w.Draft(flow("draft", `[]`))
		w.Workflow(`{"key":"elsewhere","title":"Elsewhere","type":"post_action","config":{"collection":"others"},"nodes":[]}`)
		w.Workflow(`{"key":"picky","title":"Picky","type":"post_action","config":{"collection":"notes","condition":{"count":{"$gt":10}}},"nodes":[]}`)

		r := w.Submit(w.Designer, "notes", `{"title":"a","count":3}`, "nobody", "off", "draft", "elsewhere", "picky", "good", "good")
		require.Equal(t, []string{"nobody unknown_key", "off disabled", "draft disabled", "elsewhere wrong_collection", "picky condition_false", "good started"}, outcomes(r.Triggers))
		log, err := models.TriggerLog(t.Context(), db.Read(), models.TriggerFilter{ResourceType: "notes", ResourceID: r.Changes[0].ID})
		require.NoError(t, err)
		require.Len(t, log, 6)
		require.Contains(t, log[1].Explanation, "Count is 3")
		w.Idle()
		w.Sound()
	})
}

func TestTrigger_GlobalModeFiresFromEveryFormWithoutBinding(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(`{"key":"everywhere","title":"Everywhere","type":"post_action","config":{"collection":"notes","mode":"global","actions":["create","destroy"]},"nodes":[]}`)
		r := w.Submit(w.Designer, "notes", `{"title":"a"}`)
		require.Equal(t, []string{"everywhere started"}, outcomes(r.Triggers))
		r = w.Submit(w.Designer, "notes", `{"title":"b"}`, "everywhere")
		require.Equal(t, []string{"everywhere started"}, outcomes(r.Triggers), "named as well, it starts once")

		r, err := w.Records.Write(t.Context(), &records.Operation{
			Access: w.Access(w.Designer), Collection: "notes", Action: models.Update, IDs: []string{r.Changes[0].ID}, Values: records.Record{"title": "c"},
			Origin: models.Origin{Kind: "form"},
		})
		require.NoError(t, err)
		for _, o := range r.Triggers {
			require.False(t, o.Started, "update is not selected")
		}
		r, err = w.Records.Write(t.Context(), &records.Operation{
			Access: w.Access(w.Designer), Collection: "notes", Action: models.Delete, IDs: []string{r.Changes[0].ID}, Origin: models.Origin{Kind: "api"},
		})
		require.NoError(t, err)
		require.Equal(t, []string{"everywhere started"}, outcomes(r.Triggers))
		w.Idle()
		w.Sound()
	})
}

func TestTrigger_NodeWritesNeverFirePostAction(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Workflow(`{"key":"echo","title":"Echo","type":"post_action","config":{"collection":"notes","mode":"global","actions":["create"]},
	  "nodes":[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"echo"}}}]}`)
	w.Submit(w.Designer, "notes", `{"title":"a"}`)
	w.Idle()
	require.Len(t, w.List("notes"), 2)
	w.Sound()
}

func TestTrigger_FollowsAssociationsToTheData(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Collection(`{"name":"comments","title":"Comment","fields":[{"name":"text","type":"text","title":"Text"},{"name":"note","type":"manyToOne","title":"Note","target":"notes"}]}`)
		w.Workflow(flow("on_note", `[{"key":"u","type":"update_record","config":{"collection":"notes","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"count":7}}}]`))
		note := w.Submit(w.Designer, "notes", `{"title":"a"}`).Changes[0].Key()
		op := func(values records.Record) *records.Operation {
			return &records.Operation{
				Access: w.Access(w.Designer), Collection: "comments", Action: models.Create, Values: values,
				Origin: models.Origin{Kind: "api"}, Bindings: []models.Binding{{Key: "on_note", Path: "note"}},
			}
		}
		r, err := w.Records.Write(t.Context(), op(records.Record{"text": "hello", "note": note}))
		require.NoError(t, err)
		require.Equal(t, []string{"on_note started"}, outcomes(r.Triggers))
		r, err = w.Records.Write(t.Context(), op(records.Record{"text": "alone"}))
		require.NoError(t, err)
		require.Equal(t, []string{"on_note association_empty"}, outcomes(r.Triggers))
		w.Idle()
		require.EqualValues(t, 7, w.List("notes")[0]["count"])
		w.Sound()
	})
}

func TestSynchronous_OutcomeDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		sync := `"sync":true,`
		w.Workflow(flow("ok", `[{"key":"m","type":"response_message","config":{"message":"Saved as {{ trigger.data.title }}"}}]`, sync))
		w.Workflow(flow("refused", `[{"key":"m","type":"response_message","config":{"message":"Not today"}},{"key":"e","type":"end","config":{"status":"failed"}}]`, sync))
		w.Workflow(flow("stopped", `[{"key":"c","type":"condition","config":{"mode":"continue","when":{"all":[{"left":1,"op":"gt","right":2}]}}}]`, sync))
		w.Workflow(flow("broken", `[{"key":"b","type":"calculation","config":{"expression":"1 / 0"}}]`, sync))

		r := w.Submit(w.Designer, "notes", `{"title":"a"}`, "ok")
		require.Equal(t, []string{"Saved as a"}, r.Messages)

		for key, want := range map[string]string{"refused": "WORKFLOW_STOPPED", "stopped": "WORKFLOW_STOPPED", "broken": "WORKFLOW_FAILED"} {
			r, err := w.TrySubmit(w.Designer, "notes", `{"title":"b"}`, key, "ok")
			require.True(t, models.IsCode(err, want), "%s: %v", key, err)
			require.NotNil(t, r, "the data is saved")
			require.Equal(t, true, models.AsError(err).Data["saved"])
			require.Equal(t, []string{key + " started", "ok earlier_failed"}, outcomes(r.Triggers))
			if key == "refused" {
				require.Equal(t, "Not today", models.AsError(err).Fields[0].Message.String())
			}
		}
		w.Idle()
		require.Len(t, w.List("notes"), 4)
		w.Sound()
	})
}

func TestSynchronous_WaitingNodesAreRefusedAtPublishing(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Draft(flow("never", `[{"key":"w","type":"test_wait"}]`, `"sync":true,`))
	_, err := w.Engine.Publish(t.Context(), w.Access(w.Designer), "never", engine.Publish{})
	require.True(t, models.IsCode(err, "DEFINITION_INVALID"), err)
	require.Equal(t, "WAITING_NODE_IN_SYNC", models.AsError(err).Fields[0].Code)
}

func TestPublish_FindsVariablesThatNameNothing(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	for i, expression := range []string{"trigger.data.nothing", "nodes.zzz", "nodes.later", "nodes.inner", "loop.item", "trigger.data.title.length"} {
		key := fmt.Sprintf("w%d", i)
		w.Draft(flow(key, fmt.Sprintf(`[{"key":"c","type":"condition","config":{"mode":"branch"},"branches":[{"key":"yes","nodes":[{"key":"inner","type":"calculation","config":{"expression":"1"}}]}]},
		  {"key":"a","type":"calculation","config":{"expression":%q}},{"key":"later","type":"calculation","config":{"expression":"1"}}]`, expression)))
		_, err := w.Engine.Publish(t.Context(), w.Access(w.Designer), key, engine.Publish{})
		if expression == "nodes.inner" {
			require.NoError(t, err, "a step of an earlier branch may be read; it is null when the branch was not taken")
			continue
		}
		require.True(t, models.IsCode(err, "DEFINITION_INVALID"), "%s: %v", expression, err)
		require.Equal(t, "UNKNOWN_VARIABLE", models.AsError(err).Fields[0].Code, expression)
	}
}

func TestPublish_IsBoundedByThePublishersRights(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	var dan models.User
	require.NoError(t, w.DB.Write(t.Context(), "test.user", func(tx *models.Tx) error {
		var err error
		dan, err = models.CreateUser(t.Context(), tx, models.SystemAccess(), models.NewUser{Email: "dan@example.com", Roles: []string{"designer"}, Password: "x"})
		return err
	}))
	w.Draft(flow("writes", `[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"x"}}}]`))
	_, err := w.Engine.Publish(t.Context(), w.Access(dan), "writes", engine.Publish{})
	require.True(t, models.IsKind(err, models.KindForbidden), err)
	require.NotEmpty(t, models.AsError(err).Data["missing"])

	w.Grant("designer", models.Grant{Collection: "notes", Action: models.Create, Fields: []string{"title"}, Scope: models.ScopeAll})
	out, err := w.Engine.Publish(t.Context(), w.Access(dan), "writes", engine.Publish{})
	require.NoError(t, err)
	require.Empty(t, out.Elevated, "who may not elevate gets nothing elevated by default")
	require.Equal(t, []models.Grant{{Collection: "notes", Action: models.Create, Fields: []string{"title"}, Scope: models.ScopeAll}}, out.Version.Grants)
	_, err = w.Engine.Publish(t.Context(), w.Access(dan), "writes", engine.Publish{Elevate: []string{"n"}})
	require.True(t, models.IsKind(err, models.KindForbidden), err)
	_, err = w.Engine.Publish(t.Context(), w.Access(w.Employee), "writes", engine.Publish{})
	require.True(t, models.IsKind(err, models.KindForbidden), err)
}

func TestBulkList_StartsOneExecutionWithAllRecords(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(`{"key":"all","title":"All","type":"post_action","config":{"collection":"notes","bulk":"list","condition":{"count":{"$gt":1}}},
		  "nodes":[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"seen {{ trigger.count }}: {{ trigger.data[0].title }}"}}}]}`)
		batch := []records.Record{{"title": "a", "count": int64(1)}, {"title": "b", "count": int64(2)}, {"title": "c", "count": int64(3)}}
		r, err := w.Records.Write(t.Context(), &records.Operation{
			Access: w.Access(w.Designer), Collection: "notes", Action: models.Create, Batch: batch,
			Origin: models.Origin{Kind: "api"}, Bindings: []models.Binding{{Key: "all"}},
		})
		require.NoError(t, err)
		require.Equal(t, []string{"all condition_false", "all started"}, outcomes(r.Triggers))
		w.Idle()
		list := w.List("notes")
		require.Len(t, list, 4)
		require.Equal(t, "seen 2: b", list[3]["title"])

		one := w.Submit(w.Designer, "notes", `{"title":"d","count":9}`, "all")
		w.Idle()
		x, _ := w.Execution(one.Triggers[0].ExecutionID)
		require.Contains(t, x.Trigger, `"data":[{`, "a list even for one record")
		w.Sound()
	})
}

func TestRollbackOnFailure_UndoesTheSaveAndKeepsTheHistory(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		atomic := func(key, nodes string) {
			w.Workflow(fmt.Sprintf(`{"key":%q,"title":%q,"type":"post_action","sync":true,"config":{"collection":"notes","rollbackOnFailure":true},"nodes":%s}`, key, key, nodes))
		}
		atomic("good", `[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"inner"}}},{"key":"m","type":"response_message","config":{"message":"Both saved"}}]`)
		atomic("bad", `[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"inner"}}},
		  {"key":"m","type":"response_message","config":{"message":"Above the limit"}},{"key":"e","type":"end","config":{"status":"failed"}}]`)

		r := w.Submit(w.Designer, "notes", `{"title":"a"}`, "good")
		require.Equal(t, []string{"Both saved"}, r.Messages)
		require.Len(t, w.List("notes"), 2)

		_, err := w.TrySubmit(w.Designer, "notes", `{"title":"b"}`, "good", "bad")
		require.True(t, models.IsCode(err, "WORKFLOW_ROLLBACK_ON_FAILURE"), err)
		require.Equal(t, models.KindUnprocessable, models.AsError(err).Kind)
		require.Equal(t, "Above the limit", models.AsError(err).Fields[0].Message.String())
		require.Len(t, w.List("notes"), 2, "nothing of the write is kept")
		id, ok := models.AsError(err).Data["executionId"].(string)
		require.True(t, ok)
		require.Eventually(t, func() bool {
			x, err := models.ExecutionByID(t.Context(), db.Read(), id)
			return err == nil && x.Status == models.Failed && x.Reason == "rolled_back"
		}, 10e9, 5e6)
		_, steps := w.Execution(id)
		require.Equal(t, "n:done m:done e:done", path(steps))
		list, err := models.Executions(t.Context(), db.Read(), models.ExecutionFilter{})
		require.NoError(t, err)
		require.Len(t, list, 2, "the execution that ended well was undone with the write")
		w.Sound()
	})
}

func TestRollbackOnFailure_AllowsOnlyStepsThatCanBeUndone(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	w.Draft(`{"key":"xx","title":"X","type":"post_action","sync":true,"config":{"collection":"notes","rollbackOnFailure":true},
	  "nodes":[{"key":"j","type":"javascript","config":{"code":"return 1"}},{"key":"c","type":"test_call"}]}`)
	_, err := w.Engine.Publish(t.Context(), w.Access(w.Designer), "xx", engine.Publish{})
	require.True(t, models.IsCode(err, "DEFINITION_INVALID"), err)
	for _, f := range models.AsError(err).Fields {
		require.Equal(t, "NODE_NOT_ATOMIC", f.Code)
	}
	require.Len(t, models.AsError(err).Fields, 2)
}
