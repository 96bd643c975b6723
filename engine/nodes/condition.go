package nodes

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type conditionConfig struct {
	Mode    string `json:"mode"`
	When    rule   `json:"when"`
	OnFalse string `json:"onFalse"`
}

// condition goes on when something is true, or takes one of two branches.
var condition = node.Define(node.Spec[conditionConfig]{
	Key: "condition", Group: node.Flow, Icon: "split", Title: "Condition",
	Summary:  "Ask a question and go on by its answer",
	Synonyms: []string{"if", "when", "check", "branch", "decide"}, Asks: "mode",
	Help: "*Continue when yes* goes on only when the condition is met. *Yes and No* has a branch for each answer; both meet again below.\n\n" +
		"Without a comparison the answer is yes. The step keeps the sentence that was evaluated, such as `12,400 > 10,000`.",
	Config: []field.Field{
		{
			Name: "mode", Kind: field.Select, Label: "How it goes on", Required: true,
			Options: field.Explained(
				"continue", "Continue when yes", "When no, the workflow ends here",
				"branch", "Yes and No", "A path for each answer, and both go on afterwards"),
		},
		{Name: "when", Kind: field.Condition, Label: "Yes when"},
		{
			Name: "onFalse", Kind: field.Select, Label: "When the condition is not met", Default: "fail",
			Options: field.Choices("fail", "Stop the workflow as failed", "end", "End the workflow as succeeded"),
			When:    &field.When{Field: "mode", Values: []string{"continue"}},
		},
	},
	Effect: node.Pure,
	Check:  checkCondition,
	Outputs: func(conditionConfig, node.Catalog) field.Shape {
		return field.Shape{Kind: field.Boolean, Label: "Answer"}
	},
	Branches: func(c conditionConfig) []node.Branch {
		if c.Mode != "branch" {
			return nil
		}
		return []node.Branch{{Key: "yes", Title: "Yes"}, {Key: "no", Title: "No"}}
	},
	Line: func(c conditionConfig, cat node.Catalog) string { return c.When.line(cat) },
	Run:  runCondition,
	Examples: []node.Example[conditionConfig]{
		{
			Title:  "More than 500",
			Config: map[string]any{"mode": "branch", "when": over500},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(1240)}}},
			Want:   node.Want{Branch: "yes", Output: true},
		},
		{
			Title:  "A missing amount is not more than 500",
			Config: map[string]any{"mode": "branch", "when": over500},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{}}},
			Want:   node.Want{Branch: "no", Output: false},
		},
		{
			Title:  "No condition is a yes",
			Config: map[string]any{"mode": "continue"},
			Want:   node.Want{Output: true},
		},
		{
			Title:  "End quietly when there is nothing to do",
			Config: map[string]any{"mode": "continue", "when": over500, "onFalse": "end"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(80)}}},
			Want:   node.Want{Ends: node.Succeeded, Output: false},
		},
		{
			Title:  "Stop when the condition is not met",
			Config: map[string]any{"mode": "continue", "when": over500},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(80)}}},
			Want:   node.Want{Code: "CONDITION_NOT_MET"},
		},
	},
})

// over500 is the condition of the examples.
var over500 = amountOver(500)

// amountOver compares the amount of the trigger's record.
func amountOver(limit int64) map[string]any {
	return map[string]any{"all": []any{map[string]any{"left": "{{ trigger.data.amount }}", "op": "gt", "right": limit}}}
}

// checkCondition warns of a question that is always answered with yes.
func checkCondition(c conditionConfig, _ node.Catalog) field.Problems {
	p := c.When.check("when")
	if c.When.empty() {
		p.Warn("when", "EMPTY_CONDITION", text.M("node.always_yes", "Without a rule the answer is always yes. Add a rule."))
	}
	return p
}

// line says the condition when it is one comparison, else names what it depends on.
func (r rule) line(cat node.Catalog) string {
	if r.condition == nil {
		return ""
	}
	if row := onlyRow(r.written); row != nil {
		return shorten(sentenceOf(row, cat), 60)
	}
	var names []string
	for _, ref := range r.condition.References() {
		name := ref.Root
		if n := len(ref.Path); n > 0 {
			name = ref.Path[n-1]
		}
		if title, ok := called(strings.Join(append([]string{ref.Root}, ref.Path...), "."), cat); ok {
			name = title
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return text.M("node.depends", "Depends on %s", strings.Join(names, ", ")).String()
}

// words says the whole condition: "Amount is greater than 500 and Status is open".
func (r rule) words(cat node.Catalog) string {
	if r.written == nil {
		return ""
	}
	return shorten(wordsOf(r.written, cat), 120)
}

// wordsOf says a group, a comparison or an expression.
func wordsOf(v any, cat node.Catalog) string {
	m, _ := v.(map[string]any)
	if m["op"] != nil {
		return sentenceOf(m, cat)
	}
	if written, ok := m["expression"].(string); ok {
		return written
	}
	joiners := map[string]text.Message{"all": text.M("node.and", "and"), "any": text.M("node.or", "or"), "not": text.M("node.and", "and")}
	for kind, rows := range m {
		list, ok := rows.([]any)
		if !ok {
			list = []any{rows}
		}
		var parts []string
		for _, one := range list {
			part := wordsOf(one, cat)
			if one, _ := one.(map[string]any); part != "" && one["op"] == nil && one["expression"] == nil && len(list) > 1 {
				part = "(" + part + ")"
			}
			if part != "" {
				parts = append(parts, part)
			}
		}
		said := strings.Join(parts, " "+joiners[kind].String()+" ")
		if kind == "not" && said != "" {
			return text.M("node.not", "not (%s)", said).String()
		}
		return said
	}
	return ""
}

// onlyRow is the comparison of a condition that has one; nil for any other.
func onlyRow(v any) map[string]any {
	m, _ := v.(map[string]any)
	if m["op"] != nil {
		return m
	}
	for _, kind := range []string{"all", "any"} {
		if list, ok := m[kind].([]any); ok && len(list) == 1 {
			return onlyRow(list[0])
		}
	}
	return nil
}

// sentenceOf says a comparison with the names of what it compares: "Amount is greater
// than 500".
func sentenceOf(row map[string]any, cat node.Catalog) string {
	op, _ := row["op"].(string)
	words := []string{operandName(row["left"], cat), expr.OperatorName(op).String()}
	if op != "empty" && op != "notEmpty" {
		words = append(words, operandName(row["right"], cat))
	}
	return strings.Join(words, " ")
}

// operandName names a variable as its pill does, without what it is in: by its title, or
// by the last part of its path when nobody knows one. Anything else it says as it is.
func operandName(v any, cat node.Catalog) string {
	written, ok := v.(string)
	inner, open := strings.CutPrefix(written, "{{")
	path, closed := strings.CutSuffix(inner, "}}")
	if !ok || !open || !closed || strings.ContainsAny(strings.TrimSpace(path), " ()+-*/") {
		return expr.Show(v)
	}
	if title, ok := called(path, cat); ok {
		return title
	}
	name := []rune(path[strings.LastIndex(path, ".")+1:])
	name = []rune(strings.TrimSpace(string(name)))
	if len(name) == 0 {
		return written
	}
	return string(unicode.ToUpper(name[0])) + string(name[1:])
}

// called is the title of a variable, when the catalogue knows it.
func called(path string, cat node.Catalog) (string, bool) {
	names, ok := cat.(node.Namer)
	if !ok {
		return "", false
	}
	return names.Called(strings.TrimSpace(path))
}

func runCondition(ctx context.Context, call node.Call, c conditionConfig) (node.Result, error) {
	yes, because, warnings, err := c.When.decide(ctx, call)
	if err != nil {
		return node.Result{}, failure(err)
	}
	var result node.Result
	switch {
	case c.Mode == "branch" && yes:
		result = node.To("yes", true)
	case c.Mode == "branch":
		result = node.To("no", false)
	case yes:
		result = node.Done(true)
	case c.OnFalse == "end":
		result = node.End(node.Succeeded, "condition_not_met", false)
	default:
		return node.Result{}, node.Refuse("CONDITION_NOT_MET", text.M("node.not_met", "The condition was not met: %s.", because))
	}
	return result.Because(because).Warn(warnings...), nil
}
