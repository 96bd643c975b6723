package expr

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Tree is a JSON value in which texts may be templates, such as the settings of a
// node.
type Tree struct {
	root resolver
	refs []Reference
}

// resolver is one node of a tree; nil in a resolver's place means that the value is
// constant.
type resolver func(r *run) (any, error)

// CompileTree compiles every text of v that contains {{. Names of properties are
// never templates. The error is a *SyntaxError whose Path says where.
func CompileTree(v any) (*Tree, error) {
	c := treeCompiler{}
	root, err := c.value(v, "")
	if err != nil {
		return nil, err
	}
	if root == nil {
		root = func(*run) (any, error) { return v, nil }
	}
	return &Tree{root: root, refs: dedupe(c.refs)}, nil
}

// References lists the variables the tree reads, each once.
func (t *Tree) References() []Reference { return t.refs }

// Resolve gives the value with every template replaced: one that is exactly one
// {{ }} by a value of its type, others by text. Constant parts are shared.
func (t *Tree) Resolve(ctx context.Context, in Input) (any, []Warning, error) {
	r := newRun(ctx, in)
	v, err := t.root(r)
	return v, r.warnings, err
}

type treeCompiler struct{ refs []Reference }

func (c *treeCompiler) value(v any, path string) (resolver, error) {
	switch v := v.(type) {
	case string:
		return c.text(v, path)
	case map[string]any:
		return c.object(v, path)
	case []any:
		return c.list(v, path)
	}
	return nil, nil
}

func (c *treeCompiler) text(s, path string) (resolver, error) {
	if !strings.Contains(s, "{{") {
		return nil, nil
	}
	t, err := CompileTemplate(s)
	if err != nil {
		return nil, within(err, path)
	}
	c.refs = append(c.refs, t.refs...)
	return t.value, nil
}

// within says where in a tree a syntax error is.
func within(err error, path string) error {
	var at *SyntaxError
	if errors.As(err, &at) {
		at.Path = path
	}
	return err
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *treeCompiler) object(m map[string]any, path string) (resolver, error) {
	moving := map[string]resolver{}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the first error is always the same one
	for _, k := range keys {
		x, err := c.value(m[k], below(path, k))
		if err != nil {
			return nil, err
		}
		if x != nil {
			moving[k] = x
		}
	}
	if len(moving) == 0 {
		return nil, nil
	}
	return func(r *run) (any, error) {
		out := make(map[string]any, len(m))
		for _, k := range keys {
			out[k] = m[k]
			if x, ok := moving[k]; ok {
				v, err := x(r)
				if err != nil {
					return nil, err
				}
				out[k] = v
			}
		}
		return out, nil
	}, nil
}

func (c *treeCompiler) list(list []any, path string) (resolver, error) {
	moving := make([]resolver, len(list))
	constant := true
	for i, e := range list {
		x, err := c.value(e, below(path, strconv.Itoa(i)))
		if err != nil {
			return nil, err
		}
		moving[i] = x
		constant = constant && x == nil
	}
	if constant {
		return nil, nil
	}
	return func(r *run) (any, error) {
		out := make([]any, len(list))
		for i, x := range moving {
			out[i] = list[i]
			if x != nil {
				v, err := x(r)
				if err != nil {
					return nil, err
				}
				out[i] = v
			}
		}
		return out, nil
	}, nil
}
