package expr

import (
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// operand is one side of a row, with the name of the variable it is, if it is one.
type operand struct {
	tree    *Tree
	caption string
}

// row compares two values.
type row struct {
	op, path    string
	left, right operand
}

func (c row) eval(r *run, e *Explanation) (verdict, error) {
	left, err := c.left.tree.root(r)
	if err != nil {
		return verdict{}, err
	}
	right, err := c.right.tree.root(r)
	if err != nil {
		return verdict{}, err
	}
	yes, odd := comparison{r.zone}.apply(c.op, left, right)
	if odd {
		r.warn("NOT_COMPARABLE", c.path, text.M("condition.odd", "%s cannot be compared in this way with %s.", Show(left), Show(right)))
	}
	e.Rows = append(e.Rows, Row{Path: c.path, Left: small(left), Op: c.op, Right: small(right), Result: yes})
	return verdict{yes, c.sentence(left, right)}, nil
}

// small keeps whole records and long lists out of explanations.
func small(v any) any {
	if t, ok := v.(time.Time); ok {
		return field.FormatTime(t)
	}
	if size, ok := measure(v, 500); !ok || size > 500 {
		return Show(v)
	}
	return v
}

// sentence shows the values that were compared: 12,400 > 10,000. A value that says
// little by itself is named by its variable.
func (c row) sentence(left, right any) string {
	subject := Show(left)
	switch left.(type) {
	case nil, bool, []any, map[string]any:
		if c.left.caption != "" {
			subject = c.left.caption + " (" + subject + ")"
		}
	}
	if c.op == "empty" || c.op == "notEmpty" {
		return subject + " " + words(c.op)
	}
	return subject + " " + words(c.op) + " " + object(c.op, right)
}

// object shows the right side; short lists are shown in full.
func object(op string, right any) string {
	list, ok := right.([]any)
	if !ok || len(list) == 0 || len(list) > 5 {
		return Show(right)
	}
	shown := make([]string, len(list))
	for i, v := range list {
		shown[i] = Show(v)
	}
	if op == "between" {
		return strings.Join(shown, " and ")
	}
	return strings.Join(shown, ", ")
}

// words is an operator inside a sentence.
func words(op string) string {
	switch op {
	case "equal":
		return "="
	case "notEqual":
		return "≠"
	case "gt":
		return ">"
	case "gte":
		return "≥"
	case "lt":
		return "<"
	case "lte":
		return "≤"
	case "between":
		return "is between"
	case "includes":
		return "includes"
	case "notIncludes":
		return "does not include"
	case "startsWith":
		return "starts with"
	case "notStartsWith":
		return "does not start with"
	case "endsWith":
		return "ends with"
	case "notEndsWith":
		return "does not end with"
	case "matches":
		return "matches"
	case "in":
		return "is one of"
	case "notIn":
		return "is none of"
	case "empty":
		return "is empty"
	}
	return "is not empty"
}

// caption is the name of the variable a value consists of: the last word of its path.
func caption(t *Tree) string {
	if len(t.refs) != 1 || len(t.refs[0].Path) == 0 {
		return ""
	}
	path := t.refs[0].Path
	return path[len(path)-1]
}
