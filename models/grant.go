package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"formrail/models/text"
)

// AddGrant gives a role one more grant and returns its id. It needs role.manage
// and everything that the grant gives.
func AddGrant(ctx context.Context, tx *Tx, by Access, g RoleGrant) (int64, error) {
	role, err := roleForGrants(ctx, tx, by, g.Role)
	if err != nil {
		return 0, err
	}
	if g.Grant, err = checkedGrant(ctx, tx, g.Grant); err != nil {
		return 0, err
	}
	if !by.CoversGrant(g.Grant) {
		return 0, moreThanHeld()
	}
	id, err := insertGrant(ctx, tx, g)
	if err != nil {
		return 0, err
	}
	return id, Audit(ctx, tx, auditRole(by.Principal, "role.grant", role, g.label()))
}

// RemoveGrant takes a grant away.
func RemoveGrant(ctx context.Context, tx *Tx, by Access, id int64) error {
	if err := changeRoles(ctx, tx, by); err != nil {
		return err
	}
	var g RoleGrant
	err := tx.QueryRow(ctx, "SELECT role, collection, action FROM role_grants WHERE id = ?", id).Scan(&g.Role, &g.Collection, &g.Action)
	if errors.Is(err, sql.ErrNoRows) {
		return NotFound()
	}
	if err != nil {
		return fmt.Errorf("read grant %d: %w", id, storageError(err))
	}
	if _, err := tx.Exec(ctx, "DELETE FROM role_grants WHERE id = ?", id); err != nil {
		return fmt.Errorf("remove grant %d: %w", id, err)
	}
	return Audit(ctx, tx, auditRole(by.Principal, "role.revoke", Role{Name: g.Role}, g.label()))
}

// RoleGrants are all grants that a role shall have.
type RoleGrants struct {
	Role       string
	Collection string // only those on this collection are replaced; empty replaces all
	Grants     []Grant
}

// SetGrants replaces the grants of a role. Only what is new must be held by the
// caller.
func SetGrants(ctx context.Context, tx *Tx, by Access, in RoleGrants) error {
	role, err := roleForGrants(ctx, tx, by, in.Role)
	if err != nil {
		return err
	}
	var changed []string
	var add []Grant
	left := slices.DeleteFunc(slices.Clone(role.Grants), func(g RoleGrant) bool { return in.Collection != "" && g.Collection != in.Collection })
	for _, g := range in.Grants {
		if in.Collection != "" {
			g.Collection = in.Collection
		}
		if g, err = checkedGrant(ctx, tx, g); err != nil {
			return err
		}
		if i := slices.IndexFunc(left, func(have RoleGrant) bool { return have.same(g) }); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		if !by.CoversGrant(g) {
			return moreThanHeld()
		}
		add = append(add, g)
		changed = append(changed, "+"+g.label())
	}
	for _, g := range left {
		changed = append(changed, "-"+g.label())
		if _, err := tx.Exec(ctx, "DELETE FROM role_grants WHERE id = ?", g.ID); err != nil {
			return fmt.Errorf("remove grant %d: %w", g.ID, err)
		}
	}
	for _, g := range add {
		if _, err := insertGrant(ctx, tx, RoleGrant{Role: in.Role, Grant: g}); err != nil {
			return err
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return Audit(ctx, tx, auditRole(by.Principal, "role.grants", role, changed...))
}

// roleForGrants reads a role whose grants can be changed.
func roleForGrants(ctx context.Context, tx *Tx, by Access, name string) (Role, error) {
	role, err := roleToChange(ctx, tx, by, name)
	if err == nil && (name == RoleRoot || name == RoleAdmin) {
		return Role{}, builtinRole()
	}
	return role, err
}

// checkedGrant refuses a grant on what does not exist, and spells its names as
// the collection does.
func checkedGrant(ctx context.Context, tx *Tx, g Grant) (Grant, error) {
	wrong := func(field string, m text.Message) (Grant, error) {
		return Grant{}, InvalidFields([]FieldError{{Field: field, Code: "VALIDATION_FAILED", Message: m}})
	}
	if !slices.Contains(Actions(), g.Action) {
		return wrong("action", text.M("grant.action", "There is no action named %s.", string(g.Action)))
	}
	if g.Scope == "" {
		g.Scope = ScopeAll
	}
	if g.Scope != ScopeAll && g.Scope != ScopeOwn || g.Filter != nil {
		return wrong("scope", text.M("grant.scope", "A grant of a role is for all records or for one's own."))
	}
	if g.Scope == ScopeAll && g.ScopeField != "" {
		return wrong("scopeField", text.M("grant.scope_field", "A person field is only chosen for one's own records."))
	}
	if g.Collection == AllCollections {
		if g.Fields != nil || g.ScopeField != "" {
			return wrong("fields", text.M("grant.all_collections", "A grant on all collections cannot name fields."))
		}
		return g, nil
	}
	catalog, err := loadCatalog(ctx, tx)
	if err != nil {
		return Grant{}, err
	}
	c, ok := catalog.Collection(g.Collection)
	if !ok {
		return wrong("collection", text.M("grant.collection", "There is no collection named %s.", g.Collection))
	}
	g.Collection = c.Name
	g.Fields = slices.Clone(g.Fields)
	for i, name := range g.Fields {
		f, ok := c.Field(name)
		if !ok {
			return wrong("fields", text.M("grant.field", "The collection %s has no field named %s.", c.Name, name))
		}
		g.Fields[i] = f.Name
	}
	if g.ScopeField != "" {
		f, ok := c.Field(g.ScopeField)
		if !ok || !f.IsLink() {
			return wrong("scopeField", text.M("grant.person", "Choose a person field of the collection %s.", c.Name))
		}
		g.ScopeField = f.Name
	}
	return g, nil
}

func insertGrant(ctx context.Context, tx *Tx, g RoleGrant) (int64, error) {
	var fields any // NULL means all
	if g.Fields != nil {
		list, err := json.Marshal(g.Fields)
		if err != nil {
			return 0, fmt.Errorf("encode fields: %w", err)
		}
		fields = string(list)
	}
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO role_grants (role, collection, action, fields, scope, scope_field) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
		g.Role, g.Collection, string(g.Action), fields, string(g.Scope), g.ScopeField).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("give %s to role %s: %w", g.label(), g.Role, storageError(err))
	}
	return id, nil
}

// label names a grant in the audit log.
func (g Grant) label() string {
	s := g.Collection + ":" + string(g.Action) + ":" + string(g.Scope)
	if g.Fields != nil {
		s += ":" + strings.Join(g.Fields, ",")
	}
	return s
}

// same reports whether two grants give the same.
func (g Grant) same(other Grant) bool {
	return g.Collection == other.Collection && g.Action == other.Action && g.Scope == other.Scope && g.ScopeField == other.ScopeField &&
		(g.Fields == nil) == (other.Fields == nil) && slices.Equal(g.Fields, other.Fields)
}
