package inbound

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some senders have nothing else; it is used with a key, and the settings warn
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"time"

	"formrail/models/text"
)

// Layout says where in its header a signature stands.
type Layout string

// The layouts.
const (
	Whole  Layout = ""       // the header is the signature, behind a prefix
	Pairs  Layout = "pairs"  // t=time,v1=signature,v1=signature
	Spaced Layout = "spaced" // v1,signature v1,signature
)

// Signature says how a sender proves that a body is his: with a keyed digest of it.
type Signature struct {
	Header    string
	Layout    Layout
	Prefix    string // before the signature: "sha256=", "v0="; with Pairs and Spaced its version
	Algorithm string // sha256, sha512, sha1
	Encoding  string // hex, base64
	Content   string // what is signed: text with {body}, {timestamp} and {id}

	TimestampHeader string
	IDHeader        string
	Tolerance       time.Duration // how far the time of sending may be away; 0 = not looked at

	EncodedKey bool     // secrets are whsec_ and base64
	BodyID     string   // where the body names the delivery; empty = it does not
	Secrets    []string // each may have signed
}

// maxSignatures bounds how many signatures one header may hold.
const maxSignatures = 10

// Presets are the signatures of senders, by name, as they document them.
func Presets() map[string]Signature {
	return map[string]Signature{
		"github": {Header: "X-Hub-Signature-256", Prefix: "sha256=", Algorithm: "sha256", Encoding: "hex", Content: "{body}"},
		"stripe": {
			Header: "Stripe-Signature", Layout: Pairs, Prefix: "v1", Algorithm: "sha256", Encoding: "hex",
			Content: "{timestamp}.{body}", Tolerance: defaultTolerance, BodyID: "id",
		},
		"slack": {
			Header: "X-Slack-Signature", Prefix: "v0=", Algorithm: "sha256", Encoding: "hex", Content: "v0:{timestamp}:{body}",
			TimestampHeader: "X-Slack-Request-Timestamp", Tolerance: defaultTolerance, BodyID: "event_id",
		},
		"standard": {
			Header: "webhook-signature", Layout: Spaced, Prefix: "v1", Algorithm: "sha256", Encoding: "base64",
			Content: "{id}.{timestamp}.{body}", TimestampHeader: "webhook-timestamp", IDHeader: "webhook-id",
			Tolerance: defaultTolerance, EncodedKey: true,
		},
	}
}

const defaultTolerance = 5 * time.Minute

// Proof is what a valid signature says.
type Proof struct {
	ID        string // of the delivery; empty when the sender gives none
	Signature string // in one spelling, to recognise a repeat
}

// Check verifies a request. The error is a *[Problem] with the code SIGNATURE_INVALID or,
// for a valid signature of another time, REPLAY_WINDOW.
func (s Signature) Check(h Headers, body []byte, now time.Time) (Proof, error) {
	sent, one := h.One(s.Header)
	found, stamp := s.candidates(sent)
	if s.TimestampHeader != "" {
		stamp, _ = h.One(s.TimestampHeader)
	}
	id := ""
	if s.IDHeader != "" {
		id, _ = h.One(s.IDHeader)
	}
	stamped := s.Layout == Pairs || s.TimestampHeader != ""
	if !one || stamped && stamp == "" || s.IDHeader != "" && id == "" {
		return Proof{}, badSignature()
	}
	match, good := "", false
	for _, secret := range s.Secrets {
		key, ok := s.key(secret)
		if !ok {
			continue
		}
		want := s.digest(key, body, stamp, id)
		for _, c := range found {
			if hmac.Equal(c, want) && len(c) > 0 {
				match, good = hex.EncodeToString(c), true
			}
		}
	}
	if !good {
		return Proof{}, badSignature()
	}
	if stamped && s.Tolerance > 0 {
		at, ok := parseStamp(stamp)
		if away := now.Sub(at).Abs(); !ok || away > s.Tolerance {
			return Proof{}, problem(OutsideWindow, text.M("inbound.window", "The request was signed too long ago, or by a clock that goes wrong."))
		}
	}
	return Proof{ID: id, Signature: match}, nil
}

func badSignature() *Problem {
	return problem(BadSignature, text.M("inbound.signature", "The signature does not fit the request."))
}

// Sign gives the header that a sender writes; the other headers are there already.
func (s Signature) Sign(h Headers, body []byte) string {
	stamp, id := h.Get(s.TimestampHeader), h.Get(s.IDHeader)
	if len(s.Secrets) == 0 {
		return ""
	}
	key, _ := s.key(s.Secrets[0])
	sum := s.digest(key, body, stamp, id)
	code := hex.EncodeToString(sum)
	if s.Encoding == "base64" {
		code = base64.StdEncoding.EncodeToString(sum)
	}
	if s.Layout == Spaced {
		return s.Prefix + "," + code
	}
	return s.Prefix + code
}

// candidates finds the signatures in a header, and the time when it stands there.
func (s Signature) candidates(sent string) (found [][]byte, stamp string) {
	add := func(text string) {
		if b, ok := s.decode(strings.TrimSpace(text)); ok && len(found) < maxSignatures {
			found = append(found, b)
		}
	}
	switch s.Layout {
	case Pairs:
		for pair := range strings.SplitSeq(sent, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			switch {
			case name == s.Prefix:
				add(value)
			case name == "t" && stamp == "":
				stamp = value
			}
		}
	case Spaced:
		for one := range strings.SplitSeq(sent, " ") {
			if version, value, ok := strings.Cut(one, ","); ok && version == s.Prefix {
				add(value)
			}
		}
	default:
		if rest, ok := strings.CutPrefix(strings.TrimSpace(sent), s.Prefix); ok {
			add(rest)
		}
	}
	return found, stamp
}

func (s Signature) decode(text string) ([]byte, bool) {
	var b []byte
	var err error
	if s.Encoding == "base64" {
		b, err = base64.StdEncoding.DecodeString(text)
	} else {
		b, err = hex.DecodeString(text)
	}
	return b, err == nil
}

// key is a secret as it signs.
func (s Signature) key(secret string) ([]byte, bool) {
	if secret == "" {
		return nil, false
	}
	if !s.EncodedKey {
		return []byte(secret), true
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	return b, err == nil && len(b) > 0
}

// digest is the signature that belongs to a request.
func (s Signature) digest(key, body []byte, stamp, id string) []byte {
	mac := hmac.New(s.hash(), key)
	rest := s.Content
	for rest != "" {
		at, name := nextPart(rest)
		mac.Write([]byte(rest[:at]))
		switch name {
		case "{body}":
			mac.Write(body)
		case "{timestamp}":
			mac.Write([]byte(stamp))
		case "{id}":
			mac.Write([]byte(id))
		}
		rest = rest[at+len(name):]
	}
	return mac.Sum(nil)
}

// nextPart finds the first placeholder of a text; without one it gives its length.
func nextPart(s string) (at int, name string) {
	at = len(s)
	for _, p := range []string{"{body}", "{timestamp}", "{id}"} {
		if i := strings.Index(s, p); i >= 0 && i < at {
			at, name = i, p
		}
	}
	return at, name
}

func (s Signature) hash() func() hash.Hash {
	switch s.Algorithm {
	case "sha512":
		return sha512.New
	case "sha1":
		return sha1.New
	}
	return sha256.New
}

// parseStamp reads a time in seconds, or in milliseconds when it has that many digits.
func parseStamp(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, false
	}
	if len(s) >= 13 {
		return time.UnixMilli(n), true
	}
	return time.Unix(n, 0), true
}
