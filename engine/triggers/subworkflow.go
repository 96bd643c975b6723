package triggers

import (
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type subworkflowConfig struct {
	Input      []formField `json:"input"`
	Output     []formField `json:"output"`
	CallableBy []string    `json:"callableBy"`
}

// subworkflow starts when a step of another workflow calls it.
var subworkflow = trigger.Define(trigger.Spec[subworkflowConfig]{
	Key: "subworkflow", Icon: "workflow", Title: "Sub-workflow call",
	Summary: "Starts when a step of another workflow calls it",
	Help: "Other workflows call this one with the step *Call workflow* and give it the input that is declared here. " +
		"The step *Output* says what they get back.\n\nCalls work while the workflow is switched off: the switch is about triggers.",
	Config: []field.Field{
		formSettings("input", "Input", "What a caller gives."),
		formSettings("output", "Output", "What the workflow gives back. An output that does not fit makes it fail. Without an entry anything may be given."),
		{Name: "callableBy", Kind: field.Texts, Label: "Only from", Help: "Keys of the workflows that may call this one, one to a line. All may when it is empty."},
	},
	Sync: trigger.EitherMode,
	Check: func(c subworkflowConfig, cat trigger.Catalog) field.Problems {
		return append(checkInputs("input", c.Input, cat), checkInputs("output", c.Output, cat)...)
	},
	Context: func(c subworkflowConfig, cat trigger.Catalog) field.Shape {
		own := []field.Named{
			{Name: "input", Shape: shapeOfInputs("Input", c.Input)},
			{Name: "parent", Shape: field.Object("Called by", prop("execution", field.Text, "Execution"), prop("workflow", field.Text, "Workflow"), prop("node", field.Text, "Step"))},
		}
		return field.Object("Trigger", append(own, commonContext(cat)...)...)
	},
	Line: func(c subworkflowConfig, _ trigger.Catalog) string {
		switch len(c.Input) {
		case 0:
			return text.M("trigger.no_input", "no input").String()
		case 1:
			return c.Input[0].declared().Label
		}
		return text.M("trigger.n_inputs", "%d inputs", len(c.Input)).String()
	},
	Form: func(c subworkflowConfig) trigger.Form {
		f := trigger.Form{Input: declaredInputs(c.Input), Only: c.CallableBy}
		if len(c.Output) > 0 {
			f.Output = declaredInputs(c.Output)
		}
		return f
	},
})
