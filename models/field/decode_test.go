package field_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

func TestDecode_CompletesAndChecksTheEntriesOfLists(t *testing.T) {
	t.Parallel()
	form := []field.Field{
		{Name: "input", Kind: field.List, Label: "Input", Items: []field.Field{
			{Name: "name", Kind: field.Text, Label: "Name", Required: true, Pattern: "[a-z]+", MaxLength: 5},
			{Name: "type", Kind: field.Select, Label: "Type", Default: "text", Options: field.Choices("text", "Text", "choice", "Choice")},
			{Name: "options", Kind: field.Texts, Label: "Options", Required: true, When: &field.When{Field: "type", Values: []string{"choice"}}},
		}},
		{Name: "auth", Kind: field.Group, Label: "Sign-in", Items: []field.Field{{Name: "user", Kind: field.Text, Label: "User", Default: "me"}}},
	}
	type row struct {
		Name    string   `json:"name"`
		Type    string   `json:"type"`
		Options []string `json:"options"`
	}
	type config struct {
		Input []row `json:"input"`
		Auth  struct {
			User string `json:"user"`
		} `json:"auth"`
	}
	var c config
	object := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1] //nolint:forcetypeassert // of the test
		}
		return m
	}
	problems := field.Decode(form, object("input", []any{
		object("name", "ab"), object("name", "c", "type", "choice", "options", []any{"x", "y"}),
	}, "auth", object()), &c)
	require.Empty(t, problems)
	require.Equal(t, []row{{Name: "ab", Type: "text"}, {Name: "c", Type: "choice", Options: []string{"x", "y"}}}, c.Input)
	require.Equal(t, "me", c.Auth.User)

	wrong := func(entry any) []string {
		var at []string
		for _, p := range field.Decode(form, object("input", []any{object("name", "a"), entry}), &config{}) {
			at = append(at, p.Field+" "+p.Code)
		}
		return at
	}
	require.Equal(t, []string{"input.1.name MISSING"}, wrong(object()))
	require.Equal(t, []string{"input.1.name DEFINITION_INVALID"}, wrong(object("name", "A1")))
	require.Equal(t, []string{"input.1.name DEFINITION_INVALID"}, wrong(object("name", "abcdef")))
	require.Equal(t, []string{"input.1.colour DEFINITION_INVALID"}, wrong(object("name", "a", "colour", "red")))
	require.Equal(t, []string{"input.1.options MISSING"}, wrong(object("name", "a", "type", "choice")))
	require.Equal(t, []string{"input.1.type DEFINITION_INVALID"}, wrong(object("name", "a", "type", "file")))
	require.Equal(t, []string{"input.1 DEFINITION_INVALID"}, wrong("text"))
}
