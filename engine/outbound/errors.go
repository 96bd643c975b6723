package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"syscall"

	"formrail/models/text"
)

// Codes of failures. They are stored and shown, and never change.
const (
	CodeBlocked  = "EGRESS_BLOCKED"    // the address may not be dialled; asking again would not help
	CodeNetwork  = "NETWORK_ERROR"     // no name, no connection, no certificate, or cut off
	CodeTimeout  = "TIMEOUT"           // the other side was too slow
	CodeTooLarge = "OUTPUT_TOO_LARGE"  // the answer or its headers
	CodeURL      = "INVALID_URL"       // the address cannot be called at all
	CodeHeader   = "INVALID_HEADER"    // a header cannot be sent
	CodeEncoding = "ANSWER_UNREADABLE" // packed in a way that cannot be unpacked
)

// Error is why a call gave no answer. Its sentence names neither headers nor query.
type Error struct {
	Code    string
	Message text.Message
	cause   error
}

// Error gives code and sentence.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.Message.String() + ": " + e.cause.Error()
	}
	return e.Code + ": " + e.Message.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

func invalidURL(cause error) error {
	return &Error{Code: CodeURL, Message: text.M("outbound.url", "This is no address that can be called. It begins with http:// or https:// and names a host."), cause: cause}
}

// errNoHeaders ends a call whose answer did not begin in time, errTooSlow one that did
// not end in time.
var (
	errNoHeaders = errors.New("no headers in time")
	errTooSlow   = errors.New("no end in time")
	errSwitched  = errors.New("another protocol was begun that nobody asked for")
)

// classify says what a failure on the way means for the call.
func classify(ctx context.Context, err error, host string) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	failed := func(code string, m text.Message) error { return &Error{Code: code, Message: m, cause: err} }
	var timeout net.Error
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errNoHeaders):
		return failed(CodeTimeout, text.M("outbound.no_headers", "%s did not begin to answer in time.", host))
	case errors.Is(cause, errTooSlow), errors.Is(cause, context.DeadlineExceeded):
		return failed(CodeTimeout, text.M("outbound.too_slow", "%s did not answer in time.", host))
	case cause != nil:
		return failed(CodeNetwork, text.M("outbound.stopped", "The call was stopped."))
	}
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &name) && !name.IsTimeout, errors.Is(err, errNoAddress):
		return failed(CodeNetwork, text.M("outbound.name", "The name %s leads nowhere.", host))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failed(CodeTimeout, text.M("outbound.no_connection", "%s did not take the call in time.", host))
	case errors.As(err, &certificate):
		return failed(CodeNetwork, text.M("outbound.certificate", "The certificate of %s is not valid.", host))
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed(CodeNetwork, text.M("outbound.refused", "%s refused the connection.", host))
	}
	return failed(CodeNetwork, text.M("outbound.cut", "The connection to %s failed before the answer was complete.", host))
}
