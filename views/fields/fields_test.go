package fields_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/viewstest"
)

func kinds() []field.Kind {
	return []field.Kind{field.Text, field.LongText, field.Integer, field.Number, field.Boolean, field.DateOnly, field.DateTime, field.Select, field.User, field.ManyToOne}
}

func TestInput_IsOneLabelledControlPerKind(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			root := viewstest.Parse(t, viewstest.Render(t, fields.Input(fields.Props{
				Field: field.Field{Name: "amount", Kind: kind, Label: "Amount", Help: "Say how much", Required: true}, Problem: "Too small",
			})))
			require.Empty(t, viewstest.Faults(root))
			controls := viewstest.All(root, viewstest.Tag("input", "select", "textarea"))
			require.Len(t, controls, 1)
			name, _ := viewstest.Attr(controls[0], "name")
			require.Equal(t, "amount", name)
			invalid, _ := viewstest.Attr(controls[0], "aria-invalid")
			require.Equal(t, "true", invalid)
			described, _ := viewstest.Attr(controls[0], "aria-describedby")
			require.Equal(t, "field-amount-hint field-amount-err", described)
		})
	}
}

func TestInput_KeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	for _, kind := range []field.Kind{field.Text, field.LongText, field.Integer, field.Number} {
		html := viewstest.Render(t, fields.Input(fields.Props{Field: field.Field{Name: "f", Kind: kind, Label: "F"}, Value: `"><script>`}))
		require.NotContains(t, html, "<script>", kind)
		require.Contains(t, html, "&lt;script&gt;", kind)
	}
}

func TestInput_OffersArchivedOptionsOnlyWhileTheRecordHasThem(t *testing.T) {
	t.Parallel()
	f := field.Field{Name: "s", Kind: field.Select, Label: "S", Options: []field.Option{{Value: "new", Label: "New"}, {Value: "old", Label: "Old", Archived: true}}}
	require.NotContains(t, viewstest.Render(t, fields.Input(fields.Props{Field: f, Value: "new"})), "Old")
	require.Contains(t, viewstest.Render(t, fields.Input(fields.Props{Field: f, Value: "old"})), "Old")
}

func TestInput_SendsReadOnlyChoices(t *testing.T) {
	t.Parallel()
	f := field.Field{Name: "s", Kind: field.Select, Label: "S", Options: field.Choices("a", "A")}
	html := viewstest.Render(t, fields.Input(fields.Props{Field: f, Value: "a", ReadOnly: true}))
	require.Contains(t, html, `<input type="hidden" name="s" value="a">`)
}

func TestPlain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for want, s := range map[string]fields.Shown{
		"€640.00":     {Field: field.Field{Kind: field.Number, Currency: "EUR", Scale: 2}, Value: "640"},
		"1,089":       {Field: field.Field{Kind: field.Integer}, Value: "1089"},
		"18 Nov 2026": {Field: field.Field{Kind: field.DateOnly}, Value: "2026-11-18"},
		"Today 09:00": {Field: field.Field{Kind: field.DateTime}, At: ui.At(now.Add(-time.Hour), now)},
		"Open":        {Field: field.Field{Kind: field.Select, Options: field.Choices("o", "Open")}, Value: "o"},
		"gone":        {Field: field.Field{Kind: field.Select}, Value: "gone"},
		"Jun Tanaka":  {Field: field.Field{Kind: field.User}, Value: "44", Label: "Jun Tanaka"},
		"Yes":         {Field: field.Field{Kind: field.Boolean}, Value: "true"},
		"two lines":   {Field: field.Field{Kind: field.LongText}, Value: "two\nlines"},
		"":            {Field: field.Field{Kind: field.Text}},
	} {
		require.Equal(t, want, fields.Plain(t.Context(), s))
	}
}

func TestHead_NamesTheUnitAndAligns(t *testing.T) {
	t.Parallel()
	f := field.Field{Kind: field.Number, Label: "Amount", Currency: "EUR"}
	require.Equal(t, "Amount, €", fields.HeadLabel(f))
	require.Equal(t, "r", fields.HeadClass(f))
	require.Equal(t, "r num", fields.CellClass(f))
}
