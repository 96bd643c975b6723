package bind

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"formrail/models"
	"formrail/models/text"
)

// maxValues bounds the fields of a form and the parameters of an address.
const maxValues = 1_000

// Form is a form that was sent, or the parameters of an address.
type Form map[string][]string

// Get gives the first value of a field, empty when it was not sent.
func (f Form) Get(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Has reports whether a field was sent, also an empty one.
func (f Form) Has(name string) bool { return len(f[name]) > 0 }

type formKey struct{}

// ReadForm reads the body as a form. It may be called several times in a request.
// An empty body is an empty form.
func ReadForm(c *fiber.Ctx) (Form, error) {
	if f, ok := c.Locals(formKey{}).(Form); ok {
		return f, nil
	}
	f := Form{}
	if body := c.BodyRaw(); len(body) > 0 {
		kind, err := bodyType(c)
		if err != nil {
			return nil, err
		}
		if kind != formType {
			return nil, unsupported(formType)
		}
		if f, err = parseValues(string(body)); err != nil {
			return nil, err
		}
	}
	c.Locals(formKey{}, f)
	return f, nil
}

// ReadQuery reads the parameters of the address.
func ReadQuery(query string) (Form, error) { return parseValues(query) }

// parseValues reads name=value&name=value. What cannot be read in exactly one way
// is refused.
func parseValues(s string) (Form, error) {
	if strings.Count(s, "&") >= maxValues {
		return nil, badValues()
	}
	values, err := url.ParseQuery(s)
	if err != nil {
		return nil, badValues()
	}
	for name, list := range values {
		if !storable(name) {
			return nil, badValues()
		}
		for _, v := range list {
			if !storable(v) {
				return nil, badValues()
			}
		}
	}
	return Form(values), nil
}

func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func badValues() *models.Error {
	return models.Invalid("BAD_PARAMETER",
		text.M("request.values", "The parameters cannot be read: at most %d of them, in UTF-8, with & in between.", maxValues))
}
