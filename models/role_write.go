package models

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"formrail/models/text"
)

// NewRole describes a role to create.
type NewRole struct {
	Name        string // stable key: lower-case letters, digits and underscores
	Title       string
	Description string
	Rights      []string
}

// CreateRole creates a role. It needs role.manage and every right in it.
func CreateRole(ctx context.Context, tx *Tx, by Access, in NewRole) error {
	if err := changeRoles(ctx, tx, by); err != nil {
		return err
	}
	if !regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`).MatchString(in.Name) {
		return InvalidFields([]FieldError{{
			Field: "name", Code: "VALIDATION_FAILED",
			Message: text.M("role.name", "A key has 2 to 40 lower-case letters, digits or underscores and begins with a letter."),
		}})
	}
	if err := checkTitle("title", &in.Title); err != nil {
		return err
	}
	roles, err := rolesIn(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := findRole(roles, in.Name); err == nil || in.Name == "anonymous" {
		return InvalidFields([]FieldError{{Field: "name", Code: "NOT_UNIQUE", Message: text.M("role.taken", "There is a role with this key already.")}})
	}
	if err := mayGiveRights(by, in.Rights); err != nil {
		return err
	}
	role := Role{Name: in.Name, Title: in.Title, Description: storable(in.Description, 500), Rights: in.Rights}
	if err := insertRole(ctx, tx, role); err != nil {
		return err
	}
	return Audit(ctx, tx, auditRole(by.Principal, "role.create", role, in.Rights...))
}

// RoleChange names what changes about a role; nil leaves a value as it is.
type RoleChange struct {
	Name        string
	Title       *string
	Description *string
	Rights      *[]string
	ForNew      bool // make it the one that new people get
}

// UpdateRole changes a role. Added rights must be held by the caller.
func UpdateRole(ctx context.Context, tx *Tx, by Access, in RoleChange) error {
	role, err := roleToChange(ctx, tx, by, in.Name)
	if err != nil {
		return err
	}
	var changed []string
	if in.Title != nil {
		role.Title = *in.Title
		changed = append(changed, "title")
		if err := checkTitle("title", &role.Title); err != nil {
			return err
		}
	}
	if in.Description != nil {
		role.Description = storable(*in.Description, 500)
		changed = append(changed, "description")
	}
	if in.Rights != nil {
		if role.Builtin {
			return builtinRole()
		}
		added := slices.DeleteFunc(slices.Clone(*in.Rights), func(r string) bool { return slices.Contains(role.Rights, r) })
		if err := mayGiveRights(by, added); err != nil {
			return err
		}
		role.Rights = *in.Rights
		changed = append(changed, "rights")
	}
	if in.ForNew {
		if !by.CoversRole(role) {
			return moreThanHeld()
		}
		changed = append(changed, "forNew")
		if _, err := tx.Exec(ctx, "UPDATE roles SET for_new = CASE WHEN name = ? THEN 1 ELSE 0 END", role.Name); err != nil {
			return fmt.Errorf("mark role %s: %w", role.Name, err)
		}
	}
	if err := saveRole(ctx, tx, role); err != nil {
		return err
	}
	return Audit(ctx, tx, auditRole(by.Principal, "role.update", role, changed...))
}

func saveRole(ctx context.Context, tx *Tx, r Role) error {
	if r.Builtin {
		r.Rights = nil // they stand in code
	}
	rights, err := json.Marshal(append([]string{}, r.Rights...))
	if err != nil {
		return fmt.Errorf("encode rights: %w", err)
	}
	_, err = tx.Exec(ctx, "UPDATE roles SET title = ?, description = ?, rights = ? WHERE name = ?", r.Title, r.Description, string(rights), r.Name)
	if err != nil {
		return fmt.Errorf("update role %s: %w", r.Name, err)
	}
	return nil
}

// DeleteRole removes a role of one's own making from everybody. Sessions and
// tokens narrowed to it end, because they must not widen.
func DeleteRole(ctx context.Context, tx *Tx, by Access, name string) error {
	role, err := roleToChange(ctx, tx, by, name)
	if err != nil {
		return err
	}
	if role.Builtin {
		return builtinRole()
	}
	if !by.CoversRole(role) {
		return moreThanHeld()
	}
	if err := revokeTokens(ctx, tx, "role = ?", name); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM sessions WHERE active_role = ?",
		"UPDATE users SET default_role = 'member' WHERE default_role = ?",
		"UPDATE users SET epoch = epoch + 1 WHERE id IN (SELECT user_id FROM user_roles WHERE role = ?)",
		"DELETE FROM user_roles WHERE role = ?", "DELETE FROM group_roles WHERE role = ?", "DELETE FROM role_grants WHERE role = ?",
		"DELETE FROM roles WHERE name = ?",
	} {
		if _, err := tx.Exec(ctx, query, name); err != nil {
			return fmt.Errorf("delete role %s: %w", name, err)
		}
	}
	if role.ForNew {
		if _, err := tx.Exec(ctx, "UPDATE roles SET for_new = 1 WHERE name = 'member'"); err != nil {
			return fmt.Errorf("mark role member: %w", err)
		}
	}
	return Audit(ctx, tx, auditRole(by.Principal, "role.delete", role))
}

// changeRoles begins every change of roles: the right, and the version that
// caches look at, which also keeps other processes out until the commit.
func changeRoles(ctx context.Context, tx *Tx, by Access) error {
	if err := by.Require("role.manage"); err != nil {
		return err
	}
	return tx.bump(ctx, rightsVersion)
}

// roleToChange reads the role that a change is about.
func roleToChange(ctx context.Context, tx *Tx, by Access, name string) (Role, error) {
	if err := changeRoles(ctx, tx, by); err != nil {
		return Role{}, err
	}
	roles, err := rolesIn(ctx, tx)
	if err != nil {
		return Role{}, err
	}
	return findRole(roles, name)
}

// mayGiveRights refuses unknown system rights and those the giver lacks.
func mayGiveRights(by Access, rights []string) error {
	for _, right := range rights {
		if len(expandRight(right)) == 0 {
			return InvalidFields([]FieldError{{
				Field: "rights", Code: "VALIDATION_FAILED",
				Message: text.M("role.right", "There is no right named %s.", right),
			}})
		}
	}
	if !by.CoversRights(Rights{System: rights}) {
		return moreThanHeld()
	}
	return nil
}

func moreThanHeld() *Error {
	return Forbidden("NO_PERMISSION", text.M("role.more_than_held", "You can only give rights that you hold yourself. Ask somebody who holds them."))
}

func builtinRole() *Error {
	return Conflict("BUILTIN_ROLE", text.M("role.builtin", "This role is built in. Make a role of your own instead."))
}

func auditRole(by Principal, action string, r Role, changed ...string) AuditEntry {
	return AuditEntry{Principal: by, Action: action, ObjectType: "role", ObjectID: r.Name, Title: r.Title, Changed: changed}
}
