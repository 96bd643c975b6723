package slots

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

// The oracle knows nothing of segments and transitions: it walks through time by
// the second and looks at what the wall shows.

// expression is a cron expression as sets of numbers.
type expression struct {
	text                                  string
	second, minute, hour, dom, month, dow map[int]bool
	domStar, dowStar                      bool
}

func (e expression) matches(w time.Time) bool {
	if !e.second[w.Second()] || !e.minute[w.Minute()] || !e.hour[w.Hour()] || !e.month[int(w.Month())] {
		return false
	}
	dom, dow := e.dom[w.Day()], e.dow[int(w.Weekday())]
	if e.domStar || e.dowStar {
		return dom && dow
	}
	return dom || dow
}

// naive lists the slots in (from, to] by walking.
func (e expression) naive(from, to time.Time, zone *time.Location) []time.Time {
	var list []time.Time
	add := func(t time.Time) {
		if t.After(from) && (len(list) == 0 || !list[len(list)-1].Equal(t)) {
			list = append(list, t.UTC())
		}
	}
	var top time.Time
	for t := from.Add(-26 * time.Hour).Truncate(time.Second); !t.After(to); t = t.Add(time.Second) {
		y, m, d := t.In(zone).Date()
		h, mi, s := t.In(zone).Clock()
		w := time.Date(y, m, d, h, mi, s, 0, time.UTC)
		if len(e.hour) == 24 {
			if e.matches(w) {
				add(t)
			}
			continue
		}
		if top.IsZero() {
			top = w.Add(-time.Second)
		}
		for top.Before(w) {
			if top = top.Add(time.Second); e.matches(top) {
				add(t)
			}
		}
	}
	return list
}

func numbers(r *rand.Rand, low, high int, dense bool) (string, map[int]bool, bool) {
	set := map[int]bool{}
	if dense && r.IntN(2) == 0 || r.IntN(4) == 0 {
		for n := low; n <= high; n++ {
			set[n] = true
		}
		return []string{"*", "?", "*/1"}[r.IntN(3)], set, true
	}
	var parts []string
	for range 1 + r.IntN(3) {
		a := low + r.IntN(high-low+1)
		b := a + r.IntN(high-a+1)
		step := 1 + r.IntN(high-low)
		switch r.IntN(4) {
		case 0:
			parts, b, step = append(parts, strconv.Itoa(a)), a, 1
		case 1:
			parts, step = append(parts, fmt.Sprintf("%d-%d", a, b)), 1
		case 2:
			parts = append(parts, fmt.Sprintf("%d-%d/%d", a, b, step))
		case 3:
			parts, b = append(parts, fmt.Sprintf("%d/%d", a, step)), high
		}
		for n := a; n <= b; n += step {
			set[n] = true
		}
	}
	return strings.Join(parts, ","), set, false
}

func randomCron(r *rand.Rand) expression {
	var e expression
	var f [6]string
	f[0], e.second, _ = numbers(r, 0, 59, false)
	if r.IntN(3) > 0 {
		f[0], e.second = "0", map[int]bool{0: true}
	}
	f[1], e.minute, _ = numbers(r, 0, 59, false)
	f[2], e.hour, _ = numbers(r, 0, 23, false)
	if r.IntN(3) == 0 { // near where clocks change
		h := r.IntN(4)
		f[2], e.hour = strconv.Itoa(h), map[int]bool{h: true}
	}
	f[3], e.dom, e.domStar = numbers(r, 1, 31, true)
	f[4], e.month, _ = numbers(r, 1, 12, true)
	f[5], e.dow, e.dowStar = numbers(r, 0, 6, true)
	e.text = strings.Join(f[:], " ")
	return e
}

// zones whose clocks change in odd ways, and some that never change.
func zones() []string {
	return []string{
		"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
		"Africa/Casablanca", "Asia/Gaza", "Pacific/Chatham", "America/Havana", "Antarctica/Troll", "Asia/Tehran", "Africa/Cairo",
		"America/St_Johns", "Europe/Dublin", "Asia/Pyongyang", "America/Caracas",
	}
}

func randomZone(t *testing.T, r *rand.Rand) *time.Location {
	t.Helper()
	name := zones()[r.IntN(len(zones()))]
	zone, err := time.LoadLocation(name)
	require.NoError(t, err, name)
	return zone
}

// randomInstant is near a clock change of the zone as often as not.
func randomInstant(r *rand.Rand, zone *time.Location) time.Time {
	t := time.Date(1998+r.IntN(40), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000)*1e6, zone)
	if _, end := t.ZoneBounds(); !end.IsZero() && r.IntN(3) > 0 {
		t = end.Add(time.Duration(r.IntN(36*3600)-30*3600) * time.Second)
	}
	return t
}

// seeded gives random numbers whose seed is printed, and may be given again.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("FORMRAIL_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("FORMRAIL_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestCron_IsAsWalkingThroughTimeBySeconds(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for range 60 {
		zone, e := randomZone(t, r), randomCron(r)
		from := randomInstant(r, zone)
		to := from.Add(time.Duration(r.IntN(40)+8) * time.Hour)
		c, err := ParseCron(e.text)
		require.NoError(t, err, e.text)
		want := e.naive(from, to, zone)
		got := []time.Time(nil)
		for at := c.next(from, zone); !at.IsZero() && !at.After(to); at = c.next(at, zone) {
			if got = append(got, at.UTC()); len(got) > len(want)+3 {
				break
			}
		}
		require.Equal(t, want, got, "%s in %s after %s", e.text, zone, from)
	}
}

func TestCron_NextFromBetweenSlotsIsTheSame(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for range 3000 {
		zone, e := randomZone(t, r), randomCron(r)
		c, err := ParseCron(e.text)
		require.NoError(t, err, e.text)
		from := randomInstant(r, zone)
		next := c.next(from, zone)
		if next.IsZero() {
			continue
		}
		require.True(t, next.After(from), "%s in %s after %s gave %s", e.text, zone, from, next)
		between := from.Add(time.Duration(r.Int64N(int64(next.Sub(from)))))
		require.Equal(t, next, c.next(between, zone), "%s in %s: after %s and after %s", e.text, zone, from, between)
		require.True(t, c.next(next, zone).IsZero() || c.next(next, zone).After(next))
	}
}

// naiveCalendar walks forward by days or months and then by seconds to what the
// wall reaches.
func naiveCalendar(start time.Time, months, days int, zone *time.Location, k int) time.Time {
	local := start.In(zone)
	y, m, d := local.Date()
	for range k * months {
		if m++; m > 12 {
			y, m = y+1, 1
		}
	}
	last := d
	for time.Date(y, m, last, 0, 0, 0, 0, time.UTC).Month() != m {
		last--
	}
	day := time.Date(y, m, last, 0, 0, 0, 0, time.UTC)
	for range k * days {
		day = day.AddDate(0, 0, 1)
	}
	h, mi, s := local.Clock()
	want := time.Date(day.Year(), day.Month(), day.Day(), h, mi, s, 0, time.UTC)
	for at := want.Add(-40 * time.Hour); ; at = at.Add(time.Second) {
		y, m, d := at.In(zone).Date()
		h, mi, s := at.In(zone).Clock()
		if w := time.Date(y, m, d, h, mi, s, 0, time.UTC); !w.Before(want) {
			if w.Equal(want) {
				at = at.Add(time.Duration(local.Nanosecond()))
			}
			return at.UTC()
		}
	}
}

func TestEvery_CalendarStepsAreAsWalking(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for range 60 {
		zone := randomZone(t, r)
		s := Schedule{Zone: zone, Start: field.Instant(randomInstant(r, zone))}
		if r.IntN(2) == 0 {
			s.Every.Months = 1 + r.IntN(14)
		} else {
			s.Every.Days = 1 + r.IntN(40)
		}
		k := 1 + r.IntN(30)
		want := naiveCalendar(s.Start, s.Every.Months, s.Every.Days, zone, k)
		before := want.Add(-time.Millisecond)
		require.Equal(t, want, s.Next(before), "%s + %d × %+v in %s", s.Start.In(zone), k, s.Every, zone)
		require.True(t, s.Next(want).After(want))
	}
}

func TestEvery_ElapsedStepsAreArithmetic(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for range 5000 {
		zone := randomZone(t, r)
		s := Schedule{Zone: zone, Start: field.Instant(randomInstant(r, zone).AddDate(-r.IntN(900), 0, 0))}
		s.Every.Clock = time.Duration(1+r.IntN(200_000)) * time.Second
		after := randomInstant(r, zone)
		got := s.Next(after)
		switch {
		case after.Before(s.Start):
			require.Equal(t, s.Start, got)
		default:
			require.True(t, got.After(after))
			require.False(t, got.Add(-s.Every.Clock).After(after))
			elapsed := got.UnixMilli() - s.Start.UnixMilli()
			require.Zero(t, elapsed%s.Every.Clock.Milliseconds())
		}
	}
}

func TestDue_AgreesWithSortingAllSlots(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for range 400 {
		zone := randomZone(t, r)
		s := Schedule{Zone: zone, Start: field.Instant(randomInstant(r, zone)), Every: field.Span{Clock: time.Duration(1+r.IntN(90)) * time.Second}}
		now := s.Start.Add(time.Duration(r.IntN(4*3600*1000)) * time.Millisecond)
		policy := []Misfire{Latest, All, None}[r.IntN(3)]
		limit := 1 + r.IntN(120)
		b := s.Due(s.Start, now, policy, limit)
		var late, fresh []time.Time
		for _, at := range s.Upcoming(s.Start.Add(-1), 20_000) {
			switch {
			case at.After(now):
			case now.Sub(at) > time.Minute:
				late = append(late, at)
			default:
				fresh = append(fresh, at)
			}
		}
		keep := min(map[Misfire]int{Latest: 1, All: limit, None: 0}[policy], len(late))
		want := append(append([]time.Time{}, late[len(late)-keep:]...), fresh...)
		require.Equal(t, append([]time.Time{}, want...), append([]time.Time{}, b.Fire...))
		skipped := late[:len(late)-keep]
		require.Equal(t, len(skipped), b.More.Count+len(b.Skip))
		require.Equal(t, append([]time.Time{}, skipped[b.More.Count:]...), append([]time.Time{}, b.Skip...))
		if b.More.Count > 0 {
			require.Equal(t, Run{skipped[0], skipped[b.More.Count-1], b.More.Count}, b.More)
		}
		require.Equal(t, s.Next(now), b.Next)
	}
}
