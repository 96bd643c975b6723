package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"formrail/models"
)

// pastChunk is how many executions are copied in one commit.
const pastChunk = 50_000

// growth measures W2, W6 and W4 behind a number of executions that have ended.
func growth(ctx context.Context, o options, database string, past int) (figures []figure, err error) {
	in, err := open(ctx, database, way{})
	if err != nil {
		return nil, err
	}
	if err := in.past(ctx, past); err != nil {
		return nil, errors.Join(err, in.close())
	}
	behind := fmt.Sprintf(", %d past", past)
	for _, load := range workloads() {
		if !strings.HasPrefix(load.name, "W2 flow without") {
			continue
		}
		f, _, err := in.drive(ctx, load, time.Duration(o.seconds)*time.Second)
		if err != nil {
			return nil, errors.Join(err, in.close())
		}
		f.Workload += behind
		figures = append(figures, f)
	}
	lists, err := in.lists(ctx, past)
	if err != nil {
		return nil, errors.Join(err, in.close())
	}
	for _, f := range lists {
		f.Workload += behind
		figures = append(figures, f)
	}
	if database == "" && o.binary != "" {
		if err := in.shut(); err != nil {
			return nil, err
		}
		starts, err := startsOn(ctx, o.binary, in.folder, behind)
		return append(figures, starts...), errors.Join(err, os.RemoveAll(in.folder))
	}
	return figures, errors.Join(in.close(), forget(ctx, database))
}

// past copies one execution of three pure steps that has ended until there are n of it:
// with its steps, its wake-up and its line in the trigger log.
func (in *instance) past(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	if problem := in.send(&fasthttp.Client{}, "/hooks/later"); problem != "" {
		return errors.New(problem)
	}
	if err := in.eng.WaitIdle(ctx); err != nil {
		return err
	}
	number := "PRINTF('%013d', n.i)"
	if in.db.Dialect() == models.Postgres {
		number = "LPAD(n.i::text, 13, '0')"
	}
	other := func(column string) string { return "'0' || " + number + " || SUBSTR(o." + column + ", 15)" }
	tables := []struct {
		name string
		own  string // key that the database gives
		copy string // with the columns, and what they get
		ids  map[string]string
	}{
		{"executions", "number", "INSERT INTO executions (%s) SELECT %s FROM n, executions o WHERE o.id = ?", map[string]string{"id": other("id"), "root_id": other("root_id")}},
		{"steps", "", "INSERT INTO steps (%s) SELECT %s FROM n, steps o WHERE o.execution_id = ?", map[string]string{"id": other("id"), "execution_id": other("execution_id"), "after_step_id": other("after_step_id")}},
		{"wakeups", "id", "INSERT INTO wakeups (%s) SELECT %s FROM n, wakeups o WHERE o.execution_id = ?", map[string]string{"execution_id": other("execution_id")}},
		{"trigger_log", "id", "INSERT INTO trigger_log (%s) SELECT %s FROM n, trigger_log o WHERE o.execution_id = ?", map[string]string{"execution_id": other("execution_id")}},
	}
	var original string
	if err := in.db.Read().QueryRow(ctx, "SELECT id FROM executions ORDER BY number LIMIT 1").Scan(&original); err != nil {
		return fmt.Errorf("find the execution to copy: %w", err)
	}
	for from := 1; from <= n; from += pastChunk {
		err := in.db.Write(ctx, "bench.past", func(tx *models.Tx) error {
			for _, t := range tables {
				columns, err := in.columns(ctx, t.name)
				if err != nil {
					return err
				}
				var names, values []string
				for _, c := range columns {
					if c == t.own {
						continue
					}
					value, ok := t.ids[c]
					if !ok {
						value = "o." + c
					}
					names, values = append(names, c), append(values, value)
				}
				series := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", from, min(from+pastChunk-1, n))
				_, err = tx.Exec(ctx, series+fmt.Sprintf(t.copy, strings.Join(names, ", "), strings.Join(values, ", ")), original)
				if err != nil {
					return fmt.Errorf("copy %s: %w", t.name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return in.sound(ctx)
}

// columns lists the columns of a table.
func (in *instance) columns(ctx context.Context, table string) ([]string, error) {
	query := "SELECT name FROM pragma_table_info(?)"
	if in.db.Dialect() == models.Postgres {
		query = "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?"
	}
	rows, err := in.db.Read().Query(ctx, query, table)
	if err != nil {
		return nil, fmt.Errorf("read columns of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read columns of %s: %w", table, err)
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// listReads is how often each page of the list is asked for.
const listReads = 100

// lists measures W6: the first page of the list of executions, and pages in the middle.
func (in *instance) lists(ctx context.Context, past int) ([]figure, error) {
	b, _, err := in.visitor(ctx)
	if err != nil {
		return nil, err
	}
	var first, deep []float64
	for i := range listReads {
		took, _, _, err := b.ask("GET", "/executions", "", nil)
		if err != nil {
			return nil, err
		}
		first = append(first, took)
		cursor := url.Values{"cursor": {strconv.Itoa(1 + past/4 + i*past/(2*listReads))}}
		if took, _, _, err = b.ask("GET", "/executions?"+cursor.Encode(), "", nil); err != nil {
			return nil, err
		}
		deep = append(deep, took)
	}
	return []figure{median("W6 list, first page", "ms", first, "p99 <= 50 ms"), median("W6 list, deep page", "ms", deep, "p99 <= 50 ms")}, nil
}

// waitingFlow asks a person, and waits.
const waitingFlow = `{"key":"asks","title":"Asks","type":"post_action","config":{"collection":"orders"},"nodes":[{"key":"p","type":"approval","config":{"assignees":{"users":[%d]},"applicant":"allow"}}]}`

// waiting measures the memory and the start of a server with n executions that wait for a
// person.
func waiting(ctx context.Context, o options, n int) ([]figure, error) {
	in, err := open(ctx, "", way{})
	if err != nil {
		return nil, err
	}
	if err := in.workflow(ctx, fmt.Sprintf(waitingFlow, in.access.Principal.UserID)); err != nil {
		return nil, errors.Join(err, in.close())
	}
	err = in.many(n, "/api/orders:create?triggerWorkflows=asks")
	if err == nil {
		err = in.eng.WaitIdle(ctx)
	}
	if err := errors.Join(err, in.sound(ctx), in.shut()); err != nil {
		return nil, err
	}
	figures, err := startsOn(ctx, o.binary, in.folder, fmt.Sprintf(", %d waiting", n))
	return figures, errors.Join(err, os.RemoveAll(in.folder))
}

// grown measures everything that growth is asked for.
func grown(ctx context.Context, o options, databases []string) (figures []figure, err error) {
	for _, database := range databases {
		name := "SQLite"
		if database != "" {
			name = "PostgreSQL"
		}
		for _, past := range o.past {
			more, err := growth(ctx, o, database, past)
			if err != nil {
				return nil, fmt.Errorf("behind %d executions on %s: %w", past, name, err)
			}
			for _, f := range more {
				f.Database, f.Way = name, "product"
				figures = append(figures, f)
			}
		}
	}
	for _, n := range o.waiting {
		if o.binary == "" {
			return nil, errors.New("name the binary with --binary")
		}
		more, err := waiting(ctx, o, n)
		if err != nil {
			return nil, fmt.Errorf("with %d waiting: %w", n, err)
		}
		figures = append(figures, more...)
	}
	return figures, nil
}

// many sends n requests from 64 clients.
func (in *instance) many(n int, path string) error {
	var (
		wait   sync.WaitGroup
		left   atomic.Int64
		failed atomic.Pointer[string]
	)
	left.Store(int64(n))
	client := &fasthttp.Client{MaxConnsPerHost: 64}
	for range 64 {
		wait.Go(func() {
			for left.Add(-1) >= 0 && failed.Load() == nil {
				if problem := in.send(client, path); problem != "" {
					failed.Store(&problem)
				}
			}
		})
	}
	wait.Wait()
	if problem := failed.Load(); problem != nil {
		return errors.New(*problem)
	}
	return nil
}
