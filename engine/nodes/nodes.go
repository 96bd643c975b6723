// Package nodes holds the built-in node types, one file each. [All] lists them.
//
// Every type is one declaration. What several data nodes share is in record.go and
// filter.go; how settings hold compiled expressions is in compiled.go.
package nodes

import (
	"formrail/engine/node"
	"formrail/models/field"
)

// invalid is the code of a setting that can never work.
const invalid = "DEFINITION_INVALID"

// All lists the node types in the order of the palette.
func All() []*node.Type {
	return []*node.Type{
		condition,
		multiCondition,
		loop,
		parallel,
		subflow,
		delay,
		waitEvent,
		variable,
		output,
		end,
		calculation,
		createRecord,
		updateRecord,
		queryRecords,
		transaction,
		approval,
		notification,
		javascript,
		httpRequest,
		responseMessage, response,
	}
}

// only shows a setting while another has one value.
func only(name, value string) *field.When { return &field.When{Field: name, Values: []string{value}} }
