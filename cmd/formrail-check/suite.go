package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// scale is how much of everything a suite does.
type scale string

const (
	shortScale scale = "short" // in minutes
	longScale  scale = "long"  // in hours
)

// buildTags are the build tags of every build of the product.
const buildTags = "sqlite_fts5,sqlite_omit_load_extension,netgo,osusergo"

// check is one part of the suite: a mode on a build, with so many cycles on each scale.
type check struct {
	title    string
	proves   string // invariants
	mode     string
	tags     []string // of the build
	cycles   map[scale]int
	postgres bool
	quick    bool // points: only the first pass of each, on the short scale
	mutant   bool // the build is wrong on purpose: the mode must notice
	tries    int  // of a mutant, since chance decides what a fault hits; 0 = 1
}

// checks lists what the suite runs, in this order.
func checks() []check {
	return []check{
		{title: "kill at random moments, SQLite", proves: "I1–I3, I6, I7, I10, I16", mode: "kill", cycles: map[scale]int{shortScale: 200, longScale: 10_000}},
		{title: "kill at random moments, PostgreSQL", proves: "I1–I3, I6, I7, I10, I16", mode: "kill", postgres: true, cycles: map[scale]int{shortScale: 50, longScale: 2_000}},
		{title: "kill at every named point", proves: "I1–I3, I10", mode: "points", tags: []string{"faults"}, quick: true, cycles: map[scale]int{shortScale: 1, longScale: 1}},
		{title: "power cut at random moments", proves: "I1, I2, I10", mode: "powercut", cycles: map[scale]int{shortScale: 60, longScale: 2_000}},
		{title: "disk full, and free again", proves: "I1, I12", mode: "diskfull", cycles: map[scale]int{shortScale: 3, longScale: 100}},
		{title: "two servers, frozen, cut off and killed in turn", proves: "I4–I6, I13", mode: "cluster", postgres: true, cycles: map[scale]int{shortScale: 6, longScale: 1_000}},
		{title: "backup under load, restored, SQLite", proves: "I15", mode: "backup", cycles: map[scale]int{shortScale: 10, longScale: 200}},
		{title: "backup under load, restored, PostgreSQL", proves: "I15", mode: "backup", postgres: true, cycles: map[scale]int{shortScale: 3, longScale: 50}},
		{title: "scripts, requests, workflows and answers that mean harm", proves: "I11, I17", mode: "hostile", cycles: map[scale]int{shortScale: 10, longScale: 100}},
		{title: "the clock moved, both ways", proves: "I4, I16", mode: "clock", tags: []string{"faults"}, cycles: map[scale]int{shortScale: 1, longScale: 1}},
		{title: "more than the server can bear", proves: "I11, I12", mode: "flood", cycles: map[scale]int{shortScale: 10, longScale: 600}},
		{title: "the usual load for a while", proves: "I11", mode: "soak", cycles: map[scale]int{shortScale: 180, longScale: 86_400}},
		{title: "start of work only in memory", proves: "I1", mode: "kill", tags: []string{"mutant_start_in_memory"}, cycles: map[scale]int{shortScale: 12, longScale: 12}, mutant: true, tries: 5},
		{title: "effect and step in two commits", proves: "I2", mode: "kill", tags: []string{"mutant_two_commits"}, cycles: map[scale]int{shortScale: 12, longScale: 12}, mutant: true, tries: 5},
		{title: "answer before the commit", proves: "I1", mode: "kill", tags: []string{"mutant_answer_early"}, cycles: map[scale]int{shortScale: 12, longScale: 12}, mutant: true, tries: 8},
		{title: "intent written after sending", proves: "I3", mode: "kill", tags: []string{"mutant_intent_late"}, cycles: map[scale]int{shortScale: 12, longScale: 12}, mutant: true, tries: 8},
		{title: "timer only in memory", proves: "I4, I6", mode: "kill", tags: []string{"mutant_timer_in_memory"}, cycles: map[scale]int{shortScale: 12, longScale: 12}, mutant: true, tries: 5},
		{title: "commits without syncing", proves: "I1", mode: "powercut", tags: []string{"mutant_sync_normal"}, cycles: map[scale]int{shortScale: 12, longScale: 12}, mutant: true},
		{title: "scripts inside the server", proves: "I11", mode: "hostile", tags: []string{"mutant_script_in_process"}, cycles: map[scale]int{shortScale: 1, longScale: 1}, quick: true, mutant: true},
		{title: "no limit on fan-out", proves: "I17", mode: "hostile", tags: []string{"mutant_no_fan_out_limit"}, cycles: map[scale]int{shortScale: 1, longScale: 1}, quick: true, mutant: true},
		{title: "no fencing token", proves: "I13", mode: "cluster", tags: []string{"mutant_no_fencing"}, postgres: true, cycles: map[scale]int{shortScale: 1, longScale: 1}, mutant: true, tries: 3},
		{title: "backup by copying the file", proves: "I15", mode: "backup", tags: []string{"mutant_copy_backup"}, cycles: map[scale]int{shortScale: 3, longScale: 3}, mutant: true},
	}
}

// reached is how one part ended.
type reached struct {
	part    check
	skipped string // why; empty = it ran
	report  report
	took    time.Duration
	err     error // it could not be run
}

// good says that a check found nothing, or that a mutant was found.
func (o reached) good() bool {
	return o.skipped != "" || o.err == nil && o.report.ok() != o.part.mutant
}

// suiteOptions say what a suite runs and where its figures go.
type suiteOptions struct {
	size    scale
	share   int    // 50 runs a fiftieth of each
	only    string // part of the titles of what runs
	require string // modes that must not be skipped, with commas
	figures string // document that gets the figures; empty = none
}

// suite runs all parts and tells what they reached. The error is the first part that is
// not as it must be; the others ran as well.
func suite(ctx context.Context, s settings, how suiteOptions) error {
	if how.size != shortScale && how.size != longScale {
		return fmt.Errorf("there is no scale %q: short or long", how.size)
	}
	folder, err := os.MkdirTemp("", "formrail-suite-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(folder)
	builds := map[string]string{}
	var done []reached
	for _, p := range checks() {
		if !strings.Contains(p.title, how.only) {
			continue
		}
		o := reached{part: p}
		began := time.Now()
		switch {
		case p.postgres && s.database == "" && slices.Contains(strings.Split(how.require, ","), p.mode):
			o.err = errors.New("no PostgreSQL server is named by --database-url")
		case p.postgres && s.database == "":
			o.skipped = "no PostgreSQL server is named by --database-url"
			fmt.Fprintf(s.out, "\nSKIPPED %s: %s\n", p.title, o.skipped)
		default:
			fmt.Fprintf(s.out, "\n── %s\n", p.title)
			o.report, o.err = p.run(ctx, s, folder, builds, p.rounds(how), how.size == shortScale)
		}
		o.took = time.Since(began).Round(time.Second)
		if o.err != nil {
			fmt.Fprintln(s.out, "could not be run:", o.err)
		}
		done = append(done, o)
		if ctx.Err() != nil {
			break
		}
	}
	text := table(done)
	fmt.Fprint(s.out, "\n", text)
	if how.figures != "" {
		if err := keep(ctx, how, text); err != nil {
			return err
		}
	}
	for _, o := range done {
		if !o.good() {
			return fmt.Errorf("%s: %w", o.part.title, o.problem())
		}
	}
	return nil
}

// problem says what is not as it must be.
func (o reached) problem() error {
	switch {
	case o.err != nil:
		return o.err
	case o.part.mutant:
		return errors.New("a build that is wrong on purpose passes: the check proves nothing")
	}
	return fmt.Errorf("lost %d, doubled %d, stuck %d, broken: %s", o.report.Lost, o.report.Doubled, o.report.Stuck, strings.Join(o.report.Broken, "; "))
}

// rounds is how often the part does what it does. A mutant has all of them, since chance
// decides what shows it.
func (p check) rounds(how suiteOptions) int {
	if p.mutant {
		return p.cycles[how.size]
	}
	return max(p.cycles[how.size]/how.share, 1)
}

// run builds what the part needs and runs its mode; a mutant until it is noticed.
func (p check) run(ctx context.Context, s settings, folder string, builds map[string]string, cycles int, quick bool) (report, error) {
	tags := strings.Join(append([]string{buildTags}, p.tags...), ",")
	if builds[tags] == "" {
		out := filepath.Join(folder, fmt.Sprintf("formrail-%d", len(builds)))
		if text, err := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", out, "formrail/cmd/formrail").CombinedOutput(); err != nil {
			return report{}, fmt.Errorf("build with %s: %w: %s", tags, err, text)
		}
		builds[tags] = out
	}
	var r report
	for range max(p.tries, 1) {
		mine := s
		mine.binary, mine.cycles, mine.quick, mine.database, mine.seed = builds[tags], cycles, p.quick && quick, "", newSeed()
		drop := func() error { return nil }
		if p.postgres {
			var err error
			if mine.database, drop, err = freshDatabase(ctx, s.database); err != nil {
				return r, err
			}
		}
		fmt.Fprintf(s.out, "seed %d\n", mine.seed)
		var err error
		r, err = modes()[p.mode](ctx, mine)
		if p.mutant && err != nil { // there is nobody left to judge
			r.Broken = append(r.Broken, err.Error())
			err = nil
		}
		if err := errors.Join(err, drop()); err != nil {
			return r, err
		}
		switch {
		case p.mutant && !r.ok():
			fmt.Fprintf(s.out, "noticed: lost %d, doubled %d, stuck %d, %d other signs\n", r.Lost, r.Doubled, r.Stuck, len(r.Broken))
			return r, os.RemoveAll(r.Folder)
		case !p.mutant:
			if err := r.print(s.out); err != nil {
				fmt.Fprintln(s.out, err)
			}
		}
	}
	return r, nil
}

// freshDatabase makes an empty database on the server of an address, and says how to drop it.
func freshDatabase(ctx context.Context, address string) (string, func() error, error) {
	name := fmt.Sprintf("check_%d", newSeed())
	on := func(statement string) error {
		conn, err := pgx.Connect(context.WithoutCancel(ctx), address)
		if err != nil {
			return fmt.Errorf("reach PostgreSQL: %w", err)
		}
		_, err = conn.Exec(context.WithoutCancel(ctx), statement)
		return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	if err := on("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	head, query, _ := strings.Cut(address, "?")
	head = head[:strings.LastIndex(head, "/")+1] + name
	if query != "" {
		head += "?" + query
	}
	return head, func() error { return on("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}
