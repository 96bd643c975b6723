package triggers

import (
	"formrail/engine/form"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type subworkflowConfig struct {
	Input      []form.Input `json:"input"`
	Output     []form.Input `json:"output"`
	CallableBy []string     `json:"callableBy"`
}

// subworkflow starts when a step of another workflow calls it.
var subworkflow = trigger.Define(trigger.Spec[subworkflowConfig]{
	Key: "subworkflow", Icon: "workflow", Title: "Sub-workflow call",
	Summary: "Starts when a step of another workflow calls it",
	Help: "Other workflows call this one with the step *Call workflow* and give it the input that is declared here. " +
		"The step *Output* says what they get back.\n\nCalls work while the workflow is switched off: the switch is about triggers.",
	Config: []field.Field{
		form.Setting("input", "Input", "What a caller gives."),
		form.Setting("output", "Output", "What the workflow gives back. An output that does not fit makes it fail. Without an entry anything may be given."),
		{Name: "callableBy", Kind: field.Texts, Label: "Only from", Help: "Keys of the workflows that may call this one, one to a line. All may when it is empty."},
	},
	Sync: trigger.EitherMode,
	Check: func(c subworkflowConfig, cat trigger.Catalog) field.Problems {
		return append(form.Check("input", c.Input, cat.HasCollection), form.Check("output", c.Output, cat.HasCollection)...)
	},
	Context: func(c subworkflowConfig, cat trigger.Catalog) field.Shape {
		own := []field.Named{
			{Name: "input", Shape: form.Shape("Input", c.Input)},
			{Name: "parent", Shape: field.Object("Called by", prop("execution", field.Text, "Execution"), prop("workflow", field.Text, "Workflow"), prop("node", field.Text, "Step"))},
		}
		return field.Object("Trigger", append(own, commonContext(cat)...)...)
	},
	Line: func(c subworkflowConfig, _ trigger.Catalog) string {
		switch len(c.Input) {
		case 0:
			return text.M("trigger.no_input", "no input").String()
		case 1:
			return c.Input[0].Field().Label
		}
		return text.M("trigger.n_inputs", "%d inputs", len(c.Input)).String()
	},
	Form: func(c subworkflowConfig) trigger.Form {
		f := trigger.Form{Input: form.Fields(c.Input), Only: c.CallableBy}
		if len(c.Output) > 0 {
			f.Output = form.Fields(c.Output)
		}
		return f
	},
})
