package nodes

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type multiConditionConfig struct {
	Cases     []caseConfig `json:"cases"`
	OnNoMatch string       `json:"onNoMatch"`
}

// caseConfig is one branch with the question that leads into it.
type caseConfig struct {
	Key   string   `json:"key"`
	Title string   `json:"title"`
	When  lateRule `json:"when"`
}

// otherwise is the key of the branch for which no question is asked.
const otherwise = "otherwise"

// maxCases is how many branches with a question there may be.
const maxCases = 20

// multiCondition asks one question after another and takes the branch of the first
// yes.
var multiCondition = node.Define(node.Spec[multiConditionConfig]{
	Key: "multi_condition", Group: node.Flow, Icon: "git-fork", Title: "Multi-condition",
	Summary:  "Ask several questions in order; the first yes wins",
	Synonyms: []string{"if", "switch", "case", "else", "route", "branch", "decide"},
	Help: "Every branch has a condition. They are tried from left to right; the first that is met decides, and later ones are not looked at. " +
		"When none is met, the branch *Otherwise* runs. All branches meet again below.\n\n" +
		"With *Fail after the branch “Otherwise”* the step fails when that branch has ended.",
	Config: []field.Field{
		{
			Name: "cases", Kind: field.Cases, Label: "Branches in their order", Required: true,
			Default: []any{map[string]any{"key": "c1", "title": "Branch 1"}, map[string]any{"key": "c2", "title": "Branch 2"}},
		},
		{
			Name: "onNoMatch", Kind: field.Select, Label: "When no condition is met", Default: "continue",
			Options: field.Choices("continue", "Go on after the branch “Otherwise”", "fail", "Fail after the branch “Otherwise”"),
		},
	},
	Effect: node.Pure,
	Check:  checkMultiCondition,
	Outputs: func(multiConditionConfig, node.Catalog) field.Shape {
		written := func(label string) field.Shape { return field.Shape{Kind: field.Text, Label: label} }
		tried := field.Object("Branches", field.Named{Name: "key", Shape: written("Key")},
			field.Named{Name: "result", Shape: field.Shape{Kind: field.Boolean, Label: "Answer"}})
		tried.List = true
		return field.Object("Decision", field.Named{Name: "matched", Shape: written("Key of the branch")},
			field.Named{Name: "title", Shape: written("Title of the branch")}, field.Named{Name: "cases", Shape: tried})
	},
	Branches: multiConditionBranches, When: multiConditionWhen,
	Free: &node.FreeBranches{Setting: "cases", Prefix: "c", Min: 1, Max: maxCases},
	Line: func(c multiConditionConfig, _ node.Catalog) string {
		return text.M("node.first_match", "%d branches, first match wins", len(c.Cases)+1).String()
	},
	Run:    runMultiCondition,
	Resume: resumeMultiCondition,
	Examples: []node.Example[multiConditionConfig]{
		{
			Title:  "The first that is met wins",
			Config: map[string]any{"cases": bySize},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(700)}}},
			Want: node.Want{Branch: "c2", Output: map[string]any{"matched": "c2", "title": "Large", "cases": []any{
				map[string]any{"key": "c1", "result": false}, map[string]any{"key": "c2", "result": true}, map[string]any{"key": "c3", "result": nil},
			}}},
		},
		{
			Title:  "None is met",
			Config: map[string]any{"cases": bySize},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(0)}}},
			Want: node.Want{Branch: otherwise, Output: map[string]any{"matched": nil, "title": nil, "cases": []any{
				map[string]any{"key": "c1", "result": false}, map[string]any{"key": "c2", "result": false}, map[string]any{"key": "c3", "result": false},
			}}},
		},
		{
			Title:  "None is met, and the step is to fail behind the branch",
			Config: map[string]any{"cases": bySize, "onNoMatch": "fail"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(0)}}},
			Want:   node.Want{Branch: otherwise},
		},
		{
			Title: "A condition that is neither yes nor no",
			Config: map[string]any{"cases": []any{
				map[string]any{"key": "c1", "title": "Odd", "when": map[string]any{"engine": "expr", "expression": "trigger.data.title"}},
			}},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{"title": "Offsite"}}},
			Want: node.Want{Code: "CONDITION_NOT_BOOLEAN"},
		},
	},
})

// bySize are the cases of the examples.
var bySize = []any{
	map[string]any{"key": "c1", "title": "Huge", "when": amountOver(10000)},
	map[string]any{"key": "c2", "title": "Large", "when": amountOver(500)},
	map[string]any{"key": "c3", "title": "Small", "when": amountOver(0)},
}

var caseKey = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// name is what people call the branch of the case that stands at a place.
func (c caseConfig) name(at int) string {
	if strings.TrimSpace(c.Title) != "" {
		return c.Title
	}
	return text.M("node.case_title", "Branch %d", at+1).String()
}

// says is the condition in words.
func (c caseConfig) says(cat node.Catalog) string {
	switch words := c.When.words(cat); {
	case c.When.written == nil:
		return text.M("node.case_open", "No condition yet").String()
	case words == "":
		return text.M("node.case_always", "Always").String()
	default:
		return words
	}
}

func multiConditionBranches(c multiConditionConfig) []node.Branch {
	out := make([]node.Branch, 0, len(c.Cases)+1)
	for i, one := range c.Cases {
		out = append(out, node.Branch{Key: one.Key, Title: one.name(i), Rank: i + 1})
	}
	return append(out, node.Branch{Key: otherwise, Title: text.M("node.otherwise", "Otherwise").String()})
}

// multiConditionWhen says the condition of a branch.
func multiConditionWhen(c multiConditionConfig, branch string, cat node.Catalog) string {
	if at := slices.IndexFunc(c.Cases, func(one caseConfig) bool { return one.Key == branch }); at >= 0 {
		return c.Cases[at].says(cat)
	}
	return text.M("node.otherwise_when", "When no other condition is met").String()
}

func checkMultiCondition(c multiConditionConfig, _ node.Catalog) field.Problems {
	var problems field.Problems
	if n := len(c.Cases); c.Cases != nil && (n < 1 || n > maxCases) { // nil: they could not be read, which is told already
		problems.Add("cases", invalid, text.M("node.cases", "There must be 1 to %d branches with a condition.", maxCases))
	}
	var keys []string
	for i, one := range c.Cases {
		at := fmt.Sprintf("cases.%d", i)
		switch {
		case !caseKey.MatchString(one.Key) || one.Key == otherwise || one.Key == "error":
			problems.Add(at+".key", invalid, text.M("node.case_key", "The key of a branch has 1 to 12 small letters and digits, begins with a letter, and is neither otherwise nor error."))
		case slices.Contains(keys, one.Key):
			problems.Add(at+".key", invalid, text.M("node.case_twice", "Two branches have the key %s.", one.Key))
		}
		keys = append(keys, one.Key)
		if len([]rune(one.Title)) > 100 {
			problems.Add(at+".title", invalid, text.M("draft.branch_title", "The label of a branch has at most 100 characters."))
		}
		if one.When.written == nil {
			problems.Add(at+".when", "MISSING", text.M("node.case_missing", "The branch “%s” has no condition yet.", one.name(i)))
		}
		problems = append(problems, one.When.check(at+".when")...)
	}
	return problems
}

func runMultiCondition(ctx context.Context, call node.Call, c multiConditionConfig) (node.Result, error) {
	tried := make([]any, len(c.Cases))
	for i, one := range c.Cases {
		tried[i] = map[string]any{"key": one.Key, "result": nil}
	}
	var reasons []string
	var warnings []text.Message
	for i, one := range c.Cases {
		yes, because, found, err := one.When.decide(ctx, call)
		if err != nil {
			return node.Result{}, caseFailure(one, one.name(i), err)
		}
		tried[i] = map[string]any{"key": one.Key, "result": yes}
		warnings = append(warnings, found...)
		if yes {
			reasons = append(reasons, text.M("node.case_met", "%s: %s, met", one.name(i), because).String())
			output := map[string]any{"matched": one.Key, "title": one.name(i), "cases": tried}
			return node.To(one.Key, output).Because(strings.Join(reasons, "; ")).Warn(warnings...), nil
		}
		reasons = append(reasons, text.M("node.case_not_met", "%s: %s, not met", one.name(i), because).String())
	}
	output := map[string]any{"matched": nil, "title": nil, "cases": tried}
	result := node.To(otherwise, output)
	if c.OnNoMatch == "fail" { // only once the branch has ended
		result = node.Enter(output, node.Entry{Branch: otherwise, Pass: 1})
	}
	return result.Because(strings.Join(reasons, "; ")).Warn(warnings...), nil
}

// caseFailure says at which branch a condition broke.
func caseFailure(c caseConfig, title string, err error) error {
	f := node.AsFailure(failure(err))
	return node.Broken(f.Code, text.M("node.case_failed", "Branch “%s”: %s", title, f.Message)).
		With(map[string]any{"case": c.Key, "cause": f.Details}).Because(err)
}

// resumeMultiCondition fails the step once the branch that no condition leads into has
// ended.
func resumeMultiCondition(_ context.Context, call node.Call, _ multiConditionConfig, signal node.Signal) (node.Result, error) {
	if signal.Failure != nil {
		return node.Result{}, signal.Failure
	}
	tried, err := field.ParseJSON(call.State)
	if err != nil {
		return node.Result{}, fmt.Errorf("read what was tried: %w", err)
	}
	return node.Result{}, node.Refuse("NO_BRANCH_MATCHED", text.M("node.no_case", "No condition was met.")).With(tried)
}
