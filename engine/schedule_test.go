package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
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
