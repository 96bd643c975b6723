// Package reply writes answers: nothing else does. A page or a fragment of it, a
// redirect, the JSON envelope, and the one mapping from errors to status codes.
package reply

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"formrail/models/field"
)

// Body is the envelope of an answer of the JSON API.
type Body struct {
	Data     any            // nil is sent as null unless NoData is set
	NoData   bool           // there is no data, which is not the same as null
	Meta     map[string]any // absent when empty
	Messages []string       // for people, in order; absent when empty
}

// Bytes is the envelope as it is sent.
func (b Body) Bytes() ([]byte, error) {
	out := map[string]any{}
	if !b.NoData {
		out["data"] = b.Data
	}
	if len(b.Meta) > 0 {
		out["meta"] = b.Meta
	}
	if len(b.Messages) > 0 {
		out["messages"] = messages(b.Messages)
	}
	body, err := field.MarshalJSON(out)
	if err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return body, nil
}

func messages(list []string) []any {
	out := make([]any, len(list))
	for i, m := range list {
		out[i] = map[string]any{"message": m}
	}
	return out
}

// JSON answers with an envelope.
func JSON(c *fiber.Ctx, b Body) error {
	body, err := b.Bytes()
	if err != nil {
		return err
	}
	return Raw(c, fiber.StatusOK, body)
}

// Raw answers with JSON that is written already.
func Raw(c *fiber.Ctx, status int, body []byte) error {
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Status(status).Send(body)
}

// File answers with a file that the browser keeps.
func File(c *fiber.Ctx, name, mime string, body []byte) error {
	c.Set(fiber.HeaderContentType, mime)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Send(body)
}

// View answers with a page, or with the fragment of it that htmx asks for.
func View(c *fiber.Ctx, page, fragment templ.Component) error {
	return Status(c, fiber.StatusOK, page, fragment)
}

// Status is [View] with another status: 422 for a form that is shown again, 409 for
// a conflict.
func Status(c *fiber.Ctx, status int, page, fragment templ.Component) error {
	c.Vary("HX-Request")
	if fragment != nil && Wants(c) {
		return Fragment(c, status, fragment)
	}
	return Fragment(c, status, page)
}

// Wants reports whether htmx asks for a fragment. A page that htmx only shows whole,
// as after going back, is not one.
func Wants(c *fiber.Ctx) bool {
	return c.Get("HX-Request") == "true" && c.Get("HX-Boosted") != "true" && c.Get("HX-History-Restore-Request") != "true"
}

// Fragment answers with a part of a page, or with several of them out of band. It is
// drawn completely before the first byte is sent.
func Fragment(c *fiber.Ctx, status int, parts ...templ.Component) error {
	var buf bytes.Buffer
	for _, part := range parts {
		if err := part.Render(c.UserContext(), &buf); err != nil {
			return fmt.Errorf("draw page: %w", err)
		}
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Status(status).Send(buf.Bytes())
}

// Redirect sends the browser to a local path after a change. Under htmx the whole
// window goes there.
func Redirect(c *fiber.Ctx, path string) error {
	if c.Get("HX-Request") == "true" {
		c.Set("HX-Redirect", path)
		return c.SendStatus(fiber.StatusNoContent)
	}
	c.Set(fiber.HeaderLocation, path)
	return c.SendStatus(fiber.StatusSeeOther)
}

// ETag names the version of what is answered.
func ETag(c *fiber.Ctx, version int64) {
	c.Set(fiber.HeaderETag, `"`+strconv.FormatInt(version, 10)+`"`)
}
