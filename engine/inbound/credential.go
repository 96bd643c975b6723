package inbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"formrail/models/text"
)

// Basic is a user name with its password.
type Basic struct{ User, Password string }

// Check compares what a request says. Wrong names cost the same as wrong passwords.
func (b Basic) Check(h Headers) error {
	sent, _ := h.One("Authorization")
	scheme, code, _ := strings.Cut(sent, " ")
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(code))
	user, password, found := strings.Cut(string(plain), ":")
	name, word := same(user, b.User), same(password, b.Password)
	if !strings.EqualFold(scheme, "Basic") || err != nil || !found || !name || !word || b.Password == "" {
		return unauthenticated()
	}
	return nil
}

// Bearer is a token in a header. In Authorization it stands behind the word Bearer, in
// any other header alone.
type Bearer struct{ Header, Token string }

// Check compares what a request says.
func (b Bearer) Check(h Headers) error {
	sent, one := h.One(b.Header)
	if strings.EqualFold(b.Header, "Authorization") {
		scheme, token, _ := strings.Cut(sent, " ")
		one = one && strings.EqualFold(scheme, "Bearer")
		sent = strings.TrimSpace(token)
	}
	if !same(sent, b.Token) || !one || b.Token == "" {
		return unauthenticated()
	}
	return nil
}

func unauthenticated() *Problem {
	return problem(Unknown, text.M("inbound.unauthenticated", "The request does not prove who sends it."))
}

// same compares digests, in a time that tells neither content nor length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return hmac.Equal(x[:], y[:])
}
