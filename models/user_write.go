package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"formrail/models/text"
)

// NewUser describes a person to create.
type NewUser struct {
	Email     string
	Username  string // empty takes the part of Email before the @
	Nickname  string // empty takes Username
	Phone     string
	Locale    string // empty means en
	TimeZone  string
	ManagerID int64
	Roles     []string     // empty takes the role that is marked for new people
	Password  PasswordHash // empty leaves the person invited
}

// CreateRoot creates the first owner of an installation. It refuses when there
// is one already, so that two setups at once give one.
func CreateRoot(ctx context.Context, tx *Tx, in NewUser) (User, error) {
	if err := tx.bump(ctx, rightsVersion); err != nil {
		return User{}, err
	}
	var have int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM user_roles WHERE role = 'root'").Scan(&have); err != nil {
		return User{}, fmt.Errorf("count owners: %w", storageError(err))
	}
	if have > 0 {
		return User{}, Conflict("ROOT_EXISTS", text.M("user.root_exists", "This installation has an owner already. Sign in instead."))
	}
	if in.Password == "" {
		return User{}, errors.New("create first owner: no password")
	}
	in.Roles = []string{RoleRoot}
	return CreateUser(ctx, tx, SystemAccess(), in)
}

// HasRoot reports whether the installation has been set up.
func HasRoot(ctx context.Context, q Querier) (bool, error) {
	var n int
	if err := q.QueryRow(ctx, "SELECT COUNT(*) FROM user_roles WHERE role = 'root'").Scan(&n); err != nil {
		return false, fmt.Errorf("count owners: %w", storageError(err))
	}
	return n > 0, nil
}

// CreateUser creates a person. It needs the right user.manage; naming roles needs
// user.assign_roles and every right in them.
func CreateUser(ctx context.Context, tx *Tx, by Access, in NewUser) (User, error) {
	if err := by.Require("user.manage"); err != nil {
		return User{}, err
	}
	if err := tx.bump(ctx, rightsVersion); err != nil {
		return User{}, err
	}
	u := User{
		Username: in.Username, Email: in.Email, Nickname: in.Nickname, Phone: in.Phone, Locale: in.Locale, TimeZone: in.TimeZone,
		ManagerID: in.ManagerID, DefaultRole: RoleMember, Status: UserInvited, Epoch: 1,
		CreatedAt: At(tx.Now()), UpdatedAt: At(tx.Now()), Version: 1,
	}
	if in.Password != "" {
		u.Status = UserActive
	}
	if err := u.complete(ctx, tx); err != nil {
		return User{}, err
	}
	if err := u.check(ctx, tx); err != nil {
		return User{}, err
	}
	err := tx.QueryRow(ctx, `INSERT INTO users (username, email, nickname, phone, locale, time_zone, theme, manager_id, default_role,
		status, epoch, password_hash, created_at, updated_at, created_by_id, updated_by_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		u.Username, u.Email, u.Nickname, u.Phone, u.Locale, u.TimeZone, u.Theme, nullable(u.ManagerID), u.DefaultRole,
		string(u.Status), u.Epoch, string(in.Password), u.CreatedAt, u.UpdatedAt, nullable(by.Actor), nullable(by.Actor)).Scan(&u.ID)
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", storageError(err))
	}
	if err := Audit(ctx, tx, auditUser(by.Principal, "user.create", u)); err != nil {
		return User{}, err
	}
	if err := tx.Emit(ctx, userEvent(ctx, by, ResourceCreated, u)); err != nil {
		return User{}, err
	}
	if len(in.Roles) == 0 {
		return u, giveRoleForNew(ctx, tx, u.ID)
	}
	if _, err := assignRoles(ctx, tx, by, roleChange{user: u, want: in.Roles}); err != nil {
		return User{}, err
	}
	return UserByID(ctx, tx, u.ID)
}

// complete fills in the names that may be left out.
func (u *User) complete(ctx context.Context, q Querier) error {
	if u.Username == "" {
		base, _, _ := strings.Cut(strings.TrimSpace(u.Email), "@")
		if utf8.RuneCountInString(base) < 2 {
			base = "user-" + base
		}
		u.Username = base
		for n := 2; n < 100; n++ {
			taken, err := u.taken(ctx, q, "username")
			if err != nil {
				return err
			}
			if !taken {
				break
			}
			u.Username = base + strconv.Itoa(n)
		}
	}
	if strings.TrimSpace(u.Nickname) == "" {
		u.Nickname = u.Username
	}
	return nil
}

// check normalises a person and refuses names and addresses that others have,
// and a manager who cannot be one.
func (u *User) check(ctx context.Context, q Querier) error {
	if err := u.normalize(); err != nil {
		return err
	}
	for _, column := range []string{"email", "username"} {
		taken, err := u.taken(ctx, q, column)
		if err != nil {
			return err
		}
		if taken {
			return InvalidFields([]FieldError{{
				Field: column, Code: "NOT_UNIQUE",
				Message: text.M("user.taken", "Somebody else uses this already."),
			}})
		}
	}
	return checkManager(ctx, q, u.ID, u.ManagerID)
}

// taken reports whether somebody else has the address or the user name.
func (u *User) taken(ctx context.Context, q Querier, column string) (bool, error) {
	value := u.Email
	if column == "username" {
		_, value = accountColumn(u.Username)
	}
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM users WHERE "+column+" = ? AND id <> ?", value, u.ID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", column, storageError(err))
	}
	return n > 0, nil
}

// UserChange names what changes about a person; nil leaves a value as it is.
type UserChange struct {
	ID      int64
	Version int64 // the version that was shown; 0 does not compare

	Nickname, Phone, Locale, TimeZone, Theme, DefaultRole *string // may be changed by the person himself

	Username, Email *string // need user.manage and all rights of the person
	ManagerID       *int64  // needs user.manage
	Roles           *[]string
}

// UpdateUser changes a person and gives the new state. The person himself may
// change his own profile; the rest needs user.manage.
func UpdateUser(ctx context.Context, tx *Tx, by Access, in UserChange) (User, error) {
	if err := tx.bump(ctx, rightsVersion); err != nil {
		return User{}, err
	}
	old, err := UserByID(ctx, tx, in.ID)
	if err != nil {
		return User{}, err
	}
	if in.Version != 0 && in.Version != old.Version {
		return User{}, Conflict("RECORD_CHANGED", text.M("user.changed", "Somebody changed this person meanwhile. Load the page again."))
	}
	if err := in.allowed(ctx, tx, by, old); err != nil {
		return User{}, err
	}
	u := old
	in.apply(&u)
	changed := u.differs(old)
	if len(changed) > 0 {
		if err := saveUser(ctx, tx, by, &u); err != nil {
			return User{}, err
		}
		if u.Email != old.Email { // links went to the former address
			if err := dropLinks(ctx, tx, u.ID); err != nil {
				return User{}, err
			}
		}
		entry := auditUser(by.Principal, "user.update", u)
		entry.Changed = changed
		if err := Audit(ctx, tx, entry); err != nil {
			return User{}, err
		}
		event := userEvent(ctx, by, ResourceUpdated, u)
		event.Changed = changed
		if err := tx.Emit(ctx, event); err != nil {
			return User{}, err
		}
	}
	if in.Roles != nil {
		if _, err := assignRoles(ctx, tx, by, roleChange{user: u, want: *in.Roles}); err != nil {
			return User{}, err
		}
	}
	if in.DefaultRole != nil {
		if err := checkDefaultRole(ctx, tx, u); err != nil {
			return User{}, err
		}
	}
	return UserByID(ctx, tx, u.ID)
}

// allowed checks the rights that a change needs; those for roles are checked
// where roles are given.
func (c UserChange) allowed(ctx context.Context, tx *Tx, by Access, old User) error {
	profile := []*string{c.Nickname, c.Phone, c.Locale, c.TimeZone, c.Theme, c.DefaultRole}
	switch {
	case c.Username != nil || c.Email != nil:
		return mayManage(ctx, tx, by, old)
	case c.ManagerID != nil:
		return by.Require("user.manage")
	case by.Actor == old.ID:
		return nil
	case c.Roles != nil && !slices.ContainsFunc(profile, func(s *string) bool { return s != nil }):
		return nil // the roles have rules of their own
	default:
		return by.Require("user.manage")
	}
}

// apply writes the named values into u.
func (c UserChange) apply(u *User) {
	for _, f := range []struct {
		to   *string
		from *string
	}{
		{&u.Username, c.Username},
		{&u.Email, c.Email},
		{&u.Nickname, c.Nickname},
		{&u.Phone, c.Phone},
		{&u.Locale, c.Locale},
		{&u.TimeZone, c.TimeZone},
		{&u.Theme, c.Theme},
		{&u.DefaultRole, c.DefaultRole},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if c.ManagerID != nil {
		u.ManagerID = *c.ManagerID
	}
}

// differs names the values in which two states of a person differ.
func (u User) differs(old User) []string {
	var out []string
	for _, f := range []struct {
		name     string
		now, was any
	}{
		{"username", u.Username, old.Username},
		{"email", u.Email, old.Email},
		{"nickname", u.Nickname, old.Nickname},
		{"phone", u.Phone, old.Phone},
		{"locale", u.Locale, old.Locale},
		{"timeZone", u.TimeZone, old.TimeZone},
		{"theme", u.Theme, old.Theme},
		{"defaultRole", u.DefaultRole, old.DefaultRole},
		{"manager", u.ManagerID, old.ManagerID},
	} {
		if f.now != f.was {
			out = append(out, f.name)
		}
	}
	return out
}

func saveUser(ctx context.Context, tx *Tx, by Access, u *User) error {
	if err := u.check(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE users SET username = ?, email = ?, nickname = ?, phone = ?, locale = ?, time_zone = ?, theme = ?,
		manager_id = ?, default_role = ?, updated_at = ?, updated_by_id = ?, _version = _version + 1 WHERE id = ?`,
		u.Username, u.Email, u.Nickname, u.Phone, u.Locale, u.TimeZone, u.Theme,
		nullable(u.ManagerID), u.DefaultRole, At(tx.Now()), nullable(by.Actor), u.ID)
	if err != nil {
		return fmt.Errorf("update user %d: %w", u.ID, err)
	}
	return nil
}

// checkDefaultRole makes sure that the default role is one the person has.
func checkDefaultRole(ctx context.Context, tx *Tx, u User) error {
	roles, err := rolesOf(ctx, tx, u.ID)
	if err != nil || slices.Contains(roles, u.DefaultRole) {
		return err
	}
	return InvalidFields([]FieldError{{
		Field: "defaultRole", Code: "ROLE_NOT_ALLOWED",
		Message: text.M("user.default_role", "The default role must be one of the person's own roles."),
	}})
}

// auditUser is an audit entry about a person.
func auditUser(by Principal, action string, u User) AuditEntry {
	return AuditEntry{Principal: by, Action: action, ObjectType: "user", ObjectID: idText(u.ID), Title: u.Nickname}
}

// userEvent is an event about a person, without anything only he should know.
func userEvent(ctx context.Context, by Access, name string, u User) *Event {
	return &Event{
		Name: name, Type: "passportsvc.User", ID: idText(u.ID), UserID: by.Actor, RequestID: RequestOf(ctx).ID,
		Resource: map[string]any{
			"id": u.ID, "username": u.Username, "email": u.Email, "nickname": u.Nickname, "phone": u.Phone,
			"managerId": u.ManagerID, "status": string(u.Status),
		},
	}
}

// nullable stores the id 0 as NULL.
func nullable(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
