// Package bind reads what a request says: the one decoder of JSON bodies, the one
// parser of forms, and the parameters of an address. Everything it gives is a copy
// that may outlive the request.
package bind

import (
	"bytes"
	"errors"
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Types of bodies.
const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// JSON reads the body as one JSON value in its canonical form. An empty body is an
// empty object. A body without a type, or labelled as a form, is read as JSON when
// it is an object or a list, because that is what curl -d sends.
func JSON(c *fiber.Ctx) (any, error) {
	body := bytes.TrimSpace(c.BodyRaw())
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	kind, err := bodyType(c)
	if err != nil {
		return nil, err
	}
	labelled := kind == "" || kind == formType
	if kind != jsonType && !(labelled && (body[0] == '{' || body[0] == '[')) {
		return nil, unsupported("application/json")
	}
	if field.Weight(body) > field.MaxWeight {
		return nil, models.Invalid("BAD_JSON", text.M("request.heavy", "The body holds too many values."))
	}
	v, err := field.ParseJSON(body)
	var found *field.JSONError
	if errors.As(err, &found) {
		return nil, models.Invalid("BAD_JSON", text.M("request.json", "The body is not valid JSON: %s.", found.Message()))
	}
	return v, err
}

// Object is [JSON] for actions whose body is an object.
func Object(c *fiber.Ctx) (map[string]any, error) {
	v, err := JSON(c)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, models.Invalid("BAD_JSON", text.M("request.object", "The body must be a JSON object."))
	}
	return m, nil
}

// bodyType gives the type of the body without parameters. Compressed bodies and
// other alphabets than UTF-8 are refused.
func bodyType(c *fiber.Ctx) (string, error) {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return "", unsupported("application/json")
	}
	header := c.Get(fiber.HeaderContentType)
	if header == "" {
		return "", nil
	}
	kind, params, err := mime.ParseMediaType(header)
	charset := strings.ToLower(params["charset"])
	if err != nil || charset != "" && charset != "utf-8" {
		return "", unsupported("application/json")
	}
	return kind, nil
}

func unsupported(want string) *models.Error {
	return models.NewError(models.KindUnsupported, "UNSUPPORTED_MEDIA_TYPE",
		text.M("request.type", "Send the body as %s in UTF-8.", want))
}
