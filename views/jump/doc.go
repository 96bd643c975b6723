// Package jump draws the search over everything that somebody may go to.
package jump

import (
	"strconv"

	"github.com/a-h/templ"

	"formrail/views/layout"
)

// Hit is one place to go to.
type Hit struct {
	Label string
	Note  string // key or number, beside the label
	Kind  string // what it is, as a badge: "Workflow"
	Icon  string
	Href  string
}

// Group is a part of the answer; parts are apart from each other.
type Group struct {
	Title string // none in the answer to a search
	Hits  []Hit
}

// Props describes the answer to a search.
type Props struct {
	Session layout.Session
	Search  string  // empty: what is near
	None    bool    // nothing has that name; the groups offer what can be made
	Groups  []Group // those without hits are left out
}

func optionID(group, hit int) string {
	return "jump-" + strconv.Itoa(group) + "-" + strconv.Itoa(hit)
}

func groupID(i int) string { return "jump-group-" + strconv.Itoa(i) }

// groupName ties a group to its title.
func groupName(i int, g Group) templ.Attributes {
	if g.Title == "" {
		return nil
	}
	return templ.Attributes{"aria-labelledby": groupID(i)}
}
