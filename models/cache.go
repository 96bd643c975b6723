package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// Names of the versions that guard what is cached. A version grows in the
// transaction that changes what it stands for.
const (
	catalogVersion   = "catalog_version"   // collections and fields
	rightsVersion    = "rights_version"    // users, roles, grants, groups
	workflowsVersion = "workflows_version" // workflows and live versions
)

// caches hold what is derived from the database and may be forgotten at any time.
type caches struct {
	mu       sync.Mutex
	rebound  map[string]string // query text → text with numbered placeholders
	versions map[string]int64
	values   map[string]cached
	prepared map[string]*sql.Stmt // of readers, closed with their pool
}

type cached struct {
	version int64
	value   any
}

func newCaches() *caches {
	return &caches{rebound: map[string]string{}, versions: map[string]int64{}, values: map[string]cached{}, prepared: map[string]*sql.Stmt{}}
}

// bump raises a version inside a transaction; caches notice once it has committed.
func (tx *Tx) bump(ctx context.Context, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO meta (name, value) VALUES (?, '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)`, name)
	if err != nil {
		return fmt.Errorf("raise %s: %w", name, err)
	}
	var v int64
	if err := tx.QueryRow(ctx, "SELECT CAST(value AS BIGINT) FROM meta WHERE name = ?", name).Scan(&v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	tx.AfterCommit(func() { tx.db.caches.saw(name, v) })
	return nil
}

func (c *caches) saw(name string, version int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version > c.versions[name] {
		c.versions[name] = version
	}
}

func (c *caches) version(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.versions[name]
}

// RefreshVersions reads all versions from the database, so that changes made by
// other processes are noticed. The server calls it several times a second.
func (db *DB) RefreshVersions(ctx context.Context) error {
	rows, err := db.Read().Query(ctx, "SELECT name, value FROM meta WHERE name LIKE '%_version'")
	return Rows(rows, err, func(r *sql.Rows) error {
		var name, value string
		if err := r.Scan(&name, &value); err != nil {
			return err
		}
		v, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		db.caches.saw(name, v)
		return nil
	})
}

// cachedBy gives the value of key derived at the current version of guard,
// loading it when it is missing or old. Values are shared and must not be changed.
func cachedBy[V any](db *DB, guard, key string, load func() (V, error)) (V, error) {
	version := db.caches.version(guard)
	db.caches.mu.Lock()
	have, ok := db.caches.values[key]
	db.caches.mu.Unlock()
	if ok && have.version == version {
		if v, ok := have.value.(V); ok {
			return v, nil
		}
	}
	v, err := load()
	if err != nil {
		return v, err
	}
	db.caches.mu.Lock()
	defer db.caches.mu.Unlock()
	if len(db.caches.values) > maxCached {
		clear(db.caches.values)
	}
	db.caches.values[key] = cached{version: version, value: v}
	return v, nil
}

// maxCached bounds the number of cached values, mainly rights of people.
const maxCached = 20_000

// Meta reads a small fact of the installation; empty when it was never set.
func (db *DB) Meta(ctx context.Context, name string) (string, error) {
	var v string
	err := db.Read().QueryRow(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, storageError(err))
	}
	return v, nil
}

// SetMeta writes a small fact of the installation.
func (tx *Tx) SetMeta(ctx context.Context, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO meta (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
