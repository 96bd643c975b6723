package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Lines between which the figures stand in a document.
const (
	figuresBegin = "<!-- figures -->"
	figuresEnd   = "<!-- end of figures -->"
)

// table draws what all parts have reached.
func table(done []reached) string {
	var b strings.Builder
	b.WriteString("| check | proves | faults | requests acknowledged | lost | doubled | stuck | other | slowest start | took |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, o := range done {
		if o.part.mutant {
			continue
		}
		r := o.report
		if o.skipped != "" || o.err != nil {
			fmt.Fprintf(&b, "| %s | %s | not run: %s%s | | | | | | | |\n", o.part.title, o.part.proves, o.skipped, errText(o.err))
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %d | %s | %s |\n",
			o.part.title, o.part.proves, r.faults(), r.Acknowledged, r.Lost, r.Doubled, r.Stuck, len(r.Broken), r.SlowestReady, o.took)
	}
	b.WriteString("\n| wrong on purpose | breaks | noticed by | signs |\n|---|---|---|---|\n")
	for _, o := range done {
		if !o.part.mutant {
			continue
		}
		signs := fmt.Sprintf("lost %d, doubled %d, stuck %d, other %d", o.report.Lost, o.report.Doubled, o.report.Stuck, len(o.report.Broken))
		switch {
		case o.skipped != "" || o.err != nil:
			signs = "not run: " + o.skipped + errText(o.err)
		case o.report.ok():
			signs = "NOT NOTICED"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", o.part.title, o.part.proves, o.part.mode, signs)
	}
	return b.String()
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// faults says in words what was done to the server.
func (r report) faults() string {
	var out []string
	add := func(n int, one, many string) {
		switch n {
		case 0:
		case 1:
			out = append(out, "1 "+one)
		default:
			out = append(out, fmt.Sprintf("%d %s", n, many))
		}
	}
	add(r.Kills, "kill", "kills")
	add(len(r.Points), "point", "points")
	add(r.Freezes, "freeze", "freezes")
	add(r.Cuts, "cut", "cuts")
	add(r.Races, "race", "races")
	add(r.Revocations, "revocation", "revocations")
	add(r.Slots, "slot", "slots")
	add(r.Backups, "backup", "backups")
	add(r.Fills, "full disk", "full disks")
	add(r.Scripts, "script", "scripts")
	add(r.Inputs, "input", "inputs")
	add(r.Graphs, "graph", "graphs and calls")
	add(r.Moves, "move of the clock", "moves of the clock")
	add(r.Refused, "orderly refusal", "orderly refusals")
	if r.Capacity > 0 {
		out = append(out, fmt.Sprintf("%d and, overloaded, %d executions a second", r.Capacity, r.Overload))
	}
	if r.PeakMiB > 0 {
		out = append(out, fmt.Sprintf("at most %d MiB", r.PeakMiB))
	}
	if r.SlowestTakeOver != "" {
		out = append(out, "slowest take-over "+r.SlowestTakeOver)
	}
	return strings.Join(out, ", ")
}

// keep puts the figures into a document, between the two lines that mark their place.
func keep(ctx context.Context, how suiteOptions, figures string) error {
	text, err := os.ReadFile(how.figures)
	if err != nil {
		return fmt.Errorf("read the document of the figures: %w", err)
	}
	before, rest, ok := strings.Cut(string(text), figuresBegin)
	_, after, both := strings.Cut(rest, figuresEnd)
	if !ok || !both {
		return fmt.Errorf("%s has no place for figures: write %s and %s into it", how.figures, figuresBegin, figuresEnd)
	}
	part := ""
	if how.share > 1 {
		part = fmt.Sprintf(", a %dth of each", how.share)
	}
	head := fmt.Sprintf("%s, commit %s, %d cores, %s/%s, scale %s%s.", time.Now().Format("2 January 2006"), commit(ctx), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, how.size, part)
	whole := before + figuresBegin + "\n" + head + "\n\n" + figures + figuresEnd + after
	if err := os.WriteFile(how.figures, []byte(whole), 0o644); err != nil { //nolint:gosec // a document for everybody
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}

// commit names what was built.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
