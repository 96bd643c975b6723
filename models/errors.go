package models

import (
	"errors"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// Kind classifies an [Error]; handlers map each kind to one HTTP status.
type Kind int

// The kinds of errors a person or a program may be told about.
const (
	KindInternal         Kind = iota // a defect or a broken machine: 500
	KindInvalid                      // the input is wrong: 400
	KindUnauthenticated              // nobody is signed in: 401
	KindForbidden                    // known, but not allowed: 403
	KindNotFound                     // unknown, or not to be known: 404
	KindMethodNotAllowed             // 405
	KindConflict                     // somebody was faster: 409
	KindGone                         // 410
	KindTooLarge                     // 413
	KindUnsupported                  // 415
	KindMisdirected                  // 421
	KindUnprocessable                // understood, but refused: 422
	KindTooMany                      // 429
	KindUnavailable                  // 503, nothing was written
)

// FieldError is one finding about one input.
type FieldError struct {
	Field   string // name of the field
	Path    string // full path below the body, when it differs from Field
	Code    string // stable, upper case
	Message text.Message
}

// Error is an error with two readers: Code and Message are safe to show, the
// wrapped cause goes to the log only.
type Error struct {
	Kind       Kind
	Code       string // stable, upper case, never translated
	Message    text.Message
	Fields     []FieldError
	Data       map[string]any // extras of the reply, for example the winner of a race
	RetryAfter time.Duration  // 0 = not said
	cause      error
}

// Error gives code and English sentence, and the cause when there is one.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message.String()
	if len(e.Fields) > 0 {
		s += " (" + e.Fields[0].Field + ": " + e.Fields[0].Message.String() + ")"
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Because returns a copy that wraps cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// With returns a copy whose Data has one more entry.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Data = make(map[string]any, len(e.Data)+1)
	for k, v := range e.Data {
		c.Data[k] = v
	}
	c.Data[key] = value
	return &c
}

// NewError builds an error of any kind.
func NewError(kind Kind, code string, m text.Message) *Error {
	return &Error{Kind: kind, Code: code, Message: m}
}

// Invalid says that an input is wrong as a whole.
func Invalid(code string, m text.Message) *Error { return NewError(KindInvalid, code, m) }

// InvalidFields says which inputs are wrong. The first finding gives the code
// when all findings agree on it.
func InvalidFields(fields []FieldError) *Error {
	e := NewError(KindInvalid, "VALIDATION_FAILED", text.M("error.validation", "Some fields need attention."))
	if len(fields) > 0 {
		e.Code = fields[0].Code
		for _, f := range fields {
			if f.Code != e.Code {
				e.Code = "VALIDATION_FAILED"
			}
		}
	}
	e.Fields = fields
	return e
}

// Problems turns findings of a form into an error, nil when there are none.
func Problems(problems field.Problems) *Error {
	if len(problems) == 0 {
		return nil
	}
	fields := make([]FieldError, len(problems))
	for i, p := range problems {
		fields[i] = FieldError{Field: p.Field, Code: p.Code, Message: p.Message}
	}
	return InvalidFields(fields)
}

// NotFound says that something does not exist, or must not be known to exist:
// both read alike.
func NotFound() *Error {
	return NewError(KindNotFound, "NOT_FOUND", text.M("error.not_found", "This does not exist, or you may not see it."))
}

// Forbidden says that the caller may not do this.
func Forbidden(code string, m text.Message) *Error { return NewError(KindForbidden, code, m) }

// NoPermission is the usual refusal.
func NoPermission() *Error {
	return Forbidden("NO_PERMISSION", text.M("error.no_permission", "You may not do this. Ask an administrator for the right."))
}

// Conflict says that somebody or something else came first.
func Conflict(code string, m text.Message) *Error { return NewError(KindConflict, code, m) }

// Unavailable says that nothing was written and that it is worth trying again.
func Unavailable(code string, m text.Message, after time.Duration) *Error {
	e := NewError(KindUnavailable, code, m)
	e.RetryAfter = after
	return e
}

// AsError finds the [Error] in a chain. Anything else becomes an internal error
// that wraps it, so the result is never nil for a non-nil err.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return NewError(KindInternal, "INTERNAL",
		text.M("error.internal", "Something went wrong on the server. Try again; if it stays, tell your administrator the request number.")).Because(err)
}

// IsKind reports whether err is an [Error] of the given kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// IsCode reports whether err is an [Error] with the given code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
