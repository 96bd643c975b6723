package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// cutDot splits a path at its first dot.
func cutDot(path string) (first, rest string, more bool) { return strings.Cut(path, ".") }

// maxSeats is how many people one step may ask.
const maxSeats = 200

// chosen is a person with the reason why he was chosen.
type chosen struct {
	id  int64
	why string
}

// crowd is the result of looking for people.
type crowd struct {
	list     []chosen
	warnings []string
}

func (c *crowd) add(id int64, why string) {
	if id != 0 && !slices.ContainsFunc(c.list, func(p chosen) bool { return p.id == id }) {
		c.list = append(c.list, chosen{id, why})
	}
}

// people expands the sources of a people setting in their order, drops who is not
// active and keeps the first of each person.
func (l *local) people(ctx context.Context, sources any) (*crowd, error) {
	list, ok := sources.([]any)
	if !ok {
		list = []any{sources}
	}
	found := &crowd{}
	for _, src := range list {
		if err := l.source(ctx, found, src); err != nil {
			return nil, err
		}
	}
	var active []chosen
	for _, p := range found.list {
		u, err := models.UserByID(ctx, l.tx, p.id)
		if models.IsKind(err, models.KindNotFound) {
			found.warnings = append(found.warnings, fmt.Sprintf("There is no person %d.", p.id))
			continue
		}
		if err != nil {
			return nil, err
		}
		if !u.Status.Receives() {
			found.warnings = append(found.warnings, u.Nickname+" is deactivated and was skipped.")
			continue
		}
		active = append(active, p)
	}
	found.list = active
	if len(active) > maxSeats {
		return nil, node.Broken("TOO_MANY_APPROVERS", text.M("people.too_many", "The sources name %d people; at most %d can be asked.", len(active), maxSeats))
	}
	return found, nil
}

// source expands one source: an object with one of the known kinds, or plain ids.
func (l *local) source(ctx context.Context, found *crowd, src any) error {
	m, ok := src.(map[string]any)
	if !ok {
		return l.given(ctx, found, src, "named")
	}
	switch {
	case m["users"] != nil:
		return l.given(ctx, found, m["users"], "named")
	case m["expression"] != nil:
		return l.given(ctx, found, m["expression"], "expression")
	case m["roles"] != nil:
		return l.roles(ctx, found, textsOf(m["roles"]))
	case m["groups"] != nil:
		return l.groups(ctx, found, textsOf(m["groups"]))
	case m["field"] != nil:
		path, _ := m["field"].(string)
		return l.given(ctx, found, l.atPath(ctx, path), "field "+path)
	case m["managers"] != nil:
		of, _ := m["managers"].(map[string]any)
		return l.managers(ctx, found, of)
	case m["decider"] != nil:
		key, _ := m["decider"].(string)
		return l.given(ctx, found, l.decider(key), "decided "+key)
	}
	return node.Broken("INVALID_CONFIG", text.M("people.source", "A source of people is not known: it names users, groups, roles, managers, a field, an expression or a decider."))
}

// given adds ids, user names, addresses, or objects and lists of them.
func (l *local) given(ctx context.Context, found *crowd, v any, why string) error {
	switch v := v.(type) {
	case nil:
	case int64:
		found.add(v, why)
	case field.Decimal:
		if id, ok := v.Int64(); ok {
			found.add(id, why)
		}
	case map[string]any:
		return l.given(ctx, found, v["id"], why)
	case []any:
		for _, e := range v {
			if err := l.given(ctx, found, e, why); err != nil {
				return err
			}
		}
	case string:
		u, err := models.UserByAccount(ctx, l.tx, v)
		if models.IsKind(err, models.KindNotFound) {
			found.warnings = append(found.warnings, fmt.Sprintf("Nobody is called %q.", v))
			return nil
		}
		if err != nil {
			return err
		}
		found.add(u.ID, why)
	default:
		found.warnings = append(found.warnings, "A value does not name a person.")
	}
	return nil
}

func (l *local) roles(ctx context.Context, found *crowd, roles []string) error {
	ids, err := models.HoldersOf(ctx, l.tx, roles)
	if err != nil {
		return err
	}
	for _, id := range ids {
		found.add(id, "role "+strings.Join(roles, ", "))
	}
	return nil
}

func (l *local) groups(ctx context.Context, found *crowd, codes []string) error {
	for _, code := range codes {
		g, err := models.GroupByCode(ctx, l.tx, code)
		if models.IsKind(err, models.KindNotFound) {
			found.warnings = append(found.warnings, fmt.Sprintf("There is no group %q.", code))
			continue
		}
		if err != nil {
			return err
		}
		ids, err := models.Members(ctx, l.tx, g.ID)
		if err != nil {
			return err
		}
		for _, id := range ids {
			found.add(id, "group "+code)
		}
	}
	return nil
}

// managers adds levels of somebody's management line. "of" is applicant, a path
// of the record, or the decider of a node.
func (l *local) managers(ctx context.Context, found *crowd, of map[string]any) error {
	var base any
	switch who := of["of"].(type) {
	case nil:
		base = l.applicant()
	case string:
		base = l.atPath(ctx, who)
		if base == nil && who == "applicant" {
			base = l.applicant()
		}
	case map[string]any:
		key, _ := who["decider"].(string)
		base = l.decider(key)
	default:
		base = who
	}
	one := &crowd{}
	if err := l.given(ctx, one, base, ""); err != nil {
		return err
	}
	if len(one.list) == 0 {
		found.warnings = append(found.warnings, "Nobody is named whose manager could be asked.")
		return nil
	}
	levels := models.Levels{From: intOr(of["from"], 1), To: intOr(of["to"], 1)}
	levels.To = max(levels.From, levels.To)
	for _, p := range one.list {
		line, err := models.ManagerChain(ctx, l.tx, p.id, levels)
		if err != nil {
			return err
		}
		for _, m := range line {
			found.add(m.UserID, fmt.Sprintf("manager, level %d", m.Level))
		}
	}
	return nil
}

// applicant is who made the request: the trigger's applicant, else its user.
func (l *local) applicant() any {
	if a := l.s.trigger["applicant"]; a != nil {
		return a
	}
	return l.s.trigger["user"]
}

// atPath reads a path of the trigger's record.
func (l *local) atPath(ctx context.Context, path string) any {
	at, walked := l.s.trigger["data"], []string{"data"}
	for path != "" {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		name, rest, _ := cutDot(path)
		at, path = l.member(ctx, walked, m, name), rest
		walked = append(walked, name)
		if list, ok := at.([]any); ok && path != "" {
			var all []any
			for _, e := range list {
				if m, ok := e.(map[string]any); ok {
					all = append(all, l.member(ctx, walked, m, path))
				}
			}
			return all
		}
	}
	return at
}

// member reads a field of the record that stands at a path of the trigger, by any
// of its names.
func (l *local) member(ctx context.Context, of []string, record map[string]any, name string) any {
	if v, ok := record[name]; ok {
		return v
	}
	if other, ok := l.s.otherName(ctx, spot{node: l.s.version.Compiled.byKey[l.step.Node]}, expr.Reference{Root: "trigger", Path: of}, name, record); ok {
		return record[other]
	}
	return nil
}

// decider is who decided an earlier node.
func (l *local) decider(key string) any {
	out, ok := l.st.outputs.get(key, l.step.Path).(map[string]any)
	if !ok {
		return nil
	}
	return out["by"]
}

func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func intOr(v any, otherwise int) int {
	if d, ok := field.AsDecimal(v); ok {
		if n, ok := d.Int64(); ok {
			return int(n)
		}
	}
	return otherwise
}
