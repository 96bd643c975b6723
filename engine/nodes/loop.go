package nodes

import (
	"context"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type loopConfig struct {
	Source        string  `json:"source"`
	Items         any     `json:"items"`
	Count         any     `json:"count"`
	While         rule    `json:"while"`
	BatchSize     int     `json:"batchSize"`
	Parallelism   int     `json:"parallelism"`
	CheckAt       string  `json:"checkAt"`
	CheckWhen     rule    `json:"checkWhen"`
	CheckOnFalse  string  `json:"checkOnFalse"`
	OnItemFailure string  `json:"onItemFailure"`
	MaxIterations int     `json:"maxIterations"`
	Collect       *source `json:"collect"`
}

// Limits of loops.
const (
	maxPasses      = 100_000
	defaultPasses  = 10_000
	whilePasses    = 1000
	maxBatch       = 1000
	maxParallelism = 20
)

// loop runs its body once for each item of a list, a number of times, or while a
// condition holds.
var loop = node.Define(node.Spec[loopConfig]{
	Key: "loop", Group: node.Flow, Icon: "repeat", Title: "Loop",
	Summary:  "Run steps again for each item, or a number of times",
	Synonyms: []string{"for each", "repeat", "while", "iterate"},
	Help: "The body runs once for each item, one after another. Steps inside read `loop.item`, `loop.index` (from 0), `loop.number` (from 1) and " +
		"`loop.length`; of an outer loop they read `loops.<key>`. The list is fixed when the loop starts.\n\n" +
		"Steps inside may wait for people or time. With *At once* above 1, several items are under way while others wait; steps that change records still run one at a time.",
	Config: []field.Field{
		{
			Name: "source", Kind: field.Select, Label: "Repeat", Default: "list",
			Options: field.Choices("list", "For each item of a list", "count", "A number of times", "while", "While a condition holds"),
		},
		{Name: "items", Kind: field.Value, Label: "List", Required: true, When: only("source", "list"), Help: "A number repeats that often; nothing repeats nothing."},
		{Name: "count", Kind: field.Value, Label: "How often", Required: true, When: only("source", "count")},
		{Name: "while", Kind: field.Condition, Label: "While", Required: true, When: only("source", "while")},
		{
			Name: "batchSize", Kind: field.Integer, Label: "Items in one pass", Default: int64(1), Min: field.Bound("1"), Max: field.Bound(fmt.Sprint(maxBatch)),
			When: only("source", "list"), Help: "Above 1, `loop.item` is a list of up to that many items.",
		},
		{
			Name: "parallelism", Kind: field.Integer, Label: "At once", Default: int64(1), Min: field.Bound("1"), Max: field.Bound(fmt.Sprint(maxParallelism)),
			When: &field.When{Field: "source", Values: []string{"list", "count"}},
		},
		{
			Name: "checkAt", Kind: field.Select, Label: "Check each item", Default: "none",
			Options: field.Choices("none", "No", "before", "Before its pass", "after", "After its pass"),
		},
		{Name: "checkWhen", Kind: field.Condition, Label: "Go on when", Required: true, When: &field.When{Field: "checkAt", Values: []string{"before", "after"}}},
		{
			Name: "checkOnFalse", Kind: field.Select, Label: "Otherwise", Default: "next",
			Options: field.Choices("next", "Go to the next item", "break", "Leave the loop"),
			When:    &field.When{Field: "checkAt", Values: []string{"before", "after"}},
		},
		{
			Name: "onItemFailure", Kind: field.Select, Label: "When a pass fails", Default: "stop",
			Options: field.Choices("stop", "The loop fails", "break", "Leave the loop and go on", "next", "Go to the next item"),
		},
		{
			Name: "maxIterations", Kind: field.Integer, Label: "Passes at most", Min: field.Bound("1"), Max: field.Bound(fmt.Sprint(maxPasses)),
			Help: "More fail the step. Without a number, 10,000, and 1,000 while a condition holds.",
		},
		{
			Name: "collect", Kind: field.Expression, Label: "Collect from each pass",
			Help: "An expression, read at the end of each pass. The values are in the output as `items`.",
		},
	},
	Effect: node.Pure,
	Check:  checkLoop,
	Outputs: func(c loopConfig, _ node.Catalog) field.Shape {
		number := func(name, label string) field.Named {
			return field.Named{Name: name, Shape: field.Shape{Kind: field.Integer, Label: label}}
		}
		out := field.Object("Result", number("looped", "Passes begun"), number("done", "Passes done"), number("failed", "Passes failed"),
			field.Named{Name: "broken", Shape: field.Shape{Kind: field.Boolean, Label: "Left early"}})
		if c.Collect != nil {
			out.Fields = append(out.Fields, field.Named{Name: "items", Shape: field.Shape{Label: "Collected", List: true, Open: true}})
		}
		return out
	},
	Branches: func(loopConfig) []node.Branch {
		return []node.Branch{{Key: "body", Title: text.M("node.body", "Each pass").String()}}
	},
	Passes: &node.Passes[loopConfig]{
		Vars:    loopConfig.vars,
		Overlap: func(c loopConfig) bool { return c.Parallelism > 1 },
		Item:    "items",
		Batches: func(c loopConfig) bool { return c.BatchSize > 1 },
		Inside:  []string{"while", "checkWhen", "collect"},
	},
	Line: loopLine,
	Run: func(ctx context.Context, call node.Call, c loopConfig) (node.Result, error) {
		l := &looping{c: c, call: call, length: c.length()}
		if c.Source == "count" {
			if err := c.checkCount(); err != nil {
				return node.Result{}, err
			}
			if d, ok := field.AsDecimal(c.Count); ok && d.Sign() < 0 {
				l.warnings = append(l.warnings, text.M("node.loop_negative", "The number of passes is negative: there are none."))
			}
		}
		if !slices.Contains(call.Node.Filled, "body") { // nothing to repeat
			return node.Done(l.output()).Warn(l.warnings...), nil
		}
		return l.begin(ctx)
	},
	Resume: func(ctx context.Context, call node.Call, c loopConfig, sig node.Signal) (node.Result, error) {
		l := &looping{c: c, call: call, length: c.length()}
		if err := l.read(call.State); err != nil {
			return node.Result{}, err
		}
		return l.ended(ctx, sig)
	},
	Examples: []node.Example[loopConfig]{
		{
			Title:  "For each line of an order",
			Config: map[string]any{"items": "{{ trigger.data.lines }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"lines": []any{"a", "b"}}}},
			Want:   node.Want{Branch: "body"},
		},
		{
			Title:  "Nothing to repeat",
			Config: map[string]any{"items": "{{ trigger.data.lines }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{}}},
			Want:   node.Want{Output: map[string]any{"looped": int64(0), "done": int64(0), "failed": int64(0)}},
		},
		{
			Title:  "A negative number of times",
			Config: map[string]any{"source": "count", "count": int64(-3)},
			Want:   node.Want{Output: map[string]any{"looped": int64(0), "done": int64(0), "failed": int64(0)}},
		},
		{
			Title:  "How often is no number",
			Config: map[string]any{"source": "count", "count": "{{ trigger.data.title }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"title": "Offsite"}}},
			Want:   node.Want{Code: "TYPE_MISMATCH"},
		},
	},
})

// list gives what a list loop goes through.
func (c loopConfig) list() []any {
	switch v := c.Items.(type) {
	case nil:
		return nil
	case []any:
		return v
	default: // an object or a text is one item
		return []any{v}
	}
}

// length is how many passes there are; -1 when nobody knows before.
func (c loopConfig) length() int {
	size := max(c.BatchSize, 1)
	switch c.Source {
	case "while":
		return -1
	case "count":
		return times(c.Count)
	}
	if isNumber(c.Items) {
		return (times(c.Items) + size - 1) / size
	}
	return (len(c.list()) + size - 1) / size
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, field.Decimal:
		return true
	}
	return false
}

// times is a number of passes: whole, and none below zero.
func times(v any) int {
	d, ok := field.AsDecimal(v)
	if !ok || d.Sign() <= 0 {
		return 0
	}
	n, ok := d.Floor().Int64()
	if !ok || n > maxPasses {
		return maxPasses + 1
	}
	return int(n)
}

func (c loopConfig) checkCount() error {
	if _, ok := field.AsDecimal(c.Count); ok || c.Count == nil {
		return nil
	}
	return node.Broken("TYPE_MISMATCH", text.M("node.loop_count", "How often must be a number.")).With(map[string]any{"field": "count"})
}

// vars are the variables of a pass, from 1.
func (c loopConfig) vars(pass int) map[string]any {
	v := map[string]any{"item": nil, "index": int64(pass - 1), "number": int64(pass), "length": nil}
	n := c.length()
	if n >= 0 {
		v["length"] = int64(n)
	}
	switch list, size := c.list(), max(c.BatchSize, 1); {
	case c.Source == "count", c.Source == "list" && isNumber(c.Items):
		v["item"] = int64(pass - 1)
	case c.Source == "while":
	case size > 1:
		v["item"] = list[min((pass-1)*size, len(list)):min(pass*size, len(list))]
	case pass >= 1 && pass <= len(list):
		v["item"] = list[pass-1]
	}
	return v
}

func checkLoop(c loopConfig, _ node.Catalog) (p field.Problems) {
	for _, one := range []struct {
		setting string
		rule    rule
	}{{"while", c.While}, {"checkWhen", c.CheckWhen}} {
		p = append(p, one.rule.check(one.setting)...)
	}
	if c.Collect != nil && c.Collect.programErr != nil {
		p.Add("collect", invalid, text.M("node.loop_collect", "What is collected cannot be read as an expression."))
	}
	return p
}

func loopLine(c loopConfig, cat node.Catalog) string {
	switch c.Source {
	case "while":
		return text.M("node.loop_while", "While %s", shorten(c.While.words(cat), 50)).String()
	case "count":
		return text.M("node.loop_times", "%s times", shorten(said(c.Count, cat), 40)).String()
	}
	if c.Items == nil {
		return ""
	}
	return text.M("node.loop_each", "Each of %s", shorten(said(c.Items, cat), 50)).String()
}
