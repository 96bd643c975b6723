// Package reference draws the description of the API. What the reader may not use is
// not in the props.
package reference

import "formrail/views/layout"

// ShowProps describes the reference of the API.
type ShowProps struct {
	Session  layout.Session
	Document string // where programs get the same as OpenAPI
	Sections []Section
}

// Section is what belongs to one noun.
type Section struct {
	ID         string // of its head
	Title      string
	Name       string // as addresses have it
	Operations []Operation
	Fields     []Field // of a collection
}

// Operation is one action.
type Operation struct {
	ID         string
	Method     string
	Path       string
	Summary    string
	Permission string
	Scope      string
}

// Field is one field of a collection.
type Field struct {
	Name      string
	Title     string
	Kind      string
	Read      bool
	Create    bool
	Update    bool
	Operators string // of filters; empty when the field cannot be read
}
