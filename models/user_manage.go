package models

import (
	"context"

	"formrail/models/text"
)

// mayManage refuses to touch the identity of somebody who may do more: whoever
// could change his address or password could become him.
func mayManage(ctx context.Context, tx *Tx, by Access, u User) error {
	if err := by.Require("user.manage"); err != nil {
		return err
	}
	rights, err := rightsIn(ctx, tx, u.ID)
	if err != nil {
		return err
	}
	if !by.CoversRights(rights) {
		return Forbidden("NO_PERMISSION", text.M("user.above", "This person may do more than you. Ask somebody who holds the same rights."))
	}
	return nil
}

// MayManage reports whether somebody may touch the identity of a person: his address,
// password and status.
func (db *DB) MayManage(ctx context.Context, by Access, id int64) (bool, error) {
	who, err := db.person(ctx, id)
	return err == nil && by.Can("user.manage") && by.CoversRights(who.all), err
}
