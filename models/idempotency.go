package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"formrail/models/text"
)

// idempotencyAge is how long the answer of a request is remembered.
const idempotencyAge = 24 * time.Hour

// IdempotencyKey identifies a request that may be repeated and must act once.
type IdempotencyKey struct {
	Principal, Method, Path, Key string
	ContentHash                  string // of query and body, see [ContentHash]
}

// ContentHash is the hash of what a request says, in hex.
func ContentHash(query string, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s", len(query), query)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Check says whether the key has a form that is accepted.
func (k IdempotencyKey) Check() error {
	if len(k.Key) < 8 || len(k.Key) > 128 {
		return badKey()
	}
	for i := range len(k.Key) {
		if k.Key[i] < ' ' || k.Key[i] > '~' {
			return badKey()
		}
	}
	return nil
}

func badKey() *Error {
	return Invalid("BAD_PARAMETER", text.M("idempotency.key", "An Idempotency-Key has 8 to 128 printable characters."))
}

// identity is the key without its content.
func (k IdempotencyKey) identity() IdempotencyKey {
	k.ContentHash = ""
	return k
}

// IdempotentAnswer is what is remembered of a request.
type IdempotentAnswer struct {
	Result string // saved with the change: what it did, as JSON
	Status int    // of the reply; 0 when the process ended before the reply was stored
	Body   string
}

// Idempotency knows which keyed requests run in this process at the moment. There
// is one per server. It is safe for concurrent use.
type Idempotency struct {
	db      *DB
	mu      sync.Mutex
	running map[IdempotencyKey]bool
}

// NewIdempotency makes the register of keyed requests.
func NewIdempotency(db *DB) *Idempotency {
	return &Idempotency{db: db, running: map[IdempotencyKey]bool{}}
}

// Begin takes a key before its request runs. A remembered answer is returned
// instead, known is then true; its Status is 0 when only the result of the change
// was saved and the reply has to be built again. Otherwise the caller runs the
// request and calls end. The errors are IDEMPOTENCY_KEY_REUSED and
// IDEMPOTENCY_IN_PROGRESS.
func (i *Idempotency) Begin(ctx context.Context, key IdempotencyKey) (answer IdempotentAnswer, known bool, end func(), err error) {
	if err := key.Check(); err != nil {
		return answer, false, nil, err
	}
	id := key.identity()
	i.mu.Lock()
	busy := i.running[id]
	i.running[id] = true
	i.mu.Unlock()
	if busy {
		e := Conflict("IDEMPOTENCY_IN_PROGRESS",
			text.M("idempotency.busy", "A request with this Idempotency-Key is still running. Try again in a moment."))
		e.RetryAfter = time.Second
		return answer, false, nil, e
	}
	end = func() {
		i.mu.Lock()
		delete(i.running, id)
		i.mu.Unlock()
	}
	answer, known, err = AnswerOf(ctx, i.db.Read(), key, i.db.Now())
	if err != nil || known {
		end()
		end = nil
	}
	return answer, known, end, err
}

// AnswerOf looks a key up. The same key with other content is an error.
func AnswerOf(ctx context.Context, q Querier, key IdempotencyKey, now time.Time) (answer IdempotentAnswer, known bool, err error) {
	var hash string
	err = q.QueryRow(ctx, `SELECT content_hash, result, status, body FROM idempotency_keys
		WHERE principal = ? AND method = ? AND path = ? AND idem_key = ? AND at > ?`,
		key.Principal, key.Method, key.Path, key.Key, int64(At(now.Add(-idempotencyAge)))).Scan(&hash, &answer.Result, &answer.Status, &answer.Body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return answer, false, nil
	case err != nil:
		return answer, false, fmt.Errorf("look up idempotency key: %w", storageError(err))
	case hash != key.ContentHash:
		return IdempotentAnswer{}, false, NewError(KindUnprocessable, "IDEMPOTENCY_KEY_REUSED",
			text.M("idempotency.reused", "This Idempotency-Key was already used for another request. Use a new key."))
	}
	return answer, true, nil
}

// SaveAnswer remembers what a keyed change did, in its own transaction: so the
// change and the memory of it exist together or not at all. An older answer that
// is no longer valid is replaced.
func (tx *Tx) SaveAnswer(ctx context.Context, key IdempotencyKey, result string) error {
	err := tx.Queue(ctx, `INSERT INTO idempotency_keys (principal, method, path, idem_key, content_hash, result, at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (principal, method, path, idem_key) DO UPDATE
		SET content_hash = excluded.content_hash, result = excluded.result, status = 0, body = '', at = excluded.at`,
		key.Principal, key.Method, key.Path, key.Key, key.ContentHash, result, int64(At(tx.Now())))
	if err != nil {
		return fmt.Errorf("save idempotency key: %w", err)
	}
	return nil
}

// StoreReply adds the reply that was sent to a remembered request. A request that
// changed nothing durable has no row, and its reply is not kept.
func (db *DB) StoreReply(ctx context.Context, key IdempotencyKey, status int, body string) error {
	return db.Write(ctx, "idempotency.reply", func(tx *Tx) error {
		return tx.Queue(ctx, `UPDATE idempotency_keys SET status = ?, body = ?
			WHERE principal = ? AND method = ? AND path = ? AND idem_key = ? AND content_hash = ?`,
			status, body, key.Principal, key.Method, key.Path, key.Key, key.ContentHash)
	})
}

// ForgetOldAnswers removes what is older than a day.
func (db *DB) ForgetOldAnswers(ctx context.Context) error {
	return db.Write(ctx, "idempotency.sweep", func(tx *Tx) error {
		return tx.Queue(ctx, "DELETE FROM idempotency_keys WHERE at <= ?", int64(At(tx.Now().Add(-idempotencyAge))))
	})
}
