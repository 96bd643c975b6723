package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"formrail/models/secret"
	"formrail/models/text"
)

// masterKeyFile lies in the data folder, never in the database or a backup.
const masterKeyFile = "master.key"

// masterKey is the key that seals all secrets: given when the database was opened, or
// kept in a file.
type masterKey struct {
	mu    sync.Mutex
	key   secret.Key
	known bool
}

// master gives the master key. Where nothing is sealed yet, the first use makes it.
func (db *DB) master(ctx context.Context, q Querier) (secret.Key, error) {
	db.sealing.mu.Lock()
	defer db.sealing.mu.Unlock()
	if db.sealing.known {
		return db.sealing.key, nil
	}
	file := filepath.Join(db.dir, masterKeyFile)
	written, err := os.ReadFile(file) //nolint:gosec // a constant name in our own folder
	switch {
	case errors.Is(err, fs.ErrNotExist):
		var sealed bool
		if err := q.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM secrets)").Scan(&sealed); err != nil {
			return secret.Key{}, fmt.Errorf("look for secrets: %w", storageError(err))
		}
		if sealed {
			return secret.Key{}, Unavailable("MASTER_KEY_MISSING",
				text.M("secret.no_key", "The master key is missing, so secrets cannot be opened. Put the file master.key back into the data folder."), 0)
		}
		if db.sealing.key, err = makeMasterKey(file); err != nil {
			return secret.Key{}, err
		}
	case err != nil:
		return secret.Key{}, fmt.Errorf("read master key: %w", err)
	default:
		if db.sealing.key, err = secret.ParseKey(string(written)); err != nil {
			return secret.Key{}, fmt.Errorf("read %s: %w", masterKeyFile, err)
		}
	}
	db.sealing.known = true
	return db.sealing.key, nil
}

// CheckMasterKey opens one secret, so that a missing or wrong master key is told when the
// server starts. The error is MASTER_KEY_MISSING or MASTER_KEY_WRONG.
func (db *DB) CheckMasterKey(ctx context.Context) error {
	var workflowID int64
	err := db.Read().QueryRow(ctx, "SELECT workflow_id FROM secrets ORDER BY id DESC LIMIT 1").Scan(&workflowID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for secrets: %w", storageError(err))
	}
	if _, err = db.OpenSecrets(ctx, workflowID); err != nil && !IsCode(err, "MASTER_KEY_MISSING") {
		return Unavailable("MASTER_KEY_WRONG", text.M("secret.wrong_key", "The master key is not the one that sealed the secrets of this installation."), 0).Because(err)
	}
	return err
}

// makeMasterKey writes a new key; it is durable when it returns. The file has its name
// once it is whole: an empty one, left by a full disk, would keep every secret from being
// sealed. A key that another process made meanwhile is not replaced.
func makeMasterKey(file string) (k secret.Key, err error) {
	k = secret.NewKey()
	f, err := os.CreateTemp(filepath.Dir(file), masterKeyFile+".*") // for its owner only
	if err != nil {
		return k, fmt.Errorf("make master key: %w", storageError(err))
	}
	defer func() { err = errors.Join(err, removeFile(f.Name())) }()
	_, err = f.WriteString(k.Encode() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return k, fmt.Errorf("write master key: %w", storageError(err))
	}
	if err := os.Link(f.Name(), file); err != nil {
		return k, fmt.Errorf("name master key: %w", storageError(err))
	}
	return k, syncFile(filepath.Dir(file))
}

// NewSealed is a secret that a setting of a workflow shall refer to.
type NewSealed struct {
	ID         string // empty = a new one
	WorkflowID int64
	Setting    string
	Content    secret.Value
	By         int64
}

func placeOf(id string) string { return "secrets:sealed:" + id }

// InsertSecret seals a secret and gives its id.
func InsertSecret(ctx context.Context, tx *Tx, in NewSealed) (string, error) {
	key, err := tx.db.master(ctx, tx)
	if err != nil {
		return "", err
	}
	id := in.ID
	if id == "" {
		id = NewID()
	}
	sealed, err := key.Seal(in.Content, placeOf(id))
	if err != nil {
		return "", fmt.Errorf("seal secret: %w", err)
	}
	err = tx.Queue(ctx, `INSERT INTO secrets (id, workflow_id, setting, sealed_key, sealed, created_by_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		id, in.WorkflowID, in.Setting, sealed.Key, sealed.Content, in.By, At(tx.Now()))
	if err != nil {
		return "", fmt.Errorf("store secret: %w", err)
	}
	return id, nil
}

// OpenSecrets opens all secrets of a workflow, by their ids.
func (db *DB) OpenSecrets(ctx context.Context, workflowID int64) (map[string]secret.Value, error) {
	out := map[string]secret.Value{}
	type row struct {
		id string
		s  secret.Sealed
	}
	var list []row
	rows, err := db.Read().Query(ctx, "SELECT id, sealed_key, sealed FROM secrets WHERE workflow_id = ?", workflowID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var one row
		err := r.Scan(&one.id, &one.s.Key, &one.s.Content)
		list = append(list, one)
		return err
	})
	if err != nil || len(list) == 0 {
		return out, storageError(err)
	}
	key, err := db.master(ctx, db.Read())
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if out[one.id], err = key.Open(one.s, placeOf(one.id)); err != nil {
			return nil, fmt.Errorf("open secret %s: %w", one.id, err)
		}
	}
	return out, nil
}

// SecretIDs lists the secrets of a setting of a workflow, newest first. An empty setting
// stands for all.
func SecretIDs(ctx context.Context, q Querier, workflowID int64, setting string) ([]string, error) {
	query, args := "SELECT id FROM secrets WHERE workflow_id = ?", []any{workflowID}
	if setting != "" {
		query += " AND setting = ?"
		args = append(args, setting)
	}
	rows, err := q.Query(ctx, query+" ORDER BY id DESC", args...)
	return ids(rows, err, "list secrets")
}
