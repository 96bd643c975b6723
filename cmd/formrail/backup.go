package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// backup writes everything but keys to one file.
func (c *cli) backup(ctx context.Context, args []string) error {
	f := c.flags("backup")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	file := words[0]
	return c.with(ctx, f.storage, beside, func(db *models.DB) error {
		write := db.Backup
		if db.Dialect() == models.Postgres {
			write = func(ctx context.Context, file string) error { return c.backupPostgres(ctx, db, file) }
		}
		if err := write(ctx, file); err != nil {
			return err
		}
		c.say(text.M("cli.backed_up", "The backup %s is complete and verified.", file))
		return nil
	})
}

// backupPostgres copies a PostgreSQL installation to SQLite beside the wanted file
// and backs that up, so that there is one format of backups.
func (c *cli) backupPostgres(ctx context.Context, db *models.DB, file string) error {
	return inFolder(filepath.Dir(file), func(dir string) error {
		return c.with(ctx, storage{dir: dir, unsafe: true}, create, func(lite *models.DB) error {
			if _, err := records.Copy(ctx, db, lite); err != nil {
				return err
			}
			return lite.Backup(ctx, file)
		})
	})
}

// inFolder runs fn with a folder that is removed afterwards.
func inFolder(parent string, fn func(dir string) error) (err error) {
	dir, err := os.MkdirTemp(parent, ".formrail-")
	if err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return fn(dir)
}

// restore makes a backup the installation. What it replaces is kept.
func (c *cli) restore(ctx context.Context, args []string) error {
	f := c.flags("restore")
	force := f.Bool("force", false, "replace data that is there")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	file := words[0]
	if f.storage.url == "" {
		in := models.Restoring{File: file, Dir: f.storage.dir, Force: *force, Now: c.clock.Now()}
		err = models.Restore(ctx, in)
	} else {
		err = c.restorePostgres(ctx, f.storage, file)
	}
	if err != nil {
		return err
	}
	return c.with(ctx, f.storage, alone, func(db *models.DB) error {
		err := db.Write(ctx, "cli.restore", func(tx *models.Tx) error {
			return models.Audit(ctx, tx, models.AuditEntry{Principal: models.System(), Action: "instance.restore", Reason: filepath.Base(file)})
		})
		if err == nil {
			c.say(text.M("cli.restored", "The backup %s is restored. Start the server to use it. It sends nothing until an owner releases it.", file))
		}
		return err
	})
}

// restorePostgres copies a backup into an empty PostgreSQL database.
func (c *cli) restorePostgres(ctx context.Context, s storage, file string) error {
	return inFolder("", func(dir string) error {
		if err := models.Unpack(ctx, file, dir, c.clock.Now()); err != nil {
			return err
		}
		_, err := c.transfer(ctx, storage{dir: dir, unsafe: true}, s)
		return err
	})
}

// copy moves an installation between databases; both must be at rest.
func (c *cli) copy(ctx context.Context, args []string) error {
	f := c.flags("copy")
	from := f.String("from", "", "database to read: postgres://… or a data folder")
	to := f.String("to", "", "empty database to fill: postgres://… or a data folder")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.need("from", "to"); err != nil {
		return err
	}
	source := storageAt(*from)
	if source.url == "" {
		db, err := c.open(ctx, source, beside) // says so when there is nothing
		if err != nil {
			return err
		}
		if err := db.Close(); err != nil {
			return err
		}
	}
	tables, err := c.transfer(ctx, source, storageAt(*to))
	if err != nil {
		return err
	}
	var rows int64
	for _, t := range tables {
		rows += t.Rows
	}
	c.say(text.M("cli.copied", "Copied %d rows in %d tables. Counts and hashes agree on both sides.", rows, len(tables)))
	return nil
}

// transfer copies between two installations that nobody else runs on.
func (c *cli) transfer(ctx context.Context, from, to storage) (tables []records.CopiedTable, err error) {
	err = c.with(ctx, from, alone, func(source *models.DB) error {
		return c.with(ctx, to, alone, func(target *models.DB) error {
			tables, err = records.Copy(ctx, source, target)
			return err
		})
	})
	return tables, err
}

// storageAt reads the address of a database: a URL of PostgreSQL, or a data folder.
func storageAt(address string) storage {
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		return storage{url: address}
	}
	return storage{dir: strings.TrimPrefix(strings.TrimPrefix(address, "sqlite:"), "//")}
}
