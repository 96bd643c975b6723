package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"formrail/models/text"
)

// Request is what is known about the request behind a change.
type Request struct {
	ID      string // of the request, as logs, events and histories show it
	Address string // of the client, without port
	Trace   string // W3C traceparent that the caller sent; empty without one
}

type requestKey struct{}

// WithRequest returns a context that knows its request.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf gives the request of ctx, the zero value outside of requests.
func RequestOf(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

// Results of audited actions.
const (
	AuditOK      = "ok"
	AuditRefused = "refused"
)

// AuditEntry says who did what. Request and time are added by [Audit].
type AuditEntry struct {
	Principal  Principal
	Action     string // constant and dotted, such as "user.create"
	ObjectType string // such as "user"
	ObjectID   string
	Title      string // name of the object at that time
	Result     string // AuditOK when empty
	Reason     string
	Changed    []string // names of what changed, never secret values
}

// AuditRow is one entry of the audit log. Rows are never changed or removed:
// the database refuses it, and the chain of hashes shows it.
type AuditRow struct {
	Seq        int64 `gorm:"primaryKey;autoIncrement:false"`
	At         Millis
	Principal  string
	Role       string
	Action     string
	ObjectType string
	ObjectID   string
	Title      string
	Result     string
	Reason     string
	Changed    []string `gorm:"serializer:json"`
	RequestID  string
	PrevHash   string
	Hash       string
}

// TableName tells GORM the table.
func (AuditRow) TableName() string { return "audit_log" }

// digest is the hash that the row must have.
func (r AuditRow) digest() (string, error) {
	canonical, err := json.Marshal([]any{
		r.Seq, r.At, r.Principal, r.Role, r.Action, r.ObjectType, r.ObjectID, r.Title, r.Result, r.Reason, r.Changed, r.RequestID,
	})
	if err != nil {
		return "", fmt.Errorf("encode audit row: %w", err)
	}
	sum := sha256.Sum256(append([]byte(r.PrevHash), canonical...))
	return hex.EncodeToString(sum[:]), nil
}

// auditLock is the key of the advisory lock that keeps the chain without forks
// when several processes write ("auditlog" in bytes).
const auditLock = 0x61756469746c6f67

// Audit appends an entry to the audit log, in the transaction of what it
// describes.
func Audit(ctx context.Context, tx *Tx, e AuditEntry) error {
	if tx.Dialect() == Postgres {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(auditLock)); err != nil {
			return fmt.Errorf("lock audit log: %w", err)
		}
	}
	row := AuditRow{
		At: At(tx.Now()), Principal: e.Principal.String(), Role: e.Principal.Role,
		Action: e.Action, ObjectType: e.ObjectType, ObjectID: e.ObjectID, Title: storable(e.Title, 200),
		Result: e.Result, Reason: storable(e.Reason, 1000), Changed: append([]string{}, e.Changed...),
		RequestID: RequestOf(ctx).ID,
	}
	if row.Result == "" {
		row.Result = AuditOK
	}
	last := tx.QueryRow(ctx, "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
	if err := last.Scan(&row.Seq, &row.PrevHash); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read end of audit log: %w", storageError(err))
	}
	row.Seq++
	var err error
	if row.Hash, err = row.digest(); err != nil {
		return err
	}
	if err := tx.Gorm(ctx).Create(&row).Error; err != nil {
		return fmt.Errorf("write audit log: %w", storageError(err))
	}
	return nil
}

// AuditRefusal writes a refusal in a transaction of its own. Above ten a minute
// for one principal, further ones are left out, so that nobody can flood the log.
func (db *DB) AuditRefusal(ctx context.Context, e AuditEntry) error {
	e.Result = AuditRefused
	err := db.Write(ctx, "audit.refusal", func(tx *Tx) error {
		if err := Take(ctx, tx, refusalLimit(e.Principal)); err != nil {
			return err
		}
		return Audit(ctx, tx, e)
	})
	if IsKind(err, KindTooMany) {
		return nil
	}
	return err
}

// AuditHead names the newest row of the audit log. Kept elsewhere, it proves
// later that no row was cut off.
type AuditHead struct {
	Seq  int64
	Hash string
}

// VerifyAudit recomputes the chain and gives its head. When a row was changed,
// added or removed, the error has code AUDIT_BROKEN and names the first such row
// in Data["seq"].
func (db *DB) VerifyAudit(ctx context.Context) (AuditHead, error) {
	var head AuditHead
	rows, err := db.Read().Query(ctx, `SELECT seq, at, principal, role, action, object_type, object_id, title,
		result, reason, changed, request_id, prev_hash, hash FROM audit_log ORDER BY seq`)
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var r AuditRow
		var changed string
		if err := rows.Scan(&r.Seq, &r.At, &r.Principal, &r.Role, &r.Action, &r.ObjectType, &r.ObjectID, &r.Title,
			&r.Result, &r.Reason, &changed, &r.RequestID, &r.PrevHash, &r.Hash); err != nil {
			return fmt.Errorf("read audit row: %w", err)
		}
		if json.Unmarshal([]byte(changed), &r.Changed) != nil || r.Seq != head.Seq+1 || r.PrevHash != head.Hash {
			return auditBroken(head.Seq + 1)
		}
		want, err := r.digest()
		if err != nil {
			return err
		}
		if want != r.Hash {
			return auditBroken(r.Seq)
		}
		head = AuditHead{Seq: r.Seq, Hash: r.Hash}
		return nil
	})
	return head, err
}

func auditBroken(seq int64) error {
	return NewError(KindInternal, "AUDIT_BROKEN",
		text.M("audit.broken", "The audit log was altered: row %d is not what was written. Compare it with a backup.", seq)).With("seq", seq)
}

// AuditQuery chooses entries of the audit log. Empty fields choose all.
type AuditQuery struct {
	Principal  string
	Action     string // or the part before its first dot
	ObjectType string
	ObjectID   string
	Before     int64 // only rows older than this one; 0 begins with the newest
	Limit      int   // 0 means 50
}

// AuditLog lists entries, the newest first.
func (db *DB) AuditLog(ctx context.Context, q AuditQuery) ([]AuditRow, error) {
	g := db.Read().Gorm(ctx).Order("seq DESC").Limit(50)
	if q.Limit > 0 {
		g = g.Limit(q.Limit)
	}
	if q.Before > 0 {
		g = g.Where("seq < ?", q.Before)
	}
	if q.Principal != "" {
		g = g.Where("principal = ?", q.Principal)
	}
	if q.Action != "" {
		g = g.Where(`action = ? OR action LIKE ? ESCAPE '\'`, q.Action, escapeLike(q.Action)+".%")
	}
	if q.ObjectType != "" {
		g = g.Where("object_type = ?", q.ObjectType)
	}
	if q.ObjectID != "" {
		g = g.Where("object_id = ?", q.ObjectID)
	}
	var rows []AuditRow
	if err := g.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list audit log: %w", storageError(err))
	}
	return rows, nil
}

// storable makes text that strangers sent fit for both databases: valid UTF-8
// without NUL, at most limit characters.
func storable(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}
