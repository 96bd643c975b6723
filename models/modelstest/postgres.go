package modelstest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/migrations"
)

// Settings of the environment.
const (
	postgresServer = "FORMRAIL_TEST_POSTGRES" // address of a server where databases may be created
	required       = "FORMRAIL_REQUIRE"       // list of what must not be skipped
)

// NewPostgres gives a migrated PostgreSQL database of the test's own. It skips the
// test when no server is named, and fails it when one is required.
func NewPostgres(t testing.TB) *models.DB {
	t.Helper()
	return NewPostgresAt(t, NewClock())
}

// NewPostgresAt is [NewPostgres] with a clock.
func NewPostgresAt(t testing.TB, clock models.Clock) *models.DB {
	t.Helper()
	return open(t, models.Options{Dir: t.TempDir(), URL: emptyPostgres(t), Clock: clock})
}

// NewShared gives a migrated PostgreSQL database as one of several processes on it sees
// it, with its address. Further ones join by [Join].
func NewShared(t testing.TB) (*models.DB, string) {
	t.Helper()
	address := emptyPostgres(t)
	return Join(t, address), address
}

// Join opens a database that other processes share.
func Join(t testing.TB, address string) *models.DB {
	t.Helper()
	return JoinAt(t, address, models.ClockFunc(time.Now))
}

// JoinAt is [Join] with a clock of the process, which a shared database corrects.
func JoinAt(t testing.TB, address string, clock models.Clock) *models.DB {
	t.Helper()
	return open(t, models.Options{Dir: t.TempDir(), URL: address, Clock: clock, Shared: true})
}

// emptyPostgres gives the address of a migrated database of the test's own.
func emptyPostgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(postgresServer)
	if server == "" {
		if strings.Contains(os.Getenv(required), "postgres") {
			t.Fatalf("%s asks for PostgreSQL, but %s names no server", required, postgresServer)
		}
		t.Skipf("SKIPPED: set %s to a server to run this on PostgreSQL", postgresServer)
	}
	template, err := postgresTemplate()
	require.NoError(t, err)
	name := "fr_test_" + strings.ToLower(models.NewID())
	require.NoError(t, onServer(server, "CREATE DATABASE "+name+" TEMPLATE "+template))
	t.Cleanup(func() { require.NoError(t, onServer(server, "DROP DATABASE "+name+" WITH (FORCE)")) })
	address, err := withDatabase(server, name)
	require.NoError(t, err)
	return address
}

// templateLock is held while a template is made: several test binaries share it.
const templateLock = 7406125911

// postgresTemplate makes a migrated database whose name tells its migrations, or
// finds the one another test binary has made.
var postgresTemplate = sync.OnceValues(func() (name string, err error) {
	ctx, server := context.Background(), os.Getenv(postgresServer)
	if name, err = templateName(); err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("connect to %s: %w", postgresServer, err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return "", err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	making := name + "_making" // renamed when complete, so that a half-made one is never used
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + making, "CREATE DATABASE " + making} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	address, err := withDatabase(server, making)
	if err != nil {
		return "", err
	}
	db, err := models.Open(ctx, models.Options{Dir: os.TempDir(), URL: address, Clock: NewClock(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	if err := db.Close(); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name)
	return name, err
})

// templateName is made of the content of all migrations.
func templateName() (string, error) {
	files, err := migrations.For(string(models.Postgres))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s\n%s\n", path, text)
		return err
	})
	return "fr_template_" + hex.EncodeToString(h.Sum(nil))[:16], err
}

// onServer runs one statement on the server itself.
func onServer(server, statement string) (err error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", postgresServer, err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", postgresServer, err)
	}
	u.Path = "/" + name
	return u.String(), nil
}
