package settings

import views "formrail/views/settings"

// Texts lists what is written in the lines of the inputs, as the form shows it.
func Texts(inputs []views.Input) []string {
	var out []string
	for _, in := range inputs {
		if in.Hidden {
			continue
		}
		out = append(out, in.Text)
		for _, r := range in.Rows {
			out = append(out, r.Value)
		}
		if in.Rule != nil {
			out = append(out, ruleTexts(*in.Rule)...)
		}
	}
	return out
}

func ruleTexts(r views.Rule) []string {
	var out []string
	for _, p := range r.Parts {
		if p.Group != nil {
			out = append(out, ruleTexts(*p.Group)...)
		} else {
			out = append(out, p.Left, p.Right)
		}
	}
	return out
}
