package models

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"formrail/models/text"
)

// RolesFor are roles to give to a person or to take from him.
type RolesFor struct {
	UserID int64
	Roles  []string
}

// GiveRoles gives a person roles and tells which he did not have yet. It needs
// user.assign_roles and every right in them.
func GiveRoles(ctx context.Context, tx *Tx, by Access, in RolesFor) ([]string, error) {
	u, have, err := personForRoles(ctx, tx, by, in.UserID)
	if err != nil {
		return nil, err
	}
	return assignRoles(ctx, tx, by, roleChange{u, append(slices.Clone(have), in.Roles...)})
}

// TakeRoles takes roles from a person and tells which he had. The last active
// owner stays.
func TakeRoles(ctx context.Context, tx *Tx, by Access, in RolesFor) ([]string, error) {
	u, have, err := personForRoles(ctx, tx, by, in.UserID)
	if err != nil {
		return nil, err
	}
	return assignRoles(ctx, tx, by, roleChange{u, slices.DeleteFunc(have, func(r string) bool { return slices.Contains(in.Roles, r) })})
}

func personForRoles(ctx context.Context, tx *Tx, by Access, userID int64) (User, []string, error) {
	if err := by.Require("user.assign_roles"); err != nil {
		return User{}, nil, err
	}
	if err := tx.bump(ctx, rightsVersion); err != nil {
		return User{}, nil, err
	}
	u, err := UserByID(ctx, tx, userID)
	if err != nil {
		return User{}, nil, err
	}
	have, err := DirectRoles(ctx, tx, userID)
	return u, have, err
}

// roleChange is a person and the roles he shall have himself.
type roleChange struct {
	user User
	want []string
}

// assignRoles makes the roles of a person those wanted and tells which came or
// went. The caller has raised the version of rights.
func assignRoles(ctx context.Context, tx *Tx, by Access, c roleChange) ([]string, error) {
	have, err := DirectRoles(ctx, tx, c.user.ID)
	if err != nil {
		return nil, err
	}
	added, removed, err := roleDifference(ctx, tx, by, roleLists{have, c.want})
	if err != nil || len(added)+len(removed) == 0 {
		return nil, err
	}
	if err := by.Require("user.assign_roles"); err != nil {
		return nil, err
	}
	var steps []roleStep
	for _, role := range added {
		steps = append(steps, roleStep{role, "passportsvc.RoleAssigned", "INSERT INTO user_roles (user_id, role) VALUES (?, ?)"})
	}
	for _, role := range removed {
		steps = append(steps, roleStep{role, "passportsvc.RoleRemoved", "DELETE FROM user_roles WHERE user_id = ? AND role = ?"})
	}
	for _, step := range steps {
		if err := c.user.setRole(ctx, tx, by, step); err != nil {
			return nil, err
		}
	}
	if slices.Contains(removed, RoleRoot) {
		if err := keepOneRoot(ctx, tx); err != nil {
			return nil, err
		}
	}
	if slices.Contains(removed, c.user.DefaultRole) {
		if _, err := tx.Exec(ctx, "UPDATE users SET default_role = 'member' WHERE id = ?", c.user.ID); err != nil {
			return nil, fmt.Errorf("reset default role of user %d: %w", c.user.ID, err)
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE users SET epoch = epoch + 1 WHERE id = ?", c.user.ID); err != nil {
		return nil, fmt.Errorf("raise epoch of user %d: %w", c.user.ID, err)
	}
	entry := auditUser(by.Principal, "user.roles", c.user)
	entry.Changed = signed(added, removed)
	return append(added, removed...), Audit(ctx, tx, entry)
}

// roleStep is one role that comes or goes.
type roleStep struct{ role, event, query string }

func (u User) setRole(ctx context.Context, tx *Tx, by Access, s roleStep) error {
	if _, err := tx.Exec(ctx, s.query, u.ID, s.role); err != nil {
		return fmt.Errorf("change role %s of user %d: %w", s.role, u.ID, err)
	}
	event := userEvent(ctx, by, s.event, u)
	event.Resource["role"] = s.role
	return tx.Emit(ctx, event)
}

// giveRoleForNew gives a new person the role that is marked for new people.
func giveRoleForNew(ctx context.Context, tx *Tx, userID int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO user_roles (user_id, role)
		SELECT CAST(? AS BIGINT), name FROM roles WHERE for_new = 1 AND name <> 'member'`, userID)
	if err != nil {
		return fmt.Errorf("give role for new people: %w", err)
	}
	return nil
}

// roleLists are the roles that somebody has and those that he shall have.
type roleLists struct{ have, want []string }

// roleDifference says which roles come and go. It refuses unknown roles, and
// those that give more than the caller holds. Everybody is a member anyway.
func roleDifference(ctx context.Context, tx *Tx, by Access, lists roleLists) (added, removed []string, err error) {
	roles, err := rolesIn(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range lists.want {
		if _, err := findRole(roles, name); err != nil {
			return nil, nil, InvalidFields([]FieldError{{
				Field: "roles", Code: "VALIDATION_FAILED",
				Message: text.M("role.unknown", "There is no role named %s.", name),
			}})
		}
	}
	for _, r := range roles {
		had, wanted := slices.Contains(lists.have, r.Name), slices.Contains(lists.want, r.Name)
		if r.Name == RoleMember || had == wanted {
			continue
		}
		if !by.CoversRole(r) {
			return nil, nil, moreThanHeld()
		}
		if wanted {
			added = append(added, r.Name)
		} else {
			removed = append(removed, r.Name)
		}
	}
	return added, removed, nil
}

// signed marks what came with + and what went with -.
func signed(added, removed []string) []string {
	var out []string
	for _, s := range added {
		out = append(out, "+"+s)
	}
	for _, s := range removed {
		out = append(out, "-"+s)
	}
	return out
}

// idText writes an id for logs and events.
func idText(id int64) string { return strconv.FormatInt(id, 10) }
