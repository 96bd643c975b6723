package engine

import (
	"crypto/rand"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// Command is one edit of a draft: its name and its arguments as canonical values.
//
//	add_node     type, at {parent, branch, index}, key?, title?, config?, restTo?
//	move_nodes   keys, at, references?
//	duplicate_nodes keys
//	paste_nodes  nodes, at, references?
//	delete_nodes keys, keepBranch {key: branch}, references?
//	set_title    key, value     set_note key, value
//	set_skip     key or keys, value
//	add_branch   node, branch?, value?
//	rename_branch node, branch, value
//	move_branch  node, branch, value (its place)
//	delete_branch node, branch, contents (delete, move_before, move_after)
//	set_config   key, field, value (null removes the setting)
//	set_policy   key, field (retry, timeout, onError, onUnknown, elevated), value
//	set_trigger  field, value
//	replace_draft document
//
// references says what becomes of references that would lose what they name: keep
// (default) lets them become problems, clear takes them out.
type Command struct {
	Name string
	Args map[string]any
}

// everything is what replace_draft touches.
const everything = "*"

// touchedBy lists the nodes that commands change.
func touchedBy(commands []Command) []string {
	var out []string
	add := func(v any) {
		if s, ok := v.(string); ok && s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, c := range commands {
		switch c.Name {
		case "replace_draft":
			add(everything)
		case "set_trigger":
			add("trigger")
		}
		add(c.Args["key"])
		add(c.Args["node"])
		for _, name := range []string{"keys", "made"} {
			if keys, ok := c.Args[name].([]any); ok {
				for _, k := range keys {
					add(k)
				}
			}
		}
	}
	return out
}

func commandsTree(commands []Command) []any {
	out := make([]any, 0, len(commands))
	for _, c := range commands {
		out = append(out, map[string]any{"command": c.Name, "args": c.Args})
	}
	return out
}

// change applies commands to a definition.
type change struct {
	d      *Definition
	types  *registry
	labels []string
}

func badCommand(m text.Message) *models.Error { return models.Invalid("BAD_PARAMETER", m) }

func (c *change) apply(cmd Command) error {
	run, ok := map[string]func(map[string]any) (string, error){
		"add_node": c.addNode, "move_nodes": c.moveNodes, "duplicate_nodes": c.duplicateNodes, "paste_nodes": c.pasteNodes, "delete_nodes": c.deleteNodes,
		"add_branch": c.addBranch, "rename_branch": c.renameBranch, "move_branch": c.moveBranch, "delete_branch": c.deleteBranch,
		"set_title": c.setTitle, "set_note": c.setNote, "set_skip": c.setSkip,
		"set_config": c.setConfig, "set_policy": c.setPolicy, "set_trigger": c.setTrigger, "replace_draft": c.replaceDraft,
	}[cmd.Name]
	if !ok {
		return badCommand(text.M("draft.command", "There is no command %s.", cmd.Name))
	}
	label, err := run(cmd.Args)
	if err != nil {
		return err
	}
	c.labels = append(c.labels, label)
	return nil
}

// place is a list of nodes that commands can change.
type place struct {
	list  *[]*NodePart
	index int
}

// list finds the list of a branch; an empty parent is the top.
func (c *change) list(parent, branch string) (*[]*NodePart, error) {
	if parent == "" {
		return &c.d.Nodes, nil
	}
	n, err := c.node(parent)
	if err != nil {
		return nil, err
	}
	for _, b := range n.Branches {
		if b.Key == branch {
			return &b.Nodes, nil
		}
	}
	b := &BranchPart{Key: branch}
	n.Branches = append(n.Branches, b)
	return &b.Nodes, nil
}

// at reads where nodes go; without an index they go to the end.
func (c *change) at(args map[string]any) (place, error) {
	at, _ := args["at"].(map[string]any)
	parent, _ := at["parent"].(string)
	branch, _ := at["branch"].(string)
	list, err := c.list(parent, branch)
	if err != nil {
		return place{}, err
	}
	index := intOr(at["index"], len(*list))
	if index < 0 || index > len(*list) {
		return place{}, badCommand(text.M("draft.index", "The place does not exist."))
	}
	return place{list, index}, nil
}

func (c *change) node(key any) (*NodePart, error) {
	var found *NodePart
	c.d.walk(func(n *NodePart) {
		if n.Key == key {
			found = n
		}
	})
	if found == nil {
		return nil, badCommand(text.M("draft.no_node", "There is no step %v in this draft.", key))
	}
	return found, nil
}

func (c *change) addNode(args map[string]any) (string, error) {
	typ, _ := args["type"].(string)
	known := c.types.nodes[typ]
	if known == nil {
		return "", badCommand(text.M("definition.node_type", "There is no step type %s.", typ))
	}
	p, err := c.at(args)
	if err != nil {
		return "", err
	}
	n := &NodePart{Type: typ, Config: map[string]any{}}
	n.Key, _ = args["key"].(string)
	if n.Key == "" {
		n.Key = c.freeKey()
		args["key"] = n.Key // the answer names it
	}
	if config, ok := args["config"].(map[string]any); ok {
		n.Config = config
	}
	n.Title, _ = args["title"].(string)
	if into, ok := args["restTo"].(string); ok && into != "" {
		rest := slices.Clone((*p.list)[p.index:])
		*p.list = (*p.list)[:p.index]
		n.Branches = append(n.Branches, &BranchPart{Key: into, Nodes: rest})
	}
	*p.list = slices.Insert(*p.list, p.index, n)
	return fmt.Sprintf("Added “%s”", n.titleOf(known.Title)), nil
}

// freeKey makes a node key that the draft does not have.
func (c *change) freeKey() string {
	return newNodeKey(func(key string) bool {
		_, err := c.node(key)
		return err == nil
	})
}

// newNodeKey makes a node key that is not taken.
func newNodeKey(taken func(key string) bool) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	for {
		var b [4]byte
		if _, err := rand.Read(b[:]); err != nil {
			panic("read random bytes: " + err.Error())
		}
		for i := range b {
			n := len(letters)
			if i == 0 {
				n = 26
			}
			b[i] = letters[int(b[i])%n]
		}
		if key := string(b[:]); !taken(key) {
			return key
		}
	}
}

func (c *change) names(nodes []*NodePart) string {
	if len(nodes) != 1 {
		return fmt.Sprintf("%d steps", len(nodes))
	}
	title := nodes[0].Type
	if t := c.types.nodes[nodes[0].Type]; t != nil {
		title = t.Title
	}
	return "“" + nodes[0].titleOf(title) + "”"
}

func (c *change) setTitle(args map[string]any) (string, error) {
	return c.setText(args, "Renamed", func(n *NodePart, s string) { n.Title = s })
}

func (c *change) setNote(args map[string]any) (string, error) {
	return c.setText(args, "Changed the note of", func(n *NodePart, s string) { n.Note = s })
}

func (c *change) setText(args map[string]any, label string, set func(*NodePart, string)) (string, error) {
	n, err := c.node(args["key"])
	if err != nil {
		return "", err
	}
	s, ok := args["value"].(string)
	if !ok {
		return "", badCommand(text.M("definition.not_text", "%s must be text.", "value"))
	}
	set(n, s)
	return label + " " + c.names([]*NodePart{n}), nil
}

func (c *change) setSkip(args map[string]any) (string, error) {
	keys, several := args["keys"].([]any)
	if !several {
		keys = []any{args["key"]}
	}
	if len(keys) == 0 {
		return "", badCommand(text.M("draft.keys_skip", "Name the steps to switch."))
	}
	on, ok := args["value"].(bool)
	if !ok {
		return "", badCommand(text.M("definition.not_flag", "%s must be true or false.", "value"))
	}
	list := make([]*NodePart, len(keys))
	for i, key := range keys {
		n, err := c.node(key)
		if err != nil {
			return "", err
		}
		list[i] = n
	}
	for _, n := range list {
		n.Skip = on
	}
	return "Switched " + c.names(list), nil
}

func (c *change) setConfig(args map[string]any) (string, error) {
	n, err := c.node(args["key"])
	if err != nil {
		return "", err
	}
	name, _ := args["field"].(string)
	if name == "" {
		return "", badCommand(text.M("draft.field", "Name the setting to change."))
	}
	if args["value"] == nil {
		delete(n.Config, name)
	} else {
		n.Config[name] = args["value"]
	}
	c.prune(n)
	return fmt.Sprintf("Changed “%s” of %s", c.label(n, name), c.names([]*NodePart{n})), nil
}

// prune drops branches that the settings took away, unless steps stand in them.
func (c *change) prune(n *NodePart) {
	typ := c.types.nodes[n.Type]
	if typ == nil {
		return
	}
	settings, _ := typ.Decode(n.Config)
	declared := typ.Branches(settings)
	n.Branches = slices.DeleteFunc(n.Branches, func(b *BranchPart) bool {
		owned := slices.ContainsFunc(declared, func(d node.Branch) bool { return d.Key == b.Key })
		return len(b.Nodes) == 0 && !owned && b.Key != errorBranch
	})
}

// label is what people call a setting.
func (c *change) label(n *NodePart, name string) string {
	if typ := c.types.nodes[n.Type]; typ != nil {
		for _, f := range typ.Config {
			if f.Name == name && f.Label != "" {
				return f.Label
			}
		}
	}
	return name
}

func (c *change) setPolicy(args map[string]any) (string, error) {
	n, err := c.node(args["key"])
	if err != nil {
		return "", err
	}
	name, _ := args["field"].(string)
	value, _ := args["value"].(string)
	switch name {
	case "timeout":
		n.Timeout = value
	case "onError":
		n.OnError = value
	case "onUnknown":
		n.OnUnknown = value
	case "elevated":
		n.Elevated, _ = args["value"].(bool)
	case "retry":
		n.Retry, _ = args["value"].(map[string]any)
	default:
		return "", badCommand(text.M("draft.policy", "A policy is retry, timeout, onError, onUnknown or elevated."))
	}
	return fmt.Sprintf("Changed %s of %s", name, c.names([]*NodePart{n})), nil
}

func (c *change) setTrigger(args map[string]any) (string, error) {
	name, _ := args["field"].(string)
	if name == "" {
		return "", badCommand(text.M("draft.field", "Name the setting to change."))
	}
	if args["value"] == nil {
		delete(c.d.Trigger.Config, name)
	} else {
		c.d.Trigger.Config[name] = args["value"]
	}
	return fmt.Sprintf("Changed “%s” of the trigger", name), nil
}

func (c *change) replaceDraft(args map[string]any) (string, error) {
	d, problems := ParseDefinition(args["document"])
	if len(problems) > 0 {
		k := &checker{}
		k.own("", problems)
		return "", refusal(k.findings)
	}
	if d.Trigger.Type != c.d.Trigger.Type {
		return "", models.Invalid("IMMUTABLE_FIELD", text.M("draft.type", "The trigger type of a workflow cannot be changed. Duplicate it with another trigger."))
	}
	*c.d = *d
	return "Replaced the draft", nil
}
