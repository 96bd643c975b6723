package nodes

import (
	"context"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type parallelConfig struct {
	Mode          string        `json:"mode"`
	MaxConcurrent int           `json:"maxConcurrent"`
	Branches      []namedBranch `json:"branches"`
}

// namedBranch is one branch that the designer made.
type namedBranch struct {
	Key   string `json:"key"`
	Title string `json:"title"`
}

// maxBranches is how many branches may run side by side.
const maxBranches = 20

// parallel runs several branches that overlap whenever one of them waits.
var parallel = node.Define(node.Spec[parallelConfig]{
	Key: "parallel", Group: node.Flow, Icon: "columns-2", Title: "Parallel",
	Summary:  "Run several branches side by side",
	Synonyms: []string{"fork", "split", "concurrent", "race", "at the same time"},
	Help: "Branches start from left to right. Each goes on until it ends or waits for people, time or an answer; then the next one starts. " +
		"Steps that change records run one at a time, in the order of the branches.\n\n" +
		"Once the step is decided, branches that still wait are cancelled with their tasks, and branches that have not started never start.",
	Config: []field.Field{
		{
			Name: "mode", Kind: field.Select, Label: "Go on when", Default: "all",
			Options: field.Choices("all", "All branches have succeeded", "any", "One branch has succeeded",
				"race", "One branch has ended, whatever it gave", "allSettled", "All branches have ended, whatever they gave"),
		},
		{
			Name: "branches", Kind: field.Branches, Label: "Branches in their order", Required: true,
			Default: []any{map[string]any{"key": "b1", "title": "Branch 1"}, map[string]any{"key": "b2", "title": "Branch 2"}},
		},
		{
			Name: "maxConcurrent", Kind: field.Integer, Label: "At once", Default: int64(10), Min: field.Bound("1"), Max: field.Bound(fmt.Sprint(maxBranches)),
			Help: "How many branches are under way at the same time.",
		},
	},
	Effect: node.Pure,
	Hears:  true,
	Check:  checkParallel,
	Outputs: func(parallelConfig, node.Catalog) field.Shape {
		written := func(label string) field.Shape { return field.Shape{Kind: field.Text, Label: label} }
		branches := field.Object("Branches", field.Named{Name: "key", Shape: written("Key")}, field.Named{Name: "status", Shape: written("Status")},
			field.Named{Name: "output", Shape: field.Any("Output of its last step")})
		branches.List = true
		return field.Object("Result", field.Named{Name: "winner", Shape: written("Key of the branch that decided")}, field.Named{Name: "branches", Shape: branches})
	},
	Branches: func(c parallelConfig) []node.Branch {
		out := make([]node.Branch, len(c.Branches))
		for i, b := range c.Branches {
			out[i] = node.Branch{Key: b.Key, Title: b.name(i)}
		}
		return out
	},
	Free: &node.FreeBranches{Setting: "branches", Prefix: "b", Min: 2, Max: maxBranches},
	Line: func(c parallelConfig, _ node.Catalog) string {
		switch c.Mode {
		case "any":
			return text.M("node.parallel_any", "%d branches, until one succeeds", len(c.Branches)).String()
		case "race":
			return text.M("node.parallel_race", "%d branches, the first decides", len(c.Branches)).String()
		}
		return text.M("node.parallel_all", "%d branches, all must end", len(c.Branches)).String()
	},
	Run: func(_ context.Context, call node.Call, c parallelConfig) (node.Result, error) {
		if len(c.Branches) == 0 {
			return node.Result{}, node.Broken("INVALID_CONFIG", text.M("node.parallel_none", "The step has no branches."))
		}
		p := &running{c: c, branches: make([]branchRun, len(c.Branches))}
		return p.enter(), nil
	},
	Resume: func(_ context.Context, call node.Call, c parallelConfig, sig node.Signal) (node.Result, error) {
		p := &running{c: c}
		if err := p.read(call.State); err != nil {
			return node.Result{}, err
		}
		return p.ended(sig)
	},
	Examples: []node.Example[parallelConfig]{
		{Title: "Both branches", Config: map[string]any{}, Want: node.Want{Branch: "b1"}},
		{
			Title: "The first of three that ends decides",
			Config: map[string]any{"mode": "race", "branches": []any{
				map[string]any{"key": "b1", "title": "Ask Mara"}, map[string]any{"key": "b2", "title": "Ask Jun"}, map[string]any{"key": "b3", "title": "Wait a day"},
			}},
			Want: node.Want{Branch: "b1"},
		},
		{Title: "No branches at all", Config: map[string]any{"branches": []any{}}, Want: node.Want{Code: "INVALID_CONFIG"}},
	},
})

func (b namedBranch) name(at int) string {
	if b.Title != "" {
		return b.Title
	}
	return text.M("node.case_title", "Branch %d", at+1).String()
}

func checkParallel(c parallelConfig, _ node.Catalog) field.Problems {
	var problems field.Problems
	if n := len(c.Branches); n < 2 || n > maxBranches {
		problems.Add("branches", invalid, text.M("node.parallel_branches", "There must be 2 to %d branches.", maxBranches))
	}
	var keys []string
	for i, b := range c.Branches {
		at := fmt.Sprintf("branches.%d", i)
		switch {
		case !caseKey.MatchString(b.Key) || b.Key == "error":
			problems.Add(at+".key", invalid, text.M("node.branch_key", "The key of a branch has 1 to 12 small letters and digits, begins with a letter, and is not error."))
		case slices.Contains(keys, b.Key):
			problems.Add(at+".key", invalid, text.M("node.case_twice", "Two branches have the key %s.", b.Key))
		}
		keys = append(keys, b.Key)
		if len([]rune(b.Title)) > 100 {
			problems.Add(at+".title", invalid, text.M("draft.branch_title", "The label of a branch has at most 100 characters."))
		}
	}
	return problems
}

// branchRun is how one branch stands; "" has not been entered.
type branchRun struct {
	status string // running, succeeded, failed, rejected, cancelled, not_started
	output any
}

// running is a parallel step under way.
type running struct {
	c        parallelConfig
	branches []branchRun // in the order of the settings
}

func (p *running) values() []any {
	out := make([]any, len(p.branches))
	for i, b := range p.branches {
		out[i] = map[string]any{"key": p.c.Branches[i].Key, "status": b.status, "output": b.output}
	}
	return out
}

func (p *running) read(stored []byte) error {
	v, err := field.ParseJSON(stored)
	if err != nil {
		return fmt.Errorf("read state of branches: %w", err)
	}
	m, _ := v.(map[string]any)
	list, _ := m["branches"].([]any)
	if len(list) != len(p.c.Branches) {
		return fmt.Errorf("state has %d branches, not %d", len(list), len(p.c.Branches))
	}
	for _, one := range list {
		b, _ := one.(map[string]any)
		status, _ := b["status"].(string)
		p.branches = append(p.branches, branchRun{status: status, output: b["output"]})
	}
	return nil
}

// count gives how many branches have one of some states.
func (p *running) count(states ...string) int {
	n := 0
	for _, b := range p.branches {
		if slices.Contains(states, b.status) {
			n++
		}
	}
	return n
}

// enter starts as many branches as may be under way.
func (p *running) enter() node.Result {
	var entries []node.Entry
	for i := range p.branches {
		if p.branches[i].status == "" && p.count("running") < p.c.MaxConcurrent {
			p.branches[i].status = "running"
			entries = append(entries, node.Entry{Branch: p.c.Branches[i].Key, Pass: 1})
		}
	}
	return node.Enter(map[string]any{"branches": p.values()}, entries...)
}

// ended hears that a branch has ended, and decides or goes on.
func (p *running) ended(sig node.Signal) (node.Result, error) {
	at := slices.IndexFunc(p.c.Branches, func(b namedBranch) bool { return b.Key == sig.Branch })
	if at < 0 || p.branches[at].status != "running" {
		return p.enter(), nil
	}
	b := &p.branches[at]
	switch sig.Reason {
	case node.BranchRejected:
		b.status = "rejected"
	case node.BranchFailed:
		b.status = "failed"
	default:
		b.status, b.output = "succeeded", sig.Output
	}
	decided := b.status != "succeeded" // what the failure of a branch decides
	switch p.c.Mode {
	case "any":
		decided = b.status == "succeeded"
	case "race":
		decided = true
	case "allSettled":
		decided = false
	}
	over := p.count("", "running") == 0
	if !decided && !over {
		return p.enter(), nil
	}
	winner := ""
	if decided {
		winner = b.key(p)
	}
	return p.decide(sig, winner)
}

func (b *branchRun) key(p *running) string {
	for i := range p.branches {
		if &p.branches[i] == b {
			return p.c.Branches[i].Key
		}
	}
	return ""
}

// decide gives the result of the step: that of the branch that decided, or of all.
func (p *running) decide(sig node.Signal, winner string) (node.Result, error) {
	for i, b := range p.branches {
		switch {
		case b.status == "running" && slices.Contains(sig.Pending, p.c.Branches[i].Key), b.status == "":
			p.branches[i].status = "not_started"
		case b.status == "running":
			p.branches[i].status = "cancelled"
		}
	}
	out := map[string]any{"winner": nil, "branches": p.values()}
	if winner != "" {
		out["winner"] = winner
	}
	switch {
	case p.c.Mode == "allSettled":
		return node.Done(out), nil
	case p.c.Mode == "any" && winner == "" && p.count("rejected") == len(p.branches):
		return node.Reject(out), nil
	case p.c.Mode == "any" && winner == "":
		return node.Result{}, node.Broken("ALL_BRANCHES_FAILED", text.M("node.parallel_failed", "No branch has succeeded.")).With(out)
	case winner != "" && sig.Reason == node.BranchRejected:
		return node.Reject(out), nil
	case winner != "" && sig.Failure != nil:
		return node.Result{}, sig.Failure
	}
	return node.Done(out), nil
}
