package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// Large values lie compressed in blobs, under the hash of their content; in their place
// stands a reference with how the value begins. Whoever refers to a blob writes it in the
// same transaction, so a reference is never without its blob; [SweepBlobs] removes those
// that nobody refers to any more.

// LargeValue is the size in bytes above which a value is kept apart.
const LargeValue = 16 << 10

// previewLetters is how much of a large value is kept in its place.
const previewLetters = 1000

// blobMark begins a reference: no JSON begins so.
const blobMark = "@"

// Large is a value that is kept apart and was not loaded.
type Large struct {
	Hash    string
	Size    int    // in bytes
	Preview string // how it begins
}

// reference is what stands in place of the value.
func (l Large) reference() string {
	return blobMark + l.Hash + " " + strconv.Itoa(l.Size) + "\n" + l.Preview
}

// largeOf reads a reference; false when the text is the value itself.
func largeOf(stored string) (Large, bool) {
	rest, ok := strings.CutPrefix(stored, blobMark)
	if !ok {
		return Large{}, false
	}
	head, preview, _ := strings.Cut(rest, "\n")
	hash, digits, _ := strings.Cut(head, " ")
	size, err := strconv.Atoi(digits)
	return Large{Hash: hash, Size: size, Preview: preview}, err == nil && len(hash) == 2*sha256.Size
}

// apart takes a large value out of a row that is listed.
func apart(value *string) *Large {
	l, ok := largeOf(*value)
	if !ok {
		return nil
	}
	*value = ""
	return &l
}

// packed is a large value made ready for storage.
type packed struct {
	value string
	large Large
	data  []byte
}

// newPacker makes what compresses large values.
func newPacker() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
}

// pack compresses a large value, unless it is the one that p holds.
func (db *DB) pack(p *packed, value string) error {
	if len(value) <= LargeValue || p.value == value {
		return nil
	}
	packer, err := db.packer()
	if err != nil {
		return fmt.Errorf("compress value: %w", err)
	}
	hash := sha256.Sum256([]byte(value))
	*p = packed{value: value, data: packer.EncodeAll([]byte(value), nil), large: Large{Hash: hex.EncodeToString(hash[:]), Size: len(value), Preview: beginning(value)}}
	return nil
}

// beginning cuts a value after some letters.
func beginning(value string) string {
	end := 0
	for range previewLetters {
		_, n := utf8.DecodeRuneInString(value[end:])
		end += n
	}
	return value[:end]
}

// Pack compresses the large values of steps that are about to be saved. Without it that
// is done in the transaction, where everybody waits.
func (db *DB) Pack(steps []*Step) error {
	for _, s := range steps {
		if !s.InputKept {
			if err := db.pack(&s.packedInput, s.Input); err != nil {
				return err
			}
		}
		if err := db.pack(&s.packedOutput, s.Output); err != nil {
			return err
		}
	}
	return nil
}

// stored gives a value as its row keeps it, and writes the blob of a large one.
func (tx *Tx) stored(ctx context.Context, p *packed, value string) (string, error) {
	if len(value) <= LargeValue {
		return value, nil
	}
	if err := tx.db.pack(p, value); err != nil {
		return "", err
	}
	// Invariant: the sweeper leaves alone what was used within [blobRest]. A reference that
	// it cannot see yet has written used_at, or has found it younger than an hour.
	const hour = int64(time.Hour / time.Millisecond)
	err := tx.Queue(ctx, `INSERT INTO blobs (hash, size, data, used_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (hash) DO UPDATE SET used_at = excluded.used_at WHERE blobs.used_at < ?`,
		p.large.Hash, p.large.Size, p.data, At(tx.Now()), int64(At(tx.Now()))-hour)
	if err != nil {
		return "", fmt.Errorf("save large value: %w", err)
	}
	return p.large.reference(), nil
}

// blobsAtOnce is how many blobs one statement asks for.
const blobsAtOnce = 50

// restore puts the values in place of references, exactly as they were.
func restore(ctx context.Context, q Querier, values ...*string) error {
	places := map[string][]*string{}
	for _, v := range values {
		if l, ok := largeOf(*v); ok {
			places[l.Hash] = append(places[l.Hash], v)
		}
	}
	if len(places) == 0 {
		return nil
	}
	unpacker, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return fmt.Errorf("read large values: %w", err)
	}
	defer unpacker.Close()
	var hashes []any
	for hash := range places {
		hashes = append(hashes, hash)
	}
	for part := range slices.Chunk(hashes, blobsAtOnce) {
		rows, err := q.Query(ctx, "SELECT hash, data FROM blobs WHERE hash IN (?"+strings.Repeat(", ?", len(part)-1)+")", part...)
		err = Rows(rows, err, func(r *sql.Rows) error {
			var hash string
			var data []byte
			if err := r.Scan(&hash, &data); err != nil {
				return err
			}
			value, err := unpacker.DecodeAll(data, nil)
			if err != nil {
				return err
			}
			if sum := sha256.Sum256(value); hex.EncodeToString(sum[:]) != hash {
				return errors.New("content of another hash")
			}
			for _, place := range places[hash] {
				*place = string(value)
			}
			delete(places, hash)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read large values: %w", err)
		}
	}
	for hash := range places {
		return fmt.Errorf("large value %s is missing", hash)
	}
	return nil
}

// LoadValues loads the large values of listed steps in their order, as far as their sizes
// together stay within limit bytes.
func LoadValues(ctx context.Context, q Querier, steps []*Step, limit int) error {
	var values []*string
	take := func(l **Large, into *string) {
		if *l == nil || (*l).Size > limit {
			return
		}
		limit -= (*l).Size
		*into = (*l).reference()
		*l = nil
		values = append(values, into)
	}
	for _, s := range steps {
		take(&s.LargeOutput, &s.Output)
		take(&s.LargeInput, &s.Input)
	}
	return restore(ctx, q, values...)
}

// blobRest is how long a blob that nobody refers to is kept: longer than any transaction.
const blobRest = 24 * time.Hour

// referred is the condition that something refers to a blob.
const referred = `(EXISTS (SELECT 1 FROM steps s WHERE SUBSTR(s.input, 2, 64) = b.hash AND SUBSTR(s.input, 1, 1) = '@')
	OR EXISTS (SELECT 1 FROM steps s WHERE SUBSTR(s.output, 2, 64) = b.hash AND SUBSTR(s.output, 1, 1) = '@')
	OR EXISTS (SELECT 1 FROM executions e WHERE SUBSTR(e.trigger_data, 2, 64) = b.hash AND SUBSTR(e.trigger_data, 1, 1) = '@')
	OR EXISTS (SELECT 1 FROM executions e WHERE SUBSTR(e.output, 2, 64) = b.hash AND SUBSTR(e.output, 1, 1) = '@'))`

// SweepBlobs looks at some blobs from a hash on and removes those that nobody refers to.
// It gives the hash to go on from; empty after the last one.
func SweepBlobs(ctx context.Context, db *DB, from string, some int) (next string, removed int64, err error) {
	rows, err := db.Read().Query(ctx, "SELECT b.hash, CASE WHEN b.used_at < ? AND NOT "+referred+" THEN 1 ELSE 0 END FROM blobs b WHERE b.hash > ? ORDER BY b.hash LIMIT ?",
		At(db.Now().Add(-blobRest)), from, some)
	var gone []any
	seen := 0
	err = Rows(rows, err, func(r *sql.Rows) error {
		var unused int
		err := r.Scan(&next, &unused)
		if seen++; unused != 0 {
			gone = append(gone, next)
		}
		return err
	})
	if err != nil {
		return "", 0, fmt.Errorf("look for unused values: %w", err)
	}
	if seen < some {
		next = ""
	}
	if len(gone) == 0 {
		return next, 0, nil
	}
	err = db.Write(ctx, "blobs.sweep", func(tx *Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM blobs AS b WHERE b.hash IN (?"+strings.Repeat(", ?", len(gone)-1)+") AND b.used_at < ? AND NOT "+referred,
			append(slices.Clone(gone), At(tx.Now().Add(-blobRest)))...)
		removed = n
		return err
	})
	if err != nil {
		return "", 0, fmt.Errorf("remove unused values: %w", err)
	}
	return next, removed, nil
}
