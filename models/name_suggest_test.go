package models_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

func TestSuggestName_FollowsTheTitle(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Amount": "amount", "Project name": "projectName", "  Line   item ": "lineItem", "VAT rate (%)": "vatRate", "Manager’s review": "managersReview",
		"Straße": "strasse", "Größe in cm": "grosseInCm", "Ærø": "aero", "2nd address": "ndAddress", "Floor 3b": "floor3b",
		"名前": "field", "": "field", "!!!": "field", strings.Repeat("word ", 30): "word" + strings.Repeat("Word", 11),
	} {
		got := models.SuggestName(title, "field", func(string) bool { return true })
		require.Equal(t, want, got, title)
		require.Zero(t, models.CheckFieldName(got), title)
	}
}

func TestSuggestName_OffersTheNearestFreeName(t *testing.T) {
	t.Parallel()
	taken := []string{"amount", "amount2"}
	require.Equal(t, "amount3", models.SuggestName("Amount", "field", func(name string) bool { return !slices.Contains(taken, name) }))
	long := strings.Repeat("a", 60)
	got := models.SuggestName(long, "field", func(name string) bool { return name != strings.Repeat("a", 48) })
	require.Equal(t, strings.Repeat("a", 47)+"2", got)
	require.Equal(t, "users2", models.SuggestName("Users", "collection", func(name string) bool { return models.CheckCollectionName(name).IsZero() }))
}
