package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"formrail/models/text"
)

// UserStatus says whether a person may come in.
type UserStatus string

// The statuses of people. People are deactivated, never removed: their name
// stays on what they did.
const (
	UserInvited     UserStatus = "invited"     // may receive tasks, cannot sign in yet
	UserActive      UserStatus = "active"      // may sign in
	UserDeactivated UserStatus = "deactivated" // neither; sessions and tokens are gone
)

// Receives reports whether people of this status can be given tasks.
func (s UserStatus) Receives() bool { return s == UserActive || s == UserInvited }

// User is a person.
type User struct {
	ID          int64      `json:"id"`
	Username    string     `json:"username"`
	Email       string     `json:"email"`
	Nickname    string     `json:"nickname"` // the name that is shown
	Phone       string     `json:"phone"`
	Locale      string     `json:"locale"`
	TimeZone    string     `json:"timeZone"` // IANA name; empty follows the browser
	Theme       string     `json:"theme"`    // light, dark, or empty for the system's
	ManagerID   int64      `json:"managerId"`
	DefaultRole string     `json:"defaultRole"`
	Status      UserStatus `json:"status"`
	Epoch       int64      `json:"-"` // grows with status, roles and password
	LastSeenAt  Millis     `json:"-"`
	CreatedAt   Millis     `json:"-"`
	UpdatedAt   Millis     `json:"-"`
	Version     int64      `json:"_version"`
}

const userColumns = `id, username, email, nickname, COALESCE(phone, ''), locale, time_zone, theme, COALESCE(manager_id, 0),
	default_role, status, epoch, last_seen_at, created_at, updated_at, _version`

// fields gives the places that userColumns are scanned into.
func (u *User) fields() []any {
	return []any{
		&u.ID, &u.Username, &u.Email, &u.Nickname, &u.Phone, &u.Locale, &u.TimeZone, &u.Theme, &u.ManagerID,
		&u.DefaultRole, &u.Status, &u.Epoch, &u.LastSeenAt, &u.CreatedAt, &u.UpdatedAt, &u.Version,
	}
}

// UserByID finds a person.
func UserByID(ctx context.Context, q Querier, id int64) (User, error) {
	var u User
	err := q.QueryRow(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", id).Scan(u.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, NotFound()
	}
	if err != nil {
		return User{}, fmt.Errorf("read user %d: %w", id, storageError(err))
	}
	return u, nil
}

// UserByAccount finds a person by address, or by user name when there is no @.
func UserByAccount(ctx context.Context, q Querier, account string) (User, error) {
	column, value := accountColumn(account)
	var u User
	err := q.QueryRow(ctx, "SELECT "+userColumns+" FROM users WHERE "+column+" = ?", value).Scan(u.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, NotFound()
	}
	if err != nil {
		return User{}, fmt.Errorf("read user by account: %w", storageError(err))
	}
	return u, nil
}

// account is UserByAccount for sign-in: with the hash, and nobody is no error.
func (db *DB) account(ctx context.Context, account string) (User, PasswordHash, error) {
	column, value := accountColumn(account)
	var u User
	var hash PasswordHash
	row := db.Read().QueryRow(ctx, "SELECT "+userColumns+", password_hash FROM users WHERE "+column+" = ?", value)
	err := row.Scan(append(u.fields(), &hash)...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, "", fmt.Errorf("read account: %w", storageError(err))
	}
	return u, hash, nil
}

// accountColumn says where an account is looked up. User names never hold an @,
// so nobody can take the address of somebody else as his name.
func accountColumn(account string) (column, value string) {
	account = storable(strings.TrimSpace(account), 254)
	if strings.Contains(account, "@") {
		return "email", strings.ToLower(norm.NFC.String(account))
	}
	if name, err := precis.UsernameCaseMapped.String(account); err == nil {
		return "username", name
	}
	return "username", ""
}

// UserQuery chooses people. Empty fields choose all.
type UserQuery struct {
	Search  string // part of name, user name or address
	Status  UserStatus
	Working bool // only people who have not left
	Limit   int  // 0 means 50
	Offset  int
}

const chosenUsers = ` FROM users
	WHERE (fr_fold(nickname) LIKE fr_fold(?) ESCAPE '\' OR username LIKE fr_fold(?) ESCAPE '\' OR email LIKE fr_fold(?) ESCAPE '\')
	AND (status = ? OR ? = '') AND (status <> 'deactivated' OR ? = 0)`

// args are the values of chosenUsers.
func (q UserQuery) args() []any {
	like := "%" + escapeLike(storable(q.Search, 100)) + "%"
	return []any{like, like, like, string(q.Status), string(q.Status), bit(q.Working)}
}

// CountUsers counts the people that [Users] lists, on all pages together.
func CountUsers(ctx context.Context, q Querier, query UserQuery) (int, error) {
	var n int
	if err := q.QueryRow(ctx, "SELECT COUNT(*)"+chosenUsers, query.args()...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count users: %w", storageError(err))
	}
	return n, nil
}

// Users lists people by name.
func Users(ctx context.Context, q Querier, query UserQuery) ([]User, error) {
	limit := query.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, err := q.Query(ctx, "SELECT "+userColumns+chosenUsers+" ORDER BY nickname, id LIMIT ? OFFSET ?",
		append(query.args(), limit, query.Offset)...)
	var out []User
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var u User
		if err := rows.Scan(u.fields()...); err != nil {
			return err
		}
		out = append(out, u)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return out, nil
}

// HoldersOf lists the people who have one of the roles, directly or through a
// group, and can be given tasks, by name. Everybody has the role member.
func HoldersOf(ctx context.Context, q Querier, roles []string) ([]int64, error) {
	rows, err := q.Query(ctx, `SELECT u.id, COALESCE(r.role, 'member') FROM users u LEFT JOIN (
			SELECT user_id, role FROM user_roles
			UNION SELECT m.user_id, g.role FROM group_members m JOIN group_roles g ON g.group_id = m.group_id
		) r ON r.user_id = u.id
		WHERE u.status <> 'deactivated' ORDER BY u.nickname, u.id`)
	var out []int64
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var id int64
		var role string
		if err := rows.Scan(&id, &role); err != nil {
			return err
		}
		wanted := slices.Contains(roles, role) || slices.Contains(roles, RoleMember)
		if wanted && (len(out) == 0 || out[len(out)-1] != id) {
			out = append(out, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list holders of roles: %w", err)
	}
	return out, nil
}

// rolesOf lists the roles of a person: direct ones, those of his groups, and
// member, in the order of their names.
func rolesOf(ctx context.Context, q Querier, userID int64) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT role FROM user_roles WHERE user_id = ?
		UNION SELECT g.role FROM group_members m JOIN group_roles g ON g.group_id = m.group_id WHERE m.user_id = ?
		UNION SELECT 'member' ORDER BY 1`, userID, userID)
	roles, err := names(rows, err)
	if err != nil {
		return nil, fmt.Errorf("read roles of user %d: %w", userID, err)
	}
	return roles, nil
}

// DirectRoles lists the roles that were given to the person himself.
func DirectRoles(ctx context.Context, q Querier, userID int64) ([]string, error) {
	rows, err := q.Query(ctx, "SELECT role FROM user_roles WHERE user_id = ? ORDER BY role", userID)
	roles, err := names(rows, err)
	if err != nil {
		return nil, fmt.Errorf("read direct roles of user %d: %w", userID, err)
	}
	return roles, nil
}

// names reads rows of one text.
func names(rows *sql.Rows, err error) ([]string, error) {
	out := []string{}
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var s string
		if err := rows.Scan(&s); err != nil {
			return err
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// normalize brings what people type into the form that is stored and compared,
// and says what is wrong with it.
func (u *User) normalize() error {
	var found []FieldError
	wrong := func(field string, m text.Message) {
		found = append(found, FieldError{Field: field, Code: "VALIDATION_FAILED", Message: m})
	}
	u.Email = strings.ToLower(norm.NFC.String(strings.TrimSpace(u.Email)))
	if parsed, err := mail.ParseAddress(u.Email); err != nil || parsed.Address != u.Email || len(u.Email) > 254 {
		wrong("email", text.M("user.email", "Enter one email address, such as ana@example.com."))
	}
	name, err := precis.UsernameCaseMapped.String(strings.TrimSpace(u.Username))
	if n := utf8.RuneCountInString(name); err != nil || n < 2 || n > 64 || strings.ContainsAny(name, "@/\\:") {
		wrong("username", text.M("user.username", "A user name has 2 to 64 letters, digits, dots, dashes or underscores."))
	}
	u.Username = name
	u.Nickname = norm.NFC.String(strings.TrimSpace(u.Nickname))
	n, printable := utf8.RuneCountInString(u.Nickname), !strings.ContainsFunc(u.Nickname, unicode.IsControl)
	if n < 1 || n > 100 || !utf8.ValidString(u.Nickname) || !printable {
		wrong("nickname", text.M("user.nickname", "Enter a name of at most 100 characters."))
	}
	u.Phone = strings.TrimSpace(u.Phone)
	if len(u.Phone) > 32 || strings.Trim(u.Phone, "0123456789 ()+-./") != "" {
		wrong("phone", text.M("user.phone", "Enter a phone number of digits, spaces and the signs ( ) + - . /"))
	}
	if u.Locale == "" {
		u.Locale = "en"
	}
	if _, err := language.Parse(u.Locale); err != nil {
		wrong("locale", text.M("user.locale", "Choose one of the listed languages."))
	}
	if _, err := time.LoadLocation(u.TimeZone); err != nil || u.TimeZone == "Local" {
		wrong("timeZone", text.M("user.time_zone", "Choose one of the listed time zones."))
	}
	if !slices.Contains([]string{"", "light", "dark"}, u.Theme) {
		wrong("theme", text.M("user.theme", "Choose light, dark, or the setting of your system."))
	}
	if len(found) > 0 {
		return InvalidFields(found)
	}
	return nil
}
