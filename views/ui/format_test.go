package ui_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/views/ui"
)

func TestMoment_SaysPastInstants(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 22, 10, 3, 0, 0, time.UTC)
	for _, tc := range []struct {
		at                  time.Time
		when, short, stamps string
	}{
		{now.Add(-20 * time.Second), "Just now", "10:02", "10:02"},
		{now.Add(-4 * time.Minute), "4 min ago", "09:59", "09:59"},
		{now.Add(-81 * time.Minute), "Today 08:42", "08:42", "08:42"},
		{now.Add(time.Hour), "Today 11:03", "11:03", "11:03"},
		{time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC), "Yesterday 23:00", "Yesterday", "Yesterday 23:00"},
		{time.Date(2026, 11, 20, 9, 42, 0, 0, time.UTC), "20 Nov", "20 Nov", "20 Nov, 09:42"},
		{time.Date(2025, 11, 20, 9, 42, 0, 0, time.UTC), "20 Nov 2025", "20 Nov 2025", "20 Nov 2025, 09:42"},
		{time.Time{}, "", "", ""},
	} {
		m := ui.At(tc.at, now)
		require.Equal(t, tc.when, m.When(t.Context()))
		require.Equal(t, tc.short, m.Short(t.Context()))
		require.Equal(t, tc.stamps, m.Stamp(t.Context()))
	}
	require.Equal(t, "Today, 10:02:40", ui.At(now.Add(-20*time.Second), now).Exact(t.Context()))
	require.Equal(t, "20 Nov, 09:42:10", ui.At(time.Date(2026, 11, 20, 9, 42, 10, 0, time.UTC), now).Exact(t.Context()))
	require.Empty(t, ui.Moment{}.Exact(t.Context()))
}

func TestMoment_CountsDaysInTheReadersZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 9*60*60)
	now := time.Date(2026, 11, 22, 1, 0, 0, 0, zone) // still the 21st in UTC
	m := ui.At(time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC), now)
	require.Equal(t, "Yesterday 23:00", m.When(t.Context()))
	require.Equal(t, "21 Nov 2026, 23:00", m.Full())
}

func TestMoment_SaysDeadlines(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 22, 10, 3, 0, 0, time.UTC)
	for _, tc := range []struct {
		at   time.Time
		want string
		tone ui.Tone
	}{
		{now.Add(8 * time.Hour), "Due today, 18:03", ui.Warn},
		{now.Add(24 * time.Hour), "Due tomorrow", ""},
		{now.Add(72 * time.Hour), "Due 25 Nov", ""},
		{now.Add(-49 * time.Hour), "Overdue since 20 Nov", ui.Bad},
		{time.Time{}, "", ""},
	} {
		m := ui.At(tc.at, now)
		require.Equal(t, tc.want, m.Due(t.Context()))
		require.Equal(t, tc.tone, m.DueTone())
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		64 * time.Millisecond:                  "64 ms",
		1850 * time.Millisecond:                "1.8 s",
		59*time.Second + 990*time.Millisecond:  "59.9 s",
		4 * time.Minute:                        "4 m",
		2*time.Hour + 14*time.Minute:           "2 h 14 m",
		3 * time.Hour:                          "3 h",
		76 * time.Hour:                         "3 d 4 h",
		-time.Second:                           "",
		59*time.Minute + 59*time.Second:        "59 m",
		23*time.Hour + 59*time.Minute + 1:      "23 h 59 m",
		time.Second - time.Nanosecond:          "999 ms",
		48 * time.Hour:                         "2 d",
		time.Minute:                            "1 m",
		999*time.Millisecond + time.Nanosecond: "999 ms",
	} {
		require.Equal(t, want, ui.Duration(d), d.String())
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ amount, currency, want string }{
		{"1240", "EUR", "€1,240.00"},
		{"84.9", "USD", "$84.90"},
		{"-1234567.5", "GBP", "−£1,234,567.50"},
		{"0.125", "EUR", "€0.125"},
		{"12", "SEK", "SEK\u00a012.00"},
		{"12", "", "12.00"},
		{"12e3", "EUR", "12e3"},
		{"", "EUR", ""},
	} {
		require.Equal(t, tc.want, ui.Money(tc.amount, tc.currency), tc)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"7": "7", "100": "100", "1000": "1,000", "-100": "-100", "-1000": "-1,000", "1234567.89": "1,234,567.89", "1.": "1.", "abc": "abc"} {
		require.Equal(t, want, ui.Number(in, 0))
	}
}
