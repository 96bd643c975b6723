package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Snapshot runs fn on one consistent view of what was committed when it first
// reads; what others change meanwhile is not seen.
func (db *DB) Snapshot(ctx context.Context, fn func(q Querier) error) (err error) {
	conn, err := db.readPool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open connection: %w", storageError(err))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	begin := "BEGIN"
	if db.dialect == Postgres {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return fmt.Errorf("begin snapshot: %w", storageError(err))
	}
	err = fn(view{db, conn})
	_, end := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return errors.Join(err, storageError(end))
}

// view reads on one connection.
type view struct {
	db   *DB
	conn *sql.Conn
}

// Dialect names the database in use.
func (v view) Dialect() Dialect { return v.db.dialect }

// Query runs a query.
func (v view) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := v.conn.QueryContext(ctx, v.db.rebind(query), args...)
	return rows, storageError(err)
}

// QueryRow runs a query for one row.
func (v view) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return v.conn.QueryRowContext(ctx, v.db.rebind(query), args...)
}

// Tables lists the tables of the product and of its users, by name; not those
// that belong to the database, to migrations or to a queue.
func Tables(ctx context.Context, q Querier) ([]string, error) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
	if q.Dialect() == Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
	}
	rows, err := q.Query(ctx, query)
	list, err := names(rows, err)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	list = slices.DeleteFunc(list, func(name string) bool {
		return name == "goose_db_version" || name == manifestTable || strings.HasPrefix(name, "river_")
	})
	slices.Sort(list)
	return list, nil
}

// TableColumns lists the columns of a table by name, and the one that numbers its
// rows by itself, if any.
func TableColumns(ctx context.Context, q Querier, table string) (columns []string, counter string, err error) {
	query := "SELECT name, pk = 1 AND type = 'INTEGER' FROM pragma_table_info(?)"
	if q.Dialect() == Postgres {
		query = `SELECT column_name, CASE WHEN is_identity = 'YES' THEN 1 ELSE 0 END FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = ?`
	}
	rows, err := q.Query(ctx, query, table)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var name string
		var counts int64
		if err := r.Scan(&name, &counts); err != nil {
			return err
		}
		columns = append(columns, name)
		if counts != 0 {
			counter = name
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list columns of %s: %w", table, err)
	}
	slices.Sort(columns)
	return columns, counter, nil
}

// TableLinks says which table each linking column of a table points to.
func TableLinks(ctx context.Context, q Querier, table string) (map[string]string, error) {
	query := `SELECT "from", "table" FROM pragma_foreign_key_list(?)`
	if q.Dialect() == Postgres {
		query = `SELECT a.attname, o.relname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid
			JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
			WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace AND t.relname = ?`
	}
	out := map[string]string{}
	rows, err := q.Query(ctx, query, table)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var column, target string
		err := r.Scan(&column, &target)
		out[column] = target
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list links of %s: %w", table, err)
	}
	return out, nil
}

// Counter is the number that a table gave last to a new row; 0 for none.
func Counter(ctx context.Context, q Querier, table, column string) (last int64, err error) {
	if q.Dialect() == SQLite {
		err = q.QueryRow(ctx, "SELECT seq FROM sqlite_sequence WHERE name = ?", table).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, nil
		}
		return last, storageError(err)
	}
	err = q.QueryRow(ctx, "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence(quote_ident(?), ?)::regclass), 0)", table, column).Scan(&last)
	return last, storageError(err)
}

// SetCounter makes a table number its next row after last.
func (tx *Tx) SetCounter(ctx context.Context, table, column string, last int64) error {
	if last == 0 {
		return nil
	}
	if tx.Dialect() == Postgres {
		var n int64
		err := tx.QueryRow(ctx, "SELECT setval(pg_get_serial_sequence(quote_ident(?), ?)::regclass, ?)", table, column, last).Scan(&n)
		return storageError(err)
	}
	n, err := tx.Exec(ctx, "UPDATE sqlite_sequence SET seq = ? WHERE name = ?", last, table)
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, last)
	}
	return err
}

// WithoutOrder runs fn so that links between rows are checked at its end instead
// of row by row: fn may write rows before those they point to.
func (tx *Tx) WithoutOrder(ctx context.Context, fn func() error) error {
	if tx.Dialect() == SQLite {
		if _, err := tx.Exec(ctx, "PRAGMA defer_foreign_keys = ON"); err != nil {
			return err
		}
		return fn()
	}
	strict, err := strictLinks(ctx, tx)
	if err != nil {
		return err
	}
	for _, l := range strict {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+l.table+" ALTER CONSTRAINT "+l.name+" DEFERRABLE INITIALLY DEFERRED"); err != nil {
			return err
		}
	}
	if err := fn(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return err
	}
	for _, l := range strict {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+l.table+" ALTER CONSTRAINT "+l.name+" NOT DEFERRABLE"); err != nil {
			return err
		}
	}
	return nil
}

// strictLink is a link that PostgreSQL checks row by row; both names are quoted by it.
type strictLink struct{ table, name string }

func strictLinks(ctx context.Context, tx *Tx) ([]strictLink, error) {
	var out []strictLink
	rows, err := tx.Query(ctx, `SELECT quote_ident(t.relname), quote_ident(c.conname) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
		WHERE c.contype = 'f' AND NOT c.condeferrable AND t.relnamespace = current_schema()::regnamespace`)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var l strictLink
		err := r.Scan(&l.table, &l.name)
		out = append(out, l)
		return err
	})
	return out, err
}

// Sum is the number of rows of a table together with a hash of them that does not
// depend on their order. Two tables with the same sum hold the same rows.
type Sum struct {
	Rows int64
	hash [4]uint64 // sum of the hashes of the rows, modulo 2^256
}

// Add adds a row: nil, int64, string and bytes in an order that both sides agree on.
func (s *Sum) Add(values []any) error {
	var row []byte
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			row = append(row, 'n')
		case int64:
			row = binary.BigEndian.AppendUint64(append(row, 'i'), uint64(v)) //nolint:gosec // the bits count, not the number
		case string:
			row = append(binary.BigEndian.AppendUint64(append(row, 's'), uint64(len(v))), v...)
		case []byte:
			row = append(binary.BigEndian.AppendUint64(append(row, 'b'), uint64(len(v))), v...)
		default:
			return fmt.Errorf("hash a value of type %T", v)
		}
	}
	sum := sha256.Sum256(row)
	var carry uint64
	for i := range s.hash {
		s.hash[i], carry = bits.Add64(s.hash[i], binary.LittleEndian.Uint64(sum[8*i:]), carry)
	}
	s.Rows++
	return nil
}

// Hash is the hash in hex.
func (s Sum) Hash() string {
	return fmt.Sprintf("%016x%016x%016x%016x", s.hash[3], s.hash[2], s.hash[1], s.hash[0])
}
