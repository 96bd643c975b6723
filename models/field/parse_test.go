package field_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

func berlin(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return zone
}

func TestField_ParsesIntoCanonicalForm(t *testing.T) {
	t.Parallel()
	form := field.ParseContext{FromForm: true, Zone: berlin(t)}
	api := field.ParseContext{Zone: berlin(t)}
	noon := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	money := field.Field{Kind: field.Number, Scale: 2}
	status := field.Field{Kind: field.Select, Options: []field.Option{{Value: "new"}, {Value: "old", Archived: true}}}
	kind := func(k field.Kind) field.Field { return field.Field{Kind: k} }
	for _, tt := range []struct {
		name string
		f    field.Field
		in   field.ParseContext
		give any
		want any
	}{
		{"text is trimmed", kind(field.Text), api, "  a ", "a"},
		{"text is composed", kind(field.Text), api, "a\u0308", "ä"},
		{"empty text is nothing", kind(field.Text), api, "  ", nil},
		{"long text keeps line breaks", kind(field.LongText), api, "a\r\nb", "a\r\nb"},
		{"a browser's line breaks are made plain", kind(field.LongText), form, "a\r\nb", "a\nb"},
		{"whole number", kind(field.Integer), api, int64(5), int64(5)},
		{"whole decimal", kind(field.Integer), api, dec(t, "5.0"), int64(5)},
		{"number from a form", kind(field.Integer), form, " 42 ", int64(42)},
		{"nothing from a form", kind(field.Integer), form, "", nil},
		{"money from a whole number", money, api, int64(5), dec(t, "5")},
		{"money from a form", money, form, "12.50", dec(t, "12.5")},
		{"data nodes round half away from zero", money, field.ParseContext{RoundExcess: true}, dec(t, "-2.345"), dec(t, "-2.35")},
		{"yes", kind(field.Boolean), api, false, false},
		{"yes from a checkbox", kind(field.Boolean), form, "on", true},
		{"day", kind(field.DateOnly), api, "2024-02-29", field.Date("2024-02-29")},
		{"day of an instant in the zone", kind(field.DateOnly), api, "2026-07-01T23:30:00.000Z", field.Date("2026-07-02")},
		{"instant with offset", kind(field.DateTime), api, "2026-07-01T12:00:00+02:00", noon},
		{"instant without offset is read in the zone", kind(field.DateTime), form, "2026-07-01T12:00", noon},
		{"day as an instant", kind(field.DateTime), api, "2026-07-01", noon.Add(-12 * time.Hour)},
		{"digits below the millisecond are cut off", kind(field.DateTime), api, "2026-07-01 10:00:00.123456Z", noon.Add(123 * time.Millisecond)},
		{"option", status, api, "new", "new"},
		{"archived option that is stored", status, field.ParseContext{Stored: "old"}, "old", "old"},
		{"link", kind(field.User), api, int64(3), int64(3)},
		{"link as an object", kind(field.ManyToOne), api, map[string]any{"id": int64(3)}, int64(3)},
		{"link from a form", kind(field.ManyToOne), form, "3", int64(3)},
		{"null", money, api, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, found := tt.f.Parse(tt.give, tt.in)
			require.Empty(t, found)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestField_ReadsNumbersAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	money := field.Field{Label: "Cost", Kind: field.Number, Scale: 2}
	for typed, want := range map[string]string{
		"1200.50": "1200.50", "1,200.50": "1200.50", "1200,50": "1200.50", "1.200,50": "1200.50", "1 200,50": "1200.50", "1\u00a0200.5": "1200.5", "1'200.50": "1200.50",
		"1,200": "1200", "1,5": "1.5", "12,3": "12.3", "1,234,567": "1234567", "1.234.567": "1234567", "1,234,567.89": "1234567.89", "-1.234,5": "-1234.5", "0,5": "0.5", "1.200": "1.2",
		"12,34,56": "", "1,20,300": "", "1.2.3": "", "1,200.50.1": "", "1,2.5": "", ",": "", "1,200,5": "", "a": "",
	} {
		got, found := money.Parse(typed, field.ParseContext{FromForm: true})
		if want == "" {
			require.NotEmpty(t, found, typed)
			continue
		}
		require.Empty(t, found, typed)
		number, err := field.ParseDecimal(want)
		require.NoError(t, err)
		require.Zero(t, number.Cmp(got.(field.Decimal)), "%s: %s", typed, got)
	}
	_, found := money.Parse("1200", field.ParseContext{})
	require.NotEmpty(t, found, "a text is no number outside of forms")
}

func TestField_RefusesInPlainWords(t *testing.T) {
	t.Parallel()
	amount := func(k field.Kind) field.Field {
		return field.Field{Name: "amount", Label: "Amount", Kind: k, Min: field.Bound("0.01"), Max: field.Bound("100"), Scale: 2}
	}
	word := field.Field{Name: "code", Kind: field.Text, MinLength: 2, MaxLength: 4, Pattern: "[a-z]+|9"}
	day := field.Field{Name: "d", Label: "Day", Kind: field.DateOnly, MinDate: "2026-01-01", MaxDate: "2026-12-31"}
	at := day
	at.Kind = field.DateTime
	form := field.ParseContext{FromForm: true}
	old := field.Field{Label: "Status", Kind: field.Select, Options: []field.Option{{Value: "old", Archived: true}}}
	for _, tt := range []struct {
		f    field.Field
		in   field.ParseContext
		give any
		want string
	}{
		{amount(field.Number), form, "0", "Amount must be at least 0.01."},
		{amount(field.Number), form, "100.01", "Amount must be at most 100."},
		{amount(field.Number), form, "1,5,5", "Amount must be a number, for example 1234.5."},
		{amount(field.Number), form, "1.555", "Amount must have at most 2 digits after the point."},
		{amount(field.Number), field.ParseContext{}, "1", "Amount must be a number, for example 1234.5."},
		{field.Field{Label: "N", Kind: field.Number, Scale: 2}, form, "99999999999999", "N must have at most 13 digits before the point."},
		{field.Field{Label: "N", Kind: field.Number}, form, "1.5", "N must be a whole number."},
		{field.Field{Label: "N", Kind: field.Integer}, form, "1.5", "N must be a whole number."},
		{field.Field{Label: "N", Kind: field.Integer}, form, "9007199254740992", "N must be between -9,007,199,254,740,991 and 9,007,199,254,740,991."},
		{word, form, "a", "code must have at least 2 characters."},
		{word, form, "abcde", "code must have at most 4 characters."},
		{word, form, "ab9", "code does not have the expected form."},
		{word, form, "a\nb", "code must be one line."},
		{word, form, "a\x00b", "code contains characters that cannot be stored."},
		{word, form, "a\xff", "code contains characters that cannot be stored."},
		{word, field.ParseContext{}, int64(1), "code must be text."},
		{field.Field{Label: "T", Kind: field.Text}, form, strings.Repeat("ä", 256), "T must have at most 255 characters."},
		{day, form, "2025-12-31", "Day must not be before 2026-01-01."},
		{day, form, "2027-01-01", "Day must not be after 2026-12-31."},
		{day, form, "2026-02-30", "Day must be a date such as 2026-11-22."},
		{day, form, "0000-01-01", "Day must be a date such as 2026-11-22."},
		{at, form, "2027-01-01T00:00", "Day must not be after 2026-12-31."},
		{at, form, "2026-01-01T9:00", "Day must be a date and time such as 2026-11-22T09:30."},
		{old, form, "old", "Status must be one of the listed options."},
		{field.Field{Label: "S", Kind: field.Select, Options: append(field.Choices("a", "First", "b", "Second"), old.Options...)}, form, "First", "S must be one of these: “First”, “Second”."},
		{field.Field{Label: "B", Kind: field.Boolean}, field.ParseContext{}, "true", "B must be yes or no."},
		{field.Field{Label: "L", Kind: field.User}, field.ParseContext{}, "3", "L must be the number of a record."},
		{field.Field{Label: "L", Kind: field.User}, field.ParseContext{}, int64(0), "L must be the number of a record."},
	} {
		got, found := tt.f.Parse(tt.give, tt.in)
		require.Nil(t, got)
		require.Len(t, found, 1, tt.want)
		require.Equal(t, tt.want, found[0].Message.String())
		require.Equal(t, tt.f.Name, found[0].Field)
		require.NotEmpty(t, found[0].Code)
	}
	last, found := at.Parse("2026-12-31T23:59:59.999", form)
	require.Empty(t, found, "the last day is part of the range")
	require.NotNil(t, last)
}

func TestField_ParsesEveryRecordKind(t *testing.T) {
	t.Parallel()
	for _, k := range field.Kinds() {
		parse := func() { _, _ = field.Field{Kind: k}.Parse(int64(1), field.ParseContext{}) }
		if k.Record() {
			require.NotPanics(t, parse, k)
		} else {
			require.Panics(t, parse, k)
		}
	}
}

func TestParseDuration_ReadsNumberAndUnit(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]field.Span{
		"90s": {Clock: 90 * time.Second}, "15m": {Clock: 15 * time.Minute}, "2h": {Clock: 2 * time.Hour},
		"3d": {Days: 3}, "1w": {Days: 7}, "1mo": {Months: 1}, "0s": {},
	} {
		got, err := field.ParseDuration(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "m", "1", "1.5h", "-1h", "1y", "1 h", "999999999m", "9999999999s"} {
		_, err := field.ParseDuration(in)
		require.ErrorIs(t, err, field.ErrNotDuration, in)
	}
}

func TestSpan_MovesOnTheCalendar(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	before := time.Date(2026, 3, 28, 9, 0, 0, 0, zone) // the clock goes forward that night
	require.Equal(t, 9, field.Span{Days: 1}.AddTo(before, zone).In(zone).Hour())
	require.Equal(t, 10, field.Span{Clock: 24 * time.Hour}.AddTo(before, zone).In(zone).Hour())
	end := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	require.Equal(t, "2026-02-28T09:00:00.000Z", field.FormatTime(field.Span{Months: 1}.AddTo(end, time.UTC)))
	require.Equal(t, "2025-12-31T09:00:00.000Z", field.FormatTime(field.Span{Months: 1}.Negative().AddTo(end, time.UTC)))
}
