package nodes

import (
	"formrail/engine/eventfilter"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// awaited is an event that a step waits for.
type awaited struct {
	Event  string         `json:"event"`
	Filter map[string]any `json:"filter"`
}

// about is the collection whose records the step hears of; empty when it is not certain.
func (a awaited) about() string {
	filter, problems := eventfilter.New(a.Filter)
	if a.Event == "" || len(problems) > 0 {
		return ""
	}
	on, _ := filter.Exact("resource", "type")
	return on
}

// check finds what is wrong with the filter, which stands in a setting.
func (a awaited) check(setting string, cat node.Catalog) field.Problems {
	_, problems := eventfilter.New(a.Filter)
	p := problems.Under(setting, invalid)
	if len(problems) > 0 {
		return p
	}
	if _, ok := cat.Collection(a.about()); !ok {
		p.Add(setting, invalid, text.M("node.wait_about", "Add the property resource.type with the name of a collection: the workflow may hear of its records only."))
	}
	return p
}

// grants is what the workflow must be allowed to see.
func (a awaited) grants() []node.Grant {
	if on := a.about(); on != "" {
		return []node.Grant{{Collection: on, Action: "view"}}
	}
	return nil
}

// eventInputs are the settings that say which event.
func eventInputs(when *field.When, usual any) []field.Field {
	return []field.Field{
		{
			Name: "event", Kind: field.Text, Label: "Event", MaxLength: 200, Required: usual != nil, Default: usual, When: when,
			Help: "A name such as `resource.ResourceUpdated`, or a pattern such as `resource.*`.",
		},
		{
			Name: "filter", Kind: field.Pairs, Label: "Where", When: when,
			Help: "Properties such as `resource.type`, `resource.id` or `resource.status`, with the value each must have.",
		},
	}
}
