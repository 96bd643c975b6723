package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
)

// RenameCollectionInGrants lets the grants of all roles follow a collection to its
// new name, in the transaction that renames it.
func (tx *Tx) RenameCollectionInGrants(ctx context.Context, old, fresh string) error {
	if _, err := tx.Exec(ctx, "UPDATE role_grants SET collection = ? WHERE collection = ?", fresh, old); err != nil {
		return fmt.Errorf("rename %s in grants: %w", old, err)
	}
	return tx.bump(ctx, rightsVersion)
}

// RenameFieldInGrants lets the grants of all roles follow a field to its new name.
func (tx *Tx) RenameFieldInGrants(ctx context.Context, collection, old, fresh string) error {
	if _, err := tx.Exec(ctx, "UPDATE role_grants SET scope_field = ? WHERE collection = ? AND scope_field = ?", fresh, collection, old); err != nil {
		return fmt.Errorf("rename %s.%s in grants: %w", collection, old, err)
	}
	lists := map[int64][]string{}
	rows, err := tx.Query(ctx, "SELECT id, fields FROM role_grants WHERE collection = ? AND fields IS NOT NULL", collection)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id int64
		var stored string
		var names []string
		if err := r.Scan(&id, &stored); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(stored), &names); err != nil {
			return fmt.Errorf("grant %d: %w", id, err)
		}
		if i := slices.Index(names, old); i >= 0 {
			names[i] = fresh
			lists[id] = names
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rename %s.%s in grants: %w", collection, old, err)
	}
	for id, names := range lists {
		list, err := json.Marshal(names)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE role_grants SET fields = ? WHERE id = ?", string(list), id); err != nil {
			return fmt.Errorf("rename %s.%s in grants: %w", collection, old, err)
		}
	}
	return tx.bump(ctx, rightsVersion)
}
