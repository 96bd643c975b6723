// Package layout draws what stands around a page: the document with its head, the
// app frame of signed-in people, the solo frame of forms, the sign-in frame and the
// bare frame of error pages. Each page has exactly one h1; in the app frame it is the
// last crumb unless the page says it brings its own.
package layout

import (
	"github.com/a-h/templ"

	"formrail/models/text"
	"formrail/views/ui"
)

// Session is what every page knows about who reads it. Handlers build it once per
// request.
type Session struct {
	CSRF   string // token that forms send back
	Theme  string // light, dark, or empty to follow the system
	Locale string // BCP 47; en when empty
	NoKeys bool   // single-letter shortcuts are switched off
	Nav    Nav
	Flash  []ui.ToastProps // said once, after a redirect
	Held   *Held           // the installation sends nothing; nil when it is not held
}

func (s Session) lang() string {
	if s.Locale == "" {
		return "en"
	}
	return s.Locale
}

// Nav is what the sidebar shows. Entries the reader has no right for are left out
// by the handler.
type Nav struct {
	OpenTasks int // count beside Tasks
	Groups    []NavGroup
	Settings  []NavItem // pages of the settings beside the own profile
	Me        ui.Person
	MeNote    string // under the name: a role
}

// NavGroup is a titled list of entries.
type NavGroup struct {
	Title string // "Build", "Pages"
	Items []NavItem
	New   NavItem // a button that adds to the group; none without an address
	All   NavItem // where the group is kept, named by its title; none without an address
}

// NavItem is one entry of the sidebar.
type NavItem struct {
	Label string
	Href  string
	Icon  string
	Go    string // letter that follows G: w for Workflows
}

// Crumb is one step of the breadcrumb. The last has no address.
type Crumb struct {
	Label string
	Href  string
}

// Frame describes one page in the app frame.
type Frame struct {
	Session    Session
	Title      string // of the document
	Current    string // address of the current entry of the sidebar
	Crumbs     []Crumb
	OwnHeading bool              // the page has its h1 inside
	Lead       string            // stands where the crumbs would; home only
	Actions    templ.Component   // buttons on the right of the top bar
	Live       string            // topics of the event stream; none when empty
	Full       bool              // no top bar and no sidebar: the page draws its own head
	Dialogs    []templ.Component // dialogs, drawers and menus: outside every morphed region
}

// htmxConfig is read by htmx from the page head. It forbids eval and scripts in
// fragments, keeps no history in the browser and swaps answers 422 and 409, which
// carry the form or the conflict.
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"disableInheritance":true,` +
	`"allowScriptTags":false,"selfRequestsOnly":true,` +
	`"attributesToSettle":[],"defaultSettleDelay":0,"historyCacheSize":0,"refreshOnHistoryMiss":true,"defaultSwapStyle":"outerHTML",` +
	`"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},` +
	`{"code":"422","swap":true},{"code":"409","swap":true},{"code":"[45]..","swap":false,"error":true}]}`

// messages are the sentences that modules show; they travel as data attributes.
type messages struct{ copied, notCopied, offline, failed text.Message }

func moduleMessages() messages {
	return messages{
		copied:    text.M("ui.copied", "Copied to clipboard"),
		notCopied: text.M("ui.not_copied", "The browser did not allow copying. Select the text and copy it."),
		offline:   text.M("ui.offline", "Could not reach the server. Check your connection and try again."),
		failed:    text.M("ui.request_failed", "The server could not do that. Reload the page and try again."),
	}
}
