// Package collections draws what designers of data work with: the list of
// collections, the fields of one with the panel of the field that is open, its
// settings, and the dialogs that ask before something that is used is renamed or
// deleted.
package collections

import (
	"formrail/models/field"
	"formrail/views/fields"
	"formrail/views/layout"
	"formrail/views/ui"
)

// Row is one collection in the list.
type Row struct {
	Name        string
	Title       string
	Icon        string
	Description string
	Fields      string
	Records     string // empty when the reader may not see them
	UsedBy      []string
	RecordsHref string // page that lists the records; empty when there is none
	BuiltIn     bool
}

// Dropped is a collection or field that was deleted and can come back.
type Dropped struct {
	Name    string
	Title   string
	At      ui.Moment
	Restore string // address of the form that brings it back
}

// ListProps describes the list of collections.
type ListProps struct {
	Session layout.Session
	Search  string
	Rows    []Row
	Dropped []Dropped
	Problem string // what kept something from being restored
}

// NewProps describes the page that makes a collection.
type NewProps struct {
	Session  layout.Session
	Problems []ui.Problem
	Title    fields.Props
	Key      KeyProps
	Settings []fields.Props
}

// KeyProps describes the key of something new, which follows its title until
// somebody types another one.
type KeyProps struct {
	Value     string
	Suggested string // what the title gave; the key follows as long as they are equal
	Problem   string
}

// TitleProps describes the title of something new, whose key follows it.
type TitleProps struct {
	fields.Props
	Address string // gives the key that a title suggests
	Focus   bool   // the form begins here
}

// Head is what all pages of one collection show of it.
type Head struct {
	Name        string
	Title       string
	RecordsHref string // page that lists the records; empty when there is none
	BuiltIn     bool
}

// FieldRow is one field in the list of a collection.
type FieldRow struct {
	Name    string
	Title   string
	Icon    string
	Type    string
	Options string // what is chosen for the type: "EUR", "User"
	Rules   string // "Required · at least 0.01"
	Locked  bool   // made by the server
	Current bool   // is open in the panel
	First   bool   // cannot go further up
	Last    bool   // cannot go further down
}

// Type is one type of field to choose from.
type Type struct {
	Key   string // in addresses: "text", "money"
	Title string
	Icon  string
}

// TypeGroup is a titled list of types.
type TypeGroup struct {
	Title string
	Types []Type
}

// FieldsProps describes the fields of one collection.
type FieldsProps struct {
	Session layout.Session
	Head    Head
	Fields  []FieldRow
	Types   []TypeGroup
	Dropped []Dropped
	Panel   *FieldForm // the field that is open; nil for none
	Dialog  *Dialog    // asks something; nil for nothing
	Problem string     // what kept something from being done
}

// FieldForm describes the panel of one field.
type FieldForm struct {
	CSRF     string
	Title    string
	Note     string // "Money · amount"
	Icon     string
	Address  string // takes the form
	Close    string // the page without the panel
	Name     string // of a field that exists; empty for a new one
	Rename   string // address where its key is changed
	Delete   string // address where it is deleted
	Problems []ui.Problem
	First    fields.Props // the title
	Key      KeyProps     // of a new field
	Main     []fields.Props
	Options  *Options // of a select
	Rules    []fields.Props
	More     []fields.Props
	Impact   []string // records that the change would touch; asks for a second press
	Confirm  string   // hash that accepts the impact
	UsedBy   []Usage
}

// Options describes the options of a select.
type Options struct {
	Rows    []field.Option
	Problem string
	Focus   string // id of the control to go on with, see OptionID; empty for none
}

// Usage is one thing that uses a collection or a field.
type Usage struct {
	Title  string
	Places string // the parts of it: "Over 500?, Create payment"
	Href   string // empty when the reader cannot go there
	Live   bool   // what runs needs it
}

// Dialog describes a question before a collection or field is renamed or deleted.
type Dialog struct {
	CSRF    string
	Title   string // "Delete “Amount”?"
	Note    string // the consequence
	Submit  string // what the button says
	Danger  bool   // takes something away
	Address string
	Cancel  string
	Usages  []Usage
	Confirm string // hash that accepts the usages
	Blocked string // why it cannot be done at all; then there is no button
	Problem string // about the whole
	Input   DialogInput
}

// DialogInput is the one input of a dialog: a new key, or the key typed once more.
type DialogInput struct {
	Repeat  string // what must be typed to confirm; empty asks for a new key
	Value   string
	Problem string
}

// IconChoice is the choice of the icon of a collection.
type IconChoice struct {
	Icons []string
	Value string
}

// SettingsProps describes the settings of one collection.
type SettingsProps struct {
	Session  layout.Session
	Head     Head
	Problems []ui.Problem
	Settings []fields.Props
	Icon     IconChoice
	IDType   string
	Trash    bool
	Access   string // who may use the records, in a sentence
	CanOpen  bool   // they can be opened to everybody
	UsedBy   []Usage
	Dialog   *Dialog
}
