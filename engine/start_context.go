package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/records"
)

// context builds what {{ trigger.… }} offers. It is a snapshot: later edits of
// the records do not change it.
func (s *starting) context(ctx context.Context, v *versionInfo, change records.Change, b bundle) (map[string]any, error) {
	list := make([]any, 0, len(b.records))
	for _, f := range b.records {
		one, err := s.e.preload(ctx, s.tx, v, f)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	var data any = list
	if !b.asList {
		data = list[0]
	}
	f := b.records[0]
	p := s.op.Access.Principal
	user, err := s.e.userValue(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	now := s.tx.Now()
	out := map[string]any{
		"event": actionWord(change.Action), "action": actionWord(s.op.Action), "collection": f.collection.Name, "data": data,
		"params": map[string]any{"values": s.op.Values}, "user": user, "role": orNil(p.Role), "principal": p.String(),
		"date": now, "firedAt": now, "origin": s.op.Origin.Value(),
	}
	if b.asList {
		out["count"] = int64(len(list))
		out["batch"] = map[string]any{"index": int64(b.index), "count": int64(b.parts)}
	}
	return out, nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// userValue is a person as variables see him, without secrets; nil for nobody.
func (e *Engine) userValue(ctx context.Context, id int64) (any, error) {
	if id == 0 {
		return nil, nil
	}
	u, err := models.UserByID(ctx, e.db.Read(), id)
	if models.IsKind(err, models.KindNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": u.ID, "username": u.Username, "nickname": u.Nickname, "email": u.Email, "managerId": numberOrNil(u.ManagerID)}, nil
}

func numberOrNil(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// actionWord is the word triggers and requests use for an action.
func actionWord(a models.Action) string {
	switch a {
	case models.Delete, models.Purge:
		return "destroy"
	default:
		return string(a)
	}
}

// preload gives the record with the associations that the workflow lists or
// reads, limited to what its grants may read. A to-one link that is not loaded is
// the bare id of its target.
func (e *Engine) preload(ctx context.Context, tx *models.Tx, v *versionInfo, f found) (map[string]any, error) {
	out := make(map[string]any, len(f.data)+4)
	for name, value := range f.data {
		out[name] = value
	}
	for _, fd := range f.collection.Fields {
		if fd.Hidden {
			delete(out, fd.Name)
		}
		if fd.IsLink() && fd.ForeignKey != "" {
			out[fd.Name] = bareLink(out[fd.ForeignKey])
		}
	}
	paths := v.preloads(f.collection)
	if len(paths) == 0 {
		return out, nil
	}
	access := models.Access{Principal: models.Principal{Kind: models.WorkflowPrincipal, ID: v.Key}, Layers: []models.Rights{{Grants: v.Grants}}}
	linked, err := e.records.AppendIn(ctx, tx, records.Append{Access: access, Collection: f.collection.Name, Record: f.data, Paths: paths})
	if err != nil {
		return nil, fmt.Errorf("preload %s: %w", strings.Join(paths, ", "), err)
	}
	for name, value := range linked {
		out[name] = value
	}
	return out, nil
}

func bareLink(id any) any {
	if id == nil {
		return nil
	}
	return map[string]any{"id": id}
}

// preloads lists the association paths that a version lists or reads: trigger.data
// and then at least one link.
func (v *versionInfo) preloads(c *models.Collection) []string {
	paths := slices.Clone(v.Listens.Preload)
	for _, n := range v.Nodes {
		for _, ref := range n.refs {
			if ref.Root != "trigger" || len(ref.Path) < 3 || ref.Path[0] != "data" {
				continue
			}
			f, ok := c.Field(ref.Path[1])
			if ok && f.IsLink() && !f.NamesKey(ref.Path[1]) && ref.Path[2] != "id" && !slices.Contains(paths, f.Name) {
				paths = append(paths, f.Name)
			}
		}
	}
	return paths
}
