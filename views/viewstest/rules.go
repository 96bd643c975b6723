package viewstest

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"formrail/static"
)

// Faults lists what is wrong with a piece of HTML: references that lead nowhere,
// ids used twice, inputs without a name, what the content policy forbids, icons that
// do not exist, posting forms without a token. Anchors of whole pages are checked too.
func Faults(root *html.Node) []string {
	var faults []string
	ids := map[string]bool{}
	for _, n := range All(root, func(*html.Node) bool { return true }) {
		if id, ok := Attr(n, "id"); ok {
			if id == "" || ids[id] {
				faults = append(faults, fmt.Sprintf("id %q is empty or used twice", id))
			}
			ids[id] = true
		}
	}
	for _, n := range All(root, func(*html.Node) bool { return true }) {
		faults = append(faults, policyFaults(n)...)
		faults = append(faults, referenceFaults(n, ids)...)
		faults = append(faults, iconFaults(n)...)
		if !named(root, n) {
			faults = append(faults, "no accessible name: "+describe(n))
		}
		if tokenless(n) {
			faults = append(faults, "form posts without a token: "+describe(n))
		}
	}
	return faults
}

func describe(n *html.Node) string { return "<" + n.Data + attributes(n) + ">" }

// policyFaults finds what the content security policy would block.
func policyFaults(n *html.Node) []string {
	var faults []string
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.HasPrefix(a.Val, "javascript:") {
			faults = append(faults, fmt.Sprintf("forbidden attribute %s in %s", a.Key, describe(n)))
		}
	}
	if _, src := Attr(n, "src"); (n.Data == "script" && !src) || n.Data == "style" {
		faults = append(faults, "inline "+n.Data)
	}
	return faults
}

// referenceFaults finds attributes that name an id the document does not have.
func referenceFaults(n *html.Node, ids map[string]bool) []string {
	var faults []string
	for _, key := range []string{"for", "form", "popovertarget", "data-dialog", "data-takes", "aria-labelledby", "aria-describedby", "aria-controls"} {
		value, ok := Attr(n, key)
		if !ok {
			continue
		}
		for _, id := range strings.Fields(value) {
			if !ids[id] {
				faults = append(faults, fmt.Sprintf("%s=%q leads nowhere", key, id))
			}
		}
	}
	if href, ok := Attr(n, "href"); ok && n.Data == "a" && strings.HasPrefix(href, "#") && !ids[href[1:]] {
		faults = append(faults, fmt.Sprintf("link to %q leads nowhere", href))
	}
	return faults
}

func iconFaults(n *html.Node) []string {
	href, ok := Attr(n, "href")
	if n.Data != "use" || !ok {
		return nil
	}
	_, name, _ := strings.Cut(href, "#")
	sprite, err := static.FS.ReadFile("vendor/icons.svg")
	if err != nil || !strings.Contains(string(sprite), `id="`+name+`"`) {
		return []string{fmt.Sprintf("icon %q is not in the sprite", name)}
	}
	return nil
}

// named reports whether a control has a name that is read out.
func named(root, n *html.Node) bool {
	if !slices.Contains([]string{"input", "select", "textarea", "button", "a"}, n.Data) {
		return true
	}
	if kind, _ := Attr(n, "type"); kind == "hidden" {
		return true
	}
	for _, key := range []string{"aria-label", "aria-labelledby"} {
		if value, ok := Attr(n, key); ok && value != "" {
			return true
		}
	}
	if n.Data == "button" || n.Data == "a" {
		return Text(n) != ""
	}
	return labelled(root, n)
}

func labelled(root, n *html.Node) bool {
	for p := range n.Ancestors() {
		if p.Data == "label" && Text(p) != "" {
			return true
		}
	}
	id, _ := Attr(n, "id")
	return slices.ContainsFunc(All(root, Tag("label")), func(l *html.Node) bool {
		to, ok := Attr(l, "for")
		return ok && to == id && Text(l) != ""
	})
}

// tokenless reports whether n is a form that posts without the form token.
func tokenless(n *html.Node) bool {
	method, _ := Attr(n, "method")
	if n.Data != "form" || method != "post" {
		return false
	}
	return !slices.ContainsFunc(All(n, Tag("input")), func(in *html.Node) bool {
		name, _ := Attr(in, "name")
		return name == "_csrf"
	})
}
