package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// scheduled is a world whose clock is moved and whose slots are decided at once.
type scheduled struct {
	*worldtest.World
	clock *modelstest.Clock
	t     *testing.T
}

func newScheduled(t *testing.T) *scheduled {
	t.Helper()
	clock := modelstest.NewClock()
	w := worldtest.NewWorld(t, modelstest.NewAt(t, clock), clock)
	w.Collection(`{"name":"projects","title":"Projects","titleField":"name","fields":[{"name":"name","kind":"text"},{"name":"endsOn","kind":"date"}]}`)
	w.Collection(`{"name":"bills","title":"Bills","titleField":"name","softDelete":true,"fields":[{"name":"name","kind":"text"},{"name":"status","kind":"text"},
		{"name":"dueOn","kind":"date"},{"name":"dueAt","kind":"datetime"},{"name":"stopOn","kind":"date"},{"name":"project","kind":"manyToOne","target":"projects"}]}`)
	w.Collection(`{"name":"marks","title":"Marks","titleField":"text","fields":[{"name":"text","kind":"text"}]}`)
	return &scheduled{w, clock, t}
}

// marking are steps that note what the trigger has given.
const marking = `"nodes":[{"key":"mark","type":"create_record","config":{"collection":"marks","values":{"text":"{{ trigger.date }} {{ trigger.slot }} {{ trigger.missed }} {{ trigger.previousDate }}"}}}]`

func (s *scheduled) schedule(config string) *models.Workflow {
	s.t.Helper()
	return s.Workflow(`{"key":"clockwork","title":"Clockwork","type":"schedule","config":` + config + `,` + marking + `}`)
}

// to moves the clock and decides what is due then.
func (s *scheduled) to(at string) {
	s.t.Helper()
	s.clock.Set(instantOf(s.t, at))
	s.fire()
}

func (s *scheduled) fire() {
	s.t.Helper()
	s.settle() // executions that end at this time have ended
	require.NoError(s.t, s.Engine.FireSlots(s.t.Context()))
	s.settle()
}

// settle waits until no wake-up is due.
func (s *scheduled) settle() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		due, err := models.PendingWakeups(s.t.Context(), s.DB.Read(), s.clock.Now(), 1)
		return err == nil && len(due) == 0
	}, 2*time.Minute, time.Millisecond)
	s.Idle()
}

// through moves the clock on in steps and decides at each.
func (s *scheduled) through(until string, step time.Duration) {
	s.t.Helper()
	for end := instantOf(s.t, until); s.clock.Now().Before(end); {
		s.clock.Advance(step)
		s.fire()
	}
}

func (s *scheduled) fill() {
	s.t.Helper()
	for more := true; more; {
		var err error
		more, err = s.Engine.FillSlots(s.t.Context())
		require.NoError(s.t, err)
	}
}

func instantOf(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := field.ParseTime(s, time.UTC)
	require.NoError(t, err)
	return at
}

// story tells what became of the slots of a workflow, oldest first.
func (s *scheduled) story(key string) []string {
	s.t.Helper()
	w, err := models.WorkflowByKey(s.t.Context(), s.DB.Read(), key)
	require.NoError(s.t, err)
	list, err := models.SlotsOf(s.t.Context(), s.DB.Read(), w.ID, 10_000)
	require.NoError(s.t, err)
	out := []string{}
	for i := len(list) - 1; i >= 0; i-- {
		one := list[i]
		line := one.At.Time().Format("01-02 15:04") + " " + string(one.State)
		if one.RecordID != "" {
			line = one.RecordID + " " + line
		}
		if one.Reason != "" {
			line += " " + one.Reason
		}
		if one.Count > 1 {
			line += fmt.Sprint(" ×", one.Count)
		}
		out = append(out, line)
	}
	return out
}

func (s *scheduled) planned(key string) []string {
	s.t.Helper()
	w, err := models.WorkflowByKey(s.t.Context(), s.DB.Read(), key)
	require.NoError(s.t, err)
	list, err := models.PlannedOf(s.t.Context(), s.DB.Read(), w.ID, 100)
	require.NoError(s.t, err)
	out := []string{}
	for _, one := range list {
		line := one.At.Time().Format("2006-01-02 15:04")
		if one.RecordID != "" {
			line = one.RecordID + " " + line
		}
		out = append(out, line)
	}
	return out
}

func (s *scheduled) marks() []string {
	s.t.Helper()
	out := []string{}
	for _, r := range s.List("marks") {
		text, _ := r["text"].(string)
		out = append(out, text)
	}
	return out
}

func (s *scheduled) toggle(key string, on bool) {
	s.t.Helper()
	_, err := s.Engine.UpdateWorkflow(s.t.Context(), s.Access(s.Designer), key, engine.WorkflowChange{Enabled: &on})
	require.NoError(s.t, err)
}

func TestSchedule_FiresEachSlotOnceAndTellsAboutIt(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"every":"10m"}}`)
	require.Equal(t, []string{"2026-11-22 10:00"}, s.planned("clockwork"))
	s.fire()
	require.Empty(t, s.story("clockwork"), "never early")
	s.to("2026-11-22T09:59:59.999Z")
	require.Empty(t, s.story("clockwork"), "never early")
	s.to("2026-11-22T10:00Z")
	s.fire()
	s.to("2026-11-22T10:10:00.040Z")
	require.Equal(t, []string{"11-22 10:00 fired", "11-22 10:10 fired"}, s.story("clockwork"))
	require.Equal(t, []string{"2026-11-22 10:20"}, s.planned("clockwork"))
	require.Equal(t, []string{"2026-11-22T10:00:00.000Z 1 false", "2026-11-22T10:10:00.000Z 2 false 2026-11-22T10:00:00.000Z"}, s.marks())

	rows, err := models.Executions(t.Context(), s.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	x, _ := s.Execution(rows[0].ID)
	require.Equal(t, "system", x.Principal)
	require.Equal(t, "2026-11-22T10:10:00Z", x.IdemKey)
	require.Contains(t, x.Trigger, `"firedAt":"2026-11-22T10:10:00.040Z"`)
	s.Sound()
}

func TestSchedule_MissedSlotsFollowTheirPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string][]string{
		`"misfire":"latest"`: {"11-22 10:00 skipped misfire_skipped", "11-22 11:00 skipped misfire_skipped", "11-22 12:00 fired"},
		`"misfire":"none"`:   {"11-22 10:00 skipped misfire_skipped", "11-22 11:00 skipped misfire_skipped", "11-22 12:00 skipped misfire_skipped"},
		`"misfire":"all"`:    {"11-22 10:00 fired", "11-22 11:00 fired", "11-22 12:00 fired"},
		`"misfire":"all","misfireCap":2`: {
			"11-22 10:00 skipped misfire_skipped", "11-22 11:00 fired", "11-22 12:00 fired",
		},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := newScheduled(t)
			s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"},` + policy + `}`)
			s.Stop()
			s.clock.Set(instantOf(t, "2026-11-22T12:01:01Z"))
			s.Restart()
			s.fire()
			require.Equal(t, want, s.story("clockwork"))
			require.Equal(t, []string{"2026-11-22 13:00"}, s.planned("clockwork"))
			s.to("2026-11-22T13:01:00Z")
			require.Equal(t, append(want, "11-22 13:00 fired"), s.story("clockwork"), "60 seconds late is not missed")
			s.Sound()
		})
	}
}

func TestSchedule_ALongDowntimeLeavesOneRowForTheOldest(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	w := s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"every":"1s"},"limit":5000}`)
	s.Stop()
	s.clock.Set(instantOf(t, "2026-11-22T16:00Z"))
	s.Restart()
	s.fire()
	list, err := models.SlotsOf(t.Context(), s.DB.Read(), w.ID, 10_000)
	require.NoError(t, err)
	total, fired := int64(0), 0
	for _, one := range list {
		total += one.Count
		if one.State == models.Fired {
			fired++
		}
	}
	require.Equal(t, int64(6*3600+1), total, "every slot is in a row")
	require.Equal(t, 62, fired, "the newest missed one and those of the last minute")
	require.Equal(t, int64(6*3600+1), list[0].Number, "slots are numbered through")
	s.Sound()
}

func TestSchedule_SwitchedOffSlotsAreRecordedAndNeverCaughtUp(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"},"misfire":"all"}`)
	s.to("2026-11-22T10:00Z")
	s.toggle("clockwork", false)
	s.to("2026-11-22T11:00Z")
	s.Stop()
	s.clock.Set(instantOf(t, "2026-11-22T13:30Z"))
	s.Restart()
	s.toggle("clockwork", true) // before anybody has looked
	s.toggle("clockwork", true)
	s.fire()
	require.Equal(t, []string{"11-22 10:00 fired", "11-22 11:00 skipped disabled", "11-22 12:00 skipped disabled", "11-22 13:00 skipped disabled"}, s.story("clockwork"))
	require.Equal(t, []string{"2026-11-22 14:00"}, s.planned("clockwork"))
	s.to("2026-11-22T14:00Z")
	require.Equal(t, "11-22 14:00 fired", s.story("clockwork")[4])
	s.toggle("clockwork", false)
	s.toggle("clockwork", true)
	s.fire()
	require.Len(t, s.story("clockwork"), 5, "switching twice in the second of a slot does not repeat it")
	s.Sound()
}

func TestSchedule_PublishingPlansFromNow(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"}}`)
	s.to("2026-11-22T10:00Z")
	s.republish("clockwork", `{"startsOn":"2026-11-22T09:00","repeat":{"every":"30m"}}`)
	require.Equal(t, []string{"2026-11-22 10:30"}, s.planned("clockwork"), "what has fired stays so")
	s.to("2026-11-22T10:30Z")
	require.Equal(t, []string{"11-22 10:00 fired", "11-22 10:30 fired"}, s.story("clockwork"))

	err := s.tryRepublish("clockwork", `{"basis":"date_field","collection":"bills","startsOn":{"field":"dueOn"}}`)
	require.True(t, models.IsKind(err, models.KindInvalid))
	require.ErrorContains(t, err, "")
	var known *models.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, "IMMUTABLE_FIELD", known.Fields[0].Code)
	s.Sound()
}

func (s *scheduled) tryRepublish(key, config string) error {
	s.t.Helper()
	w, err := models.WorkflowByKey(s.t.Context(), s.DB.Read(), key)
	require.NoError(s.t, err)
	document, _ := worldtest.JSON(s.t, w.Draft).(map[string]any)
	part, _ := document["trigger"].(map[string]any)
	part["config"] = worldtest.JSON(s.t, config)
	_, err = s.Engine.Commands(s.t.Context(), s.Access(s.Designer), key, engine.CommandBatch{Commands: []engine.Command{
		{Name: "replace_draft", Args: map[string]any{"document": document}},
	}})
	require.NoError(s.t, err)
	_, err = s.Engine.Publish(s.t.Context(), s.Access(s.Designer), key, engine.Publish{})
	return err
}

func (s *scheduled) republish(key, config string) {
	s.t.Helper()
	require.NoError(s.t, s.tryRepublish(key, config))
}

func TestSchedule_TheLimitCountsOverVersionsUntilItIsReset(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"},"limit":2}`)
	s.to("2026-11-22T10:00Z")
	s.republish("clockwork", `{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"},"limit":2,"overlap":"skip"}`)
	s.through("2026-11-22T14:00Z", time.Hour)
	require.Equal(t, []string{"11-22 10:00 fired", "11-22 11:00 fired", "11-22 12:00 skipped limit_reached"}, s.story("clockwork"))
	require.Empty(t, s.planned("clockwork"))
	s.to("2026-11-22T14:30Z")
	require.NoError(t, s.Engine.ResetCount(t.Context(), s.Access(s.Designer), "clockwork"))
	s.to("2026-11-22T15:00Z")
	s.through("2026-11-22T18:00Z", time.Hour)
	require.Equal(t, []string{"11-22 15:00 fired", "11-22 16:00 fired", "11-22 17:00 skipped limit_reached"}, s.story("clockwork")[3:])
	s.Sound()
}

// waiting are steps that take three hours.
const waiting = `"nodes":[{"key":"w8","type":"delay","config":{"for":"150m"}}]`

func TestSchedule_WhileAnEarlierExecutionRuns(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string][]string{
		"allow": {"11-22 10:00 fired", "11-22 11:00 fired", "11-22 12:00 fired", "11-22 13:00 fired", "11-22 14:00 fired"},
		"skip":  {"11-22 10:00 fired", "11-22 11:00 skipped overlap_skipped", "11-22 12:00 skipped overlap_skipped", "11-22 13:00 fired", "11-22 14:00 skipped overlap_skipped"},
		"queue": {"11-22 10:00 fired", "11-22 11:00 fired"},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := newScheduled(t)
			s.Workflow(`{"key":"clockwork","title":"Clockwork","type":"schedule","config":{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"},"overlap":"` + policy + `"},` + waiting + `}`)
			s.to("2026-11-22T09:50Z")
			s.through("2026-11-22T14:10Z", 10*time.Minute)
			require.Equal(t, want, s.story("clockwork"))
			if policy == "queue" {
				require.Equal(t, []string{"2026-11-22 12:00", "2026-11-22 13:00", "2026-11-22 14:00", "2026-11-22 15:00"}, s.planned("clockwork"))
				s.Restart()
				s.through("2026-11-22T15:10Z", 10*time.Minute)
				require.Equal(t, append(want, "11-22 12:00 fired"), s.story("clockwork"), "also after a restart, and late is not missed")
			}
			s.Sound()
		})
	}
}

func TestSchedule_ClockSteps(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.schedule(`{"startsOn":"2026-11-22T10:00","repeat":{"cron":"0 * * * *"}}`)
	s.to("2026-11-22T12:30Z")
	s.to("2026-11-22T09:30Z") // back
	s.through("2026-11-22T12:30Z", 30*time.Minute)
	require.Equal(t, []string{"11-22 10:00 skipped misfire_skipped", "11-22 11:00 skipped misfire_skipped", "11-22 12:00 fired"}, s.story("clockwork"), "back: nothing twice")
	s.to("2026-11-22T09:45Z")
	s.toggle("clockwork", false)
	s.toggle("clockwork", true)
	require.Equal(t, []string{"2026-11-22 13:00"}, s.planned("clockwork"), "times that were used stay used")
	s.to("2026-11-22T13:00Z")
	require.Equal(t, "11-22 13:00 fired", s.story("clockwork")[3])
	s.to("2026-11-24T13:00:30Z") // forward
	require.Len(t, s.story("clockwork"), 4+48)
	s.Sound()
}

func TestSchedule_ClockChangesAndLeapDays(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	s.clock.Set(instantOf(t, "2027-03-26T12:00Z"))
	s.schedule(`{"repeat":{"cron":"30 2 * * *"},"timezone":"Europe/Berlin"}`)
	s.through("2027-03-30T12:00Z", 30*time.Minute)
	require.Equal(t, []string{"03-27 01:30 fired", "03-28 01:00 fired", "03-29 00:30 fired", "03-30 00:30 fired"}, s.story("clockwork"))
	s.clock.Set(instantOf(t, "2027-10-30T12:00Z"))
	s.fire()
	s.through("2027-11-01T12:00Z", 30*time.Minute)
	all := s.story("clockwork")
	require.Equal(t, []string{"10-31 00:30 fired", "11-01 01:30 fired"}, all[len(all)-2:])

	s.Workflow(`{"key":"leap","title":"Leap","type":"schedule","config":{"startsOn":"2024-02-29T08:00","repeat":{"every":"12mo"},"timezone":"UTC"},` + marking + `}`)
	require.Equal(t, []string{"2028-02-29 08:00"}, s.planned("leap"))
	s.Sound()
}

func TestSchedule_StoresFiveFieldsAsSixAndRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newScheduled(t)
	w := s.Draft(`{"key":"five","title":"Five","type":"schedule","config":{"repeat":{"cron":"30  2 * * *"}},"nodes":[]}`)
	require.Contains(t, w.Draft, `"cron":"0 30 2 * * *"`)
	for _, bad := range []string{
		`{"timezone":"Mars/Olympus","repeat":{"cron":"@daily"}}`, `{"repeat":{"cron":"TZ=UTC 0 9 * * *"}}`, `{"repeat":{"cron":"@every 5s"}}`,
		`{"repeat":{"every":"0s"},"startsOn":"2027-01-01"}`, `{"repeat":{"every":"1d","cron":"@daily"}}`, `{"startsOn":"soon"}`, `{"startsOn":{"field":"dueOn"}}`,
		`{"basis":"date_field","collection":"bills","startsOn":"2027-01-01"}`, `{"basis":"date_field","collection":"bills","startsOn":{"field":"name"}}`,
		`{"basis":"date_field","collection":"bills","startsOn":{"field":"dueOn","offset":"soon"}}`, `{"basis":"date_field","collection":"bills","startsOn":{"field":"dueOn","at":"25:00"}}`,
		`{"basis":"date_field","collection":"bills","startsOn":{"field":"project.name"}}`, `{"limit":0,"repeat":{"cron":"@daily"}}`, `{"repeat":{"cron":"0 0 9 L * *"}}`, `{"repeat":{"cron":"0 0 9 * * 1#2"}}`, `{"misfire":"some","repeat":{"cron":"@daily"}}`,
	} {
		m, _ := worldtest.JSON(t, bad).(map[string]any)
		_, _, err := s.Engine.CreateWorkflow(t.Context(), s.Access(s.Designer), engine.NewWorkflow{Title: "Bad", Type: "schedule", Config: m, Nodes: []any{}})
		require.True(t, models.IsCode(err, "DEFINITION_INVALID"), "%s: %v", bad, err)
	}
	_, _, err := s.Engine.CreateWorkflow(t.Context(), s.Access(s.Designer), engine.NewWorkflow{Title: "Sync", Type: "schedule", Sync: true, Config: map[string]any{}, Nodes: []any{}})
	require.True(t, models.IsKind(err, models.KindInvalid), "a schedule answers nobody: %v", err)
	never := s.Draft(`{"key":"never","title":"Never","type":"schedule","config":{"repeat":{"cron":"0 0 0 30 2 *"}},"nodes":[]}`)
	_, err = s.Engine.Publish(t.Context(), s.Access(s.Designer), never.Key, engine.Publish{})
	var known *models.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, "CRON_NEVER", known.Fields[0].Code)
	s.Draft(`{"key":"past","title":"Past","type":"schedule","config":{"startsOn":"2020-01-01T09:00Z"},"nodes":[]}`)
	found, err := s.Engine.Validate(t.Context(), s.Access(s.Designer), "past")
	require.NoError(t, err)
	codes := []string{}
	for _, f := range found {
		codes = append(codes, f.Severity+" "+f.Code)
	}
	require.Equal(t, []string{"warning PAST", "warning NO_TIME_ZONE", "warning EMPTY"}, codes)
	empty := s.Draft(`{"key":"empty","title":"Empty","type":"schedule","config":{"repeat":"none","endsOn":{}},"nodes":[]}`)
	_, err = s.Engine.Publish(t.Context(), s.Access(s.Designer), empty.Key, engine.Publish{})
	require.ErrorAs(t, err, &known)
	require.Equal(t, "MISSING", known.Fields[0].Code)
}

func TestSchedule_TwoEnginesFireOnce(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := worldtest.NewWorld(t, db, clock)
		s := &scheduled{w, clock, t}
		w.Collection(`{"name":"marks","title":"Marks","titleField":"text","fields":[{"name":"text","kind":"text"}]}`)
		for i := range 20 {
			w.Workflow(fmt.Sprintf(`{"key":"clock_%d","title":"Clock %d","type":"schedule","config":{"startsOn":"2026-11-22T10:00","repeat":{"every":"1s"},"misfire":"all","misfireCap":1000},%s}`, i, i, marking))
		}
		other := w.Second()
		clock.Set(instantOf(t, "2026-11-22T10:00:09Z"))
		var both sync.WaitGroup
		failed := make(chan error, 4)
		for _, e := range []*engine.Engine{w.Engine, other, w.Engine, other} {
			both.Add(1)
			go func() {
				defer both.Done()
				failed <- e.FireSlots(context.WithoutCancel(t.Context()))
			}()
		}
		both.Wait()
		close(failed)
		for err := range failed {
			require.NoError(t, err)
		}
		w.Idle()
		for i := range 20 {
			require.Len(t, s.story(fmt.Sprintf("clock_%d", i)), 10)
		}
		require.Eventually(t, func() bool { return len(s.List("marks")) == 200 }, 20*time.Second, 20*time.Millisecond)
		w.Sound()
	})
}

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

// TestSchedule_EverySlotIsInARow moves the clock at random, restarts the engine, also
// in the middle of deciding, and switches the workflow. Whatever happens, each time of
// the schedule is in exactly one row, and each row that fired has its execution.
func TestSchedule_EverySlotIsInARow(t *testing.T) {
	t.Parallel()
	for range 6 {
		seed := uint64(time.Now().UnixNano())
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			everySlotIsInARow(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func everySlotIsInARow(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := newScheduled(t)
	var told []string
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(told, "\n"))
			t.Log(strings.Join(s.story("clockwork"), "\n"), s.planned("clockwork"))
		}
	}()
	step := time.Duration(1+r.IntN(90)) * time.Minute
	start := s.clock.Now().Add(time.Duration(r.IntN(3600)) * time.Second)
	policy := []string{"latest", "all", "none"}[r.IntN(3)]
	overlap := []string{"allow", "skip", "queue"}[r.IntN(3)]
	w := s.Workflow(fmt.Sprintf(`{"key":"clockwork","title":"Clockwork","type":"schedule","config":{"startsOn":%q,"repeat":{"every":"%ds"},"misfire":%q,"misfireCap":%d,"overlap":%q},%s}`,
		field.FormatTime(start), int(step.Seconds()), policy, 1+r.IntN(20), overlap, marking))
	top := s.clock.Now()
	for range 40 {
		what := r.IntN(8)
		told = append(told, fmt.Sprint(s.clock.Now().Format("01-02 15:04:05.000"), " ", what))
		switch what {
		case 0, 1, 2:
			s.clock.Advance(time.Duration(r.Int64N(int64(3 * step))))
		case 3:
			s.clock.Advance(time.Duration(r.Int64N(int64(40 * step))))
		case 4:
			s.clock.Advance(-time.Duration(r.Int64N(int64(2 * step))))
		case 5:
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(3000))*time.Microsecond)
			_ = s.Engine.FireSlots(ctx) //nolint:errcheck // it was told to give up
			cancel()
			s.Restart()
		case 6:
			s.toggle("clockwork", r.IntN(2) == 0)
		case 7:
			s.fire()
		}
		if now := s.clock.Now(); now.After(top) {
			top = now
		}
	}
	s.clock.Set(top)
	s.toggle("clockwork", true)
	for s.fire(); len(s.planned("clockwork")) > 1; s.fire() { // one after the other, when they are queued
	}
	list, err := models.SlotsOf(t.Context(), s.DB.Read(), w.ID, 100_000)
	require.NoError(t, err)
	have := map[int64]bool{}
	for _, one := range list {
		require.Zero(t, one.LastAt)
		require.False(t, have[int64(one.At)])
		have[int64(one.At)] = true
		require.Equal(t, one.State == models.Fired, one.ExecutionID != "")
	}
	for at := start; !at.After(top); at = at.Add(step) {
		require.True(t, have[at.UnixMilli()], "no row for %s", at)
		delete(have, at.UnixMilli())
	}
	require.Empty(t, have, "rows for times that are none")
	planned := s.planned("clockwork")
	require.Len(t, planned, 1)
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
