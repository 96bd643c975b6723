package nodes

import (
	"context"
	"time"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type calculationConfig struct {
	Engine     string    `json:"engine"`
	Expression source    `json:"expression"`
	ResultType string    `json:"resultType"`
	Round      *rounding `json:"round"`
}

// rounding says how a number is rounded: without digits to a whole one.
type rounding struct {
	Digits *int   `json:"digits"`
	Mode   string `json:"mode"`
}

// calculation gives the value of an expression or a text.
var calculation = node.Define(node.Spec[calculationConfig]{
	Key: "calculation", Group: node.Compute, Icon: "calculator", Title: "Calculation",
	Summary:  "Compute a number, a text or a date",
	Synonyms: []string{"formula", "compute", "sum"},
	Help: "An expression computes exactly: `0.1 + 0.2` is `0.3`. Variables are written bare, as in `trigger.data.amount * 1.19`.\n\n" +
		"A text is put together from words and `{{ variables }}`.",
	Config: []field.Field{
		{
			Name: "engine", Kind: field.Select, Label: "Written as", Default: "expr",
			Options: field.Choices("expr", "Expression", "template", "Text with variables"),
		},
		{Name: "expression", Kind: field.Expression, Label: "Calculation", Required: true},
		{
			Name: "resultType", Kind: field.Select, Label: "The result is", Default: "any", Help: "Another result fails the step with `TYPE_MISMATCH`.",
			Options: field.Choices("any", "Anything", "number", "A number", "text", "Text", "boolean", "Yes or no",
				"date", "A date", "list", "A list", "object", "An object"),
		},
		{
			Name: "round", Kind: field.Group, Label: "Rounding",
			Items: []field.Field{
				{Name: "digits", Kind: field.Integer, Label: "Digits after the point", Help: "Empty rounds nothing.", Min: field.Bound("-15"), Max: field.Bound("15")},
				{
					Name: "mode", Kind: field.Select, Label: "A half goes", Default: "half",
					Options: field.Choices("half", "Away from zero", "even", "To the even digit"),
				},
			},
		},
	},
	Effect:  node.Pure,
	Check:   checkCalculation,
	Outputs: func(c calculationConfig, _ node.Catalog) field.Shape { return c.shape() },
	Line: func(c calculationConfig, cat node.Catalog) string {
		if c.Engine == "template" {
			return shorten(said(c.Expression.text, cat), 60)
		}
		return shorten(saidExpression(c.Expression.text, cat), 60)
	},
	Run: runCalculation,
	Examples: []node.Example[calculationConfig]{
		{
			Title:  "Amount with tax",
			Config: map[string]any{"expression": "trigger.data.amount * 1.19", "resultType": "number", "round": map[string]any{"digits": int64(2)}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": *field.Bound("12.35")}}},
			Want:   node.Want{Output: *field.Bound("14.7")},
		},
		{
			Title:  "A sentence",
			Config: map[string]any{"engine": "template", "expression": "Trip of {{ trigger.user.nickname }}"},
			Vars:   map[string]any{"trigger": map[string]any{"user": map[string]any{"nickname": "Jun"}}},
			Want:   node.Want{Output: "Trip of Jun"},
		},
		{
			Title:  "A missing value gives nothing",
			Config: map[string]any{"expression": "trigger.data.amount * 2", "resultType": "number"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{}}},
			Want:   node.Want{},
		},
		{
			Title:  "Division by zero",
			Config: map[string]any{"expression": "100 / trigger.data.people"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"people": int64(0)}}},
			Want:   node.Want{Code: "DIVISION_BY_ZERO"},
		},
		{
			Title:  "The result has another type than expected",
			Config: map[string]any{"expression": `"12" + "3"`, "resultType": "number"},
			Want:   node.Want{Code: "TYPE_MISMATCH"},
		},
	},
})

func checkCalculation(c calculationConfig, _ node.Catalog) (p field.Problems) {
	if c.Engine == "template" && c.ResultType != "any" && c.ResultType != "text" {
		p.Add("resultType", invalid, text.M("node.calculation_text", "A text with variables always gives text. Choose text, or write an expression."))
	}
	if c.Round != nil && c.Round.Digits == nil {
		p.Warn("round.digits", "WHOLE_NUMBER", text.M("node.round_whole", "Without a number of digits the result becomes a whole number."))
	}
	return p
}

func (c calculationConfig) shape() field.Shape {
	s := field.Shape{Label: "Result"}
	switch c.ResultType {
	case "number":
		s.Kind = field.Number
	case "text":
		s.Kind = field.Text
	case "boolean":
		s.Kind = field.Boolean
	case "date":
		s.Kind = field.DateTime
	case "list":
		s.List, s.Open = true, true
	default:
		s.Open = true
		if c.Engine == "template" {
			s = field.Shape{Kind: field.Text, Label: s.Label}
		}
	}
	return s
}

func runCalculation(ctx context.Context, call node.Call, c calculationConfig) (node.Result, error) {
	v, warnings, err := c.evaluate(ctx, call)
	if err != nil {
		return node.Result{}, failure(err)
	}
	if !isType(c.ResultType, v) {
		return node.Result{}, node.Broken("TYPE_MISMATCH",
			text.M("node.result_type", "The result is %s, which is not of the type %s.", expr.Show(v), c.ResultType))
	}
	if c.Round != nil && v != nil {
		d, ok := field.AsDecimal(v)
		if !ok {
			return node.Result{}, node.Broken("TYPE_MISMATCH", text.M("node.round_number", "The result is %s and cannot be rounded.", expr.Show(v)))
		}
		v = c.Round.apply(d)
	}
	return node.Done(v).Warn(messages(warnings)...), nil
}

func (c calculationConfig) evaluate(ctx context.Context, call node.Call) (any, []expr.Warning, error) {
	if c.Engine == "template" {
		if c.Expression.templateErr != nil {
			return nil, nil, c.Expression.templateErr
		}
		s, warnings, err := c.Expression.template.Render(ctx, input(call))
		return s, warnings, err
	}
	if c.Expression.programErr != nil {
		return nil, nil, c.Expression.programErr
	}
	return c.Expression.program.Run(ctx, input(call))
}

func (r rounding) apply(d field.Decimal) any {
	digits := 0
	if r.Digits != nil {
		digits = *r.Digits
	}
	if r.Mode == "even" {
		d = d.RoundEven(digits)
	} else {
		d = d.Round(digits)
	}
	if n, ok := d.Int64(); ok {
		return n
	}
	return d
}

// isType reports whether a value is of a result type. Nothing is of every type.
func isType(want string, v any) bool {
	if v == nil {
		return true
	}
	ok := true
	switch want {
	case "number":
		_, ok = field.AsDecimal(v)
	case "text":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "date":
		ok = isDate(v)
	case "list":
		_, ok = v.([]any)
	case "object":
		_, ok = v.(map[string]any)
	}
	return ok
}

// isDate accepts a day or an instant, also as the text it becomes when stored.
func isDate(v any) bool {
	switch v := v.(type) {
	case time.Time, field.Date:
		return true
	case string:
		_, err := field.ParseTime(v, time.UTC)
		return err == nil
	}
	return false
}

func shorten(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}

// brief says a setting in one line: a text as it is written, anything else as JSON.
func brief(v any) string {
	if written, ok := v.(string); ok {
		return written
	}
	if v == nil {
		return ""
	}
	return expr.Show(v)
}
