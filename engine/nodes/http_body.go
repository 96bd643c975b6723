package nodes

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"slices"
	"strings"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
)

// hasBody reports whether a method may carry one.
func hasBody(method string) bool { return method != "GET" && method != "HEAD" }

// encoded gives the body and its content type. It is the same for every attempt.
func (c httpConfig) encoded(key string) ([]byte, string, error) {
	if !hasBody(c.Method) {
		return nil, "", nil
	}
	switch c.Body {
	case "json":
		if c.JSON == nil {
			return nil, "", nil
		}
		b, err := field.MarshalJSON(c.JSON)
		return b, "application/json", err
	case "form":
		return []byte(withParams("", texts(c.Form))), "application/x-www-form-urlencoded", nil
	case "multipart":
		return parts(texts(c.Form), key)
	case "xml":
		return []byte(c.Text), "application/xml; charset=utf-8", nil
	case "text":
		return []byte(c.Text), "text/plain; charset=utf-8", nil
	}
	return nil, "", nil
}

// parts writes a form in parts. The key is the boundary, so that attempts are equal to
// the byte.
func parts(list []node.HTTPHeader, key string) ([]byte, string, error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	if err := w.SetBoundary("formrail-" + key); err != nil {
		return nil, "", fmt.Errorf("write form in parts: %w", err)
	}
	for _, p := range list {
		if err := w.WriteField(p.Name, p.Value); err != nil {
			return nil, "", fmt.Errorf("write form in parts: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("write form in parts: %w", err)
	}
	return out.Bytes(), w.FormDataContentType(), nil
}

// texts gives names with their values as text. A list repeats its name, nothing is left
// out.
func texts(pairs []httpPair) []node.HTTPHeader {
	var out []node.HTTPHeader
	for _, p := range pairs {
		list, several := p.Value.([]any)
		if !several {
			list = []any{p.Value}
		}
		for _, v := range list {
			if v != nil {
				out = append(out, node.HTTPHeader{Name: strings.TrimSpace(p.Name), Value: plainText(v)})
			}
		}
	}
	return slices.Clip(out)
}

// plainText is a value as text; what has members is written as JSON.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Time:
		return field.FormatTime(v)
	case []any, map[string]any:
		b, err := field.MarshalJSON(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return fmt.Sprint(v)
}
