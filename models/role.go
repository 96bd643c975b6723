package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"formrail/models/text"
)

// Role is a named set of rights. Roles grant, they never deny.
type Role struct {
	Name        string      `json:"name"` // stable key
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Rights      []string    `json:"rights"`  // system rights
	Builtin     bool        `json:"builtin"` // cannot be removed, and its system rights are fixed
	ForNew      bool        `json:"forNew"`  // new people get it
	Grants      []RoleGrant `json:"-"`
}

// RoleGrant is a grant that a role has.
type RoleGrant struct {
	ID   int64  `json:"id"`
	Role string `json:"role"`
	Grant
}

// Effective is all that the role gives. What root and admin may do is fixed, so
// they can never be locked out by a wrong setting.
func (r Role) Effective() Rights {
	switch r.Name {
	case RoleRoot:
		return Rights{Owner: true}
	case RoleAdmin:
		out := Rights{System: rightsOfRole(RoleAdmin)}
		for _, action := range Actions() {
			if action != Purge {
				out.Grants = append(out.Grants, Grant{Collection: AllCollections, Action: action, Scope: ScopeAll})
			}
		}
		return out
	}
	out := Rights{System: r.Rights, Grants: make([]Grant, len(r.Grants))}
	if r.Name == RoleMember {
		out.System = rightsOfRole(RoleMember)
	}
	for i, g := range r.Grants {
		out.Grants[i] = g.Grant
	}
	return out
}

// Roles lists all roles with their grants: built-in ones first, then by title.
// The result is shared and must not be changed.
func (db *DB) Roles(ctx context.Context) ([]Role, error) {
	return cachedBy(db, rightsVersion, "roles", func() ([]Role, error) { return rolesIn(ctx, db.Read()) })
}

// RoleByName finds a role.
func (db *DB) RoleByName(ctx context.Context, name string) (Role, error) {
	roles, err := db.Roles(ctx)
	if err != nil {
		return Role{}, err
	}
	return findRole(roles, name)
}

func findRole(roles []Role, name string) (Role, error) {
	i := slices.IndexFunc(roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, NotFound()
	}
	return roles[i], nil
}

// rolesIn reads all roles, for example as a transaction sees them.
func rolesIn(ctx context.Context, q Querier) ([]Role, error) {
	grants, err := grantsIn(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Role
	rows, err := q.Query(ctx, "SELECT name, title, description, rights, builtin, for_new FROM roles ORDER BY builtin DESC, title, name")
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var r Role
		var rights string
		if err := rows.Scan(&r.Name, &r.Title, &r.Description, &rights, &r.Builtin, &r.ForNew); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(rights), &r.Rights); err != nil {
			return fmt.Errorf("read rights of role %s: %w", r.Name, err)
		}
		if r.Builtin {
			r.Rights = rightsOfRole(r.Name)
		}
		r.Grants = grants[r.Name]
		out = append(out, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	return out, nil
}

// grantsIn reads the grants of all roles, oldest first.
func grantsIn(ctx context.Context, q Querier) (map[string][]RoleGrant, error) {
	out := map[string][]RoleGrant{}
	rows, err := q.Query(ctx, "SELECT id, role, collection, action, fields, scope, scope_field FROM role_grants ORDER BY id")
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var g RoleGrant
		var fields sql.NullString
		if err := rows.Scan(&g.ID, &g.Role, &g.Collection, &g.Action, &fields, &g.Scope, &g.ScopeField); err != nil {
			return err
		}
		if fields.Valid {
			if err := json.Unmarshal([]byte(fields.String), &g.Fields); err != nil {
				return fmt.Errorf("read fields of grant %d: %w", g.ID, err)
			}
		}
		out[g.Role] = append(out[g.Role], g)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return out, nil
}

// EnsureSeed makes the built-in roles, and in an empty database the usual other
// ones. It may be called at every start.
func (db *DB) EnsureSeed(ctx context.Context) error {
	roles, err := rolesIn(ctx, db.Read())
	if err != nil {
		return err
	}
	missing := func(r Role) bool {
		return (r.Builtin || len(roles) == 0) && !slices.ContainsFunc(roles, func(have Role) bool { return have.Name == r.Name })
	}
	seeds := slices.DeleteFunc(seedRoles(), func(r Role) bool { return !missing(r) })
	if len(seeds) == 0 {
		return nil
	}
	return db.Write(ctx, "role.seed", func(tx *Tx) error {
		for _, r := range seeds {
			if err := insertRole(ctx, tx, r); err != nil {
				return err
			}
		}
		return tx.bump(ctx, rightsVersion)
	})
}

func seedRoles() []Role {
	return []Role{
		{Name: RoleRoot, Title: "Owner", Description: "Everything, including what belongs to the instance.", Builtin: true},
		{Name: RoleAdmin, Title: "Administrator", Description: "All settings and all records.", Builtin: true},
		{Name: RoleMember, Title: "Member", Description: "Everybody has this role: own profile and own tasks.", Builtin: true, ForNew: true},
		{Name: roleDesigner, Title: "Designer", Description: "Builds collections, pages and workflows.", Rights: rightsOfRole(roleDesigner)},
		{Name: roleApprover, Title: "Approver", Description: "Can be asked as a group. Managers, and people who are asked by name, decide without it.", Rights: rightsOfRole(roleApprover)},
		{Name: roleAuditor, Title: "Auditor", Description: "Reads the audit log.", Rights: rightsOfRole(roleAuditor)},
	}
}

// insertRole writes a role unless there is one of that name.
func insertRole(ctx context.Context, tx *Tx, r Role) error {
	rights, err := json.Marshal(append([]string{}, r.Rights...))
	if err != nil {
		return fmt.Errorf("encode rights: %w", err)
	}
	if r.Builtin {
		rights = []byte("[]") // they stand in code
	}
	_, err = tx.Exec(ctx, `INSERT INTO roles (name, title, description, rights, builtin, for_new, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO NOTHING`, r.Name, r.Title, r.Description, string(rights), bit(r.Builtin), bit(r.ForNew), At(tx.Now()))
	if err != nil {
		return fmt.Errorf("create role %s: %w", r.Name, err)
	}
	return nil
}

// bit stores a yes or no in an integer column.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// checkTitle trims a title and refuses one that cannot be shown in a line.
func checkTitle(field string, title *string) error {
	*title = storable(strings.TrimSpace(*title), 101)
	if n := len([]rune(*title)); n >= 1 && n <= 100 && !strings.ContainsAny(*title, "\r\n\t") {
		return nil
	}
	return InvalidFields([]FieldError{{
		Field: field, Code: "VALIDATION_FAILED",
		Message: text.M("input.title", "Enter a text of at most 100 characters."),
	}})
}
