// Command formrail-check breaks a running Formrail on purpose and judges what is
// left from a journal of its own. It is a test command and is not shipped.
//
//	formrail-check kill   --binary FILE [--cycles N] [--seed S]
//	formrail-check points --binary FILE [--seed S]
//	formrail-check backup --binary FILE [--cycles N] [--seed S]
//	formrail-check powercut --binary FILE [--cycles N] [--seed S]
//	formrail-check diskfull --binary FILE [--cycles N] [--seed S]
//	formrail-check cluster --binary FILE --database-url URL [--cycles N] [--restart COMMAND]
//	formrail-check hostile --binary FILE [--cycles N] [--quick] [--seed S]
//	formrail-check clock   --binary FILE [--quick]
//	formrail-check flood   --binary FILE [--cycles N]
//	formrail-check soak    --binary FILE [--cycles N]
//	formrail-check suite [--database-url URL] [--scale short|long] [--share N] [--only TITLE] [--require MODES] [--figures FILE]
//
// The suite builds what it needs, runs every mode, and builds that are wrong on purpose, which the modes must notice.
//
// The modes: kill and points kill the server; backup restores what was backed up under
// load; cluster freezes, kills and cuts off two servers on one PostgreSQL; hostile sends
// scripts, requests, workflows and answers that mean harm, and watches memory and a quiet
// workflow; clock moves the clock over clock changes, the leap day and years, in both
// directions; flood sends more than the server can bear;
// soak looks at what it holds under the usual load. points and clock need a binary
// that was built with -tags faults.
//
// It starts the real binary, drives it over HTTP only, and writes down every
// request before it is sent and every answer after it came. The verdict compares
// that journal with what the database holds, and with what another system saw that
// the workflows call. It prints the seed, counts and one
// JSON line, and exits with 1 when anything acknowledged was lost, done twice or
// is stuck. The data folder is kept on failure.
//
// powercut and diskfull put a library before the server, which they compile with gcc from
// the source in the folder disk. All that SQLite does with the files of the data folder
// passes it: a cut takes away what was not synced, a full disk refuses what needs more
// space. What Go itself writes (the lock, the master key, backups) does not pass it.
// The form of powercut that needs root and a loop device is not there yet, and says so.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "formrail-check:", err)
		os.Exit(1)
	}
}

// settings are what a run depends on.
type settings struct {
	binary   string
	database string // postgres://…; empty = SQLite in a temporary folder
	cycles   int
	seed     uint64
	serve    []string // more arguments of serve
	quick    bool     // the short form; points: only the first pass of each
	restart  string   // cluster: command that restarts the database server; empty = that is left out
	out      io.Writer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("name a mode: kill, points, powercut, diskfull, backup, cluster, hostile, clock, flood, soak, or suite")
	}
	s := settings{out: out}
	flags := flag.NewFlagSet("formrail-check", flag.ContinueOnError)
	flags.StringVar(&s.binary, "binary", "", "the formrail binary to break; points and clock need one built with -tags faults")
	flags.StringVar(&s.database, "database-url", "", "an empty PostgreSQL database; without it SQLite")
	flags.IntVar(&s.cycles, "cycles", 20, "how often to kill, to cut the power, to fill the disk, or to make a backup; hostile: 30 scripts and 200 inputs each; flood: seconds of each part; soak: seconds")
	flags.Uint64Var(&s.seed, "seed", newSeed(), "seed of everything random")
	flags.BoolVar(&s.quick, "quick", false, "points: kill at the first pass of each only; clock, hostile: the short form")
	flags.StringVar(&s.restart, "restart", "", "cluster: a command that restarts the database server")
	size := flags.String("scale", string(shortScale), "suite: short (minutes) or long (hours)")
	share := flags.Int("share", 1, "suite: run only this part of the cycles, 50 for a fiftieth")
	only := flags.String("only", "", "suite: run what has this in its title")
	require := flags.String("require", "", "suite: modes that must not be skipped: cluster")
	figures := flags.String("figures", "", "suite: a document that the figures are put into")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if args[0] == "suite" {
		return suite(ctx, s, suiteOptions{size: scale(*size), share: max(*share, 1), only: *only, require: *require, figures: *figures})
	}
	if s.binary == "" {
		return fmt.Errorf("name the binary with --binary")
	}
	mode, ok := modes()[args[0]]
	if !ok {
		return fmt.Errorf("there is no mode %q", args[0])
	}
	fmt.Fprintf(out, "mode %s, seed %d\n", args[0], s.seed)
	r, err := mode(ctx, s)
	if err != nil {
		return err
	}
	return r.print(out)
}

// modes are the ways to break a server, by their names.
func modes() map[string]func(context.Context, settings) (report, error) {
	return map[string]func(context.Context, settings) (report, error){
		"kill": killMode, "points": pointsMode, "powercut": powercutMode, "diskfull": diskfullMode, "backup": backupMode, "cluster": clusterMode,
		"hostile": hostileMode, "clock": clockMode, "flood": floodMode, "soak": soakMode,
	}
}

// newSeed is a seed that no run had before.
func newSeed() uint64 { return uint64(time.Now().UnixNano()) }

// report is the verdict of a run.
type report struct {
	Mode         string   `json:"mode"`
	Seed         uint64   `json:"seed"`
	Kills        int      `json:"kills"`
	InFlight     int      `json:"inFlight"` // kills that hit a request or an unfinished execution
	Sent         int      `json:"sent"`
	Acknowledged int      `json:"acknowledged"`
	Unknown      int      `json:"unknown"` // answers that never came
	Lost         int      `json:"lost"`
	Doubled      int      `json:"doubled"`
	Stuck        int      `json:"stuck"`
	Broken       []string `json:"broken,omitempty"` // breaches and wrong answers
	SlowestReady string   `json:"slowestReady"`     // restart to first answer
	Points       []string `json:"points,omitempty"`
	Backups      int      `json:"backups,omitempty"`   // made under load, restored and judged
	CallsHeld    int      `json:"callsHeld,omitempty"` // outside calls of restored installations before their release

	// Of a disk that loses what was not synced, or is full.
	Sectors        int    `json:"sectors,omitempty"`        // written, not synced, and lost in cuts
	Fills          int    `json:"fills,omitempty"`          // how often the disk was full
	Refused        int    `json:"refused,omitempty"`        // orderly 503 meanwhile, or under overload
	SlowestService string `json:"slowestService,omitempty"` // space to first acknowledgement

	slowestService time.Duration

	// Of two servers on one database.
	Freezes         int    `json:"freezes,omitempty"`
	Cuts            int    `json:"cuts,omitempty"`
	Restarts        int    `json:"restarts,omitempty"`
	Races           int    `json:"races,omitempty"`
	Revocations     int    `json:"revocations,omitempty"`
	Slots           int    `json:"slots,omitempty"`
	SlowestTakeOver string `json:"slowestTakeOver,omitempty"`

	// Of a server under attack, or under more load than it can bear.
	Scripts    int    `json:"scripts,omitempty"`
	Inputs     int    `json:"inputs,omitempty"`
	Graphs     int    `json:"graphs,omitempty"`
	Bursts     int    `json:"bursts,omitempty"`     // expensive requests that came many at a time
	ScriptEnds string `json:"scriptEnds,omitempty"` // from the start of a script to its end
	Canary     string `json:"canary,omitempty"`     // answers of a quiet workflow meanwhile
	PeakMiB    int    `json:"peakMiB,omitempty"`    // most memory that the server ever held

	Floods   []string `json:"floods,omitempty"`
	Capacity int      `json:"capacity,omitempty"` // executions a second, done
	Overload int      `json:"overload,omitempty"` // the same under overload
	Soaked   string   `json:"soaked,omitempty"`   // what the server held in the end

	// Of a server whose clock is moved.
	Journeys int    `json:"journeys,omitempty"`
	Moves    int    `json:"moves,omitempty"`
	Cases    int    `json:"cases,omitempty"`
	Settled  string `json:"settled,omitempty"` // from a move until nothing due was left

	slowestTakeOver time.Duration
	Folder          string `json:"folder,omitempty"`
}

func (r report) ok() bool {
	return r.Lost == 0 && r.Doubled == 0 && r.Stuck == 0 && r.CallsHeld == 0 && len(r.Broken) == 0
}

func (r report) print(out io.Writer) error {
	fmt.Fprintf(out, "kills %d (%d in flight), requests %d, acknowledged %d, unknown %d\nlost %d, doubled %d, stuck %d, slowest ready %s\n",
		r.Kills, r.InFlight, r.Sent, r.Acknowledged, r.Unknown, r.Lost, r.Doubled, r.Stuck, r.SlowestReady)
	switch r.Mode {
	case "backup":
		fmt.Fprintf(out, "backups %d, calls before release %d\n", r.Backups, r.CallsHeld)
	case "hostile":
		fmt.Fprintf(out, "scripts %d, inputs %d, graphs and calls %d, peak %d MiB\nscripts ended: %s\nquiet workflow: %s\n", r.Scripts, r.Inputs, r.Graphs, r.PeakMiB, r.ScriptEnds, r.Canary)
	case "flood":
		fmt.Fprintf(out, "%s\npeak %d MiB\n", strings.Join(r.Floods, "\n"), r.PeakMiB)
	case "clock":
		fmt.Fprintf(out, "journeys %d, moves %d, cases %d, slots fired %d, peak %d MiB\nsettled after a move: %s\n", r.Journeys, r.Moves, r.Cases, r.Slots, r.PeakMiB, r.Settled)
	case "powercut":
		fmt.Fprintf(out, "cuts %d, sectors lost %d\n", r.Cuts, r.Sectors)
	case "diskfull":
		fmt.Fprintf(out, "full %d times, requests refused %d, slowest service after space %s\n", r.Fills, r.Refused, r.SlowestService)
	case "cluster":
		fmt.Fprintf(out, "freezes %d, slowest take-over %s, connections cut %d times, database restarts %d, races %d, revocations %d, slots fired %d\n",
			r.Freezes, r.SlowestTakeOver, r.Cuts, r.Restarts, r.Races, r.Revocations, r.Slots)
	}
	for _, b := range r.Broken {
		fmt.Fprintln(out, "  "+b)
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	fmt.Fprintln(out, string(line))
	if !r.ok() {
		return fmt.Errorf("lost %d, doubled %d, stuck %d, calls before release %d, broken: %s", r.Lost, r.Doubled, r.Stuck, r.CallsHeld, strings.Join(r.Broken, "; "))
	}
	return nil
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed>>1)) } //nolint:gosec // repeatable on purpose
