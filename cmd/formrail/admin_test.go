package main

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// opened opens the installation of a test, as a command beside a server does.
func opened(t *testing.T, dir string) *models.DB {
	t.Helper()
	db, err := models.Open(t.Context(), models.Options{Dir: dir, Clock: wallClock{}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestHelp_NamesEveryCommand(t *testing.T) {
	t.Parallel()
	all := requireOK(t)
	for _, cmd := range commands() {
		require.Contains(t, all, "  "+cmd.name)
		require.Contains(t, requireOK(t, append([]string{"help"}, strings.Fields(cmd.name)...)...), cmd.summary)
		if cmd.name == "script-worker" || cmd.name == "version" {
			continue // they take no options
		}
		one := requireOK(t, append(strings.Fields(cmd.name), "--help")...)
		require.Contains(t, one, cmd.summary)
		bad := formrail(append(strings.Fields(cmd.name), "--nonsense")...)
		require.Equal(t, exitUsage, bad.code, cmd.name)
		require.Contains(t, bad.errors, "nonsense")
	}
	require.Contains(t, requireOK(t, "version"), "go1.")
}

func TestCommands_ExplainWhatIsWrongInASentence(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "nothing")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"fly"}, exitUsage, "There is no command fly."},
		{[]string{"user", "create", "--email", "a@example.com"}, exitUsage, "user create needs --name."},
		{[]string{"backup"}, exitUsage, "The words after backup do not fit."},
		{[]string{"serve", "--role", "web"}, exitUsage, "On SQLite one process does everything"},
		{[]string{"export"}, exitUsage, "Name workflows or --all"},
		{[]string{"run", "wf"}, exitUsage, "Set FORMRAIL_TOKEN"},
		{[]string{"doctor", "--data", nowhere}, exitFailed, "There is no installation in the folder"},
		{[]string{"token", "create", "--user", "a", "--data", nowhere}, exitFailed, "There is no installation in the folder"},
		{[]string{"copy", "--from", nowhere, "--to", t.TempDir()}, exitFailed, "There is no installation in the folder"},
	} {
		got := formrail(c.args...)
		require.Equal(t, c.code, got.code, c.args)
		require.Contains(t, got.errors, c.says)
		require.Empty(t, got.out)
	}
	require.NoDirExists(t, nowhere, "a command that finds nothing makes nothing")
}

func TestUserCreate_MakesOneFirstAdministrator(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	create := func(password string, more ...string) said {
		return formrailWith(input{stdin: password}, append([]string{"user", "create", "--data", dir}, more...)...)
	}
	again := create("nine grey otters knit", "--email", "eve@example.com", "--name", "Eve", "--role", "root")
	require.Equal(t, exitFailed, again.code)
	require.Contains(t, again.errors, "This installation has an owner already.")
	weak := create("short\n", "--email", "ana@example.com", "--name", "Ana", "--role", "designer")
	require.Equal(t, exitFailed, weak.code)
	unknown := create("nine grey otters knit", "--email", "ana@example.com", "--name", "Ana", "--role", "boss")
	require.Contains(t, unknown.errors, "There is no role named boss.")
	require.Zero(t, create("nine grey otters knit\r\n", "--email", "ana@example.com", "--name", "Ana", "--role", "designer").code)

	db := opened(t, dir)
	for _, account := range []string{"robin@example.com", "ana@example.com"} {
		_, err := models.NewPasswords(db).Check(t.Context(), account, "nine grey otters knit")
		require.NoError(t, err)
	}
	log, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "user.create"})
	require.NoError(t, err)
	require.Len(t, log, 2, "what was refused left nothing")
}

func TestTokenCreate_PrintsOnlyATokenThatWorks(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	out := requireOK(t, "token", "create", "--data", dir, "--user", "robin@example.com", "--name", "CI")
	secret := strings.TrimSuffix(out, "\n")
	require.Regexp(t, `^frl_[A-Za-z0-9_-]{43}$`, secret)
	p, err := opened(t, dir).Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, models.TokenPrincipal, p.Kind)
	require.True(t, p.HasScope("records:write:anything"))
	nobody := formrail("token", "create", "--data", dir, "--user", "nobody@example.com")
	require.Contains(t, nobody.errors, "There is nobody named nobody@example.com.")
	role := formrail("token", "create", "--data", dir, "--user", "robin@example.com", "--role", "designer")
	require.Contains(t, role.errors, "You do not have this role.")
}

func TestDoctor_ExitsWithOneOnADefect(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	require.Contains(t, requireOK(t, "doctor", "--data", dir), "No defects were found.")
	db := opened(t, dir)
	require.NoError(t, db.Write(t.Context(), "test", func(tx *models.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO task_candidates (task_id, user_id) SELECT '', 1 WHERE 1 = 0")
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), `INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, trigger_data, trigger_type, principal, root_id, created_at)
			VALUES ('stuck', 1, 1, '', 'waiting', '{}', 'post_action', 'user:1', 'stuck', 1)`)
		return err
	}))
	got := formrail("doctor", "--data", dir)
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.out, "Defect (Q1): a live execution without any reason to move on: stuck, waiting")
	require.NotContains(t, got.out, "No defects")
}

func TestBackup_RestoresAndIsChecked(t *testing.T) {
	t.Parallel()
	dir, file, fresh := installation(t), filepath.Join(t.TempDir(), "today.backup"), t.TempDir()
	require.Contains(t, requireOK(t, "backup", file, "--data", dir), "complete and verified")
	require.Contains(t, requireOK(t, "doctor", "--backup", file), "No defects were found.")
	requireOK(t, "restore", file, "--data", fresh)
	again := formrail("restore", file, "--data", fresh)
	require.Equal(t, exitFailed, again.code)
	require.Contains(t, again.errors, "Add --force to replace it.")
	requireOK(t, "restore", "--force", file, "--data", fresh)

	db := opened(t, fresh)
	has, err := models.HasRoot(t.Context(), db.Read())
	require.NoError(t, err)
	require.True(t, has)
	mark, err := db.Meta(t.Context(), models.RestoredAt)
	require.NoError(t, err)
	require.NotEmpty(t, mark)
	log, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "instance.restore"})
	require.NoError(t, err)
	require.Len(t, log, 1)

	data, err := os.ReadFile(file)
	require.NoError(t, err)
	at := strings.Index(string(data), "robin@example.com")
	require.Positive(t, at)
	data[at] = 'R'
	altered := filepath.Join(t.TempDir(), "altered.backup")
	require.NoError(t, os.WriteFile(altered, data, 0o600))
	for _, args := range [][]string{{"restore", altered, "--data", t.TempDir()}, {"doctor", "--backup", altered}} {
		got := formrail(args...)
		require.Equal(t, exitFailed, got.code, args)
		require.Contains(t, got.errors, "is damaged")
	}
}

// postgres makes an empty PostgreSQL database and gives its address.
func postgres(t *testing.T) string {
	t.Helper()
	var name string
	require.NoError(t, modelstest.NewPostgres(t).Read().QueryRow(context.Background(), "SELECT current_database()").Scan(&name))
	u, err := url.Parse(os.Getenv("FORMRAIL_TEST_POSTGRES"))
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func TestCopy_MovesToPostgreSQLAndBack(t *testing.T) {
	t.Parallel()
	there, again := postgres(t), postgres(t)
	dir, back, file := installation(t), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	require.Contains(t, requireOK(t, "copy", "--from", dir, "--to", there), "Counts and hashes agree on both sides.")
	require.Contains(t, requireOK(t, "doctor", "--database-url", there), "No defects were found.")
	full := formrail("copy", "--from", dir, "--to", there)
	require.Equal(t, exitFailed, full.code)
	require.Contains(t, full.errors, "The target holds data already.")
	requireOK(t, "copy", "--from", there, "--to", back)

	okWith(t, input{env: map[string]string{"DATABASE_URL": there}}, "backup", file)
	requireOK(t, "restore", file, "--database-url", again)
	for _, args := range [][]string{{"--data", back}, {"--database-url", again}} {
		out := requireOK(t, append([]string{"token", "create", "--user", "robin@example.com"}, args...)...)
		require.Regexp(t, "^frl_", out)
	}
}
