package nodes

import (
	"context"
	"maps"
	"slices"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type createRecordConfig struct {
	Collection string   `json:"collection"`
	Values     any      `json:"values"`
	Preload    []string `json:"preload"`
	Actor      actor    `json:"actor"`
	Events     string   `json:"events"`
}

// createRecord adds one record and gives it to the steps after it.
var createRecord = node.Define(node.Spec[createRecordConfig]{
	Key: "create_record", Group: node.Data, Icon: "file-plus-2", Title: "Create record",
	Summary:  "Add a record to a collection",
	Synonyms: []string{"insert", "add", "new"},
	Help: "Adds one record with the values you set. Fields you leave out get their defaults. " +
		"The record is checked like one that a person enters: a value the collection refuses fails the step with `VALIDATION_FAILED`.\n\n" +
		"Steps below can use the new record, for example its number.",
	Config: []field.Field{
		collectionSetting,
		{Name: "values", Kind: field.Values, Label: "Values"},
		preloadSetting,
		actorSetting,
		eventsSetting,
	},
	Effect: node.Local,
	Check: func(c createRecordConfig, cat node.Catalog) field.Problems {
		info, p := checkCollection(cat, c.Collection)
		if info.Name == "" {
			return p
		}
		p = append(p, checkValues(info, "values", c.Values)...)
		p = append(p, checkRequired(info, c.Values)...)
		return append(p, checkPreload(cat, c.Collection, c.Preload)...)
	},
	Outputs: func(c createRecordConfig, cat node.Catalog) field.Shape {
		return recordShape(cat, c.Collection, nil, c.Preload)
	},
	Grants: func(c createRecordConfig, cat node.Catalog) []node.Grant {
		r := newReads(cat)
		r.preload(c.Collection, c.Preload)
		r.links(c.Collection, c.Values)
		return append([]node.Grant{writes(cat, c.Collection, "create", c.Values)}, r.grants()...)
	},
	Rights: func(c createRecordConfig) []string { return rightsOf(c.Events) },
	Line: func(c createRecordConfig, cat node.Catalog) string {
		return line(cat, c.Collection, fieldCount(c.Values))
	},
	Run: func(ctx context.Context, call node.Call, c createRecordConfig) (node.Result, error) {
		values, _ := c.Values.(map[string]any)
		record, err := call.Records.Create(ctx, node.CreateRecord{
			Collection: c.Collection, Values: values, Preload: c.Preload, Actor: node.Actor(c.Actor), Silent: c.Events == "silent",
		})
		if err != nil {
			return node.Result{}, err
		}
		return node.Done(record), nil
	},
	Examples: []node.Example[createRecordConfig]{
		{
			Title: "Create the invoice of a order",
			Config: map[string]any{
				"collection": "invoices",
				"values":     map[string]any{"order": "{{ trigger.data.id }}", "amount": "{{ trigger.data.amount }}"},
			},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42), "amount": int64(1240)}}},
			Want: node.Want{Output: map[string]any{"id": int64(1), "order": int64(42), "amount": int64(1240)}},
		},
		{
			Title:  "A variable without value leaves the field empty",
			Config: map[string]any{"collection": "invoices", "values": map[string]any{"amount": "{{ trigger.data.total }}"}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{}}},
			Want:   node.Want{Output: map[string]any{"id": int64(1), "amount": nil}},
		},
		{
			Title:  "The collection was deleted",
			Config: map[string]any{"collection": "receipts", "values": map[string]any{"amount": int64(5)}},
			Want:   node.Want{Code: "INVALID_CONFIG"},
		},
	},
})

// checkRequired finds required fields that a new record would lack.
func checkRequired(info node.CollectionInfo, values any) (p field.Problems) {
	named, _ := values.(map[string]any)
	names := slices.Collect(maps.Keys(named))
	for _, f := range info.Fields {
		if f.Required && f.Default == nil && !f.ReadOnly &&
			!slices.Contains(names, f.Name) && (f.ForeignKey == "" || !slices.Contains(names, f.ForeignKey)) {
			p.Add("values."+f.Name, "MISSING", text.M("node.value_missing", "%s is missing. %s needs it in every record.", f.Label, info.Title))
		}
	}
	return p
}
