// Package inbound reads requests that other programs send: their bodies by content
// type, the keys of their parameters, their signatures, passwords and tokens, the
// networks they come from, and the values that a trigger declares.
//
// Everything here is pure: bytes in, values out. Nothing is stored, nothing is
// trusted, and each input costs at most what its limits say. The package knows neither
// the engine nor any server.
package inbound

import "formrail/models/text"

// Problem is why a request is refused.
type Problem struct {
	Code    string // stable, upper case
	Field   string // which value it is about; empty for the request
	Message text.Message
}

// Error is the sentence.
func (p *Problem) Error() string { return p.Message.String() }

func problem(code string, m text.Message) *Problem { return &Problem{Code: code, Message: m} }

// Codes of problems.
const (
	BadJSON        = "BAD_JSON"
	BadBody        = "BAD_BODY"
	Unsupported    = "UNSUPPORTED_MEDIA_TYPE"
	Invalid        = "VALIDATION_FAILED"
	Unknown        = "UNAUTHENTICATED"
	BadSignature   = "SIGNATURE_INVALID"
	OutsideWindow  = "REPLAY_WINDOW"
	AddressRefused = "IP_DENIED"
	TooManyNow     = "RATE_LIMITED"
)

// maxDepth bounds how deeply values may be nested in bodies.
const maxDepth = 64
