package nodes

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"formrail/models/field"
)

// errElsewhere refuses schemas that refer to others: nothing is loaded for them.
var errElsewhere = errors.New("a schema must hold all that it refers to")

// noSchemas loads nothing.
type noSchemas struct{}

// Load refuses every address.
func (noSchemas) Load(string) (any, error) { return nil, errElsewhere }

// compileSchema reads a JSON Schema of any draft since 4, 2020-12 when it names none.
func compileSchema(tree any) (*jsonschema.Schema, error) {
	doc, err := plainJSON(tree)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noSchemas{})
	const name = "schema.json"
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	s, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return s, nil
}

// unfit says in a sentence where a value does not fit a schema; empty when it does.
func unfit(s *jsonschema.Schema, value any) (string, error) {
	plain, err := plainJSON(value)
	if err != nil {
		return "", err
	}
	var wrong *jsonschema.ValidationError
	switch err := s.Validate(plain); {
	case err == nil:
		return "", nil
	case !errors.As(err, &wrong):
		return "", fmt.Errorf("check by schema: %w", err)
	}
	for len(wrong.Causes) > 0 {
		wrong = wrong.Causes[0]
	}
	what := wrong.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	if len(wrong.InstanceLocation) == 0 {
		return what, nil
	}
	return strings.Join(wrong.InstanceLocation, ".") + ": " + what, nil
}

// plainJSON gives a value as the schema library reads it.
func plainJSON(v any) (any, error) {
	text, err := field.MarshalJSON(v)
	if err != nil {
		return nil, fmt.Errorf("write value: %w", err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read value: %w", err)
	}
	return out, nil
}
