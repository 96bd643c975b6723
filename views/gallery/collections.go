package gallery

import (
	"time"

	"formrail/models/field"
	"formrail/views/collections"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
)

func collectionSamples() []Sample {
	list := collections.ListProps{Session: session(), Rows: collectionRows(), Dropped: []collections.Dropped{
		{Name: "trips", Title: "Trip", At: ago(2 * time.Hour), Restore: urls.CollectionRestore("trips")},
	}}
	open, asking := fieldsProps(), fieldsProps()
	open.Panel = amountPanel()
	asking.Dialog = deletion()
	choosing := fieldsProps()
	choosing.Panel = selectPanel()
	return []Sample{
		{Name: "page-collections", Page: true, Component: collections.List(list)},
		{Name: "page-collections-none", Page: true, Component: collections.List(collections.ListProps{Session: session(), Search: "trip", Problem: "There is already a collection trips."})},
		{Name: "page-collection-new", Page: true, Component: collections.New(newCollectionProps())},
		{Name: "page-collection-fields", Page: true, Component: collections.Fields(open)},
		{Name: "page-collection-field-select", Page: true, Component: collections.Fields(choosing)},
		{Name: "page-collection-field-delete", Page: true, Component: collections.Fields(asking)},
		{Name: "page-collection-settings", Page: true, Component: collections.Settings(collectionSettings())},
	}
}

func collectionRows() []collections.Row {
	return []collections.Row{
		{
			Name: "reimbursements", Title: "Reimbursement", Icon: "receipt", Description: "Expense requests by employees", Fields: "7", Records: "1,087",
			UsedBy: []string{"2 workflows", "1 page"}, RecordsHref: urls.Page("reimbursements"),
		},
		{Name: "vendors", Title: "Vendor", Icon: "building-2", Fields: "14"},
		{Name: "users", Title: "User", Icon: "users", Fields: "8", Records: "148", BuiltIn: true},
	}
}

func setting(name string, kind field.Kind, label, value string) fields.Props {
	return fields.Props{Field: field.Field{Name: name, Kind: kind, Label: label}, ID: "setting-" + name, Value: value, Checked: value == "true"}
}

func newCollectionProps() collections.NewProps {
	title := setting("title", field.Text, "Title", "")
	title.Problem = "Fill in “Title”."
	return collections.NewProps{
		Session: session(), Title: title, Key: collections.KeyProps{Value: "lineItem", Suggested: "lineItem"}, Problems: []ui.Problem{{InputID: "setting-title", Label: "Title", Message: title.Problem}},
		Settings: []fields.Props{setting("description", field.LongText, "Description", "Single expenses"), setting("softDelete", field.Boolean, "Keep deleted records in the trash", "true")},
	}
}

func reimbursementHead() collections.Head {
	return collections.Head{Name: "reimbursements", Title: "Reimbursement", RecordsHref: urls.Page("reimbursements")}
}

func fieldsProps() collections.FieldsProps {
	return collections.FieldsProps{
		Session: session(), Head: reimbursementHead(),
		Fields: []collections.FieldRow{
			{Name: "id", Title: "ID", Icon: "fingerprint", Type: "Integer", Rules: "Set by the system", Locked: true},
			{Name: "projectName", Title: "Project name", Icon: "type", Type: "Single line text", Rules: "Required", First: true},
			{Name: "amount", Title: "Amount", Icon: "circle-dollar-sign", Type: "Money", Options: "EUR", Rules: "Required · at least 0.01", Current: true},
			{Name: "status", Title: "Status", Icon: "circle-dot", Type: "Single select", Options: "Draft, Approved", Last: true},
		},
		Types: []collections.TypeGroup{
			{Title: "Basic", Types: []collections.Type{{Key: "text", Title: "Single line text", Icon: "type"}, {Key: "money", Title: "Money", Icon: "circle-dollar-sign"}}},
			{Title: "Choice", Types: []collections.Type{{Key: "select", Title: "Single select", Icon: "circle-dot"}}},
		},
		Dropped: []collections.Dropped{{Name: "note", Title: "Note", At: ago(time.Hour), Restore: urls.CollectionFieldRestore("reimbursements", "note")}},
	}
}

func fieldUses() []collections.Usage {
	return []collections.Usage{
		{Title: "Reimbursement approval", Places: "Amount over 500?", Href: urls.Workflow("reimb_approval"), Live: true},
		{Title: "A page that you may not see"},
	}
}

func amountPanel() *collections.FieldForm {
	least := setting("min", field.Number, "At least", "0.01")
	return &collections.FieldForm{
		CSRF: "token", Title: "Amount", Note: "Money · amount", Icon: "circle-dollar-sign", Name: "amount", Address: urls.CollectionField("reimbursements", "amount"),
		Close: urls.Collection("reimbursements"), Rename: urls.CollectionFieldRename("reimbursements", "amount"), Delete: urls.CollectionFieldDelete("reimbursements", "amount"),
		First: setting("title", field.Text, "Title", "Amount"), Main: []fields.Props{setting("scale", field.Integer, "Decimals", "2")},
		Rules: []fields.Props{setting("required", field.Boolean, "Required", "true"), least}, More: []fields.Props{setting("help", field.LongText, "Help", "")},
		Impact: []string{"Reimbursement: 3. Amount is empty; it must be filled at the next change of the record."}, Confirm: "c0ffee", UsedBy: fieldUses(),
	}
}

func selectPanel() *collections.FieldForm {
	return &collections.FieldForm{
		CSRF: "token", Title: "New field", Note: "Single select", Icon: "circle-dot", Address: urls.CollectionNewField("reimbursements", "select"), Close: urls.Collection("reimbursements"),
		First: setting("title", field.Text, "Title", "Priority"), Key: collections.KeyProps{Value: "priority", Suggested: "priority"},
		Options: &collections.Options{Focus: collections.OptionID(collections.LabelOption, 1), Problem: "Name every option, or remove it.", Rows: []field.Option{{Value: "low", Label: "Low", Colour: "green"}, {}, {Value: "old", Label: "Old", Archived: true}}},
		Rules:   []fields.Props{setting("required", field.Boolean, "Required", "")}, More: []fields.Props{setting("help", field.LongText, "Help", "")},
	}
}

func deletion() *collections.Dialog {
	return &collections.Dialog{
		CSRF: "token", Title: "Delete “Amount”?", Note: "Its values are kept aside, and come back when it is restored.", Submit: "Delete field", Danger: true,
		Address: urls.CollectionFieldDelete("reimbursements", "amount"), Cancel: urls.CollectionField("reimbursements", "amount"), Usages: fieldUses(), Confirm: "c0ffee",
		Input: collections.DialogInput{Repeat: "amount", Value: "amont", Problem: "Type amount exactly as it is written here."},
	}
}

func collectionSettings() collections.SettingsProps {
	return collections.SettingsProps{
		Session: session(), Head: reimbursementHead(), Settings: []fields.Props{setting("title", field.Text, "Title", "Reimbursement"), setting("history", field.Boolean, "Keep the history of each record", "true")},
		Icon: collections.IconChoice{Icons: []string{"database", "receipt"}, Value: "receipt"}, IDType: "1, 2, 3 …", Trash: true, UsedBy: fieldUses(),
		Dialog: &collections.Dialog{
			CSRF: "token", Title: "Delete “Reimbursement”?", Danger: true, Cancel: urls.CollectionSettings("reimbursements"), Address: urls.CollectionDelete("reimbursements"),
			Blocked: "“Reimbursement” of Payment links to this collection. Delete that field first.", Problem: "What uses it has changed meanwhile.",
		},
	}
}
