package enginetest

import (
	"maps"
	"slices"

	"formrail/engine/node"
	"formrail/models/field"
)

// Catalog is a node catalog made of values; the zero value is an empty instance.
type Catalog map[string]node.CollectionInfo

// Collection finds a collection by its name.
func (c Catalog) Collection(name string) (node.CollectionInfo, bool) {
	info, ok := c[name]
	return info, ok
}

// CollectionNames lists the collections by name.
func (c Catalog) CollectionNames() []string { return slices.Sorted(maps.Keys(c)) }

// HasCollection makes a Catalog one for triggers.
func (c Catalog) HasCollection(name string) bool {
	_, ok := c[name]
	return ok
}

// Record is the shape of a record of a collection.
func (c Catalog) Record(collection string, depth int) field.Shape {
	info, ok := c[collection]
	if !ok {
		return field.Any("Record")
	}
	return info.Shape(c, depth)
}

// CheckFilter finds nothing: the grammar of filters is the product's own, and tests
// of it use a real catalogue.
func (c Catalog) CheckFilter(string, any) field.Problems { return nil }

// Workflow knows the workflow of the examples: "convert" takes an amount and gives a
// total.
func (c Catalog) Workflow(key string) (node.WorkflowInfo, bool) {
	if key != "convert" {
		return node.WorkflowInfo{}, false
	}
	amount := field.Field{Name: "amount", Kind: field.Number, Label: "Amount", Scale: 2, Required: true}
	return node.WorkflowInfo{
		Key: key, Title: "Convert", Live: true, Callable: true, Input: []field.Field{amount},
		Output: field.Object("Output", field.Named{Name: "total", Shape: field.Shape{Kind: field.Number, Label: "Total"}}),
	}, true
}

// Sample is the catalog of the examples: orders of people and their invoices.
func Sample() Catalog {
	id := node.FieldInfo{Field: field.Field{Name: "id", Kind: field.Integer, Label: "Number"}, ReadOnly: true}
	link := func(name, label string, kind field.Kind, target string) node.FieldInfo {
		return node.FieldInfo{Field: field.Field{Name: name, Kind: kind, Label: label, Target: target}, ForeignKey: name + "Id"}
	}
	plain := func(f field.Field) node.FieldInfo { return node.FieldInfo{Field: f} }
	return Catalog{
		"orders": {Name: "orders", Title: "Orders", Fields: []node.FieldInfo{
			id,
			plain(field.Field{Name: "title", Kind: field.Text, Label: "Project name", Required: true}),
			plain(field.Field{Name: "amount", Kind: field.Number, Label: "Amount", Scale: 2}),
			plain(field.Field{
				Name: "status", Kind: field.Select, Label: "Status",
				Options: field.Choices("draft", "Draft", "submitted", "Submitted", "approved", "Approved", "paid", "Paid"),
			}),
			link("applicant", "Applicant", field.User, "users"),
			{Field: field.Field{Name: "iban", Kind: field.Text, Label: "IBAN"}, Hidden: true},
		}},
		"invoices": {Name: "invoices", Title: "Invoices", Fields: []node.FieldInfo{
			id,
			plain(field.Field{Name: "amount", Kind: field.Number, Label: "Amount", Scale: 2}),
			link("order", "Order", field.ManyToOne, "orders"),
		}},
		"users": {Name: "users", Title: "Users", Fields: []node.FieldInfo{
			id,
			plain(field.Field{Name: "nickname", Kind: field.Text, Label: "Nickname"}),
			link("manager", "Manager", field.User, "users"),
		}},
	}
}
