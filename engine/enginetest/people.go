package enginetest

import (
	"context"
	"strconv"

	"formrail/engine/node"
	"formrail/models/text"
)

// Unreachable is a person whom no notification reaches.
const Unreachable int64 = 404

// people resolves the sources the examples use: users, expressions that give ids,
// and a manager, who is person 7. Roles and groups are empty.
func people(v any) []int64 {
	sources, ok := v.([]any)
	if !ok {
		sources = []any{v}
	}
	var out []int64
	for _, s := range sources {
		m, _ := s.(map[string]any)
		if m["managers"] != nil {
			out = append(out, 7)
		}
		for _, ids := range []any{m["users"], m["expression"]} {
			list, ok := ids.([]any)
			if !ok {
				list = []any{ids}
			}
			for _, id := range list {
				if n, ok := id.(int64); ok {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

// Tasks counts the tasks that would be opened.
type Tasks struct{ Approvals []node.Approval }

// Approval opens one task for each person, or applies the rule for nobody.
func (t *Tasks) Approval(_ context.Context, a node.Approval) (node.Opened, error) {
	t.Approvals = append(t.Approvals, a)
	if n := len(people(a.Assignees)); n > 0 {
		return node.Opened{Tasks: n}, nil
	}
	switch a.OnNobody {
	case "fallback":
		if n := len(people(a.Fallback)); n > 0 {
			return node.Opened{Tasks: n}, nil
		}
	case "approve":
		return node.Opened{Decided: "approved", Result: map[string]any{"comment": ""}}, nil
	case "reject":
		return node.Opened{Decided: "rejected", Result: map[string]any{"comment": ""}}, nil
	case "fail":
		return node.Opened{}, node.Broken("NOBODY_FOUND", text.M("enginetest.nobody", "Nobody was found."))
	}
	return node.Opened{Tasks: 1}, nil // the owner is asked
}

// Notify keeps notifications. [Unreachable] gets none.
type Notify struct{ Sent []node.Notification }

// InApp delivers to each person once.
func (f *Notify) InApp(_ context.Context, n node.Notification) ([]node.Delivery, error) {
	f.Sent = append(f.Sent, n)
	var out []node.Delivery
	for i, id := range people(n.To) {
		d := node.Delivery{To: id, Status: "sent", ID: strconv.Itoa(i + 1)}
		if id == Unreachable {
			d.Status, d.ID = "failed", ""
		}
		out = append(out, d)
	}
	return out, nil
}
