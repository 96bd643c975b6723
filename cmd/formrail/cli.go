package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/secret"
	"formrail/models/text"
)

// cli is one call of the program: what it reads, where it writes, what time it is.
type cli struct {
	in     io.Reader
	out    io.Writer
	errors io.Writer
	env    func(name string) string
	clock  models.Clock
}

// wallClock is the time of the machine.
type wallClock struct{}

// Now is the time of the machine.
func (wallClock) Now() time.Time { return time.Now() }

// command is one sub-command.
type command struct {
	name    string
	usage   string // what follows the name
	summary string
	run     func(c *cli, ctx context.Context, args []string) error
}

// commands lists all sub-commands in the order of the help.
func commands() []command {
	return []command{
		{"serve", "[--addr HOST:PORT] [--demo] [--role web,worker] [--egress-allow LIST] [--metrics-addr HOST:PORT] [--otlp-endpoint URL] [--allow-unsafe]", "start the server", (*cli).serve},
		{"user create", "--email E --name N --role R", "create a person; the password comes on standard input", (*cli).createUser},
		{"token create", "--user E [--role R] [--name N]", "create an API token and print it", (*cli).createToken},
		{"doctor", "[--backup FILE]", "check an installation, or a backup of one", (*cli).doctor},
		{"backup", "FILE", "write everything to one file, also while a server runs", (*cli).backup},
		{"restore", "FILE [--force]", "bring an installation back from a backup", (*cli).restore},
		{"copy", "--from URL --to URL", "move an installation between databases", (*cli).copy},
		{"export", "[key…] [--all] [--out FOLDER]", "write workflows to files", (*cli).export},
		{"import", "FOLDER [--dry-run] [--publish]", "take workflows from files", (*cli).importFiles},
		{"check", "FOLDER", "check workflow files", (*cli).checkFiles},
		{"diff", "FOLDER", "say how workflow files differ from the installation", (*cli).diff},
		{"run", "KEY [--input FILE] [--wait SECONDS]", "run a workflow on a server", (*cli).runWorkflow},
		{"executions", "[--workflow KEY] [--status S]", "list executions of a server", (*cli).executions},
		{"retry", "ID", "run a failed execution of a server again", (*cli).retry},
		{"cancel", "ID [--reason TEXT]", "cancel an execution of a server", (*cli).cancel},
		{"version", "", "print the version", (*cli).version},
		{"script-worker", "", "a child of the script pool; started by the server", (*cli).scriptWorker},
	}
}

// Exit codes.
const (
	exitOK       = 0
	exitFailed   = 1 // it did not work, or the doctor found something
	exitUsage    = 2 // the command line cannot be understood
	exitProblems = 3 // files have problems
)

// exit ends a command with a code after everything was said.
type exit int

// Error is for the error interface; nobody reads it.
func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// usageError is a command line that cannot be understood.
type usageError struct{ says string }

// Error is the sentence.
func (e usageError) Error() string { return e.says }

// run finds the command and gives the exit code of the process.
func (c *cli) run(ctx context.Context, args []string) int {
	cmd, rest, err := find(args)
	if err == nil && cmd == nil {
		c.help(rest)
		return exitOK
	}
	if err == nil {
		err = cmd.run(c, ctx, rest)
	}
	var code exit
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &usage):
		c.complain(usage.says)
		return exitUsage
	}
	c.complain(sentence(err))
	return exitFailed
}

// find takes the words of a command off the arguments; nil asks for help.
func find(args []string) (*command, []string, error) {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		return nil, args[min(1, len(args)):], nil
	}
	for _, cmd := range commands() {
		words := strings.Fields(cmd.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return &cmd, args[len(words):], nil
		}
	}
	return nil, nil, usageError{text.M("cli.unknown", "There is no command %s. See formrail help.", args[0]).String()}
}

// help lists the commands, or those that begin with the given words.
func (c *cli) help(about []string) {
	c.say(text.M("cli.help", "Formrail: forms that set work in motion.\n\nUsage: formrail <command> [options]\n"))
	for _, cmd := range commands() {
		if strings.HasPrefix(cmd.name, strings.Join(about, " ")) {
			c.say(text.Verbatim("  " + strings.TrimSpace(cmd.name+" "+cmd.usage) + "\n        " + cmd.summary))
		}
	}
	c.say(text.M("cli.help_all", "\nAll commands take --data DIR (default: data) and --database-url URL (or DATABASE_URL;\n"+
		"without it, the SQLite file in the data folder). run, executions, retry and cancel take\n--url ADDRESS and read their token from FORMRAIL_TOKEN."))
}

// say prints one line of results.
func (c *cli) say(m text.Message) { fmt.Fprintln(c.out, m) }

// complain prints one line about what went wrong.
func (c *cli) complain(s string) { fmt.Fprintln(c.errors, "formrail: "+s) }

// sentence is what a person is told about an error.
func sentence(err error) string {
	var known *models.Error
	if !errors.As(err, &known) {
		return err.Error()
	}
	out := known.Message.String()
	for _, f := range known.Fields {
		out += "\n  " + strings.TrimPrefix(f.Field+": ", ": ") + f.Message.String()
	}
	if known.Kind == models.KindInternal && known.Unwrap() != nil {
		out += "\n  " + known.Unwrap().Error()
	}
	return out
}

// flags are the options of one command.
type flags struct {
	*flag.FlagSet
	c       *cli
	storage storage
}

// storage names an installation.
type storage struct {
	dir    string
	url    string
	unsafe bool
}

// flags makes the options of a command, with those that all commands take.
func (c *cli) flags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), c: c}
	f.SetOutput(io.Discard)
	f.StringVar(&f.storage.dir, "data", "data", "data folder")
	f.StringVar(&f.storage.url, "database-url", c.env("DATABASE_URL"), "address of a PostgreSQL database")
	return f
}

// parse reads options and other words in any order, and checks how many words
// there are.
func (f *flags) parse(args []string, least, most int) ([]string, error) {
	var words []string
	for len(args) > 0 {
		if err := f.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.c.help([]string{f.Name()})
				return nil, err
			}
			return nil, usageError{text.M("cli.flag", "%s. See formrail help %s.", err, f.Name()).String()}
		}
		if args = f.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	if len(words) < least || len(words) > most {
		return nil, usageError{text.M("cli.words", "The words after %s do not fit. See formrail help %s.", f.Name(), f.Name()).String()}
	}
	return words, nil
}

// need refuses options that were left out.
func (f *flags) need(names ...string) error {
	for _, name := range names {
		if f.Lookup(name).Value.String() == "" {
			return usageError{text.M("cli.missing", "%s needs --%s. See formrail help %s.", f.Name(), name, f.Name()).String()}
		}
	}
	return nil
}

// opening says how a command uses an installation.
type opening int

const (
	beside opening = iota // it must be there; a server may run on it
	create                // it may be new; a server may run on it
	alone                 // it may be new; nobody else may run on it
)

// open opens an installation for a command.
func (c *cli) open(ctx context.Context, s storage, how opening) (*models.DB, error) {
	if how == beside && s.url == "" {
		if _, err := os.Stat(filepath.Join(s.dir, "formrail.db")); err != nil {
			return nil, models.NewError(models.KindNotFound, "NO_INSTALLATION",
				text.M("cli.no_data", "There is no installation in the folder %s. Name its folder with --data.", s.dir))
		}
	}
	key, err := c.masterKey()
	if err != nil {
		return nil, err
	}
	return models.Open(ctx, models.Options{
		MasterKey: key, Dir: s.dir, URL: s.url, Clock: c.clock, Log: c.logger(slog.LevelError), Exclusive: how == alone, Guest: how == beside && s.url != "", AllowUnsafe: s.unsafe,
	})
}

// masterKey reads the key that seals secrets from the environment; nil when a file in the
// data folder holds it.
func (c *cli) masterKey() (*secret.Key, error) {
	written := c.env("FORMRAIL_MASTER_KEY")
	if written == "" {
		return nil, nil //nolint:nilnil // the usual case
	}
	key, err := secret.ParseKey(written)
	if err != nil {
		return nil, usageError{"FORMRAIL_MASTER_KEY: " + err.Error()}
	}
	return &key, nil
}

// with opens an installation, runs fn on it and closes it.
func (c *cli) with(ctx context.Context, s storage, how opening, fn func(db *models.DB) error) (err error) {
	db, err := c.open(ctx, s, how)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return fn(db)
}

// logger writes what happens beside the results.
func (c *cli) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(c.errors, &slog.HandlerOptions{Level: level}))
}
