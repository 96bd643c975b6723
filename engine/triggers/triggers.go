// Package triggers holds the built-in trigger types, one file each. [All] lists
// them.
package triggers

import "formrail/engine/trigger"

// All lists the trigger types in the order of the picker.
func All() []*trigger.Type {
	return []*trigger.Type{
		postAction,
		schedule,
		webhook,
		httpRequest,
		failed,
		subworkflow,
	}
}
