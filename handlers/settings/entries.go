package settings

import (
	"context"
	"slices"
	"strings"

	"formrail/models/field"
	views "formrail/views/settings"
)

// entries reads the entries of a list, or the one of a group.
func (f *Form) entries(of field.Field, v any) []*Form {
	if of.Kind == field.Group {
		m, _ := v.(map[string]any)
		return []*Form{Stored(of.Items, m, f.around)}
	}
	list, _ := v.([]any)
	out := make([]*Form, len(list))
	for i, one := range list {
		m, _ := one.(map[string]any)
		out[i] = Stored(of.Items, m, f.around)
	}
	return out
}

// hearEntries takes the entries that were sent. What an entry did not send is as if it
// had never been said.
func (s *setting) hearEntries(at *Tree, around Around) {
	if s.field.Kind == field.Group {
		s.rows = []*Form{Sent(s.field.Items, s.rows[0].Config(), at, around)}
		return
	}
	s.rows = nil
	for _, row := range at.Rows() {
		s.rows = append(s.rows, Sent(s.field.Items, nil, row, around))
	}
}

// doEntries adds, removes or moves an entry, or does so inside one: "0.options.add".
func (s *setting) doEntries(path []string, verb string, around Around) {
	if s.field.Kind == field.Group {
		s.rows[0].Do(strings.Join(append(slices.Clone(path), verb), "."))
		return
	}
	if len(path) < 2 {
		s.rows = changed(s.rows, path, verb, Stored(s.field.Items, nil, around))
		return
	}
	for i, row := range s.rows {
		if path[0] == index(i) {
			row.Do(strings.Join(append(slices.Clone(path[1:]), verb), "."))
		}
	}
}

// storedEntries leaves out the entries of which nothing was said.
func storedEntries(s *setting) any {
	if s.field.Kind == field.Group {
		if one := s.rows[0].Config(); len(one) > 0 {
			return one
		}
		return nil
	}
	var out []any
	for _, row := range s.rows {
		if one := row.Config(); len(one) > 0 {
			out = append(out, one)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// storedTexts reads one text from each line.
func storedTexts(written string) any {
	var out []any
	for line := range strings.Lines(written) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// viewEntries draws the inputs of each entry, named by their place in the form.
func (f *Form) viewEntries(ctx context.Context, s *setting, within string, problems map[string]string) []views.Entry {
	out := make([]views.Entry, len(s.rows))
	for i, row := range s.rows {
		at := entryAt(s.field, i)
		inside := map[string]string{}
		for path, sentence := range problems {
			if rest, ok := strings.CutPrefix(path, at+"."); ok {
				inside[rest] = sentence
			}
		}
		out[i] = views.Entry{At: views.Prefix + within + at, Number: i + 1, Inputs: row.inputsAt(ctx, within+at+".", inside)}
	}
	return out
}

// entryAt is the place of an entry.
func entryAt(of field.Field, i int) string {
	if of.Kind == field.Group {
		return of.Name
	}
	return of.Name + "." + index(i)
}

// insideEntry reports whether a problem is about something inside an entry, where it is
// said.
func (s *setting) insideEntry(path string) bool {
	for i := range s.rows {
		if rest, ok := strings.CutPrefix(path, entryAt(s.field, i)+"."); ok {
			first, _, _ := strings.Cut(rest, ".")
			return slices.ContainsFunc(s.field.Items, func(item field.Field) bool { return item.Name == first })
		}
	}
	return false
}
