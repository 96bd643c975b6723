package models

import (
	"context"
	"fmt"
	"slices"

	"formrail/models/text"
)

// DeactivateUser shuts a person out: sessions, tokens and links end in the same
// transaction. Nobody can do that to himself or to the last active owner.
func DeactivateUser(ctx context.Context, tx *Tx, by Access, id int64) error {
	u, err := userForStatus(ctx, tx, by, id)
	if err != nil || u.Status == UserDeactivated {
		return err
	}
	if by.Actor == id {
		return Conflict("SELF_DEACTIVATION", text.M("user.self_deactivation", "You cannot deactivate yourself. Ask another administrator."))
	}
	if err := setStatus(ctx, tx, by, statusChange{u, UserDeactivated}); err != nil {
		return err
	}
	roles, err := DirectRoles(ctx, tx, id)
	if err != nil {
		return err
	}
	if slices.Contains(roles, RoleRoot) {
		if err := keepOneRoot(ctx, tx); err != nil {
			return err
		}
	}
	if err := endSessions(ctx, tx, id, ""); err != nil {
		return err
	}
	if err := revokeTokens(ctx, tx, "user_id = ?", id); err != nil {
		return err
	}
	return dropLinks(ctx, tx, id)
}

// ActivateUser lets an invited or deactivated person in. What ended with a
// deactivation stays ended.
func ActivateUser(ctx context.Context, tx *Tx, by Access, id int64) error {
	u, err := userForStatus(ctx, tx, by, id)
	if err != nil || u.Status == UserActive {
		return err
	}
	return setStatus(ctx, tx, by, statusChange{u, UserActive})
}

// userForStatus reads a person whose status the caller may change.
func userForStatus(ctx context.Context, tx *Tx, by Access, id int64) (User, error) {
	if err := tx.bump(ctx, rightsVersion); err != nil {
		return User{}, err
	}
	u, err := UserByID(ctx, tx, id)
	if err != nil {
		return User{}, err
	}
	return u, mayManage(ctx, tx, by, u)
}

type statusChange struct {
	user User
	to   UserStatus
}

func setStatus(ctx context.Context, tx *Tx, by Access, c statusChange) error {
	_, err := tx.Exec(ctx, `UPDATE users SET status = ?, epoch = epoch + 1, updated_at = ?, updated_by_id = ?, _version = _version + 1
		WHERE id = ?`, string(c.to), At(tx.Now()), nullable(by.Actor), c.user.ID)
	if err != nil {
		return fmt.Errorf("set status of user %d: %w", c.user.ID, err)
	}
	action := "user.activate"
	if c.to == UserDeactivated {
		action = "user.deactivate"
	}
	if err := Audit(ctx, tx, auditUser(by.Principal, action, c.user)); err != nil {
		return err
	}
	c.user.Status = c.to
	event := userEvent(ctx, by, ResourceUpdated, c.user)
	event.Changed = []string{"status"}
	return tx.Emit(ctx, event)
}

// keepOneRoot refuses a change that leaves no active owner.
func keepOneRoot(ctx context.Context, tx *Tx) error {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM users u JOIN user_roles r ON r.user_id = u.id
		WHERE r.role = 'root' AND u.status = 'active'`).Scan(&n)
	if err != nil {
		return fmt.Errorf("count active owners: %w", storageError(err))
	}
	if n == 0 {
		return Conflict("LAST_ROOT", text.M("user.last_root", "This is the last active owner. Give somebody else the role first."))
	}
	return nil
}
