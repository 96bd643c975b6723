package nodes

import (
	"context"
	"maps"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type updateRecordConfig struct {
	Collection   string `json:"collection"`
	Filter       any    `json:"filter"`
	All          bool   `json:"all"`
	Values       any    `json:"values"`
	IfNone       string `json:"ifNone"`
	CreateValues any    `json:"createValues"`
	MaxRecords   int    `json:"maxRecords"`
	Actor        actor  `json:"actor"`
	Events       string `json:"events"`
}

// updateRecord changes every record a filter matches.
var updateRecord = node.Define(node.Spec[updateRecordConfig]{
	Key: "update_record", Group: node.Data, Icon: "pencil-line", Title: "Update record",
	Summary:  "Change the records that match a filter",
	Synonyms: []string{"change", "set", "edit"},
	Help: "Changes every record that matches, each one checked like a change by a person. More matches than the limit fail the step " +
		"with `BLAST_RADIUS` and change nothing.\n\n" +
		"A filter that has lost all its conditions fails the step with `EMPTY_FILTER`, so a mistake never changes a whole collection.",
	Config: []field.Field{
		collectionSetting,
		{Name: "filter", Kind: field.Filter, Label: "Which records"},
		{Name: "all", Kind: field.Boolean, Label: "Change all records", Default: false, Help: "Needed when there is no condition."},
		{Name: "values", Kind: field.Values, Label: "New values", Required: true},
		{
			Name: "ifNone", Kind: field.Select, Label: "When no record matches", Default: "nothing",
			Options: field.Choices("nothing", "Go on", "fail", "Stop the workflow", "create", "Create the record"),
		},
		{Name: "createValues", Kind: field.Values, Label: "More values for the new record", When: &field.When{Field: "ifNone", Values: []string{"create"}}},
		{
			Name: "maxRecords", Kind: field.Integer, Label: "At most", Default: 1000, Min: field.Bound("1"), Max: field.Bound("100000"),
			Help: "More matches fail the step and change nothing.",
		},
		actorSetting,
		eventsSetting,
	},
	Effect:  node.Local,
	Check:   checkUpdate,
	Outputs: func(updateRecordConfig, node.Catalog) field.Shape { return updateShape() },
	Grants: func(c updateRecordConfig, cat node.Catalog) []node.Grant {
		r := newReads(cat)
		r.filter(c.Collection, c.Filter)
		r.links(c.Collection, c.Values, c.CreateValues)
		grants := append([]node.Grant{writes(cat, c.Collection, "update", c.Values)}, r.grants()...)
		if c.IfNone == "create" {
			grants = append(grants, writes(cat, c.Collection, "create", c.Values, c.CreateValues))
		}
		return grants
	},
	Rights: func(c updateRecordConfig) []string { return rightsOf(c.Events) },
	Line: func(c updateRecordConfig, cat node.Catalog) string {
		if set := setting(cat, c.Collection, c.Values); set != "" {
			return set
		}
		return line(cat, c.Collection, fieldCount(c.Values))
	},
	Run: runUpdate,
	Examples: []node.Example[updateRecordConfig]{
		{
			Title: "Mark the order approved",
			Config: map[string]any{
				"collection": "orders",
				"filter":     map[string]any{"id": map[string]any{"$eq": "{{ trigger.data.id }}"}}, "values": map[string]any{"status": "approved"},
			},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want: node.Want{Output: map[string]any{"count": int64(1), "changed": int64(1), "ids": []any{int64(42)}, "created": false}},
		},
		{
			Title: "No record matches",
			Config: map[string]any{
				"collection": "orders",
				"filter":     map[string]any{"id": "{{ trigger.data.other }}"}, "values": map[string]any{"status": "approved"},
			},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{}}},
			Want: node.Want{Output: map[string]any{"count": int64(0), "changed": int64(0), "ids": []any{}, "created": false}},
		},
		{
			Title: "No record matches, so it is created",
			Config: map[string]any{
				"collection": "invoices", "filter": map[string]any{"order": int64(42)}, "ifNone": "create",
				"values": map[string]any{"amount": int64(1240)}, "createValues": map[string]any{"order": int64(42)},
			},
			Want: node.Want{Output: map[string]any{"count": int64(1), "changed": int64(1), "ids": []any{int64(1)}, "created": true}},
		},
		{
			Title: "More records match than expected",
			Config: map[string]any{
				"collection": "orders", "all": true, "maxRecords": 1,
				"values": map[string]any{"status": "approved"},
			},
			Want: node.Want{Code: "BLAST_RADIUS"},
		},
	},
})

func checkUpdate(c updateRecordConfig, cat node.Catalog) field.Problems {
	info, p := checkCollection(cat, c.Collection)
	if info.Name == "" {
		return p
	}
	p = append(p, checkFilter(cat, c.Collection, "filter", c.Filter)...)
	if len(p) == 0 && !c.All && len(filterPaths(c.Filter)) == 0 {
		p.Add("filter", "MISSING", text.M("node.update_filter", "Say which records to change, or choose to change all of them."))
	}
	if c.All && len(filterPaths(c.Filter)) > 0 {
		p.Add("all", invalid, text.M("node.update_all", "Changing all records leaves no room for a condition. Remove one of them."))
	}
	if named, ok := c.Values.(map[string]any); ok && len(named) == 0 {
		p.Add("values", "MISSING", text.M("node.update_values", "Set at least one new value."))
	}
	p = append(p, checkValues(info, "values", c.Values)...)
	return append(p, checkValues(info, "createValues", c.CreateValues)...)
}

func updateShape() field.Shape {
	return field.Object("Result",
		field.Named{Name: "count", Shape: field.Shape{Kind: field.Integer, Label: "Records"}},
		field.Named{Name: "changed", Shape: field.Shape{Kind: field.Integer, Label: "Records that differ now"}},
		field.Named{Name: "ids", Shape: field.Shape{Kind: field.Integer, Label: "Their numbers", List: true}},
		field.Named{Name: "created", Shape: field.Shape{Kind: field.Boolean, Label: "Was created"}},
	)
}

func runUpdate(ctx context.Context, call node.Call, c updateRecordConfig) (node.Result, error) {
	if !c.All && len(filterPaths(c.Filter)) == 0 {
		return node.Result{}, node.Broken("EMPTY_FILTER",
			text.M("node.empty_filter", "The filter has no condition left, so nothing was changed. Check the variables it uses."))
	}
	values, _ := c.Values.(map[string]any)
	actor, silent := node.Actor(c.Actor), c.Events == "silent"
	done, err := call.Records.Update(ctx, node.UpdateRecords{
		Collection: c.Collection, Filter: c.Filter, All: c.All, Values: values, MaxRecords: c.MaxRecords, Actor: actor, Silent: silent,
	})
	if err != nil {
		return node.Result{}, err
	}
	switch {
	case done.Count > 0 || c.IfNone == "nothing":
		return node.Done(updated(done, false)), nil
	case c.IfNone == "fail":
		return node.Result{}, node.Refuse("EMPTY_RESULT", text.M("node.no_match", "No record matches the filter."))
	}
	all := map[string]any{}
	maps.Copy(all, values)
	if more, ok := c.CreateValues.(map[string]any); ok {
		maps.Copy(all, more)
	}
	record, err := call.Records.Create(ctx, node.CreateRecord{Collection: c.Collection, Values: all, Actor: actor, Silent: silent})
	if err != nil {
		return node.Result{}, err
	}
	return node.Done(updated(node.UpdateResult{Count: 1, Changed: 1, IDs: []any{record["id"]}}, true)), nil
}

func updated(r node.UpdateResult, created bool) map[string]any {
	ids := append([]any{}, r.IDs...)
	return map[string]any{"count": int64(r.Count), "changed": int64(r.Changed), "ids": ids, "created": created}
}
