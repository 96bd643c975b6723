package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/records"
)

func (s *scheduled) bill(values string) string {
	s.t.Helper()
	return records.IDText(s.Submit(s.Designer, "bills", values).Changes[0].Key())
}

func (s *scheduled) write(action models.Action, collection, id, values string) {
	s.t.Helper()
	op := &records.Operation{Access: s.Access(s.Designer), Collection: collection, Action: action, IDs: []string{id}, Origin: models.Origin{Kind: "api"}}
	op.Values, _ = worldtest.JSON(s.t, values).(map[string]any)
	_, err := s.Records.Write(s.t.Context(), op)
	require.NoError(s.t, err)
}

func TestSchedule_FollowsADateOfEachRecord(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	old := s.bill(`{"name":"before","dueOn":"2026-11-30"}`)
	s.bill(`{"name":"past","dueOn":"2026-11-20"}`)
	s.bill(`{"name":"no date"}`)
	s.schedule(`{"basis":"date_field","collection":"bills","timezone":"Europe/Berlin","startsOn":{"field":"dueOn","offset":"-3d","at":"09:00"},"condition":{"status":{"$eq":"open"}}}`)
	s.fill()
	require.Equal(t, []string{old + " 2026-11-27 08:00"}, s.planned("clockwork"), "existing records are planned in the background")

	one := s.bill(`{"name":"one","dueOn":"2026-12-01","status":"open"}`)
	require.Equal(t, []string{old + " 2026-11-27 08:00", one + " 2026-11-28 08:00"}, s.planned("clockwork"))
	s.write(models.Update, "bills", one, `{"dueOn":"2026-12-02"}`)
	require.Equal(t, []string{old + " 2026-11-27 08:00", one + " 2026-11-29 08:00"}, s.planned("clockwork"), "a new date moves the slot")
	s.write(models.Update, "bills", one, `{"dueOn":null}`)
	require.Equal(t, []string{old + " 2026-11-27 08:00"}, s.planned("clockwork"), "no date, no slot")
	s.write(models.Update, "bills", one, `{"dueOn":"2026-12-01"}`)

	s.to("2026-11-27T08:00Z")
	s.to("2026-11-28T08:00:10Z")
	require.Equal(t, []string{old + " 11-27 08:00 skipped condition_false", one + " 11-28 08:00 fired"}, s.story("clockwork"))
	rows, err := models.Executions(t.Context(), s.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	x, _ := s.Execution(rows[0].ID)
	require.Equal(t, []string{"bills", one}, []string{x.ResourceType, x.ResourceID})
	require.Equal(t, one+" 2026-11-28T08:00:00Z", x.IdemKey)
	require.Contains(t, x.Trigger, `"dueOn":"2026-12-01"`)
	log, err := models.TriggerLog(t.Context(), s.DB.Read(), models.TriggerFilter{NotStarted: true})
	require.NoError(t, err)
	require.Equal(t, []string{"condition_false", "status is empty.", "bills", old}, []string{log[0].Reason, log[0].Explanation, log[0].ResourceType, log[0].ResourceID})

	s.write(models.Update, "bills", one, `{"dueOn":"2026-12-05"}`)
	s.write(models.Update, "bills", one, `{"dueOn":"2026-12-01"}`)
	s.fire()
	require.Empty(t, s.planned("clockwork"), "back to a time that has fired: not again")
	require.Len(t, s.story("clockwork"), 2)
	s.Sound()
}

func TestSchedule_RecordsThatAreDeletedAndRestored(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"basis":"date_field","collection":"bills","startsOn":{"field":"dueAt"},"repeat":{"every":"1d"},"endsOn":{"field":"stopOn"}}`)
	s.fill()
	a := s.bill(`{"name":"a","dueAt":"2026-11-22T10:00Z","stopOn":"2026-11-24"}`)
	b := s.bill(`{"name":"b","dueAt":"2026-11-22T08:00Z","stopOn":"2026-11-22"}`)
	c := s.bill(`{"name":"c","dueAt":"2026-11-22T09:30:00.400Z"}`)
	require.Equal(t, []string{c + " 2026-11-22 09:30", a + " 2026-11-22 10:00"}, s.planned("clockwork"), b+" has ended before its next time")
	s.write(models.Delete, "bills", c, `{}`)
	require.Equal(t, []string{c + " 11-22 09:30 skipped record_gone"}, s.story("clockwork"), "gone in the second of its time")
	s.to("2026-11-22T10:00Z")
	s.write(models.Delete, "bills", a, `{}`)
	require.Empty(t, s.planned("clockwork"))
	s.to("2026-11-23T12:00Z")
	s.write(records.Restore, "bills", a, `{}`)
	s.write(models.Purge, "bills", b, `{}`)
	require.Equal(t, []string{a + " 2026-11-24 10:00"}, s.planned("clockwork"), "goes on with what comes")
	s.to("2026-11-24T10:00Z")
	require.Empty(t, s.planned("clockwork"), "the last day is over")
	require.Equal(t, []string{c + " 11-22 09:30 skipped record_gone", a + " 11-22 10:00 fired", a + " 11-24 10:00 fired"}, s.story("clockwork"))
	s.Sound()
}

func TestSchedule_FollowsADateOfALinkedRecord(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"basis":"date_field","collection":"bills","startsOn":{"field":"project.endsOn","at":"12:00"},"overlap":"skip","limit":1}`)
	s.fill()
	p := records.IDText(s.Submit(s.Designer, "projects", `{"name":"P","endsOn":"2026-12-01"}`).Changes[0].Key())
	q := records.IDText(s.Submit(s.Designer, "projects", `{"name":"Q"}`).Changes[0].Key())
	a, b := s.bill(`{"name":"a","project":`+p+`}`), s.bill(`{"name":"b","project":`+q+`}`)
	require.Equal(t, []string{a + " 2026-12-01 12:00"}, s.planned("clockwork"))
	s.write(models.Update, "projects", q, `{"endsOn":"2026-12-02"}`)
	s.write(models.Update, "projects", p, `{"endsOn":"2026-12-03"}`)
	require.Equal(t, []string{b + " 2026-12-02 12:00", a + " 2026-12-03 12:00"}, s.planned("clockwork"))
	s.write(models.Update, "bills", a, `{"project":`+q+`}`)
	require.ElementsMatch(t, []string{a + " 2026-12-02 12:00", b + " 2026-12-02 12:00"}, s.planned("clockwork"))
	s.to("2026-12-02T12:00Z")
	require.Len(t, s.story("clockwork"), 2)
	s.Sound()
}

func TestSchedule_ASaveThatIsUndonePlansNothing(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"basis":"date_field","collection":"bills","startsOn":{"field":"dueOn"}}`)
	s.fill()
	err := s.DB.Write(t.Context(), "test.undone", func(tx *models.Tx) error {
		op := &records.Operation{Access: s.Access(s.Designer), Collection: "bills", Action: models.Create, Origin: models.Origin{Kind: "api"}}
		op.Values = map[string]any{"name": "undone", "dueOn": "2026-12-01"}
		if _, err := s.Records.WriteIn(t.Context(), tx, op); err != nil {
			return err
		}
		return context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, s.planned("clockwork"))
	s.bill(`{"name":"kept","dueOn":"2026-12-01"}`)
	require.Len(t, s.planned("clockwork"), 1)
}

func TestSchedule_StartedByHand(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"basis":"date_field","collection":"bills","startsOn":{"field":"dueOn"},"timezone":"Asia/Tokyo","condition":{"status":{"$eq":"open"}}}`)
	s.toggle("clockwork", false)
	a, b := s.bill(`{"name":"a","status":"open"}`), s.bill(`{"name":"b"}`)
	run := func(in map[string]any) (engine.Executed, error) {
		return s.Engine.Execute(t.Context(), s.Access(s.Designer), "clockwork", engine.Execute{Input: in, Wait: 10 * time.Second})
	}
	out, err := run(map[string]any{"filterByTk": a, "date": "2026-12-01T09:00"})
	require.NoError(t, err)
	require.Equal(t, models.Succeeded, out.Status)
	x, _ := s.Execution(out.ID)
	require.Contains(t, x.Trigger, `"date":"2026-12-01T00:00:00.000Z"`)
	require.Contains(t, x.Trigger, `"name":"a"`)
	out, err = run(map[string]any{"filterByTk": b})
	require.NoError(t, err)
	require.Equal(t, engine.Executed{Reason: "condition_false"}, out)
	for _, bad := range []map[string]any{{}, {"filterByTk": a, "date": "soon"}} {
		_, err = run(bad)
		require.True(t, models.IsKind(err, models.KindInvalid), "%v", err)
	}
	require.Empty(t, s.story("clockwork"))
	s.Sound()
}

func TestSchedule_TenThousandRecordsAreDue(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 10,000 records")
	}
	t.Parallel()
	s := newScheduled(t)
	const many = 10_000
	for part := range many / 500 {
		op := &records.Operation{Access: s.Access(s.Designer), Collection: "bills", Action: models.Create, Origin: models.Origin{Kind: "api"}}
		for i := range 500 {
			op.Batch = append(op.Batch, records.Record{"name": fmt.Sprint(part*500 + i), "dueOn": "2026-11-25"})
		}
		_, err := s.Records.Write(t.Context(), op)
		require.NoError(t, err)
	}
	w := s.Workflow(`{"key":"clockwork","title":"Clockwork","type":"schedule","config":{"basis":"date_field","collection":"bills","startsOn":{"field":"dueOn"}},"nodes":[]}`)
	began := time.Now()
	s.fill()
	filled := time.Since(began)
	plan, err := models.ScheduleByWorkflow(t.Context(), s.DB.Read(), w.ID)
	require.NoError(t, err)
	require.Equal(t, [2]int64{many, many}, [2]int64{plan.FillDone, plan.FillTotal})
	s.clock.Set(instantOf(t, "2026-11-25T00:00:01Z"))
	began = time.Now()
	require.NoError(t, s.Engine.FireSlots(t.Context()))
	t.Logf("planned in %s, started in %s", filled, time.Since(began))
	s.settle()
	list, err := models.SlotsOf(t.Context(), s.DB.Read(), w.ID, 2*many)
	require.NoError(t, err)
	require.Len(t, list, many)
	for _, one := range list {
		require.Equal(t, models.Fired, one.State)
	}
	s.Sound()
}
