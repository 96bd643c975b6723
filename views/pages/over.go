package pages

import "github.com/a-h/templ"

// Over is where something opens without leaving its page. Its value is the id of the
// dialog that every page of blocks holds for it.
type Over string

// What a page opens over itself.
const (
	OverDrawer Over = "drawer" // on the right
	OverDialog Over = "popup"  // in the middle
)

// OverRow says that a button stands in a row of a table: nothing closes, nothing opens.
const OverRow Over = "row"

// OverName is the input that says where a form stands.
const OverName = "_over"

// OverOf reads an id of a dialog; anything else is no place over a page.
func OverOf(id string) Over {
	switch o := Over(id); o {
	case OverDrawer, OverDialog, OverRow:
		return o
	}
	return ""
}

// link makes a link open there. Without scripts it leads to a page of its own.
func (o Over) link(href string) templ.Attributes {
	if o == "" {
		return nil
	}
	return templ.Attributes{"hx-get": href, "hx-target": "#" + string(o), "hx-swap": "innerHTML", "hx-push-url": "true"}
}

// form makes a form stay there: its answer takes its place.
func (o Over) form(address string) templ.Attributes {
	if o == "" {
		return nil
	}
	return templ.Attributes{"hx-post": address, "hx-target": "this", "hx-swap": "outerHTML"}
}

// more adds the attributes of a link that opens there to others.
func (o Over) more(href string, attrs templ.Attributes) templ.Attributes {
	out := templ.Attributes{}
	for _, list := range []templ.Attributes{o.link(href), attrs} {
		for name, value := range list {
			out[name] = value
		}
	}
	return out
}
