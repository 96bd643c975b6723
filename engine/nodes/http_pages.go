package nodes

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// allPages asks for page after page and collects their items. It is one attempt: when a
// page fails, the next attempt begins with the first.
func (e *exchange) allPages(ctx context.Context, first node.HTTPRequest) error {
	items := []any{}
	r := e.config.firstPage(first)
	seen := map[string]bool{}
	for {
		seen[r.URL] = true
		if err := e.one(ctx, r); err != nil {
			return err
		}
		list, err := e.items()
		if err != nil {
			return err
		}
		items = append(items, list...)
		if len(items) > maxHTTPItems {
			items = items[:maxHTTPItems]
			e.warnings = append(e.warnings, text.M("node.http_items", "There are more than 10,000 items. The rest was left out."))
			break
		}
		next, err := e.next(first, r, len(list))
		if err != nil {
			return err
		}
		if next == "" {
			break
		}
		if seen[next] {
			e.warnings = append(e.warnings, text.M("node.http_page_again", "The next page was one that had been read. The rest was left out."))
			break
		}
		if e.pages >= e.config.MaxPages {
			e.warnings = append(e.warnings, text.M("node.http_pages", "There are more than %d pages. The rest was left out.", e.config.MaxPages))
			break
		}
		r = first
		r.URL, r.Headers = next, pageHeaders(first.Headers, e.pages+1)
	}
	e.data = items
	return nil
}

// pageHeaders gives each page a key of its own, or a receiver that recognises repeats
// would answer with the first page again.
func pageHeaders(headers []node.HTTPHeader, page int) []node.HTTPHeader {
	out := slices.Clone(headers)
	for i := range out {
		if out[i].Name == keyHeader {
			out[i].Value += "-" + strconv.Itoa(page)
		}
	}
	return out
}

// items finds the list in the page that was read last.
func (e *exchange) items() ([]any, error) {
	v := at(e.data, e.config.ItemsPath)
	if list, ok := v.([]any); ok {
		return list, nil
	}
	if v == nil {
		return nil, nil
	}
	return nil, node.Broken("ANSWER_UNREADABLE", text.M("node.http_no_items", "Page %d has no list of items where it should be.", e.pages))
}

func (c httpConfig) firstPage(r node.HTTPRequest) node.HTTPRequest {
	if c.Pagination == "page" || c.Pagination == "offset" {
		r.URL = c.pageAt(r.URL, strconv.Itoa(c.start()))
	}
	return r
}

func (c httpConfig) start() int {
	switch {
	case c.PageStart != nil:
		return *c.PageStart
	case c.Pagination == "page":
		return 1
	}
	return 0
}

// pageAt adds the parameter that chooses a page.
func (c httpConfig) pageAt(raw, value string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	name := c.PageParam
	if name == "" {
		name = c.Pagination
	}
	u.RawQuery = withParams(u.RawQuery, []node.HTTPHeader{{Name: name, Value: value}})
	return u.String()
}

// next gives the address of the page after the one that was read; empty for the last.
func (e *exchange) next(first, current node.HTTPRequest, items int) (string, error) {
	c := e.config
	switch c.Pagination {
	case "page", "offset":
		if items == 0 || c.Stop == "short" && items < c.PageSize {
			return "", nil
		}
		step := 1
		if c.Pagination == "offset" {
			if step = c.PageSize; step == 0 {
				step = items
			}
		}
		return c.pageAt(first.URL, strconv.Itoa(c.start()+e.pages*step)), nil
	case "cursor":
		v := at(e.data, c.NextPath)
		if v == nil || v == "" || v == false {
			return "", nil
		}
		return c.pageAt(first.URL, plainText(v)), nil
	case "link":
		return e.within(current, linkNext(e.answer.Header["link"]))
	}
	v, _ := at(e.data, c.NextPath).(string)
	return e.within(current, v)
}

// within resolves the address of the next page, which must lie where this one does.
func (e *exchange) within(current node.HTTPRequest, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	here, err := url.Parse(current.URL)
	if err != nil {
		return "", err
	}
	to, err := here.Parse(ref)
	if err != nil {
		return "", node.Broken("INVALID_URL", text.M("node.http_next_url", "The address of the next page cannot be read."))
	}
	if !strings.EqualFold(to.Scheme, here.Scheme) || !strings.EqualFold(to.Host, here.Host) || to.User != nil {
		return "", node.Broken("EGRESS_BLOCKED", text.M("node.http_next_host", "The next page lies on another host, so it was not read."))
	}
	return to.String(), nil
}

// linkNext finds the target of rel="next" in Link headers.
func linkNext(values []string) string {
	for _, v := range values {
		for v != "" {
			var target, params string
			_, rest, found := strings.Cut(v, "<")
			if !found {
				break
			}
			if target, params, found = strings.Cut(rest, ">"); !found {
				break
			}
			params, v, _ = strings.Cut(params, ",")
			for p := range strings.SplitSeq(params, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
				if strings.EqualFold(strings.TrimSpace(name), "rel") && slices.Contains(strings.Fields(strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))), "next") {
					return target
				}
			}
		}
	}
	return ""
}

// at gives what stands at a dotted path; nothing when the path leads nowhere.
func at(v any, path string) any {
	if path == "" {
		return v
	}
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// checkPages finds what pages need.
func checkPages(c httpConfig) (p field.Problems) {
	switch {
	case !c.paged():
		return nil
	case c.Method == "HEAD":
		p.Add("pagination", invalid, text.M("node.http_page_head", "HEAD brings no items. Choose another method or one answer."))
	case c.Response == "text":
		p.Add("response", invalid, text.M("node.http_page_text", "Items of pages are read from JSON. Choose JSON, or one answer."))
	case (c.Pagination == "cursor" || c.Pagination == "next_url") && c.NextPath == "":
		p.Add("nextPath", missing, text.M("node.http_next", "Say where the next page stands in the answer."))
	case c.Stop == "short" && c.PageSize == 0 && (c.Pagination == "page" || c.Pagination == "offset"):
		p.Add("pageSize", missing, text.M("node.http_size", "Say how many items a page has."))
	}
	return p
}
