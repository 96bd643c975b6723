package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
)

func TestCatalog_HasPeopleButNotTheirSecrets(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		cat, err := db.Catalog(context.Background())
		require.NoError(t, err)
		users, ok := cat.Collection("users")
		require.True(t, ok)
		require.True(t, users.System)
		for _, name := range []string{"id", "username", "nickname", "email", "manager", "managerId", "manager_id", "status", "locale", "timeZone", "time_zone"} {
			_, ok := users.Field(name)
			require.True(t, ok, name)
		}
		for _, name := range []string{"password_hash", "passwordHash", "epoch", "defaultRole", "phone"} {
			_, ok := users.Field(name)
			require.False(t, ok, name)
		}
	})
}

func TestCheckNames_RefusesReservedOnesInAnySpelling(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "A", "1a", "a-b", "a b", "a\"b", "users", "apiTokens", "api_tokens", "sysThing", "fr_x", "frX", "sqlite_master", "pg_class",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	} {
		m := models.CheckCollectionName(name)
		require.False(t, m.IsZero(), name)
	}
	for _, name := range []string{"id", "createdAt", "created_by_id", "_version", "$eq", "constructor", "startsWith", "starts_with", "nil", "a.b"} {
		m := models.CheckFieldName(name)
		require.False(t, m.IsZero(), name)
	}
	for _, name := range []string{"orders", "lineItems", "x", "framework", "system2"} {
		m := models.CheckFieldName(name)
		require.True(t, m.IsZero(), name)
	}
	require.Equal(t, "line_item", models.Snake("lineItem"))
	require.Equal(t, "line_item", models.Snake("line_item"))
}

func TestReadField_UnderstandsOtherSpellingsOfTypes(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]field.Kind{
		"string": field.Text, "input": field.Text, "textarea": field.LongText, "money": field.Number, "currency": field.Number,
		"checkbox": field.Boolean, "dateOnly": field.DateOnly, "radio": field.Select, "belongsTo": field.ManyToOne, "decimal": field.Number,
	} {
		f, problems := models.ReadField(map[string]any{"name": "a", "type": name})
		require.Empty(t, problems)
		require.Equal(t, kind, f.Kind)
		require.Equal(t, string(kind), f.Definition()["type"])
	}
}

// Functions that wait together share one physical transaction; one that changes the
// schema never does.
func TestWriteAlone_NeverSharesATransaction(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := context.Background()
		hold, holding := make(chan struct{}), make(chan struct{})
		done := make(chan error, 64)
		go func() {
			done <- db.Write(ctx, "test.hold", func(*models.Tx) error { close(holding); <-hold; return nil })
		}()
		<-holding
		running := 0 // functions of the transaction that runs
		enqueue := func(alone bool) {
			write := db.Write
			if alone {
				write = db.WriteAlone
			}
			go func() {
				done <- write(ctx, "test.write", func(tx *models.Tx) error {
					if alone && running > 0 {
						t.Errorf("%d functions share the transaction of a change of the schema", running)
					}
					running++
					tx.AfterCommit(func() {
						if alone && running != 1 {
							t.Error("others joined a change of the schema")
						}
						running--
					})
					return nil
				})
			}()
		}
		for i := range 30 {
			enqueue(i%5 == 0)
		}
		close(hold)
		for range 31 {
			require.NoError(t, <-done)
		}
		require.Zero(t, running)
	})
}
