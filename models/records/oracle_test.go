package records_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

// The reference evaluator: the rules of rights and filters in the plainest words,
// over records in memory. What the database answers is compared with it.

// holds reports whether the scope of a grant holds for a record.
func holds(g models.Grant, me int64, r records.Record) bool {
	switch g.Scope {
	case models.ScopeAll:
		return true
	case models.ScopeOwn:
		key := "createdById"
		if g.ScopeField != "" {
			key = g.ScopeField + "Id"
		}
		return me != 0 && r[key] == me
	}
	return r["status"] == "open" // the only filter scope of these tests
}

// reach reports whether every layer has a grant that holds for the record and, when
// name is not empty, includes the field.
func reach(a models.Access, action models.Action, name string, r records.Record) bool {
	for _, l := range a.Layers {
		if !slices.ContainsFunc(l.Grants, func(g models.Grant) bool {
			return g.Action == action && holds(g, a.Principal.UserID, r) && (name == "" || g.HasField(name))
		}) {
			return false
		}
	}
	return len(a.Layers) > 0
}

// somewhere reports whether every layer has a grant for the field, whatever its scope.
func somewhere(a models.Access, action models.Action, name string) bool {
	for _, l := range a.Layers {
		if !slices.ContainsFunc(l.Grants, func(g models.Grant) bool { return g.Action == action && (name == "" || g.HasField(name)) }) {
			return false
		}
	}
	return len(a.Layers) > 0
}

// condition is a filter with its meaning.
type condition struct {
	json  any
	field string // empty for groups
	test  func(records.Record) bool
	all   []condition
	or    bool
}

// eval is "the field may be read in the record, and the test holds".
func (c condition) eval(a models.Access, r records.Record) bool {
	if c.field != "" {
		return reach(a, models.View, c.field, r) && c.test(r)
	}
	for _, one := range c.all {
		if one.eval(a, r) == c.or {
			return c.or
		}
	}
	return !c.or
}

func (c condition) fields() []string {
	if c.field != "" {
		return []string{c.field}
	}
	var out []string
	for _, one := range c.all {
		out = append(out, one.fields()...)
	}
	return out
}

func genCondition(t *rapid.T, depth int) condition {
	if depth > 0 && rapid.Bool().Draw(t, "group") {
		c := condition{or: rapid.Bool().Draw(t, "or")}
		var list []any
		for range rapid.IntRange(1, 3).Draw(t, "size") {
			one := genCondition(t, depth-1)
			c.all, list = append(c.all, one), append(list, one.json)
		}
		name := "$and"
		if c.or {
			name = "$or"
		}
		c.json = map[string]any{name: list}
		return c
	}
	return genLeaf(t)
}

func genLeaf(t *rapid.T) condition {
	n := int64(rapid.IntRange(-1, 4).Draw(t, "n"))
	word := rapid.SampledFrom([]string{"a", "B", "Ä", "ß", "", "%"}).Draw(t, "word")
	status := rapid.SampledFrom([]string{"open", "done"}).Draw(t, "status")
	leaf := func(name, op string, v any, test func(records.Record) bool) condition {
		c := condition{field: name, json: map[string]any{name: map[string]any{op: v}}, test: test}
		if rapid.Bool().Draw(t, "not") {
			c.json = map[string]any{"$not": c.json}
			c.test = func(r records.Record) bool { return !test(r) }
		}
		return c
	}
	number := func(test func(int64) bool) func(records.Record) bool {
		return func(r records.Record) bool { v, ok := r["pieces"].(int64); return ok && test(v) }
	}
	return rapid.SampledFrom([]func() condition{
		func() condition { return leaf("pieces", "$gt", n, number(func(v int64) bool { return v > n })) },
		func() condition { return leaf("pieces", "$lte", n, number(func(v int64) bool { return v <= n })) },
		func() condition {
			return leaf("pieces", "$ne", n, func(r records.Record) bool { return r["pieces"] != n })
		},
		func() condition {
			return leaf("pieces", "$between", []any{n, n + 1}, number(func(v int64) bool { return v >= n && v <= n+1 }))
		},
		func() condition {
			return leaf("pieces", "$empty", true, func(r records.Record) bool { return r["pieces"] == nil })
		},
		func() condition {
			return leaf("status", "$in", []any{status, nil}, func(r records.Record) bool { return r["status"] == status || r["status"] == nil })
		},
		func() condition {
			return leaf("urgent", "$isFalsy", true, func(r records.Record) bool { return r["urgent"] != true })
		},
		func() condition {
			return leaf("note", "$includes", word, func(r records.Record) bool { return folded(r["note"], word) })
		},
		func() condition {
			return leaf("note", "$notIncludes", word, func(r records.Record) bool { return !folded(r["note"], word) })
		},
		func() condition {
			return leaf("applicant", "$eq", n, func(r records.Record) bool { return r["applicantId"] == n })
		},
	}).Draw(t, "leaf")()
}

// folded is containment without regard to case for the few words of these tests.
func folded(v any, word string) bool {
	s, ok := v.(string)
	fold := map[rune]string{'A': "a", 'a': "a", 'B': "b", 'b': "b", 'Ä': "ä", 'ä': "ä", 'ß': "ss", '%': "%", '_': "_"}
	plain := func(s string) (out string) {
		for _, r := range s {
			out += fold[r]
		}
		return out
	}
	return ok && contains(plain(s), plain(word))
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

// genAccess makes somebody whose grants are about these actions.
func genAccess(t *rapid.T, actions ...models.Action) models.Access {
	me := rapid.SampledFrom([]int64{0, ana, ben}).Draw(t, "me")
	a := models.Access{Principal: models.Person(me, ""), Actor: me}
	if me == 0 {
		a.Principal = models.Anonymous()
	}
	names := []string{"title", "pieces", "status", "urgent", "note", "applicant", "createdBy"}
	for range rapid.IntRange(1, 2).Draw(t, "layers") {
		var rights models.Rights
		for range rapid.IntRange(0, 4).Draw(t, "grants") {
			g := models.Grant{
				Collection: "orders", Action: rapid.SampledFrom(actions).Draw(t, "action"),
				Scope: rapid.SampledFrom([]models.ScopeKind{models.ScopeAll, models.ScopeOwn, models.ScopeFilter}).Draw(t, "scope"),
			}
			if g.Scope == models.ScopeFilter {
				g.Filter = map[string]any{"status": "open"}
			}
			if g.Scope == models.ScopeOwn && rapid.Bool().Draw(t, "by applicant") {
				g.ScopeField = "applicant"
			}
			if rapid.Bool().Draw(t, "some fields") {
				g.Fields = append([]string{}, rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, len(names), rapid.ID[string]).Draw(t, "fields")...)
			}
			rights.Grants = append(rights.Grants, g)
		}
		a.Layers = append(a.Layers, rights)
	}
	return a
}

// populate makes records of several people with all kinds of values.
func (f *fixture) populate() []records.Record {
	f.Helper()
	var out []records.Record
	notes := []any{nil, "aß", "Ab%", "ÄB", "_"}
	for i := range 20 {
		creator := []int64{ana, ben, cai}[i%3]
		access := person(creator, models.Grant{Collection: "orders", Action: models.Create, Scope: models.ScopeAll},
			models.Grant{Collection: "users", Action: models.View, Scope: models.ScopeAll})
		values := records.Record{
			"title": fmt.Sprintf("t%d", i), "note": notes[i%5], "pieces": int64(i % 4), "urgent": []any{true, false, nil}[i%3],
			"status": []any{"open", "done", nil}[(i/2)%3], "applicant": []any{ana, ben, nil}[(i/3)%3],
		}
		if i%7 == 0 {
			values["pieces"] = nil
		}
		result, err := f.write(records.Operation{Access: access, Action: models.Create, Values: values})
		require.NoError(f, err)
		out = append(out, result.Changes[0].After)
	}
	return out
}

func TestRights_ListsWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		f := setUp(t, db)
		all := f.populate()
		rapid.Check(t, func(t *rapid.T) {
			access, filter := genAccess(t, models.View, models.View, models.Update), genCondition(t, 2)
			page, err := f.s.List(f.ctx, records.Query{Access: access, Collection: "orders", Filter: filter.json, PageSize: 100, Count: true})
			if !somewhere(access, models.View, "") {
				requireCode(t, err, "NO_PERMISSION")
				return
			}
			for _, name := range filter.fields() {
				if !somewhere(access, models.View, name) {
					requireCode(t, err, "FIELD_NOT_ALLOWED")
					return
				}
			}
			require.NoError(t, err)
			var want []records.Record
			for _, r := range all {
				if reach(access, models.View, "", r) && filter.eval(access, r) {
					want = append(want, seenBy(access, r))
				}
			}
			require.Equal(t, len(want), page.Count)
			require.Len(t, page.Records, len(want))
			for i := range want {
				require.Equal(t, want[i], page.Records[i])
			}
		})
	})
}

// seenBy is the part of a record that the reference lets the caller read.
func seenBy(a models.Access, r records.Record) records.Record {
	out := records.Record{"id": r["id"], "_version": r["_version"]}
	for _, name := range []string{
		"title", "note", "amount", "pieces", "urgent", "day", "due", "status", "code", "applicant", "category",
		"createdAt", "createdBy", "updatedAt", "updatedBy", "deletedAt", "deletedBy",
	} {
		if !reach(a, models.View, name, r) {
			continue
		}
		key := name
		switch name {
		case "applicant", "category", "createdBy", "updatedBy", "deletedBy":
			key += "Id"
		}
		out[key] = r[key]
	}
	return out
}

var errUndo = errors.New("undo")

func TestRights_WritesWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		f := setUp(t, db)
		all := f.populate()
		rapid.Check(t, func(t *rapid.T) {
			for range 8 { // the interesting cases are rare
				f.tryWrite(t, all)
			}
		})
	})
}

// tryWrite does one random write, undoes it, and compares what was said to it.
func (f *fixture) tryWrite(t *rapid.T, all []records.Record) {
	action := rapid.SampledFrom([]models.Action{models.Create, models.Update, models.Delete}).Draw(t, "write")
	access := genAccess(t, action, action, action, models.View)
	r := all[rapid.IntRange(0, len(all)-1).Draw(t, "record")]
	sent := append(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"note", "pieces", "urgent"}), 0, 2, rapid.ID[string]).Draw(t, "sent"), "title")
	op := records.Operation{Access: access, Collection: "orders", Origin: models.Origin{Kind: "api"}, Action: action}
	if op.Action != models.Delete {
		op.Values = records.Record{}
		for _, name := range sent {
			op.Values[name] = map[string]any{"title": "new", "note": "new", "pieces": int64(9), "urgent": true}[name]
		}
	}
	if op.Action != models.Create {
		op.IDs = []string{records.IDText(r["id"])}
	}
	var err error
	undone := f.db.Write(f.ctx, "test", func(tx *models.Tx) error {
		_, err = f.s.WriteIn(f.ctx, tx, &op)
		return errUndo
	})
	require.ErrorIs(t, undone, errUndo)
	want := verdict(access, op, r)
	if want == "" {
		require.NoError(t, err)
	} else {
		requireCode(t, err, want)
	}
}

// verdict is what the reference says about a write; empty when it is allowed.
func verdict(a models.Access, op records.Operation, r records.Record) string {
	if !somewhere(a, op.Action, "") {
		return "NO_PERMISSION"
	}
	for name := range op.Values {
		if !somewhere(a, op.Action, name) {
			return "FIELD_NOT_ALLOWED"
		}
	}
	if op.Action == models.Create {
		me := any(a.Principal.UserID)
		if a.Principal.UserID == 0 {
			me = nil
		}
		r = records.Record{"createdById": me, "applicantId": me, "status": "open"}
	}
	if !reach(a, op.Action, "", r) {
		return "OUT_OF_SCOPE"
	}
	for name := range op.Values {
		if !reach(a, op.Action, name, r) {
			return "FIELD_NOT_ALLOWED"
		}
	}
	return ""
}
