// Package route says what a route is: one line of data with everything that
// decides who may come in, and the table that finds the line for a request. The
// table drives the router, the limits of bodies, the scopes of tokens and the
// tests. Nothing is ever decided by matching the text of an address.
package route

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/models"
)

// Methods that routes are registered for. HEAD goes where GET goes.
const (
	GET  = "GET"
	POST = "POST"
	Any  = "*" // all methods, also others than these; the handler decides
)

// Auth says how a caller is known.
type Auth int

// The ways to be known. The zero value is a column that was forgotten.
const (
	Anyone  Auth = iota + 1 // no identity is looked at
	Session                 // the cookie of a browser, nothing else
	Bearer                  // the Authorization header, nothing else
)

// CSRF says which proof a changing request of a browser needs.
type CSRF int

// The proofs. The zero value is a column that was forgotten.
const (
	NoCSRF    CSRF = iota + 1 // no cookie is looked at, or nothing changes
	FormToken                 // same origin, and the token of the form: nobody is signed in yet
	Required                  // same origin, and the token of the session
)

// Rate is a class of limits.
type Rate int

// The classes. The zero value is a column that was forgotten.
const (
	Public  Rate = iota + 1 // 600 a minute for each address
	SignIn                  // counted where passwords are checked
	Read                    // no limit
	Write                   // no limit
	Heavy                   // 300 a minute for each principal
	Stream                  // 8 open streams for each person
	Webhook                 // no limit, until the workflow sets one
)

// String names the class as the reference prints it.
func (r Rate) String() string {
	switch r {
	case Public:
		return "public"
	case SignIn:
		return "sign-in"
	case Read:
		return "read"
	case Write:
		return "write"
	case Heavy:
		return "heavy"
	case Stream:
		return "stream"
	case Webhook:
		return "webhook"
	}
	return ""
}

// Scopes that are no scopes.
const (
	NoScope  = "-"        // tokens do not come here: the route reads none
	NoToken  = "no token" // API tokens are refused, tokens of a sign-in are not
	AnyScope = "any"      // whatever its scopes, a token may ask about itself
)

// NoBody is the limit of a route that reads no body. A limit of 0 is a column
// that was forgotten.
const NoBody = 1

// Permission says what a caller must hold beside being known. The zero value is a
// column that was forgotten.
type Permission struct {
	Right  string        // a system right, checked before the handler
	Action models.Action // a grant on the collection {collection}, checked before the handler
	kind   string
}

// Open is for what everybody may do, signed in or not.
func Open() Permission { return Permission{kind: "open"} }

// Own is for what everybody who is known may do with what is his own. The
// functions behind the handler decide what that is; why names it in one phrase.
func Own(why string) Permission { return Permission{kind: "own: " + why} }

// Right is for holders of a system right.
func Right(key string) Permission { return Permission{kind: "right", Right: key} }

// Data is for those who have a grant for the action on the collection of the
// address. The record itself is checked where it is read or written.
func Data(action models.Action) Permission { return Permission{kind: "data", Action: action} }

// Holds reports whether somebody holds what the line asks for on the collection of
// the address. What an own line means is decided behind the handler.
func (p Permission) Holds(a models.Access, collection string) bool {
	switch {
	case p.Right != "":
		return a.Can(p.Right)
	case p.Action != "":
		return a.MayTouch(collection, p.Action)
	}
	return true
}

// String names the permission as the reference prints it.
func (p Permission) String() string {
	if p.Right != "" {
		return p.Right
	}
	if p.Action != "" {
		return "data: " + string(p.Action)
	}
	return p.kind
}

// Route is one line of the table. A line with an empty column stops the start.
type Route struct {
	Method     string
	Pattern    string // "/workflows/{key}/publish", "/api/{collection}:get/{tk}"
	Auth       Auth
	Permission Permission
	Scope      string // of API tokens; "{collection}" in it is the collection of the address
	CSRF       CSRF
	Rate       Rate
	Body       int // bytes
	Handler    fiber.Handler

	BodyOf   func(Match) int // bytes, where they depend on more than the line; nil = Body
	TooLarge fiber.Handler   // answers for a body that was not read; nil = 413

	BeforeSetup bool // answers while there is no first administrator
}

// ScopeOn is the scope that a token needs for the collection of the address.
func (r *Route) ScopeOn(collection string) string {
	return strings.Replace(r.Scope, "{collection}", collection, 1)
}

// Admits reports whether the scopes of a caller reach the line for the collection of
// the address. Only API tokens have scopes.
func (r *Route) Admits(p models.Principal, collection string) bool {
	if p.Kind != models.TokenPrincipal || r.Scope == AnyScope || r.Scope == NoScope {
		return true
	}
	return r.Scope != NoToken && p.HasScope(r.ScopeOn(collection))
}

// Reading gives the two lines of a reading action of the API: with its parameters
// in the address, or, for long ones, in a body.
func Reading(r Route) []Route {
	get, post := r, r
	get.Method, get.Body = GET, NoBody
	post.Method = POST
	return []Route{get, post}
}

// check says what is missing in a line, or does not go together.
func (r Route) check() error {
	var wrong []error
	need := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, errors.New(what))
		}
	}
	changes := r.Method != GET
	need(r.Method == GET || r.Method == POST || r.Method == Any, "method must be GET, POST or any")
	need(r.Auth != 0, "auth is empty")
	need(r.Permission.kind != "", "permission is empty")
	need(r.Scope != "", "scope is empty")
	need(r.CSRF != 0, "csrf is empty")
	need(r.Rate != 0, "rate is empty")
	need(r.Body > 0, "body is empty")
	need(r.Handler != nil, "handler is empty")
	need(r.Auth != Session || !changes || r.CSRF == Required, "a change with a session needs its token")
	need(r.Auth == Session || r.CSRF != Required, "only a session has a token to require")
	need((r.Auth == Bearer) == (r.Scope != NoScope), "a scope is for routes that read tokens, and for all of those")
	need(r.Auth != Anyone || r.Permission.kind == "open", "nobody is known here, so nothing can be required")
	if len(wrong) > 0 {
		return fmt.Errorf("route %s %s: %w", r.Method, r.Pattern, errors.Join(wrong...))
	}
	return nil
}
