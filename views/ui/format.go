package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"formrail/models/text"
)

// Moment is an instant as a page shows it: relative to when the page was made, in
// the time zone of Now. The zero value is shown as nothing.
type Moment struct {
	At  time.Time
	Now time.Time
}

// At pairs an instant with the time of the page, whose location is the reader's zone.
func At(at, now time.Time) Moment { return Moment{At: at, Now: now} }

// IsZero reports whether there is no instant.
func (m Moment) IsZero() bool { return m.At.IsZero() }

func (m Moment) local() time.Time { return m.At.In(m.Now.Location()) }

// days is how many calendar days lie between now and the instant; negative before.
func (m Moment) days() int {
	return int(midnight(m.local()).Sub(midnight(m.Now)).Round(24*time.Hour) / (24 * time.Hour))
}

func midnight(t time.Time) time.Time {
	y, mo, d := t.Date()
	return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)
}

// When says a past instant: "Just now", "4 min ago", "Today 09:42", "Yesterday
// 23:00", "20 Nov", "20 Nov 2025".
func (m Moment) When(ctx context.Context) string {
	if m.IsZero() {
		return ""
	}
	at := m.local()
	switch ago := m.Now.Sub(m.At); {
	case ago >= 0 && ago < time.Minute:
		return text.T(ctx, "time.just_now", "Just now")
	case ago >= 0 && ago < time.Hour:
		return text.T(ctx, "time.minutes_ago", "%d min ago", int(ago.Minutes()))
	case m.days() == 0:
		return text.T(ctx, "time.today", "Today %s", at.Format("15:04"))
	case m.days() == -1:
		return text.T(ctx, "time.yesterday", "Yesterday %s", at.Format("15:04"))
	}
	return m.Day()
}

// Day says the calendar day: "20 Nov", with the year when it is another one.
func (m Moment) Day() string {
	if m.IsZero() {
		return ""
	}
	if m.local().Year() == m.Now.Year() {
		return m.local().Format("2 Jan")
	}
	return m.local().Format("2 Jan 2006")
}

// Clock says the time of day, "09:59".
func (m Moment) Clock() string {
	if m.IsZero() {
		return ""
	}
	return m.local().Format("15:04")
}

// Short is When for narrow places: the time today, else the day.
func (m Moment) Short(ctx context.Context) string {
	switch {
	case m.IsZero():
		return ""
	case m.days() == 0:
		return m.Clock()
	case m.days() == -1:
		return text.T(ctx, "time.yesterday_only", "Yesterday")
	}
	return m.Day()
}

// Stamp says day and time for lists of what happened: "09:59" today, "Yesterday
// 23:00", "20 Nov, 11:56".
func (m Moment) Stamp(ctx context.Context) string {
	switch {
	case m.IsZero():
		return ""
	case m.days() == 0:
		return m.Clock()
	case m.days() == -1:
		return text.T(ctx, "time.yesterday", "Yesterday %s", m.Clock())
	}
	return m.Day() + ", " + m.Clock()
}

// Exact says day and time to the second, "Today, 09:59:12", "20 Nov, 09:42:10".
func (m Moment) Exact(ctx context.Context) string {
	clock := m.local().Format("15:04:05")
	switch {
	case m.IsZero():
		return ""
	case m.days() == 0:
		return text.T(ctx, "time.today_exact", "Today, %s", clock)
	}
	return m.Day() + ", " + clock
}

// Full says day and time, "20 Nov 2026, 09:42".
func (m Moment) Full() string {
	if m.IsZero() {
		return ""
	}
	return m.local().Format("2 Jan 2006, 15:04")
}

// Due says a deadline: "Due today, 18:00", "Due tomorrow", "Overdue since 20 Nov".
func (m Moment) Due(ctx context.Context) string {
	switch {
	case m.IsZero():
		return ""
	case m.At.Before(m.Now):
		return text.T(ctx, "time.overdue", "Overdue since %s", m.Short(ctx))
	case m.days() == 0:
		return text.T(ctx, "time.due_today", "Due today, %s", m.Clock())
	case m.days() == 1:
		return text.T(ctx, "time.due_tomorrow", "Due tomorrow")
	}
	return text.T(ctx, "time.due", "Due %s", m.Day())
}

// DueTone warns on the last day.
func (m Moment) DueTone() Tone {
	switch {
	case m.IsZero():
		return ""
	case m.At.Before(m.Now):
		return Bad
	case m.days() == 0:
		return Warn
	}
	return ""
}

// Duration says a length of time with the two units that matter: "64 ms", "1.8 s",
// "4 m", "2 h 14 m", "3 d 4 h".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d m", int(d.Minutes()))
	case d < 24*time.Hour:
		return twoUnits(int(d.Hours()), "h", int(d.Minutes())%60, "m")
	}
	return twoUnits(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func twoUnits(large int, largeUnit string, small int, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", large, largeUnit)
	}
	return fmt.Sprintf("%d %s %d %s", large, largeUnit, small, smallUnit)
}

// Money writes a decimal amount with its currency sign and two decimals at least:
// "€1,240.00". An amount that is no plain decimal is returned as it is.
func Money(amount, currency string) string {
	if !isDecimal(amount) {
		return amount
	}
	number, negative := strings.CutPrefix(Number(amount, 2), "-")
	sign := ""
	if negative {
		sign = "−"
	}
	if mark := CurrencySign(currency); mark != currency {
		return sign + mark + number
	}
	return strings.TrimSpace(sign + currency + "\u00a0" + number)
}

// CurrencySign gives the sign of common currencies, else the code itself.
func CurrencySign(currency string) string {
	switch currency {
	case "EUR":
		return "€"
	case "USD":
		return "$"
	case "GBP":
		return "£"
	case "JPY":
		return "¥"
	}
	return currency
}

// Number groups the digits of a decimal by thousands and pads it to at least
// minScale decimals: "1240.5" becomes "1,240.50". Digits are never dropped.
func Number(amount string, minScale int) string {
	if !isDecimal(amount) {
		return amount
	}
	digits, negative := strings.CutPrefix(amount, "-")
	whole, decimals, _ := strings.Cut(digits, ".")
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	if pad := minScale - len(decimals); pad > 0 {
		decimals += strings.Repeat("0", pad)
	}
	if decimals != "" {
		b.WriteString("." + decimals)
	}
	return b.String()
}

func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, decimals, point := strings.Cut(s, ".")
	return onlyDigits(whole) && (!point || onlyDigits(decimals))
}

func onlyDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
