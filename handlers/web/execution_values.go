package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/views/executions"
	"formrail/views/urls"
)

// Sizes of values in bytes: up to the first they are shown at once, up to the second
// when somebody asks for all of them; what is larger is a file.
const (
	shownAtOnce = models.LargeValue
	shownAtAll  = 1 << 20
)

// inputValue and outputValue name the values of a step in addresses.
const (
	inputValue  = "input"
	outputValue = "output"
)

// large is a value of a step: all of it, or only how it begins.
type large struct {
	step  string // in the address of its file
	of    string
	all   string // JSON; empty when it is kept apart
	apart *models.Large
}

// value shows a value of a step: laid out, or how it begins with where the rest is.
func (f *executionFacts) value(ctx context.Context, key string, l large) (string, *executions.Rest, error) {
	size, begin := len(l.all), l.all
	if l.apart != nil {
		size, begin = l.apart.Size, l.apart.Preview
	}
	if l.apart == nil && size <= shownAtOnce {
		shown, err := pretty(l.all)
		return shown, nil, err
	}
	node, _, _ := strings.Cut(key, "@")
	rest := &executions.Rest{Size: sizeOf(int64(size)), File: urls.ExecutionValue(f.ID, l.step, l.of)}
	if l.apart == nil && size <= shownAtAll && f.whole && node == f.chosen {
		shown, err := pretty(l.all)
		return shown, rest, err
	}
	if seen := f.seen(node); size <= shownAtAll && f.at != nil {
		seen.Whole = true
		rest.All = urls.ExecutionSeen(f.ID, seen)
	}
	return beginning(begin), rest, nil
}

// previewed is how much is shown of a value that is not shown whole, in bytes.
const previewed = 1000

// beginning is how a long value begins.
func beginning(s string) string {
	if len(s) > previewed {
		s = strings.ToValidUTF8(s[:previewed], "")
	}
	return s + " …"
}

// loadValues loads what the canvas says of its steps, and all of the chosen step when it
// is wanted.
func (v *viewer) loadValues(ctx context.Context, f *executionFacts) error {
	q := v.site.DB.Read()
	if f.whole && f.values {
		for _, s := range f.steps {
			if s.Node != f.chosen {
				continue
			}
			if err := models.LoadValues(ctx, q, []*models.Step{s}, 2*shownAtAll); err != nil {
				return err
			}
		}
	}
	return models.LoadValues(ctx, q, f.steps, longInput)
}

// sendValue sends a value of a step, or of the trigger, as a file.
func (s *site) sendValue(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx, q := c.UserContext(), s.DB.Read()
	x, err := models.ExecutionByID(ctx, q, route.Param(c, "id"))
	if err != nil {
		return err
	}
	if err := v.maySeeExecution(x); err != nil {
		return err
	}
	values, err := v.seesValues(ctx, x)
	if err != nil {
		return err
	}
	if !values {
		return models.NoPermission()
	}
	value := x.Trigger
	if id := route.Param(c, "step"); id != triggerKey {
		one, err := models.StepByID(ctx, q, id)
		if err != nil {
			return err
		}
		if one.ExecutionID != x.ID {
			return models.NotFound()
		}
		value = map[string]string{inputValue: one.Input, outputValue: one.Output}[route.Param(c, "of")]
	}
	if value == "" {
		return models.NotFound()
	}
	if _, err := field.ParseJSON([]byte(value)); err != nil {
		return err
	}
	return reply.File(c, "value.json", fiber.MIMEApplicationJSON, []byte(value))
}
