package expr

import "formrail/models/text"

// Codes of faults and of definitions that cannot be used. They are stored and
// shown, and never change.
const (
	CodeInvalid        = "EXPRESSION_INVALID"
	CodeError          = "EXPRESSION_ERROR"
	CodeDivisionByZero = "DIVISION_BY_ZERO"
	CodeOverflow       = "NUMBER_OVERFLOW"
	CodeTypeMismatch   = "TYPE_MISMATCH"
	CodeLimit          = "LIMIT_EXCEEDED"
	CodeNotBoolean     = "CONDITION_NOT_BOOLEAN"
	CodeInQuotes       = "VARIABLE_IN_QUOTES"
)

// SyntaxError says why a source cannot be compiled.
type SyntaxError struct {
	Code     string       // CodeInvalid or CodeInQuotes
	Message  text.Message // one sentence
	Position int          // characters before the finding
	Path     string       // where in a tree or condition, as "all.0.left"; empty at the top
}

// Error is the sentence in English.
func (e *SyntaxError) Error() string { return e.Message.String() }

func syntax(pos int, m text.Message) *SyntaxError {
	return &SyntaxError{Code: CodeInvalid, Message: m, Position: pos}
}

// Fault is a failure at run time.
type Fault struct {
	Code     string
	Message  text.Message
	Position int            // characters before the failing operator or call
	Details  map[string]any // expression, operands: short texts for the step's page
}

// Error is the sentence in English.
func (e *Fault) Error() string { return e.Message.String() }

// Warning is something a designer should know about a run that went on.
type Warning struct {
	Code    string // MISSING, NULL_OPERAND, NOT_COMPARABLE
	Message text.Message
	Path    string // the variable, where one is missing
}
