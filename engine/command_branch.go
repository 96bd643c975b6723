package engine

import (
	"fmt"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/models/text"
)

// maxLabel is how many characters the label of a branch has at most.
const maxLabel = 100

// branchEdit is an edit of one branch of a node.
type branchEdit struct {
	node   *NodePart
	typ    *node.Type // nil when the type is gone
	branch string
	free   []map[string]any // entries of the branches that the designer made
}

// branchEdit reads which node and branch a command is about.
func (c *change) branchEdit(args map[string]any) (*branchEdit, error) {
	n, err := c.node(args["node"])
	if err != nil {
		return nil, err
	}
	b := &branchEdit{node: n, typ: c.types.nodes[n.Type]}
	b.branch, _ = args["branch"].(string)
	if b.typ != nil {
		b.free = b.typ.FreeList(n.Config)
	}
	return b, nil
}

// at is the place of the branch among those that the designer made; -1 for any other.
func (b *branchEdit) at() int {
	return slices.IndexFunc(b.free, func(one map[string]any) bool { return one["key"] == b.branch })
}

// stored is the branch as the definition holds it; nil when it holds none.
func (b *branchEdit) stored() *BranchPart {
	for _, one := range b.node.Branches {
		if one.Key == b.branch {
			return one
		}
	}
	return nil
}

// declared are the branches that the node has under its settings.
func (b *branchEdit) declared() []node.Branch {
	if b.typ == nil {
		return nil
	}
	settings, _ := b.typ.Decode(b.node.Config)
	return b.typ.Branches(settings)
}

func (b *branchEdit) isDeclared() bool {
	return slices.ContainsFunc(b.declared(), func(d node.Branch) bool { return d.Key == b.branch })
}

// title is what people call the branch.
func (b *branchEdit) title() string {
	if stored := b.stored(); stored != nil && stored.Title != "" {
		return stored.Title
	}
	for _, d := range b.declared() {
		if d.Key == b.branch {
			return d.Title
		}
	}
	return b.branch
}

// set puts the entries into the settings, and the branches into their order: equal
// trees have equal text.
func (b *branchEdit) set() {
	list := make([]any, len(b.free))
	for i, one := range b.free {
		list[i] = one
	}
	b.node.Config[b.typ.Free.Setting] = list
	declared := b.declared()
	rank := func(p *BranchPart) int {
		if i := slices.IndexFunc(declared, func(d node.Branch) bool { return d.Key == p.Key }); i >= 0 {
			return i
		}
		return len(declared)
	}
	slices.SortStableFunc(b.node.Branches, func(x, y *BranchPart) int { return rank(x) - rank(y) })
}

// branchLabel reads the label of a branch.
func branchLabel(v any) (string, error) {
	title, ok := v.(string)
	if v != nil && !ok || len([]rune(title)) > maxLabel {
		return "", badCommand(text.M("draft.branch_title", "The label of a branch has at most 100 characters."))
	}
	return strings.TrimSpace(title), nil
}

func noBranch() error {
	return badCommand(text.M("draft.branch", "Name the branch to change."))
}

// fixed is the refusal to make or to order branches that a type has by itself.
func (c *change) fixed(n *NodePart) error {
	return badCommand(text.M("draft.branches_fixed", "The branches of %s are fixed. They can be renamed only.", c.names([]*NodePart{n})))
}

// addBranch makes a branch behind those that the designer made before.
func (c *change) addBranch(args map[string]any) (string, error) {
	b, err := c.branchEdit(args)
	switch {
	case err != nil:
		return "", err
	case b.typ == nil || b.typ.Free == nil:
		return "", c.fixed(b.node)
	case len(b.free) >= b.typ.Free.Max:
		return "", badCommand(text.M("draft.branches_limit", "%s has %d branches; more are not possible.", c.names([]*NodePart{b.node}), len(b.free)))
	}
	title, err := branchLabel(args["value"])
	if err != nil {
		return "", err
	}
	taken := func(key string) bool {
		same := func(one map[string]any) bool { return one["key"] == key }
		return slices.ContainsFunc(b.free, same) || slices.ContainsFunc(b.node.Branches, func(p *BranchPart) bool { return p.Key == key })
	}
	for i := len(b.free) + 1; b.branch == ""; i++ {
		if key := fmt.Sprint(b.typ.Free.Prefix, i); !taken(key) {
			b.branch = key
		}
	}
	if taken(b.branch) {
		return "", badCommand(text.M("draft.branch_taken", "%s has a branch %s already.", c.names([]*NodePart{b.node}), b.branch))
	}
	for i := len(b.free) + 1; title == ""; i++ {
		fresh := text.M("node.case_title", "Branch %d", i).String()
		if !slices.ContainsFunc(b.free, func(one map[string]any) bool { return one["title"] == fresh }) {
			title = fresh
		}
	}
	args["branch"] = b.branch // stored with the edit
	b.free = append(b.free, map[string]any{"key": b.branch, "title": title})
	b.set()
	return fmt.Sprintf("Added the branch “%s” to %s", title, c.names([]*NodePart{b.node})), nil
}

// renameBranch gives a branch another label; its key stays. Without one it has that
// of its type again.
func (c *change) renameBranch(args map[string]any) (string, error) {
	b, err := c.branchEdit(args)
	if err != nil {
		return "", err
	}
	title, err := branchLabel(args["value"])
	switch {
	case b.branch == "":
		return "", noBranch()
	case err != nil:
		return "", err
	}
	stored := b.stored()
	switch at := b.at(); {
	case at >= 0: // its entry has the label
		b.free[at]["title"] = title
		if title == "" {
			delete(b.free[at], "title")
		}
		if stored != nil {
			stored.Title = ""
		}
		b.set()
	case stored != nil:
		stored.Title = title
	default:
		b.node.Branches = append(b.node.Branches, &BranchPart{Key: b.branch, Title: title})
	}
	return "Renamed a branch of " + c.names([]*NodePart{b.node}), nil
}

// moveBranch gives a branch another place among those that the designer made.
func (c *change) moveBranch(args map[string]any) (string, error) {
	b, err := c.branchEdit(args)
	switch {
	case err != nil:
		return "", err
	case b.branch == "":
		return "", noBranch()
	case b.typ == nil || b.typ.Free == nil:
		return "", c.fixed(b.node)
	}
	from, to := b.at(), intOr(args["value"], -1)
	switch {
	case from < 0:
		return "", badCommand(text.M("draft.branch_stays", "%s has no branch %s that can be moved.", c.names([]*NodePart{b.node}), b.branch))
	case to < 0 || to >= len(b.free):
		return "", badCommand(text.M("draft.index", "The place does not exist."))
	}
	title, moved := b.title(), b.free[from]
	b.free = slices.Insert(slices.Delete(b.free, from, from+1), to, moved)
	b.set()
	return fmt.Sprintf("Moved the branch “%s” of %s", title, c.names([]*NodePart{b.node})), nil
}

// What becomes of the steps in a branch that is deleted.
const (
	DeleteContents     = "delete"
	MoveContentsBefore = "move_before" // before the owner of the branch
	MoveContentsAfter  = "move_after"  // behind it
)

// deleteBranch takes a branch away: one that the designer made, that for errors, or
// one that the settings have no more.
func (c *change) deleteBranch(args map[string]any) (string, error) {
	b, err := c.branchEdit(args)
	switch {
	case err != nil:
		return "", err
	case b.branch == "":
		return "", noBranch()
	}
	title, stored, at := b.title(), b.stored(), b.at()
	switch {
	case b.branch == errorBranch && b.node.OnError == "branch":
		b.node.OnError = ""
	case at >= 0 && len(b.free) <= b.typ.Free.Min:
		return "", badCommand(text.M("draft.branches_least", "%s must keep at least %d branches of this kind.", c.names([]*NodePart{b.node}), b.typ.Free.Min))
	case at >= 0:
		b.free = slices.Delete(b.free, at, at+1)
	case b.isDeclared() && b.typ.Free == nil:
		return "", c.fixed(b.node)
	case b.isDeclared():
		return "", badCommand(text.M("draft.branch_kept", "The branch “%s” of %s cannot be deleted.", title, c.names([]*NodePart{b.node})))
	case stored == nil:
		return "", badCommand(text.M("draft.branch_none", "%s has no branch %s.", c.names([]*NodePart{b.node}), b.branch))
	}
	if stored != nil {
		b.node.Branches = slices.DeleteFunc(b.node.Branches, func(p *BranchPart) bool { return p == stored })
		if err := c.release(b.node, stored.Nodes, args["contents"]); err != nil {
			return "", err
		}
	}
	if at >= 0 {
		b.set()
	}
	return fmt.Sprintf("Deleted the branch “%s” of %s", title, c.names([]*NodePart{b.node})), nil
}

// release puts the steps of a branch that is gone where contents says.
func (c *change) release(owner *NodePart, steps []*NodePart, contents any) error {
	switch {
	case contents == MoveContentsBefore:
		c.d.Nodes = insertBeside(c.d.Nodes, owner, 0, steps)
	case contents == MoveContentsAfter:
		c.d.Nodes = insertBeside(c.d.Nodes, owner, 1, steps)
	case contents != DeleteContents && (len(steps) > 0 || contents != nil):
		return badCommand(text.M("draft.contents", "Say what becomes of the steps in the branch: contents is delete, move_before or move_after."))
	}
	return nil
}
