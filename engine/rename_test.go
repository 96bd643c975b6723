package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// renamed gives three fields of the parcels' world other names.
func renamed(t *testing.T, w *worldtest.World) {
	t.Helper()
	for former, name := range map[string]string{"grossWeight": "weight", "receiver": "addressee", "nameOfIt": "label"} {
		call := records.SchemaCall{Access: models.SystemAccess(), Collection: "parcels", Field: former}
		require.NoError(t, w.Records.RenameField(t.Context(), call, name))
	}
}

func parcels(w *worldtest.World) {
	w.Collection(`{"name":"parcels","fields":[{"name":"nameOfIt","type":"text"},{"name":"grossWeight","type":"integer"},{"name":"receiver","type":"user"}]}`)
}

// parcelFlow reads and writes parcels under their first names in every way.
const parcelFlow = `{"key":"parcel","title":"Parcel","type":"post_action","config":{"collection":"parcels","condition":{"grossWeight":{"$gt":3}}},"nodes":[
  {"key":"wait","type":"test_wait"},
  {"key":"if","type":"condition","config":{"mode":"branch","when":{"all":[{"left":"{{ trigger.data.grossWeight }}","op":"gt","right":5}]}},"branches":[
    {"key":"yes","nodes":[
      {"key":"q","type":"query_records","config":{"collection":"parcels","multiple":true,"filter":{"grossWeight":{"$eq":"{{ trigger.data.grossWeight }}"}}}},
      {"key":"sum","type":"calculation","config":{"expression":"sum(map(nodes.q, .grossWeight)) + sum(nodes.q.grossWeight)"}},
      {"key":"c","type":"create_record","config":{"collection":"notes","values":{
        "title":"{{ trigger.data.nameOfIt }}/{{ nodes.sum }}/{{ trigger.data.receiver.nickname }}/{{ trigger.data.receiverId }}"}}}]}]}]}`

func TestRename_LiveAndWaitingExecutionsReadFormerNames(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		parcels(w)
		w.Workflow(parcelFlow)
		const values = `{"nameOfIt":"Box","grossWeight":7,"receiver":2}`
		before := w.Submit(w.Designer, "parcels", values, "parcel").Triggers[0].ExecutionID
		w.Idle()
		renamed(t, w)
		after := w.Submit(w.Designer, "parcels", values, "parcel").Triggers[0].ExecutionID
		light := w.Submit(w.Designer, "parcels", `{"nameOfIt":"Box","grossWeight":2}`, "parcel").Triggers[0]
		require.Equal(t, "condition_false", light.Reason)
		w.Idle()
		clock.Advance(2 * time.Second)
		w.Restart()
		w.Idle()
		for _, id := range []string{before, after} {
			x, steps := w.Execution(id)
			require.Equal(t, models.Succeeded, x.Status, "%s: %s %v", id, path(steps), x.Reason)
			require.Equal(t, "wait:done if:done q:done sum:done c:done", path(steps))
		}
		u, err := models.UserByID(t.Context(), db.Read(), 2)
		require.NoError(t, err)
		for _, note := range w.List("notes") {
			require.Equal(t, "Box/28/"+u.Nickname+"/2", note["title"])
		}
		require.Len(t, w.List("notes"), 2)
		w.Sound()
	})
}

func TestRename_ADraftWithFormerNamesIsPublished(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	parcels(w)
	w.Draft(parcelFlow)
	renamed(t, w)
	findings, err := w.Engine.Validate(t.Context(), w.Access(w.Designer), "parcel")
	require.NoError(t, err)
	require.Empty(t, engine.Errors(findings))
	_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "parcel", engine.Publish{})
	require.NoError(t, err)
}

// draftOf gives the draft of a workflow as JSON.
func draftOf(t *testing.T, w *worldtest.World, key string) string {
	t.Helper()
	now, err := models.WorkflowByKey(t.Context(), w.DB.Read(), key)
	require.NoError(t, err)
	return now.Draft
}

func TestRename_DraftsFollowAsEditsThatCanBeUndone(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		parcels(w)
		w.Workflow(parcelFlow)
		w.Draft(flow("other", `[{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"grossWeight {{ trigger.data.title }}"}}}]`))
		first, other := draftOf(t, w, "parcel"), draftOf(t, w, "other")
		renamed(t, w)
		after := draftOf(t, w, "parcel")
		for _, former := range []string{"grossWeight", "receiver", "nameOfIt"} {
			require.NotContains(t, after, former)
		}
		for _, fresh := range []string{
			`"condition":{"weight":{"$gt":3}}`, `"filter":{"weight":{"$eq":"{{ trigger.data.weight }}"}}`, `"left":"{{ trigger.data.weight }}"`,
			`sum(map(nodes.q, .weight)) + sum(nodes.q.weight)`,
			`{{ trigger.data.label }}/{{ nodes.sum }}/{{ trigger.data.addressee.nickname }}/{{ trigger.data.addresseeId }}`,
		} {
			require.Contains(t, after, fresh)
		}
		require.Equal(t, other, draftOf(t, w, "other"), "the same word elsewhere is something else")
		for range 3 {
			_, err := w.Engine.Undo(t.Context(), w.Access(w.Designer), "parcel")
			require.NoError(t, err)
		}
		require.Equal(t, first, draftOf(t, w, "parcel"))

		require.NoError(t, w.Records.RenameCollection(t.Context(), records.SchemaCall{Access: models.SystemAccess(), Collection: "parcels"}, "boxes"))
		require.Contains(t, draftOf(t, w, "parcel"), `"collection":"boxes"`)
		require.NotContains(t, draftOf(t, w, "parcel"), "parcels")
		_, err := w.Engine.Publish(t.Context(), w.Access(w.Designer), "parcel", engine.Publish{})
		require.NoError(t, err)
		w.Submit(w.Designer, "boxes", `{"label":"Box","weight":7,"addressee":2}`, "parcel")
		w.Idle()
		clock.Advance(2 * time.Second)
		w.Restart()
		w.Idle()
		require.Len(t, w.List("notes"), 1)
		w.Sound()
	})
}

func TestRename_AnApproverIsFoundByAFormerName(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	parcels(w)
	w.Workflow(`{"key":"ask","title":"Ask","type":"post_action","config":{"collection":"parcels"},"nodes":[
	  {"key":"direct","type":"approval","config":{"assignees":{"field":"receiver"},"mode":"pass_through"}}]}`)
	renamed(t, w)
	w.Submit(w.Designer, "parcels", fmt.Sprintf(`{"nameOfIt":"Box","receiver":%d}`, w.Designer.ID), "ask")
	w.Idle()
	require.Len(t, w.Tasks(w.Designer), 1)
}

func TestRename_FollowsConditionsThatAreExpressions(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	parcels(w)
	w.Draft(`{"key":"parcel","title":"Parcel","type":"post_action","config":{"collection":"parcels"},"nodes":[
	  {"key":"if","type":"condition","config":{"mode":"continue","when":{"any":[{"expression":"trigger.data.grossWeight > 5"}]}}}]}`)
	renamed(t, w)
	require.Contains(t, draftOf(t, w, "parcel"), `"expression":"trigger.data.weight > 5"`)
}
