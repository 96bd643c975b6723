package settings

import (
	"context"
	"strings"

	"formrail/models/field"
	views "formrail/views/settings"
)

// branchCase is one branch with its condition as the form holds it.
type branchCase struct {
	key, title string
	when       *rule
	open       bool // unfolded
}

// fewCases is how many cases are unfolded at first.
const fewCases = 3

// readCases reads a stored list of cases.
func (f *Form) readCases(s *setting, v any) []branchCase {
	list, _ := v.([]any)
	out := make([]branchCase, 0, len(list))
	for _, one := range list {
		m, _ := one.(map[string]any)
		c := branchCase{key: spoken(m["key"], field.Text), title: spoken(m["title"], field.Text), open: len(list) <= fewCases}
		when, ok := f.grammar(s).read(m["when"])
		if !ok {
			when = kept(m["when"])
		}
		c.when = when
		out = append(out, c)
	}
	return out
}

// casesOf reads the cases of a form.
func casesOf(t *Tree) []branchCase {
	var out []branchCase
	for _, at := range t.Rows() {
		out = append(out, branchCase{key: at.Text("key"), title: at.Text("title"), when: ruleOf(at.At("when")), open: at.Text("open") != ""})
	}
	return out
}

// doCases adds or removes rows in the condition of one case: "1.when.add".
func doCases(list []branchCase, path []string, verb string) {
	for i := range list {
		if len(path) >= 2 && path[0] == index(i) && path[1] == "when" {
			list[i].when.do(path[2:], verb)
			list[i].open = true
		}
	}
}

func (f *Form) storedCases(s *setting) any {
	out := make([]any, len(s.cases))
	for i, one := range s.cases {
		entry := map[string]any{"key": one.key}
		if title := strings.TrimSpace(one.title); title != "" {
			entry["title"] = title
		}
		if when := one.when.stored(f.grammar(s)); when != nil {
			entry["when"] = when
		}
		out[i] = entry
	}
	return out
}

// viewCases draws the cases.
func (f *Form) viewCases(ctx context.Context, s *setting, at string) []views.Case {
	out := make([]views.Case, len(s.cases))
	for i, one := range s.cases {
		c := views.Case{At: at + "." + index(i), Key: one.key, Title: one.title, Number: i + 1, Open: one.open}
		c.Rule = one.when.view(ctx, c.At+".when", f.grammar(s).part)
		c.Rule.CanWrite = true
		out[i] = c
	}
	return out
}

// caseOf is the place of the case that a problem is about; -1 for none.
func caseOf(list []views.Case, path string) int {
	for i, one := range list {
		if strings.HasPrefix(views.Prefix+path+".", one.At+".") {
			return i
		}
	}
	return -1
}
