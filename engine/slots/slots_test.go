package slots

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

func in(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := field.ParseTime(s, time.UTC)
	require.NoError(t, err)
	return v
}

func TestParseCron(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0 0 9 * * MON-FRI": "0 0 9 * * MON-FRI", "30 2 * * *": "0 30 2 * * *", "  5   4 * * sun ": "0 5 4 * * sun", "@daily": "@daily",
		"@yearly": "@yearly", "@hourly": "@hourly", "*/10 * * * * ?": "*/10 * * * * ?", "0 0 0 29 2 *": "0 0 0 29 2 *",
	} {
		c, err := ParseCron(text)
		require.NoError(t, err, text)
		require.Equal(t, want, c.String())
	}
}

func TestParseCron_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, sentence := range map[string]string{
		"": "Enter a cron", "TZ=UTC 0 0 * * *": "time zone", "CRON_TZ=Europe/Berlin 0 0 9 * * *": "time zone", "TZ=": "time zone",
		"  TZ=UTC * * * * *": "time zone",
		"@every 5s":          "@every", "@every": "@every", "@fortnightly": "@fortnightly", "0 0 9 * * 7": "Sunday is 0", "0 0 9 * * 1-7": "Sunday is 0",
		"0 0 9 L * *": "not offered", "0 0 9 15W * *": "not offered", "0 0 9 * * 5L": "not offered", "0 0 9 * * 1#2": "not offered",
		"0 9 * *": "This one has 4", "0 0 0 9 * * *": "This one has 7", "0 60 9 * * *": "is not a cron", "0 0 24 * * *": "is not a cron",
		"0 0 9 0 * *": "is not a cron", "0 0 9 * 13 *": "is not a cron", "a b c d e f": "is not a cron", "0 0 9,, * * *": "is not a cron",
		"0 0 , * * *": "is not a cron", "0 0 -1 * * *": "is not a cron", "0 0 5-2 * * *": "is not a cron", "0 */0 2 * * *": "is not a cron",
	} {
		_, err := ParseCron(text)
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal, text)
		require.Equal(t, "INVALID_CRON", refusal.Code)
		require.Contains(t, refusal.Error(), sentence, text)
	}
}

func TestCron_Never(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-11-26T12:00Z")
	for text, never := range map[string]bool{"0 0 0 30 2 *": true, "0 0 0 31 4,6,9,11 *": true, "0 0 0 29 2 *": false, "0 0 0 30 2 MON": false} {
		c, err := ParseCron(text)
		require.NoError(t, err)
		require.Equal(t, never, c.Never(now, time.UTC), text)
	}
	leap, err := ParseCron("0 0 0 29 2 *")
	require.NoError(t, err)
	require.True(t, leap.Never(at(t, "2097-01-01"), time.UTC), "2100 is no leap year: nothing until 2104")
	require.Equal(t, at(t, "2104-02-29"), Schedule{Zone: time.UTC, Cron: leap}.Next(at(t, "2096-03-01")))
}

// slots of one day in a year, in the zone, after noon of the day before.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, zone, cron, after string
		want                    []string
	}{
		{"skipped once, when the gap ends", "Europe/Berlin", "0 30 2 * * *", "2026-03-28T11:00Z", []string{"2026-03-29T01:00Z", "2026-03-30T00:30Z"}},
		{"several in one gap are one", "Europe/Berlin", "*/20 15,45 2 * * *", "2026-03-29T00:59Z", []string{"2026-03-29T01:00Z", "2026-03-30T00:15Z"}},
		{"in the gap and at its end are one", "Europe/Berlin", "0 0 2,3 * * *", "2026-03-29T00:59Z", []string{"2026-03-29T01:00Z", "2026-03-30T00:00Z"}},
		{"repeated once, at the first", "Europe/Berlin", "0 30 2 * * *", "2026-10-24T11:00Z", []string{"2026-10-25T00:30Z", "2026-10-26T01:30Z"}},
		{"asked in the second of a repeated hour", "Europe/Berlin", "0 */15 2 * * *", "2026-10-25T01:05Z", []string{"2026-10-26T01:00Z"}},
		{"after the repeated hour", "Europe/Berlin", "0 0 2,3 * * *", "2026-10-25T00:00Z", []string{"2026-10-25T02:00Z"}},
		{"all hours follow elapsed time in the gap", "Europe/Berlin", "0 30 * * * *", "2026-03-29T00:00Z", []string{"2026-03-29T00:30Z", "2026-03-29T01:30Z", "2026-03-29T02:30Z"}},
		{"all hours follow elapsed time when repeated", "Europe/Berlin", "0 30 0-23 * * *", "2026-10-25T00:00Z", []string{"2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"}},
		{"midnight is skipped", "America/Sao_Paulo", "0 0 0 * * *", "2018-11-03T12:00Z", []string{"2018-11-04T03:00Z", "2018-11-05T02:00Z"}},
		{"half an hour is skipped", "Australia/Lord_Howe", "0 15 2 * * *", "2026-10-03T00:00Z", []string{"2026-10-03T15:30Z"}},
		{"a whole day is skipped", "Pacific/Apia", "0 0 9 30 12 *", "2011-12-29T20:00Z", []string{"2011-12-30T10:00Z"}},
		{"a leap day", "UTC", "0 0 0 29 2 *", "2026-01-01T00:00Z", []string{"2028-02-29T00:00Z", "2032-02-29T00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cron, err := ParseCron(c.cron)
			require.NoError(t, err)
			var want []time.Time
			for _, s := range c.want {
				want = append(want, at(t, s))
			}
			s := Schedule{Zone: in(t, c.zone), Cron: cron}
			require.Equal(t, want, s.Upcoming(at(t, c.after), len(want)))
		})
	}
}

func TestEvery(t *testing.T) {
	t.Parallel()
	berlin := in(t, "Europe/Berlin")
	for _, c := range []struct {
		name, every, start, after string
		want                      []string
	}{
		{"a month from a 31st", "1mo", "2026-01-31T08:00Z", "2026-01-30T00:00Z", []string{"2026-01-31T08:00Z", "2026-02-28T08:00Z", "2026-03-31T07:00Z", "2026-04-30T07:00Z"}},
		{"a year from a leap day", "12mo", "2024-02-29T08:00Z", "2024-03-01T00:00Z", []string{"2025-02-28T08:00Z", "2026-02-28T08:00Z", "2027-02-28T08:00Z", "2028-02-29T08:00Z"}},
		{"days keep the time of day", "1d", "2026-03-28T01:30Z", "2026-03-28T00:00Z", []string{"2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"}},
		{"hours are elapsed time", "24h", "2026-03-28T01:30Z", "2026-03-28T00:00Z", []string{"2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T01:30Z"}},
		{"weeks", "2w", "2026-11-01T09:00Z", "2026-11-20T00:00Z", []string{"2026-11-29T09:00Z", "2026-12-13T09:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			every, err := field.ParseDuration(c.every)
			require.NoError(t, err)
			var want []time.Time
			for _, s := range c.want {
				want = append(want, at(t, s))
			}
			s := Schedule{Zone: berlin, Start: at(t, c.start), Every: every}
			require.Equal(t, want, s.Upcoming(at(t, c.after), len(want)))
		})
	}
}

func TestSchedule_StartAndEnd(t *testing.T) {
	t.Parallel()
	start, end := at(t, "2026-11-26T12:00Z"), at(t, "2026-11-26T12:20Z")
	once := Schedule{Zone: time.UTC, Start: start}
	require.Equal(t, []time.Time{start}, once.Upcoming(start.Add(-time.Hour), 5))
	require.Empty(t, once.Upcoming(start, 5))

	ten := Schedule{Zone: time.UTC, Start: start, Every: field.Span{Clock: 10 * time.Minute}, End: end}
	require.Equal(t, []time.Time{start, start.Add(10 * time.Minute), end}, ten.Upcoming(start.Add(-time.Hour), 5), "the end is part of it")

	cron, err := ParseCron("0 */10 * * * *")
	require.NoError(t, err)
	ten = Schedule{Zone: time.UTC, Start: start, Cron: cron, End: end}
	require.Equal(t, []time.Time{start, start.Add(10 * time.Minute), end}, ten.Upcoming(start.Add(-time.Hour), 5), "the start is part of it")
}

func TestOffset(t *testing.T) {
	t.Parallel()
	berlin := in(t, "Europe/Berlin")
	for _, c := range []struct{ day, offset, clock, want string }{
		{"2026-12-01", "", "", "2026-11-30T23:00Z"},
		{"2026-12-01", "-3d", "09:00", "2026-11-28T08:00Z"},
		{"2026-12-01", "-2h", "09:00", "2026-12-01T06:00Z"},
		{"2026-03-30", "-1d", "02:30", "2026-03-29T01:00Z"},
		{"2026-03-31", "-1mo", "08:00", "2026-02-28T07:00Z"},
		{"2026-10-26", "-1d", "02:30", "2026-10-25T00:30Z"},
		{"2026-10-24", "+1w", "00:00", "2026-10-30T23:00Z"},
	} {
		o, err := ParseOffset(c.offset)
		require.NoError(t, err)
		clock, ok := ParseClock(c.clock)
		require.True(t, ok)
		require.Equal(t, at(t, c.want), o.AfterDay(field.Date(c.day), clock, berlin), "%+v", c)
	}
	o, err := ParseOffset("-1d")
	require.NoError(t, err)
	require.Equal(t, at(t, "2026-03-29T01:00Z"), o.After(at(t, "2026-03-30T00:30:15.250Z"), berlin), "the gap has no seconds")
	require.Equal(t, at(t, "2026-11-25T08:00:15.250Z"), o.After(at(t, "2026-11-26T08:00:15.250Z"), berlin))
	for _, s := range []string{"3", "d", "--3d", "3x", "-"} {
		_, err := ParseOffset(s)
		require.Error(t, err, s)
	}
	for _, s := range []string{"9:00", "24:00", "12:60", "12-00", "+1:00", "12:00:00"} {
		_, ok := ParseClock(s)
		require.False(t, ok, s)
	}
}

func FuzzParseCron(f *testing.F) {
	for _, s := range []string{"0 0 9 * * MON-FRI", "*/5 * * * *", "@daily", "TZ=x", "0 0 9 L * 7", "1,2-5/9 * * * * ?"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 3600)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCron(s)
		if err != nil {
			return
		}
		again, err := ParseCron(c.String())
		require.NoError(t, err)
		require.Equal(t, c.next(now, zone), again.next(now, zone))
		if next := c.next(now, zone); !next.IsZero() {
			require.True(t, next.After(now))
		}
	})
}

func BenchmarkNext(b *testing.B) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(b, err)
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, s := range []string{"0 30 2 * * *", "0 */15 * * * *", "0 0 0 29 2 *"} {
		c, err := ParseCron(s)
		require.NoError(b, err)
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				c.next(now, zone)
			}
		})
	}
}
