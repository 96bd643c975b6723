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
	if err := tx.forgetGrants(ctx, fresh, old); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE role_grants SET collection = ? WHERE collection = ?", fresh, old); err != nil {
		return fmt.Errorf("rename %s in grants: %w", old, err)
	}
	return tx.bump(ctx, rightsVersion)
}

// ForgetCollectionInGrants ends the grants of all roles on a name: who makes a
// collection under the name of a dropped one shows it to nobody yet.
func (tx *Tx) ForgetCollectionInGrants(ctx context.Context, name string) error {
	return tx.forgetGrants(ctx, name, "")
}

// forgetGrants ends the grants on a name that a dropped collection left, but for
// those on the name that a living one bears.
func (tx *Tx) forgetGrants(ctx context.Context, name, living string) error {
	_, err := tx.Exec(ctx, `DELETE FROM role_grants WHERE collection <> ? AND (collection = ?
		OR collection IN (SELECT name FROM collections WHERE snake = ? AND deleted_at <> 0))`, living, name, Snake(name))
	if err != nil {
		return fmt.Errorf("forget %s in grants: %w", name, err)
	}
	return tx.bump(ctx, rightsVersion)
}

// RenameFieldInGrants lets the grants of all roles follow a field to its new name.
func (tx *Tx) RenameFieldInGrants(ctx context.Context, collection, old, fresh string) error {
	if Snake(old) != Snake(fresh) {
		if err := tx.ForgetFieldInGrants(ctx, collection, fresh); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE role_grants SET scope_field = ? WHERE collection = ? AND scope_field = ?", fresh, collection, old); err != nil {
		return fmt.Errorf("rename %s.%s in grants: %w", collection, old, err)
	}
	return tx.fieldInGrants(ctx, collection, old, func(names []string, i int) []string {
		names[i] = fresh
		return names
	})
}

// ForgetFieldInGrants takes a name out of the grants of all roles: who adds a
// field under the name of a dropped one shows it to nobody yet. A grant whose
// scope was that field ends.
func (tx *Tx) ForgetFieldInGrants(ctx context.Context, collection, name string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM role_grants WHERE collection = ? AND scope_field = ?", collection, name); err != nil {
		return fmt.Errorf("forget %s.%s in grants: %w", collection, name, err)
	}
	return tx.fieldInGrants(ctx, collection, name, func(names []string, i int) []string { return slices.Delete(names, i, i+1) })
}

// fieldInGrants changes the lists of fields that hold a name.
func (tx *Tx) fieldInGrants(ctx context.Context, collection, name string, change func(names []string, at int) []string) error {
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
		if i := slices.IndexFunc(names, func(n string) bool { return Snake(n) == Snake(name) }); i >= 0 {
			lists[id] = change(names, i)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s.%s in grants: %w", collection, name, err)
	}
	for id, names := range lists {
		list, err := json.Marshal(names)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE role_grants SET fields = ? WHERE id = ?", string(list), id); err != nil {
			return fmt.Errorf("%s.%s in grants: %w", collection, name, err)
		}
	}
	return tx.bump(ctx, rightsVersion)
}
