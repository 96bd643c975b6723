package urls

import "net/url"

// People is the list; POST adds a person. Its filters are search and page.
func People() string { return "/settings/people" }

// NewPerson is the list with the form of a new person.
func NewPerson() string { return "/settings/new-person" }

// Person is the list with the form of one person; POST changes him.
func Person(id string) string { return People() + "/" + url.PathEscape(id) }

// PersonAction gives a new link, activates or deactivates: link, activate,
// deactivate; POST.
func PersonAction(id, action string) string { return Person(id) + "/" + url.PathEscape(action) }

// Invitation shows and takes the form on which an invited person chooses a password.
func Invitation() string { return "/invitation" }

// InvitationLink is [Invitation] with the secret of a link, below the address of the
// installation.
func InvitationLink(base, secret string) string {
	return base + Invitation() + "?" + url.Values{"token": {secret}}.Encode()
}
