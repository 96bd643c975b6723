package records

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/text"
)

// CopiedTable is one table as it was copied and verified.
type CopiedTable struct {
	Name string
	models.Sum
}

// Copy fills the empty installation to with everything that from holds, system
// tables and records alike, also between different databases. It is one
// transaction, committed once both sides have the same sums.
func Copy(ctx context.Context, from, to *models.DB) ([]CopiedTable, error) {
	var out []CopiedTable
	err := from.Snapshot(ctx, func(src models.Querier) error {
		return to.WriteAlone(ctx, "copy.all", func(tx *models.Tx) error {
			c := &copying{ctx: ctx, from: src, tx: tx, dialect: tx.Dialect()}
			if err := c.refuseData(); err != nil {
				return err
			}
			var err error
			out, err = c.all()
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("copy installation: %w", err)
	}
	return out, to.RefreshVersions(ctx)
}

// copying is one copy inside the transaction that writes it.
type copying struct {
	ctx     context.Context //nolint:containedctx // lives as long as one function
	from    models.Querier
	tx      *models.Tx
	dialect models.Dialect // of what is written
}

// copied is a table on its way. Columns without a field hold the same on both
// databases.
type copied struct {
	name    string
	columns []string
	counter string
	fields  map[string]*models.CollectionField // by column
}

// refuseData refuses a target that holds anything.
func (c *copying) refuseData() error {
	tables, err := models.Tables(c.ctx, c.tx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		var n int
		if err := c.tx.QueryRow(c.ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM "+quote(table)+" LIMIT 1) one").Scan(&n); err != nil {
			return fmt.Errorf("look into table %s: %w", table, err)
		}
		if n > 0 {
			return models.Conflict("DATA_EXISTS", text.M("copy.data_exists", "The target holds data already. Copy into an empty database."))
		}
	}
	return nil
}

func (c *copying) all() ([]CopiedTable, error) {
	user, err := c.collections()
	if err != nil {
		return nil, err
	}
	names, err := models.Tables(c.ctx, c.from)
	if err != nil {
		return nil, err
	}
	var system []*copied
	for _, name := range names {
		if !slices.ContainsFunc(user, func(t *userTable) bool { return t.name == name }) {
			system = append(system, &copied{name: name})
		}
	}
	var out []CopiedTable
	err = c.tx.WithoutOrder(c.ctx, func() error {
		tables := system
		for _, t := range user {
			tables = append(tables, &t.copied)
		}
		if err := c.build(user); err != nil {
			return err
		}
		for _, t := range tables {
			sum, err := c.table(t)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
			out = append(out, CopiedTable{t.name, sum})
		}
		return nil
	})
	return out, err
}

// table copies the rows of one table and verifies them.
func (c *copying) table(t *copied) (models.Sum, error) {
	var err error
	if t.columns, t.counter, err = models.TableColumns(c.ctx, c.from, t.name); err != nil {
		return models.Sum{}, err
	}
	have, _, err := models.TableColumns(c.ctx, c.tx, t.name)
	if err != nil {
		return models.Sum{}, err
	}
	if !slices.Equal(t.columns, have) {
		return models.Sum{}, fmt.Errorf("columns differ: %v and %v", t.columns, have)
	}
	want, err := c.rows(t)
	if err != nil {
		return models.Sum{}, err
	}
	got, err := t.sum(c.ctx, c.tx)
	if err != nil {
		return models.Sum{}, err
	}
	if got != want {
		return models.Sum{}, fmt.Errorf("copied %d rows, %s, but found %d rows, %s", want.Rows, want.Hash(), got.Rows, got.Hash())
	}
	if t.counter == "" {
		return want, nil
	}
	last, err := models.Counter(c.ctx, c.from, t.name, t.counter)
	if err != nil {
		return models.Sum{}, err
	}
	return want, c.tx.SetCounter(c.ctx, t.name, t.counter, last)
}

// chunk is how many rows travel together.
const chunk = 500

// rows writes the rows and adds up what was read.
func (c *copying) rows(t *copied) (models.Sum, error) {
	var sum models.Sum
	insert := "INSERT INTO " + quote(t.name) + " (" + t.list() + ") VALUES (" + placeholders(len(t.columns)) + ")"
	err := t.each(c.ctx, c.from, func(plain []any) error {
		if err := sum.Add(plain); err != nil {
			return err
		}
		values, err := t.encoded(plain, c.dialect)
		if err != nil {
			return err
		}
		if sum.Rows%chunk != 0 {
			return c.tx.Queue(c.ctx, insert, values...)
		}
		_, err = c.tx.Exec(c.ctx, insert, values...)
		return err
	})
	return sum, err
}

// sum adds up the rows of a table as SQLite stores them.
func (t *copied) sum(ctx context.Context, q models.Querier) (sum models.Sum, err error) {
	return sum, t.each(ctx, q, func(plain []any) error { return sum.Add(plain) })
}

// each gives every row in the form in which SQLite stores it.
func (t *copied) each(ctx context.Context, q models.Querier, fn func(plain []any) error) error {
	values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		into[i] = &values[i]
	}
	rows, err := q.Query(ctx, "SELECT "+t.list()+" FROM "+quote(t.name))
	return models.Rows(rows, err, func(r *sql.Rows) error {
		if err := r.Scan(into...); err != nil {
			return err
		}
		plain := slices.Clone(values)
		for i, name := range t.columns {
			f := t.fields[name]
			if f == nil {
				continue
			}
			v, err := decode(f, values[i])
			if err != nil {
				return err
			}
			if plain[i], err = encode(f, models.SQLite, v); err != nil {
				return err
			}
		}
		return fn(plain)
	})
}

// encoded gives a row in the form for a database.
func (t *copied) encoded(plain []any, d models.Dialect) ([]any, error) {
	if d == models.SQLite || len(t.fields) == 0 {
		return plain, nil
	}
	out := slices.Clone(plain)
	for i, name := range t.columns {
		f := t.fields[name]
		if f == nil {
			continue
		}
		v, err := decode(f, plain[i])
		if err != nil {
			return nil, err
		}
		if out[i], err = encode(f, d, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *copied) list() string {
	quoted := make([]string, len(t.columns))
	for i, name := range t.columns {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}
