package nodes

import (
	"context"
	"errors"
	"fmt"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// rule is a condition that is compiled when the settings are read.
type rule struct {
	condition *expr.Condition
	written   any // as it is stored
}

// UnmarshalJSON compiles a condition tree or expression.
func (r *rule) UnmarshalJSON(raw []byte) error {
	v, err := field.ParseJSON(raw)
	if err != nil {
		return fmt.Errorf("read condition: %w", err)
	}
	r.written = v
	r.condition, err = expr.CompileCondition(v)
	return err //nolint:wrapcheck // a sentence for the designer
}

// check finds comparisons that were begun, and those that compare what never changes.
func (r rule) check(setting string) (p field.Problems) {
	if r.condition == nil {
		return nil
	}
	for _, at := range r.condition.Blank() {
		p.Add(setting+"."+at+".left", "MISSING", text.M("node.choose_left", "Choose what is compared: a variable, with the button in the line."))
	}
	for _, one := range r.condition.Fixed() {
		p.Warn(setting+"."+one[0]+".left", "FIXED_CONDITION", text.M("node.fixed_left", "%s is fixed and never changes. Choose a variable, with the button in the line.", one[1]))
	}
	for _, at := range r.condition.HalfMade() {
		p.Add(setting+"."+at, "MISSING", text.M("node.choose_value", "Choose a value."))
	}
	return p
}

// empty reports whether there is nothing to decide, which is a yes.
func (r rule) empty() bool {
	return r.written == nil || r.condition != nil && r.condition.Empty()
}

// decide says what the condition gives and why; nothing to decide is a yes.
func (r rule) decide(ctx context.Context, call node.Call) (yes bool, because string, warnings []text.Message, err error) {
	if r.condition == nil {
		return true, "no condition", nil, nil
	}
	answer, explanation, found, err := r.condition.Eval(ctx, input(call))
	return answer, explanation.Sentence, messages(found), err
}

// lateRule is a rule among others of one setting: a mistake in it is kept, because
// the engine tells it with its place.
type lateRule struct {
	rule
	mistake error
}

// UnmarshalJSON compiles a condition tree or expression.
func (r *lateRule) UnmarshalJSON(raw []byte) error {
	r.mistake = r.rule.UnmarshalJSON(raw)
	return nil
}

// decide is [rule.decide]; with a mistake there is nothing to decide by.
func (r lateRule) decide(ctx context.Context, call node.Call) (yes bool, because string, warnings []text.Message, err error) {
	if r.mistake != nil {
		return false, "", nil, r.mistake
	}
	return r.rule.decide(ctx, call)
}

// source is what a calculation evaluates. Which engine reads it says another
// setting, so it is compiled for both; the one in use must have no error.
type source struct {
	text        string
	program     *expr.Program
	programErr  error
	template    *expr.Template
	templateErr error
}

// UnmarshalJSON compiles an expression and a template.
func (s *source) UnmarshalJSON(raw []byte) error {
	v, err := field.ParseJSON(raw)
	if err != nil {
		return fmt.Errorf("read expression: %w", err)
	}
	written, ok := v.(string)
	if !ok {
		return errors.New("text is needed")
	}
	s.text = written
	s.program, s.programErr = expr.Compile(written)
	s.template, s.templateErr = expr.CompileTemplate(written)
	return nil
}

// input is what an evaluation in a step depends on.
func input(call node.Call) expr.Input {
	return expr.Input{Vars: call.Vars, Now: call.Now, Seed: call.Seed, Zone: call.Zone}
}

// failure turns what expr reports into the failure of a step.
func failure(err error) error {
	var fault *expr.Fault
	if errors.As(err, &fault) {
		return node.Broken(fault.Code, fault.Message).With(fault.Details).Because(err)
	}
	var syntax *expr.SyntaxError
	if errors.As(err, &syntax) {
		return node.Broken(syntax.Code, syntax.Message).Because(err)
	}
	return err
}

// messages are the sentences of warnings.
func messages(warnings []expr.Warning) []text.Message {
	out := make([]text.Message, len(warnings))
	for i, w := range warnings {
		out[i] = w.Message
	}
	return out
}
