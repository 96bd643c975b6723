package web

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// seesValues reports whether the viewer may see all values of an execution: what went
// into its steps, came out of them, and is quoted in their sentences.
func (v *viewer) seesValues(ctx context.Context, x *models.Execution) (bool, error) {
	if !v.access.Can("execution.payload") {
		return false, nil
	}
	if known, ok := v.values[x.ID]; ok {
		return known, nil
	}
	rights, err := models.PayloadRights(ctx, v.site.DB.Read(), x)
	if err != nil {
		return false, err
	}
	v.values[x.ID] = v.access.CoversRights(rights)
	return v.values[x.ID], nil
}

// mask leaves out of what started an execution the fields of records that are not open
// to the reader now. A right taken away also hides what was stored before.
type mask struct {
	*viewer
	own   string // collection of the execution's record
	ownID string // that record
	known map[string]fieldTest
}

// fieldTest reports whether a field is open to the reader.
type fieldTest func(*models.CollectionField) bool

func (v *viewer) mask(x *models.Execution) mask {
	return mask{viewer: v, own: x.ResourceType, ownID: x.ResourceID, known: map[string]fieldTest{}}
}

// json masks a stored payload and lays it out for reading; empty stays empty.
func (m mask) json(ctx context.Context, stored string, s field.Shape) (string, error) {
	if stored == "" {
		return "", nil
	}
	v, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return "", err
	}
	if v, err = m.value(ctx, v, s); err != nil {
		return "", err
	}
	return layOut(v)
}

// pretty lays stored JSON out for reading; empty stays empty.
func pretty(stored string) (string, error) {
	if stored == "" {
		return "", nil
	}
	v, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return "", err
	}
	return layOut(v)
}

func layOut(v any) (string, error) {
	plain, err := field.MarshalJSON(v)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, plain, "", "  "); err != nil {
		return "", err
	}
	return b.String(), nil
}

// value masks one value. A record inside a value of unknown shape, which its version
// gives away, is taken for one of the execution's own collection.
func (m mask) value(ctx context.Context, v any, s field.Shape) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		var err error
		for i, one := range v {
			if out[i], err = m.value(ctx, one, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		target := s.Target
		if _, record := v[models.VersionField]; target == "" && record {
			target = m.own
		}
		return m.object(ctx, v, s, target)
	}
	return v, nil
}

func (m mask) object(ctx context.Context, v map[string]any, s field.Shape, target string) (map[string]any, error) {
	open, err := m.fields(ctx, target, v[models.IDField])
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(v))
	for name, one := range v {
		if !open(name) {
			continue
		}
		inner, _ := s.Prop(name)
		if out[name], err = m.value(ctx, one, inner); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fields tells which names of a record, or of values for one, are open to the reader.
// Names that are no fields are not about the record.
func (m mask) fields(ctx context.Context, collection string, id any) (func(name string) bool, error) {
	if collection == "" {
		return func(string) bool { return true }, nil
	}
	on, ok := m.cat.Collection(collection)
	if !ok {
		return func(string) bool { return false }, nil
	}
	key := records.IDText(id)
	if id == nil && models.Snake(on.Name) == models.Snake(m.own) {
		key = m.ownID
	}
	test, err := m.test(ctx, on, key)
	return func(name string) bool {
		f, isField := on.Field(name)
		return !isField || !f.Hidden && test(f)
	}, err
}

// test looks at a record as the reader sees it: a field is open when his own reading
// of the record holds it. What is gone, or out of his sight, has open only what he may
// read in all records.
func (m mask) test(ctx context.Context, on *models.Collection, id string) (fieldTest, error) {
	at := on.Name + "/" + id
	if test, ok := m.known[at]; ok {
		return test, nil
	}
	test := func(f *models.CollectionField) bool { return everywhere(m.access, on.Name, f) }
	if id != "" {
		record, err := m.site.Records.Get(ctx, records.Query{Access: m.access, Collection: on.Name}, id)
		switch {
		case err == nil:
			test = func(f *models.CollectionField) bool {
				_, open := record[f.Key()]
				return open
			}
		case !models.IsKind(err, models.KindNotFound) && !models.IsKind(err, models.KindForbidden):
			return nil, err
		}
	}
	m.known[at] = test
	return test, nil
}

// everywhere reports whether a field is open to somebody in all records.
func everywhere(access models.Access, collection string, f *models.CollectionField) bool {
	layers, ok := access.On(collection, models.View)
	for _, grants := range layers {
		ok = ok && slices.ContainsFunc(grants, func(g models.Grant) bool {
			return g.Scope == models.ScopeAll && (f.Name == models.IDField || g.HasField(f.Name))
		})
	}
	return ok
}

// mayView reports whether a field could be open to somebody in some record.
func mayView(access models.Access, collection string, f *models.CollectionField) bool {
	return f.Name == models.IDField && access.MayTouch(collection, models.View) || access.MayWriteField(collection, models.View, f.Name)
}
