package nodes

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// missing is the code of a setting that can be added later.
const missing = "MISSING"

var (
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	hostEntry  = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$`)
)

// reservedHeaders are written by the server.
var reservedHeaders = strings.Fields("host content-length transfer-encoding connection accept-encoding " + strings.ToLower(keyHeader))

func checkHTTP(c httpConfig, _ node.Catalog) (p field.Problems) {
	p = append(p, checkAddress(c)...)
	for i, h := range c.Headers {
		at := "headers." + strconv.Itoa(i)
		value, _ := h.Value.(string)
		switch {
		case !headerName.MatchString(h.Name):
			p.Add(at, invalid, text.M("node.http_header", "%q cannot be the name of a header.", h.Name))
		case slices.Contains(reservedHeaders, strings.ToLower(h.Name)):
			p.Add(at, invalid, text.M("node.http_reserved", "The header %s is written by the server. Remove it.", h.Name))
		case strings.ContainsAny(strings.Trim(value, "\r\n"), "\r\n"):
			p.Add(at, invalid, text.M("node.http_break", "The value of a header is one line."))
		}
	}
	for setting, list := range map[string][]httpPair{"params": c.Params, "form": c.Form} {
		for i, one := range list {
			if strings.TrimSpace(one.Name) == "" {
				p.Add(setting+"."+strconv.Itoa(i), missing, text.M("node.http_name", "Give it a name."))
			}
		}
	}
	if s, ok := c.JSON.(string); ok && c.Body == "json" && !whole(s) && (field.HasTemplate(s) || strings.ContainsAny(s[:min(1, len(s))], "{[")) {
		p.Add("json", invalid, text.M("node.http_body", "This is not valid JSON. Put variables in quotes."))
	}
	if !hasBody(c.Method) && (c.JSON != nil && c.Body == "json" || len(c.Form) > 0 && (c.Body == "form" || c.Body == "multipart") || c.Text != "" && (c.Body == "xml" || c.Body == "text")) {
		p.Add("body", invalid, text.M("node.http_no_body", "%s carries no body. Choose none, or another method.", c.Method))
	}
	if t := time.Duration(c.Timeout); t < time.Second || t > maxHTTPTime {
		p.Add("timeout", invalid, text.M("node.http_timeout", "A call may take between 1 second and 10 minutes."))
	}
	return append(p, checkPages(c)...)
}

// whole reports whether a text is one variable, which keeps its type.
func whole(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") && strings.Count(s, "{{") == 1
}

// checkAddress judges what is known of the address before it runs. Security: whoever
// fills a variable must not choose the host, unless hosts are listed.
func checkAddress(c httpConfig) (p field.Problems) {
	for _, h := range hosts(c.AllowedTargets) {
		if !hostEntry.MatchString(h) {
			p.Add("allowedTargets", invalid, text.M("node.http_target", "%s is no host. Write it such as api.example.com or *.example.com.", h))
		}
	}
	if c.URL == "" {
		return p // the form says that it is missing
	}
	if field.HasTemplate(hostOf(c.URL)) {
		if strings.TrimSpace(c.AllowedTargets) == "" {
			p.Add("url", "UNTRUSTED_TARGET", text.M("node.http_host", "The host comes from a variable. List the allowed hosts."))
		}
		return p
	}
	plain := c.URL
	if i := strings.Index(plain, "{{"); i >= 0 {
		plain = plain[:i]
	}
	u, err := url.Parse(strings.TrimSpace(plain))
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		p.Add("url", invalid, text.M("node.http_address", "Enter an address that begins with https:// or http://."))
	case u.User != nil:
		p.Add("url", invalid, text.M("node.http_user", "An address must not hold a name or password. Use a header."))
	}
	return p
}

// hostOf is the part of an address that says where it leads; all of it when that part
// cannot be told.
func hostOf(raw string) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		return raw
	}
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest
}
