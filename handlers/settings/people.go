package settings

import (
	"context"
	"slices"
	"strconv"

	"formrail/models/field"
	"formrail/models/text"
	views "formrail/views/settings"
	"formrail/views/ui"
)

// source is one source of people as the form holds it.
type source struct {
	kind   string
	value  string
	chosen []string
	raw    any // a source that the form does not know
}

// The kinds of sources that are offered.
func sourceKinds(ctx context.Context) []ui.Choice {
	return []ui.Choice{
		{Value: "managers", Label: text.T(ctx, "source.managers", "Manager of")},
		{Value: "users", Label: text.T(ctx, "source.users", "People")},
		{Value: "roles", Label: text.T(ctx, "source.roles", "Everyone with the role")},
		{Value: "groups", Label: text.T(ctx, "source.groups", "Members of the group")},
		{Value: "field", Label: text.T(ctx, "source.field", "The person in")},
		{Value: "expression", Label: text.T(ctx, "source.expression", "A variable")},
	}
}

func sourcesOf(t *Tree) []source {
	var out []source
	for _, at := range t.Rows() {
		s := source{kind: at.Text("kind"), value: at.Text("value"), chosen: at.At("value").All()}
		if was := at.Text("was"); was != "" && was != s.kind { // what was chosen is of another kind
			s.value, s.chosen = "", nil
		}
		if raw := at.Text("raw"); raw != "" {
			s.raw = written(raw)
		}
		out = append(out, s)
	}
	return out
}

// written reads JSON; what is none stays a text, which a finding of the draft names.
func written(s string) any {
	v, err := field.ParseJSON([]byte(s))
	if err != nil {
		return s
	}
	return v
}

// readSources takes a stored setting apart.
func readSources(v any) []source {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	var out []source
	for _, one := range list {
		out = append(out, readSource(one))
	}
	return out
}

func readSource(v any) source {
	m, _ := v.(map[string]any)
	if len(m) != 1 {
		return source{raw: v}
	}
	for kind, held := range m {
		switch kind {
		case "users", "roles", "groups":
			if list, ok := held.([]any); ok {
				return source{kind: kind, chosen: words(list)}
			}
			return source{kind: kind, chosen: words([]any{held})}
		case "field", "expression":
			return source{kind: kind, value: spoken(held, field.Text)}
		case "managers":
			of, _ := held.(map[string]any)
			path, ok := of["of"].(string)
			if (ok || of["of"] == nil) && len(of) <= 1 {
				if path == "" {
					path = "applicant"
				}
				return source{kind: kind, value: path}
			}
		}
	}
	return source{raw: v}
}

func words(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = spoken(v, field.Text)
		if n, ok := v.(int64); ok {
			out[i] = strconv.FormatInt(n, 10)
		}
	}
	return out
}

// stored is the source as a definition holds it; nil when it names nobody yet.
func (s source) stored() any {
	switch {
	case s.raw != nil:
		return s.raw
	case s.kind == "managers":
		of := s.value
		if of == "" {
			of = "applicant"
		}
		return map[string]any{"managers": map[string]any{"of": of}}
	case s.kind == "users" && len(s.ids()) > 0:
		return map[string]any{"users": s.ids()}
	case slices.Contains([]string{"roles", "groups"}, s.kind) && len(s.names()) > 0:
		return map[string]any{s.kind: s.names()}
	case slices.Contains([]string{"field", "expression"}, s.kind) && s.value != "":
		return map[string]any{s.kind: s.value}
	}
	return nil
}

func (s source) ids() []any {
	var out []any
	for _, one := range s.chosen {
		if n, err := strconv.ParseInt(one, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func (s source) names() []any {
	var out []any
	for _, one := range s.chosen {
		if one != "" {
			out = append(out, one)
		}
	}
	return out
}

// view draws the source.
func (s source) view(ctx context.Context, at string, in Around) views.Row {
	r := views.Row{At: at, Kind: s.kind, Kinds: sourceKinds(ctx), Value: s.value, Chosen: s.chosen}
	switch s.kind {
	case "users":
		r.Many, r.Choices = true, withChosen(in.People, s.chosen)
	case "roles":
		r.Many, r.Choices = true, withChosen(in.Roles, s.chosen)
	case "groups":
		r.Many, r.Choices = true, withChosen(in.Groups, s.chosen)
	case "field":
		r.Choices = in.PersonPaths
	case "managers", "":
		r.Kind = "managers"
		r.Choices = []ui.Choice{{Value: "applicant", Label: text.T(ctx, "source.applicant", "The applicant")}}
		for _, path := range in.PersonPaths {
			if path.Value != "applicant" { // a field of that name is the applicant
				r.Choices = append(r.Choices, path)
			}
		}
	default:
		r.Free, r.Fits = true, string(field.User)
	}
	if s.raw != nil {
		r.Raw = spoken(s.raw, "")
	}
	return r
}
