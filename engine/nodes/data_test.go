package nodes

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/enginetest"
	"formrail/engine/node"
	"formrail/models/field"
)

func TestFilterPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		filter any
		want   [][]string
	}{
		{"nothing", nil, nil},
		{"an empty filter", map[string]any{}, nil},
		{"empty groups at any depth", map[string]any{"$and": []any{map[string]any{"$or": []any{map[string]any{}}}}, "$not": map[string]any{}}, nil},
		{"equality", map[string]any{"id": int64(1)}, [][]string{{"id"}}},
		{"comparison with nothing", map[string]any{"id": nil}, [][]string{{"id"}}},
		{"a list means one of", map[string]any{"id": []any{int64(1)}}, [][]string{{"id"}}},
		{"several operators", map[string]any{"id": map[string]any{"$gt": int64(1), "$lt": int64(9)}}, [][]string{{"id"}, {"id"}}},
		{"a dotted path with operator", map[string]any{"applicant.nickname.$includes": "a"}, [][]string{{"applicant", "nickname"}}},
		{"a nested path", map[string]any{"applicant": map[string]any{"manager": map[string]any{"id": int64(1)}}}, [][]string{{"applicant", "manager", "id"}}},
		{"groups", map[string]any{"$or": []any{map[string]any{"a": int64(1)}, map[string]any{"$not": map[string]any{"b": int64(2)}}}}, [][]string{{"a"}, {"b"}}},
		{"existence of linked records", map[string]any{"lines": map[string]any{"$none": map[string]any{"sum": int64(0)}}}, [][]string{{"lines"}, {"lines", "sum"}}},
		{"an operand that is an object", map[string]any{"createdAt": map[string]any{"$dateOn": map[string]any{"type": "past", "number": int64(3)}}}, [][]string{{"createdAt"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, filterPaths(c.filter))
		})
	}
}

func TestDataNodes_CheckTheirSettings(t *testing.T) {
	t.Parallel()
	id := map[string]any{"id": "{{ trigger.data.id }}"}
	approved := map[string]any{"status": "approved"}
	for _, c := range []struct {
		name   string
		typ    *node.Type
		config map[string]any
		want   []string
	}{
		{"a collection is required", createRecord, map[string]any{}, []string{"collection MISSING"}},
		{"an unknown collection", queryRecords, map[string]any{"collection": "nope"}, []string{"collection DEFINITION_INVALID"}},
		{"a required field is missing", createRecord, map[string]any{"collection": "orders", "values": map[string]any{"amount": int64(1)}}, []string{"values.title MISSING"}},
		{"a variable fills a required field", createRecord, map[string]any{"collection": "orders", "values": map[string]any{"title": "{{ trigger.data.t }}"}}, []string{}},
		{"an unknown field", createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"note": "x"}}, []string{"values.note DEFINITION_INVALID"}},
		{"an unknown field beside a variable", createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"amount": "{{ trigger.data.a }}", "note": "x"}}, []string{"values.note DEFINITION_INVALID"}},
		{"a field of the system", createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"id": int64(1)}}, []string{"values.id DEFINITION_INVALID"}},
		{"a link by its foreign key", createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"orderId": int64(42)}}, []string{}},
		{"a constant of the wrong kind", createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"amount": "much"}}, []string{"values.amount INVALID_NUMBER"}},
		{"digits beyond the scale are rounded", createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"amount": *field.Bound("1.005")}}, []string{}},
		{"fields cannot be a variable", createRecord, map[string]any{"collection": "invoices", "values": "{{ trigger.data }}"}, []string{"values DEFINITION_INVALID"}},
		{"many records at once are not offered", createRecord, map[string]any{"collection": "invoices", "items": []any{}}, []string{"items DEFINITION_INVALID"}},
		{"a preloaded path is a link", createRecord, map[string]any{"collection": "invoices", "preload": []any{"order.applicant", "amount"}}, []string{"preload DEFINITION_INVALID"}},
		{"an actor is a person", createRecord, map[string]any{"collection": "invoices", "actor": "everybody"}, []string{"actor DEFINITION_INVALID"}},
		{"an update needs a condition", updateRecord, map[string]any{"collection": "orders", "values": approved}, []string{"filter MISSING"}},
		{"an empty group is no condition", updateRecord, map[string]any{"collection": "orders", "values": approved, "filter": map[string]any{"$and": []any{}}}, []string{"filter MISSING"}},
		{"all records on purpose", updateRecord, map[string]any{"collection": "orders", "values": approved, "all": true}, []string{}},
		{"all records and a condition", updateRecord, map[string]any{"collection": "orders", "values": approved, "all": true, "filter": id}, []string{"all DEFINITION_INVALID"}},
		{"an update needs values", updateRecord, map[string]any{"collection": "orders", "values": map[string]any{}, "filter": id}, []string{"values MISSING"}},
		{"increments are not offered", updateRecord, map[string]any{
			"collection": "orders", "filter": id,
			"values": map[string]any{"amount": map[string]any{"op": "increment", "by": "{{ trigger.data.n }}"}},
		}, []string{"values.amount DEFINITION_INVALID"}},
		{"a filter on an unknown field", updateRecord, map[string]any{"collection": "orders", "values": approved, "filter": map[string]any{"applicant.age": int64(3)}}, []string{"filter.applicant.age DEFINITION_INVALID"}},
		{"a filter on a hidden field", queryRecords, map[string]any{"collection": "orders", "filter": map[string]any{"iban": "x"}}, []string{"filter.iban DEFINITION_INVALID"}},
		{"a filter cannot be a variable", queryRecords, map[string]any{"collection": "orders", "filter": "{{ trigger.data.filter }}"}, []string{"filter DEFINITION_INVALID"}},
		{"sorting by linked fields", queryRecords, map[string]any{"collection": "orders", "sort": []any{"-applicant.nickname", "id"}}, []string{}},
		{"sorting by an unknown field", queryRecords, map[string]any{"collection": "orders", "sort": []any{"-age"}}, []string{"sort DEFINITION_INVALID"}},
		{"a hidden field cannot be chosen", queryRecords, map[string]any{"collection": "orders", "fields": []any{"iban"}}, []string{"fields DEFINITION_INVALID"}},
		{"a page holds at most 1,000 records", queryRecords, map[string]any{"collection": "orders", "pageSize": int64(1001)}, []string{"pageSize DEFINITION_INVALID"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, findings(t, c.typ, c.config))
		})
	}
}

func TestDataNodes_GrantsAreExact(t *testing.T) {
	t.Parallel()
	grants := func(typ *node.Type, config map[string]any) []node.Grant {
		return typ.Grants(decode(t, typ, config), enginetest.Sample())
	}
	require.Equal(t, []node.Grant{
		{Collection: "invoices", Action: "create", Fields: []string{"amount", "order"}},
		{Collection: "orders", Action: "view", Fields: []string{"id"}},
	},
		grants(createRecord, map[string]any{"collection": "invoices", "values": map[string]any{"amount": int64(1), "orderId": "{{ trigger.data.id }}"}}))
	require.Equal(t, []node.Grant{{Collection: "invoices", Action: "create", Fields: []string{}}},
		grants(createRecord, map[string]any{"collection": "invoices"}), "no values are not all fields")
	require.Equal(t, []node.Grant{
		{Collection: "invoices", Action: "create", Fields: []string{}},
		{Collection: "invoices", Action: "view", Fields: []string{"order"}},
		{Collection: "orders", Action: "view"},
		{Collection: "users", Action: "view"},
	}, grants(createRecord, map[string]any{"collection": "invoices", "preload": []any{"order.applicant"}}))
	require.Equal(t, []node.Grant{
		{Collection: "orders", Action: "update", Fields: []string{"status"}},
		{Collection: "orders", Action: "view", Fields: []string{"applicant", "id"}},
		{Collection: "users", Action: "view", Fields: []string{"nickname"}},
		{Collection: "orders", Action: "create", Fields: []string{"status", "title"}},
	}, grants(updateRecord, map[string]any{
		"collection": "orders", "ifNone": "create",
		"filter": map[string]any{"id": "{{ trigger.data.id }}", "applicant.nickname": "Jun"},
		"values": map[string]any{"status": "approved"}, "createValues": map[string]any{"title": "Taxi"},
	}))
	require.Equal(t, []node.Grant{{Collection: "orders", Action: "view"}},
		grants(queryRecords, map[string]any{"collection": "orders", "filter": map[string]any{"id": int64(1)}}))
	require.Equal(t, []node.Grant{
		{Collection: "orders", Action: "view", Fields: []string{"amount", "applicant", "status", "title"}},
		{Collection: "users", Action: "view", Fields: []string{"nickname"}},
	}, grants(queryRecords, map[string]any{
		"collection": "orders", "fields": []any{"title", "status"},
		"filter": map[string]any{"amount": map[string]any{"$gt": int64(1)}}, "sort": []any{"-applicant.nickname"},
	}))
}

func TestDataNodes_SilentWritingNeedsARight(t *testing.T) {
	t.Parallel()
	require.Empty(t, createRecord.Rights(decode(t, createRecord, map[string]any{"collection": "invoices"})))
	require.Equal(t, []string{"record.skip_workflows"}, createRecord.Rights(decode(t, createRecord, map[string]any{"collection": "invoices", "events": "silent"})))
}

func TestDataNodes_Shapes(t *testing.T) {
	t.Parallel()
	names := func(s field.Shape) (out []string) {
		for _, p := range s.Fields {
			out = append(out, p.Name)
		}
		return out
	}
	s := createRecord.Outputs(decode(t, createRecord, map[string]any{"collection": "invoices", "preload": []any{"order.applicant"}}), enginetest.Sample())
	require.Equal(t, []string{"id", "amount", "order", "orderId"}, names(s))
	link, _ := s.Prop("order")
	require.Equal(t, []string{"id", "title", "amount", "status", "applicant", "applicantId"}, names(link), "without hidden fields")
	person, _ := link.Prop("applicant")
	require.Equal(t, []string{"id", "nickname", "manager", "managerId"}, names(person))
	boss, _ := person.Prop("manager")
	require.Empty(t, boss.Fields, "what is not loaded is not offered")

	s = queryRecords.Outputs(decode(t, queryRecords, map[string]any{"collection": "orders", "multiple": true, "fields": []any{"applicant"}}), enginetest.Sample())
	require.True(t, s.List)
	require.Equal(t, []string{"id", "applicant", "applicantId"}, names(s))
	require.True(t, queryRecords.Outputs(decode(t, queryRecords, map[string]any{"collection": "gone"}), enginetest.Catalog{}).Open)
}

func TestCreateRecord_PassesItsSettingsOn(t *testing.T) {
	t.Parallel()
	records := enginetest.SampleRecords()
	_, err := enginetest.Run(t, createRecord, enginetest.Step{Caps: enginetest.Caps{Records: records}, Vars: vars(map[string]any{"who": map[string]any{"id": int64(5)}}), Config: map[string]any{
		"collection": "invoices", "values": map[string]any{"amount": int64(1)}, "preload": []any{"order"},
		"actor": map[string]any{"id": "{{ trigger.data.who.id }}"}, "events": "silent",
	}})
	require.NoError(t, err)
	require.Equal(t, []any{node.CreateRecord{
		Collection: "invoices", Values: map[string]any{"amount": int64(1)},
		Preload: []string{"order"}, Actor: node.Actor{User: 5}, Silent: true,
	}}, records.Requests)

	_, err = enginetest.Run(t, createRecord, enginetest.Step{Caps: enginetest.Caps{Records: records}, Vars: vars(nil), Config: map[string]any{
		"collection": "invoices", "actor": map[string]any{"id": "{{ trigger.data.who.id }}"},
	}})
	require.Equal(t, "TYPE_MISMATCH", code(err), "a missing person is not silently somebody else")
}

func TestUpdateRecord_NeverChangesACollectionByMistake(t *testing.T) {
	t.Parallel()
	records := enginetest.SampleRecords()
	_, err := enginetest.Run(t, updateRecord, enginetest.Step{Caps: enginetest.Caps{Records: records}, Vars: vars(map[string]any{}), Config: map[string]any{
		"collection": "orders", "filter": "{{ trigger.data.filter }}", "values": map[string]any{"status": "paid"},
	}})
	require.Equal(t, "EMPTY_FILTER", code(err))
	require.Empty(t, records.Requests, "nothing was asked to change")
}

func TestUpdateRecord_WhenNothingMatches(t *testing.T) {
	t.Parallel()
	config := func(ifNone string) map[string]any {
		return map[string]any{
			"collection": "orders", "filter": map[string]any{"id": int64(7)}, "values": map[string]any{"status": "paid"}, "ifNone": ifNone,
			"actor": "nobody", "events": "silent",
		}
	}
	_, err := enginetest.Run(t, updateRecord, enginetest.Step{Config: config("fail"), Caps: enginetest.Caps{Records: enginetest.SampleRecords()}})
	require.Equal(t, "EMPTY_RESULT", code(err))
	require.Equal(t, node.Refused, node.AsFailure(err).Kind)

	records := enginetest.SampleRecords()
	create := config("create")
	create["createValues"] = map[string]any{"title": "Taxi", "status": "draft"}
	_, err = enginetest.Run(t, updateRecord, enginetest.Step{Config: create, Caps: enginetest.Caps{Records: records}})
	require.NoError(t, err)
	require.Equal(t, node.CreateRecord{
		Collection: "orders", Values: map[string]any{"title": "Taxi", "status": "draft"},
		Actor: node.Actor{Nobody: true}, Silent: true,
	}, records.Requests[1])
}

func TestUpdateRecord_CreatesNothingBesideAMatch(t *testing.T) {
	t.Parallel()
	for _, ifNone := range []string{"fail", "create"} {
		records := enginetest.SampleRecords()
		v, err := enginetest.Run(t, updateRecord, enginetest.Step{Caps: enginetest.Caps{Records: records}, Config: map[string]any{
			"collection": "orders", "filter": map[string]any{"id": int64(41)}, "values": map[string]any{"status": "approved"}, "ifNone": ifNone,
		}})
		require.NoError(t, err)
		require.Equal(t, map[string]any{"count": int64(1), "changed": int64(0), "ids": []any{int64(41)}, "created": false}, v.Output)
		require.Len(t, records.Requests, 1)
	}
}

func TestQueryRecords_OneIsTheFirstOfThePage(t *testing.T) {
	t.Parallel()
	v, err := enginetest.Run(t, queryRecords, enginetest.Step{Caps: enginetest.Caps{Records: enginetest.SampleRecords()}, Config: map[string]any{
		"collection": "orders", "sort": []any{"amount"}, "page": int64(2), "pageSize": int64(2), "fields": []any{"title"},
	}})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"id": int64(42), "title": "Offsite"}, v.Output)
}

// endless gives a full page to every query up to total records.
type endless struct {
	node.Records
	total int
}

func (e endless) Query(_ context.Context, q node.QueryRecords) ([]map[string]any, error) {
	n := max(0, min(q.Size, e.total-(q.Page-1)*q.Size))
	return make([]map[string]any, n), nil
}

func TestQueryRecords_AllPagesUpToALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total, want, warnings int
	}{{0, 0, 0}, {1000, 1000, 0}, {2500, 2500, 0}, {10_000, 10_000, 0}, {10_001, 10_000, 1}} {
		v, err := enginetest.Run(t, queryRecords, enginetest.Step{
			Caps:   enginetest.Caps{Records: endless{total: c.total}},
			Config: map[string]any{"collection": "orders", "multiple": true, "all": true, "pageSize": int64(7)},
		})
		require.NoError(t, err)
		require.Len(t, v.Output, c.want)
		require.Len(t, v.Warnings, c.warnings)
	}
}
