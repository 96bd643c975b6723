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
	f, err := fileOf(w)
	if err != nil {
		return err
	}
	data, err := f.encode()
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

// installed finds the workflow of a file; nil when there is none.
func installed(ctx context.Context, db *models.DB, key string) (*models.Workflow, error) {
	w, err := models.WorkflowByKey(ctx, db.Read(), key)
	if models.IsKind(err, models.KindNotFound) {
		return nil, nil
	}
	return w, err
}

// findings prints what is wrong with a file against the installation and counts
// what blocks publishing.
func (c *cli) findings(ctx context.Context, e *engine.Engine, f workflowFile) (int, error) {
	_, found, err := e.Check(ctx, f.definition, f.sync)
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
	err = c.with(ctx, f.storage, beside, func(db *models.DB) error {
		list, err := models.Workflows(ctx, db.Read())
		if err != nil {
			return err
		}
		for _, w := range list {
			i := slices.IndexFunc(files, func(f workflowFile) bool { return f.key == w.Key })
			if i < 0 {
				c.say(text.M("diff.only_here", "%s: only in the installation", w.Key))
				different = true
				continue
			}
			have, err := fileOf(w)
			if err != nil {
				return err
			}
			for _, d := range differences(have, files[i]) {
				c.say(text.M("diff.one", "%s: %s", w.Key, d))
				different = true
			}
			files = slices.Delete(files, i, i+1)
		}
		for _, f := range files {
			c.say(text.M("diff.only_file", "%s: only in the file %s", f.key, f.path))
			different = true
		}
		return nil
	})
	return different, err
}

// importing takes workflow files into an installation.
type importing struct {
	c       *cli
	db      *models.DB
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
	return c.definitions(ctx, f.storage, func(db *models.DB, e *engine.Engine) error {
		in.db, in.engine = db, e
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
	w, err := installed(ctx, in.db, f.key)
	if err != nil || w == nil {
		return n, err
	}
	if w.Sync != f.sync || w.Type != f.definition.Trigger.Type {
		in.c.say(text.M("file.fixed", "%s: type and sync of the workflow %s cannot change; give the file another key", f.path, f.key))
		n++
	}
	return n, nil
}

func (in importing) take(ctx context.Context, f workflowFile) error {
	w, err := installed(ctx, in.db, f.key)
	if err != nil {
		return err
	}
	changed := true
	if w == nil {
		in.c.say(text.M("import.new", "%s: new", f.key))
	} else if changed, err = in.tell(w, f); err != nil || !changed && !(in.publish && w.DraftDirty) {
		return err
	}
	if in.dryRun {
		return nil
	}
	switch {
	case w == nil:
		err = f.create(ctx, in.engine)
	case changed:
		err = f.replace(ctx, in.engine)
	}
	if err != nil || !in.publish {
		return err
	}
	done, err := in.engine.Publish(ctx, models.SystemAccess(), f.key, engine.Publish{Note: "import"})
	if err == nil {
		in.c.say(text.M("import.published", "%s: published as version %d", f.key, done.Version.Number))
	}
	return err
}

// tell says what a file changes about a workflow, and whether it changes anything.
func (in importing) tell(w *models.Workflow, f workflowFile) (bool, error) {
	have, err := fileOf(w)
	if err != nil {
		return false, err
	}
	changes := differences(have, f)
	for _, d := range changes {
		in.c.say(text.M("diff.one", "%s: %s", w.Key, d))
	}
	if len(changes) == 0 {
		in.c.say(text.M("import.same", "%s: nothing differs", w.Key))
	}
	return len(changes) > 0, nil
}

func (f workflowFile) create(ctx context.Context, e *engine.Engine) error {
	tree := f.definition.Tree()
	_, _, err := e.CreateWorkflow(ctx, models.SystemAccess(), engine.NewWorkflow{
		Key: f.key, Title: f.title, Description: f.description, Type: f.definition.Trigger.Type, Sync: f.sync, Options: f.options,
		Config: f.definition.Trigger.Config, Nodes: tree["nodes"],
	})
	return err
}

// replace makes the file the draft; the former draft is one undo away.
func (f workflowFile) replace(ctx context.Context, e *engine.Engine) error {
	_, err := e.Commands(ctx, models.SystemAccess(), f.key, engine.CommandBatch{
		Commands: []engine.Command{{Name: "replace_draft", Args: map[string]any{"document": f.definition.Tree()}}},
	})
	if err != nil {
		return err
	}
	_, err = e.UpdateWorkflow(ctx, models.SystemAccess(), f.key,
		engine.WorkflowChange{Title: &f.title, Description: &f.description, Options: &f.options})
	return err
}
