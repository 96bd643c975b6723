// Command formrail-bench measures the product on this machine: the workloads W1
// to W5, W7 and W8, on SQLite and, when a server is named, on PostgreSQL. It prints a table
// and one JSON document. Figures of one run may be compared with each other, not
// with those of another machine or a busier hour.
//
//	formrail-bench [--database-url URL] [--seconds N] [--only W7] [--profile FOLDER] [--json FILE]
//	formrail-bench --past 0,100000,1000000 --waiting 10000,100000 --binary FILE
//
// The second form measures how it grows: W2, W6 and W4 behind past executions, W4 with
// executions that wait for people.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"formrail/engine/script"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "script-worker" {
		if err := script.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "formrail-bench:", err)
		os.Exit(1)
	}
}

// options are what a run depends on.
type options struct {
	database string
	seconds  int
	only     string // what the names of measured workloads begin with
	profile  string
	json     string
	binary   string
	past     counts // executions that have ended before something is measured
	waiting  counts // executions that wait for a person
}

// counts is a list of numbers on the command line.
type counts []int

func (c *counts) String() string { return fmt.Sprint(*c) }

func (c *counts) Set(list string) error {
	for one := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no number", one)
		}
		*c = append(*c, n)
	}
	return nil
}

// figure is one measured line.
type figure struct {
	Workload string  `json:"workload"`
	Database string  `json:"database"`
	Way      string  `json:"way"`  // product, or one by one
	Unit     string  `json:"unit"` // per second, or milliseconds
	Value    float64 `json:"value"`
	P50      float64 `json:"p50Ms,omitempty"`
	P99      float64 `json:"p99Ms,omitempty"`
	Target   string  `json:"target,omitempty"`
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("formrail-bench", flag.ContinueOnError)
	flags.StringVar(&o.database, "database-url", "", "an empty PostgreSQL database to measure as well")
	flags.IntVar(&o.seconds, "seconds", 5, "how long each workload runs")
	flags.StringVar(&o.only, "only", "", "measure only the workloads whose names begin so: W7")
	flags.StringVar(&o.profile, "profile", "", "folder for a CPU profile of each workload")
	flags.StringVar(&o.json, "json", "", "file for the figures as JSON")
	flags.StringVar(&o.binary, "binary", "", "the formrail binary, for start-up times (W4)")
	flags.Var(&o.past, "past", "measure behind so many past executions: 0,100000")
	flags.Var(&o.waiting, "waiting", "measure a server with so many executions that wait for people: 10000")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var figures []figure
	databases := []string{""}
	if o.database != "" {
		databases = append(databases, o.database)
	}
	if len(o.past)+len(o.waiting) > 0 {
		figures, err := grown(ctx, o, databases)
		if err != nil {
			return err
		}
		return tell(out, o, figures)
	}
	for _, database := range databases {
		for _, w := range ways() {
			f, err := measure(ctx, o, database, w)
			if err != nil {
				return err
			}
			figures = append(figures, f...)
		}
	}
	if o.binary != "" && o.wants("W4") {
		f, err := startUp(ctx, o)
		if err != nil {
			return err
		}
		figures = append(figures, f...)
	}
	return tell(out, o, figures)
}

// tell prints the figures and writes them down.
func tell(out io.Writer, o options, figures []figure) error {
	if err := table(out, figures); err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]any{"figures": figures, "seconds": o.seconds}, "", "  ")
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	if o.json != "" {
		return os.WriteFile(o.json, append(text, '\n'), 0o600)
	}
	fmt.Fprintln(out, string(text))
	return nil
}

// way is how commits are made: the product's way, and the obvious one to compare
// it with.
type way struct {
	name  string
	batch int  // functions in one physical commit; 0 = the product's
	flush bool // one commit for each node
}

func ways() []way {
	return []way{{name: "product"}, {name: "one by one", batch: 1, flush: true}}
}

func table(out io.Writer, figures []figure) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "workload\tdatabase\tway\tvalue\tunit\tp50 ms\tp99 ms\ttarget")
	for _, f := range figures {
		fmt.Fprintf(t, "%s\t%s\t%s\t%.0f\t%s\t%.2f\t%.2f\t%s\n", f.Workload, f.Database, f.Way, f.Value, f.Unit, f.P50, f.P99, f.Target)
	}
	for _, f := range figures {
		if f.Way == "product" {
			for _, o := range figures {
				if o.Way != "product" && o.Workload == f.Workload && o.Database == f.Database && o.Value > 0 {
					fmt.Fprintf(t, "%s\t%s\tratio\t%.1f\ttimes\t\t\t\n", f.Workload, f.Database, f.Value/o.Value)
				}
			}
		}
	}
	return t.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
