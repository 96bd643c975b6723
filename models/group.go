package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"formrail/models/text"
)

// Group is a set of people. Its roles are those of its members as well.
type Group struct {
	ID    int64    `json:"id"`
	Code  string   `json:"code"` // stable key
	Title string   `json:"title"`
	Roles []string `json:"roles"`
	Size  int64    `json:"size"` // members
}

// Groups lists all groups by title.
func Groups(ctx context.Context, q Querier) ([]Group, error) {
	var out []Group
	rows, err := q.Query(ctx, `SELECT g.id, g.code, g.title, (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id)
		FROM groups g ORDER BY g.title, g.id`)
	err = Rows(rows, err, func(rows *sql.Rows) error {
		g := Group{Roles: []string{}}
		if err := rows.Scan(&g.ID, &g.Code, &g.Title, &g.Size); err != nil {
			return err
		}
		out = append(out, g)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	rows, err = q.Query(ctx, "SELECT group_id, role FROM group_roles ORDER BY role")
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var id int64
		var role string
		if err := rows.Scan(&id, &role); err != nil {
			return err
		}
		if i := slices.IndexFunc(out, func(g Group) bool { return g.ID == id }); i >= 0 {
			out[i].Roles = append(out[i].Roles, role)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list roles of groups: %w", err)
	}
	return out, nil
}

// GroupByCode finds a group.
func GroupByCode(ctx context.Context, q Querier, code string) (Group, error) {
	groups, err := Groups(ctx, q)
	if err != nil {
		return Group{}, err
	}
	i := slices.IndexFunc(groups, func(g Group) bool { return g.Code == code })
	if i < 0 {
		return Group{}, groupNotFound(code)
	}
	return groups[i], nil
}

func groupNotFound(code string) *Error {
	return NewError(KindNotFound, "GROUP_NOT_FOUND", text.M("group.not_found", "There is no group with the code %s.", code))
}

// Members lists the members of a group who can be given tasks, by name.
func Members(ctx context.Context, q Querier, groupID int64) ([]int64, error) {
	var out []int64
	rows, err := q.Query(ctx, `SELECT u.id FROM group_members m JOIN users u ON u.id = m.user_id
		WHERE m.group_id = ? AND u.status <> 'deactivated' ORDER BY u.nickname, u.id`, groupID)
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		out = append(out, id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list members of group %d: %w", groupID, err)
	}
	return out, nil
}

// CreateGroup creates a group and gives its id. It needs group.manage.
func CreateGroup(ctx context.Context, tx *Tx, by Access, g Group) (int64, error) {
	if err := changeGroups(ctx, tx, by); err != nil {
		return 0, err
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$`).MatchString(g.Code) {
		return 0, InvalidFields([]FieldError{{
			Field: "code", Code: "VALIDATION_FAILED",
			Message: text.M("group.code", "A code has 1 to 50 letters, digits, dots, dashes or underscores."),
		}})
	}
	if err := checkTitle("title", &g.Title); err != nil {
		return 0, err
	}
	if _, err := GroupByCode(ctx, tx, g.Code); !IsCode(err, "GROUP_NOT_FOUND") {
		if err != nil {
			return 0, err
		}
		return 0, InvalidFields([]FieldError{{
			Field: "code", Code: "NOT_UNIQUE",
			Message: text.M("group.taken", "There is a group with this code already."),
		}})
	}
	err := tx.QueryRow(ctx, "INSERT INTO groups (code, title, created_at) VALUES (?, ?, ?) RETURNING id", g.Code, g.Title, At(tx.Now())).Scan(&g.ID)
	if err != nil {
		return 0, fmt.Errorf("create group: %w", storageError(err))
	}
	return g.ID, Audit(ctx, tx, auditGroup(by, "group.create", g))
}

// RenameGroup gives a group another title.
func RenameGroup(ctx context.Context, tx *Tx, by Access, g Group) error {
	if err := changeGroups(ctx, tx, by); err != nil {
		return err
	}
	if err := checkTitle("title", &g.Title); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "UPDATE groups SET title = ? WHERE id = ?", g.Title, g.ID)
	if err != nil {
		return fmt.Errorf("rename group %d: %w", g.ID, err)
	}
	if n == 0 {
		return NotFound()
	}
	return Audit(ctx, tx, auditGroup(by, "group.update", g, "title"))
}

// DeleteGroup removes a group; its members lose its roles.
func DeleteGroup(ctx context.Context, tx *Tx, by Access, id int64) error {
	g, err := groupToChange(ctx, tx, by, id)
	if err != nil {
		return err
	}
	for _, query := range []string{
		"UPDATE users SET epoch = epoch + 1 WHERE id IN (SELECT user_id FROM group_members WHERE group_id = ?)",
		"DELETE FROM group_members WHERE group_id = ?", "DELETE FROM group_roles WHERE group_id = ?", "DELETE FROM groups WHERE id = ?",
	} {
		if _, err := tx.Exec(ctx, query, id); err != nil {
			return fmt.Errorf("delete group %d: %w", id, err)
		}
	}
	return Audit(ctx, tx, auditGroup(by, "group.delete", g))
}

// Membership names people and a group.
type Membership struct {
	GroupID int64
	Users   []int64
}

// AddMembers puts people into a group and gives those who were not in it yet.
// Besides group.manage it needs every right that the group's roles give.
func AddMembers(ctx context.Context, tx *Tx, by Access, m Membership) ([]int64, error) {
	return changeMembers(ctx, tx, by, memberChange{
		m, "passportsvc.GroupMemberAdded",
		"INSERT INTO group_members (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
	})
}

// RemoveMembers takes people out of a group and gives those who were in it.
func RemoveMembers(ctx context.Context, tx *Tx, by Access, m Membership) ([]int64, error) {
	return changeMembers(ctx, tx, by, memberChange{
		m, "passportsvc.GroupMemberRemoved",
		"DELETE FROM group_members WHERE group_id = ? AND user_id = ?",
	})
}

type memberChange struct {
	Membership
	event string
	query string
}

func changeMembers(ctx context.Context, tx *Tx, by Access, c memberChange) ([]int64, error) {
	g, err := groupToChange(ctx, tx, by, c.GroupID)
	if err != nil {
		return nil, err
	}
	var changed []int64
	for _, id := range c.Users {
		if _, err := UserByID(ctx, tx, id); err != nil {
			return nil, err
		}
		n, err := tx.Exec(ctx, c.query, g.ID, id)
		if err != nil {
			return nil, fmt.Errorf("change members of group %d: %w", g.ID, err)
		}
		if n == 0 {
			continue
		}
		changed = append(changed, id)
		if _, err := tx.Exec(ctx, "UPDATE users SET epoch = epoch + 1 WHERE id = ?", id); err != nil {
			return nil, fmt.Errorf("raise epoch of user %d: %w", id, err)
		}
		err = tx.Emit(ctx, &Event{
			Name: c.event, Type: "passportsvc.Group", ID: idText(g.ID), UserID: by.Actor, RequestID: RequestOf(ctx).ID,
			Resource: map[string]any{"id": g.ID, "code": g.Code, "title": g.Title, "userId": id},
		})
		if err != nil {
			return nil, err
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return changed, Audit(ctx, tx, auditGroup(by, "group.members", g, idTexts(changed)...))
}

// GroupRoles are the roles that a group shall have.
type GroupRoles struct {
	GroupID int64
	Roles   []string
}

// SetGroupRoles replaces the roles of a group. It needs user.assign_roles and
// every right in the roles that come or go. The owner's role goes to people only.
func SetGroupRoles(ctx context.Context, tx *Tx, by Access, in GroupRoles) error {
	if err := by.Require("user.assign_roles"); err != nil {
		return err
	}
	g, err := groupToChange(ctx, tx, by, in.GroupID)
	if err != nil {
		return err
	}
	if slices.Contains(in.Roles, RoleRoot) {
		return Conflict("BUILTIN_ROLE", text.M("group.root", "The owner's role is given to people, not to groups."))
	}
	added, removed, err := roleDifference(ctx, tx, by, roleLists{g.Roles, in.Roles})
	if err != nil || len(added)+len(removed) == 0 {
		return err
	}
	for _, role := range added {
		if _, err := tx.Exec(ctx, "INSERT INTO group_roles (group_id, role) VALUES (?, ?)", g.ID, role); err != nil {
			return fmt.Errorf("give role to group %d: %w", g.ID, err)
		}
	}
	for _, role := range removed {
		if _, err := tx.Exec(ctx, "DELETE FROM group_roles WHERE group_id = ? AND role = ?", g.ID, role); err != nil {
			return fmt.Errorf("take role from group %d: %w", g.ID, err)
		}
	}
	_, err = tx.Exec(ctx, "UPDATE users SET epoch = epoch + 1 WHERE id IN (SELECT user_id FROM group_members WHERE group_id = ?)", g.ID)
	if err != nil {
		return fmt.Errorf("raise epochs of group %d: %w", g.ID, err)
	}
	return Audit(ctx, tx, auditGroup(by, "group.roles", g, signed(added, removed)...))
}

// changeGroups begins every change of groups.
func changeGroups(ctx context.Context, tx *Tx, by Access) error {
	if err := by.Require("group.manage"); err != nil {
		return err
	}
	return tx.bump(ctx, rightsVersion)
}

// groupToChange reads a group whose roles the caller holds himself: joining it
// gives them, leaving it takes them.
func groupToChange(ctx context.Context, tx *Tx, by Access, id int64) (Group, error) {
	if err := changeGroups(ctx, tx, by); err != nil {
		return Group{}, err
	}
	g, err := groupByID(ctx, tx, id)
	if err != nil {
		return Group{}, err
	}
	roles, err := rolesIn(ctx, tx)
	if err != nil {
		return Group{}, err
	}
	for _, r := range roles {
		if slices.Contains(g.Roles, r.Name) && !by.CoversRole(r) {
			return Group{}, moreThanHeld()
		}
	}
	return g, nil
}

func groupByID(ctx context.Context, q Querier, id int64) (Group, error) {
	var code string
	err := q.QueryRow(ctx, "SELECT code FROM groups WHERE id = ?", id).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return Group{}, NotFound()
	}
	if err != nil {
		return Group{}, fmt.Errorf("read group %d: %w", id, storageError(err))
	}
	return GroupByCode(ctx, q, code)
}

func auditGroup(by Access, action string, g Group, changed ...string) AuditEntry {
	return AuditEntry{
		Principal: by.Principal, Action: action, ObjectType: "group",
		ObjectID: idText(g.ID), Title: g.Title, Changed: changed,
	}
}

func idTexts(ids []int64) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = "user:" + idText(id)
	}
	return out
}
