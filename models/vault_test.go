package models_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/secret"
)

func sealOne(t *testing.T, db *models.DB, workflowID int64, content string) (id string) {
	t.Helper()
	require.NoError(t, db.Write(t.Context(), "test.secret", func(tx *models.Tx) (err error) {
		id, err = models.InsertSecret(t.Context(), tx, models.NewSealed{WorkflowID: workflowID, Setting: "auth.password", Content: secret.New(content)})
		return err
	}))
	return id
}

func TestVault_OpensWhatItSealed(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	require.NoError(t, db.CheckMasterKey(t.Context()), "without secrets no key is needed")
	_, err := os.Stat(filepath.Join(db.Dir(), "master.key"))
	require.ErrorIs(t, err, os.ErrNotExist)
	one, two := sealOne(t, db, 7, "canary-one"), sealOne(t, db, 7, "canary-two")
	sealOne(t, db, 8, "canary-of-another")
	open, err := db.OpenSecrets(t.Context(), 7)
	require.NoError(t, err)
	require.Len(t, open, 2, "a workflow sees its own only")
	require.Equal(t, []string{"canary-one", "canary-two"}, []string{open[one].Reveal(), open[two].Reveal()})
	ids, err := models.SecretIDs(t.Context(), db.Read(), 7, "auth.password")
	require.NoError(t, err)
	require.Equal(t, []string{two, one}, ids, "newest first")
	info, err := os.Stat(filepath.Join(db.Dir(), "master.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	written, err := filepath.Glob(filepath.Join(db.Dir(), "master.key*"))
	require.NoError(t, err)
	require.Len(t, written, 1, "nothing else holds the key")
	require.NoError(t, db.CheckMasterKey(t.Context()))
}

func TestVault_SaysThatItsKeyIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	with := func(do func(db *models.DB)) {
		db, err := models.Open(t.Context(), models.Options{Dir: dir, Clock: modelstest.NewClock(), Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		do(db)
		require.NoError(t, db.Close())
	}
	with(func(db *models.DB) { sealOne(t, db, 7, "canary-one") })
	file := filepath.Join(dir, "master.key")
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	with(func(db *models.DB) {
		_, err = db.OpenSecrets(t.Context(), 7)
		require.True(t, models.IsCode(err, "MASTER_KEY_MISSING"), "%v", err)
		require.True(t, models.IsCode(db.CheckMasterKey(t.Context()), "MASTER_KEY_MISSING"))
		_, err = os.Stat(file)
		require.ErrorIs(t, err, os.ErrNotExist, "no other key is made meanwhile")
	})
	require.NoError(t, os.WriteFile(file, []byte(secret.NewKey().Encode()), 0o600))
	with(func(db *models.DB) {
		require.True(t, models.IsCode(db.CheckMasterKey(t.Context()), "MASTER_KEY_WRONG"))
	})
	require.NoError(t, os.WriteFile(file, written, 0o600))
	with(func(db *models.DB) { require.NoError(t, db.CheckMasterKey(t.Context())) })
}
