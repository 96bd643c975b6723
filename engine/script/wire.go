package script

import (
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// limits is the first line a child reads.
type limits struct {
	memoryMiB  int64
	cpuSeconds int64
}

func (l limits) line() ([]byte, error) {
	return line(map[string]any{"memory": l.memoryMiB, "cpu": l.cpuSeconds})
}

func readLimits(b []byte) (limits, error) {
	m, err := object(b)
	return limits{whole(m["memory"]), whole(m["cpu"])}, err
}

func (q Request) line() ([]byte, error) {
	inputs := q.Inputs
	if inputs == nil {
		inputs = map[string]any{}
	}
	return line(map[string]any{"code": q.Code, "inputs": inputs, "timeout": q.Timeout.Milliseconds(), "now": q.Now.UnixMilli(), "seed": q.Seed, "check": q.check})
}

func readRequest(b []byte) (Request, error) {
	m, err := object(b)
	if err != nil {
		return Request{}, err
	}
	q := Request{Timeout: time.Duration(whole(m["timeout"])) * time.Millisecond, Now: time.UnixMilli(whole(m["now"])).UTC(), Seed: whole(m["seed"])}
	q.Code, _ = m["code"].(string)
	q.Inputs, _ = m["inputs"].(map[string]any)
	q.check, _ = m["check"].(bool)
	return q, nil
}

// answer is what a child writes after a run.
type answer struct {
	json     string // the result as JSON text
	log      []LogLine
	warnings []string
	failure  *Error
	memory   int64 // bytes the child holds now
	cpu      int64 // milliseconds of CPU it has used since it started
}

func (a answer) line() ([]byte, error) {
	log := make([]any, len(a.log))
	for i, l := range a.log {
		log[i] = []any{l.Level, l.Text}
	}
	warnings := make([]any, len(a.warnings))
	for i, w := range a.warnings {
		warnings[i] = w
	}
	out := map[string]any{"json": a.json, "log": log, "warnings": warnings, "memory": a.memory, "cpu": a.cpu}
	if a.failure != nil {
		out["code"], out["message"], out["id"], out["line"] = a.failure.Code, a.failure.Message.String(), a.failure.Message.ID, int64(a.failure.Line)
	}
	return line(out)
}

func readAnswer(b []byte) (answer, error) {
	m, err := object(b)
	if err != nil {
		return answer{}, err
	}
	a := answer{memory: whole(m["memory"]), cpu: whole(m["cpu"])}
	a.json, _ = m["json"].(string)
	log, _ := m["log"].([]any)
	for _, l := range log {
		if pair, ok := l.([]any); ok && len(pair) == 2 {
			level, _ := pair[0].(string)
			said, _ := pair[1].(string)
			a.log = append(a.log, LogLine{level, said})
		}
	}
	warnings, _ := m["warnings"].([]any)
	for _, w := range warnings {
		sentence, _ := w.(string)
		a.warnings = append(a.warnings, sentence)
	}
	if code, _ := m["code"].(string); code != "" {
		sentence, _ := m["message"].(string)
		id, _ := m["id"].(string)
		a.failure = &Error{Code: code, Message: text.Message{ID: id, English: "%s", Args: []any{sentence}}, Line: int(whole(m["line"]))}
	}
	return a, nil
}

func line(v any) ([]byte, error) {
	b, err := field.AppendJSON(nil, v)
	return append(b, '\n'), err
}

func object(b []byte) (map[string]any, error) {
	v, err := field.ParseJSON(b)
	m, _ := v.(map[string]any)
	return m, err
}

func whole(v any) int64 {
	n, _ := v.(int64)
	return n
}
