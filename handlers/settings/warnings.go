package settings

import (
	"maps"
	"slices"
	"strings"

	views "formrail/views/settings"
)

// Warn gives sentences that nothing has to be done about to the inputs they are about.
// warnings are by the dotted paths of settings.
func Warn(inputs []views.Input, warnings map[string]string) {
	for i := range inputs {
		in := &inputs[i]
		for _, e := range in.Entries {
			Warn(e.Inputs, warnings)
		}
		for _, path := range slices.Sorted(maps.Keys(warnings)) {
			if said := slotOf(in, path); said != nil {
				*said = strings.TrimSpace(*said + " " + warnings[path])
			}
		}
	}
}

// slotOf is where a warning about a path stands in an input; nil when it is about another
// one.
func slotOf(in *views.Input, path string) *string {
	if path != in.Field.Name && !strings.HasPrefix(path, in.Field.Name+".") {
		return nil
	}
	for _, e := range in.Entries {
		for _, inside := range e.Inputs {
			if strings.HasPrefix(path+".", inside.Field.Name+".") {
				return nil // said there
			}
		}
	}
	if at := caseOf(in.Cases, path); at >= 0 {
		if part := partAt(in.Cases[at].Rule, ruleRow(path)); part != nil {
			return &part.Warning
		}
		return &in.Cases[at].Warning
	}
	if part := partAt(in.Rule, ruleRow(path)); part != nil {
		return &part.Warning
	}
	return &in.Warning
}
