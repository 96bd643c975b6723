package models

import (
	"context"
	"database/sql"
	"fmt"
)

// idBlocks are numbers of records that were taken from sequences of PostgreSQL before they
// are needed, so that inserts need not be waited for one by one. As many are taken as
// batches use: a quiet installation has no gaps. They belong to the writer.
type idBlocks struct {
	catalog int64 // version of the catalogue; another one may have other sequences
	tables  map[string]*idBlock
}

type idBlock struct {
	next []int64
	used int // in this batch
	last int // in the one before that used any
}

// nextBatch begins to count anew.
func (b *idBlocks) nextBatch() {
	for _, block := range b.tables {
		if block.used > 0 {
			block.last, block.used = block.used, 0
		}
	}
}

// Insert adds a row to a table whose key is a number and gives the key. keyed is the
// statement with a place for the key before all others, plain is the one without that
// returns it.
func (tx *Tx) Insert(ctx context.Context, table, keyed, plain string, args ...any) (id int64, err error) {
	if !tx.hasty || tx.db.dialect != Postgres {
		err = tx.QueryRow(ctx, plain, args...).Scan(&id)
		return id, err
	}
	if id, err = tx.nextID(ctx, table); err != nil {
		return 0, err
	}
	return id, tx.Queue(ctx, keyed, append([]any{id}, args...)...)
}

// nextID takes the next number of a table whose name is quoted.
func (tx *Tx) nextID(ctx context.Context, table string) (int64, error) {
	blocks := tx.conn.ids
	if version := tx.db.CatalogVersion(); blocks.tables == nil || blocks.catalog != version {
		blocks.catalog, blocks.tables = version, map[string]*idBlock{}
	}
	block := blocks.tables[table]
	if block == nil {
		block = &idBlock{}
		blocks.tables[table] = block
	}
	if len(block.next) == 0 {
		// What is queued need not be sent before: a sequence stands outside transactions.
		rows, err := tx.conn.query(context.WithoutCancel(ctx), "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, CAST($2 AS BIGINT))",
			[]any{table, max(1, block.used, block.last-block.used)})
		err = Rows(rows, err, func(r *sql.Rows) error {
			var n int64
			err := r.Scan(&n)
			block.next = append(block.next, n)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("take numbers of %s: %w", table, storageError(err))
		}
	}
	id := block.next[0]
	block.next = block.next[1:]
	block.used++
	return id, nil
}
