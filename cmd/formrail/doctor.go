package main

import (
	"context"

	"formrail/models"
	"formrail/models/text"
)

// doctor checks an installation, or a backup of one, and says what it found.
func (c *cli) doctor(ctx context.Context, args []string) error {
	f := c.flags("doctor")
	backup := f.String("backup", "", "backup to check instead")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	f.storage.unsafe = true // an unsafe setting is told, not refused
	if *backup == "" {
		return c.with(ctx, f.storage, beside, func(db *models.DB) error { return c.examine(ctx, db) })
	}
	return inFolder("", func(dir string) error {
		if err := models.Unpack(ctx, *backup, dir, c.clock.Now()); err != nil {
			return err
		}
		return c.with(ctx, storage{dir: dir, unsafe: true}, beside, func(db *models.DB) error { return c.examine(ctx, db) })
	})
}

// examine prints what an examination finds; warnings alone are no failure.
func (c *cli) examine(ctx context.Context, db *models.DB) error {
	found, err := db.Examine(ctx)
	if err != nil {
		return err
	}
	defects := 0
	for _, s := range found {
		if s.Warning {
			c.say(text.M("cli.warning", "Warning (%s): %s", s.Check, s.Says))
			continue
		}
		defects++
		c.say(text.M("cli.defect", "Defect (%s): %s", s.Check, s.Says))
	}
	if defects > 0 {
		return exit(exitFailed)
	}
	c.say(text.M("cli.healthy", "No defects were found."))
	return nil
}
