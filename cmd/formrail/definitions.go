package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// definitions is an installation whose workflows a command reads and changes, also
// beside a running server. Executions do not move here.
func (c *cli) definitions(ctx context.Context, from storage, fn func(db *models.DB, e *engine.Engine) error) error {
	return c.with(ctx, from, beside, func(db *models.DB) error {
		if err := db.RefreshVersions(ctx); err != nil {
			return err
		}
		s := &server{c: c, log: c.logger(slog.LevelError), db: db, records: records.New(db), live: live.New()}
		return fn(db, newEngine(s))
	})
}

// export writes drafts of workflows to files, one each; a single one without a
// folder goes to the standard output.
func (c *cli) export(ctx context.Context, args []string) error {
	f := c.flags("export")
	all := f.Bool("all", false, "all workflows")
	folder := f.String("out", "", "folder for the files")
	keys, err := f.parse(args, 0, maxFiles)
	if err != nil {
		return err
	}
	if *all == (len(keys) > 0) || *folder == "" && len(keys) != 1 {
		return usageError{text.M("cli.export", "Name workflows or --all, and a folder with --out for more than one.").String()}
	}
	return c.with(ctx, f.storage, beside, func(db *models.DB) error {
		list, err := models.Workflows(ctx, db.Read())
		if err != nil {
			return err
		}
		for _, key := range keys {
			if !slices.ContainsFunc(list, func(w *models.Workflow) bool { return w.Key == key }) {
				return noWorkflow(key)
			}
		}
		for _, w := range list {
			if *all || slices.Contains(keys, w.Key) {
				if err := c.exportOne(w, *folder); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func noWorkflow(key string) error {
	return models.NewError(models.KindNotFound, "NOT_FOUND", text.M("page.no_workflow", "There is no workflow %s.", key))
}

func (c *cli) exportOne(w *models.Workflow, folder string) error {
	d, err := engine.ReadDefinition(w.Draft)
	if err != nil {
		return fmt.Errorf("workflow %s: %w", w.Key, err)
	}
	data, err := engine.FileOf(w, d).Encode()
	if err != nil {
		return err
	}
	if folder == "" {
		_, err := c.out.Write(data)
		return err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	path := filepath.Join(folder, w.Key+".json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	c.say(text.Verbatim(path))
	return nil
}

// findings prints what is wrong with a file against the installation and counts
// what blocks publishing.
func (c *cli) findings(ctx context.Context, e *engine.Engine, f workflowFile) (int, error) {
	_, found, err := e.Check(ctx, f.Definition, f.Sync)
	if err != nil {
		return 0, err
	}
	for _, one := range found {
		c.say(text.M("file.finding", "%s: %s at %s %s: %s", f.path, one.Severity, one.Node, one.Field, one.Message))
	}
	return len(engine.Errors(found)), nil
}

// checkFiles checks files against the collections of the installation.
func (c *cli) checkFiles(ctx context.Context, args []string) error {
	f := c.flags("check")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.definitions(ctx, f.storage, func(_ *models.DB, e *engine.Engine) error {
		files, problems, err := readFiles(words[0])
		if err != nil {
			return err
		}
		bad := len(problems)
		for _, p := range problems {
			c.say(text.Verbatim(p))
		}
		for _, file := range files {
			n, err := c.findings(ctx, e, file)
			if err != nil {
				return err
			}
			bad += n
		}
		if bad > 0 {
			return exit(exitProblems)
		}
		c.say(text.M("file.fine", "%d workflow files have no problems.", len(files)))
		return nil
	})
}

// Exit codes of diff.
const (
	exitDifferent  = 1
	exitDiffFailed = 2
)

// diff compares files with the drafts of the installation.
func (c *cli) diff(ctx context.Context, args []string) error {
	different, err := c.compare(ctx, args)
	var usage usageError
	switch {
	case errors.As(err, &usage), errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		c.complain(sentence(err))
		return exit(exitDiffFailed)
	case different:
		return exit(exitDifferent)
	}
	c.say(text.M("diff.same", "Nothing differs."))
	return nil
}

func (c *cli) compare(ctx context.Context, args []string) (different bool, err error) {
	f := c.flags("diff")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return false, err
	}
	files, problems, err := readFiles(words[0])
	if err == nil && len(problems) > 0 {
		err = errors.New(problems[0])
	}
	if err != nil {
		return false, err
	}
	err = c.definitions(ctx, f.storage, func(db *models.DB, e *engine.Engine) error {
		list, err := models.Workflows(ctx, db.Read())
		if err != nil {
			return err
		}
		for _, w := range list {
			i := slices.IndexFunc(files, func(f workflowFile) bool { return f.Key == w.Key })
			if i < 0 {
				c.say(text.M("diff.only_here", "%s: only in the installation", w.Key))
				different = true
				continue
			}
			changes, err := e.DiffFile(w, files[i].File)
			if err != nil {
				return err
			}
			c.sayDifferences(w.Key, changes)
			different = different || len(changes) > 0
			files = slices.Delete(files, i, i+1)
		}
		for _, f := range files {
			c.say(text.M("diff.only_file", "%s: only in the file %s", f.Key, f.path))
			different = true
		}
		return nil
	})
	return different, err
}

// sayDifferences says what a file would change about a workflow.
func (c *cli) sayDifferences(key string, changes []engine.Difference) {
	for _, d := range changes {
		c.say(text.M("diff.one", "%s: %s", key, d.Sentence))
	}
}

// importing takes workflow files into an installation.
type importing struct {
	c       *cli
	engine  *engine.Engine
	dryRun  bool
	publish bool
}

// importFiles takes workflows from files: new ones are created, others get a new
// draft. Each one is taken whole or not at all; nothing is taken while any file
// has problems.
func (c *cli) importFiles(ctx context.Context, args []string) error {
	f := c.flags("import")
	in := importing{c: c}
	f.BoolVar(&in.dryRun, "dry-run", false, "only say what would change")
	f.BoolVar(&in.publish, "publish", false, "publish what changed")
	words, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.definitions(ctx, f.storage, func(_ *models.DB, e *engine.Engine) error {
		in.engine = e
		files, problems, err := readFiles(words[0])
		if err != nil {
			return err
		}
		bad := len(problems)
		for _, p := range problems {
			c.say(text.Verbatim(p))
		}
		for _, file := range files {
			n, err := in.obstacles(ctx, file)
			if err != nil {
				return err
			}
			bad += n
		}
		if bad > 0 {
			return exit(exitProblems)
		}
		for _, file := range files {
			if err := in.take(ctx, file); err != nil {
				return fmt.Errorf("import %s: %w", file.path, err)
			}
		}
		return nil
	})
}

// obstacles counts what stands in the way of a file, and says it.
func (in importing) obstacles(ctx context.Context, f workflowFile) (int, error) {
	n, err := in.c.findings(ctx, in.engine, f)
	if err != nil {
		return 0, err
	}
	_, err = in.engine.PlanImport(ctx, models.SystemAccess(), f.File)
	if !models.IsKind(err, models.KindInvalid) {
		return n, err
	}
	refused := models.AsError(err)
	if refused.Code == "DEFINITION_INVALID" && n > 0 {
		return n, nil // told as findings
	}
	for _, one := range refused.Fields {
		in.c.say(text.M("file.problem", "%s: %s: %s", f.path, one.Field, one.Message))
	}
	return n + len(refused.Fields), nil
}

func (in importing) take(ctx context.Context, f workflowFile) error {
	plan, err := in.engine.PlanImport(ctx, models.SystemAccess(), f.File)
	if err != nil {
		return err
	}
	switch {
	case plan.New:
		in.c.say(text.M("import.new", "%s: new", f.Key))
	case !plan.Changes():
		in.c.say(text.M("import.same", "%s: nothing differs", f.Key))
	}
	in.c.sayDifferences(f.Key, plan.Differences)
	if in.dryRun {
		return nil
	}
	done, err := in.engine.Import(ctx, models.SystemAccess(), f.File)
	if err != nil || !in.publish || !plan.Changes() && !done.Workflow.DraftDirty {
		return err
	}
	published, err := in.engine.Publish(ctx, models.SystemAccess(), f.Key, engine.Publish{Note: "import"})
	if err == nil {
		in.c.say(text.M("import.published", "%s: published as version %d", f.Key, published.Version.Number))
	}
	return err
}
