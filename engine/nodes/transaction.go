package nodes

import (
	"context"
	"fmt"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type transactionConfig struct {
	Continue bool `json:"continueAfterRollback"`
}

// Branches of a transaction.
const (
	runBranch        = "run"
	rolledBackBranch = "rolled_back"
)

// transaction keeps all that the steps of its first branch change, or nothing.
var transaction = node.Define(node.Spec[transactionConfig]{
	Key: "transaction", Group: node.Data, Icon: "database", Title: "Database transaction",
	Summary:  "Keep all changes of some steps, or none of them",
	Synonyms: []string{"atomic", "rollback", "undo", "all or nothing", "commit"},
	Help: "The steps in *Run* change records together: when one of them fails and nothing in there catches it, everything that *Run* has " +
		"changed is undone, and *Rolled back* runs. Others see the changes once all of them are made.\n\n" +
		"*Run* takes steps that compute or change records, at any depth. What waits, or leaves the process, stands before or after it. It may " +
		"take half a second and 1,000 steps.",
	Config: []field.Field{{
		Name: "continueAfterRollback", Kind: field.Boolean, Label: "Go on after a rollback", Default: false,
		Help: "Otherwise the step fails with what went wrong once *Rolled back* has run.",
	}},
	Effect:    node.Local,
	Transacts: runBranch,
	Outputs: func(transactionConfig, node.Catalog) field.Shape {
		words := func(name, label string) field.Named {
			return field.Named{Name: name, Shape: field.Shape{Kind: field.Text, Label: label}}
		}
		return field.Object("Result", field.Named{Name: "committed", Shape: field.Shape{Kind: field.Boolean, Label: "Changes are kept"}},
			field.Named{Name: "failure", Shape: field.Object("What went wrong", words("kind", "Kind"), words("code", "Code"), words("message", "Message"),
				field.Named{Name: "details", Shape: field.Any("Details")})})
	},
	Branches: func(transactionConfig) []node.Branch {
		return []node.Branch{{Key: runBranch, Title: "Run"}, {Key: rolledBackBranch, Title: "Rolled back"}}
	},
	Line: func(c transactionConfig, _ node.Catalog) string {
		if c.Continue {
			return text.M("node.transaction_on", "All changes or none; goes on after a rollback").String()
		}
		return text.M("node.transaction", "All changes or none").String()
	},
	Run: func(context.Context, node.Call, transactionConfig) (node.Result, error) {
		return node.Enter(map[string]any{"branch": runBranch}, node.Entry{Branch: runBranch, Pass: 1}), nil
	},
	Resume: func(_ context.Context, call node.Call, c transactionConfig, sig node.Signal) (node.Result, error) {
		failure, err := transactionFailure(call.State)
		switch {
		case err != nil:
			return node.Result{}, err
		case sig.Reason == node.BranchFailed && failure != nil:
			return node.Result{}, sig.Failure // of what runs after the rollback
		case sig.Reason == node.BranchFailed:
			state := map[string]any{"branch": rolledBackBranch, "failure": sig.Failure.Value()}
			return node.Enter(state, node.Entry{Branch: rolledBackBranch, Pass: 1}), nil
		case failure == nil:
			return node.Done(map[string]any{"committed": true, "failure": nil}).Because(text.M("node.transaction_kept", "All changes were made.").String()), nil
		case c.Continue:
			return node.Done(map[string]any{"committed": false, "failure": failure.Value()}).
				Because(text.M("node.transaction_undone", "Everything was undone: %s", failure.Message).String()), nil
		}
		return node.Result{}, failure
	},
	Examples: []node.Example[transactionConfig]{
		{Title: "All changes are made", Config: map[string]any{}, Hears: []node.Signal{ended(runBranch)}, Want: node.Want{Output: map[string]any{"committed": true, "failure": nil}}},
		{Title: "One of them fails", Config: map[string]any{}, Hears: []node.Signal{failed(runBranch)}, Want: node.Want{Branch: rolledBackBranch}},
		{Title: "Everything was undone", Config: map[string]any{}, Hears: []node.Signal{failed(runBranch), ended(rolledBackBranch)}, Want: node.Want{Code: "EMPTY_RESULT"}},
		{
			Title: "Go on after a rollback", Config: map[string]any{"continueAfterRollback": true}, Hears: []node.Signal{failed(runBranch), ended(rolledBackBranch)},
			Want: node.Want{Output: map[string]any{"committed": false, "failure": map[string]any{"kind": "refused", "code": "EMPTY_RESULT", "message": "Nothing was found."}}},
		},
	},
})

// ended and failed are what a step hears of a branch, for examples.
func ended(branch string) node.Signal {
	return node.Signal{Reason: node.BranchEnded, Branch: branch, Pass: 1}
}

func failed(branch string) node.Signal {
	return node.Signal{Reason: node.BranchFailed, Branch: branch, Pass: 1, Failure: node.Refuse("EMPTY_RESULT", text.Verbatim("Nothing was found."))}
}

// transactionFailure reads from the state of a transaction what made it roll back; nil
// while nothing has.
func transactionFailure(stored []byte) (*node.Failure, error) {
	v, err := field.ParseJSON(stored)
	if err != nil {
		return nil, fmt.Errorf("read state of transaction: %w", err)
	}
	m, _ := v.(map[string]any)
	kept, _ := m["failure"].(map[string]any)
	return node.FailureFrom(kept), nil
}
