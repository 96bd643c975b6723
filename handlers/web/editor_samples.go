package web

import (
	"context"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
)

// samplesOffered is how many of the newest executions can lend their values.
const samplesOffered = 10

// samples are values that variables held in one execution, by the paths of their roots.
type samples struct {
	id      string // of the execution; empty = there is none
	number  int64
	choices []ui.Choice // executions that can be chosen
	values  map[string]any
}

// samples reads an execution of the workflow, the newest one unless another one of
// those that are offered is named, as far as the viewer may see the values of
// executions.
func (e *editing) samples(ctx context.Context, id string) (samples, error) {
	out := samples{values: map[string]any{}}
	if !e.access.Can("execution.payload") {
		return out, nil
	}
	q := e.site.DB.Read()
	list, err := models.Executions(ctx, q, models.ExecutionFilter{WorkflowID: e.w.ID, Limit: samplesOffered})
	if err != nil {
		return out, err
	}
	for _, one := range list {
		x, err := models.ExecutionByID(ctx, q, one.ID)
		if err != nil {
			return out, err
		}
		if all, err := e.seesValues(ctx, x); err != nil {
			return out, err
		} else if !all {
			continue
		}
		out.choices = append(out.choices, ui.Choice{Value: x.ID, Label: text.T(ctx, "variables.execution", "execution #%d, %s", x.Number, e.since(x.CreatedAt).When(ctx))})
		if out.id == "" || x.ID == id {
			out.id, out.number = x.ID, x.Number
		}
	}
	if out.id == "" {
		return out, nil
	}
	return out, e.readSample(ctx, &out)
}

// readSample reads what the trigger and the steps of an execution gave.
func (e *editing) readSample(ctx context.Context, out *samples) error {
	q := e.site.DB.Read()
	x, err := models.ExecutionByID(ctx, q, out.id)
	if err != nil {
		return err
	}
	steps, err := models.StepsOf(ctx, q, x.ID)
	if err != nil {
		return err
	}
	if err := models.LoadValues(ctx, q, steps, shownAtAll); err != nil {
		return err
	}
	if out.values["trigger"], err = parsedJSON(x.Trigger); err != nil {
		return err
	}
	for _, s := range steps {
		if out.values["nodes."+s.Node], err = parsedJSON(s.Output); err != nil {
			return err
		}
	}
	return nil
}

// roots are the values as an expression asks for them.
func (s samples) roots() map[string]any {
	nodes := map[string]any{}
	out := map[string]any{"nodes": nodes}
	for path, v := range s.values {
		if key, ok := strings.CutPrefix(path, "nodes."); ok {
			nodes[key] = v
		} else {
			out[path] = v
		}
	}
	return out
}

func parsedJSON(stored string) (any, error) {
	if stored == "" {
		return nil, nil //nolint:nilnil // nothing was stored
	}
	return field.ParseJSON([]byte(stored))
}

// sampleLetters is how much of a value stands beside a variable.
const sampleLetters = 40

// sampleText shows a value in a few letters.
func sampleText(v any) string {
	if v == nil {
		return ""
	}
	return shortened(written(v), sampleLetters)
}

// written is a value as text: texts as they are, everything else as JSON.
func written(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := field.MarshalJSON(v)
	if err != nil {
		return ""
	}
	if s, err := field.ParseJSON(b); err == nil {
		if date, ok := s.(string); ok { // dates and decimals are texts in JSON
			return date
		}
	}
	return string(b)
}

// shortened cuts a text that is longer than so many letters.
func shortened(s string, most int) string {
	if letters := []rune(s); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return s
}
